//! What is said of what runs where.

use deedbook_model::shard::ShardStatus;
use deedbook_model::{Generation, Revision};
use deedbook_rules::diff::Difference;
use serde::{Deserialize, Serialize};

use super::ChangeShape;

/// The changes of a record of the mesh, newest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MeshHistoryShape<'a> {
    /// The record.
    pub key: &'a str,
    /// The changes.
    pub items: Vec<ChangeShape<'a>>,
    /// Whether the record has older changes than these.
    pub has_older: bool,
    /// The oldest revision whose state can be read; changes up to it aren't kept.
    pub floor: Revision,
    /// The revision that was looked at.
    pub revision: Revision,
}

/// What differs in a record of the mesh between two moments.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MeshDiffShape {
    /// The record.
    pub key: String,
    /// The earlier revision.
    pub from: Revision,
    /// The later revision.
    pub to: Revision,
    /// Where its data differs.
    pub differences: Vec<Difference>,
}

/// Who gets a shard.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferShape {
    /// The node.
    pub owner_node_id: String,
    /// How much moves by it, as whoever asks has it, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_delta_percent: Option<f64>,
    /// What whoever asks notes beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

/// What applying a plan did.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedShape {
    /// The namespace whose shards moved.
    pub namespace: String,
    /// That of the plan.
    pub digest: String,
    /// How many shards moved.
    pub moves: usize,
    /// First revision of the command; absent when nothing was to be moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Revision>,
    /// Its last revision.
    pub revision: Revision,
    /// Whether nothing was moved because only a trial was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// The shard that holds a key.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocatedShape {
    /// Its namespace.
    pub namespace: String,
    /// Its id.
    pub shard_id: String,
    /// The node that has it.
    pub owner_node_id: String,
    /// What may be done with it.
    pub status: ShardStatus,
    /// Its record's own counter.
    pub generation: Generation,
    /// Position of its record's last change in the log.
    pub revision: Revision,
}
