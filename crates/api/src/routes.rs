//! Every route of Deedbook. The server dispatches by this table, the OpenAPI document is made from
//! it, and a test sends its examples.

mod control;
mod mesh;
mod placement;

use deedbook_model::Capability;
use deedbook_model::code::Code;

use crate::parameters::{
    AFTER, CHANGES, CONDITIONS, DEPTHS, DIFF, DRY_RUN, EXPECTED, FILTERS, GRAPH, HISTORY,
    IF_NONE_MATCH, KEY, KIND, LIMITED, METRIC_NAMES, NAME, PAGE, POINTER, READ, READ_ALL,
    REQUIRE_DEPENDENCIES, STRICT, WATCH, WITH_RECORD, WRITE,
};
use crate::route::{Answer, Content, Decision, Example, Method, Resource, Route, RouteId, Schema};
use crate::samples;

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";
const EVENT_STREAM: &str = "text/event-stream";
const PATCH_JSON: &str = "application/merge-patch+json";

/// A document may have 256 KiB; the rest is for YAML that is written wide.
const DOCUMENT_BYTES: usize = 1 << 20;

/// A command has at most 64 MiB of records.
const BATCH_BYTES: usize = 64 << 20;

/// Content that is a handful of numbers.
const SMALL_BYTES: usize = 16 << 10;

const READS: Decision = Decision::Needs(Capability::RegistryRead, Resource::Component);
const FINDS: Decision = Decision::Needs(Capability::RegistryRead, Resource::FoundComponents);
const WRITES: Decision = Decision::Needs(Capability::RegistryWrite, Resource::Component);
const REGISTERS: Decision = Decision::Needs(Capability::RegistryWrite, Resource::NamedComponents);
const SEES: Decision = Decision::NeedsOne(&[Capability::RegistryRead, Capability::MeshRead]);
const CHANGES_ANYTHING: Decision =
    Decision::NeedsOne(&[Capability::RegistryWrite, Capability::MeshOperate]);
const RULES: Decision = Decision::Needs(Capability::Admin, Resource::Book);
const COPIES: Decision = Decision::Needs(Capability::ReplicationRead, Resource::Book);

const DOCUMENT: Content = Content {
    media_types: &[JSON, "application/yaml"],
    schema: Schema::ComponentDocument,
    required: true,
    max_bytes: DOCUMENT_BYTES,
};

/// Reading the past: it may be gone.
const READ_REFUSALS: &[Code] = &[Code::NotFound, Code::Compacted, Code::Integrity];

/// Making something.
const REGISTER_REFUSALS: &[Code] = &[
    Code::Conflict,
    Code::BadMediaType,
    Code::KeyReused,
    Code::Compacted,
    Code::UnknownOutcome,
    Code::Integrity,
];

/// Changing what has a name.
const CHANGE_REFUSALS: &[Code] = &[
    Code::NotFound,
    Code::Conflict,
    Code::BadMediaType,
    Code::KeyReused,
    Code::Compacted,
    Code::UnknownOutcome,
    Code::Integrity,
];

/// The same, with `If-Match`.
const UPDATE_REFUSALS: &[Code] = &[
    Code::NotFound,
    Code::Conflict,
    Code::PreconditionFailed,
    Code::BadMediaType,
    Code::KeyReused,
    Code::Compacted,
    Code::UnknownOutcome,
    Code::Integrity,
];

/// Removing, with `If-Match`: there is no content.
const REMOVE_REFUSALS: &[Code] = &[
    Code::NotFound,
    Code::Conflict,
    Code::PreconditionFailed,
    Code::KeyReused,
    Code::Compacted,
    Code::UnknownOutcome,
    Code::Integrity,
];

/// Removing without it.
const REMOVE_PRINCIPAL_REFUSALS: &[Code] = &[
    Code::NotFound,
    Code::Conflict,
    Code::KeyReused,
    Code::Compacted,
    Code::UnknownOutcome,
    Code::Integrity,
];

/// Content that is a handful of members.
const fn small(schema: Schema, required: bool) -> Content {
    Content {
        media_types: &[JSON],
        schema,
        required,
        max_bytes: SMALL_BYTES,
    }
}

const fn json(status: u16, schema: Schema, description: &'static str) -> Answer {
    Answer {
        status,
        description,
        media_type: Some(JSON),
        schema: Some(schema),
    }
}

const fn other(media_type: &'static str, description: &'static str) -> Answer {
    Answer {
        status: 200,
        description,
        media_type: Some(media_type),
        schema: None,
    }
}

const NOT_MODIFIED: Answer = Answer {
    status: 304,
    description: "The record is still at the revision that `If-None-Match` names.",
    media_type: None,
    schema: None,
};

const fn get(title: &'static str, target: &'static str, status: u16) -> Example {
    Example {
        title,
        target,
        headers: &[],
        content: None,
        status,
    }
}

const fn send(
    title: &'static str,
    target: &'static str,
    content: (&'static str, &'static str),
    status: u16,
) -> Example {
    Example {
        content: Some(content),
        ..get(title, target, status)
    }
}

const fn nobody(target: &'static str) -> Example {
    get("Nothing has that name", target, 404)
}

const fn before_the_book(target: &'static str) -> Example {
    get("Before the book was begun", target, 404)
}

const fn unknown_parameter(target: &'static str) -> Example {
    get("A parameter that there isn't", target, 400)
}

const fn plain_text(target: &'static str) -> Example {
    send(
        "Content of another type",
        target,
        ("text/plain", "geo_index"),
        415,
    )
}

/// All routes, in the order of the documentation.
pub const ROUTES: &[Route] = &{
    let parts: [&[Route]; 8] = [
        BOOK,
        &mesh::NAMESPACES,
        &mesh::NODES,
        &mesh::SERVICES,
        &mesh::ENDPOINTS,
        &mesh::SHARDS,
        placement::PLACEMENT,
        &control::SHARD_CONTROL,
    ];
    const PARTS: usize = placement::PLACEMENT.len() + control::SHARD_CONTROL.len();
    joined::<{ BOOK.len() + 5 * mesh::EACH + PARTS }>(&parts)
};

/// Several tables as one.
#[expect(
    clippy::indexing_slicing,
    reason = "done while compiling, which a fault would stop"
)]
const fn joined<const N: usize>(parts: &[&[Route]]) -> [Route; N] {
    let mut all = [BOOK[0]; N];
    let (mut part, mut row, mut place) = (0, 0, 0);
    while part < parts.len() {
        if row == parts[part].len() {
            (part, row) = (part + 1, 0);
            continue;
        }
        all[place] = parts[part][row];
        (row, place) = (row + 1, place + 1);
    }
    all
}

/// Components, the book, and the server itself.
const BOOK: &[Route] = &[
    Route {
        id: RouteId::RegisterComponent,
        method: Method::Post,
        path: "/v1/components",
        summary: "Register one version of a component",
        decision: REGISTERS,
        parameters: &[DRY_RUN, STRICT, REQUIRE_DEPENDENCIES, WRITE],
        content: Some(DOCUMENT),
        answers: &[
            json(
                201,
                Schema::WrittenComponent,
                "Registered; `Location` says where it is.",
            ),
            json(
                200,
                Schema::WrittenComponent,
                "It was registered like that before, or this was a dry run.",
            ),
        ],
        refusals: REGISTER_REFUSALS,
        examples: &[
            send(
                "Register a JSON document",
                "/v1/components",
                (JSON, samples::HEADER_CHECK),
                201,
            ),
            send(
                "Register a YAML document",
                "/v1/components",
                ("application/yaml", samples::HEADER_CHECK_YAML),
                201,
            ),
            send(
                "Register what is there already",
                "/v1/components",
                (JSON, samples::GEO_INDEX),
                200,
            ),
            send(
                "Try it only",
                "/v1/components?dryRun=true",
                (JSON, samples::HEADER_CHECK),
                200,
            ),
            send(
                "A document with faults",
                "/v1/components",
                (JSON, r#"{"metadata_version":"0.3.0","name":"a b"}"#),
                400,
            ),
            Example {
                headers: &[
                    ("Deedbook-Reason", "f%C3%BCr%20das%20Release"),
                    ("Deedbook-Ticket", "LP-42"),
                ],
                ..send(
                    "Say why",
                    "/v1/components",
                    (JSON, samples::HEADER_CHECK),
                    201,
                )
            },
            send(
                "Another has that name and version",
                "/v1/components",
                (JSON, samples::GEO_INDEX_AGAIN),
                409,
            ),
            plain_text("/v1/components"),
        ],
    },
    Route {
        id: RouteId::ListComponents,
        method: Method::Get,
        path: "/v1/components",
        summary: "List or search components; with `Accept: application/x-ndjson` all that fit, one a line",
        decision: FINDS,
        parameters: &[FILTERS, PAGE, READ],
        content: None,
        answers: &[
            json(
                200,
                Schema::ComponentPage,
                "A page, by name, highest version first.",
            ),
            other(NDJSON, "All that fit, of one revision, a record a line."),
        ],
        refusals: &[
            Code::NotFound,
            Code::Compacted,
            Code::CursorExpired,
            Code::Integrity,
        ],
        examples: &[
            get("List all", "/v1/components", 200),
            get("With two tags", "/v1/components?tag=maps&tag=search", 200),
            get(
                "Find by words",
                "/v1/components?text=nearest%20street&latestOnly=true",
                200,
            ),
            get("A page of one", "/v1/components?limit=1", 200),
            get("As it was", "/v1/components?at=2", 200),
            get("A limit out of range", "/v1/components?limit=0", 400),
            Example {
                headers: &[("Accept", NDJSON)],
                ..get("All, one a line", "/v1/components", 200)
            },
            before_the_book("/v1/components?at=1970-01-01T00:00:00Z"),
        ],
    },
    Route {
        id: RouteId::GetComponent,
        method: Method::Get,
        path: "/v1/components/{key}",
        summary: "Get one component",
        decision: READS,
        parameters: &[KEY, READ, IF_NONE_MATCH],
        content: None,
        answers: &[
            json(200, Schema::ComponentRecord, "The component."),
            NOT_MODIFIED,
        ],
        refusals: READ_REFUSALS,
        examples: &[
            get(
                "By uuid",
                "/v1/components/6f1b0c52-0d0e-4b7a-9a43-0d5a3c1b7e02",
                200,
            ),
            get(
                "By name and version spec",
                "/v1/components/geo_index?versionSpec=%5E1",
                200,
            ),
            get("Nothing has that name", "/v1/components/geo_indexx", 404),
            get("Before it was there", "/v1/components/geo_index?at=1", 404),
            Example {
                headers: &[("If-None-Match", "\"3\"")],
                ..get("Only if it changed", "/v1/components/geo_index", 304)
            },
            get(
                "A version spec that is none",
                "/v1/components/geo_index?versionSpec=%5E%5E",
                400,
            ),
        ],
    },
    Route {
        id: RouteId::UpdateComponent,
        method: Method::Patch,
        path: "/v1/components/{key}",
        summary: "Change a component by a merge patch (RFC 7396)",
        decision: WRITES,
        parameters: &[KEY, DRY_RUN, CONDITIONS, WRITE],
        content: Some(Content {
            media_types: &[PATCH_JSON, JSON],
            schema: Schema::ComponentPatch,
            required: true,
            max_bytes: DOCUMENT_BYTES,
        }),
        answers: &[json(
            200,
            Schema::WrittenComponent,
            "The component as it is now.",
        )],
        refusals: UPDATE_REFUSALS,
        examples: &[
            send(
                "Change two members",
                "/v1/components/geo_index",
                (PATCH_JSON, samples::PATCH),
                200,
            ),
            Example {
                headers: &[("If-Match", "\"3\"")],
                ..send(
                    "Only if nobody was faster",
                    "/v1/components/geo_index",
                    (PATCH_JSON, samples::PATCH),
                    200,
                )
            },
            Example {
                headers: &[("If-Match", "\"2\"")],
                ..send(
                    "Somebody was faster",
                    "/v1/components/geo_index",
                    (PATCH_JSON, samples::PATCH),
                    412,
                )
            },
            send(
                "Another generation",
                "/v1/components/geo_index?expectedGeneration=7",
                (PATCH_JSON, samples::PATCH),
                409,
            ),
            send(
                "What never changes",
                "/v1/components/geo_index",
                (PATCH_JSON, r#"{"name":"other"}"#),
                400,
            ),
            send(
                "Nothing has that name",
                "/v1/components/geo_indexx",
                (PATCH_JSON, samples::PATCH),
                404,
            ),
            plain_text("/v1/components/geo_index"),
        ],
    },
    Route {
        id: RouteId::RemoveComponent,
        method: Method::Delete,
        path: "/v1/components/{key}",
        summary: "Remove a component; its uuid never returns",
        decision: WRITES,
        parameters: &[KEY, DRY_RUN, CONDITIONS, WRITE],
        content: None,
        answers: &[json(200, Schema::RemovedComponent, "It is gone.")],
        refusals: REMOVE_REFUSALS,
        examples: &[
            Example {
                headers: &[("Deedbook-Reason", "replaced")],
                ..get("Remove one", "/v1/components/route_planner", 200)
            },
            get("Nothing has that name", "/v1/components/geo_indexx", 404),
            get(
                "Another generation",
                "/v1/components/route_planner?expectedGeneration=7",
                409,
            ),
            Example {
                headers: &[("If-Match", "\"2\"")],
                ..get("Somebody was faster", "/v1/components/route_planner", 412)
            },
            get(
                "Neither yes nor no",
                "/v1/components/route_planner?dryRun=maybe",
                400,
            ),
        ],
    },
    Route {
        id: RouteId::ListVersions,
        method: Method::Get,
        path: "/v1/components/{key}/versions",
        summary: "List all versions of a component, highest first; a uuid stands for its family",
        decision: READS,
        parameters: &[KEY, READ],
        content: None,
        answers: &[json(
            200,
            Schema::ComponentPage,
            "All versions; there is no next page.",
        )],
        refusals: READ_REFUSALS,
        examples: &[
            get("All versions", "/v1/components/geo_index/versions", 200),
            nobody("/v1/components/geo_indexx/versions"),
            unknown_parameter("/v1/components/geo_index/versions?page=2"),
        ],
    },
    Route {
        id: RouteId::GetHistory,
        method: Method::Get,
        path: "/v1/components/{key}/history",
        summary: "List the changes of a component, newest first; also of a removed one",
        decision: READS,
        parameters: &[KEY, LIMITED, HISTORY, READ],
        content: None,
        answers: &[json(
            200,
            Schema::History,
            "Its changes, without the records.",
        )],
        refusals: READ_REFUSALS,
        examples: &[
            get("All changes", "/v1/components/geo_index/history", 200),
            nobody("/v1/components/geo_indexx/history"),
            get(
                "A limit out of range",
                "/v1/components/geo_index/history?limit=1001",
                400,
            ),
        ],
    },
    Route {
        id: RouteId::GetWhy,
        method: Method::Get,
        path: "/v1/components/{key}/why",
        summary: "Say which change last set a component or a field of it",
        decision: READS,
        parameters: &[KEY, POINTER, WITH_RECORD, READ],
        content: None,
        answers: &[json(
            200,
            Schema::Why,
            "That change, and the field before and after it.",
        )],
        refusals: READ_REFUSALS,
        examples: &[
            get(
                "Who set the description",
                "/v1/components/geo_index/why?pointer=/description",
                200,
            ),
            get(
                "A field that never was",
                "/v1/components/geo_index/why?pointer=/owner",
                404,
            ),
            get(
                "A pointer that is none",
                "/v1/components/geo_index/why?pointer=description",
                400,
            ),
        ],
    },
    Route {
        id: RouteId::GetGraph,
        method: Method::Get,
        path: "/v1/components/{key}/graph",
        summary: "Show what a component depends on",
        decision: READS,
        parameters: &[KEY, GRAPH, READ],
        content: None,
        answers: &[
            json(
                200,
                Schema::Graph,
                "The graph; always acyclic, with at least the root.",
            ),
            other("text/vnd.graphviz", "`format=dot`."),
            other("text/vnd.mermaid", "`format=mermaid`."),
            other("image/svg+xml", "`format=svg`."),
            other("text/plain", "`format=tree`: for people."),
        ],
        refusals: READ_REFUSALS,
        examples: &[
            get("As JSON", "/v1/components/route_planner/graph", 200),
            get(
                "As a picture",
                "/v1/components/route_planner/graph?format=svg",
                200,
            ),
            get(
                "For Graphviz",
                "/v1/components/route_planner/graph?format=dot&missing=true",
                200,
            ),
            get(
                "As a tree",
                "/v1/components/route_planner/graph?format=tree",
                200,
            ),
            get(
                "As a Mermaid diagram",
                "/v1/components/route_planner/graph?format=mermaid",
                200,
            ),
            nobody("/v1/components/geo_indexx/graph"),
            get(
                "A format that there isn't",
                "/v1/components/geo_index/graph?format=png",
                400,
            ),
        ],
    },
    Route {
        id: RouteId::ListDependents,
        method: Method::Get,
        path: "/v1/components/{key}/dependents",
        summary: "List what depends on a component, and what would break without it",
        decision: READS,
        parameters: &[KEY, DEPTHS, READ],
        content: None,
        answers: &[json(
            200,
            Schema::Dependents,
            "What depends on it, nearest first.",
        )],
        refusals: READ_REFUSALS,
        examples: &[
            get("All of them", "/v1/components/tile_reader/dependents", 200),
            nobody("/v1/components/geo_indexx/dependents"),
            get(
                "Too deep",
                "/v1/components/geo_index/dependents?depth=65",
                400,
            ),
        ],
    },
    Route {
        id: RouteId::GetDiff,
        method: Method::Get,
        path: "/v1/components/{key}/diff",
        summary: "Say what differs in a component between two moments",
        decision: READS,
        parameters: &[KEY, DIFF, READ],
        content: None,
        answers: &[json(200, Schema::Diff, "Where its documents differ.")],
        refusals: READ_REFUSALS,
        examples: &[
            get(
                "Since a revision",
                "/v1/components/geo_index/diff?from=3&to=4",
                200,
            ),
            nobody("/v1/components/geo_indexx/diff?from=3"),
            get("Since when?", "/v1/components/geo_index/diff", 400),
        ],
    },
    Route {
        id: RouteId::Validate,
        method: Method::Post,
        path: "/v1/validate",
        summary: "Check a document by the rules of a registration; nothing is stored",
        decision: Decision::AnyCredential,
        parameters: &[KIND, STRICT],
        content: Some(DOCUMENT),
        answers: &[json(200, Schema::Validation, "All that was found.")],
        refusals: &[Code::BadMediaType],
        examples: &[
            send(
                "A valid document",
                "/v1/validate?kind=component",
                (JSON, samples::HEADER_CHECK),
                200,
            ),
            send(
                "One with faults",
                "/v1/validate?kind=component",
                (JSON, r#"{"name":7}"#),
                200,
            ),
            send(
                "Of which kind?",
                "/v1/validate",
                (JSON, samples::HEADER_CHECK),
                400,
            ),
            plain_text("/v1/validate?kind=component"),
        ],
    },
    Route {
        id: RouteId::Batch,
        method: Method::Post,
        path: "/v1/batch",
        summary: "Do several writes as one command: all of them or none; a new token is shown this once",
        decision: CHANGES_ANYTHING,
        parameters: &[DRY_RUN, STRICT, WRITE],
        content: Some(Content {
            media_types: &[JSON],
            schema: Schema::BatchRequest,
            required: true,
            max_bytes: BATCH_BYTES,
        }),
        answers: &[json(200, Schema::BatchResult, "All were done.")],
        refusals: CHANGE_REFUSALS,
        examples: &[
            send(
                "Release and deprecate",
                "/v1/batch",
                (JSON, samples::BATCH),
                200,
            ),
            send(
                "None is done if one is refused",
                "/v1/batch",
                (
                    JSON,
                    r#"{"writes":[{"op":"remove","kind":"component","key":"route_planner"},{"op":"remove","kind":"component","key":"nobody"}]}"#,
                ),
                404,
            ),
            send(
                "Make two principals, of which one gets another token at once",
                "/v1/batch",
                (JSON, samples::PRINCIPALS_BATCH),
                200,
            ),
            send(
                "Divide a shard: its keys are held by one shard at any moment",
                "/v1/batch",
                (JSON, samples::MESH_BATCH),
                200,
            ),
            send(
                "Nothing to do",
                "/v1/batch",
                (JSON, r#"{"writes":[]}"#),
                400,
            ),
            send(
                "Another generation",
                "/v1/batch",
                (
                    JSON,
                    r#"{"writes":[{"op":"remove","kind":"component","key":"route_planner","expectedGeneration":7}]}"#,
                ),
                409,
            ),
            plain_text("/v1/batch"),
        ],
    },
    Route {
        id: RouteId::ListChanges,
        method: Method::Get,
        path: "/v1/changes",
        summary: "List changes with their records, oldest first",
        decision: SEES,
        parameters: &[AFTER, CHANGES, PAGE, READ],
        content: None,
        answers: &[json(200, Schema::ChangePage, "A page of changes.")],
        refusals: &[
            Code::NotFound,
            Code::Compacted,
            Code::CursorExpired,
            Code::Integrity,
        ],
        examples: &[
            get("From the beginning", "/v1/changes", 200),
            get(
                "The newest two, without the records",
                "/v1/changes?order=newest&records=false&limit=2",
                200,
            ),
            get(
                "After a revision, components only",
                "/v1/changes?after=2&kind=component&limit=1",
                200,
            ),
            get(
                "A revision that is none",
                "/v1/changes?after=yesterday",
                400,
            ),
            before_the_book("/v1/changes?at=1970-01-01T00:00:00Z"),
        ],
    },
    Route {
        id: RouteId::Watch,
        method: Method::Get,
        path: "/v1/watch",
        summary: "Watch changes as they come: server-sent events `change`, `progress` and `resync`",
        decision: SEES,
        parameters: &[WATCH, CHANGES],
        content: None,
        answers: &[other(
            EVENT_STREAM,
            "An event for each change, in order, each once. The last of a command has an `id` to \
             go on from. The data of `change` is `{revision, first, last, kind, key, verb, \
             generation, record, previous, actor, reason, ticket, requestId, time}`: `record` and \
             `previous` are the whole record after and before it, null where it isn't there, \
             `first` and `last` the revisions of its command. `progress` says that nothing else \
             came up to its `revision`; `resync` that the position asked for is gone or of \
             another history: read the state at its `revision` anew, the events go on from there.",
        )],
        refusals: &[Code::Integrity],
        examples: &[
            get(
                "All that is there, from the beginning",
                "/v1/watch?after=0&once=true",
                200,
            ),
            get(
                "One kind of record, from now on",
                "/v1/watch?kind=component&once=true",
                200,
            ),
            Example {
                headers: &[("Last-Event-ID", "2")],
                ..get("Where the last one broke off", "/v1/watch?once=true", 200)
            },
            get("A position that is none", "/v1/watch?after=yesterday", 400),
        ],
    },
    Route {
        id: RouteId::GetHead,
        method: Method::Get,
        path: "/v1/head",
        summary: "Say where the book stands: revision, chain, record count, state root, lineage",
        decision: Decision::AnyCredential,
        parameters: &[READ],
        content: None,
        answers: &[json(200, Schema::Head, "What an auditor notes down.")],
        refusals: READ_REFUSALS,
        examples: &[
            get("The newest", "/v1/head", 200),
            get("At a revision", "/v1/head?at=2", 200),
            get("Before the first", "/v1/head?at=0", 200),
            get("A revision of the future", "/v1/head?at=3000", 400),
            before_the_book("/v1/head?at=1970-01-01T00:00:00Z"),
        ],
    },
    Route {
        id: RouteId::CreatePrincipal,
        method: Method::Post,
        path: "/v1/principals",
        summary: "Make a principal and its first token, which is shown this once",
        decision: RULES,
        parameters: &[DRY_RUN, WRITE],
        content: Some(small(Schema::PrincipalRequest, true)),
        answers: &[
            json(201, Schema::Issued, "The principal and its token."),
            json(
                200,
                Schema::PrincipalRecord,
                "This was a dry run; so it would be.",
            ),
        ],
        refusals: REGISTER_REFUSALS,
        examples: &[
            send(
                "A reader of all maps, for ninety days",
                "/v1/principals",
                (
                    JSON,
                    r#"{"name":"map-viewer","grants":["REGISTRY_READ:tools/geo_*"],"expires":"90d"}"#,
                ),
                201,
            ),
            send(
                "A capability that there isn't",
                "/v1/principals",
                (JSON, r#"{"name":"map-viewer","grants":["FLY"]}"#),
                400,
            ),
            send(
                "Try it only",
                "/v1/principals?dryRun=true",
                (JSON, r#"{"name":"map-viewer","grants":["REGISTRY_READ"]}"#),
                200,
            ),
            send(
                "Another has that name",
                "/v1/principals",
                (JSON, r#"{"name":"map-keeper","grants":["REGISTRY_READ"]}"#),
                409,
            ),
            plain_text("/v1/principals"),
        ],
    },
    Route {
        id: RouteId::ListPrincipals,
        method: Method::Get,
        path: "/v1/principals",
        summary: "List principals, by name",
        decision: RULES,
        parameters: &[PAGE, READ],
        content: None,
        answers: &[json(200, Schema::PrincipalPage, "A page, by name.")],
        refusals: READ_REFUSALS,
        examples: &[
            get("All", "/v1/principals", 200),
            get("A cursor that is none", "/v1/principals?cursor=next", 400),
            before_the_book("/v1/principals?at=1970-01-01T00:00:00Z"),
        ],
    },
    Route {
        id: RouteId::GetPrincipal,
        method: Method::Get,
        path: "/v1/principals/{key}",
        summary: "Get one principal: its grants, and what is kept of its tokens",
        decision: RULES,
        parameters: &[NAME, READ],
        content: None,
        answers: &[json(200, Schema::PrincipalRecord, "The principal.")],
        refusals: READ_REFUSALS,
        examples: &[
            get("What it may do", "/v1/principals/map-keeper", 200),
            get("Nobody has that name", "/v1/principals/nobody", 404),
            get(
                "A moment that is none",
                "/v1/principals/map-keeper?at=tomorrow",
                400,
            ),
        ],
    },
    Route {
        id: RouteId::SetGrants,
        method: Method::Patch,
        path: "/v1/principals/{key}",
        summary: "Give a principal other grants, in place of all that it has",
        decision: RULES,
        parameters: &[NAME, DRY_RUN, EXPECTED, WRITE],
        content: Some(small(Schema::GrantsRequest, true)),
        answers: &[json(
            200,
            Schema::PrincipalRecord,
            "The principal as it is now.",
        )],
        refusals: CHANGE_REFUSALS,
        examples: &[
            send(
                "Reading and writing maps",
                "/v1/principals/map-keeper",
                (
                    JSON,
                    r#"{"grants":["REGISTRY_READ","REGISTRY_WRITE:tools/geo_*"]}"#,
                ),
                200,
            ),
            send(
                "Nobody has that name",
                "/v1/principals/nobody",
                (
                    JSON,
                    r#"{"grants":["REGISTRY_READ","REGISTRY_WRITE:tools/geo_*"]}"#,
                ),
                404,
            ),
            send(
                "A capability that there isn't",
                "/v1/principals/map-keeper",
                (JSON, r#"{"grants":["FLY"]}"#),
                400,
            ),
            send(
                "Another generation",
                "/v1/principals/map-keeper?expectedGeneration=7",
                (JSON, r#"{"grants":["REGISTRY_READ"]}"#),
                409,
            ),
            plain_text("/v1/principals/map-keeper"),
        ],
    },
    Route {
        id: RouteId::RemovePrincipal,
        method: Method::Delete,
        path: "/v1/principals/{key}",
        summary: "Remove a principal with its tokens",
        decision: RULES,
        parameters: &[NAME, DRY_RUN, EXPECTED, WRITE],
        content: None,
        answers: &[json(200, Schema::RemovedPrincipal, "It is gone.")],
        refusals: REMOVE_PRINCIPAL_REFUSALS,
        examples: &[
            get("Remove one", "/v1/principals/map-keeper", 200),
            get("Nobody has that name", "/v1/principals/nobody", 404),
            get(
                "Another generation",
                "/v1/principals/map-keeper?expectedGeneration=7",
                409,
            ),
            get(
                "Neither yes nor no",
                "/v1/principals/map-keeper?dryRun=maybe",
                400,
            ),
        ],
    },
    Route {
        id: RouteId::RotateToken,
        method: Method::Post,
        path: "/v1/principals/{key}/rotate",
        summary: "Make another token for a principal; its others end, now or after an overlap",
        decision: RULES,
        parameters: &[NAME, DRY_RUN, EXPECTED, WRITE],
        content: Some(small(Schema::RotateRequest, false)),
        answers: &[json(
            200,
            Schema::Rotated,
            "The principal and its new token.",
        )],
        refusals: CHANGE_REFUSALS,
        examples: &[
            send(
                "The old token works for another hour",
                "/v1/principals/map-keeper/rotate",
                (JSON, r#"{"expires":"90d","overlapSeconds":3600}"#),
                200,
            ),
            send(
                "Nobody has that name",
                "/v1/principals/nobody/rotate",
                (JSON, r#"{"expires":"90d","overlapSeconds":3600}"#),
                404,
            ),
            send(
                "A time that is none",
                "/v1/principals/map-keeper/rotate",
                (JSON, r#"{"expires":"soon"}"#),
                400,
            ),
            send(
                "Another generation",
                "/v1/principals/map-keeper/rotate?expectedGeneration=7",
                (JSON, r#"{}"#),
                409,
            ),
            plain_text("/v1/principals/map-keeper/rotate"),
        ],
    },
    Route {
        id: RouteId::RevokeTokens,
        method: Method::Post,
        path: "/v1/principals/{key}/revoke",
        summary: "Take one token of a principal away, or all; the principal stays",
        decision: RULES,
        parameters: &[NAME, DRY_RUN, EXPECTED, WRITE],
        content: Some(small(Schema::RevokeRequest, false)),
        answers: &[json(
            200,
            Schema::PrincipalRecord,
            "The principal as it is now.",
        )],
        refusals: CHANGE_REFUSALS,
        examples: &[
            send(
                "Take all its tokens",
                "/v1/principals/map-keeper/revoke",
                (JSON, r#"{}"#),
                200,
            ),
            send(
                "Nobody has that name",
                "/v1/principals/nobody/revoke",
                (JSON, "{}"),
                404,
            ),
            send(
                "A token that is none",
                "/v1/principals/map-keeper/revoke",
                (JSON, r#"{"token":"all"}"#),
                400,
            ),
            send(
                "Another generation",
                "/v1/principals/map-keeper/revoke?expectedGeneration=7",
                (JSON, r#"{}"#),
                409,
            ),
            plain_text("/v1/principals/map-keeper/revoke"),
        ],
    },
    Route {
        id: RouteId::Verify,
        method: Method::Post,
        path: "/v1/verify",
        summary: "Check every stored byte, and the history against an earlier head",
        decision: RULES,
        parameters: &[],
        content: Some(small(Schema::Head, false)),
        answers: &[json(
            200,
            Schema::Verification,
            "What was found; `ok` says whether all fits.",
        )],
        refusals: &[Code::Compacted, Code::BadMediaType, Code::Integrity],
        examples: &[
            Example {
                headers: &[],
                ..get("Check all", "/v1/verify", 200)
            },
            unknown_parameter("/v1/verify?deep=true"),
            plain_text("/v1/verify"),
        ],
    },
    Route {
        id: RouteId::Compact,
        method: Method::Post,
        path: "/v1/compact",
        summary: "Drop changes that a snapshot covers; reads from the floor on still work",
        decision: RULES,
        parameters: &[],
        content: Some(small(Schema::CompactRequest, true)),
        answers: &[json(200, Schema::Compacted, "Where the floor is now.")],
        refusals: &[Code::BadMediaType, Code::Integrity],
        examples: &[
            send(
                "Keep from a revision on",
                "/v1/compact",
                (JSON, r#"{"before":3}"#),
                200,
            ),
            send(
                "A revision of the future",
                "/v1/compact",
                (JSON, r#"{"before":3000}"#),
                400,
            ),
            plain_text("/v1/compact"),
        ],
    },
    Route {
        id: RouteId::Snapshot,
        method: Method::Post,
        path: "/v1/snapshot",
        summary: "Write a snapshot of the newest state, so that the next start is quick",
        decision: RULES,
        parameters: &[],
        content: None,
        answers: &[json(
            200,
            Schema::SnapshotTaken,
            "The revision of the snapshot.",
        )],
        refusals: &[Code::Integrity],
        examples: &[
            get("Take one", "/v1/snapshot", 200),
            unknown_parameter("/v1/snapshot?now=true"),
        ],
    },
    Route {
        id: RouteId::DiffStates,
        method: Method::Get,
        path: "/v1/diff",
        summary: "Say which records differ between two moments",
        decision: SEES,
        parameters: &[DIFF, READ],
        content: None,
        answers: &[json(
            200,
            Schema::StatesDiff,
            "Each record that differs, as it was and as it is.",
        )],
        refusals: READ_REFUSALS,
        examples: &[
            get("Since a revision", "/v1/diff?from=2", 200),
            get("Between two", "/v1/diff?from=2&to=3", 200),
            get("Since when?", "/v1/diff", 400),
            before_the_book("/v1/diff?from=1970-01-01T00:00:00Z"),
        ],
    },
    Route {
        id: RouteId::Backup,
        method: Method::Get,
        path: "/v1/backup",
        summary: "Stream the whole book as a file that `deedbook restore` reads",
        decision: COPIES,
        parameters: &[READ_ALL],
        content: None,
        answers: &[other(
            "application/octet-stream",
            "The backup; it ends with its own digest.",
        )],
        refusals: &[Code::Integrity],
        examples: &[
            get("A backup", "/v1/backup", 200),
            unknown_parameter("/v1/backup?from=2"),
        ],
    },
    Route {
        id: RouteId::Live,
        method: Method::Get,
        path: "/livez",
        summary: "Say whether the server lives",
        decision: Decision::Public,
        parameters: &[],
        content: None,
        answers: &[json(200, Schema::Health, "It does.")],
        refusals: &[],
        examples: &[
            get("Does it?", "/livez", 200),
            unknown_parameter("/livez?verbose=true"),
        ],
    },
    Route {
        id: RouteId::Ready,
        method: Method::Get,
        path: "/readyz",
        summary: "Say whether the server is to be sent requests",
        decision: Decision::Public,
        parameters: &[],
        content: None,
        answers: &[json(200, Schema::Health, "It is.")],
        refusals: &[],
        examples: &[
            get("Is it?", "/readyz", 200),
            unknown_parameter("/readyz?verbose=true"),
        ],
    },
    Route {
        id: RouteId::Metrics,
        method: Method::Get,
        path: "/metrics",
        summary: "Tell what is counted and measured, in the text format of Prometheus",
        decision: Decision::AnyCredential,
        parameters: &[METRIC_NAMES],
        content: None,
        answers: &[other("text/plain", "The metrics.")],
        refusals: &[],
        examples: &[
            get("All", "/metrics", 200),
            get(
                "Two of them without the prefix",
                "/metrics?names=plain",
                200,
            ),
            get("Names that there aren't", "/metrics?names=short", 400),
        ],
    },
    Route {
        id: RouteId::SetLogLevel,
        method: Method::Post,
        path: "/v1/log-level",
        summary: "Let the server's log say more or less from now on",
        decision: RULES,
        parameters: &[],
        content: Some(small(Schema::LogLevel, true)),
        answers: &[json(200, Schema::LogLevel, "How much it says now.")],
        refusals: &[Code::BadMediaType],
        examples: &[
            send(
                "Every request",
                "/v1/log-level",
                (JSON, r#"{"level":"debug"}"#),
                200,
            ),
            send(
                "No level",
                "/v1/log-level",
                (JSON, r#"{"level":"loud"}"#),
                400,
            ),
            plain_text("/v1/log-level"),
        ],
    },
    Route {
        id: RouteId::Version,
        method: Method::Get,
        path: "/version",
        summary: "Say which release this is",
        decision: Decision::Public,
        parameters: &[],
        content: None,
        answers: &[json(200, Schema::ServerVersion, "The release.")],
        refusals: &[],
        examples: &[
            get("Which?", "/version", 200),
            unknown_parameter("/version?long=true"),
        ],
    },
    Route {
        id: RouteId::OpenApi,
        method: Method::Get,
        path: "/openapi.json",
        summary: "Describe this API as an OpenAPI 3.1 document",
        decision: Decision::Public,
        parameters: &[],
        content: None,
        answers: &[json(200, Schema::OpenApiDocument, "The document.")],
        refusals: &[],
        examples: &[
            get("The document", "/openapi.json", 200),
            unknown_parameter("/openapi.json?pretty=true"),
        ],
    },
    Route {
        id: RouteId::Docs,
        method: Method::Get,
        path: "/docs",
        summary: "Show this API as a page",
        decision: Decision::Public,
        parameters: &[],
        content: None,
        answers: &[other(
            "text/html",
            "The page; it needs nothing from elsewhere.",
        )],
        refusals: &[],
        examples: &[
            get("The page", "/docs", 200),
            unknown_parameter("/docs?page=2"),
        ],
    },
    Route {
        id: RouteId::Welcome,
        method: Method::Get,
        path: "/",
        summary: "Say what this server is and where to look",
        decision: Decision::Public,
        parameters: &[],
        content: None,
        answers: &[other("text/plain", "A page of plain text.")],
        refusals: &[],
        examples: &[get("The page", "/", 200), unknown_parameter("/?page=2")],
    },
];
