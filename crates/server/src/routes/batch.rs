//! Several writes as one command, and how what was written is shown.

mod reading;

use bytes::{BufMut, BytesMut};
use deedbook_api::problem::Problem;
use deedbook_api::shapes::{BatchShape, UnseenShape, WrittenShape};
use deedbook_book::Receipt;
use deedbook_model::Timestamp;
use deedbook_model::code::Code;
use deedbook_model::component::ReadOptions;
use deedbook_rules::Outcome;

use self::reading::{Faults, Read};
use super::principals::demand_first;
use crate::answer::{Answer, to_json};
use crate::authorship::Authorship;
use crate::call::Call;
use crate::content::Received;
use crate::write::{perform, refused};

pub(super) async fn batch(call: Call, received: Received) -> Result<Answer, Problem> {
    let dry_run = call.query.flag("dryRun");
    let options = ReadOptions {
        strict: call.query.flag("strict"),
        ..ReadOptions::default()
    };
    let now = call.server.book.now();
    let bytes = received.bytes.clone();
    let reading = move || read_writes(&bytes, &options, now);
    let reads = call.server.slow.run_sized(received.bytes.len(), reading);
    let reads = reads.await?;
    let (mut writes, mut places, mut drawn) = (Vec::new(), Vec::new(), Vec::new());
    for read in reads {
        writes.push(read.write);
        places.push(read.place);
        drawn.push(read.drawn);
    }
    let command = Authorship::of(&call, &received.bytes)?.command(writes);
    let receipt = perform(&call.server, command, dry_run).await;
    let place = |write: usize| places.get(write).cloned().unwrap_or_default();
    let receipt = receipt.map_err(|error| refused(error, place))?;
    if drawn.iter().any(Option::is_some) {
        demand_first(&receipt)?;
    }
    let mut text = BytesMut::new();
    text.put_slice(format!("{{\"revision\":{},\"results\":[", receipt.revision).as_bytes());
    for (place, outcome) in receipt.outcomes.iter().enumerate() {
        if place > 0 {
            text.put_u8(b',');
        }
        match drawn.get(place).and_then(Option::as_ref) {
            Some(drawn) if !dry_run => text.put_slice(&to_json(&drawn.shown(&outcome.record))?),
            _ => put_outcome(&mut text, &call, outcome, dry_run)?,
        }
    }
    text.put_slice(b"]}");
    Ok(Answer::json_text(text.freeze()).at(receipt.revision))
}

/// All writes, or every fault of any of them.
fn read_writes(bytes: &[u8], options: &ReadOptions, now: Timestamp) -> Result<Vec<Read>, Problem> {
    let shape: BatchShape<'_> = serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!("the batch isn't what it should be: {error}");
        Problem::new(Code::Invalid, detail)
    })?;
    if shape.writes.is_empty() {
        return Err(Problem::new(Code::Invalid, "the batch has no writes"));
    }
    let (mut reads, mut issues) = (Vec::new(), Vec::new());
    for (number, write) in shape.writes.into_iter().enumerate() {
        match reading::read(&write, &format!("/writes/{number}"), options, now) {
            Ok(read) => reads.push(read),
            Err(Faults::Request(problem)) => return Err(problem),
            Err(Faults::Content(found)) => issues.extend(found),
        }
    }
    if issues.is_empty() {
        Ok(reads)
    } else {
        Err(Problem::document(issues))
    }
}

/// The answer of a command of one write.
pub(super) fn written(call: &Call, receipt: &Receipt, dry_run: bool) -> Result<Answer, Problem> {
    let Some(outcome) = receipt.outcomes.first() else {
        return Err(Problem::new(Code::Internal, "a receipt without an outcome"));
    };
    let stored = outcome.record.bytes.as_deref().map_or(0, <[u8]>::len);
    let mut text = BytesMut::with_capacity(stored + 64);
    put_outcome(&mut text, call, outcome, dry_run)?;
    let is_live = outcome.record.is_live() && !dry_run;
    Ok(Answer {
        etag: is_live.then_some(outcome.record.revision),
        ..Answer::json_text(text.freeze()).at(receipt.revision)
    })
}

/// A record as it is stored, with what the write says as further members; of one that is gone, and
/// for one who may not read it, only what it is.
fn put_outcome(
    text: &mut BytesMut,
    call: &Call,
    outcome: &Outcome,
    dry_run: bool,
) -> Result<(), Problem> {
    let written = WrittenShape {
        unchanged: outcome.unchanged,
        warnings: &outcome.warnings,
        dry_run,
    };
    let record = &outcome.record;
    let seen = record.bytes.as_deref().filter(|_| call.caller.sees(record));
    let open = seen.and_then(|bytes| bytes.strip_suffix(b"}"));
    let Some(open) = open else {
        text.put_slice(&to_json(&UnseenShape {
            kind: record.kind.as_str(),
            key: &record.key,
            generation: record.generation,
            revision: record.revision,
            removed: !record.is_live(),
            written,
        })?);
        return Ok(());
    };
    text.put_slice(open);
    if outcome.warnings.is_empty() && !dry_run {
        text.put_slice(match outcome.unchanged {
            true => b",\"unchanged\":true,\"warnings\":[]}".as_slice(),
            false => b",\"unchanged\":false,\"warnings\":[]}",
        });
        return Ok(());
    }
    let more = to_json(&written)?;
    text.put_u8(b',');
    text.put_slice(more.strip_prefix(b"{").unwrap_or_default());
    Ok(())
}
