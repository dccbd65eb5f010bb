//! Texts as JSON strings.

/// What is written as an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escaping {
    /// All but ASCII that means nothing in HTML.
    Strict,
    /// What JSON asks for, and DEL.
    Relaxed,
}

/// Whether a byte of the text begins a character that [`Escaping::Strict`] escapes.
static STRICT: [bool; 256] = strict();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler"
)]
const fn strict() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = !matches!(byte as u8, b' '..=b'~')
            || matches!(
                byte as u8,
                b'"' | b'&' | b'\'' | b'+' | b'<' | b'>' | b'`' | b'\\'
            );
        byte += 1;
    }
    table
}

impl Escaping {
    fn escapes(self, byte: u8) -> bool {
        match self {
            Escaping::Strict => STRICT.get(usize::from(byte)).copied().unwrap_or(true),
            Escaping::Relaxed => byte < b' ' || matches!(byte, b'"' | b'\\' | 0x7f),
        }
    }
}

/// Appends the text in quotes.
pub(super) fn push_string(out: &mut String, text: &str, escaping: Escaping) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| escaping.escapes(byte)) {
        // The first byte of a character, so there is a boundary.
        let Some((plain, tail)) = rest.split_at_checked(at) else {
            break;
        };
        out.push_str(plain);
        let mut tail = tail.chars();
        if let Some(c) = tail.next() {
            push_escaped(out, c, escaping);
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn push_escaped(out: &mut String, c: char, escaping: Escaping) {
    out.push_str(match c {
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\\' => "\\\\",
        '"' if escaping == Escaping::Relaxed => "\\\"",
        _ => return push_units(out, c),
    });
}

/// `\uXXXX` for each of its UTF-16 code units.
fn push_units(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.push_str("\\u");
        for shift in [12, 8, 4, 0] {
            let digit = char::from_digit(u32::from(*unit >> shift) & 0xf, 16);
            out.push(digit.unwrap_or_default().to_ascii_uppercase());
        }
    }
}
