//! `log`: all changes, and the log itself.

use deedbook_book::{BookStats, ChangeQuery};
use deedbook_log::LogError;
use deedbook_model::Revision;
use serde::Serialize;

use super::changes;
use super::write::confirm;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::book::{Log, LogCat, LogCommand, LogCompact, LogList};
use crate::grammar::values::Format;
use crate::output::change::ChangeObject;

/// Changes read at once by `log cat`.
const STEP: usize = 4096;

#[derive(Serialize)]
struct Compacted {
    floor: u64,
}

/// Lists changes, or looks after the log.
pub(crate) fn log(args: Log, context: &mut Context) -> Result<(), Failure> {
    match args.command {
        None => list(args.list, context),
        Some(LogCommand::Cat(args)) => cat(args, context),
        Some(LogCommand::Stats) => stats(context),
        Some(LogCommand::Compact(args)) => compact(&args, context),
    }
}

fn list(args: LogList, context: &mut Context) -> Result<(), Failure> {
    let book = context.open_to_read()?;
    let after = changes::since(&book, args.since)?;
    let floor = book.stats()?.floor;
    if args.since.is_some() && after < floor {
        let wanted = after;
        return Err(Failure::Book(LogError::Compacted { wanted, floor }.into()));
    }
    let query = ChangeQuery {
        after,
        limit: changes::limit(&args.page),
        filter: changes::filter(args.filter, &book, context)?,
        newest_first: true,
        ..ChangeQuery::default()
    };
    let found = book.changes(&query)?;
    if found.len() < query.limit && after < floor {
        let note = format!("changes up to revision {floor} were compacted away");
        context.output.note(&note);
    }
    changes::print(&found, book.view().head().revision, &mut context.output)
}

/// Prints whole changes, oldest first, a part of the log at a time.
fn cat(args: LogCat, context: &mut Context) -> Result<(), Failure> {
    context.output.only(&[Format::Human, Format::Jsonl])?;
    let book = context.open_to_read()?;
    let wanted = args.limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    let filter = changes::filter(args.filter, &book, context)?;
    // Below the floor nothing is kept, and nobody asked for it by name.
    let mut after = changes::since(&book, args.since)?;
    if args.since.is_none() {
        after = after.max(book.stats()?.floor);
    }
    let mut printed = 0;
    while printed < wanted {
        let found = book.changes(&ChangeQuery {
            after,
            filter: filter.clone(),
            limit: STEP.min(wanted - printed),
            ..ChangeQuery::default()
        })?;
        let Some(last) = found.last() else { break };
        after = last.revision;
        for change in &found {
            context
                .output
                .value_as(Format::Jsonl, &ChangeObject::whole(change)?)?;
        }
        printed += found.len();
    }
    Ok(())
}

fn stats(context: &mut Context) -> Result<(), Failure> {
    let stats = context.open_to_read()?.stats()?;
    match context.output.format {
        Format::Human => {
            let text = page(&stats);
            context.output.text(&text)
        }
        _ => context.output.value(&stats),
    }
}

fn page(stats: &BookStats) -> String {
    let stored = stats
        .stored_bytes
        .map_or("unknown".to_owned(), |bytes| format!("{bytes} bytes"));
    let snapshots: Vec<String> = stats.snapshots.iter().map(Revision::to_string).collect();
    let snapshots = if snapshots.is_empty() {
        "none".to_owned()
    } else {
        snapshots.join(", ")
    };
    [
        ("revision", stats.revision.to_string()),
        ("floor", stats.floor.to_string()),
        ("records", stats.records.to_string()),
        ("components", stats.components.to_string()),
        (
            "batches",
            format!("{} ({} bytes)", stats.batches, stats.batch_bytes),
        ),
        ("snapshots", snapshots),
        ("artifacts", stats.artifacts.to_string()),
        ("stored", stored),
    ]
    .iter()
    .map(|(name, value)| format!("{:<12}{value}\n", format!("{name}:")))
    .collect()
}

fn compact(args: &LogCompact, context: &mut Context) -> Result<(), Failure> {
    let question = format!("Drop all history before revision {}?", args.before);
    confirm(&question, args.yes)?;
    let book = context.open_existing()?;
    let before = Revision(args.before);
    let floor = book.compact(before)?;
    if floor < before {
        context.output.note(&format!(
            "the floor is {floor}, not {before}: what was written together is kept together, here \
             from revision {} on",
            floor.next()
        ));
    }
    match context.output.format {
        Format::Human => context.output.line(&format!("floor: {floor}"))?,
        _ => context.output.value(&Compacted { floor: floor.0 })?,
    }
    Ok(book.close()?)
}
