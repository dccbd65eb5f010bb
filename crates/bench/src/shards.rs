//! The shards that are measured with.

use deedbook_model::mesh::{MeshKey, MeshKind};
use serde_json::{Value, json};

use crate::target::Seen;

/// Namespaces that they are in.
const NAMESPACES: u64 = 100;

/// Nodes that they are given to.
const NODES: u64 = 200;

/// A shard by its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShardNumber(pub(crate) u64);

impl ShardNumber {
    /// Its namespace and id.
    pub(crate) fn parts(self) -> [String; 2] {
        let ShardNumber(number) = self;
        [
            format!("bench-{}", number % NAMESPACES),
            format!("shard-{number}"),
        ]
    }

    /// `bench-7/shard-107`, in paths and batches.
    pub(crate) fn text(self) -> String {
        self.parts().join("/")
    }

    pub(crate) fn key_parts(self) -> Vec<String> {
        self.parts().into()
    }

    /// Its key in a book.
    pub(crate) fn key(self) -> Option<MeshKey> {
        MeshKey::of(MeshKind::Shard, self.key_parts()).ok()
    }

    /// What it is at first: a record of about 300 bytes with its envelope.
    pub(crate) fn document(self) -> Value {
        json!({"ownerNodeId": node(self.0), "strategyId": "ring"})
    }
}

/// A node by a number.
pub(crate) fn node(number: u64) -> String {
    format!("node-{}", number % NODES)
}

/// The writes of a batch that gives shards to a node.
pub(crate) fn batch(shards: &[(ShardNumber, Seen)], owner: &str) -> String {
    let writes = shards.iter().map(|(shard, seen)| {
        json!({
            "op": "patch",
            "kind": "shard",
            "key": shard.text(),
            "patch": {"ownerNodeId": owner},
            "expectedGeneration": seen.0,
        })
    });
    json!({"writes": writes.collect::<Vec<_>>()}).to_string()
}
