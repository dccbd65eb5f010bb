//! Writing the bodies.

use std::fmt::Write as _;

use super::JsonMode;
use super::string::{Escaping, push_string};
use crate::shard::NumberText;
use crate::shard::control::offset_time::OffsetTime;
use crate::shard::control::shapes::{
    Assignment, Change, Diff, DiffEntry, History, ShardList, SimulateNode, SimulateRequest,
    SimulateResponse, StreamError, Summary,
};
use crate::shard::control::status_number::StatusNumber;
use crate::text::push_integer;

/// A body that is written as JSON: members in a fixed order, null ones left out, ASCII alone.
///
/// A number that isn't finite has no JSON: it is written as its bare name, which no reader takes.
pub trait ToJson {
    /// Appends the JSON.
    fn write_json(&self, mode: JsonMode, out: &mut String);

    /// The JSON.
    #[must_use]
    fn to_json(&self, mode: JsonMode) -> String {
        let mut out = String::new();
        self.write_json(mode, &mut out);
        out
    }
}

/// Where the next member goes.
struct Writer<'a> {
    out: &'a mut String,
    mode: JsonMode,
    depth: usize,
    /// Nothing stands yet in the innermost list or object.
    empty: bool,
}

/// What stands in a body.
trait Value {
    fn put(&self, writer: &mut Writer<'_>);
}

impl<T: Value> ToJson for T {
    fn write_json(&self, mode: JsonMode, out: &mut String) {
        self.put(&mut Writer {
            out,
            mode,
            depth: 0,
            empty: true,
        });
    }
}

impl Writer<'_> {
    fn within(&mut self, open: char, close: char, content: impl FnOnce(&mut Self)) {
        self.out.push(open);
        self.depth += 1;
        self.empty = true;
        content(self);
        self.depth -= 1;
        if !self.empty {
            self.line();
        }
        self.out.push(close);
        self.empty = false;
    }

    fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.within('{', '}', members);
    }

    fn line(&mut self) {
        if self.mode == JsonMode::Indented {
            self.out.push('\n');
            for _ in 0..self.depth {
                self.out.push_str("  ");
            }
        }
    }

    fn next(&mut self) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        self.line();
    }

    /// `name` is plain ASCII.
    fn member(&mut self, name: &'static str, value: &(impl Value + ?Sized)) {
        self.next();
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        self.put_value(value);
    }

    fn optional(&mut self, name: &'static str, value: Option<&(impl Value + ?Sized)>) {
        if let Some(value) = value {
            self.member(name, value);
        }
    }

    fn put_value(&mut self, value: &(impl Value + ?Sized)) {
        if self.mode == JsonMode::Indented {
            self.out.push(' ');
        }
        value.put(self);
    }
}

impl Value for str {
    fn put(&self, writer: &mut Writer<'_>) {
        push_string(writer.out, self, Escaping::Strict);
    }
}

impl Value for String {
    fn put(&self, writer: &mut Writer<'_>) {
        self.as_str().put(writer);
    }
}

impl Value for f64 {
    fn put(&self, writer: &mut Writer<'_>) {
        // Writing to a text doesn't fail.
        let _ = write!(writer.out, "{}", NumberText(*self));
    }
}

impl Value for i64 {
    fn put(&self, writer: &mut Writer<'_>) {
        push_integer(writer.out, *self);
    }
}

impl Value for bool {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.out.push_str(if *self { "true" } else { "false" });
    }
}

impl Value for StatusNumber {
    fn put(&self, writer: &mut Writer<'_>) {
        match self.known() {
            Some(status) if writer.mode != JsonMode::ControlPlane => status.name().put(writer),
            _ => i64::from(self.number()).put(writer),
        }
    }
}

impl Value for OffsetTime {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.out.push('"');
        let indented = writer.mode == JsonMode::Indented;
        self.push_json(writer.out, if indented { "\\u002B" } else { "+" });
        writer.out.push('"');
    }
}

impl<T: Value> Value for Vec<T> {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.within('[', ']', |writer| {
            for item in self {
                writer.next();
                item.put(writer);
            }
        });
    }
}

impl Value for Summary {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            writer.member("namespace", &self.namespace);
            writer.member("shardId", &self.shard_id);
            writer.member("strategyId", &self.strategy_id);
            writer.member("ownerNodeId", &self.owner_node_id);
            writer.optional("leaderId", self.leader_id.as_ref());
            writer.member("capacityHint", &self.capacity_hint);
            writer.member("status", &self.status);
            writer.member("version", &self.version);
            writer.member("checksum", &self.checksum);
            writer.member("updatedAt", &self.updated_at);
            writer.optional("changeTicket", self.change_ticket.as_ref());
        });
    }
}

/// What names a shard.
struct Key<'a> {
    namespace: &'a str,
    shard_id: &'a str,
}

impl Value for Key<'_> {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            writer.member("namespace", self.namespace);
            writer.member("shardId", self.shard_id);
        });
    }
}

impl Value for History {
    fn put(&self, writer: &mut Writer<'_>) {
        let key = Key {
            namespace: &self.namespace,
            shard_id: &self.shard_id,
        };
        writer.object(|writer| {
            writer.member("namespace", &self.namespace);
            writer.member("shardId", &self.shard_id);
            writer.member("version", &self.version);
            writer.member("strategyId", &self.strategy_id);
            writer.member("actor", &self.actor);
            writer.member("reason", &self.reason);
            writer.optional("changeTicket", self.change_ticket.as_ref());
            writer.member("createdAt", &self.created_at);
            writer.member("ownerNodeId", &self.owner_node_id);
            writer.optional("previousOwnerNodeId", self.previous_owner_node_id.as_ref());
            writer.optional(
                "ownershipDeltaPercent",
                self.ownership_delta_percent.as_ref(),
            );
            writer.optional("metadata", self.metadata.as_ref());
            writer.member("key", &key);
        });
    }
}

impl Value for DiffEntry {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            writer.member("position", &self.position);
            writer.member("current", &self.current);
            writer.optional("previous", self.previous.as_ref());
            writer.optional("history", self.history.as_ref());
            writer.optional("removed", self.removed.then_some(&true));
        });
    }
}

impl Value for ShardList {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            writer.member("items", &self.items);
            writer.optional("nextCursor", self.next_cursor.as_ref());
            writer.member("version", &self.version);
        });
    }
}

impl Value for Diff {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            writer.member("items", &self.items);
            writer.optional("lastPosition", self.last_position.as_ref());
        });
    }
}

impl Value for SimulateRequest {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            writer.member("namespace", &self.namespace);
            writer.optional("strategyId", self.strategy_id.as_ref());
            writer.member("nodes", &self.nodes);
        });
    }
}

impl Value for SimulateNode {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            writer.member("nodeId", &self.node_id);
            writer.optional("weight", self.weight.as_ref());
            writer.optional("region", self.region.as_ref());
            writer.optional("zone", self.zone.as_ref());
        });
    }
}

impl Value for SimulateResponse {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            writer.member("namespace", &self.namespace);
            writer.member("strategyId", &self.strategy_id);
            writer.member("generatedAt", &self.generated_at);
            writer.member("assignments", &self.assignments);
            writer.member("changes", &self.changes);
        });
    }
}

impl Value for Assignment {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            writer.member("namespace", &self.namespace);
            writer.member("shardId", &self.shard_id);
            writer.member("ownerNodeId", &self.owner_node_id);
            writer.member("capacity", &self.capacity);
            writer.optional("localityHint", self.locality_hint.as_ref());
        });
    }
}

impl Value for Change {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            writer.member("namespace", &self.namespace);
            writer.member("shardId", &self.shard_id);
            writer.member("currentOwner", &self.current_owner);
            writer.member("proposedOwner", &self.proposed_owner);
            writer.member("changesOwner", &self.changes_owner);
        });
    }
}

/// Texts by names that may be anything.
struct Texts<'a>(&'a [(String, String)]);

impl Value for Texts<'_> {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            for (name, value) in self.0 {
                writer.next();
                name.put(writer);
                writer.out.push(':');
                writer.put_value(value);
            }
        });
    }
}

impl Value for StreamError {
    fn put(&self, writer: &mut Writer<'_>) {
        writer.object(|writer| {
            writer.member("code", &self.code);
            writer.member("message", &self.message);
            writer.member("metadata", &Texts(&self.metadata));
        });
    }
}
