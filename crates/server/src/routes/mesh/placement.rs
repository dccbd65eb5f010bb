//! Changes of hands: transfers, plans, and which shard holds a key.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deedbook_api::problem::Problem;
use deedbook_api::shapes::{AppliedShape, LocatedShape, TransferShape};
use deedbook_book::View;
use deedbook_model::code::Code;
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_model::{Capability, Kind, Resource, Revision};
use deedbook_rules::MeshWrite;
use deedbook_rules::placement::PlacementError;
use deedbook_rules::placement::plan::{Plan, PlanError};
use serde_json::{Value, json};

use super::write::done;
use super::{key_of, not_found, readable_key};
use crate::answer::Answer;
use crate::authorship::Authorship;
use crate::call::Call;
use crate::conditions::expected;
use crate::content::Received;
use crate::placement_size;
use crate::refuse;
use crate::routes::book::read;
use crate::write::{perform, refused};

pub(in crate::routes) async fn transfer(
    call: &Call,
    received: Received,
) -> Result<Answer, Problem> {
    let shape: TransferShape = read(&received.bytes)?;
    let mut patch = json!({"ownerNodeId": shape.owner_node_id});
    let noted = [
        (
            "ownershipDeltaPercent",
            shape.ownership_delta_percent.map(Value::from),
        ),
        ("metadata", shape.metadata.map(Value::from)),
    ];
    if let Value::Object(members) = &mut patch {
        let noted = noted.into_iter();
        members.extend(noted.filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    let write = MeshWrite::Patch {
        key: key_of(call)?,
        patch,
        expected: expected(call)?,
    };
    done(call, &received.bytes, write).await
}

pub(in crate::routes) fn plan(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let key = readable_key(call)?;
    let namespace = key.namespace();
    let strategy = call.query.text("strategy");
    let most = call.query.number("maxMoves");
    let most = most.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
    let Some(undone) = call.query.number("undo") else {
        if !exists(view, &key) {
            return Err(not_found(&key));
        }
        check_size(view, namespace, strategy)?;
        let plan = view.plan(namespace, strategy, most);
        return Answer::json(&plan.map_err(|error| unplaceable(namespace, &error))?);
    };
    if strategy.is_some() || most.is_some() {
        let detail =
            "can't be combined with `strategy` or `maxMoves`: it brings back all that moved";
        return Err(Problem::parameter("undo", detail));
    }
    let transfers = call.server.book.transfers(Revision(undone));
    let transfers = transfers.map_err(refuse::book)?;
    let Some(transfers) = transfers.get(namespace) else {
        let detail = format!("the command of revision {undone} moved no shard of {namespace}");
        let hint = "`GET /v1/changes?kind=shard` lists what was done";
        return Err(Problem::new(Code::Conflict, detail).with_hint(hint));
    };
    Answer::json(&view.undo(namespace, Revision(undone), transfers))
}

/// Refuses what would take too long or too much memory.
fn check_size(view: &View, namespace: &str, strategy: Option<&str>) -> Result<(), Problem> {
    let strategy = strategy.unwrap_or_else(|| view.strategy_of(namespace));
    let Ok(strategy) = view.strategies().get(strategy) else {
        // Planning says so.
        return Ok(());
    };
    let nodes = view.nodes_of(namespace).filter_map(|(_, node)| node.node());
    let weights = nodes.map(|node| node.weight);
    placement_size::check(&**strategy, weights, view.shards_of(namespace).count())
}

/// Whether anything is known of a namespace: it needs no record of its own.
fn exists(view: &View, key: &MeshKey) -> bool {
    let namespace = key.namespace();
    let record = view.record(&Kind::NAMESPACE, &key.to_string());
    record.is_some_and(|record| record.is_live())
        || view.shards_of(namespace).next().is_some()
        || view.nodes_of(namespace).next().is_some()
}

fn unplaceable(namespace: &str, error: &PlacementError) -> Problem {
    let message = format!("namespace {namespace}: {error}");
    let (code, kind) = match error {
        PlacementError::NoNodes | PlacementError::NoEligibleNodes => {
            (Code::Conflict, IssueKind::Conflict)
        }
        _ => (Code::Invalid, IssueKind::InvalidValue),
    };
    let issue = Issue::error(kind, "", message).with_code(error.code());
    let hint = match error {
        PlacementError::NoNodes | PlacementError::NoEligibleNodes => {
            "`PUT /v1/nodes/{namespace}/{nodeId}` makes a node that takes shards"
        }
        _ => "`GET /v1/namespaces/{namespace}` says what its strategy is",
    };
    Problem::document(vec![issue])
        .with_code(code)
        .with_hint(hint)
}

pub(in crate::routes) async fn apply(call: &Call, received: Received) -> Result<Answer, Problem> {
    let key = key_of(call)?;
    let namespace = Resource::Namespace(key.namespace());
    call.caller.demand(Capability::MeshOperate, namespace)?;
    let content = received.bytes.clone();
    let reading = move || Plan::read(&content).map_err(|error| no_plan(&error));
    let plan = call.server.slow.run_sized(received.bytes.len(), reading);
    let plan = Arc::new(plan.await?);
    if plan.namespace() != key.namespace() {
        let message = format!("the plan is for namespace {}", plan.namespace());
        let issue = Issue::error(IssueKind::InvalidValue, "/namespace", message)
            .with_code("shards.plan.namespace_mismatch");
        return Err(Problem::document(vec![issue]));
    }
    let command = Authorship::of(call, &received.bytes)?.applying(Arc::clone(&plan));
    let dry_run = call.query.flag("dryRun");
    let receipt = perform(&call.server, command, dry_run).await;
    let receipt = receipt.map_err(|error| refused(error, |_| String::new()))?;
    let first = receipt.outcomes.first();
    let first = first.map(|outcome| outcome.record.revision);
    let answer = Answer::json(&AppliedShape {
        namespace: plan.namespace().to_owned(),
        digest: plan.digest().to_owned(),
        moves: receipt.outcomes.len(),
        first,
        revision: receipt.revision,
        dry_run,
    })?;
    Ok(answer.at(receipt.revision))
}

fn no_plan(error: &PlanError) -> Problem {
    let issue = Issue::error(IssueKind::InvalidFormat, "", error.to_string());
    Problem::document(vec![issue.with_code(error.code())])
        .with_hint("give it as `GET /v1/namespaces/{namespace}/plan` answered it")
}

pub(in crate::routes) fn locate(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let key = readable_key(call)?;
    let text = call.query.text("key").map(|text| text.as_bytes().to_vec());
    let wanted = match (text, call.query.text("keyBase64")) {
        (Some(key), None) => key,
        (None, Some(text)) => STANDARD
            .decode(text)
            .map_err(|error| Problem::parameter("keyBase64", error.to_string()))?,
        _ => return Err(Problem::parameter("key", "give this or `keyBase64`")),
    };
    let record = view.locate(key.namespace(), &wanted);
    let found = record.and_then(|record| Some((record, record.shard()?)));
    let Some((record, shard)) = found else {
        let detail = format!("no shard of {} holds that key", key.namespace());
        return Err(Problem::new(Code::NotFound, detail).with_hint(
            "only shards with a `keyRange` or `hashRange` hold keys; see `GET /v1/shards`",
        ));
    };
    let id = MeshKey::parse(MeshKind::Shard, &record.key);
    Answer::json(&LocatedShape {
        namespace: key.namespace().to_owned(),
        shard_id: id.map(|key| key.id().to_owned()).unwrap_or_default(),
        owner_node_id: shard.owner_node_id.to_string(),
        status: shard.status,
        generation: record.generation,
        revision: record.revision,
    })
}
