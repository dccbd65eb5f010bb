//! The way back: plans that undo a command that moved shards.

use std::collections::{BTreeMap, BTreeSet};

use deedbook_model::mesh::{MeshKey, MeshKind, Shard};
use deedbook_model::{Change, Envelope, Kind, Revision, Verb};

use super::{Found, Move, MoveReason, Plan, Present, PresentShard, Stay, StayReason, stay};

/// One shard's change of hands, as it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The shard.
    pub shard_id: String,
    /// Who had it.
    pub from: String,
    /// Who got it.
    pub to: String,
    /// Whether it changed hands again after that command, even if it came back since.
    pub moved_since: bool,
}

impl Transfer {
    /// What a change tells of a shard that changed hands, after the shard's namespace; `None` for any
    /// other change. What came after it is for the caller to say.
    #[must_use]
    pub fn of(change: &Change) -> Option<(String, Transfer)> {
        if change.kind != Kind::SHARD || change.verb != Verb::TRANSFERRED {
            return None;
        }
        let key = MeshKey::parse(MeshKind::Shard, &change.key).ok()?;
        let envelope = Envelope::read(change.record.as_deref()?).ok()?;
        let shard: Shard = serde_json::from_str(envelope.data.get()).ok()?;
        let transfer = Transfer {
            shard_id: key.id().to_owned(),
            from: shard.previous_owner_node_id?,
            to: shard.owner_node_id,
            moved_since: false,
        };
        Some((key.namespace().to_owned(), transfer))
    }
}

/// Plans the moves that bring shards back to where they were before a command, whatever the
/// namespace's strategy would say. What moved or was removed since then stays, as do paused and
/// disabled shards; the plan says which.
///
/// `transfers` are those of the command, in its order; `revision` is one of the command's and
/// `strategy_id` the namespace's.
#[must_use]
pub fn undo(
    present: &Present<'_>,
    strategy_id: &str,
    revision: Revision,
    transfers: &[Transfer],
) -> Plan {
    let there = present.shards.iter().map(|shard| (&*shard.shard.id, shard));
    let there: BTreeMap<&str, &PresentShard> = there.collect();
    let nodes = present.nodes.iter().map(|node| &*node.node.id);
    let nodes: BTreeSet<&str> = nodes.collect();
    // A command may move a shard more than once: where it was before, and how it left it.
    let mut done: BTreeMap<&str, (&str, &Transfer)> = BTreeMap::new();
    for one in transfers {
        let (_, last) = done.entry(&one.shard_id).or_insert((&one.from, one));
        *last = one;
    }
    let (mut moves, mut stays) = (Vec::new(), Vec::new());
    for (id, (from, last)) in done {
        let since = |at: Option<&str>, reason| Stay {
            shard_id: id.to_owned(),
            at: at.map(str::to_owned),
            to: from.to_owned(),
            reason,
        };
        match there.get(id) {
            None => stays.push(since(None, StayReason::RemovedSince)),
            Some(shard) if shard.owner == from => {}
            Some(shard) if last.moved_since || shard.owner != last.to => {
                stays.push(since(Some(&shard.owner), StayReason::MovedSince));
            }
            // Owners need no records; but where nodes have some, one without was removed.
            Some(shard) if !nodes.is_empty() && !nodes.contains(from) => {
                stays.push(since(Some(&shard.owner), StayReason::NodeGone));
            }
            Some(shard) => match stay(shard, from) {
                Some(stays_here) => stays.push(stays_here),
                None => moves.push(Move {
                    shard_id: id.to_owned(),
                    from: last.to.clone(),
                    to: from.to_owned(),
                    reason: MoveReason::Undo,
                }),
            },
        }
    }
    let found = Found {
        strategy_id,
        undoes: Some(revision),
        moves,
        stays,
        every_shard: false,
    };
    found.plan(present, None)
}
