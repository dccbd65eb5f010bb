//! Putting, changing and removing records.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::query::percent_encode;
use deedbook_model::mesh::{self, MeshKey, ReadOptions};
use deedbook_rules::{MeshWrite, Write};
use http::{HeaderValue, StatusCode, header};

use super::{key_of, kind_of};
use crate::answer::Answer;
use crate::authorship::Authorship;
use crate::call::Call;
use crate::conditions::expected;
use crate::content::Received;
use crate::routes::batch::written;
use crate::routes::components::{register::syntax, update};
use crate::write::{perform, refused};

pub(in crate::routes) async fn put(call: &Call, received: Received) -> Result<Answer, Problem> {
    let key = key_of(call)?;
    let expected = expected(call)?;
    let content = received.bytes.clone();
    let (kind, strict, named) = (kind_of(call), call.query.flag("strict"), key.clone());
    let reading = move || {
        let options = ReadOptions {
            key: Some(&named),
            strict,
        };
        mesh::read(kind, &received.bytes, syntax(&received), options).map_err(Problem::document)
    };
    let draft = call.server.slow.run_sized(content.len(), reading).await?;
    let draft = Arc::new(draft);
    let mut answer = done(call, &content, MeshWrite::Put { draft, expected }).await?;
    if answer.status == StatusCode::CREATED {
        let place = HeaderValue::try_from(place_of(call, &key)).ok();
        answer.header = place.map(|place| (header::LOCATION, place));
    }
    Ok(answer)
}

/// Where a record is.
fn place_of(call: &Call, key: &MeshKey) -> String {
    let list = call.route.path.split("/{").next().unwrap_or_default();
    key.parts().iter().fold(list.to_owned(), |mut path, part| {
        path.push('/');
        path.push_str(&percent_encode(part));
        path
    })
}

pub(in crate::routes) async fn patch(call: &Call, received: Received) -> Result<Answer, Problem> {
    let key = key_of(call)?;
    let expected = expected(call)?;
    let content = received.bytes.clone();
    let reading = move || update::patch(&received.bytes).map_err(Problem::document);
    let patch = call.server.slow.run_sized(content.len(), reading).await?;
    let write = MeshWrite::Patch {
        key,
        patch,
        expected,
    };
    done(call, &content, write).await
}

pub(in crate::routes) async fn remove(call: &Call) -> Result<Answer, Problem> {
    let write = MeshWrite::Remove {
        key: key_of(call)?,
        expected: expected(call)?,
        force: call.query.flag("force"),
    };
    done(call, b"", write).await
}

pub(super) async fn done(call: &Call, content: &[u8], write: MeshWrite) -> Result<Answer, Problem> {
    let command = Authorship::of(call, content)?.command(vec![Write::Mesh(write)]);
    let dry_run = call.query.flag("dryRun");
    let receipt = perform(&call.server, command, dry_run).await;
    let receipt = receipt.map_err(|error| refused(error, |_| String::new()))?;
    let mut answer = written(call, &receipt, dry_run)?;
    let is_new = receipt.outcomes.first().is_some_and(|it| it.created);
    if is_new && !dry_run {
        answer.status = StatusCode::CREATED;
    }
    Ok(answer)
}
