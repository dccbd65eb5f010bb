//! `log`: all changes, and the log itself.

use deedbook_book::{BookStats, ChangeFilter, ChangeQuery};
use deedbook_model::Revision;
use serde::Serialize;

use super::changes;
use super::write::confirm;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::book::{Log, LogCat, LogCommand, LogCompact, LogList};
use crate::grammar::values::Format;
use crate::output::change::ChangeObject;
use crate::server;
use crate::source::{ChangeAsk, Source, revision_of};

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
    let mut source = context.source_to_read()?;
    let asked = ChangeAsk {
        since: args.since,
        limit: changes::limit(args.page.limit, args.page.all),
        whole: context.output.format == Format::Human,
        ..changes::filter(args.filter, &mut source, context)?
    };
    let found = source.changes(&asked)?;
    let floor = found.floor;
    if found.items.len() < asked.limit && floor > Revision::ZERO && args.since.is_none() {
        let note = format!("changes up to revision {floor} were compacted away");
        context.output.note(&note);
    }
    changes::print(&found.items, found.revision, &mut context.output)
}

/// Prints whole changes, oldest first, a part of the log at a time.
fn cat(args: LogCat, context: &mut Context) -> Result<(), Failure> {
    context.output.only(&[Format::Human, Format::Jsonl])?;
    server::refuse(&context.config, "log cat")?;
    let book = context.open_to_read()?;
    let wanted = args.limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    let mut source = Source::Local(book.clone());
    let asked = changes::filter(args.filter, &mut source, context)?;
    let filter = ChangeFilter {
        kind: asked.kind,
        key: asked.key,
        key_prefix: None,
        actor: asked.actor,
    };
    // Below the floor nothing is kept, and nobody asked for it by name.
    let mut after = revision_of(&book, args.since)?;
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
    server::refuse(&context.config, "log stats")?;
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
    let mut source = context.source_to_change(false)?;
    let before = Revision(args.before);
    let floor = source.compact(before)?;
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
    source.close()
}
