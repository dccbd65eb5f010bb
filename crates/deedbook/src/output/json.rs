//! JSON output. Records are printed from their stored bytes: member order and numbers stay.

use serde::Serialize;

use crate::error::Failure;

/// A value as JSON on one line.
pub(crate) fn line(value: &(impl Serialize + ?Sized)) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::Internal(error.to_string()))
}

/// JSON text with line ends and two spaces of indentation for each level. Nothing else of the text
/// is touched.
pub(crate) fn pretty(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut escaped = false;
    let mut opened = false;
    for c in text.chars() {
        if in_text {
            out.push(c);
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(c, '}' | ']');
        if closes {
            depth = depth.saturating_sub(1);
        }
        // Empty objects and lists stay on their line.
        if opened != closes {
            break_line(&mut out, depth);
        }
        opened = false;
        out.push(c);
        match c {
            '"' => in_text = true,
            '{' | '[' => {
                depth += 1;
                opened = true;
            }
            ',' => break_line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
    }
    out
}

fn break_line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_changes_white_space_only() {
        let text = r#"{"a":{},"b":[],"c":[1,{"d":"x, {y}: \"[z]\\"}],"e":1.10}"#;
        let expected = r#"{
  "a": {},
  "b": [],
  "c": [
    1,
    {
      "d": "x, {y}: \"[z]\\"
    }
  ],
  "e": 1.10
}"#;
        assert_eq!(pretty(text), expected);
        assert_eq!(pretty(expected), expected);
    }

    #[test]
    fn pretty_agrees_with_the_library() {
        let value = serde_json::json!([[], [[]], {"a": [{}], "b": null}, "\\", "\"", ""]);
        assert_eq!(
            pretty(&value.to_string()),
            serde_json::to_string_pretty(&value).unwrap()
        );
    }
}
