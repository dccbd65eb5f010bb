//! Text from elsewhere that people are shown, and the order that some systems put text in.

mod digits;
mod fold;

use std::cmp::Ordering;

pub(crate) use digits::{push_integer, push_padded};
pub use fold::folded;

/// Whether a terminal obeys the character instead of showing it: control characters, and those
/// that reorder what stands around them, so that a text can look like another one.
#[must_use]
pub fn is_obeyed(c: char) -> bool {
    c.is_control() || is_reordering(c)
}

/// Embeddings, overrides, isolates and marks of bidirectional text.
fn is_reordering(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The same JSON value with what a terminal would obey written as escapes.
#[must_use]
pub fn json_for_terminal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // JSON has those below only between its values, or as escapes already.
        if c < ' ' || !is_obeyed(c) {
            out.push(c);
        } else {
            // All of them are of the first plane.
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    out
}

/// The order of texts by their UTF-16 code units: that of member names in canonical JSON, and of ids
/// in placement. It differs from that of their bytes where one of U+E000–U+FFFF meets a character
/// above U+FFFF.
#[must_use]
pub fn utf16_order(one: &str, two: &str) -> Ordering {
    if one.is_ascii() || two.is_ascii() {
        // Up to the first byte beyond ASCII both orders are the same, and there that of the other
        // comes last in both.
        return one.cmp(two);
    }
    one.encode_utf16().cmp(two.encode_utf16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_shown_and_orders_obeyed() {
        let obeyed =
            "\u{0}\u{7}\u{1b}\n\u{7f}\u{9b}\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}";
        assert!(obeyed.chars().all(is_obeyed));
        assert!(!"aß 日本 שלום مرحبا 👩\u{200d}💻 …".chars().any(is_obeyed));
    }

    #[test]
    fn a_terminal_gets_nothing_to_obey_and_the_same_value() {
        let text = "{\n  \"a\": \"x\u{7f}\u{9b}2J\u{202e}\u{200f}ß 日本\\u001b\"\n}\n";
        let shown = json_for_terminal(text);
        assert_eq!(shown.find(|c| c != '\n' && is_obeyed(c)), None);
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&shown), value(text));
    }
}
