//! Work on a stream of items by several threads, its results in order.
//!
//! ```text
//! fetch, one at a time ─► prepare, on any thread ─► take, in order, here
//! ```

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::BookError;

/// Threads that prepare, beside the one that takes.
const WORKERS: usize = 2;

/// How many items may be ahead of the one that is taken next: bounds what is in memory.
const AHEAD: usize = 8;

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum More {
    Wanted,
    Enough,
}

/// Takes what `prepare` makes of each item of `fetch`, in the order in which they were fetched,
/// until there is none or `take` has enough. A single item is worth no thread.
///
/// # Errors
/// The first in that order, of whichever part.
pub(crate) fn in_order<T: Send, R: Send>(
    mut fetch: impl FnMut() -> Result<Option<T>, BookError> + Send,
    prepare: impl Fn(T) -> Result<R, BookError> + Sync,
    mut take: impl FnMut(R) -> Result<More, BookError>,
) -> Result<(), BookError> {
    let Some(first) = fetch()? else {
        return Ok(());
    };
    if take(prepare(first)?)? == More::Enough {
        return Ok(());
    }
    let Some(second) = fetch()? else {
        return Ok(());
    };
    let line = Line {
        feed: Mutex::new(Feed {
            fetch: |ahead: &mut Option<T>| ahead.take().map_or_else(&mut fetch, |t| Ok(Some(t))),
            ahead: Some(second),
            next: 0,
        }),
        progress: Mutex::default(),
        moved: Condvar::new(),
    };
    std::thread::scope(|scope| {
        // Those who wait are let go however this ends: the scope waits for them.
        let _ends = Ends(&line);
        let (sender, receiver) = sync_channel(WORKERS);
        for _ in 0..WORKERS {
            let (line, prepare, sender) = (&line, &prepare, sender.clone());
            scope.spawn(move || line.work(prepare, &sender));
        }
        drop(sender);
        line.take_all(&receiver, &mut take)
    })
}

type Numbered<R> = (usize, Result<R, BookError>);

struct Line<T, F> {
    /// Locked while something is fetched, and while there is enough ahead.
    feed: Mutex<Feed<T, F>>,
    /// Locked for a moment, after the feed where both are.
    progress: Mutex<Progress>,
    moved: Condvar,
}

struct Feed<T, F> {
    fetch: F,
    /// What was fetched to see whether there is more than one.
    ahead: Option<T>,
    next: usize,
}

#[derive(Default)]
struct Progress {
    taken: usize,
    ended: bool,
}

impl<T, F> Line<T, F>
where
    F: FnMut(&mut Option<T>) -> Result<Option<T>, BookError>,
{
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        self.progress().ended = true;
        self.moved.notify_all();
    }

    fn work<R>(
        &self,
        prepare: &impl Fn(T) -> Result<R, BookError>,
        results: &SyncSender<Numbered<R>>,
    ) {
        // There is nothing left, nobody takes it any more, or `prepare` panicked.
        let _ends = Ends(self);
        while let Some((number, item)) = self.next() {
            let result = item.and_then(prepare);
            if results.send((number, result)).is_err() {
                return;
            }
        }
    }

    /// The next item and its number, once it isn't too far ahead.
    fn next(&self) -> Option<(usize, Result<T, BookError>)> {
        let mut feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        let too_far =
            |progress: &mut Progress| !progress.ended && feed.next >= progress.taken + AHEAD;
        let progress = self.moved.wait_while(self.progress(), too_far);
        if progress.unwrap_or_else(PoisonError::into_inner).ended {
            return None;
        }
        let Feed { fetch, ahead, .. } = &mut *feed;
        let item = fetch(ahead).transpose();
        if !matches!(item, Some(Ok(_))) {
            self.end();
        }
        let number = feed.next;
        feed.next += 1;
        item.map(|item| (number, item))
    }

    fn take_all<R>(
        &self,
        results: &Receiver<Numbered<R>>,
        take: &mut impl FnMut(R) -> Result<More, BookError>,
    ) -> Result<(), BookError> {
        let mut early = BTreeMap::new();
        let mut next = 0;
        while let Ok((number, result)) = results.recv() {
            early.insert(number, result);
            while let Some(result) = early.remove(&next) {
                if take(result?)? == More::Enough {
                    return Ok(());
                }
                next += 1;
                self.progress().taken = next;
                self.moved.notify_all();
            }
        }
        Ok(())
    }
}

struct Ends<'a, T, F>(&'a Line<T, F>)
where
    F: FnMut(&mut Option<T>) -> Result<Option<T>, BookError>;

impl<T, F> Drop for Ends<'_, T, F>
where
    F: FnMut(&mut Option<T>) -> Result<Option<T>, BookError>,
{
    fn drop(&mut self) {
        self.0.end();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn run(
        count: usize,
        fails: impl Fn(usize) -> bool + Sync,
        enough: usize,
    ) -> (Result<(), BookError>, Vec<usize>) {
        let mut numbers = 0..count;
        let mut taken = Vec::new();
        let prepare = |number: usize| {
            // Uneven, so that later ones are ready first.
            let turns = if number.is_multiple_of(5) { 20_000 } else { 1 };
            let spent = (0..turns).fold(0, |sum: usize, turn| std::hint::black_box(sum ^ turn));
            std::hint::black_box(spent);
            if fails(number) {
                return Err(BookError::Closed);
            }
            Ok(number)
        };
        let result = in_order(
            || Ok(numbers.next()),
            prepare,
            |number| {
                taken.push(number);
                Ok(if number + 1 == enough {
                    More::Enough
                } else {
                    More::Wanted
                })
            },
        );
        (result, taken)
    }

    #[test]
    fn results_come_in_order_whoever_is_first() {
        for count in [0, 1, 2, 3, 9, 500] {
            let (result, taken) = run(count, |_| false, usize::MAX);
            assert!(result.is_ok());
            assert!(taken.iter().copied().eq(0..count), "{count}: {taken:?}");
        }
    }

    #[test]
    fn it_ends_with_the_first_failure_or_when_there_is_enough() {
        for place in [0, 1, 2, 77] {
            let (result, taken) = run(500, |number| number >= place, usize::MAX);
            assert!(result.is_err());
            assert!(taken.iter().copied().eq(0..place));
            let (result, taken) = run(500, |_| false, place + 1);
            assert!(result.is_ok());
            assert!(taken.iter().copied().eq(0..=place));
        }
    }

    #[test]
    fn what_is_fetched_ahead_is_bounded() {
        let (fetched, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let fetch = || {
            let number = fetched.fetch_add(1, Ordering::SeqCst);
            let ahead = number.saturating_sub(taken.load(Ordering::SeqCst));
            assert!(ahead <= AHEAD + 2, "{ahead}");
            Ok((number < 1000).then_some(number))
        };
        let take = |number| {
            taken.store(number + 1, Ordering::SeqCst);
            Ok(More::Wanted)
        };
        in_order(fetch, Ok, take).unwrap();
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_is_handed_on() {
        let (_, _) = run(500, |number| number == 30 && panic!("oh"), usize::MAX);
    }

    #[test]
    #[should_panic(expected = "taken enough")]
    fn a_panic_of_the_taker_lets_the_workers_go() {
        let mut numbers = 0..500;
        let take = |number| {
            assert!(number < 30, "taken enough");
            Ok(More::Wanted)
        };
        in_order(|| Ok(numbers.next()), Ok, take).unwrap();
    }
}
