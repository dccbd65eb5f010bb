//! What the book stores of shards, in the shapes of the control plane.

use super::{DiffEntry, History, Summary};
use crate::change::{Change, CommandInfo};
use crate::mesh::Shard;
use crate::record::{Envelope, EnvelopeError, Kind};

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
}

impl DiffEntry {
    /// A change of a shard, with its stored record before it. Nothing for changes of other records,
    /// and for a removal, which the control plane has no shape for.
    ///
    /// # Errors
    /// When the bytes aren't those of a shard.
    pub fn of_change(
        change: &Change,
        before: Option<&[u8]>,
    ) -> Result<Option<DiffEntry>, EnvelopeError> {
        let Some(bytes) = change
            .record
            .as_deref()
            .filter(|_| change.kind == Kind::SHARD)
        else {
            return Ok(None);
        };
        let stored = Stored::read(bytes)?;
        Ok(Some(DiffEntry {
            position: i64::try_from(change.revision.0).unwrap_or(i64::MAX),
            history: Some(stored.history(&change.command)),
            current: stored.into_summary(),
            previous: before.map(Summary::of_stored).transpose()?,
        }))
    }
}
