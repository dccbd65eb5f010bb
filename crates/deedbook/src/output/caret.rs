//! Lines of a document with a caret under what is wrong with them.

use anstyle::{AnsiColor, Style};
use deedbook_model::text::is_obeyed;

use crate::error::ErrorLine;

const MARGIN: Style = AnsiColor::Blue.on_default().bold();
const CARET: Style = AnsiColor::Red.on_default().bold();
/// Longest part of a line that is shown.
const LONGEST: usize = 120;

/// The line that an issue is about, with carets under the value; nothing without a line.
pub(crate) fn excerpt(lines: &[&str], issue: &ErrorLine) -> String {
    let Some((number, line)) = issue.line.and_then(|number| {
        let line = lines.get(usize::try_from(number).ok()?.checked_sub(1)?)?;
        Some((number, *line))
    }) else {
        return String::new();
    };
    let line: String = line
        .chars()
        .map(|c| if is_obeyed(c) { ' ' } else { c })
        .collect();
    let (start, end) = marked(&line, &issue.pointer);
    let shown: String = line.chars().take(LONGEST).collect();
    let (start, end) = (
        start.min(LONGEST),
        end.min(LONGEST).max(start.min(LONGEST) + 1),
    );
    let (gap, carets) = (" ".repeat(start), "^".repeat(end - start));
    let margin = number.to_string();
    let empty = " ".repeat(margin.len());
    format!(
        "{MARGIN}{margin} |{MARGIN:#} {shown}\n{MARGIN}{empty} |{MARGIN:#} {gap}{CARET}{carets}{CARET:#}\n"
    )
}

/// The part of a line that a pointer means, in characters: the value after the member's name, or
/// all of the line.
fn marked(line: &str, pointer: &str) -> (usize, usize) {
    let name = pointer.rsplit('/').next().unwrap_or_default();
    let name = name.replace("~1", "/").replace("~0", "~");
    let value = value_of(line, &name).filter(|value| !value.is_empty());
    let part = value.unwrap_or_else(|| line.trim());
    let begin = (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    let start = line.get(..begin).unwrap_or_default().chars().count();
    (start, start + part.chars().count())
}

fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    if name.is_empty() {
        return None;
    }
    let (at, _) = line.match_indices(name).find(|(at, _)| {
        let after = line.get(at + name.len()..).unwrap_or_default();
        after
            .trim_start_matches(['"', '\''])
            .trim_start()
            .starts_with(':')
    })?;
    let after = line.get(at..)?.split_once(':')?.1;
    Some(after.trim().trim_end_matches(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carets(line: &str, pointer: &str) -> String {
        let (start, end) = marked(line, pointer);
        line.chars().skip(start).take(end - start).collect()
    }

    #[test]
    fn carets_stand_under_the_value() {
        assert_eq!(carets("version: 1.0", "/version"), "1.0");
        assert_eq!(carets("  \"version\" : \"1.0\",", "/version"), "\"1.0\"");
        assert_eq!(carets("- name: x", "/dependencies/0/name"), "x");
        assert_eq!(carets("  - name: x", "/dependencies/0"), "- name: x");
        assert_eq!(carets("größe: Übel", "/größe"), "Übel");
        assert_eq!(carets("tags:", "/tags"), "tags:");
    }

    #[test]
    fn lines_beyond_the_text_are_left_out() {
        let issue = ErrorLine {
            kind: "syntax".into(),
            pointer: String::new(),
            code: None,
            severity: deedbook_model::issue::Severity::Error,
            message: String::new(),
            hint: None,
            line: Some(9),
        };
        assert_eq!(excerpt(&["a: 1"], &issue), "");
    }
}
