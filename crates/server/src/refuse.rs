//! Errors of the book and the rules as problems.

use deedbook_api::problem::Problem;
use deedbook_book::BookError;
use deedbook_log::LogError;
use deedbook_model::Revision;
use deedbook_model::code::Code;
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_rules::components::{LookupError, SearchError};

/// The book failed or refused.
pub(crate) fn book(error: BookError) -> Problem {
    match error {
        BookError::Refused(refusals) => Problem::refused(refusals, |_| String::new()),
        error => {
            let code = error.code();
            let hint = match &error {
                BookError::Future { .. } => {
                    Some("leave the revision out for the newest state".to_owned())
                }
                BookError::Busy => {
                    Some("try again after the time that Retry-After says".to_owned())
                }
                error => error.hint(),
            };
            let mut problem = Problem::new(code, told(&error));
            problem.cause = Some(with_causes(&error));
            hint.into_iter().fold(problem, Problem::with_hint)
        }
    }
}

/// What a stranger is told: causes name files of the server, which are for its log.
fn told(error: &BookError) -> String {
    match error {
        BookError::Log(LogError::Failed { action, .. }) => format!("the server can't {action}"),
        error => error.to_string(),
    }
}

/// An error and what caused it, in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Nothing fits a key.
pub(crate) fn lookup(error: &LookupError) -> Problem {
    let (taxonomy, hint) = match error {
        LookupError::Unknown { .. } => (
            "RG001",
            "`GET /v1/components` lists what there is".to_owned(),
        ),
        LookupError::NoVersion { key, .. } => {
            let hint = format!("`GET /v1/components/{key}/versions` lists what there is");
            ("RG008", hint)
        }
    };
    let issue = Issue::error(IssueKind::NotFound, "", error.to_string()).with_code(taxonomy);
    Problem::new(Code::NotFound, error.to_string())
        .with_hint(hint)
        .with_issues([issue])
}

/// A list can't be made.
pub(crate) fn search(error: &SearchError) -> Problem {
    let parameter = match error {
        SearchError::Limit => "limit",
        SearchError::Cursor | SearchError::OtherFilter => "cursor",
        SearchError::Glob { .. } => "name",
    };
    Problem::parameter(parameter, error.to_string())
}

/// A list can't go on: what it was pinned to is gone.
pub(crate) fn cursor(error: BookError, revision: Revision) -> Problem {
    match error.code() {
        Code::Compacted => {
            let detail = format!("the list began at revision {revision}, which is no longer kept");
            Problem::new(Code::CursorExpired, detail).with_hint(Code::CursorExpired.advice())
        }
        Code::Invalid => Problem::parameter("cursor", "isn't a cursor of this book"),
        _ => book(error),
    }
}
