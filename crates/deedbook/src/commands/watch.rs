//! `watch`: changes as they come.

use deedbook_api::shapes::WatchedShape;
use deedbook_book::{ChangeFilter, Position};
use deedbook_model::{Change, Kind};
use serde::Serialize;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::book::{Watch, WatchArgs};
use crate::grammar::component::WatchComponents;
use crate::grammar::values::Format;
use crate::output::Output;
use crate::output::change;
use crate::source::{FollowAsk, Followed};

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
    follow(asked(&args.watch, kind)?, args.watch.limit, context)
}

/// Follows the changes of components.
pub(crate) fn watch_components(
    args: &WatchComponents,
    context: &mut Context,
) -> Result<(), Failure> {
    let asked = asked(&args.watch, Some(Kind::COMPONENT))?;
    follow(asked, args.watch.limit, context)
}

fn asked(args: &WatchArgs, kind: Option<Kind>) -> Result<FollowAsk, Failure> {
    Ok(FollowAsk {
        after: position(args.after.as_deref())?,
        filter: ChangeFilter {
            kind,
            key: None,
            key_prefix: args.key_prefix.clone(),
            actor: args.actor.clone(),
        },
        once: args.once,
    })
}

/// Where to begin, as `--after` says it.
pub(super) fn position(after: Option<&str>) -> Result<Option<Position>, Failure> {
    let after = after.map(str::parse::<Position>).transpose();
    after.map_err(|error| Failure::Usage(format!("--after: {error}")))
}

/// Prints changes as they come, at most so many.
pub(super) fn follow(
    asked: FollowAsk,
    limit: Option<u64>,
    context: &mut Context,
) -> Result<(), Failure> {
    context.output.only(&[Format::Human, Format::Jsonl])?;
    let mut following = context.source_to_read()?.follow(asked)?;
    let output = &mut context.output;
    let mut left = limit.unwrap_or(u64::MAX);
    while left > 0 {
        match following.next()? {
            None => break,
            Some(Followed::Change(change, before)) => {
                tell(&change, before.as_deref(), output)?;
                left -= 1;
            }
            Some(Followed::Resync { from, reason }) => tell_resync(&from, &reason, output)?,
            Some(Followed::Pause) => output.flush()?,
        }
    }
    output.flush()
}

fn tell(change: &Change, before: Option<&[u8]>, output: &mut Output) -> Result<(), Failure> {
    match output.format {
        Format::Jsonl => output.value(&Line::Change {
            change: WatchedShape::of(change, before)?,
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
