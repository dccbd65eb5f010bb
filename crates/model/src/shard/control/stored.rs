//! What the book stores of shards, in the shapes of the control plane.

use super::{DiffEntry, History, StatusNumber, Summary};
use crate::change::{Change, CommandInfo};
use crate::mesh::{MeshKey, MeshKind, Shard};
use crate::record::{Envelope, EnvelopeError, Kind};
use crate::shard::{Checksummed, ShardStatus};

/// A stored shard: what is around its data, and the data.
struct Stored<'a> {
    envelope: Envelope<'a>,
    shard: Shard,
}

impl<'a> Stored<'a> {
    fn read(bytes: &'a [u8]) -> Result<Stored<'a>, EnvelopeError> {
        let envelope = Envelope::read(bytes)?;
        let shard = serde_json::from_str(envelope.data.get())?;
        Ok(Stored { envelope, shard })
    }

    fn version(&self) -> i64 {
        i64::try_from(self.envelope.generation.0).unwrap_or(i64::MAX)
    }

    fn history(&self, command: &CommandInfo) -> History {
        let shard = &self.shard;
        History {
            namespace: shard.namespace.clone(),
            shard_id: shard.shard_id.clone(),
            version: self.version(),
            strategy_id: shard.strategy_id.clone().unwrap_or_default(),
            actor: command.actor.clone(),
            reason: command.reason.clone(),
            change_ticket: shard.change_ticket.clone(),
            created_at: command.time.into(),
            owner_node_id: shard.owner_node_id.clone(),
            previous_owner_node_id: shard.previous_owner_node_id.clone(),
            ownership_delta_percent: shard.ownership_delta_percent,
            metadata: shard.metadata.clone(),
        }
    }

    fn into_summary(self) -> Summary {
        let version = self.version();
        let Stored { envelope, shard } = self;
        Summary {
            namespace: shard.namespace,
            shard_id: shard.shard_id,
            strategy_id: shard.strategy_id.unwrap_or_default(),
            owner_node_id: shard.owner_node_id,
            leader_id: shard.leader_id,
            capacity_hint: shard.capacity_hint,
            status: shard.status.into(),
            version,
            checksum: envelope.checksum.into_owned(),
            updated_at: envelope.updated_at.into(),
            change_ticket: shard.change_ticket,
        }
    }
}

impl Summary {
    /// A shard out of its stored record.
    ///
    /// # Errors
    /// When the bytes aren't those of a shard.
    pub fn of_stored(bytes: &[u8]) -> Result<Summary, EnvelopeError> {
        Ok(Stored::read(bytes)?.into_summary())
    }

    /// The checksum of what it says. One of no known status has that of an active one.
    #[must_use]
    pub fn computed_checksum(&self) -> String {
        let checksummed = Checksummed {
            namespace: &self.namespace,
            shard_id: &self.shard_id,
            strategy_id: &self.strategy_id,
            owner_node_id: &self.owner_node_id,
            leader_id: self.leader_id.as_deref(),
            capacity_hint: self.capacity_hint,
            status: self.status.known().unwrap_or_default(),
            change_ticket: self.change_ticket.as_deref(),
        };
        checksummed.checksum()
    }
}

impl DiffEntry {
    /// A change of a shard, with its stored record before it; nothing for changes of other records.
    ///
    /// The reference removes nothing and has no shape for it: a removal is shown as a change to
    /// [`ShardStatus::Disabled`] that says beside it that the shard was removed.
    ///
    /// # Errors
    /// When the bytes aren't those of a shard.
    pub fn of_change(
        change: &Change,
        before: Option<&[u8]>,
    ) -> Result<Option<DiffEntry>, EnvelopeError> {
        if change.kind != Kind::SHARD {
            return Ok(None);
        }
        let previous = before.map(Summary::of_stored).transpose()?;
        let Some(bytes) = change.record.as_deref() else {
            return Ok(Some(DiffEntry::of_removal(change, previous)));
        };
        let stored = Stored::read(bytes)?;
        Ok(Some(DiffEntry {
            position: position(change),
            history: Some(stored.history(&change.command)),
            current: stored.into_summary(),
            previous,
            removed: false,
        }))
    }

    fn of_removal(change: &Change, previous: Option<Summary>) -> DiffEntry {
        let named = || {
            let key = MeshKey::parse(MeshKind::Shard, &change.key).ok()?;
            Some(Summary {
                namespace: key.namespace().to_owned(),
                shard_id: key.id().to_owned(),
                ..Summary::default()
            })
        };
        let command = &change.command;
        let shard = previous.clone().or_else(named).unwrap_or_default();
        let mut current = Summary {
            status: StatusNumber::from(ShardStatus::Disabled),
            version: i64::try_from(change.generation.0).unwrap_or(i64::MAX),
            updated_at: command.time.into(),
            change_ticket: command.ticket.clone(),
            ..shard
        };
        current.checksum = current.computed_checksum();
        let history = History {
            namespace: current.namespace.clone(),
            shard_id: current.shard_id.clone(),
            version: current.version,
            strategy_id: current.strategy_id.clone(),
            actor: command.actor.clone(),
            reason: command.reason.clone(),
            change_ticket: command.ticket.clone(),
            created_at: command.time.into(),
            owner_node_id: current.owner_node_id.clone(),
            previous_owner_node_id: previous.as_ref().map(|shard| shard.owner_node_id.clone()),
            ..History::default()
        };
        DiffEntry {
            position: position(change),
            current,
            previous,
            history: Some(history),
            removed: true,
        }
    }
}

fn position(change: &Change) -> i64 {
    i64::try_from(change.revision.0).unwrap_or(i64::MAX)
}
