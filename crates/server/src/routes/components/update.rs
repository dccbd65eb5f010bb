//! Changing a component by a merge patch.

use deedbook_api::problem::Problem;
use deedbook_model::document::{self, Syntax};
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_rules::Write;
use serde_json::Value;

use crate::answer::Answer;
use crate::authorship::Authorship;
use crate::call::Call;
use crate::conditions::Target;
use crate::content::Received;
use crate::routes::batch::written;
use crate::write::{perform, refused};

pub(in crate::routes) async fn update(call: &Call, received: Received) -> Result<Answer, Problem> {
    let content = received.bytes.clone();
    let reading = move || patch(&content).map_err(Problem::document);
    let patch = call.server.slow.run_sized(received.bytes.len(), reading);
    let patch = patch.await?;
    let target = Target::of(call)?;
    let write = Write::Update {
        key: target.key,
        patch,
        expected: target.expected,
    };
    let command = Authorship::of(call, &received.bytes)?.command(vec![write]);
    let dry_run = call.query.flag("dryRun");
    let receipt = perform(&call.server, command, dry_run).await;
    let receipt = receipt.map_err(|error| refused(error, |_| String::new()))?;
    written(call, &receipt, dry_run)
}

/// A patch out of JSON: judged as a text by the rules of documents, and read with its nulls, which
/// remove members.
pub(in crate::routes) fn patch(text: &[u8]) -> Result<Value, Vec<Issue>> {
    document::parse(text, Syntax::Json)?;
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    serde_json::from_slice(text)
        .map_err(|error| vec![Issue::error(IssueKind::Syntax, "", error.to_string())])
}
