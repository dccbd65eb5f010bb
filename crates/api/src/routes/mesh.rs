//! The routes of namespaces, nodes, services, endpoints and shards: the same for each.

use deedbook_model::Capability;
use deedbook_model::code::Code;
use deedbook_model::mesh::MeshKind;

use super::{
    DOCUMENT_BYTES, JSON, NDJSON, NOT_MODIFIED, PATCH_JSON, READ_REFUSALS, REMOVE_REFUSALS,
    UPDATE_REFUSALS, before_the_book, get, json, other, plain_text, send,
};
use crate::parameters::{
    CONDITIONS, DIFF, DRY_RUN, ENDPOINT_FILTERS, ENDPOINT_KEY, EXPECTED_OR_NONE, FORCE, HISTORY,
    IF_NONE_MATCH, LIMITED, NAMESPACE_FILTERS, NAMESPACE_KEY, NODE_FILTERS, NODE_KEY, PAGE,
    POINTER, READ, SERVICE_FILTERS, SERVICE_KEY, SHARD_FILTERS, SHARD_KEY, STRICT, WITH_RECORD,
    WRITE,
};
use crate::route::{
    Content, Decision, Example, MeshRoute, Method, Resource, Route, RouteId, Schema,
};
use crate::samples;

const READS: Decision = Decision::Needs(Capability::MeshRead, Resource::Namespace);
const FINDS: Decision = Decision::Needs(Capability::MeshRead, Resource::FoundNamespaces);
const WRITES: Decision = Decision::Needs(Capability::MeshOperate, Resource::Namespace);

const LIST_REFUSALS: &[Code] = &[
    Code::NotFound,
    Code::Compacted,
    Code::CursorExpired,
    Code::Integrity,
];

/// Putting, with `If-Match`: there may be nothing yet.
const PUT_REFUSALS: &[Code] = &[
    Code::Conflict,
    Code::PreconditionFailed,
    Code::BadMediaType,
    Code::KeyReused,
    Code::Compacted,
    Code::UnknownOutcome,
    Code::Integrity,
];

/// How many routes each kind has.
pub(super) const EACH: usize = 8;

macro_rules! routes_of {
    (
        $kind:ident, $what:literal, $list:literal, $one:literal, $filters:ident, $key:ident,
        there: $there:literal, absent: $absent:literal, unused: $unused:literal,
        sample: $sample:ident, filter: $filter:literal, faulty: $faulty:literal,
        patch: $patch:literal, bad_patch: $bad_patch:literal $(,)?
    ) => {
        [
            Route {
                id: RouteId::Mesh(MeshKind::$kind, MeshRoute::List),
                method: Method::Get,
                path: $list,
                summary: concat!(
                    "List ",
                    $what,
                    "s; with `Accept: application/x-ndjson` all that fit, one a line"
                ),
                decision: FINDS,
                parameters: &[$filters, PAGE, READ],
                content: None,
                answers: &[
                    json(200, Schema::MeshPage(MeshKind::$kind), "A page, by key."),
                    other(NDJSON, "All that fit, of one revision, a record a line."),
                ],
                refusals: LIST_REFUSALS,
                examples: &[
                    get("All", $list, 200),
                    get("Some", concat!($list, "?", $filter), 200),
                    get("A page of one", concat!($list, "?limit=1"), 200),
                    get("A limit out of range", concat!($list, "?limit=0"), 400),
                    Example {
                        headers: &[("Accept", NDJSON)],
                        ..get("All, one a line", $list, 200)
                    },
                    before_the_book(concat!($list, "?at=1970-01-01T00:00:00Z")),
                ],
            },
            Route {
                id: RouteId::Mesh(MeshKind::$kind, MeshRoute::Get),
                method: Method::Get,
                path: $one,
                summary: concat!("Get one ", $what),
                decision: READS,
                parameters: &[$key, READ, IF_NONE_MATCH],
                content: None,
                answers: &[
                    json(200, Schema::MeshRecord(MeshKind::$kind), "The record."),
                    NOT_MODIFIED,
                ],
                refusals: READ_REFUSALS,
                examples: &[
                    get("One", $there, 200),
                    get("Nothing has that name", $absent, 404),
                    Example {
                        headers: &[("If-None-Match", "*")],
                        ..get("Only if it changed", $there, 304)
                    },
                    get(
                        "A revision that is none",
                        concat!($there, "?at=yesterday"),
                        400,
                    ),
                ],
            },
            Route {
                id: RouteId::Mesh(MeshKind::$kind, MeshRoute::Put),
                method: Method::Put,
                path: $one,
                summary: concat!(
                    "Make a ",
                    $what,
                    ", or put it in the place of the one of that name"
                ),
                decision: WRITES,
                parameters: &[$key, DRY_RUN, STRICT, EXPECTED_OR_NONE, WRITE],
                content: Some(Content {
                    media_types: &[JSON, "application/yaml"],
                    schema: Schema::MeshDocument(MeshKind::$kind),
                    required: true,
                    max_bytes: DOCUMENT_BYTES,
                }),
                answers: &[
                    json(201, Schema::WrittenMesh(MeshKind::$kind), "It was made."),
                    json(
                        200,
                        Schema::WrittenMesh(MeshKind::$kind),
                        "It was there and is now like this, or this was a dry run.",
                    ),
                ],
                refusals: PUT_REFUSALS,
                examples: &[
                    send("Make one", $absent, (JSON, samples::$sample), 201),
                    send(
                        "Put another in its place",
                        $there,
                        (JSON, samples::$sample),
                        200,
                    ),
                    send(
                        "Only if there is none",
                        concat!($there, "?expectedGeneration=0"),
                        (JSON, samples::$sample),
                        409,
                    ),
                    Example {
                        headers: &[("If-Match", "\"2\"")],
                        ..send("Somebody was faster", $there, (JSON, samples::$sample), 412)
                    },
                    send("With faults", $absent, (JSON, $faulty), 400),
                    plain_text($absent),
                ],
            },
            Route {
                id: RouteId::Mesh(MeshKind::$kind, MeshRoute::Patch),
                method: Method::Patch,
                path: $one,
                summary: concat!("Change a ", $what, " by a merge patch (RFC 7396)"),
                decision: WRITES,
                parameters: &[$key, DRY_RUN, CONDITIONS, WRITE],
                content: Some(Content {
                    media_types: &[PATCH_JSON, JSON],
                    schema: Schema::MeshPatch,
                    required: true,
                    max_bytes: DOCUMENT_BYTES,
                }),
                answers: &[json(
                    200,
                    Schema::WrittenMesh(MeshKind::$kind),
                    "The record as it is now.",
                )],
                refusals: UPDATE_REFUSALS,
                examples: &[
                    send("Change a member", $there, (PATCH_JSON, $patch), 200),
                    send("What isn't valid", $there, (PATCH_JSON, $bad_patch), 400),
                    send("Nothing has that name", $absent, (PATCH_JSON, $patch), 404),
                    send(
                        "Another generation",
                        concat!($there, "?expectedGeneration=7"),
                        (PATCH_JSON, $patch),
                        409,
                    ),
                    Example {
                        headers: &[("If-Match", "\"2\"")],
                        ..send("Somebody was faster", $there, (PATCH_JSON, $patch), 412)
                    },
                    plain_text($there),
                ],
            },
            Route {
                id: RouteId::Mesh(MeshKind::$kind, MeshRoute::Remove),
                method: Method::Delete,
                path: $one,
                summary: concat!("Remove a ", $what, " that nothing points to"),
                decision: WRITES,
                parameters: &[$key, DRY_RUN, FORCE, CONDITIONS, WRITE],
                content: None,
                answers: &[json(
                    200,
                    Schema::RemovedMesh(MeshKind::$kind),
                    "It is gone.",
                )],
                refusals: REMOVE_REFUSALS,
                examples: &[
                    get("Remove one", $unused, 200),
                    get("Nothing has that name", $absent, 404),
                    get(
                        "Another generation",
                        concat!($there, "?expectedGeneration=7"),
                        409,
                    ),
                    Example {
                        headers: &[("If-Match", "\"2\"")],
                        ..get("Somebody was faster", $there, 412)
                    },
                    get("Neither yes nor no", concat!($there, "?force=maybe"), 400),
                ],
            },
            Route {
                id: RouteId::Mesh(MeshKind::$kind, MeshRoute::History),
                method: Method::Get,
                path: concat!($one, "/history"),
                summary: concat!(
                    "List the changes of a ",
                    $what,
                    ", newest first; also of a removed one"
                ),
                decision: READS,
                parameters: &[$key, LIMITED, HISTORY, READ],
                content: None,
                answers: &[json(
                    200,
                    Schema::MeshHistory,
                    "Its changes, without the records.",
                )],
                refusals: READ_REFUSALS,
                examples: &[
                    get("All changes", concat!($there, "/history"), 200),
                    get(
                        "Nothing ever had that name",
                        concat!($absent, "/history"),
                        404,
                    ),
                    get(
                        "A limit out of range",
                        concat!($there, "/history?limit=1001"),
                        400,
                    ),
                ],
            },
            Route {
                id: RouteId::Mesh(MeshKind::$kind, MeshRoute::Why),
                method: Method::Get,
                path: concat!($one, "/why"),
                summary: concat!(
                    "Say which change last set a ",
                    $what,
                    " or a field of it; also of a removed one"
                ),
                decision: READS,
                parameters: &[$key, POINTER, WITH_RECORD, READ],
                content: None,
                answers: &[json(
                    200,
                    Schema::MeshWhy,
                    "That change, and the field before and after it.",
                )],
                refusals: READ_REFUSALS,
                examples: &[
                    get("Who made it as it is", concat!($there, "/why"), 200),
                    get(
                        "Who named its namespace",
                        concat!($there, "/why?pointer=/namespace"),
                        200,
                    ),
                    get(
                        "A field that never was",
                        concat!($there, "/why?pointer=/colour"),
                        404,
                    ),
                    get(
                        "A pointer that is none",
                        concat!($there, "/why?pointer=namespace"),
                        400,
                    ),
                ],
            },
            Route {
                id: RouteId::Mesh(MeshKind::$kind, MeshRoute::Diff),
                method: Method::Get,
                path: concat!($one, "/diff"),
                summary: concat!("Say what differs in a ", $what, " between two moments"),
                decision: READS,
                parameters: &[$key, DIFF, READ],
                content: None,
                answers: &[json(200, Schema::MeshDiff, "Where its data differs.")],
                refusals: READ_REFUSALS,
                examples: &[
                    get("Since a revision", concat!($there, "/diff?from=4"), 200),
                    get(
                        "Nothing had that name",
                        concat!($absent, "/diff?from=4"),
                        404,
                    ),
                    get("Since when?", concat!($there, "/diff"), 400),
                ],
            },
        ]
    };
}

pub(super) const NAMESPACES: [Route; EACH] = routes_of!(
    Namespace,
    "namespace",
    "/v1/namespaces",
    "/v1/namespaces/{namespace}",
    NAMESPACE_FILTERS,
    NAMESPACE_KEY,
    there: "/v1/namespaces/parcels",
    absent: "/v1/namespaces/letters",
    unused: "/v1/namespaces/returns",
    sample: NAMESPACE,
    filter: "search=parcel",
    faulty: r#"{"strategyId":"rnig"}"#,
    patch: r#"{"description":"Everything on its way."}"#,
    bad_patch: r#"{"ranges":"all"}"#,
);

pub(super) const NODES: [Route; EACH] = routes_of!(
    Node,
    "node",
    "/v1/nodes",
    "/v1/nodes/{namespace}/{nodeId}",
    NODE_FILTERS,
    NODE_KEY,
    there: "/v1/nodes/parcels/depot-1",
    absent: "/v1/nodes/parcels/depot-9",
    unused: "/v1/nodes/parcels/depot-2",
    sample: NODE,
    filter: "namespace=parcels&zone=north",
    faulty: r#"{"weight":-1}"#,
    patch: r#"{"draining":true}"#,
    bad_patch: r#"{"weight":"heavy"}"#,
);

pub(super) const SERVICES: [Route; EACH] = routes_of!(
    Service,
    "service",
    "/v1/services",
    "/v1/services/{namespace}/{serviceId}",
    SERVICE_FILTERS,
    SERVICE_KEY,
    there: "/v1/services/parcels/tracking",
    absent: "/v1/services/parcels/billing",
    unused: "/v1/services/parcels/labels",
    sample: SERVICE,
    filter: "search=track",
    faulty: r#"{"labels":["a"]}"#,
    patch: r#"{"description":"Where is my parcel?"}"#,
    bad_patch: r#"{"description":7}"#,
);

pub(super) const ENDPOINTS: [Route; EACH] = routes_of!(
    Endpoint,
    "endpoint",
    "/v1/endpoints",
    "/v1/endpoints/{namespace}/{serviceId}/{endpointId}",
    ENDPOINT_FILTERS,
    ENDPOINT_KEY,
    there: "/v1/endpoints/parcels/tracking/a",
    absent: "/v1/endpoints/parcels/tracking/z",
    unused: "/v1/endpoints/parcels/tracking/a",
    sample: ENDPOINT,
    filter: "service=tracking",
    faulty: r#"{"uri":"10.0.0.7"}"#,
    patch: r#"{"weight":0.5}"#,
    bad_patch: r#"{"uri":"grpc://user:secret@10.0.0.7:8443"}"#,
);

pub(super) const SHARDS: [Route; EACH] = routes_of!(
    Shard,
    "shard",
    "/v1/shards",
    "/v1/shards/{namespace}/{shardId}",
    SHARD_FILTERS,
    SHARD_KEY,
    there: "/v1/shards/parcels/p-01",
    absent: "/v1/shards/parcels/p-99",
    unused: "/v1/shards/parcels/p-01",
    sample: SHARD,
    filter: "owner=depot-1&status=active",
    faulty: r#"{"ownerNodeId":" "}"#,
    patch: r#"{"ownerNodeId":"depot-2"}"#,
    bad_patch: r#"{"status":"gone"}"#,
);
