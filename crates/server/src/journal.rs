//! The server's log: a line for whatever somebody should know, for people or as JSON.
//!
//! ```text
//! any thread ─► buffer ─► one thread that writes
//! ```
//!
//! Whoever has something to say never waits for whoever reads it: lines that don't fit any more are
//! counted and left out.

use std::fmt::{Display, Write as _};
use std::io::Write;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use deedbook_book::{Clock, SystemClock};
use deedbook_model::text::{is_obeyed, json_for_terminal};

/// Bytes that may wait to be written.
const MOST_WAITING: usize = 4 << 20;

/// How long lines are gathered after some were written: waking a thread for each line costs more
/// than the line.
const GATHER: Duration = Duration::from_millis(10);

/// How long the end waits for what was said.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Something went wrong.
    Error,
    /// Something that somebody should look at.
    Warn,
    /// What was changed and what was refused.
    Info,
    /// Every request.
    Debug,
}

impl Level {
    /// All levels, the one that says least first.
    pub const ALL: [Level; 4] = [Level::Error, Level::Warn, Level::Info, Level::Debug];

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}

/// A text that is no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a level is error, warn, info or debug")]
pub struct NotALevel;

impl FromStr for Level {
    type Err = NotALevel;

    fn from_str(text: &str) -> Result<Level, NotALevel> {
        let mut levels = Level::ALL.into_iter();
        levels.find(|level| level.as_str() == text).ok_or(NotALevel)
    }
}

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// `TIME LEVEL MESSAGE name=value …`
    #[default]
    Human,
    /// `{"time":…,"level":…,"message":…,…}`
    Json,
}

/// Where a server says what it does. Clones are the same journal.
#[derive(Clone)]
pub struct Journal(Arc<Running>);

struct Running {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    level: AtomicU8,
    format: LogFormat,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    text: String,
    left_out: u64,
    /// The writer has something in its hands.
    is_writing: bool,
    /// The writer waits to be told that there is something.
    is_idle: bool,
    /// Somebody waits until all is written.
    is_wanted: bool,
    ended: bool,
}

impl Waiting {
    fn is_pending(&self) -> bool {
        self.is_writing || !self.text.is_empty()
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Journal").field(&self.level()).finish()
    }
}

impl Default for Journal {
    fn default() -> Self {
        Journal::to_stderr(Level::Info, LogFormat::default())
    }
}

impl Journal {
    /// A journal on stderr.
    #[must_use]
    pub fn to_stderr(level: Level, format: LogFormat) -> Journal {
        Journal::to(Box::new(std::io::stderr()), level, format)
    }

    /// A journal that is written there. What can't be written is lost: a closed pipe is no reason
    /// to end.
    #[must_use]
    pub fn to(mut out: Box<dyn Write + Send>, level: Level, format: LogFormat) -> Journal {
        let shared = Arc::new(Shared {
            level: AtomicU8::new(level as u8),
            format,
            waiting: Mutex::default(),
            changed: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name("deedbook-log".to_owned())
            .spawn(move || own.write_all(&mut *out));
        Journal(Arc::new(Running {
            shared,
            // Without the thread nothing is written, and the server runs all the same.
            writer: Mutex::new(writer.ok()),
        }))
    }

    /// How much is said.
    #[must_use]
    pub fn level(&self) -> Level {
        let level = self.0.shared.level.load(Ordering::Relaxed);
        let mut levels = Level::ALL.into_iter();
        levels
            .find(|known| *known as u8 == level)
            .unwrap_or(Level::Info)
    }

    /// Says more or less from now on.
    pub fn set_level(&self, level: Level) {
        self.0.shared.level.store(level as u8, Ordering::Relaxed);
    }

    /// Whether that is said.
    pub(crate) fn says(&self, level: Level) -> bool {
        level as u8 <= self.0.shared.level.load(Ordering::Relaxed)
    }

    /// Something that happened.
    pub(crate) fn note(&self, message: &str) {
        self.line(Level::Info, message, |_| {});
    }

    /// Something that somebody should look at.
    pub(crate) fn warn(&self, message: &str) {
        self.line(Level::Warn, message, |_| {});
    }

    /// Something that went wrong.
    pub(crate) fn fault(&self, message: &str) {
        self.line(Level::Error, message, |_| {});
    }

    /// A line with fields, which are only made if it is written.
    pub(crate) fn line(&self, level: Level, message: &str, fields: impl FnOnce(&mut Line)) {
        if !self.says(level) {
            return;
        }
        let mut line = Line::new(self.0.shared.format, level, message);
        fields(&mut line);
        self.0.shared.put(&line.end());
    }

    /// Waits until what was said is written, for a moment at most.
    pub fn flush(&self) {
        self.0.shared.flush();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.as_ref().is_none_or(JoinHandle::is_finished) {
            return;
        }
        self.shared.flush();
    }
}

impl Shared {
    fn put(&self, line: &str) {
        let mut waiting = self.lock();
        if waiting.text.len() + line.len() > MOST_WAITING {
            waiting.left_out += 1;
            return;
        }
        waiting.text.push_str(line);
        let is_idle = std::mem::take(&mut waiting.is_idle);
        drop(waiting);
        if is_idle {
            self.changed.notify_all();
        }
    }

    /// Waits until all is written, for a moment at most.
    fn flush(&self) {
        let mut waiting = self.lock();
        waiting.is_wanted = true;
        self.changed.notify_all();
        let waited = self
            .changed
            .wait_timeout_while(waiting, PATIENCE, |waiting| waiting.is_pending());
        drop(waited);
    }

    /// Writes what comes until the journal is dropped.
    fn write_all(&self, out: &mut dyn Write) {
        loop {
            let mut waiting = self.lock();
            waiting.is_idle = true;
            let mut waiting = self
                .changed
                .wait_while(waiting, |w| w.text.is_empty() && !w.ended)
                .unwrap_or_else(PoisonError::into_inner);
            if waiting.text.is_empty() {
                return;
            }
            waiting.is_idle = false;
            waiting.is_wanted = false;
            let mut text = std::mem::take(&mut waiting.text);
            let left_out = std::mem::take(&mut waiting.left_out);
            waiting.is_writing = true;
            drop(waiting);
            if left_out > 0 {
                let mut line = Line::new(self.format, Level::Warn, "lines were left out");
                line.number("count", left_out);
                text.push_str(&line.end());
            }
            let _ = out.write_all(text.as_bytes());
            let _ = out.flush();
            let mut waiting = self.lock();
            waiting.is_writing = false;
            self.changed.notify_all();
            let gathered = self
                .changed
                .wait_timeout_while(waiting, GATHER, |w| !w.is_wanted && !w.ended);
            drop(gathered);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line while it is made.
pub(crate) struct Line {
    format: LogFormat,
    text: String,
}

impl Line {
    fn new(format: LogFormat, level: Level, message: &str) -> Line {
        let mut text = String::with_capacity(256);
        let (time, level) = (SystemClock.now(), level.as_str());
        // Writing to a text can't fail.
        let _ = match format {
            LogFormat::Human => write!(text, "{time} {level} {}", one_line(message)),
            LogFormat::Json => write!(
                text,
                r#"{{"time":"{time}","level":"{level}","message":{}"#,
                quoted(message)
            ),
        };
        Line { format, text }
    }

    /// A field that is text.
    pub(crate) fn text(&mut self, name: &str, value: impl Display) -> &mut Line {
        let value = value.to_string();
        let is_plain = |c: char| c.is_ascii_graphic() && !"\"\\=".contains(c);
        let _ = match self.format {
            LogFormat::Human if !value.is_empty() && value.chars().all(is_plain) => {
                write!(self.text, " {name}={value}")
            }
            LogFormat::Human => write!(self.text, " {name}={}", quoted(&value)),
            LogFormat::Json => write!(self.text, r#","{name}":{}"#, quoted(&value)),
        };
        self
    }

    /// A field that is a number.
    pub(crate) fn number(&mut self, name: &str, value: impl Display) -> &mut Line {
        let _ = match self.format {
            LogFormat::Human => write!(self.text, " {name}={value}"),
            LogFormat::Json => write!(self.text, r#","{name}":{value}"#),
        };
        self
    }

    fn end(mut self) -> String {
        if self.format == LogFormat::Json {
            self.text.push('}');
        }
        self.text.push('\n');
        self.text
    }
}

/// Nothing that a message says begins a line of its own or commands the terminal.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if is_obeyed(c) { ' ' } else { c })
        .collect()
}

fn quoted(text: &str) -> String {
    // A text can't fail to encode.
    json_for_terminal(&serde_json::to_string(text).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn said(format: LogFormat, say: impl FnOnce(&Journal)) -> String {
        let written = Written::default();
        let journal = Journal::to(Box::new(written.clone()), Level::Info, format);
        say(&journal);
        journal.flush();
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_for_people_has_its_fields_behind_it() {
        let text = said(LogFormat::Human, |journal| {
            journal.line(Level::Info, "request\nforged", |line| {
                line.text("actor", "ada").text("path", "/a b\n");
                line.number("status", 200);
            });
            journal.line(Level::Debug, "not said", |_| {});
        });
        let (_, line) = text.split_once(' ').unwrap();
        assert_eq!(
            line,
            "info request forged actor=ada path=\"/a b\\n\" status=200\n"
        );
    }

    #[test]
    fn a_line_for_programs_is_json() {
        let text = said(LogFormat::Json, |journal| {
            journal.line(Level::Warn, "a \"quote\"", |line| {
                line.text("actor", "\u{1b}[2J").number("durationMs", 1.5);
            });
        });
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "a \"quote\"");
        assert_eq!(line["level"], "warn");
        assert_eq!(line["actor"], "\u{1b}[2J");
        assert_eq!(line["durationMs"], 1.5);
    }

    #[test]
    fn nothing_in_a_line_commands_a_terminal() {
        let orders = "\u{1b}[2J\u{7f}\u{9b}2J\u{202e}";
        for format in [LogFormat::Human, LogFormat::Json] {
            let text = said(format, |journal| {
                journal.line(Level::Info, orders, |line| {
                    line.text("path", orders);
                });
            });
            let is_obeyed = |c| c != '\n' && is_obeyed(c);
            assert_eq!(text.find(is_obeyed), None, "{text:?}");
        }
    }

    #[test]
    fn the_level_changes_while_it_runs() {
        let text = said(LogFormat::Human, |journal| {
            journal.line(Level::Debug, "one", |_| {});
            journal.set_level(Level::Debug);
            journal.line(Level::Debug, "two", |_| {});
            journal.set_level(Level::Error);
            journal.warn("three");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.ends_with("debug two\n"));
    }

    #[test]
    fn whoever_says_too_much_never_waits() {
        struct Stuck(Arc<Mutex<()>>, Written);
        impl Write for Stuck {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                drop(self.0.lock());
                self.1.write(bytes)
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (gate, written) = (Arc::new(Mutex::new(())), Written::default());
        let shut = gate.lock().unwrap();
        let out = Box::new(Stuck(Arc::clone(&gate), written.clone()));
        let journal = Journal::to(out, Level::Info, LogFormat::Human);
        let long = "x".repeat(1 << 20);
        for _ in 0..16 {
            journal.note(&long);
        }
        drop(shut);
        journal.flush();
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("lines were left out count="));
    }
}
