//! What was measured, for people and for the next measurement.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;

/// What was measured of one Deedbook.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Which one.
    pub target: String,
    /// Components that were there before.
    pub components: usize,
    /// Bytes of a component's document.
    pub size: usize,
    /// Clients that shared a connection.
    #[serde(default = "one")]
    pub in_flight: usize,
    /// A row for each work and number of clients.
    pub rows: Vec<Row>,
}

/// In reports of before there was a choice.
fn one() -> usize {
    1
}

/// One work by so many clients.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The work; `mixed: get` where clients of several kinds worked side by side.
    pub work: String,
    /// How many clients.
    pub clients: usize,
    /// Right answers a second, over the repeats.
    pub per_second: Spread,
    /// Latencies in microseconds, of the repeat with the median throughput.
    pub p50_us: f64,
    /// The same.
    pub p95_us: f64,
    /// The same.
    pub p99_us: f64,
    /// The same.
    pub p999_us: f64,
    /// Answers that were refused, wrong or missing, of all repeats.
    pub errors: u64,
    /// One of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_error: Option<String>,
}

/// The least, the middle and the most of some repeats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The middle one.
    pub median: f64,
    /// The most.
    pub max: f64,
}

/// One repeat.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    per_second: f64,
    /// 50 %, 95 %, 99 % and 99.9 %.
    percentiles: [f64; 4],
    errors: u64,
    first_error: Option<String>,
}

impl Sample {
    pub(crate) fn of(
        latencies: &Histogram,
        time: Duration,
        errors: u64,
        first_error: Option<String>,
    ) -> Sample {
        Sample {
            per_second: latencies.total() as f64 / time.as_secs_f64(),
            percentiles: [0.5, 0.95, 0.99, 0.999].map(|share| latencies.percentile(share)),
            errors,
            first_error,
        }
    }
}

impl Row {
    pub(crate) fn of(work: String, clients: usize, mut samples: Vec<Sample>) -> Row {
        samples.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
        let rate = |sample: Option<&Sample>| sample.map_or(0.0, |sample| sample.per_second);
        let middle = samples.get(samples.len() / 2);
        let [p50_us, p95_us, p99_us, p999_us] =
            middle.map_or([0.0; 4], |sample| sample.percentiles);
        Row {
            work,
            clients,
            per_second: Spread {
                min: rate(samples.first()),
                median: rate(middle),
                max: rate(samples.last()),
            },
            p50_us,
            p95_us,
            p99_us,
            p999_us,
            errors: samples.iter().map(|sample| sample.errors).sum(),
            first_error: samples.iter().find_map(|sample| sample.first_error.clone()),
        }
    }
}

/// A row beside the same of an earlier report.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The work.
    pub work: String,
    /// How many clients.
    pub clients: usize,
    /// Throughput now over throughput then.
    pub per_second: f64,
    /// 99th percentile now over then.
    pub p99: f64,
    /// Whether all repeats of one are below all repeats of the other: no accident, most likely.
    pub is_clear: bool,
}

impl Report {
    /// Whether any answer was wrong.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.rows.iter().any(|row| row.errors > 0)
    }

    /// The rows that both reports have.
    #[must_use]
    pub fn compare(&self, earlier: &Report) -> Vec<Comparison> {
        let same = |row: &Row| {
            let mut rows = earlier.rows.iter();
            rows.find(|one| (&one.work, one.clients) == (&row.work, row.clients))
                .map(|then| comparison(row, then))
        };
        self.rows.iter().filter_map(same).collect()
    }
}

fn comparison(now: &Row, then: &Row) -> Comparison {
    let (this, that) = (now.per_second, then.per_second);
    Comparison {
        work: now.work.clone(),
        clients: now.clients,
        per_second: this.median / that.median,
        p99: now.p99_us / then.p99_us,
        is_clear: this.min > that.max || this.max < that.min,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rates: [f64; 3]) -> Row {
        let samples = rates.map(|per_second| Sample {
            per_second,
            percentiles: [1.0, 2.0, 3.0, per_second],
            errors: 1,
            first_error: None,
        });
        Row::of("get".to_owned(), 64, samples.to_vec())
    }

    #[test]
    fn the_middle_repeat_speaks_and_errors_add_up() {
        let row = row([300.0, 100.0, 200.0]);
        let spread = (
            row.per_second.min,
            row.per_second.median,
            row.per_second.max,
        );
        assert_eq!(spread, (100.0, 200.0, 300.0));
        assert_eq!((row.p999_us, row.errors), (200.0, 3));
    }

    #[test]
    fn only_repeats_that_dont_overlap_differ_clearly() {
        let report = |rates| Report {
            target: "x".to_owned(),
            components: 1,
            size: 1,
            in_flight: 1,
            rows: vec![row(rates)],
        };
        let compare = |now, then| report(now).compare(&report(then)).remove(0);
        let faster = compare([200.0, 210.0, 220.0], [100.0, 105.0, 110.0]);
        assert_eq!((faster.per_second, faster.is_clear), (2.0, true));
        assert!(!compare([100.0, 120.0, 130.0], [90.0, 100.0, 110.0]).is_clear);
        assert!(report([1.0; 3]).has_errors());
    }
}
