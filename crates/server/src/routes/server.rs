//! The server itself: whether it lives, may be sent requests, and which release it is.

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{HealthShape, VersionShape};
use deedbook_model::code::Code;

use crate::answer::Answer;
use crate::call::Call;

pub(super) fn live(call: &Call) -> Result<Answer, Problem> {
    health(call)
}

pub(super) fn ready(call: &Call) -> Result<Answer, Problem> {
    if call.server.is_ending() {
        return Err(Problem::new(Code::Unavailable, "the server is ending"));
    }
    if call.server.health.appends_fail() {
        return Err(Problem::new(
            Code::Unavailable,
            "the last write could not be stored; the server's log says why",
        ));
    }
    health(call)
}

fn health(call: &Call) -> Result<Answer, Problem> {
    Answer::json(&HealthShape {
        status: "ok",
        revision: call.server.book.view().head().revision,
    })
}

pub(super) fn version() -> Result<Answer, Problem> {
    Answer::json(&VersionShape {
        name: "deedbook",
        version: env!("CARGO_PKG_VERSION"),
        metadata_version: "0.3.0",
    })
}
