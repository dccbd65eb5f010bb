//! Waiting for a condition, with a bound.

use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `condition` holds.
///
/// # Panics
/// When it doesn't within [`PATIENCE`].
#[expect(
    clippy::disallowed_methods,
    reason = "the bound of a wait is real time, also for other processes"
)]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "waited too long until {what}");
        // Other processes can't wake this one.
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// How long something took.
#[expect(
    clippy::disallowed_methods,
    reason = "real time is what is measured here"
)]
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}
