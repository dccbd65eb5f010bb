//! What a shard's change says beside its content: who had it, and how much moved.

use deedbook_model::Verb;
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::mesh::MeshKey;
use deedbook_model::shard::{Checksummed, ShardStatus};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::mesh::{Known, MeshContent};
use super::{Outcome, Slot, Work, internal};
use crate::refusal::Refusal;

impl Work<'_> {
    /// Every accepted write of a shard is a change of it, also when its content stays.
    pub(super) fn put_shard(
        &mut self,
        key: &MeshKey,
        slot: Slot,
        known: Option<&Known<'_>>,
        mut content: MeshContent<'_>,
    ) -> Result<Outcome, Refusal> {
        let before = known.and_then(Known::shard);
        let owner_before = before.map(|facts| &*facts.owner_node_id);
        self.complete(key, owner_before, &mut content);
        let data = &content.data;
        let text = |name: &str| data.get(name).and_then(Value::as_str);
        let owner = text("ownerNodeId").unwrap_or_default();
        let status = data.get("status").map(ShardStatus::deserialize);
        let status = status.transpose();
        let checksum = Checksummed {
            namespace: key.namespace(),
            shard_id: key.id(),
            strategy_id: text("strategyId").unwrap_or_default(),
            owner_node_id: owner,
            leader_id: text("leaderId"),
            capacity_hint: capacity_of(data)?,
            status: status
                .map_err(|error| internal(error.to_string()))?
                .unwrap_or_default(),
            change_ticket: text("changeTicket"),
        }
        .checksum();
        let verb = match (known, owner_before) {
            (None, _) => Verb::CREATED,
            (Some(_), Some(before)) if before != owner => Verb::TRANSFERRED,
            (Some(_), _) => Verb::UPDATED,
        };
        self.store_mesh(slot, known, &checksum, verb, content)
    }

    /// Writes out what the caller left to the book.
    fn complete(&self, key: &MeshKey, owner_before: Option<&str>, content: &mut MeshContent<'_>) {
        let data = &mut content.data;
        if !data.contains_key("strategyId") {
            let strategy = self.state.strategy_of(key.namespace());
            data.insert("strategyId".to_owned(), strategy.into());
        }
        if let (false, Some(ticket)) = (data.contains_key("changeTicket"), self.ticket) {
            data.insert("changeTicket".to_owned(), ticket.into());
        }
        let owner = data.get("ownerNodeId").and_then(Value::as_str);
        let moved = owner_before.is_some_and(|before| owner != Some(before));
        data.remove("previousOwnerNodeId");
        data.remove("ownershipDelta");
        if let Some(before) = owner_before {
            data.insert("previousOwnerNodeId".to_owned(), before.into());
        }
        if moved {
            let shards = self.state.members(key.namespace());
            let shards = shards.map_or(1, |members| members.shards().len()).max(1);
            data.insert("ownershipDelta".to_owned(), percent(shards).into());
        }
    }
}

/// How much a shard holds. A release with other rules may have written something else there.
fn capacity_of(data: &Map<String, Value>) -> Result<f64, Refusal> {
    let Some(hint) = data.get("capacityHint") else {
        return Ok(0.0);
    };
    hint.as_f64().ok_or_else(|| {
        let message = format!("must be a number, but is {hint}");
        let wrong = Issue::error(IssueKind::WrongType, "/capacityHint", message);
        Refusal::of(0, vec![wrong.with_hint("set it to a number, too")])
    })
}

/// One of so many, in percent.
#[expect(
    clippy::cast_precision_loss,
    reason = "a book doesn't hold 2^53 shards"
)]
fn percent(count: usize) -> f64 {
    100.0 / count as f64
}
