//! Who waits for which changes. A waiter is woken by the first batch that holds a change it wants,
//! and by nothing else, so that those who wait for one record cost nothing while others change.
//!
//! ```text
//! poll: nothing there ─► waits ─► a batch fits ─► woken, with the head before that batch
//!                          │
//!                          └─► polled again: nothing fitted up to the newest head
//! ```

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::task::Waker;

use deedbook_model::{Batch, Head, Revision};

use super::ChangeFilter;

/// Names a waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WaiterId(u64);

/// What a waiter wants.
#[derive(Clone)]
pub(crate) struct Wanted {
    /// Only changes above this.
    pub(crate) after: Revision,
    /// Which of them.
    pub(crate) filter: Arc<ChangeFilter>,
}

/// How far a waiter's batches were looked through for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// They weren't.
    Unknown,
    /// Nothing that it wants came up to here.
    To(Head),
    /// Nothing that it wants came at all.
    All,
}

enum Waiter {
    Waiting(Wanted, Waker),
    Woken(Head),
}

/// All who wait. Those who want one key are found by it; the others are asked one by one.
#[derive(Default)]
pub(crate) struct Waiting {
    last: u64,
    waiters: HashMap<WaiterId, Waiter>,
    by_key: HashMap<String, HashSet<WaiterId>>,
    others: HashSet<WaiterId>,
}

impl Waiting {
    /// A name for somebody who will wait.
    pub(crate) fn new_id(&mut self) -> WaiterId {
        self.last += 1;
        WaiterId(self.last)
    }

    /// Lets somebody wait, who doesn't yet.
    pub(crate) fn wait(&mut self, id: WaiterId, wanted: Wanted, waker: &Waker) {
        let place = match &wanted.filter.key {
            Some(key) => self.by_key.entry(key.clone()).or_default(),
            None => &mut self.others,
        };
        place.insert(id);
        let waiter = Waiter::Waiting(wanted, waker.clone());
        self.waiters.insert(id, waiter);
    }

    /// Ends somebody's waiting; says how far it may go on without looking.
    pub(crate) fn end(&mut self, id: WaiterId) -> Passed {
        match self.waiters.remove(&id) {
            None => Passed::Unknown,
            Some(Waiter::Woken(head)) => Passed::To(head),
            Some(Waiter::Waiting(wanted, _)) => {
                self.forget(id, &wanted.filter);
                Passed::All
            }
        }
    }

    /// The wakers of those who want something of a batch; they don't wait any more.
    pub(crate) fn woken_by(&mut self, batch: &Batch) -> Vec<Waker> {
        let mut fitting: Vec<WaiterId> = Vec::new();
        if !self.by_key.is_empty() {
            for change in &batch.changes {
                let waiting = self.by_key.get(&*change.key).into_iter().flatten();
                fitting.extend(waiting.filter(|id| self.wants(**id, batch)));
            }
        }
        let others = self.others.iter();
        fitting.extend(others.filter(|id| self.wants(**id, batch)));
        let wakers = fitting.into_iter();
        wakers
            .filter_map(|id| self.wake(id, batch.previous))
            .collect()
    }

    /// The wakers of all.
    pub(crate) fn all_woken_at(&mut self, head: Head) -> Vec<Waker> {
        let waiting: Vec<WaiterId> = self.waiters.keys().copied().collect();
        let wakers = waiting.into_iter();
        wakers.filter_map(|id| self.wake(id, head)).collect()
    }

    fn wants(&self, id: WaiterId, batch: &Batch) -> bool {
        let Some(Waiter::Waiting(wanted, _)) = self.waiters.get(&id) else {
            return false;
        };
        let mut changes = batch.changes.iter();
        changes.any(|change| change.revision > wanted.after && wanted.filter.fits(change))
    }

    /// `None` for one that was woken already.
    fn wake(&mut self, id: WaiterId, passed: Head) -> Option<Waker> {
        match self.waiters.insert(id, Waiter::Woken(passed))? {
            Waiter::Waiting(wanted, waker) => {
                self.forget(id, &wanted.filter);
                Some(waker)
            }
            Waiter::Woken(earlier) => {
                self.waiters.insert(id, Waiter::Woken(earlier));
                None
            }
        }
    }

    fn forget(&mut self, id: WaiterId, filter: &ChangeFilter) {
        let Some(key) = &filter.key else {
            self.others.remove(&id);
            return;
        };
        if let Some(same) = self.by_key.get_mut(key) {
            same.remove(&id);
            if same.is_empty() {
                self.by_key.remove(key);
            }
        }
    }
}
