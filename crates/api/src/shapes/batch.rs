//! Several writes as one command.

use std::borrow::Cow;

use deedbook_model::TokenId;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Several writes as one command.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BatchShape<'a> {
    /// The writes, in order; each sees the ones before it.
    #[serde(borrow)]
    pub writes: Vec<BatchWrite<'a>>,
}

/// One write of a batch: which members it has depends on `kind` and `op`, see [`batch_ops()`].
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BatchWrite<'a> {
    /// What is done.
    #[serde(borrow)]
    pub op: Cow<'a, str>,
    /// The kind of record.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// Which record: a component's uuid or name, a principal's name; of what runs where its key as
    /// its record has it (`orders/s-01`).
    pub key: Option<String>,
    /// Which versions of it would do.
    pub version_spec: Option<String>,
    /// What is registered or put.
    #[serde(borrow)]
    pub document: Option<&'a RawValue>,
    /// How it is updated or patched.
    #[serde(borrow)]
    pub patch: Option<&'a RawValue>,
    /// Only if the record is at this generation.
    pub expected_generation: Option<u64>,
    /// Refuse dependencies that lead nowhere.
    pub require_dependencies: Option<bool>,
    /// The name of a principal that is made.
    pub name: Option<String>,
    /// What a principal may do.
    pub grants: Option<Vec<String>>,
    /// When a principal's new token expires: so long from now (`90d`) or an RFC 3339 time; absent:
    /// never.
    pub expires: Option<String>,
    /// How many seconds longer its other tokens are good for; absent: not at all.
    pub overlap_seconds: Option<u32>,
    /// The id of one of its tokens; absent: all.
    pub token: Option<TokenId>,
    /// Remove it even if others point to it.
    pub force: Option<bool>,
}

impl BatchWrite<'_> {
    /// The members that it has beside `kind` and `op`.
    pub fn members(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("key", self.key.is_some()),
            ("versionSpec", self.version_spec.is_some()),
            ("document", self.document.is_some()),
            ("patch", self.patch.is_some()),
            ("expectedGeneration", self.expected_generation.is_some()),
            ("requireDependencies", self.require_dependencies.is_some()),
            ("name", self.name.is_some()),
            ("grants", self.grants.is_some()),
            ("expires", self.expires.is_some()),
            ("overlapSeconds", self.overlap_seconds.is_some()),
            ("token", self.token.is_some()),
            ("force", self.force.is_some()),
        ];
        given
            .into_iter()
            .filter_map(|(name, is_given)| is_given.then_some(name))
    }
}

/// What may be done in a batch to a kind of record, and with which members.
#[derive(Clone, Copy, Debug)]
pub struct BatchOp {
    /// The kind of record.
    pub kind: &'static str,
    /// What is done.
    pub op: &'static str,
    /// Members that it can't do without.
    pub needed: &'static [&'static str],
    /// Members that it may have.
    pub optional: &'static [&'static str],
}

/// What may be done to each kind of what runs where.
const fn mesh(kind: &'static str) -> [BatchOp; 3] {
    [
        BatchOp {
            kind,
            op: "put",
            needed: &["key", "document"],
            optional: &["expectedGeneration"],
        },
        BatchOp {
            kind,
            op: "patch",
            needed: &["key", "patch"],
            optional: &["expectedGeneration"],
        },
        BatchOp {
            kind,
            op: "remove",
            needed: &["key"],
            optional: &["expectedGeneration", "force"],
        },
    ]
}

const NAMESPACE: [BatchOp; 3] = mesh("namespace");
const NODE: [BatchOp; 3] = mesh("node");
const SERVICE: [BatchOp; 3] = mesh("service");
const ENDPOINT: [BatchOp; 3] = mesh("endpoint");
const SHARD: [BatchOp; 3] = mesh("shard");

/// All that may be done in a batch.
pub fn batch_ops() -> impl Iterator<Item = &'static BatchOp> {
    let mesh = [&NAMESPACE, &NODE, &SERVICE, &ENDPOINT, &SHARD];
    BOOK.iter().chain(mesh.into_iter().flatten())
}

/// What may be done to components and principals.
const BOOK: &[BatchOp] = &[
    BatchOp {
        kind: "component",
        op: "register",
        needed: &["document"],
        optional: &["requireDependencies"],
    },
    BatchOp {
        kind: "component",
        op: "update",
        needed: &["key", "patch"],
        optional: &["versionSpec", "expectedGeneration"],
    },
    BatchOp {
        kind: "component",
        op: "remove",
        needed: &["key"],
        optional: &["versionSpec", "expectedGeneration"],
    },
    BatchOp {
        kind: "principal",
        op: "create",
        needed: &["name", "grants"],
        optional: &["expires"],
    },
    BatchOp {
        kind: "principal",
        op: "set",
        needed: &["key", "grants"],
        optional: &["expectedGeneration"],
    },
    BatchOp {
        kind: "principal",
        op: "rotate",
        needed: &["key"],
        optional: &["expires", "overlapSeconds", "expectedGeneration"],
    },
    BatchOp {
        kind: "principal",
        op: "revoke",
        needed: &["key"],
        optional: &["token", "expectedGeneration"],
    },
    BatchOp {
        kind: "principal",
        op: "remove",
        needed: &["key"],
        optional: &["expectedGeneration"],
    },
];
