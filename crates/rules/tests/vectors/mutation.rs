//! The mutations of the vectors, as documents and as commands.
#![expect(
    clippy::unwrap_used,
    reason = "a vector that isn't what it should be ends the test"
)]

use std::sync::Arc;

use deedbook_model::Generation;
use deedbook_model::document::Node;
use deedbook_model::issue::Issue;
use deedbook_model::mesh::{MeshKind, ReadOptions, read_node};
use deedbook_model::shard::ShardStatus;
use deedbook_rules::{Command, Expected, MeshWrite, Write};
use serde_json::{Map, Value, json};

use crate::vectors::{number, status_number};

/// Who makes a change; `system` where nothing is said of it.
pub(crate) fn actor(change: &Value) -> &str {
    change["actor"].as_str().unwrap_or("system")
}

/// Why a change is made; `unspecified` where nothing is said of it.
pub(crate) fn reason(change: &Value) -> &str {
    change["reason"].as_str().unwrap_or("unspecified")
}

/// A mutation as `/v1` writes it, with what its change says of itself but for who, why and its
/// ticket.
pub(crate) fn document(request: &Value, change: &Value) -> Map<String, Value> {
    let mut document = Map::new();
    for name in [
        "namespace",
        "shardId",
        "strategyId",
        "ownerNodeId",
        "leaderId",
        "changeTicket",
    ] {
        document.insert(name.to_owned(), request[name].clone());
    }
    let status = match ShardStatus::of_number(status_number(request)) {
        Some(status) => serde_json::to_value(status).unwrap(),
        None => request["status"].clone(),
    };
    document.insert("status".to_owned(), status);
    let hint = number(request, "capacityHint").unwrap_or_default();
    document.insert("capacityHint".to_owned(), json!(hint));
    document.insert("metadata".to_owned(), change["metadata"].clone());
    let delta = number(change, "ownershipDeltaPercent");
    document.insert("ownershipDeltaPercent".to_owned(), json!(delta));
    document
}

/// What the rules are asked; `None`: an expectation that no record ever meets.
pub(crate) fn command(request: &Value) -> Result<Option<Command>, Vec<Issue>> {
    let change = &request["change"];
    let tree = Node::from(&Value::Object(document(request, change)));
    let draft = read_node(MeshKind::Shard, &tree, ReadOptions::default())?;
    let expected = match request["expectedVersion"].as_i64().map(u64::try_from) {
        None => None,
        Some(Ok(version)) => Some(Expected::Generation(Generation(version))),
        Some(Err(_)) => return Ok(None),
    };
    let write = MeshWrite::Put {
        draft: Arc::new(draft),
        expected,
    };
    Ok(Some(Command {
        reason: Some(reason(change).to_owned()),
        ticket: change["changeTicket"].as_str().map(str::to_owned),
        ..Command::of(actor(change), Write::Mesh(write))
    }))
}
