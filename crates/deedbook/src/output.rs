//! Where results and errors go: results to stdout, all else to stderr.

pub(crate) mod caret;
pub(crate) mod change;
pub(crate) mod hint;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod record;
pub(crate) mod table;
pub(crate) mod yaml;

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use anstream::AutoStream;
use anstream::adapter::strip_str;
use deedbook_api::client::ServerUrl;
use deedbook_model::text::json_for_terminal;
use serde::Serialize;

use crate::error::{ErrorLine, Failure};
use crate::grammar::values::{ColorChoice, Format};

/// Standard output and error of one command.
pub(crate) struct Output {
    /// How results are printed.
    pub(crate) format: Format,
    /// No warnings, hints or progress.
    pub(crate) quiet: bool,
    /// Say what is done.
    pub(crate) verbose: bool,
    /// The folder that the command line named; commands in hints name it too.
    pub(crate) data: Option<PathBuf>,
    /// The server that the command line named.
    pub(crate) url: Option<ServerUrl>,
    stdout: BufWriter<io::StdoutLock<'static>>,
    colored: bool,
    terminal: bool,
    stderr: AutoStream<io::Stderr>,
}

/// One object on stderr for programs.
#[derive(Serialize)]
struct ErrorObject<'a> {
    error: &'static str,
    issues: Vec<ErrorLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cycle: Option<&'a [String]>,
}

impl Output {
    /// Output in that form.
    pub(crate) fn new(format: Format, color: ColorChoice) -> Output {
        let color = match color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        Output {
            format,
            quiet: false,
            verbose: false,
            data: None,
            url: None,
            stdout: BufWriter::with_capacity(1 << 16, io::stdout().lock()),
            colored: match color {
                anstream::ColorChoice::Auto => {
                    AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
                }
                other => other != anstream::ColorChoice::Never,
            },
            terminal: io::stdout().is_terminal(),
            stderr: AutoStream::new(io::stderr(), color),
        }
    }

    /// Refuses forms that the command doesn't have.
    pub(crate) fn only(&self, formats: &[Format]) -> Result<(), Failure> {
        if formats.contains(&self.format) {
            return Ok(());
        }
        let names: Vec<&str> = formats.iter().map(|format| format.as_str()).collect();
        let message = format!(
            "-o {} isn't for this command, but {}",
            self.format,
            names.join(", ")
        );
        Err(Failure::Usage(message))
    }

    /// Refuses any form but the command's only one.
    pub(crate) fn fixed(&self) -> Result<(), Failure> {
        self.only(&[Format::Human])
    }

    /// Writes bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.stdout.write_all(bytes)?)
    }

    /// Writes text for people to stdout, without its colours where they aren't wanted.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        // Drawings are for other programs.
        let tame = (self.format == Format::Human).then(|| human::tame(text));
        let text = tame.as_deref().unwrap_or(text);
        if self.colored {
            return self.raw(text.as_bytes());
        }
        for part in strip_str(text) {
            self.stdout.write_all(part.as_bytes())?;
        }
        Ok(())
    }

    /// Writes text for people and a line end to stdout.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.text(text)?;
        self.raw(b"\n")
    }

    /// Hands what was written to the operating system.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.stdout.flush()?)
    }

    /// Prints one value in the chosen form, other than for people: pretty JSON, a JSON line, or
    /// YAML.
    pub(crate) fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
        self.value_as(self.format, value)
    }

    /// Prints one value in that form, whatever was chosen.
    pub(crate) fn value_as(
        &mut self,
        format: Format,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), Failure> {
        let text = match format {
            Format::Jsonl => json::line(value)? + "\n",
            Format::Yaml => yaml::document(value)?,
            _ => json::pretty(&json::line(value)?) + "\n",
        };
        let shown = match format {
            _ if !self.terminal => Cow::Borrowed(&*text),
            // Only some of its texts have escapes.
            Format::Yaml => human::tame(&text),
            _ => Cow::Owned(json_for_terminal(&text)),
        };
        self.raw(shown.as_bytes())
    }

    /// Tells something that isn't the result, unless quiet.
    pub(crate) fn note(&mut self, text: &str) {
        if !self.quiet {
            // A closed stderr is no reason to stop.
            let _ = writeln!(self.stderr, "{}", human::tame(text));
        }
    }

    /// Tells what is done, if asked to.
    pub(crate) fn detail(&mut self, text: impl FnOnce() -> String) {
        if self.verbose {
            let text = text();
            self.note(&text);
        }
    }

    /// Tells warnings about a file.
    pub(crate) fn warnings<'a>(
        &mut self,
        file: Option<&str>,
        warnings: impl IntoIterator<Item = &'a ErrorLine>,
    ) {
        if self.quiet {
            return;
        }
        for warning in warnings {
            let text = human::warning(file, warning);
            let _ = self.stderr.write_all(human::tame(&text).as_bytes());
        }
    }

    /// The hint with commands that go to the book of this command.
    pub(crate) fn hint_here(&self, hint: String) -> String {
        match (&self.data, &self.url) {
            (_, Some(url)) => hint::with_option(&hint, "--url", &url.to_string()),
            (Some(folder), None) => {
                hint::with_option(&hint, "--data", &folder.display().to_string())
            }
            (None, None) => hint,
        }
    }

    /// Tells why the command failed, in the form that was chosen.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        if matches!(failure, Failure::Closed | Failure::Status(_)) {
            return;
        }
        let mut lines = failure.lines();
        for line in &mut lines {
            line.hint = line.hint.take().map(|hint| self.hint_here(hint));
        }
        let text = match self.format {
            Format::Json | Format::Jsonl => {
                let object = ErrorObject {
                    error: failure.name().0,
                    issues: lines,
                    cycle: failure.cycle(),
                };
                json::line(&object).unwrap_or_default() + "\n"
            }
            _ => human::tame(&human::failure(failure, &lines, self.quiet)).into_owned(),
        };
        let _ = self.stderr.write_all(text.as_bytes());
    }
}

/// Whether a person watches stderr.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}
