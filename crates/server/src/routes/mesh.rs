//! Namespaces, nodes, services, endpoints and shards: listing, reading, writing, removing them.

mod diff;
mod history;
mod list;
mod placement;
mod why;
mod write;

pub(super) use diff::diff;
pub(super) use history::history;
pub(super) use list::{list, pinned};
pub(super) use placement::{apply, locate, plan, transfer};
pub(super) use why::why;
pub(super) use write::{patch, put, remove};

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::query::percent_decode;
use deedbook_book::View;
use deedbook_model::code::Code;
use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_model::{Capability, Resource};

use crate::answer::Answer;
use crate::call::Call;
use crate::conditions::is_known;

/// The kind that a route is about.
fn kind_of(call: &Call) -> MeshKind {
    // The table leads no other route here.
    call.route.id.mesh_kind().unwrap_or(MeshKind::Namespace)
}

/// What the path names.
fn key_of(call: &Call) -> Result<MeshKey, Problem> {
    let range = call.key.clone().unwrap_or_default();
    let path = call.uri.path().get(range).unwrap_or_default();
    let parts = path.split('/').map(percent_decode);
    let parts: Option<Vec<String>> = parts.map(|part| Some(part?.into_owned())).collect();
    let parts = parts.ok_or_else(|| Problem::parameter("key", "isn't percent-encoded UTF-8"))?;
    MeshKey::of(kind_of(call), parts)
        .map_err(|error| Problem::new(Code::Invalid, error.to_string()))
}

/// What the path names, if it may be read.
fn readable_key(call: &Call) -> Result<MeshKey, Problem> {
    let key = key_of(call)?;
    let namespace = Resource::Namespace(key.namespace());
    call.caller.demand(Capability::MeshRead, namespace)?;
    Ok(key)
}

pub(super) fn get(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let key = readable_key(call)?;
    let found = view.record(&key.kind().kind(), &key.to_string());
    let found = found.filter(|record| record.is_live());
    let found = found.ok_or_else(|| not_found(&key))?;
    if is_known(call, found.revision)? {
        return Ok(Answer::not_modified(found.revision));
    }
    Ok(Answer::record(found))
}

fn not_found(key: &MeshKey) -> Problem {
    let kind = key.kind();
    Problem::new(Code::NotFound, format!("no {kind} {key}"))
        .with_hint(format!("`GET /v1/{kind}s` lists what there is"))
}
