//! The allowed word somebody most likely meant.

/// Longer texts are no slip of the finger.
const LONGEST: usize = 40;

/// The word nearest to `text`, if one is near at all.
pub(crate) fn nearest<'a>(text: &str, words: &[&'a str]) -> Option<&'a str> {
    if text.len() > LONGEST {
        return None;
    }
    let lower = text.to_lowercase();
    let near = |distance: usize, word: &str| distance * 2 <= word.len().min(text.len());
    words
        .iter()
        // The lengths alone rule most words out.
        .filter(|word| near(word.len().abs_diff(lower.len()), word))
        .map(|word| (distance(&lower, word), *word))
        .filter(|(distance, word)| near(*distance, word))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// How many characters must be added, dropped or exchanged to make `a` of `b`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut diagonal = i;
        for (cell, b) in row.iter_mut().skip(1).zip(b.chars()) {
            let above = *cell;
            let exchanged = diagonal + usize::from(a != b);
            *cell = exchanged.min(left + 1).min(above + 1);
            left = *cell;
            diagonal = above;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFECYCLES: &[&str] = &["draft", "active", "deprecated", "archived"];

    #[test]
    fn a_slip_finds_its_word() {
        assert_eq!(nearest("actve", LIFECYCLES), Some("active"));
        assert_eq!(nearest("Active", LIFECYCLES), Some("active"));
        assert_eq!(nearest("depracated", LIFECYCLES), Some("deprecated"));
        assert_eq!(nearest("zzz", LIFECYCLES), None);
        assert_eq!(nearest("", LIFECYCLES), None);
    }

    #[test]
    fn distances_count_edits() {
        for (a, b, expected) in [
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
