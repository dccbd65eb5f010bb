//! The JSON Schemas of requests and answers.

mod control;

use deedbook_model::mesh::{self, MeshKind};
use serde_json::{Map, Value, json};

use crate::route::Schema;
use crate::shapes::{BatchOp, batch_ops};

impl Schema {
    /// All of them.
    const BOOK: [Schema; 36] = [
        Schema::ComponentDocument,
        Schema::ComponentPatch,
        Schema::ComponentRecord,
        Schema::WrittenComponent,
        Schema::RemovedComponent,
        Schema::ComponentPage,
        Schema::History,
        Schema::ChangePage,
        Schema::Why,
        Schema::Graph,
        Schema::Dependents,
        Schema::Diff,
        Schema::Validation,
        Schema::BatchRequest,
        Schema::BatchResult,
        Schema::PrincipalRecord,
        Schema::PrincipalPage,
        Schema::WrittenPrincipal,
        Schema::PrincipalRequest,
        Schema::GrantsRequest,
        Schema::RotateRequest,
        Schema::RevokeRequest,
        Schema::Issued,
        Schema::Rotated,
        Schema::RemovedPrincipal,
        Schema::Head,
        Schema::Verification,
        Schema::CompactRequest,
        Schema::Compacted,
        Schema::SnapshotTaken,
        Schema::StatesDiff,
        Schema::Health,
        Schema::LogLevel,
        Schema::ServerVersion,
        Schema::OpenApiDocument,
        Schema::Problem,
    ];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Schema> {
        let of_kind = |kind| {
            [
                Schema::MeshDocument(kind),
                Schema::MeshRecord(kind),
                Schema::WrittenMesh(kind),
                Schema::RemovedMesh(kind),
                Schema::MeshPage(kind),
            ]
        };
        let mesh = MeshKind::ALL.into_iter().flat_map(of_kind);
        let shared = [
            Schema::MeshPatch,
            Schema::MeshHistory,
            Schema::MeshWhy,
            Schema::MeshDiff,
            Schema::TransferRequest,
            Schema::Plan,
            Schema::Applied,
            Schema::Located,
        ];
        let control = [
            Schema::ControlShards,
            Schema::ControlDiff,
            Schema::ControlSimulation,
            Schema::ControlPlacement,
            Schema::ControlError,
            Schema::ControlProblem,
        ];
        Schema::BOOK
            .into_iter()
            .chain(mesh)
            .chain(shared)
            .chain(control)
    }

    /// Its name in the document.
    #[must_use]
    pub fn name(self) -> String {
        format!("{self:?}").replace(['(', ')'], "")
    }

    /// The schema itself; others are referred to by [`reference()`].
    #[must_use]
    pub fn body(self) -> Value {
        match self {
            Schema::ComponentDocument => component_document(),
            Schema::ComponentPatch => described("object", "RFC 7396: null removes a member."),
            Schema::ComponentRecord => record(&[], &[]),
            Schema::WrittenComponent => record(&written(), UNSEEN),
            Schema::RemovedComponent => removed("component", uuid()),
            Schema::ComponentPage => page(reference(Schema::ComponentRecord)),
            Schema::History => history(),
            Schema::ChangePage => change_page(),
            Schema::Why => why(),
            Schema::Graph => graph(),
            Schema::Dependents => dependents(),
            Schema::Diff => diff(),
            Schema::Validation => validation(),
            Schema::BatchRequest => batch_request(),
            Schema::BatchResult => object(
                &[
                    ("revision", revision()),
                    (
                        "results",
                        list(json!({"anyOf": [
                            reference(Schema::WrittenComponent),
                            reference(Schema::RemovedComponent),
                            reference(Schema::Issued),
                            reference(Schema::WrittenPrincipal),
                            reference(Schema::RemovedPrincipal),
                            {"anyOf": mesh_results()},
                        ]})),
                    ),
                ],
                &[],
            ),
            Schema::PrincipalRecord => record_of("principal", text(), principal(), &[], &[]),
            Schema::WrittenPrincipal => {
                record_of("principal", text(), principal(), &written(), &["dryRun"])
            }
            Schema::PrincipalPage => page(reference(Schema::PrincipalRecord)),
            Schema::PrincipalRequest => object(
                &[
                    ("name", text()),
                    ("grants", list(text())),
                    ("expires", text()),
                ],
                &["expires"],
            ),
            Schema::GrantsRequest => object(&[("grants", list(text()))], &[]),
            Schema::RotateRequest => object(
                &[("expires", text()), ("overlapSeconds", revision())],
                &["expires", "overlapSeconds"],
            ),
            Schema::RevokeRequest => object(&[("token", hex(16))], &["token"]),
            Schema::Issued => issued(),
            Schema::Rotated => json!({
                "description": "The new token; of a dry run the principal as it would be.",
                "anyOf": [reference(Schema::Issued), reference(Schema::PrincipalRecord)],
            }),
            Schema::RemovedPrincipal => removed("principal", text()),
            Schema::Head => head(),
            Schema::Verification => verification(),
            Schema::CompactRequest => object(&[("before", revision())], &[]),
            Schema::Compacted => object(&[("floor", revision())], &[]),
            Schema::SnapshotTaken => object(&[("snapshot", revision())], &[]),
            Schema::StatesDiff => states_diff(),
            Schema::Health => object(&[("status", text()), ("revision", revision())], &[]),
            Schema::LogLevel => object(
                &[("level", json!({"enum": ["error", "warn", "info", "debug"]}))],
                &[],
            ),
            Schema::ServerVersion => object(
                &[
                    ("name", text()),
                    ("version", text()),
                    ("metadataVersion", text()),
                ],
                &[],
            ),
            Schema::OpenApiDocument => described("object", "OpenAPI 3.1."),
            Schema::Problem => problem(),
            Schema::MeshDocument(kind) => mesh_document(kind),
            Schema::MeshPatch => described("object", "RFC 7396: null removes a member."),
            Schema::MeshRecord(kind) => mesh_record(kind, &[], &[]),
            Schema::WrittenMesh(kind) => mesh_record(kind, &written(), UNSEEN),
            Schema::RemovedMesh(kind) => removed(kind.as_str(), text()),
            Schema::MeshPage(kind) => page(reference(Schema::MeshRecord(kind))),
            Schema::MeshHistory => object(
                &[
                    ("key", text()),
                    ("items", list(object(&change_with_record(), &["record"]))),
                    ("hasOlder", boolean()),
                    ("floor", revision()),
                    ("revision", revision()),
                ],
                &[],
            ),
            Schema::MeshWhy => mesh_why(),
            Schema::MeshDiff => object(
                &[
                    ("key", text()),
                    ("from", revision()),
                    ("to", revision()),
                    ("differences", list(json!({"type": "object"}))),
                ],
                &[],
            ),
            Schema::TransferRequest => object(
                &[
                    ("ownerNodeId", text()),
                    ("ownershipDeltaPercent", json!({"type": "number"})),
                    ("metadata", text()),
                ],
                &["ownershipDeltaPercent", "metadata"],
            ),
            Schema::Plan => plan(),
            Schema::Applied => object(
                &[
                    ("namespace", text()),
                    ("digest", hex(32)),
                    ("moves", revision()),
                    ("first", revision()),
                    ("revision", revision()),
                    ("dryRun", boolean()),
                ],
                &["first", "dryRun"],
            ),
            Schema::Located => object(
                &[
                    ("namespace", text()),
                    ("shardId", text()),
                    ("ownerNodeId", text()),
                    ("status", text()),
                    ("generation", revision()),
                    ("revision", revision()),
                ],
                &[],
            ),
            Schema::ControlShards => control::shards(),
            Schema::ControlDiff => control::diff(),
            Schema::ControlSimulation => control::simulation(),
            Schema::ControlPlacement => control::placement(),
            Schema::ControlError => control::error(),
            Schema::ControlProblem => control::problem(),
        }
    }
}

fn plan() -> Value {
    let generations = json!({"type": "object", "additionalProperties": revision()});
    let move_of = |names: [&'static str; 4], optional: &[&str]| {
        let members = names.map(|name| (name, text()));
        list(object(&members, optional))
    };
    object(
        &[
            ("format", json!({"const": "deedbook-plan/1"})),
            ("namespace", text()),
            ("strategyId", text()),
            ("undoes", revision()),
            ("moves", move_of(["shardId", "from", "to", "reason"], &[])),
            ("stays", move_of(["shardId", "at", "to", "reason"], &["at"])),
            ("fewestMoves", revision()),
            ("heldBack", revision()),
            (
                "restsOn",
                object(
                    &[
                        ("namespace", revision()),
                        ("nodes", generations.clone()),
                        ("everyShard", boolean()),
                        ("shards", generations),
                    ],
                    &[],
                ),
            ),
            ("digest", hex(32)),
        ],
        &["undoes"],
    )
}

/// A reference to a schema of the document.
#[must_use]
pub fn reference(schema: Schema) -> Value {
    json!({"$ref": format!("#/components/schemas/{}", schema.name())})
}

/// All schemas by name.
#[must_use]
pub fn all() -> Map<String, Value> {
    Schema::all()
        .map(|schema| (schema.name(), schema.body()))
        .collect()
}

/// The schema that `deedbook schema show` prints, with its references made to fit where it stands.
fn component_document() -> Value {
    let mut schema = deedbook_model::component::json_schema();
    if let Value::Object(members) = &mut schema {
        members.remove("$id");
        members.remove("$schema");
    }
    rebase(&mut schema);
    schema
}

/// What a request says of a record: the path names it, and a whole record will do as well.
fn mesh_document(kind: MeshKind) -> Value {
    let mut schema = mesh::json_schema(kind);
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| !kind.key_members().iter().any(|member| name == member));
    }
    let whole = json!({"type": "object", "required": ["kind", "data"]});
    json!({"anyOf": [schema, whole]})
}

fn mesh_record(kind: MeshKind, more: &[(&str, Value)], optional: &[&str]) -> Value {
    let data = mesh::json_schema(kind);
    let mut record = record_of(kind.as_str(), text(), data, more, optional);
    // That of a shard is the one that is on the wire already.
    if let Some(checksum) = record.pointer_mut("/properties/checksum") {
        *checksum = match kind {
            MeshKind::Shard => json!({"type": "string", "pattern": "^[0-9A-F]{16}$"}),
            _ => hex(64),
        };
    }
    record
}

fn rebase(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref") {
                let base = format!("#/components/schemas/{}/", Schema::ComponentDocument.name());
                *target = target.replacen("#/", &base, 1);
            }
            members.values_mut().for_each(rebase);
        }
        Value::Array(items) => items.iter_mut().for_each(rebase),
        _ => {}
    }
}

type Members<'a> = Vec<(&'a str, Value)>;

/// An object with these members; all but the optional ones are required, and there may be others.
fn object(members: &[(&str, Value)], optional: &[&str]) -> Value {
    let required = members.iter().map(|(name, _)| *name);
    let required: Vec<&str> = required.filter(|name| !optional.contains(name)).collect();
    let properties: Map<String, Value> = members
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({"type": "object", "required": required, "properties": properties})
}

fn described(kind: &str, description: &str) -> Value {
    json!({"type": kind, "description": description})
}

fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn text_or_null() -> Value {
    json!({"type": ["string", "null"]})
}

fn boolean() -> Value {
    json!({"type": "boolean"})
}

fn revision() -> Value {
    json!({"type": "integer", "minimum": 0})
}

fn uuid() -> Value {
    json!({"type": "string", "format": "uuid"})
}

fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

fn hex(digits: usize) -> Value {
    json!({"type": "string", "pattern": format!("^[0-9a-f]{{{digits}}}$")})
}

/// What a written component lacks for one who may not read it, and what only a dry run has.
const UNSEEN: &[&str] = &[
    "checksum",
    "createdAt",
    "updatedAt",
    "annotations",
    "data",
    "dryRun",
];

fn record(more: &[(&str, Value)], optional: &[&str]) -> Value {
    let data = reference(Schema::ComponentDocument);
    record_of("component", uuid(), data, more, optional)
}

fn principal() -> Value {
    let token = object(
        &[
            ("id", hex(16)),
            ("hash", hex(64)),
            ("createdAt", time()),
            ("expiresAt", time()),
            ("endsAt", time()),
        ],
        &["expiresAt", "endsAt"],
    );
    object(&[("grants", list(text())), ("tokens", list(token))], &[])
}

fn issued() -> Value {
    object(
        &[
            ("token", text()),
            ("tokenId", hex(16)),
            ("expiresAt", text_or_null()),
            ("name", text()),
            ("grants", list(text())),
            ("generation", revision()),
            ("revision", revision()),
        ],
        &[],
    )
}

fn record_of(
    kind: &str,
    key: Value,
    data: Value,
    more: &[(&str, Value)],
    optional: &[&str],
) -> Value {
    let mut members: Members<'_> = vec![
        ("kind", json!({"const": kind})),
        ("key", key),
        ("generation", json!({"type": "integer", "minimum": 1})),
        ("revision", revision()),
        ("checksum", hex(64)),
        ("createdAt", time()),
        ("updatedAt", time()),
        (
            "annotations",
            json!({"type": "object", "additionalProperties": text()}),
        ),
        ("data", data),
    ];
    members.extend(more.iter().cloned());
    object(&members, optional)
}

fn written() -> Members<'static> {
    vec![
        ("unchanged", boolean()),
        ("warnings", list(issue())),
        ("dryRun", boolean()),
    ]
}

fn removed(kind: &str, key: Value) -> Value {
    let mut members = vec![
        ("kind", json!({"const": kind})),
        ("key", key),
        ("generation", revision()),
        ("revision", revision()),
        ("removed", json!({"const": true})),
    ];
    members.extend(written());
    object(&members, &["dryRun"])
}

fn page(item: Value) -> Value {
    object(
        &[
            ("items", list(item)),
            ("nextCursor", text_or_null()),
            ("revision", revision()),
        ],
        &[],
    )
}

fn change() -> Members<'static> {
    vec![
        ("revision", revision()),
        ("time", time()),
        ("verb", text()),
        ("kind", text()),
        ("key", text()),
        ("generation", revision()),
        ("previous", json!({"type": ["integer", "null"]})),
        ("actor", text()),
        ("reason", text()),
        ("ticket", text_or_null()),
        ("requestId", text_or_null()),
        ("first", revision()),
        ("last", revision()),
    ]
}

fn change_with_record() -> Members<'static> {
    let mut members = change();
    members.push(("record", json!({"type": ["object", "null"]})));
    members
}

fn history() -> Value {
    object(
        &[
            ("uuid", uuid()),
            ("items", list(object(&change_with_record(), &["record"]))),
            ("hasOlder", boolean()),
            ("removed", list(removed_component())),
            ("floor", revision()),
            ("revision", revision()),
        ],
        &[],
    )
}

fn change_page() -> Value {
    object(
        &[
            ("items", list(object(&change_with_record(), &["record"]))),
            ("nextCursor", text_or_null()),
            ("floor", revision()),
            ("revision", revision()),
        ],
        &[],
    )
}

fn removed_component() -> Value {
    object(
        &[
            ("uuid", uuid()),
            ("name", text()),
            ("version", text()),
            ("revision", revision()),
        ],
        &[],
    )
}

fn states_diff() -> Value {
    let stored = json!({"type": ["object", "null"]});
    let item = object(
        &[
            ("change", json!({"enum": ["added", "changed", "removed"]})),
            ("kind", text()),
            ("key", text()),
            ("before", stored.clone()),
            ("after", stored),
        ],
        &[],
    );
    object(
        &[
            ("from", revision()),
            ("to", revision()),
            ("items", list(item)),
        ],
        &[],
    )
}

fn why() -> Value {
    let mut members = why_members();
    members.push(("removed", list(removed_component())));
    object(&members, &["record"])
}

fn mesh_why() -> Value {
    object(&why_members(), &["record"])
}

fn why_members() -> Members<'static> {
    let mut members = change_with_record();
    members.extend([
        ("pointer", text()),
        ("before", json!({})),
        ("after", json!({})),
    ]);
    members
}

fn graph() -> Value {
    let node = object(
        &[
            ("uuid", uuid()),
            ("name", text()),
            ("version", text()),
            ("meta_type", text()),
            ("lifecycle", text()),
            ("depth", revision()),
        ],
        &[],
    );
    let edge = object(
        &[
            ("from", uuid()),
            ("to", uuid()),
            ("version_spec", text()),
            ("optional", boolean()),
        ],
        &["version_spec"],
    );
    let missing = object(
        &[
            ("from", uuid()),
            ("target", text()),
            ("version_spec", text()),
            ("optional", boolean()),
            ("reason", text()),
        ],
        &["version_spec"],
    );
    let conflict = object(&[("name", text()), ("versions", list(text()))], &[]);
    object(
        &[
            ("root", uuid()),
            ("nodes", list(node)),
            ("edges", list(edge)),
            ("missing", list(missing)),
            ("cycles", list(list(uuid()))),
            ("conflicts", list(conflict)),
            ("order", list(uuid())),
            ("truncated", boolean()),
        ],
        &[],
    )
}

fn dependents() -> Value {
    let item = object(
        &[
            ("uuid", uuid()),
            ("name", text()),
            ("version", text()),
            ("metaType", text()),
            ("lifecycle", text()),
            ("depth", revision()),
            ("on", uuid()),
            ("versionSpec", text()),
            ("optional", boolean()),
            ("breaks", boolean()),
        ],
        &["versionSpec"],
    );
    object(
        &[
            ("uuid", uuid()),
            ("items", list(item)),
            ("revision", revision()),
        ],
        &[],
    )
}

fn diff() -> Value {
    let difference = object(
        &[
            ("pointer", text()),
            ("before", json!({})),
            ("after", json!({})),
        ],
        &["before", "after"],
    );
    object(
        &[
            ("uuid", uuid()),
            ("from", revision()),
            ("to", revision()),
            ("differences", list(difference)),
        ],
        &[],
    )
}

fn issue() -> Value {
    object(
        &[
            ("kind", text()),
            ("pointer", text()),
            ("code", text_or_null()),
            ("severity", json!({"enum": ["error", "warning"]})),
            ("message", text()),
            ("hint", text()),
            ("line", revision()),
        ],
        &["hint", "line"],
    )
}

fn validation() -> Value {
    object(
        &[
            ("valid", boolean()),
            ("uuid", text_or_null()),
            ("name", text_or_null()),
            ("version", text_or_null()),
            ("issues", list(issue())),
        ],
        &[],
    )
}

/// What writes of what runs where give.
fn mesh_results() -> Vec<Value> {
    let of_kind = |kind| [Schema::WrittenMesh(kind), Schema::RemovedMesh(kind)];
    let schemas = MeshKind::ALL.into_iter().flat_map(of_kind);
    schemas.map(reference).collect()
}

fn batch_request() -> Value {
    let writes: Vec<Value> = batch_ops().map(batch_write).collect();
    let writes = json!({
        "type": "array",
        "minItems": 1,
        "maxItems": 100_000,
        "items": {"oneOf": writes},
    });
    object(&[("writes", writes)], &[])
}

fn batch_write(one: &BatchOp) -> Value {
    let mut members = vec![
        ("kind", json!({"const": one.kind})),
        ("op", json!({"const": one.op})),
    ];
    let names = one.needed.iter().chain(one.optional);
    members.extend(names.map(|name| (*name, batch_member(one.kind, name))));
    object(&members, one.optional)
}

fn batch_member(kind: &str, name: &str) -> Value {
    let mesh = MeshKind::named(kind);
    match (name, mesh) {
        ("document", None) => reference(Schema::ComponentDocument),
        ("document", Some(kind)) => reference(Schema::MeshDocument(kind)),
        ("patch", None) => reference(Schema::ComponentPatch),
        ("patch", Some(_)) => reference(Schema::MeshPatch),
        ("expectedGeneration", None) => json!({"type": "integer", "minimum": 1}),
        // 0: only if there is none.
        ("expectedGeneration", Some(_)) => revision(),
        (name, _) => batch_value(name),
    }
}

fn batch_value(name: &str) -> Value {
    match name {
        "requireDependencies" | "force" => boolean(),
        "grants" => list(text()),
        "overlapSeconds" => revision(),
        "token" => hex(16),
        _ => text(),
    }
}

fn head() -> Value {
    object(
        &[
            ("revision", revision()),
            ("chain", hex(64)),
            ("records", revision()),
            ("stateRoot", hex(64)),
            ("lineage", lineage()),
        ],
        &[],
    )
}

fn lineage() -> Value {
    json!({
        "type": "string",
        "pattern": "^(?:[0-9a-f]{32})?$",
        "description": "Names this history; empty at revision 0, where there is none yet.",
    })
}

fn verification() -> Value {
    let broken = object(
        &[
            ("revision", revision()),
            ("snapshot", revision()),
            ("file", text()),
            ("message", text()),
        ],
        &["revision", "snapshot", "file"],
    );
    object(
        &[
            ("revision", revision()),
            ("records", revision()),
            ("stateRoot", hex(64)),
            ("chain", hex(64)),
            ("ok", boolean()),
            ("broken", json!({"anyOf": [{"type": "null"}, broken]})),
        ],
        &[],
    )
}

fn problem() -> Value {
    let error = object(
        &[
            ("pointer", text()),
            ("parameter", text()),
            ("code", text_or_null()),
            ("message", text()),
            ("kind", text()),
            ("severity", json!({"enum": ["error", "warning"]})),
            ("hint", text()),
            ("line", revision()),
        ],
        &["parameter", "hint", "line"],
    );
    object(
        &[
            ("type", text()),
            ("title", text()),
            (
                "status",
                json!({"type": "integer", "minimum": 400, "maximum": 599}),
            ),
            ("code", text()),
            ("detail", text()),
            ("hint", text()),
            ("errors", list(error)),
            ("cycle", list(text())),
            ("requestId", text()),
        ],
        &["hint", "cycle"],
    )
}
