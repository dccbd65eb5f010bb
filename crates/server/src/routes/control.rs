//! The reference's routes: `/control/shards` and what is below it.

mod diff;
mod list;
mod simulate;
mod watch;

pub(super) use diff::diff;
pub(super) use list::list;
pub(super) use simulate::simulate;
pub(super) use watch::watch;

use deedbook_api::problem::Problem;
use deedbook_model::shard::control::{JsonMode, ToJson};

use crate::answer::{Answer, internal};

/// A body of the reference.
fn answer(body: &impl ToJson) -> Answer {
    Answer::json_text(body.to_json(JsonMode::ControlPlane))
}

/// A record that isn't what the book stores of a shard.
fn unreadable(error: &dyn std::error::Error) -> Problem {
    internal(error)
}
