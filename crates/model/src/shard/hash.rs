//! The hash that places shards on nodes.

use twox_hash::XxHash64;

/// XXH64 with seed 0 (xxHash specification, 0.1.1) of a text's UTF-8 bytes.
#[must_use]
pub fn xxh64(text: &str) -> u64 {
    xxh64_bytes(text.as_bytes())
}

/// XXH64 with seed 0 of bytes that needn't be text.
#[must_use]
pub fn xxh64_bytes(bytes: &[u8]) -> u64 {
    XxHash64::oneshot(0, bytes)
}

/// A hash as a number from 0 to 1: rounded to the nearest double, times 2⁻⁶⁴.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "the nearest double is what is wanted"
)]
pub fn unit_interval(hash: u64) -> f64 {
    /// 2⁻⁶⁴.
    const SCALE: f64 = 1.0 / 18_446_744_073_709_551_616.0;
    hash as f64 * SCALE
}
