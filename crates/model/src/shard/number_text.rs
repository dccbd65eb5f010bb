//! Doubles as text in checksums and JSON bodies.

use std::fmt;

/// A double in the fewest digits that read back to it: plain for 10⁻⁴ ≤ |x| < 10¹⁷, else as
/// `d.dddE±XX`. Zero keeps its sign; what isn't finite is `NaN`, `Infinity` or `-Infinity`.
#[derive(Clone, Copy, Debug)]
pub struct NumberText(pub f64);

/// Sizes that are written plainly.
const PLAIN: std::ops::Range<f64> = 1e-4..1e17;

impl fmt::Display for NumberText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0;
        if number == 0.0 || PLAIN.contains(&number.abs()) {
            return write!(f, "{number}");
        }
        if number.is_nan() {
            return f.write_str("NaN");
        }
        if number.is_infinite() {
            return f.write_str(if number < 0.0 {
                "-Infinity"
            } else {
                "Infinity"
            });
        }
        // The same digits whatever the layout: `1.25e-7`.
        let shortest = format!("{number:e}");
        let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(f, "{digits}E{sign}{:02}", exponent.unsigned_abs())
    }
}
