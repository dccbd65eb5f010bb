//! Whole numbers as decimal digits, without the formatter's detours.

/// Digits of the greatest number, and a sign.
const ROOM: usize = 20;

/// Appends the number.
pub(crate) fn push_integer(out: &mut String, number: i64) {
    if number < 0 {
        out.push('-');
    }
    push_padded(out, number.unsigned_abs(), 1);
}

/// Appends the number with zeros in front up to that many digits, at most 20.
pub(crate) fn push_padded(out: &mut String, number: u64, digits: usize) {
    let mut room = [b'0'; ROOM];
    let mut rest = number;
    let mut used = 0;
    for slot in room.iter_mut().rev() {
        if rest == 0 {
            break;
        }
        // Less than ten.
        *slot = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        used += 1;
    }
    let shown = room.get(ROOM - used.max(digits).min(ROOM)..);
    out.push_str(std::str::from_utf8(shown.unwrap_or_default()).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_formatter() {
        for number in [0, 1, -1, 9, 10, 99, 100, i64::MAX, i64::MIN] {
            let mut out = String::new();
            push_integer(&mut out, number);
            assert_eq!(out, number.to_string());
        }
        for (number, digits) in [(0, 1), (7, 2), (123, 2), (123, 7), (u64::MAX, 1)] {
            let mut out = String::new();
            push_padded(&mut out, number, digits);
            assert_eq!(out, format!("{number:0digits$}"));
        }
    }
}
