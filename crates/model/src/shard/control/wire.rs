//! The messages of package `omnirelay.mesh.control.v1`, field by field as in
//! `proto/omnirelay/mesh/control/v1/shard_control.proto`. An absent text is sent as an empty one.

use super::parameters::{DiffRange, page_size};

/// [`ShardStatus`](crate::shard::ShardStatus) as Protobuf has it: each one higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum ShardStatus {
    /// Not given.
    Unspecified = 0,
    /// It is served.
    Active = 1,
    /// It is served until another node has it.
    Draining = 2,
    /// It stays where it is and isn't served for a while.
    Paused = 3,
    /// It stays where it is and isn't served.
    Disabled = 4,
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds after that, never negative.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// A shard as it is shown.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ShardRecord {
    /// The namespace.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// The shard's id within it.
    #[prost(string, tag = "2")]
    pub shard_id: String,
    /// The strategy that places it.
    #[prost(string, tag = "3")]
    pub strategy_id: String,
    /// The node that owns it.
    #[prost(string, tag = "4")]
    pub owner_node_id: String,
    /// Who leads it.
    #[prost(string, tag = "5")]
    pub leader_id: String,
    /// How much it holds.
    #[prost(double, tag = "6")]
    pub capacity_hint: f64,
    /// What may be done with it.
    #[prost(enumeration = "ShardStatus", tag = "7")]
    pub status: i32,
    /// Its own counter.
    #[prost(int64, tag = "8")]
    pub version: i64,
    /// The checksum of its content.
    #[prost(string, tag = "9")]
    pub checksum: String,
    /// When it last changed.
    #[prost(message, optional, tag = "10")]
    pub updated_at: Option<Timestamp>,
    /// The ticket of its last change.
    #[prost(string, tag = "11")]
    pub change_ticket: String,
}

/// Who made a change and why. The fields from 5 on are sent to who asked for the whole history.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ShardHistory {
    /// Who made the change.
    #[prost(string, tag = "1")]
    pub actor: String,
    /// Why.
    #[prost(string, tag = "2")]
    pub reason: String,
    /// The ticket it was made for.
    #[prost(string, tag = "3")]
    pub change_ticket: String,
    /// The node that owned the shard before.
    #[prost(string, tag = "4")]
    pub previous_owner_node_id: String,
    /// The version that the change produced; absent: that of the shard after it.
    #[prost(int64, optional, tag = "5")]
    pub version: Option<i64>,
    /// The strategy; absent: that of the shard after it.
    #[prost(string, optional, tag = "6")]
    pub strategy_id: Option<String>,
    /// When it was made; absent: when the shard after it was updated.
    #[prost(message, optional, tag = "7")]
    pub created_at: Option<Timestamp>,
    /// The owner after it; absent: that of the shard after it.
    #[prost(string, optional, tag = "8")]
    pub owner_node_id: Option<String>,
    /// How much of the ownership moved.
    #[prost(double, optional, tag = "9")]
    pub ownership_delta_percent: Option<f64>,
    /// The caller's own text.
    #[prost(string, optional, tag = "10")]
    pub metadata: Option<String>,
}

/// Which shards are to be listed.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ShardListRequest {
    /// Only of this namespace.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// Only those that this node owns.
    #[prost(string, tag = "2")]
    pub owner_node_id: String,
    /// Only with one of these statuses.
    #[prost(enumeration = "ShardStatus", repeated, tag = "3")]
    pub statuses: Vec<i32>,
    /// Only those whose id contains this.
    #[prost(string, tag = "4")]
    pub search: String,
    /// Where the page begins; empty: at the first.
    #[prost(string, tag = "5")]
    pub cursor: String,
    /// Shards on the page; 0 or less: 100.
    #[prost(int32, tag = "6")]
    pub page_size: i32,
}

/// A page of shards.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ShardListResponse {
    /// The shards.
    #[prost(message, repeated, tag = "1")]
    pub shards: Vec<ShardRecord>,
    /// Where the next page begins; empty: this was the last.
    #[prost(string, tag = "2")]
    pub next_cursor: String,
    /// The version of what was asked for.
    #[prost(int64, tag = "3")]
    pub version: i64,
}

/// Which changes are to be told.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ShardWatchRequest {
    /// Only of this namespace.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// Only those that this node owns.
    #[prost(string, tag = "2")]
    pub owner_node_id: String,
    /// Only with one of these statuses.
    #[prost(enumeration = "ShardStatus", repeated, tag = "3")]
    pub statuses: Vec<i32>,
    /// Only those whose id contains this.
    #[prost(string, tag = "4")]
    pub search: String,
    /// Only changes after this position; 0 or less: all.
    #[prost(int64, tag = "5")]
    pub resume_token: i64,
    /// Send every field of the history.
    #[prost(bool, tag = "6")]
    pub whole_history: bool,
}

/// Which changes are to be read.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ShardDiffRequest {
    /// Only of this namespace.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// Only those that this node owns.
    #[prost(string, tag = "2")]
    pub owner_node_id: String,
    /// Only with one of these statuses.
    #[prost(enumeration = "ShardStatus", repeated, tag = "3")]
    pub statuses: Vec<i32>,
    /// Only those whose id contains this.
    #[prost(string, tag = "4")]
    pub search: String,
    /// The first position; 0 or less: from the beginning.
    #[prost(int64, tag = "5")]
    pub from_token: i64,
    /// The last position; 0 or less: up to the end.
    #[prost(int64, tag = "6")]
    pub to_token: i64,
    /// Send every field of the history.
    #[prost(bool, tag = "7")]
    pub whole_history: bool,
}

/// A change with the shard before and after it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ShardDiffNotification {
    /// Where it stands among all changes of the store.
    #[prost(int64, tag = "1")]
    pub position: i64,
    /// The shard after it.
    #[prost(message, optional, tag = "2")]
    pub current: Option<ShardRecord>,
    /// The shard before it.
    #[prost(message, optional, tag = "3")]
    pub previous: Option<ShardRecord>,
    /// Who made it and why.
    #[prost(message, optional, tag = "4")]
    pub history: Option<ShardHistory>,
    /// Whether it removed the shard, which is shown as disabled then.
    #[prost(bool, tag = "5")]
    pub removed: bool,
}

/// Changes, by position.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ShardDiffResponse {
    /// The changes.
    #[prost(message, repeated, tag = "1")]
    pub diffs: Vec<ShardDiffNotification>,
    /// The position to go on from; 0: there is none.
    #[prost(int64, tag = "2")]
    pub last_position: i64,
}

/// A node that shards are placed on for a try.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ShardSimulationNode {
    /// Its id.
    #[prost(string, tag = "1")]
    pub node_id: String,
    /// Its share beside the others'; absent: 1.
    #[prost(double, optional, tag = "2")]
    pub weight: Option<f64>,
    /// Where it is.
    #[prost(string, tag = "3")]
    pub region: String,
    /// Where in its region.
    #[prost(string, tag = "4")]
    pub zone: String,
}

/// What a placement is to be tried with.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ShardSimulationRequest {
    /// The namespace whose shards are placed.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// The strategy; empty: whoever answers chooses.
    #[prost(string, tag = "2")]
    pub strategy_id: String,
    /// The nodes to place them on.
    #[prost(message, repeated, tag = "3")]
    pub nodes: Vec<ShardSimulationNode>,
}

/// A shard and its node.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ShardSimulationAssignment {
    /// The namespace.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// The shard's id within it.
    #[prost(string, tag = "2")]
    pub shard_id: String,
    /// The node.
    #[prost(string, tag = "3")]
    pub owner_node_id: String,
    /// How much the shard holds.
    #[prost(double, tag = "4")]
    pub capacity: f64,
    /// Where it should be.
    #[prost(string, tag = "5")]
    pub locality_hint: String,
}

/// A shard that would change its node.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ShardSimulationChange {
    /// The namespace.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// The shard's id within it.
    #[prost(string, tag = "2")]
    pub shard_id: String,
    /// The node that owns it.
    #[prost(string, tag = "3")]
    pub current_owner: String,
    /// The node that would.
    #[prost(string, tag = "4")]
    pub proposed_owner: String,
    /// Whether the two differ.
    #[prost(bool, tag = "5")]
    pub changes_owner: bool,
}

/// The placement that was tried.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ShardSimulationResponse {
    /// The namespace.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// The strategy as it was asked for.
    #[prost(string, tag = "2")]
    pub strategy_id: String,
    /// When it was computed.
    #[prost(message, optional, tag = "3")]
    pub generated_at: Option<Timestamp>,
    /// Every shard's node.
    #[prost(message, repeated, tag = "4")]
    pub assignments: Vec<ShardSimulationAssignment>,
    /// The shards whose node would be another than now.
    #[prost(message, repeated, tag = "5")]
    pub changes: Vec<ShardSimulationChange>,
}

/// A position; 0 or less is none.
fn given(token: i64) -> Option<i64> {
    (token > 0).then_some(token)
}

impl ShardListRequest {
    /// How many shards the page has.
    #[must_use]
    pub fn wanted_page_size(&self) -> u16 {
        page_size(Some(self.page_size))
    }
}

impl ShardWatchRequest {
    /// The position to go on after.
    #[must_use]
    pub fn resume_position(&self) -> Option<i64> {
        given(self.resume_token)
    }
}

impl ShardDiffRequest {
    /// The positions asked for.
    #[must_use]
    pub fn range(&self) -> DiffRange {
        DiffRange {
            from: given(self.from_token),
            to: given(self.to_token),
        }
    }
}
