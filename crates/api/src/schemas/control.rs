//! The bodies of the reference's shard control plane.

use serde_json::{Value, json};

use super::{Members, boolean, list, object, reference, text, time};
use crate::route::Schema;

/// A page.
pub(super) fn shards() -> Value {
    object(
        &[
            ("items", list(summary())),
            ("nextCursor", text()),
            ("version", position()),
        ],
        &["nextCursor"],
    )
}

pub(super) fn diff() -> Value {
    let entry = object(
        &[
            ("position", position()),
            ("current", summary()),
            ("previous", summary()),
            ("history", history()),
            ("removed", json!({"const": true})),
        ],
        &["previous", "history", "removed"],
    );
    object(
        &[("items", list(entry)), ("lastPosition", position())],
        &["lastPosition"],
    )
}

pub(super) fn simulation() -> Value {
    let node = object(
        &[
            ("nodeId", text()),
            ("weight", maybe(&["number", "string"])),
            ("region", maybe(&["string"])),
            ("zone", maybe(&["string"])),
        ],
        &["weight", "region", "zone"],
    );
    object(
        &[
            ("namespace", text()),
            ("strategyId", maybe(&["string"])),
            ("nodes", list(node)),
        ],
        &["strategyId"],
    )
}

pub(super) fn placement() -> Value {
    let shard = || vec![("namespace", text()), ("shardId", text())];
    let with = |members: Members<'static>| shard().into_iter().chain(members).collect::<Vec<_>>();
    let assignment = with(vec![
        ("ownerNodeId", text()),
        ("capacity", number()),
        ("localityHint", text()),
    ]);
    let change = with(vec![
        ("currentOwner", text()),
        ("proposedOwner", text()),
        ("changesOwner", boolean()),
    ]);
    object(
        &[
            ("namespace", text()),
            ("strategyId", text()),
            ("generatedAt", time()),
            ("assignments", list(object(&assignment, &["localityHint"]))),
            ("changes", list(object(&change, &[]))),
        ],
        &[],
    )
}

pub(super) fn error() -> Value {
    object(&[("error", text())], &[])
}

/// The reference's own, or that of all other routes: of what the reference doesn't know.
pub(super) fn problem() -> Value {
    let own = object(
        &[
            ("type", text()),
            ("title", text()),
            ("status", json!({"type": "integer"})),
            ("detail", text()),
            ("code", text()),
            (
                "metadata",
                json!({"type": "object", "additionalProperties": text()}),
            ),
        ],
        &[],
    );
    json!({"anyOf": [own, reference(Schema::Problem)]})
}

fn summary() -> Value {
    object(
        &[
            ("namespace", text()),
            ("shardId", text()),
            ("strategyId", text()),
            ("ownerNodeId", text()),
            ("leaderId", text()),
            ("capacityHint", number()),
            ("status", json!({"enum": [0, 1, 2, 3]})),
            ("version", position()),
            (
                "checksum",
                json!({"type": "string", "pattern": "^[0-9A-F]{16}$"}),
            ),
            ("updatedAt", time()),
            ("changeTicket", text()),
        ],
        &["leaderId", "changeTicket"],
    )
}

fn history() -> Value {
    object(
        &[
            ("namespace", text()),
            ("shardId", text()),
            ("version", position()),
            ("strategyId", text()),
            ("actor", text()),
            ("reason", text()),
            ("changeTicket", text()),
            ("createdAt", time()),
            ("ownerNodeId", text()),
            ("previousOwnerNodeId", text()),
            ("ownershipDeltaPercent", number()),
            ("metadata", text()),
            (
                "key",
                object(&[("namespace", text()), ("shardId", text())], &[]),
            ),
        ],
        &[
            "changeTicket",
            "previousOwnerNodeId",
            "ownershipDeltaPercent",
            "metadata",
        ],
    )
}

fn position() -> Value {
    json!({"type": "integer", "format": "int64"})
}

fn number() -> Value {
    json!({"type": "number"})
}

/// One of these types, or null.
fn maybe(types: &[&str]) -> Value {
    let types: Vec<&str> = types.iter().copied().chain(["null"]).collect();
    json!({"type": types})
}
