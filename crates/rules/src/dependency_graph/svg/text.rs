//! Text in a picture: how wide it will be, how to shorten it, how to write it down.

use deedbook_model::text::is_obeyed;

/// Estimated width in a sans-serif font; a little more than usual fonts need.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let ems: f64 = text.chars().map(ems).sum();
    let weight = if bold { 1.06 } else { 1.0 };
    ems * size * weight
}

fn ems(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.30,
        'f' | 'r' | 't' | 'I' | ' ' | '-' | '(' | ')' | '/' | '"' => 0.40,
        'm' | 'M' | 'W' | '@' | '%' => 0.95,
        'w' | '<' | '>' | '=' | '+' | '^' | '~' => 0.84,
        'A'..='Z' => 0.72,
        _ if letter.is_ascii() || ('\u{a0}'..'\u{600}').contains(&letter) => 0.62,
        _ => 1.05,
    }
}

/// At most `limit` letters: the middle gives way, since beginning and end tell names apart.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= limit {
        return text.to_owned();
    }
    let kept = limit.saturating_sub(1);
    let end = kept / 3;
    let start = kept - end;
    let head = letters.iter().take(start);
    let tail = letters.iter().skip(letters.len() - end);
    head.chain(std::iter::once(&'…')).chain(tail).collect()
}

/// Text as XML has it, in elements and attributes. What XML can't hold becomes a question mark.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            '\t' | '\n' | '\r' => escaped.push(' '),
            letter if is_obeyed(letter) => escaped.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
#[path = "text_test.rs"]
mod tests;
