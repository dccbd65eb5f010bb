//! What changes of shards say of them.

use deedbook_model::mesh::{MeshKey, MeshKind, Shard};
use deedbook_model::{Change, Envelope, Kind};
use rusqlite::{OptionalExtension, Transaction, params};

use super::number;

/// Takes a change in, if it is one of a shard. One that removes the shard owns it to nobody, after
/// whoever had it.
pub(super) fn add(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    if change.kind != Kind::SHARD {
        return Ok(());
    }
    let Ok(key) = MeshKey::parse(MeshKind::Shard, &change.key) else {
        return Ok(());
    };
    let shard = match change.record.as_deref() {
        None => None,
        Some(record) => match read(record) {
            Some(shard) => Some(shard),
            // Only a later release reads it: `changes` has all that is known.
            None => return Ok(()),
        },
    };
    let previous_owner = match &shard {
        Some(shard) => shard.previous_owner_node_id.clone(),
        None => last_owner(transaction, change)?,
    };
    let shard = shard.as_ref();
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO shard_changes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            number(change.revision.0),
            key.namespace(),
            key.id(),
            shard
                .and_then(|shard| shard.strategy_id.as_deref())
                .unwrap_or_default(),
            shard.map_or("", |shard| &shard.owner_node_id),
            previous_owner,
            match shard {
                Some(shard) => shard.change_ticket.as_deref(),
                None => change.command.ticket.as_deref(),
            },
            shard.and_then(|shard| shard.ownership_delta_percent),
            shard.and_then(|shard| shard.metadata.as_deref()),
        ])
        .map(|_| ())
}

fn read(record: &[u8]) -> Option<Shard> {
    let envelope = Envelope::read(record).ok()?;
    serde_json::from_str(envelope.data.get()).ok()
}

/// Who had the shard after its change before, if the tables go back that far.
fn last_owner(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<Option<String>> {
    let previous = change.previous.map(|revision| number(revision.0));
    let mut owner = transaction
        .prepare_cached("SELECT owner_node_id FROM shard_changes WHERE revision = ?1")?;
    owner.query_row([previous], |row| row.get(0)).optional()
}
