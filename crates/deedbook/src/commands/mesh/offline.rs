//! `shard plan --offline`: where shards would be placed, out of a request in a file and without a
//! book.

use std::path::Path;

use deedbook_model::Generation;
use deedbook_model::component::hash_of;
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::shard::ShardStatus;
use deedbook_rules::mesh::USUAL_STRATEGY;
use deedbook_rules::placement::plan::{
    Move, PlanRequest, Present, PresentNode, PresentShard, plan,
};
use deedbook_rules::placement::{
    PlacementError, PlacementNode, PlacementRequest, PlacementShard, Policy, Strategies,
};
use deedbook_rules::sharding::{blank, twice};
use serde::Serialize;
use serde_json::{Map, Value};

use super::request::Object;
use crate::context::Context;
use crate::error::Failure;
use crate::files::Input;
use crate::grammar::values::Format;
use crate::output::table::Table;

/// Where shards are placed, in the order of the request, and what moves.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Placed {
    namespace: String,
    strategy_id: String,
    assignments: Vec<Assignment>,
    /// Of the shards that say where they are: those that the strategy has elsewhere.
    moves: Vec<Move>,
    /// The same for the same answer, wherever it was made.
    digest: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    shard_id: String,
    owner_node_id: String,
}

/// Prints where the shards of a request are placed.
pub(super) fn plan_offline(
    file: &Path,
    strategy: Option<&str>,
    context: &mut Context,
) -> Result<(), Failure> {
    let input = Input::of(file);
    let text = input.read()?;
    let label = input.label();
    let in_file = |issues| Failure::Document {
        file: Some(label.clone()),
        issues,
    };
    let request: Value = serde_json::from_slice(&text.bytes).map_err(|error| {
        let issue = Issue::error(IssueKind::Syntax, "", format!("not JSON: {error}"));
        in_file(vec![issue.with_code("SC001")])
    })?;
    let request = Object::of(&request, "").map_err(|issue| in_file(vec![issue]))?;
    match placed(&request, strategy) {
        Ok(placed) => print(&placed, context),
        Err(Refused::Placement(error)) => Err(Failure::Placement(error)),
        Err(Refused::NoShards) => Err(Failure::NoShards),
        Err(Refused::Request(issues)) => Err(in_file(issues)),
    }
}

pub(super) fn print(placed: &Placed, context: &mut Context) -> Result<(), Failure> {
    if context.output.format != Format::Human {
        return context.output.value(placed);
    }
    let mut table = Table::new(&["SHARD", "NODE"]);
    for one in &placed.assignments {
        table.row([one.shard_id.clone(), one.owner_node_id.clone()]);
    }
    context.output.text(&table.render())?;
    let mut table = Table::new(&["MOVE", "FROM", "TO", "BECAUSE"]);
    for one in &placed.moves {
        let reason = one.reason.as_str().to_owned();
        table.row([
            one.shard_id.clone(),
            one.from.clone(),
            one.to.clone(),
            reason,
        ]);
    }
    context.output.text(&table.render())
}

/// Why there is no answer.
enum Refused {
    /// The request isn't one.
    Request(Vec<Issue>),
    /// It names no shards: an empty list would be one.
    NoShards,
    /// The strategy has none.
    Placement(PlacementError),
}

impl From<Issue> for Refused {
    fn from(issue: Issue) -> Refused {
        Refused::Request(vec![issue])
    }
}

impl From<PlacementError> for Refused {
    fn from(error: PlacementError) -> Refused {
        Refused::Placement(error)
    }
}

/// Answers a request. What is wrong is found in the order of the reference: the strategy, then the
/// namespace, the nodes, the shards.
fn placed(request: &Object<'_>, strategy: Option<&str>) -> Result<Placed, Refused> {
    let strategies = Strategies::default();
    let strategy = match strategy {
        Some(strategy) => strategy,
        None => match request.text("strategyId")? {
            Some(strategy) => strategy,
            None => request.text("strategy")?.unwrap_or(USUAL_STRATEGY),
        },
    };
    strategies.get(strategy)?;
    let namespace = request.text("namespace")?.unwrap_or_default();
    if namespace.trim().is_empty() {
        return Err(PlacementError::Namespace.into());
    }
    let nodes: Vec<PlacementNode> = (request.list("nodes")?.unwrap_or_default().iter())
        .map(node)
        .collect::<Result<_, Issue>>()?;
    if nodes.is_empty() {
        return Err(PlacementError::NoNodes.into());
    }
    if nodes.iter().all(|node| node.id.trim().is_empty()) {
        return Err(PlacementError::NodeId(0).into());
    }
    let shards = request.list("shards")?.ok_or(Refused::NoShards)?;
    let owners = shards.iter().map(|shard| shard.text("ownerNodeId"));
    let owners: Vec<Option<&str>> = owners.collect::<Result<_, Issue>>()?;
    let shards: Vec<PlacementShard> = (shards.iter()).map(shard).collect::<Result<_, Issue>>()?;
    let ids = shards.iter().map(|shard| &*shard.id);
    let faults = blank("shards", "shardId", "the shard's id", ids.clone());
    let faults: Vec<Issue> = faults.chain(twice("shards", "shardId", ids)).collect();
    if !faults.is_empty() {
        return Err(Refused::Request(faults));
    }
    let policy = match request.number("boundFactor", "boundFactorBits")? {
        Some(bound) => Policy { bound },
        None => Policy::default(),
    };
    let question = Question {
        namespace,
        strategy,
        nodes,
        present: owners
            .into_iter()
            .map(|owner| owner.map(|owner| (owner, ShardStatus::Active)))
            .collect(),
        shards,
        policy,
    };
    Ok(question.answer()?)
}

/// Which node each shard would get.
pub(super) struct Question<'a> {
    pub(super) namespace: &'a str,
    pub(super) strategy: &'a str,
    pub(super) nodes: Vec<PlacementNode>,
    pub(super) shards: Vec<PlacementShard>,
    /// Where each shard is, as far as that is known; a paused or disabled one stays there.
    pub(super) present: Vec<Option<(&'a str, ShardStatus)>>,
    pub(super) policy: Policy,
}

impl Question<'_> {
    /// Where shards are placed, and what moves.
    pub(super) fn answer(&self) -> Result<Placed, PlacementError> {
        let strategies = Strategies::default();
        let Question {
            namespace,
            strategy,
            nodes,
            shards,
            present,
            policy,
        } = self;
        let asked = PlacementRequest {
            namespace,
            nodes,
            shards,
            policy: *policy,
        };
        let targets = strategies.place(strategy, &asked)?;
        let generation = Generation(0);
        let present = shards.iter().zip(present).zip(&targets);
        let present: Vec<PresentShard> = present
            .map(|((shard, present), target)| {
                // Of a shard that doesn't say where it is there is nothing to move.
                let (owner, status) = present.unwrap_or((&target.id, ShardStatus::Active));
                PresentShard {
                    shard: shard.clone(),
                    owner: owner.to_owned(),
                    status,
                    generation,
                }
            })
            .collect();
        let assignments = present.iter().zip(&targets).map(|(present, target)| {
            let owner = match present.status.stays() {
                true => &present.owner,
                false => &target.id,
            };
            Assignment {
                shard_id: present.shard.id.clone(),
                owner_node_id: owner.clone(),
            }
        });
        let nodes = nodes.iter().map(|node| PresentNode {
            node: node.clone(),
            is_draining: false,
            generation,
        });
        let nodes: Vec<PresentNode> = nodes.collect();
        let request = PlanRequest {
            present: Present {
                namespace,
                generation,
                nodes: &nodes,
                shards: &present,
            },
            strategy,
            policy: *policy,
            max_moves: None,
        };
        let planned = plan(&strategies, &request)?;
        let mut placed = Placed {
            namespace: (*namespace).to_owned(),
            strategy_id: planned.strategy_id().to_owned(),
            assignments: assignments.collect(),
            moves: planned.moves().to_vec(),
            digest: String::new(),
        };
        if let Ok(Value::Object(content)) = serde_json::to_value(&placed) {
            placed.digest = digest(content);
        }
        Ok(placed)
    }
}

/// Of all that is answered but itself.
fn digest(mut content: Map<String, Value>) -> String {
    content.remove("digest");
    hash_of(&content)
}

fn node(node: &Object<'_>) -> Result<PlacementNode, Issue> {
    Ok(PlacementNode {
        // No id is a blank one.
        id: node.text("nodeId")?.unwrap_or_default().to_owned(),
        weight: node.number("weight", "weightBits")?.unwrap_or(1.0),
        region: node.text("region")?.map(str::to_owned),
        zone: node.text("zone")?.map(str::to_owned),
    })
}

fn shard(shard: &Object<'_>) -> Result<PlacementShard, Issue> {
    Ok(PlacementShard {
        id: shard.text("shardId")?.unwrap_or_default().to_owned(),
        locality_hint: shard.text("localityHint")?.map(str::to_owned),
    })
}
