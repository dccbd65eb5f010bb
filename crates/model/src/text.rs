//! Text from elsewhere that people are shown.

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
}
