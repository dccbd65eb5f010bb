//! Work that takes long or reads files: on few threads of its own, so that it takes nothing from
//! those who are answered at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deedbook_api::problem::Problem;
use deedbook_model::code::Code;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::options::Limits;

/// Who may work slowly, and who waits for it.
pub(crate) struct Slow {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
    patience: Duration,
}

/// One that waits for its turn; also of a client that goes away.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Content up to this is read and judged in no time.
const SMALL: usize = 64 << 10;

impl Slow {
    pub(crate) fn new(limits: &Limits) -> Slow {
        Slow {
            turns: Arc::new(Semaphore::new(limits.slow)),
            waiting: AtomicUsize::new(0),
            most_waiting: limits.slow_waiting,
            patience: limits.request_time,
        }
    }

    /// Does work on a thread of its own once it is its turn.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = self.turn().await?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await
            .unwrap_or_else(|_| Err(Problem::new(Code::Internal, "the work broke off")))
    }

    /// Does work on content of so many bytes: at once if it is small.
    pub(crate) async fn run_sized<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        if bytes <= SMALL {
            return work();
        }
        self.run(work).await
    }

    /// The right to work slowly, for as long as it is held.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.waiting);
        if before >= self.most_waiting {
            return Err(busy());
        }
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout(self.patience, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }
}

fn busy() -> Problem {
    Problem::new(
        Code::Unavailable,
        "too many slow requests (history, past states, large graphs) are being worked on",
    )
    .with_hint("try again after the time that Retry-After says")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_content_is_worked_on_at_once() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let slow = Slow::new(&Limits::default());
        let own = std::thread::current().id();
        let is_elsewhere = |bytes: usize| {
            let work = move || Ok(std::thread::current().id() != own);
            runtime.block_on(slow.run_sized(bytes, work)).unwrap()
        };
        assert!(!is_elsewhere(0) && !is_elsewhere(SMALL));
        assert!(is_elsewhere(SMALL + 1));
    }
}
