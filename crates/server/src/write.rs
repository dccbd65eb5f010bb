//! Handing a command in and waiting for it, without blocking anybody else.

use deedbook_api::problem::Problem;
use deedbook_book::{BookError, Receipt};
use deedbook_model::code::Code;
use deedbook_rules::Command;
use tokio::sync::oneshot;

use crate::refuse;
use crate::server::Server;

/// Does a command, or says what it would do; durable when it returns.
pub(crate) async fn perform(
    server: &Server,
    command: Command,
    dry_run: bool,
) -> Result<Receipt, BookError> {
    if dry_run {
        return check(server, command).await;
    }
    let (sender, answer) = oneshot::channel();
    server.book.try_submit(command, move |result| {
        // Nobody waits any more if the client went away.
        let _ = sender.send(result);
    })?;
    let patience = server.options.limits.request_time;
    let result = match tokio::time::timeout(patience, answer).await {
        Ok(Ok(result)) => result,
        // A reply that is dropped unsaid, or late, says nothing about what was done.
        Ok(Err(_)) | Err(_) => Err(BookError::UnknownOutcome),
    };
    match &result {
        Ok(receipt) if was_appended(receipt) => server.health.append_done(),
        Err(error) if tells_of_the_log(error) => server.health.append_failed(),
        Ok(_) | Err(_) => {}
    }
    let receipt = result?;
    if receipt.repeat.is_none() {
        return Ok(receipt);
    }
    // What was done then stands in the log.
    let book = server.book.clone();
    let first = server.slow.run(move || Ok(book.first_receipt(receipt)));
    first.await.map_err(|_| BookError::Busy)?
}

/// What a command would do; one that is more than small, or may have to be looked for in the log,
/// is decided on a thread of its own.
async fn check(server: &Server, command: Command) -> Result<Receipt, BookError> {
    if command.writes.len() == 1 && command.idempotency.is_none() {
        return server.book.check(&command);
    }
    let book = server.book.clone();
    let checked = server.slow.run(move || Ok(book.check(&command)));
    checked.await.map_err(|_| BookError::Busy)?
}

/// Whether a command came into the log now: a repeat did before, and one that changed nothing says
/// nothing of the disk.
fn was_appended(receipt: &Receipt) -> bool {
    let mut outcomes = receipt.outcomes.iter();
    receipt.repeat.is_none() && outcomes.any(|outcome| !outcome.unchanged)
}

fn tells_of_the_log(error: &BookError) -> bool {
    matches!(
        error,
        BookError::Log(_) | BookError::UnknownOutcome | BookError::Divergent { .. }
    )
}

/// A failed write as a problem; `place` says where in the content each write is.
pub(crate) fn refused(error: BookError, place: impl Fn(usize) -> String) -> Problem {
    match error {
        BookError::Refused(refusals) => Problem::refused(refusals, place),
        BookError::UnknownOutcome => {
            refuse::book(BookError::UnknownOutcome).with_hint(Code::UnknownOutcome.advice())
        }
        error => refuse::book(error),
    }
}
