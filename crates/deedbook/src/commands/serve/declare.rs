//! What `[sharding]` in the configuration declares and the book lacks.

use deedbook_book::{Book, BookError};
use deedbook_model::Rights;
use deedbook_model::issue::Issue;
use deedbook_rules::Command;

use crate::context::Context;
use crate::error::Failure;
use crate::output::human;

/// Makes it, as one command.
pub(super) fn declare(actor: &str, book: &Book, context: &mut Context) -> Result<(), Failure> {
    let sharding = &context.config.sharding;
    let at = sharding.source.to_string();
    let writes = sharding.value.missing(&book.view());
    let writes = writes.map_err(|issues| unsound(&at, &issues))?;
    if writes.is_empty() {
        return Ok(());
    }
    let count = writes.len();
    let done = book.execute(Command {
        writes,
        actor: actor.to_owned(),
        rights: Rights::all(),
        token: None,
        reason: Some("sharding of the configuration".to_owned()),
        ticket: None,
        request_id: None,
        idempotency: None,
        plan: None,
    });
    match done {
        Err(BookError::Refused(refusals)) => {
            let issues = refusals.into_iter().flat_map(|refusal| refusal.issues);
            return Err(unsound(&at, &issues.collect::<Vec<_>>()));
        }
        result => drop(result?),
    }
    context.output.note(&format!(
        "made {} that {at} declares",
        human::count(count, "record")
    ));
    Ok(())
}

/// Every fault, a line each.
fn unsound(at: &str, issues: &[Issue]) -> Failure {
    let lines = issues
        .iter()
        .map(|issue| format!("{at}: sharding: {issue}"));
    Failure::Config(lines.collect::<Vec<_>>().join("\n"))
}
