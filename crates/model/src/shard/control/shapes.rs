//! What the bodies say, whatever their encoding.

use super::offset_time::OffsetTime;
use super::status_number::StatusNumber;

/// A shard as it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The namespace.
    pub namespace: String,
    /// The shard's id within it.
    pub shard_id: String,
    /// The strategy that places it.
    pub strategy_id: String,
    /// The node that owns it.
    pub owner_node_id: String,
    /// Who leads it.
    pub leader_id: Option<String>,
    /// How much it holds, in whatever unit its namespace counts.
    pub capacity_hint: f64,
    /// What may be done with it.
    pub status: StatusNumber,
    /// Its own counter: 1, then one more with every change.
    pub version: i64,
    /// What [`Checksummed`](crate::shard::Checksummed) says of its content.
    pub checksum: String,
    /// When it last changed.
    pub updated_at: OffsetTime,
    /// The ticket of its last change.
    pub change_ticket: Option<String>,
}

/// One change of a shard: who made it and why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The namespace.
    pub namespace: String,
    /// The shard's id within it.
    pub shard_id: String,
    /// The version that the change produced.
    pub version: i64,
    /// The strategy that places the shard.
    pub strategy_id: String,
    /// Who made the change.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The ticket it was made for.
    pub change_ticket: Option<String>,
    /// When it was made.
    pub created_at: OffsetTime,
    /// The node that owns the shard after it.
    pub owner_node_id: String,
    /// The node that owned it before; absent for the first version alone.
    pub previous_owner_node_id: Option<String>,
    /// How much of the ownership moved, as the caller says.
    pub ownership_delta_percent: Option<f64>,
    /// The caller's own text, commonly JSON.
    pub metadata: Option<String>,
}

/// A change with the shard before and after it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiffEntry {
    /// Where it stands among all changes of the store.
    pub position: i64,
    /// The shard after it.
    pub current: Summary,
    /// The shard before it; absent: it wasn't there.
    pub previous: Option<Summary>,
    /// Who made it and why.
    pub history: Option<History>,
    /// Whether it removed the shard, which is shown as disabled then.
    pub removed: bool,
}

/// A page of shards.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShardList {
    /// The shards, by namespace and id.
    pub items: Vec<Summary>,
    /// Where the next page begins; absent: this was the last.
    pub next_cursor: Option<String>,
    /// The version of what was asked for.
    pub version: i64,
}

/// Changes, by position.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// The changes.
    pub items: Vec<DiffEntry>,
    /// The position to go on from.
    pub last_position: Option<i64>,
}

/// What a placement is to be tried with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SimulateRequest {
    /// The namespace whose shards are placed.
    pub namespace: String,
    /// The strategy; absent or blank: whoever answers chooses.
    pub strategy_id: Option<String>,
    /// The nodes to place them on; a null one is read as one without an id.
    pub nodes: Vec<SimulateNode>,
}

/// A node that shards are placed on for a try.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SimulateNode {
    /// Its id.
    pub node_id: String,
    /// Its share beside the others'; absent: 1.
    pub weight: Option<f64>,
    /// Where it is.
    pub region: Option<String>,
    /// Where in its region.
    pub zone: Option<String>,
}

/// The placement that was tried.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SimulateResponse {
    /// The namespace.
    pub namespace: String,
    /// The strategy as it was asked for.
    pub strategy_id: String,
    /// When it was computed.
    pub generated_at: OffsetTime,
    /// Every shard's node.
    pub assignments: Vec<Assignment>,
    /// The shards whose node would be another than now.
    pub changes: Vec<Change>,
}

/// A shard and its node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignment {
    /// The namespace.
    pub namespace: String,
    /// The shard's id within it.
    pub shard_id: String,
    /// The node.
    pub owner_node_id: String,
    /// How much the shard holds.
    pub capacity: f64,
    /// Where it should be.
    pub locality_hint: Option<String>,
}

/// A shard that would change its node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// The namespace.
    pub namespace: String,
    /// The shard's id within it.
    pub shard_id: String,
    /// The node that owns it.
    pub current_owner: String,
    /// The node that would.
    pub proposed_owner: String,
    /// Whether the two differ.
    pub changes_owner: bool,
}

/// Why a stream ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamError {
    /// The code, for programs.
    pub code: String,
    /// The message, for people.
    pub message: String,
    /// What else is said, by name.
    pub metadata: Vec<(String, String)>,
}
