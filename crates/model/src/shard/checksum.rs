//! The checksum of a shard's content.

use std::fmt;

use super::hash::xxh64;
use super::number_text::NumberText;
use super::status::ShardStatus;

/// What a shard's checksum covers; its text joins the values with `|`, nothing escaped.
///
/// Neither the version nor the time is covered, so a shard that returns to an earlier content
/// returns to its checksum; and as `|` isn't escaped two contents can share a text. An equal
/// checksum alone is no proof that nothing changed: compare versions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checksummed<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// The shard's id within it.
    pub shard_id: &'a str,
    /// The strategy that places it.
    pub strategy_id: &'a str,
    /// The node that owns it.
    pub owner_node_id: &'a str,
    /// Who leads it.
    pub leader_id: Option<&'a str>,
    /// How much it holds, in whatever unit its namespace counts.
    pub capacity_hint: f64,
    /// What may be done with it.
    pub status: ShardStatus,
    /// The ticket of its last change.
    pub change_ticket: Option<&'a str>,
}

impl Checksummed<'_> {
    /// XXH64 of the text, as 16 upper-case hex digits, the most significant first.
    #[must_use]
    pub fn checksum(&self) -> String {
        format!("{:016X}", xxh64(&self.to_string()))
    }
}

impl fmt::Display for Checksummed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}|{}|{}|{}|{}|{}|{}|{}",
            self.namespace,
            self.shard_id,
            self.strategy_id,
            self.owner_node_id,
            self.leader_id.unwrap_or_default(),
            NumberText(self.capacity_hint),
            self.status.number(),
            self.change_ticket.unwrap_or_default(),
        )
    }
}
