//! Registering one version of a component.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_model::component::{Draft, ReadOptions, read};
use deedbook_model::document::Syntax;
use deedbook_rules::Write;
use http::{HeaderValue, StatusCode, header};

use crate::answer::Answer;
use crate::authorship::Authorship;
use crate::call::Call;
use crate::content::Received;
use crate::routes::batch::written;
use crate::write::{perform, refused};

pub(in crate::routes) async fn register(
    call: &Call,
    received: Received,
) -> Result<Answer, Problem> {
    let (length, content) = (received.bytes.len(), received.bytes.clone());
    let strict = call.query.flag("strict");
    let reading = move || draft(strict, &received);
    let draft = call.server.slow.run_sized(length, reading).await?;
    let write = Write::Register {
        draft: Arc::new(draft),
        require_dependencies: call.query.flag("requireDependencies"),
    };
    let command = Authorship::of(call, &content)?.command(vec![write]);
    let dry_run = call.query.flag("dryRun");
    let receipt = perform(&call.server, command, dry_run).await;
    let receipt = receipt.map_err(|error| refused(error, |_| String::new()))?;
    let mut answer = written(call, &receipt, dry_run)?;
    let is_new = receipt
        .outcomes
        .first()
        .is_some_and(|outcome| !outcome.unchanged);
    if is_new && !dry_run {
        answer.status = StatusCode::CREATED;
        let key = receipt.outcomes.first().map(|outcome| &*outcome.record.key);
        let place = format!("/v1/components/{}", key.unwrap_or_default());
        answer.header = HeaderValue::try_from(place)
            .ok()
            .map(|place| (header::LOCATION, place));
    }
    Ok(answer)
}

fn draft(strict: bool, received: &Received) -> Result<Draft, Problem> {
    let options = ReadOptions {
        strict,
        ..ReadOptions::default()
    };
    let reading = read(&received.bytes, syntax(received), &options);
    reading
        .draft
        .ok_or_else(|| Problem::document(reading.issues))
}

/// How a document is written.
pub(in crate::routes) fn syntax(received: &Received) -> Syntax {
    match received.media_type {
        Some("application/yaml") => Syntax::Yaml,
        _ => Syntax::Json,
    }
}
