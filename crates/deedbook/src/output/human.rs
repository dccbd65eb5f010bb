//! Words for people: errors, warnings, values.

use anstyle::{AnsiColor, Style};
use deedbook_model::issue::Severity;
use serde_json::Value;

use crate::error::{ErrorLine, Failure};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// A failure: for each issue `<ErrorName>: <pointer> <message> [<code>]`, where it is, and what to
/// do about it.
pub(crate) fn failure(failure: &Failure, lines: &[ErrorLine], quiet: bool) -> String {
    let mut text = String::new();
    let name = failure.name().0;
    for line in lines {
        if line.severity == Severity::Warning {
            if !quiet {
                text.push_str(&warning(failure.file(), line));
            }
            continue;
        }
        text.push_str(&format!("{ERROR}{name}:{ERROR:#} {}\n", sentence(line)));
        text.push_str(&place(failure.file(), line));
        if !quiet {
            text.push_str(&hint(line));
        }
    }
    text
}

/// A warning in the same shape.
pub(crate) fn warning(file: Option<&str>, line: &ErrorLine) -> String {
    let mut text = format!("{WARNING}warning:{WARNING:#} {}\n", sentence(line));
    text.push_str(&place(file, line));
    text.push_str(&hint(line));
    text
}

/// An issue by itself: `error: …` or `warning: …`.
pub(crate) fn labelled(line: &ErrorLine) -> String {
    let (style, label) = match line.severity {
        Severity::Error => (ERROR, "error"),
        Severity::Warning => (WARNING, "warning"),
    };
    format!("{style}{label}:{style:#} {}\n", sentence(line))
}

/// `<pointer> <message> [<code>]`, without what is absent.
pub(crate) fn sentence(line: &ErrorLine) -> String {
    let mut text = String::new();
    if !line.pointer.is_empty() {
        text.push_str(&line.pointer);
        text.push(' ');
    }
    text.push_str(&plain(&line.message));
    if let Some(code) = line.code {
        text.push_str(&format!(" [{code}]"));
    }
    text
}

fn place(file: Option<&str>, line: &ErrorLine) -> String {
    match (file, line.line) {
        (Some(file), Some(number)) => format!("  --> {file}:{number}\n"),
        (Some(file), None) => format!("  --> {file}\n"),
        (None, _) => String::new(),
    }
}

/// `hint: …`, if there is one.
pub(crate) fn hint(line: &ErrorLine) -> String {
    match &line.hint {
        Some(hint) => format!("{HINT}hint:{HINT:#} {hint}\n"),
        None => String::new(),
    }
}

/// A JSON value in one short line: text without quotes, what is long cut.
pub(crate) fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => plain(&text.replace('\n', "⏎")),
        other => other.to_string(),
    };
    cut(&text, 100)
}

/// Text from documents without control characters, which a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// A text cut to so many characters.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
