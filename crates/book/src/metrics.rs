//! What a running book counts and measures. Counting costs an addition and never waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::BookError;

/// How often values fell into each of some ranges, and their sum.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One more than bounds: what is above the last.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// What a histogram holds at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How many values were at most so much, for each bound.
    pub at_most: Vec<(u64, u64)>,
    /// How many there were.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
}

/// Durations in nanoseconds, from a tenth of a millisecond to ten seconds.
pub const DURATIONS: &[u64] = &[
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    1_000_000_000,
    10_000_000_000,
];

const SIZES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 16_384];

impl Histogram {
    /// An empty one with those upper bounds, in rising order.
    #[must_use]
    pub fn new(bounds: &'static [u64]) -> Histogram {
        Histogram {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts a value.
    pub fn observe(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts a duration, in nanoseconds.
    pub fn observe_time(&self, time: Duration) {
        self.observe(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// What it holds.
    #[must_use]
    pub fn read(&self) -> Reading {
        let mut count = 0;
        let mut counts = self.counts.iter().map(|one| one.load(Ordering::Relaxed));
        let mut at_most = Vec::with_capacity(self.bounds.len());
        for (bound, own) in self.bounds.iter().zip(&mut counts) {
            count += own;
            at_most.push((*bound, count));
        }
        count += counts.sum::<u64>();
        Reading {
            at_most,
            count,
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// What a book counts.
#[derive(Debug)]
pub struct BookMetrics {
    /// Commands that were done.
    pub done: AtomicU64,
    /// Commands that the rules refused.
    pub refused: AtomicU64,
    /// Commands that the log failed.
    pub failed: AtomicU64,
    /// Commands that wait for the sequencer.
    pub waiting: AtomicU64,
    /// Changes of each batch.
    pub batch_changes: Histogram,
    /// How long each batch took to be durable, in nanoseconds.
    pub append_time: Histogram,
}

impl Default for BookMetrics {
    fn default() -> Self {
        BookMetrics {
            done: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            batch_changes: Histogram::new(SIZES),
            append_time: Histogram::new(DURATIONS),
        }
    }
}

impl BookMetrics {
    /// Notes a command that the sequencer took.
    pub(crate) fn taken(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// Notes what became of a command.
    pub(crate) fn answered<T>(&self, answer: &Result<T, BookError>) {
        let count = match answer {
            Ok(_) => &self.done,
            Err(BookError::Refused(_)) => &self.refused,
            Err(_) => &self.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes a batch that became durable.
    pub(crate) fn appended(&self, changes: usize, begin: Instant) {
        let changes = u64::try_from(changes).unwrap_or(u64::MAX);
        self.batch_changes.observe(changes);
        self.append_time.observe_time(now() - begin);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long an append takes is measured here"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_for_every_bound_that_it_does_not_exceed() {
        let histogram = Histogram::new(&[1, 10]);
        for value in [0, 1, 2, 10, 11, 100] {
            histogram.observe(value);
        }
        let reading = histogram.read();
        assert_eq!(reading.at_most, [(1, 2), (10, 4)]);
        assert_eq!((reading.count, reading.sum), (6, 124));
    }
}
