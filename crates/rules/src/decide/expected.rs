//! Whether a record is as the caller of a write saw it.

use std::fmt::Display;

use deedbook_model::code::Code;
use deedbook_model::issue::IssueKind;
use deedbook_model::{Generation, Revision};

use super::issue;
use crate::command::Expected;
use crate::record::Record;
use crate::refusal::Refusal;

/// Refuses a live record that isn't as the caller of a write saw it; `None` is at generation 0.
pub(super) fn check_expected(
    title: impl Display,
    record: Option<&Record>,
    expected: Option<&Expected>,
) -> Result<(), Refusal> {
    match expected {
        Some(Expected::Generation(expected)) => {
            let actual = record.map_or(Generation(0), |record| record.generation);
            check_generation(title, actual, Some(*expected))
        }
        Some(Expected::Revisions(seen))
            if record.is_none_or(|record| !seen.contains(&record.revision)) =>
        {
            Err(changed_since(title, record, seen))
        }
        Some(Expected::Present) if record.is_none() => {
            let message = format!("expected {title} to be there, but it isn't");
            Err(unlike_seen(message))
        }
        Some(Expected::Absent) => record.map_or(Ok(()), |record| {
            let (revision, generation) = (record.revision, record.generation);
            let now = format!("was changed at {revision} (generation {generation})");
            let message = format!("expected {title} not to be there, but it {now}");
            Err(unlike_seen(message))
        }),
        Some(Expected::Revisions(_) | Expected::Present) | None => Ok(()),
    }
}

/// Refuses a record that isn't as its caller saw it.
fn changed_since(title: impl Display, record: Option<&Record>, seen: &[Revision]) -> Refusal {
    let seen: Vec<String> = seen.iter().map(Revision::to_string).collect();
    let seen = match seen.as_slice() {
        // Tags that are weak, or of something else.
        [] => "none that it ever had".to_owned(),
        seen => seen.join(" or "),
    };
    let now = match record {
        Some(record) => format!(
            "was changed at {} (generation {})",
            record.revision, record.generation
        ),
        None => "isn't there".to_owned(),
    };
    unlike_seen(format!(
        "expected its last change to be revision {seen}, but {title} {now}"
    ))
}

fn unlike_seen(message: String) -> Refusal {
    Refusal {
        code: Code::PreconditionFailed,
        ..Refusal::of(
            0,
            vec![issue(IssueKind::RevisionConflict, "", None, message)],
        )
    }
}

/// Refuses a record that isn't at the generation that a write expects.
pub(super) fn check_generation(
    title: impl Display,
    actual: Generation,
    expected: Option<Generation>,
) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != actual => {
            let message = format!("expected generation {expected}, but {title} is at {actual}");
            let conflict = issue(IssueKind::RevisionConflict, "", None, message);
            Err(Refusal::of(0, vec![conflict]))
        }
        _ => Ok(()),
    }
}
