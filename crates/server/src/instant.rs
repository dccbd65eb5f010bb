//! How long things take, by the machine's monotonic clock.

use std::time::{Duration, Instant};

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a server measures time"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How long ago that was.
pub(crate) fn since(begin: Instant) -> Duration {
    now().saturating_duration_since(begin)
}
