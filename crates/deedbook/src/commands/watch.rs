//! `watch`: changes as they come.

use std::time::Duration;

use deedbook_api::shapes::WatchedShape;
use deedbook_book::{ChangeFilter, Event, Position, WatchError, WatchOptions, WatchedChange};
use deedbook_model::Kind;
use serde::Serialize;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::book::{Watch, WatchArgs};
use crate::grammar::component::WatchComponents;
use crate::grammar::values::Format;
use crate::output::Output;
use crate::output::change;

/// How long one look lasts; stdout is flushed in between.
const LOOK: Duration = Duration::from_millis(500);

/// A line of the stream for programs.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Change {
        #[serde(flatten)]
        change: WatchedShape<'a>,
    },
    Resync {
        position: String,
        message: &'a str,
    },
}

/// Follows all changes.
pub(crate) fn watch(args: &Watch, context: &mut Context) -> Result<(), Failure> {
    let kind = args.kind.as_deref().map(Kind::named);
    follow(&args.watch, kind, context)
}

/// Follows the changes of components.
pub(crate) fn watch_components(
    args: &WatchComponents,
    context: &mut Context,
) -> Result<(), Failure> {
    follow(&args.watch, Some(Kind::COMPONENT), context)
}

fn follow(args: &WatchArgs, kind: Option<Kind>, context: &mut Context) -> Result<(), Failure> {
    context.output.only(&[Format::Human, Format::Jsonl])?;
    let after = args
        .after
        .as_deref()
        .map(str::parse::<Position>)
        .transpose();
    let after = after.map_err(|error| Failure::Usage(format!("--after: {error}")))?;
    let book = context.open_to_read()?;
    let end = book.view().head().revision;
    let mut watch = book.watch(WatchOptions {
        after,
        filter: ChangeFilter {
            kind,
            key: None,
            key_prefix: args.key_prefix.clone(),
            actor: args.actor.clone(),
        },
        ..WatchOptions::default()
    })?;
    let output = &mut context.output;
    let mut left = args.limit.unwrap_or(u64::MAX);
    // With --once nothing is waited for.
    let look = if args.once { Duration::ZERO } else { LOOK };
    while left > 0 {
        match watch.next(look).map_err(failure)? {
            Event::Change(change) => {
                tell(&change, output)?;
                left -= 1;
            }
            Event::Progress(position) => {
                output.flush()?;
                if args.once && position.revision >= end {
                    break;
                }
            }
            Event::Resync { from, reason } => {
                tell_resync(&from, reason, output)?;
            }
        }
    }
    output.flush()
}

fn tell(change: &WatchedChange, output: &mut Output) -> Result<(), Failure> {
    match output.format {
        Format::Jsonl => output.value(&Line::Change {
            change: WatchedShape::of(change, change.before().map(|before| &**before))?,
        }),
        _ => output.line(&change::line(change)),
    }
}

fn tell_resync(from: &Position, reason: &str, output: &mut Output) -> Result<(), Failure> {
    output.note(&format!("warning: {reason}; going on from {from}"));
    match output.format {
        Format::Jsonl => output.value(&Line::Resync {
            position: from.to_string(),
            message: reason,
        }),
        _ => Ok(()),
    }
}

fn failure(error: WatchError) -> Failure {
    match error {
        WatchError::Book(error) => Failure::Book(error),
        other => Failure::Interrupted(other.to_string()),
    }
}
