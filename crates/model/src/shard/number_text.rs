//! Doubles as text in checksums and JSON bodies.

use std::fmt;

/// A double in the fewest digits that read back to it: plain for 10⁻⁴ ≤ |x| < 10¹⁷, else as
/// `d.dddE±XX`. Zero keeps its sign; what isn't finite is `NaN`, `Infinity` or `-Infinity`.
#[derive(Clone, Copy, Debug)]
pub struct NumberText(pub f64);

/// Decimal exponents of the first digit that are written plainly.
const PLAIN: std::ops::Range<i32> = -4..17;

impl fmt::Display for NumberText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0;
        if number.is_nan() {
            return f.write_str("NaN");
        }
        if number.is_sign_negative() {
            f.write_str("-")?;
        }
        if number.is_infinite() {
            return f.write_str("Infinity");
        }
        // The same digits whatever the layout: `1.25e-7`.
        let shortest = format!("{:e}", number.abs());
        let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
        let exponent = exponent.parse().unwrap_or(0);
        let (first, rest) = digits.split_once('.').unwrap_or((digits, ""));
        if PLAIN.contains(&exponent) {
            return write_plain(f, first, rest, exponent);
        }
        f.write_str(digits)?;
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(f, "E{sign}{:02}", exponent.unsigned_abs())
    }
}

/// `first` is the digit at 10^`exponent`, `rest` what comes after it.
fn write_plain(f: &mut fmt::Formatter<'_>, first: &str, rest: &str, exponent: i32) -> fmt::Result {
    let zeros = |f: &mut fmt::Formatter<'_>, count| (0..count).try_for_each(|_| f.write_str("0"));
    let Ok(before_point) = usize::try_from(exponent) else {
        f.write_str("0.")?;
        zeros(f, exponent.unsigned_abs().saturating_sub(1))?;
        f.write_str(first)?;
        return f.write_str(rest);
    };
    f.write_str(first)?;
    match rest.split_at_checked(before_point) {
        Some((whole, "")) => f.write_str(whole),
        Some((whole, fraction)) => write!(f, "{whole}.{fraction}"),
        None => {
            f.write_str(rest)?;
            let missing = before_point.saturating_sub(rest.len());
            zeros(f, u32::try_from(missing).unwrap_or_default())
        }
    }
}
