//! Where time stamps and random bytes come from.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use deedbook_model::{Timestamp, Token};

use crate::error::BookError;

/// Tells the time for a log's stamps.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a book reads the clock"
    )]
    fn now(&self) -> Timestamp {
        let nanos = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i128::try_from(since.as_nanos()).unwrap_or(i128::MAX),
            Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap_or(i128::MAX),
        };
        i64::try_from(nanos.div_euclid(100))
            .ok()
            .and_then(|ticks| Timestamp::from_ticks(ticks).ok())
            .unwrap_or_default()
    }
}

/// A clock that stands until it is moved; for tests.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> ManualClock {
        ManualClock(Mutex::new(now))
    }

    /// Sets what it shows.
    pub fn set(&self, now: Timestamp) {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Random bytes of the operating system.
///
/// # Errors
/// When the operating system has none to give.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], BookError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| BookError::Stream {
        action: "get random bytes from the operating system",
        source: std::io::Error::other(error),
    })?;
    Ok(bytes)
}

/// A token that nobody has yet.
///
/// # Errors
/// When the operating system has no random bytes to give.
pub fn draw_token() -> Result<Token, BookError> {
    Ok(Token::of_secret(random()?))
}

/// Fresh salts for record digests, from one seed of the operating system.
pub(crate) struct Salts(blake3::OutputReader);

impl Salts {
    pub(crate) fn new() -> Result<Salts, BookError> {
        Ok(Salts(blake3::Hasher::new_keyed(&random()?).finalize_xof()))
    }

    pub(crate) fn next(&mut self) -> [u8; 16] {
        let mut salt = [0; 16];
        self.0.fill(&mut salt);
        salt
    }
}
