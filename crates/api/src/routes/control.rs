//! The routes of the reference's shard control plane: its paths, parameters and bodies, as they are.

use deedbook_model::Capability;
use deedbook_model::code::Code;
use deedbook_model::shard::control::parameters::Need;

use super::{DOCUMENT_BYTES, EVENT_STREAM, JSON, get, json, other, plain_text, send};
use crate::parameters::{IF_NONE_MATCH, READ};
use crate::route::{
    Answer, Content, ControlRoute, Decision, Example, Form, Method, Parameter, Place, Resource,
    Route, RouteId, Schema,
};
use crate::samples;

/// Whoever may look at a namespace or change what is in it. Which of both counts, the request says.
const READS: Decision = Decision::NeedsOne(&[Capability::MeshRead, Capability::MeshOperate]);
const COMPARES: Decision = Decision::Needs(Capability::MeshOperate, Resource::FoundNamespaces);
const TRIES: Decision = Decision::Needs(Capability::MeshOperate, Resource::Namespace);

/// Longest text of a filter, in bytes.
const TEXT: usize = 1024;

const fn query(name: &'static str, form: Form, description: &'static str) -> Parameter {
    Parameter {
        name,
        place: Place::Query,
        form,
        required: false,
        description,
    }
}

const fn scope(description: &'static str) -> Parameter {
    Parameter {
        name: Need::HEADER,
        place: Place::Header,
        form: Form::Text(4096),
        required: true,
        description,
    }
}

const READ_SCOPE: &[Parameter] = &[scope(
    "What the caller claims to do: `mesh.read` or `mesh.operate`, among others between spaces, \
     commas or semicolons. It narrows what the credential allows and gives nothing.",
)];

const OPERATE_SCOPE: &[Parameter] = &[scope(
    "What the caller claims to do: `mesh.operate`, among others between spaces, commas or \
     semicolons. It narrows what the credential allows and gives nothing.",
)];

const FILTERS: &[Parameter] = &[
    query(
        "namespace",
        Form::Text(TEXT),
        "Only of this namespace, ignoring case. Blank or absent: of any.",
    ),
    query(
        "owner",
        Form::Text(TEXT),
        "Only those that this node owns, ignoring case. Blank or absent: any does.",
    ),
    query(
        "search",
        Form::Text(TEXT),
        "Only those with this text in their id, ignoring case; no character is a wildcard. Blank or \
         absent: all.",
    ),
    query(
        "status",
        Form::Texts(256),
        "Only with one of these statuses, by name (`Active`, `Draining`, `Paused`, `Disabled`) or \
         number (0 to 3), between spaces, commas or semicolons. Absent: with any.",
    ),
];

const PAGE: &[Parameter] = &[
    query(
        "pageSize",
        Form::Text(64),
        "How many shards a page has, 500 at most. Absent, 0 or less: 100.",
    ),
    query(
        "cursor",
        Form::Text(8192),
        "The `nextCursor` of the page before. Blank or absent: the first page.",
    ),
];

const RANGE: &[Parameter] = &[
    query(
        "fromVersion",
        Form::Text(64),
        "The first position. Absent, 0 or less: the oldest that is kept.",
    ),
    query(
        "toVersion",
        Form::Text(64),
        "The last position. Absent: the newest.",
    ),
];

const RESUME: &[Parameter] = &[
    query(
        "resumeToken",
        Form::Text(64),
        "Only changes after this position. Absent, 0 or less: all that are kept.",
    ),
    Parameter {
        name: "Last-Event-ID",
        place: Place::Header,
        form: Form::Text(64),
        required: false,
        description: "The `id` of the last event that was received; wins over `resumeToken`. \
                      Browsers send it by themselves.",
    },
];

const BAD_PARAMETER: Answer = json(
    400,
    Schema::ControlError,
    "A parameter can't be read, or the content.",
);

const NO_SCOPE: Answer = Answer {
    status: 403,
    description: "`x-mesh-scope` has no scope that is enough: without content. With it: refused.",
    media_type: None,
    schema: None,
};

const NOT_MODIFIED: Answer = Answer {
    status: 304,
    description: "The shards are still at the version that `If-None-Match` names.",
    media_type: None,
    schema: None,
};

const READING: &[(&str, &str)] = &[("x-mesh-scope", "mesh.read")];
const OPERATING: &[(&str, &str)] = &[("x-mesh-scope", "mesh.operate")];

const fn reading(title: &'static str, target: &'static str, status: u16) -> Example {
    Example {
        headers: READING,
        ..get(title, target, status)
    }
}

const fn operating(title: &'static str, target: &'static str, status: u16) -> Example {
    Example {
        headers: OPERATING,
        ..get(title, target, status)
    }
}

const fn trying(title: &'static str, content: &'static str, status: u16) -> Example {
    Example {
        headers: OPERATING,
        ..send(title, SIMULATE, (JSON, content), status)
    }
}

const SIMULATE: &str = "/control/shards/simulate";

pub(super) const SHARD_CONTROL: [Route; 4] = [
    Route {
        id: RouteId::Control(ControlRoute::List),
        method: Method::Get,
        path: "/control/shards",
        summary: "List shards as the reference does, by namespace and id",
        decision: READS,
        parameters: &[FILTERS, PAGE, READ, IF_NONE_MATCH, READ_SCOPE],
        content: None,
        answers: &[
            json(200, Schema::ControlShards, "A page."),
            NOT_MODIFIED,
            BAD_PARAMETER,
            NO_SCOPE,
        ],
        refusals: &[Code::NotFound, Code::Compacted, Code::Integrity],
        examples: &[
            reading("All", "/control/shards", 200),
            reading(
                "Some",
                "/control/shards?namespace=parcels&owner=depot-1&status=Active,Draining",
                200,
            ),
            Example {
                headers: &[("x-mesh-scope", "mesh.read"), ("If-None-Match", "*")],
                ..get("Only if it changed", "/control/shards", 304)
            },
            reading(
                "A page size that is none",
                "/control/shards?pageSize=x",
                400,
            ),
            reading("No cursor", "/control/shards?cursor=!", 400),
            get("Without a scope", "/control/shards", 403),
            reading(
                "Before the book was begun",
                "/control/shards?at=1970-01-01T00:00:00Z",
                404,
            ),
        ],
    },
    Route {
        id: RouteId::Control(ControlRoute::Diff),
        method: Method::Get,
        path: "/control/shards/diff",
        summary: "List changes of shards as the reference does, by position, so many at a time",
        decision: COMPARES,
        parameters: &[FILTERS, RANGE, READ, OPERATE_SCOPE],
        content: None,
        answers: &[
            json(
                200,
                Schema::ControlDiff,
                "Changes; `lastPosition` is the last position that was looked at: ask again from \
                 the one after it.",
            ),
            BAD_PARAMETER,
            NO_SCOPE,
        ],
        refusals: &[Code::NotFound, Code::Compacted, Code::Integrity],
        examples: &[
            operating("All", "/control/shards/diff", 200),
            operating(
                "Of one namespace, from a position",
                "/control/shards/diff?namespace=parcels&fromVersion=5",
                200,
            ),
            operating(
                "A position that is none",
                "/control/shards/diff?fromVersion=x",
                400,
            ),
            get("Without a scope", "/control/shards/diff", 403),
            operating(
                "Before the book was begun",
                "/control/shards/diff?at=1970-01-01T00:00:00Z",
                404,
            ),
        ],
    },
    Route {
        id: RouteId::Control(ControlRoute::Watch),
        method: Method::Get,
        path: "/control/shards/watch",
        summary: "Watch changes of shards as the reference's server-sent events, and stay open",
        decision: READS,
        parameters: &[FILTERS, RESUME, READ_SCOPE, ONCE],
        content: None,
        answers: &[
            other(EVENT_STREAM, "`shard.diff` events, as they come."),
            BAD_PARAMETER,
            NO_SCOPE,
        ],
        refusals: &[Code::Compacted],
        examples: &[
            reading("What there is", "/control/shards/watch?once=true", 200),
            Example {
                headers: &[("x-mesh-scope", "mesh.read"), ("Last-Event-ID", "12")],
                ..get(
                    "On from an event",
                    "/control/shards/watch?resumeToken=3&once=true",
                    200,
                )
            },
            reading(
                "A position that is none",
                "/control/shards/watch?resumeToken=x",
                400,
            ),
            get("Without a scope", "/control/shards/watch", 403),
        ],
    },
    Route {
        id: RouteId::Control(ControlRoute::Simulate),
        method: Method::Post,
        path: SIMULATE,
        summary: "Try where a strategy would place the shards of a namespace; nothing is changed",
        decision: TRIES,
        parameters: &[OPERATE_SCOPE],
        content: Some(Content {
            media_types: &[JSON],
            schema: Schema::ControlSimulation,
            required: true,
            max_bytes: DOCUMENT_BYTES,
        }),
        answers: &[
            json(
                200,
                Schema::ControlPlacement,
                "Every shard's node, and what would move.",
            ),
            BAD_PARAMETER,
            NO_SCOPE,
        ],
        refusals: &[Code::NotFound, Code::BadMediaType],
        examples: &[
            trying("On two nodes", samples::SIMULATION, 200),
            trying("No nodes", r#"{"namespace":"parcels"}"#, 400),
            trying("No object", "[]", 400),
            trying(
                "A namespace without shards",
                r#"{"namespace":"letters","nodes":[{"nodeId":"depot-1"}]}"#,
                404,
            ),
            Example {
                headers: OPERATING,
                ..plain_text(SIMULATE)
            },
            send(
                "Without a scope",
                SIMULATE,
                (JSON, samples::SIMULATION),
                403,
            ),
        ],
    },
];

const ONCE: &[Parameter] = &[query(
    "once",
    Form::Flag,
    "End when all that is there was sent. Absent: `false`, which waits for more.",
)];
