//! The server itself: whether it lives, may be sent requests, and which release it is.

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{HealthShape, LogLevelShape, VersionShape};
use deedbook_model::code::Code;
use deedbook_model::issue::{Issue, IssueKind};

use super::book::read;
use crate::answer::Answer;
use crate::call::Call;
use crate::content::Received;
use crate::journal::{Level, NotALevel};

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

/// Says more or less from now on.
pub(super) fn set_log_level(call: &Call, received: &Received) -> Result<Answer, Problem> {
    let LogLevelShape { level } = read(&received.bytes)?;
    let level: Level = level.parse().map_err(|error: NotALevel| {
        Problem::document(vec![Issue::error(
            IssueKind::InvalidValue,
            "/level",
            error.to_string(),
        )])
    })?;
    let journal = call.server.journal();
    journal.set_level(level);
    journal.note(&format!("the log says {} from now on", level.as_str()));
    Answer::json(&LogLevelShape {
        level: level.as_str().to_owned(),
    })
}

pub(super) fn version() -> Result<Answer, Problem> {
    Answer::json(&VersionShape {
        name: "deedbook",
        version: env!("CARGO_PKG_VERSION"),
        metadata_version: "0.3.0",
    })
}
