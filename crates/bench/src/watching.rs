//! The time from sending a change to a watcher having it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Barrier, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::clients::{now, unix_nanos};
use crate::documents::Numbering;
use crate::histogram::Histogram;
use crate::report::{Row, Sample};
use crate::target::{Ask, Target};
use crate::{BenchError, Plan};

/// Between two changes, so that each is measured on its own.
const PACE: Duration = Duration::from_millis(20);

/// A change that isn't there after this long is an error.
const PATIENCE: Duration = Duration::from_secs(5);

/// One writer and so many watchers, each with a connection of its own. The figures are of the
/// watcher that has a change last.
pub(crate) async fn measure(
    plan: &Plan,
    target: &Target,
    watchers: usize,
) -> Result<Row, BenchError> {
    let mut samples = Vec::new();
    for _ in 0..plan.repeats.max(1) {
        samples.push(run(plan, target, watchers).await?);
    }
    Ok(Row::of("watch".to_owned(), watchers, samples))
}

async fn run(plan: &Plan, target: &Target, watchers: usize) -> Result<Sample, BenchError> {
    let ready = Arc::new(Barrier::new(watchers + 1));
    let (sender, mut arrivals) = mpsc::unbounded_channel::<Instant>();
    let mut running = JoinSet::new();
    for _ in 0..watchers {
        let mut changes = target.listen().await?;
        let (sender, ready) = (sender.clone(), Arc::clone(&ready));
        running.spawn(async move {
            ready.wait().await;
            while let Ok(is_change) = changes.event().await {
                if is_change && sender.send(now()).is_err() {
                    return;
                }
            }
        });
    }
    let mut link = target.connect().await?;
    ready.wait().await;
    let fresh = Numbering(unix_nanos() >> 16);
    let mut latencies = Histogram::default();
    let (mut errors, mut first_error) = (0, None);
    let began = now();
    for number in 0..plan.changes as u64 {
        let ask = Ask::Register(fresh.uuid(number), fresh.document(number, plan.size));
        let begin = now();
        let answer = link.ask(&ask).await;
        let last = match answer {
            Ok(_) => timeout(PATIENCE, last_arrival(&mut arrivals, watchers)).await,
            Err(fault) => {
                errors += 1;
                first_error.get_or_insert(fault.to_string());
                continue;
            }
        };
        match last {
            Ok(last) => latencies.record(last.unwrap_or(begin).saturating_duration_since(begin)),
            Err(_) => {
                errors += 1;
                first_error.get_or_insert("a watcher didn't get the change".to_owned());
            }
        }
        sleep_until(begin + PACE).await;
    }
    running.abort_all();
    Ok(Sample::of(&latencies, now() - began, errors, first_error))
}

/// When the last of so many watchers had the change.
async fn last_arrival(
    arrivals: &mut mpsc::UnboundedReceiver<Instant>,
    watchers: usize,
) -> Option<Instant> {
    let mut last = None;
    for _ in 0..watchers {
        last = last.max(arrivals.recv().await);
    }
    last
}
