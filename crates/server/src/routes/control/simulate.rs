//! `POST /control/shards/simulate`: where a strategy would place the shards of a namespace.
//!
//! Shards that are paused or disabled stay with the node that has them, as in a plan.

use std::sync::Arc;

use deedbook_api::problem::{ControlRefusal, Problem};
use deedbook_book::View;
use deedbook_model::code::Code;
use deedbook_model::shard::ShardStatus;
use deedbook_model::shard::control::{
    Assignment, Change, FromJson, JsonMode, SimulateNode, SimulateRequest, SimulateResponse,
    Summary,
};
use deedbook_model::{Capability, Resource};
use deedbook_rules::placement::{PlacementError, PlacementNode, PlacementRequest, PlacementShard};

use super::{answer, unreadable};
use crate::answer::Answer;
use crate::call::Call;
use crate::content::Received;
use crate::control::coded;
use crate::placement_size;

pub(in crate::routes) async fn simulate(call: Call, received: Received) -> Result<Answer, Problem> {
    let asked = SimulateRequest::from_json(&received.bytes, JsonMode::ControlPlane);
    let asked = asked.map_err(|error| {
        Problem::new(Code::Invalid, error.to_string()).with_control(ControlRefusal::Unreadable)
    })?;
    check(&asked)?;
    let view = call.server.book.view();
    if let Some(strategy) = strategy_given(&asked) {
        let known = view.strategies().get(strategy);
        known.map_err(|error| misplaced(&error, strategy))?;
    }
    let namespace = Resource::Namespace(&asked.namespace);
    call.caller.demand(Capability::MeshOperate, namespace)?;
    let server = Arc::clone(&call.server);
    let revision = view.head().revision;
    let work = move || Ok(answer(&place(&call, &view, asked)?).at(revision));
    server.slow.run(work).await
}

/// What can be said without looking into the book.
fn check(asked: &SimulateRequest) -> Result<(), Problem> {
    let refused = |code, detail: &str, metadata| Err(coded(Code::Invalid, code, detail, metadata));
    if asked.namespace.trim().is_empty() {
        let code = "shards.control.namespace.required";
        return refused(code, "the namespace is missing or blank", vec![]);
    }
    if asked.nodes.is_empty() {
        let code = "shards.control.nodes.required";
        return refused(code, "there are no nodes to place shards on", vec![]);
    }
    let is_blank = |node: &&SimulateNode| node.node_id.trim().is_empty();
    if let Some(node) = asked.nodes.iter().find(is_blank) {
        let metadata = vec![("nodeId", node.node_id.clone())];
        let code = "shards.control.node_id.invalid";
        return refused(code, "the id of a node is missing or blank", metadata);
    }
    Ok(())
}

fn strategy_given(asked: &SimulateRequest) -> Option<&str> {
    let given = asked.strategy_id.as_deref();
    given.filter(|strategy| !strategy.trim().is_empty())
}

fn place(call: &Call, view: &View, asked: SimulateRequest) -> Result<SimulateResponse, Problem> {
    let shards = shards_of(view, &asked.namespace)?;
    if shards.is_empty() {
        let detail = format!("namespace `{}` has no shards", asked.namespace);
        let metadata = vec![("namespace", asked.namespace)];
        let code = "shards.control.namespace.missing";
        return Err(coded(Code::NotFound, code, detail, metadata));
    }
    let now = view.namespace_now(&asked.namespace);
    let strategy = strategy_given(&asked).unwrap_or(now.strategy_id());
    let nodes: Vec<PlacementNode> = asked.nodes.iter().map(node).collect();
    let weights = nodes.iter().map(|node| node.weight);
    if let Ok(strategy) = view.strategies().get(strategy) {
        placement_size::check(&**strategy, weights, shards.len())?;
    }
    let placed: Vec<PlacementShard> = shards.iter().map(Present::placed).collect();
    let owners = view.strategies().place(
        strategy,
        &PlacementRequest {
            policy: now.policy(),
            ..PlacementRequest::of(&asked.namespace, &nodes, &placed)
        },
    );
    let owners = owners.map_err(|error| misplaced(&error, strategy))?;
    let mut response = SimulateResponse {
        namespace: asked.namespace.clone(),
        strategy_id: strategy.to_owned(),
        generated_at: call.server.book.now().into(),
        ..SimulateResponse::default()
    };
    for (shard, owner) in shards.into_iter().zip(owners) {
        let owner = match shard.stays() {
            true => shard.summary.owner_node_id.clone(),
            false => owner.id.clone(),
        };
        response.changes.extend(shard.change(&owner));
        response.assignments.push(shard.assignment(owner));
    }
    Ok(response)
}

/// A shard of the namespace as it is.
struct Present {
    summary: Summary,
    locality_hint: Option<String>,
}

fn shards_of(view: &View, namespace: &str) -> Result<Vec<Present>, Problem> {
    let shards = view.shards_of(namespace).map(|(_, record)| {
        let stored = record.bytes.as_deref().unwrap_or_default();
        let hint = record
            .shard()
            .and_then(|shard| shard.locality_hint.as_deref());
        Ok(Present {
            summary: Summary::of_stored(stored).map_err(|error| unreadable(&error))?,
            locality_hint: hint.map(str::to_owned),
        })
    });
    shards.collect()
}

impl Present {
    fn placed(&self) -> PlacementShard {
        PlacementShard {
            id: self.summary.shard_id.clone(),
            locality_hint: self.locality_hint.clone(),
        }
    }

    fn stays(&self) -> bool {
        let status = self.summary.status.known();
        status.is_some_and(ShardStatus::stays)
    }

    fn change(&self, owner: &str) -> Option<Change> {
        (owner != self.summary.owner_node_id).then(|| Change {
            namespace: self.summary.namespace.clone(),
            shard_id: self.summary.shard_id.clone(),
            current_owner: self.summary.owner_node_id.clone(),
            proposed_owner: owner.to_owned(),
            changes_owner: true,
        })
    }

    fn assignment(self, owner: String) -> Assignment {
        Assignment {
            namespace: self.summary.namespace,
            shard_id: self.summary.shard_id,
            owner_node_id: owner,
            capacity: self.summary.capacity_hint,
            locality_hint: self.locality_hint,
        }
    }
}

fn node(asked: &SimulateNode) -> PlacementNode {
    PlacementNode {
        id: asked.node_id.clone(),
        weight: asked.weight.unwrap_or(1.0),
        region: asked.region.clone(),
        zone: asked.zone.clone(),
    }
}

/// Why a strategy places nothing: what the caller sent isn't what it takes.
fn misplaced(error: &PlacementError, strategy: &str) -> Problem {
    let code = match error {
        PlacementError::WrongCount { .. } | PlacementError::ForeignNode { .. } => Code::Internal,
        _ => Code::Invalid,
    };
    let metadata = vec![("strategyId", strategy.to_owned())];
    coded(code, error.code(), error.to_string(), metadata)
}
