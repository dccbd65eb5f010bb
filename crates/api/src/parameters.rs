//! The parameters that routes share.

use crate::route::{Form, Parameter, Place};

/// Longest text of a parameter, in bytes.
const TEXT: usize = 1024;

/// Longest text that an id or a part of it is compared with: no id is longer.
const ID: usize = 512;

/// Most items of a page.
pub const MAX_LIMIT: u64 = 1000;

const fn query(name: &'static str, form: Form, description: &'static str) -> Parameter {
    Parameter {
        name,
        place: Place::Query,
        form,
        required: false,
        description,
    }
}

const fn header(name: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        place: Place::Header,
        form: Form::Text(4096),
        required: false,
        description,
    }
}

/// The key of a component in the path, and which versions would do.
pub const KEY: &[Parameter] = &[
    Parameter {
        name: "key",
        place: Place::Path,
        form: Form::Text(TEXT),
        required: true,
        description: "The component's uuid, or its name, percent-encoded.",
    },
    query(
        "versionSpec",
        Form::Text(256),
        "Which versions would do (`^1.2`, `>=1.1,<2`, `1.2.3`). Absent: the latest.",
    ),
];

/// What every read of the book takes.
pub const READ: &[Parameter] = &[
    query(
        "at",
        Form::Text(64),
        "The state after this revision (`1234`), at this RFC 3339 time, or so long ago (`-30m`, \
         `-2h`, `-7d`). Absent: the newest.",
    ),
    AT_LEAST,
    CONSISTENCY,
];

/// What a read takes that is of all there is.
pub const READ_ALL: &[Parameter] = &[AT_LEAST, CONSISTENCY];

const AT_LEAST: Parameter = query(
    "atLeast",
    Form::Number(0, u64::MAX),
    "Answer with a state that holds this revision; waits for it for as long as the server \
     allows, then refuses with 503.",
);

const CONSISTENCY: Parameter = query(
    "consistency",
    Form::Word(&["local", "strong"]),
    "`strong` asks the log for its newest revision first. Absent: `local`, what this server \
     has seen.",
);

/// What every write takes: who asks, why, and for which ticket. Values are percent-encoded UTF-8.
pub const WRITE: &[Parameter] = &[
    header(
        "Deedbook-Reason",
        "Why, for whoever reads the history; percent-encoded UTF-8. Absent: what was done.",
    ),
    header(
        "Deedbook-Ticket",
        "The change ticket; percent-encoded UTF-8.",
    ),
    header(
        "Idempotency-Key",
        "The caller's name for the request, 1 to 255 visible characters: however often it is sent, \
         it is done once. Remembered for 24 hours; for another request 422.",
    ),
    header(
        "Deedbook-Actor",
        "In whose name an admin, or a server without principals, writes; percent-encoded UTF-8.",
    ),
];

/// Trying a write.
pub const DRY_RUN: &[Parameter] = &[query(
    "dryRun",
    Form::Flag,
    "Say what would be done and write nothing. Absent: `false`.",
)];

/// How a document is judged.
pub const STRICT: &[Parameter] = &[query(
    "strict",
    Form::Flag,
    "Refuse members that version 0.3 doesn't know. Absent: `false`, which warns.",
)];

/// How a registration treats dependencies.
pub const REQUIRE_DEPENDENCIES: &[Parameter] = &[query(
    "requireDependencies",
    Form::Flag,
    "Refuse dependencies that lead nowhere. Absent: `false`, which warns.",
)];

/// The name of a principal in the path.
pub const NAME: &[Parameter] = &[Parameter {
    name: "key",
    place: Place::Path,
    form: Form::Text(TEXT),
    required: true,
    description: "The principal's name, percent-encoded.",
}];

/// The counter that the record that is changed is to have.
pub const EXPECTED: &[Parameter] = &[EXPECTED_GENERATION];

const EXPECTED_GENERATION: Parameter = query(
    "expectedGeneration",
    Form::Number(1, u64::MAX),
    "Only if the record is at this generation; otherwise 409.",
);

/// Conditions on the record that is changed.
pub const CONDITIONS: &[Parameter] = &[EXPECTED_GENERATION, IF_MATCH];

const IF_MATCH: Parameter = header(
    "If-Match",
    "Only if the record's last change is at this revision (an `ETag`), with `*` only if there is \
     such a record; otherwise 412.",
);

const IF_NONE: Parameter = header(
    "If-None-Match",
    "`*`: only if there is no such record; otherwise 412.",
);

/// Asking only for what isn't known yet.
pub const IF_NONE_MATCH: &[Parameter] = &[header(
    "If-None-Match",
    "An `ETag`; 304 without content while the record is still at it.",
)];

/// Which components are listed; all given filters must hold.
pub const FILTERS: &[Parameter] = &[
    query(
        "tag",
        Form::Texts(64),
        "Has this tag; several: all of them.",
    ),
    query(
        "anyTag",
        Form::Texts(64),
        "Has this tag; several: one of them.",
    ),
    query("type", Form::Text(64), "Is of this type (`validator`)."),
    query(
        "lifecycle",
        Form::Words(&["draft", "active", "deprecated", "archived"]),
        "Is in this lifecycle; several: in one of them. Absent: any but `archived`.",
    ),
    query("capability", Form::Text(TEXT), "Offers this capability."),
    query(
        "namespace",
        Form::Text(512),
        "Its namespace begins with this.",
    ),
    query(
        "name",
        Form::Text(256),
        "Its name fits this pattern of `*`, `?`, `[…]` and `{…,…}`.",
    ),
    query(
        "text",
        Form::Text(TEXT),
        "Each word is part of its name, namespace, description or a tag, ignoring case.",
    ),
    query(
        "latestOnly",
        Form::Flag,
        "Only the highest version of each name among those that fit. Absent: `false`.",
    ),
];

/// A page of a list.
pub const PAGE: &[Parameter] = &[LIMIT, CURSOR];

/// At most so many items.
pub const LIMITED: &[Parameter] = &[LIMIT];

const LIMIT: Parameter = query(
    "limit",
    Form::Number(1, MAX_LIMIT),
    "Most items of the answer. Absent: 100.",
);

const CURSOR: Parameter = query(
    "cursor",
    Form::Text(4096),
    "The `nextCursor` of the page before, with the same filters.",
);

/// From where changes are listed.
pub const AFTER: &[Parameter] = &[query(
    "after",
    Form::Number(0, u64::MAX),
    "Only changes after this revision. Absent: from the oldest that is kept.",
)];

/// From where changes are watched, and whether their end is waited for.
pub const WATCH: &[Parameter] = &[
    query(
        "after",
        Form::Text(64),
        "Only changes after this position: a revision (`1234`; `0` is the start), or what an \
         event's `id` said (`1234-0a1b2c3d`). Absent: only what comes from now on.",
    ),
    query(
        "once",
        Form::Flag,
        "End when all that is there was sent. Absent: `false`, which waits for more.",
    ),
    header(
        "Last-Event-ID",
        "The `id` of the last event that was received; wins over `after`. Browsers send it by \
         themselves.",
    ),
];

/// The namespace in the path.
pub const NAMESPACE_KEY: &[Parameter] = &[NAMESPACE_PART];

/// A node in the path.
pub const NODE_KEY: &[Parameter] = &[NAMESPACE_PART, part("nodeId", "The node's id.")];

/// A service in the path.
pub const SERVICE_KEY: &[Parameter] = &[NAMESPACE_PART, SERVICE_PART];

/// An endpoint in the path.
pub const ENDPOINT_KEY: &[Parameter] = &[
    NAMESPACE_PART,
    SERVICE_PART,
    part("endpointId", "The endpoint's id."),
];

/// A shard in the path.
pub const SHARD_KEY: &[Parameter] = &[NAMESPACE_PART, part("shardId", "The shard's id.")];

const NAMESPACE_PART: Parameter = part("namespace", "The namespace.");
const SERVICE_PART: Parameter = part("serviceId", "The service's id.");

/// Percent-encoded it has three times the bytes.
const fn part(name: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        place: Place::Path,
        form: Form::Text(TEXT),
        required: true,
        description,
    }
}

/// Which namespaces are listed.
pub const NAMESPACE_FILTERS: &[Parameter] = &[SEARCH];

/// Which nodes are listed; all given filters must hold. Each compares without case.
pub const NODE_FILTERS: &[Parameter] = &[
    IN_NAMESPACE,
    SEARCH,
    query("region", Form::Text(ID), "Is in this region."),
    query("zone", Form::Text(ID), "Is in this zone."),
];

/// Which services are listed.
pub const SERVICE_FILTERS: &[Parameter] = &[IN_NAMESPACE, SEARCH];

/// Which endpoints are listed.
pub const ENDPOINT_FILTERS: &[Parameter] = &[
    IN_NAMESPACE,
    SEARCH,
    query("service", Form::Text(ID), "Is of this service."),
    query("node", Form::Text(ID), "Is on this node."),
];

/// Which shards are listed.
pub const SHARD_FILTERS: &[Parameter] = &[
    IN_NAMESPACE,
    SEARCH,
    query("owner", Form::Text(ID), "Is owned by this node."),
    query(
        "status",
        Form::Words(&["active", "draining", "paused", "disabled"]),
        "Has this status; several: one of them.",
    ),
];

const IN_NAMESPACE: Parameter = query(
    "namespace",
    Form::Text(ID),
    "Is in this namespace, ignoring case.",
);

const SEARCH: Parameter = query(
    "search",
    Form::Text(ID),
    "Its id holds this text, ignoring case.",
);

/// What is planned for the shards of a namespace.
pub const PLAN: &[Parameter] = &[
    query(
        "strategy",
        Form::Text(ID),
        "The strategy that says where shards should be. Absent: the namespace's.",
    ),
    query(
        "maxMoves",
        Form::Number(0, 100_000),
        "Most moves of the plan: the most needed are taken. Absent: all that are needed.",
    ),
    query(
        "undo",
        Form::Number(1, u64::MAX),
        "Instead: how the shards come back that the command of this revision moved.",
    ),
];

/// Which key is looked for.
pub const LOCATE: &[Parameter] = &[
    query("key", Form::Text(ID), "The key, as text."),
    query(
        "keyBase64",
        Form::Text(ID),
        "The key's bytes in Base64, instead of `key`.",
    ),
];

/// Removing what others may point to.
pub const FORCE: &[Parameter] = &[query(
    "force",
    Form::Flag,
    "Even if others point to it: those stay as they are. Absent: `false`, which refuses.",
)];

/// The counter that a record that is put is to have.
pub const EXPECTED_OR_NONE: &[Parameter] = &[
    query(
        "expectedGeneration",
        Form::Number(0, u64::MAX),
        "Only if the record is at this generation, 0: only if there is none; otherwise 409.",
    ),
    IF_MATCH,
    IF_NONE,
];

/// Which changes are listed or watched; all given filters must hold.
pub const CHANGES: &[Parameter] = &[
    query(
        "kind",
        Form::Text(64),
        "Only changes of this kind of record.",
    ),
    query(
        "key",
        Form::Text(TEXT),
        "Only changes of the record of this key.",
    ),
    query(
        "keyPrefix",
        Form::Text(TEXT),
        "Only changes of records whose key begins with this.",
    ),
    query(
        "actor",
        Form::Text(TEXT),
        "Only changes that this actor made.",
    ),
    SINCE,
    query(
        "order",
        Form::Word(&["oldest", "newest"]),
        "Which comes first. Absent: `oldest`.",
    ),
    query(
        "records",
        Form::Word(&["true", "false"]),
        "Whether each change comes with the whole record. Absent: `true`.",
    ),
];

/// Which changes of a component are listed, and how.
pub const HISTORY: &[Parameter] = &[SINCE, RECORDS];

/// Whether a change comes with its record.
pub const WITH_RECORD: &[Parameter] = &[RECORDS];

const SINCE: Parameter = query(
    "since",
    Form::Text(64),
    "Only changes after this moment: a revision, an RFC 3339 time, or so long ago (`-7d`).",
);

const RECORDS: Parameter = query(
    "records",
    Form::Flag,
    "Whether a change comes with the whole record. Absent: `false`.",
);

/// A place in a document.
pub const POINTER: &[Parameter] = &[query(
    "pointer",
    Form::Text(TEXT),
    "RFC 6901 pointer into the document (`/description`). Absent: the record as a whole.",
)];

/// How a graph is written, and how far it is followed.
pub const GRAPH: &[Parameter] = &[
    query(
        "format",
        Form::Word(&["json", "dot", "mermaid", "svg", "tree"]),
        "How the graph is written. Absent: `json`.",
    ),
    DEPTH,
    query(
        "missing",
        Form::Flag,
        "Also draw dependencies that lead nowhere; the JSON form always lists them.",
    ),
];

/// How far dependents are followed.
pub const DEPTHS: &[Parameter] = &[DEPTH];

const DEPTH: Parameter = query(
    "depth",
    Form::Number(1, 64),
    "How many edges are followed. Absent: 64.",
);

/// The two moments that are compared.
pub const DIFF: &[Parameter] = &[
    Parameter {
        required: true,
        ..query(
            "from",
            Form::Text(64),
            "The earlier moment: a revision, an RFC 3339 time, or so long ago (`-7d`).",
        )
    },
    query(
        "to",
        Form::Text(64),
        "The later moment, in place of `at`. Absent: what `at` says, or the newest state.",
    ),
];

/// How metrics are called.
pub const METRIC_NAMES: &[Parameter] = &[query(
    "names",
    Form::Word(&["prefixed", "plain"]),
    "`plain` leaves `deedbook_` out of `total_components` and `query_latency_ms`. Absent: \
     `prefixed`.",
)];

/// What is validated.
pub const KIND: &[Parameter] = &[Parameter {
    required: true,
    ..query("kind", Form::Word(&["component"]), "What the content is.")
}];
