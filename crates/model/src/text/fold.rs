//! Comparing without case, one character for one.

/// The text with each character in its simple upper case: one character for one, and none beyond
/// ASCII becomes one of ASCII. So `ß` isn't `SS` and `ı` isn't `I`, but `é` is `É` and `ς` is `σ`.
#[must_use]
pub fn folded(text: &str) -> String {
    text.chars().map(upper).collect()
}

fn upper(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    let mut full = c.to_uppercase();
    match (full.next(), full.next()) {
        (Some(upper), None) if !upper.is_ascii() => upper,
        (Some(_), Some(_)) => with_iota(c),
        _ => c,
    }
}

/// Of the letters with several capitals only those with a subscript iota have one of their own.
fn with_iota(c: char) -> char {
    let offset = match u32::from(c) {
        0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => 9,
        _ => 0,
    };
    char::from_u32(u32::from(c) + offset).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_for_one() {
        for (one, two) in [
            ("straße", "STRAßE"),
            ("é", "É"),
            ("σ", "ς"),
            ("я", "Я"),
            ("ᾳ", "ᾼ"),
        ] {
            assert_eq!(folded(one), folded(two));
        }
        for (one, two) in [
            ("ß", "SS"),
            ("ı", "I"),
            ("ſ", "S"),
            ("\u{212a}", "k"),
            ("ŉ", "ʼN"),
        ] {
            assert_ne!(folded(one), folded(two));
        }
    }
}
