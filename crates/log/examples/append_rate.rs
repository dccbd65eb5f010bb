//! How many changes a second the SQLite engine makes durable, in batches of 256 changes of
//! 300 bytes; the median of three runs. Beside it what the disk alone allows: the same bytes written
//! to a plain file and synced, one batch after the other. Run it on a disk that nobody else uses.
//!
//! ```text
//! cargo run --release -p deedbook-log --example append_rate [FOLDER]
//! ```

#![expect(
    clippy::disallowed_methods,
    reason = "a measuring program reads the clock"
)]

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use deedbook_log::{Access, Appended, Log, SqliteLog};
use deedbook_model::batch::BatchBuilder;
use deedbook_model::{
    Change, CommandInfo, Generation, Head, Kind, Revision, StateRoot, StoredBatch, Timestamp, Verb,
    WriterId,
};

const CHANGES: u64 = 256;
const RECORD: usize = 300;
const BATCHES: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let parent = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let batches = batches();
    let mut rates: [Vec<f64>; 2] = Default::default();
    for _ in 0..3 {
        let folder = tempfile::tempdir_in(&parent)?;
        let found = [
            plain_file(folder.path(), &batches)?,
            log(folder.path(), &batches)?,
        ];
        for (rates, rate) in rates.iter_mut().zip(found) {
            rates.push(rate);
        }
    }
    for (rates, name) in rates.iter_mut().zip(["plain file", "SQLite log"]) {
        rates.sort_by(f64::total_cmp);
        let median = rates.get(1).copied().unwrap_or_default();
        println!("{name}: {median:.0} changes/s of {rates:.0?}");
    }
    Ok(())
}

/// Encoded beforehand: what is measured is the log.
fn batches() -> Vec<StoredBatch> {
    let mut head = Head::EMPTY;
    (0..BATCHES)
        .map(|_| {
            let batch = batch(head);
            head = batch.head();
            batch
        })
        .collect()
}

fn batch(previous: Head) -> StoredBatch {
    let first = previous.revision.next();
    let command = Arc::new(CommandInfo {
        first,
        last: Revision(previous.revision.0 + CHANGES),
        time: Timestamp::default(),
        actor: "ada".to_owned(),
        reason: "append rate".to_owned(),
        ticket: None,
        request_id: None,
        keyed: None,
    });
    let changes: Vec<Change> = (first.0..first.0 + CHANGES)
        .map(|revision| Change {
            revision: Revision(revision),
            command: Arc::clone(&command),
            kind: Kind::named("component"),
            key: Arc::from(format!("key-{revision}")),
            verb: Verb::REGISTERED,
            generation: Generation(1),
            previous: None,
            record: Some(Bytes::from(vec![b'r'; RECORD])),
        })
        .collect();
    let mut builder = BatchBuilder::new(previous, WriterId([1; 16]), first.0);
    builder.push(&command, &changes, || [2; 16]);
    builder.finish(StateRoot::EMPTY, first.0)
}

fn plain_file(dir: &Path, batches: &[StoredBatch]) -> Result<f64, Box<dyn Error>> {
    let mut file = File::create(dir.join("plain"))?;
    let started = Instant::now();
    for batch in batches {
        file.write_all(&batch.bytes)?;
        file.sync_data()?;
    }
    Ok(rate(batches, started))
}

fn log(dir: &Path, batches: &[StoredBatch]) -> Result<f64, Box<dyn Error>> {
    let access = Access::Write {
        wait: Duration::ZERO,
        create: true,
    };
    let log = SqliteLog::open(dir, access)?;
    let mut head = log.head()?;
    let started = Instant::now();
    for batch in batches {
        if log.append(head, batch)? != Appended::Done {
            return Err("somebody else appended".into());
        }
        head = batch.head();
    }
    Ok(rate(batches, started))
}

fn rate(batches: &[StoredBatch], started: Instant) -> f64 {
    let changes = batches.last().map_or(0, |batch| batch.last.0);
    changes as f64 / started.elapsed().as_secs_f64()
}
