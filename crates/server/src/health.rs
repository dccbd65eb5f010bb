//! Whether the server is to be sent requests.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::instant::now;

/// For how long a failed append speaks against the server. After that it is to be tried again:
/// without writes nobody would learn that the disk has room.
const FAILED_FOR: Duration = Duration::from_secs(5);

/// What the last append said.
#[derive(Default)]
pub(crate) struct Health {
    failed: Mutex<Option<Instant>>,
}

impl Health {
    /// An append failed.
    pub(crate) fn append_failed(&self) {
        *self.lock() = Some(now());
    }

    /// An append was done.
    pub(crate) fn append_done(&self) {
        let mut failed = self.lock();
        if failed.is_some() {
            *failed = None;
        }
    }

    /// Whether appends fail.
    pub(crate) fn appends_fail(&self) -> bool {
        let failed = *self.lock();
        failed.is_some_and(|at| now().saturating_duration_since(at) < FAILED_FOR)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
