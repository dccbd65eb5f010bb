//! Words for people: errors, warnings, values.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use deedbook_model::issue::Severity;
use deedbook_model::text::is_obeyed;
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
        text.push_str(&one_line(&line.pointer));
        text.push(' ');
    }
    text.push_str(&plain(&line.message));
    if let Some(code) = &line.code {
        text.push_str(&format!(" [{code}]"));
    }
    text
}

fn place(file: Option<&str>, line: &ErrorLine) -> String {
    match (file.map(one_line), line.line) {
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
        other => plain(&other.to_string()),
    };
    cut(&text, 100)
}

/// Text from documents without what a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if is_obeyed(c) && c != '\n' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// The same where a line end would begin a line that isn't ours.
pub(crate) fn one_line(text: &str) -> String {
    plain(text).replace('\n', " ")
}

/// Output as it goes to a terminal, styles and all: what came in past [`plain`] isn't obeyed
/// either.
pub(crate) fn tame(text: &str) -> Cow<'_, str> {
    let tame = |c: char| !is_obeyed(c) || c == '\n' || c == '\t';
    if text.chars().all(tame) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let style = length_of_style(rest);
        let length = style.unwrap_or(c.len_utf8());
        let (part, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if style.is_some() || tame(c) {
            out.push_str(part);
        } else {
            out.push('\u{fffd}');
        }
        rest = after;
    }
    Cow::Owned(out)
}

/// How many bytes of the text's beginning are a style: `ESC [ numbers m`.
fn length_of_style(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    let is_style = numbers.get(end..)?.starts_with('m');
    is_style.then_some("\u{1b}[".len() + end + 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_stay_and_all_else_that_a_terminal_obeys_goes() {
        let ours = format!("{ERROR}name:{ERROR:#} ä\tb\n");
        assert!(matches!(tame(&ours), Cow::Owned(text) if text == ours));
        assert!(matches!(tame("שלום\n"), Cow::Borrowed(_)));
        for (text, shown) in [
            ("a\u{202e}b", "a\u{fffd}b"),
            ("\u{1b}]0;title\u{7}", "\u{fffd}]0;title\u{fffd}"),
            ("\u{1b}[2J", "\u{fffd}[2J"),
            ("\u{1b}[3", "\u{fffd}[3"),
            ("\u{1b}", "\u{fffd}"),
            ("\u{9b}31m\r", "\u{fffd}31m\u{fffd}"),
        ] {
            assert_eq!(tame(text), shown);
        }
    }
}
