//! `shard checksum`: the checksums of shards out of a file, without a book.

use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::shard::{Checksummed, ShardStatus};
use serde::Serialize;
use serde_json::Value;

use super::documents::json_parts;
use super::request::Object;
use crate::context::Context;
use crate::error::Failure;
use crate::files::Input;
use crate::grammar::mesh::shard::Checksum;
use crate::grammar::values::Format;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    namespace: String,
    shard_id: String,
    checksum: String,
}

#[derive(Serialize)]
struct Items {
    items: Vec<Item>,
}

/// Prints a checksum for each record, in their order.
pub(super) fn checksum(args: &Checksum, context: &mut Context) -> Result<(), Failure> {
    let input = Input::of(&args.file);
    let text = input.read()?;
    let label = input.label();
    let (mut items, mut issues) = (Vec::new(), Vec::new());
    for (place, part) in json_parts(&text.bytes) {
        match item(part.bytes, &place) {
            Ok(item) => items.push(item),
            Err(issue) => issues.push(issue.at_line(Some(part.before.saturating_add(1)))),
        }
    }
    if !issues.is_empty() {
        let file = Some(label);
        return Err(Failure::Document { file, issues });
    }
    match context.output.format {
        Format::Human => (items.iter()).try_for_each(|item| context.output.line(&item.checksum)),
        Format::Jsonl => items.iter().try_for_each(|item| context.output.value(item)),
        _ => context.output.value(&Items { items }),
    }
}

/// Types are checked and nothing else: what a validator would refuse has a checksum as well.
fn item(json: &[u8], pointer: &str) -> Result<Item, Issue> {
    let value: Value = serde_json::from_slice(json)
        .map_err(|error| Issue::error(IssueKind::Syntax, pointer, format!("not JSON: {error}")))?;
    let whole = Object::of(&value, pointer)?;
    // A record as `get` and `ls` print it holds the shard as its data.
    let shard = match (whole.get("kind"), whole.get("data")) {
        (Some(_), Some(data)) => Object::of(data, &whole.at("data"))?,
        _ => whole,
    };
    let (namespace, shard_id) = (shard.needed("namespace")?, shard.needed("shardId")?);
    let content = Checksummed {
        namespace,
        shard_id,
        strategy_id: shard.needed("strategyId")?,
        owner_node_id: shard.needed("ownerNodeId")?,
        leader_id: shard.text("leaderId")?,
        capacity_hint: shard
            .number("capacityHint", "capacityHintBits")?
            .unwrap_or(0.0),
        status: status(&shard)?,
        change_ticket: shard.text("changeTicket")?,
    };
    Ok(Item {
        namespace: namespace.to_owned(),
        shard_id: shard_id.to_owned(),
        checksum: content.checksum(),
    })
}

/// A number from 0 to 3, or a name in any case.
fn status(shard: &Object<'_>) -> Result<ShardStatus, Issue> {
    let Some(value) = shard.get("status") else {
        return Ok(ShardStatus::default());
    };
    let status = match value {
        Value::String(name) => ShardStatus::named(name),
        value => value.as_i64().and_then(ShardStatus::of_number),
    };
    status.ok_or_else(|| {
        let message = "is no status: 0 to 3, or active, draining, paused, disabled";
        Issue::error(IssueKind::InvalidValue, shard.at("status"), message)
    })
}
