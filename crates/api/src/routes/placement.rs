//! The routes of changes of hands: transfers, plans, and which shard holds a key.

use deedbook_model::Capability;
use deedbook_model::code::Code;

use super::{
    BATCH_BYTES, JSON, READ_REFUSALS, SMALL_BYTES, UPDATE_REFUSALS, before_the_book, get, json,
    plain_text, send,
};
use crate::parameters::{CONDITIONS, DRY_RUN, LOCATE, NAMESPACE_KEY, PLAN, READ, SHARD_KEY, WRITE};
use crate::route::{Content, Decision, Example, Method, Resource, Route, RouteId, Schema};
use crate::samples;

const READS: Decision = Decision::Needs(Capability::MeshRead, Resource::Namespace);
const WRITES: Decision = Decision::Needs(Capability::MeshOperate, Resource::Namespace);

/// Planning: there may be nothing to place shards on.
const PLAN_REFUSALS: &[Code] = &[
    Code::NotFound,
    Code::Conflict,
    Code::Compacted,
    Code::Integrity,
];

/// Applying: the plan may not stand any more.
const APPLY_REFUSALS: &[Code] = &[
    Code::Conflict,
    Code::BadMediaType,
    Code::KeyReused,
    Code::Compacted,
    Code::UnknownOutcome,
    Code::Integrity,
];

const TRANSFER: &str = "/v1/shards/parcels/p-01/transfer";
const PLANNED: &str = "/v1/namespaces/parcels/plan";
const APPLY: &str = "/v1/namespaces/parcels/apply";
const LOCATED: &str = "/v1/namespaces/parcels/locate";

pub(super) const PLACEMENT: &[Route] = &[
    Route {
        id: RouteId::TransferShard,
        method: Method::Post,
        path: "/v1/shards/{namespace}/{shardId}/transfer",
        summary: "Give a shard to another node",
        decision: WRITES,
        parameters: &[SHARD_KEY, DRY_RUN, CONDITIONS, WRITE],
        content: Some(Content {
            media_types: &[JSON],
            schema: Schema::TransferRequest,
            required: true,
            max_bytes: SMALL_BYTES,
        }),
        answers: &[json(
            200,
            Schema::WrittenMesh(deedbook_model::mesh::MeshKind::Shard),
            "The shard as it is now.",
        )],
        refusals: UPDATE_REFUSALS,
        examples: &[
            Example {
                headers: &[("Deedbook-Ticket", "CHG-7"), ("Deedbook-Reason", "drain")],
                ..send("Give it away", TRANSFER, (JSON, samples::TRANSFER), 200)
            },
            send(
                "Only as it was seen",
                "/v1/shards/parcels/p-01/transfer?expectedGeneration=7",
                (JSON, samples::TRANSFER),
                409,
            ),
            Example {
                headers: &[("If-Match", "\"2\"")],
                ..send(
                    "Somebody was faster",
                    TRANSFER,
                    (JSON, samples::TRANSFER),
                    412,
                )
            },
            send(
                "No such shard",
                "/v1/shards/parcels/p-99/transfer",
                (JSON, samples::TRANSFER),
                404,
            ),
            send("To nobody", TRANSFER, (JSON, r#"{"ownerNodeId":""}"#), 400),
            send("To whom?", TRANSFER, (JSON, "{}"), 400),
            plain_text(TRANSFER),
        ],
    },
    Route {
        id: RouteId::PlanNamespace,
        method: Method::Get,
        path: "/v1/namespaces/{namespace}/plan",
        summary: "Say which shards should move where, and why; nothing moves",
        decision: READS,
        parameters: &[NAMESPACE_KEY, PLAN, READ],
        content: None,
        answers: &[json(
            200,
            Schema::Plan,
            "The plan: what `apply` takes, as it is.",
        )],
        refusals: PLAN_REFUSALS,
        examples: &[
            get("To where the namespace's strategy has them", PLANNED, 200),
            get(
                "By another strategy, the most needed move alone",
                "/v1/namespaces/parcels/plan?strategy=rendezvous&maxMoves=1",
                200,
            ),
            get(
                "No such strategy",
                "/v1/namespaces/parcels/plan?strategy=rnig",
                400,
            ),
            get(
                "What that command did can't be undone: it moved nothing",
                "/v1/namespaces/parcels/plan?undo=5",
                409,
            ),
            get(
                "Two plans at once",
                "/v1/namespaces/parcels/plan?undo=5&maxMoves=1",
                400,
            ),
            get("No such namespace", "/v1/namespaces/letters/plan", 404),
            before_the_book("/v1/namespaces/parcels/plan?at=1970-01-01T00:00:00Z"),
        ],
    },
    Route {
        id: RouteId::ApplyPlan,
        method: Method::Post,
        path: "/v1/namespaces/{namespace}/apply",
        summary: "Move exactly the shards of a plan, as one command, while the plan stands",
        decision: WRITES,
        parameters: &[NAMESPACE_KEY, DRY_RUN, WRITE],
        content: Some(Content {
            media_types: &[JSON],
            schema: Schema::Plan,
            required: true,
            max_bytes: BATCH_BYTES,
        }),
        answers: &[json(
            200,
            Schema::Applied,
            "The moves are done, or none was to be done.",
        )],
        refusals: APPLY_REFUSALS,
        examples: &[
            Example {
                headers: &[("Deedbook-Ticket", "CHG-7")],
                ..send("Apply a plan", APPLY, (JSON, samples::PLAN), 200)
            },
            send(
                "One of a state that has moved on",
                APPLY,
                (JSON, samples::STALE_PLAN),
                409,
            ),
            send(
                "One of another namespace",
                "/v1/namespaces/returns/apply",
                (JSON, samples::PLAN),
                400,
            ),
            send("What isn't a plan", APPLY, (JSON, "{}"), 400),
            plain_text(APPLY),
        ],
    },
    Route {
        id: RouteId::LocateKey,
        method: Method::Get,
        path: "/v1/namespaces/{namespace}/locate",
        summary: "Say which shard holds a key by its range, and who has that shard",
        decision: READS,
        parameters: &[NAMESPACE_KEY, LOCATE, READ],
        content: None,
        answers: &[json(200, Schema::Located, "The shard.")],
        refusals: READ_REFUSALS,
        examples: &[
            get("A key", "/v1/namespaces/parcels/locate?key=parcel-7", 200),
            get(
                "A key of any bytes",
                "/v1/namespaces/parcels/locate?keyBase64=cGFyY2VsLTc%3D",
                200,
            ),
            get(
                "No shard holds it",
                "/v1/namespaces/parcels/locate?key=parcel-1",
                404,
            ),
            get("Which key?", LOCATED, 400),
        ],
    },
];
