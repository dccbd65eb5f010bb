//! Latencies in little room, whatever their number.

use std::time::Duration;

/// Steps between a power of two and the next: a figure is at most 1/64 too high.
const STEPS: u64 = 64;

/// How often each latency was seen, in nanoseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub(crate) fn record(&mut self, latency: Duration) {
        let place = place(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
        self.total += 1;
    }

    pub(crate) fn add(&mut self, other: &Histogram) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The latency in microseconds that this share of all was at or below; 0 without any.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper(place) as f64 / 1000.0;
            }
        }
        0.0
    }
}

/// Values below 64 have a place each, then each power of two has 64.
fn place(value: u64) -> usize {
    let place = match value.checked_ilog2() {
        Some(power) if power >= STEPS.ilog2() => {
            let shift = power - STEPS.ilog2();
            u64::from(shift + 1) * STEPS + (value >> shift) - STEPS
        }
        _ => value,
    };
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// The highest value of a place.
fn upper(place: usize) -> u64 {
    let place = place as u64;
    if place < STEPS {
        return place;
    }
    let shift = place / STEPS - 1;
    let lower = u128::from(place % STEPS + STEPS) << shift;
    u64::try_from(lower + (1 << shift) - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_a_place_that_is_close_to_it() {
        let mut before = 0;
        for value in (0..5000).chain((13..64).flat_map(|power| {
            let one = 1_u64 << power;
            [one - 1, one, one + one / 3]
        })) {
            let place = place(value);
            assert!(place >= before, "{value}");
            before = place;
            let upper = upper(place);
            assert!(
                upper >= value && upper - value <= value / 64,
                "{value}: {upper}"
            );
        }
    }

    #[test]
    fn percentiles_are_those_of_a_sorted_list() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(0.5), 0.0);
        for micros in (1..=1000).rev() {
            histogram.record(Duration::from_micros(micros));
        }
        let mut twice = histogram.clone();
        twice.add(&histogram);
        for (share, expected) in [(0.5, 500.0), (0.95, 950.0), (0.999, 999.0), (1.0, 1000.0)] {
            for histogram in [&histogram, &twice] {
                let got = histogram.percentile(share);
                assert!(got >= expected && got <= expected * 1.016, "{share}: {got}");
            }
        }
        assert_eq!(twice.total(), 2000);
    }
}
