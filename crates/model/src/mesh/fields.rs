//! What a record of each kind may hold: the only place that says what is valid.

use serde_json::Value;

use super::MeshKind;
use crate::judge::form::Form;
use crate::judge::shape::{self, Member, Object, Shape, Text};

/// Bytes of a kind's labels, names and texts together, and of annotations.
const MAX_LABEL_BYTES: usize = 64 * 1024;

/// Points of a node on the ring are 64 for each unit.
pub(super) const MAX_WEIGHT: f64 = 1024.0;

/// The member that says which version of these tables a document goes by.
pub(super) const VERSION_MEMBER: &str = "schemaVersion";

const NO_LIMIT: usize = usize::MAX;

pub(super) fn object_of(kind: MeshKind) -> &'static Object {
    match kind {
        MeshKind::Namespace => &NAMESPACE,
        MeshKind::Node => &NODE,
        MeshKind::Service => &SERVICE,
        MeshKind::Endpoint => &ENDPOINT,
        MeshKind::Shard => &SHARD,
    }
}

/// What a stored record gets where a member is absent.
pub(super) fn defaults_of(kind: MeshKind) -> &'static [(&'static str, Fallback)] {
    match kind {
        MeshKind::Namespace => &[("strategyId", Fallback::Text("rendezvous"))],
        MeshKind::Node => &[
            ("weight", Fallback::Number(1)),
            ("draining", Fallback::Flag(false)),
        ],
        MeshKind::Service => &[],
        MeshKind::Endpoint => &[("weight", Fallback::Number(1))],
        MeshKind::Shard => &[
            ("capacityHint", Fallback::Number(0)),
            ("status", Fallback::Text("active")),
        ],
    }
}

/// A value of the tables here.
#[derive(Clone, Copy)]
pub(super) enum Fallback {
    Text(&'static str),
    Number(u32),
    Flag(bool),
}

impl From<Fallback> for Value {
    fn from(fallback: Fallback) -> Value {
        match fallback {
            Fallback::Text(text) => text.into(),
            Fallback::Number(number) => number.into(),
            Fallback::Flag(flag) => flag.into(),
        }
    }
}

/// Members that the book itself writes. Whoever sends back what it read needn't take them out.
pub(super) fn computed_of(kind: MeshKind) -> &'static [&'static str] {
    match kind {
        MeshKind::Shard => &["previousOwnerNodeId", "ownershipDelta"],
        _ => &[],
    }
}

static NAMESPACE: Object = object(&[
    VERSION,
    must("namespace", text(Form::NamespaceId)),
    may("strategyId", text(Form::Id)),
    may(
        "boundFactor",
        Shape::Number {
            min: 1.0,
            max: 1000.0,
        },
    ),
    may("ranges", text(Form::Choice(&["key", "hash"]))),
    may("description", free(4096)),
    may("labels", Shape::Map(&LABELS)),
    may("annotations", Shape::Map(&LABELS)),
]);

static NODE: Object = object(&[
    VERSION,
    must("namespace", text(Form::NamespaceId)),
    must("nodeId", text(Form::Id)),
    may("weight", WEIGHT),
    may("region", text(Form::Id)),
    may("zone", text(Form::Id)),
    may("draining", Shape::Bool),
    may("labels", Shape::Map(&LABELS)),
    may("annotations", Shape::Map(&LABELS)),
]);

static SERVICE: Object = object(&[
    VERSION,
    must("namespace", text(Form::NamespaceId)),
    must("serviceId", text(Form::Id)),
    may("description", free(4096)),
    may("labels", Shape::Map(&LABELS)),
    may("annotations", Shape::Map(&LABELS)),
]);

static ENDPOINT: Object = object(&[
    VERSION,
    must("namespace", text(Form::NamespaceId)),
    must("serviceId", text(Form::Id)),
    must("endpointId", text(Form::Id)),
    must("uri", Shape::Text(Text::new(1, 2048, Form::Uri))),
    may("nodeId", text(Form::Id)),
    may("weight", WEIGHT),
    may("region", text(Form::Id)),
    may("zone", text(Form::Id)),
    may("labels", Shape::Map(&LABELS)),
    may("annotations", Shape::Map(&LABELS)),
]);

static SHARD: Object = object(&[
    VERSION,
    must("namespace", text(Form::NamespaceId)),
    must("shardId", text(Form::Id)),
    may("strategyId", text(Form::Id)),
    must("ownerNodeId", text(Form::Id)),
    may("leaderId", optional_free(512)),
    may("capacityHint", Shape::Double),
    may(
        "status",
        text(Form::Choice(&["active", "draining", "paused", "disabled"])),
    ),
    may("localityHint", optional_free(1024)),
    may("keyRange", Shape::Object(&KEY_RANGE)),
    may("hashRange", Shape::Object(&HASH_RANGE)),
    may("changeTicket", optional_free(512)),
    may("ownershipDeltaPercent", Shape::Double),
    may("metadata", optional_free(64 * 1024)),
    may("annotations", Shape::Map(&LABELS)),
]);

static KEY_RANGE: Object = object(&[
    may("start", text_or_empty(Form::Base64)),
    may("end", text_or_empty(Form::Base64)),
]);

static HASH_RANGE: Object = object(&[
    may("start", text(Form::Unsigned)),
    may("end", text(Form::Unsigned)),
]);

const VERSION: Member = may(VERSION_MEMBER, text(Form::MeshVersion));

const WEIGHT: Shape = Shape::Number {
    min: 0.0,
    max: MAX_WEIGHT,
};

static LABELS: shape::Map = shape::Map {
    of: Shape::Text(Text::new(0, NO_LIMIT, Form::Free)),
    max_key_chars: 253,
    max_bytes: MAX_LABEL_BYTES,
};

const fn object(members: &'static [Member]) -> Object {
    Object {
        members,
        one_of: &[],
    }
}

const fn must(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        shape,
        required: true,
    }
}

const fn may(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        shape,
        required: false,
    }
}

/// The form says how long it may be.
const fn text(form: Form) -> Shape {
    Shape::Text(Text::new(0, NO_LIMIT, form).taken_from_source())
}

const fn text_or_empty(form: Form) -> Shape {
    Shape::Text(Text::new(0, NO_LIMIT, form))
}

const fn free(max: usize) -> Shape {
    Shape::Text(Text::up_to(max))
}

/// Empty text isn't the same as none: both are on the wire of the reference.
const fn optional_free(max: usize) -> Shape {
    Shape::Text(Text::new(0, max, Form::Free))
}
