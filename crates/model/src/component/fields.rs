//! The members of a component, one row each: the only place that says what is valid.

use super::dependency::{COMPONENT_ENTRY, EXTERNAL_ENTRY};
use super::words;
use crate::judge::form::Form;
use crate::judge::shape::Mutability::{Immutable, Lifecycle, Mutable, Once, Registry};
use crate::judge::shape::{Fallback, Field, Map, Member, Object, Shape, Text};

/// No limit is stated; that of the document holds.
pub(super) const NO_LIMIT: usize = usize::MAX;

/// Every field of version 0.3, in the order a document is best read in.
pub(super) static FIELDS: &[Field] = &[
    required(
        "metadata_version",
        source(Form::MetadataVersion, NO_LIMIT),
        Registry,
    ),
    required("uuid", text(Form::Uuid, NO_LIMIT), Immutable),
    required("name", text(Form::Name, 255), Immutable),
    required("version", source(Form::Version, 128), Immutable),
    required(
        "meta_type",
        text(Form::Choice(words::META_TYPES), NO_LIMIT),
        Immutable,
    ),
    field("namespace", text(Form::Namespace, 512), Once),
    with_default(
        "lifecycle",
        text(Form::Choice(words::LIFECYCLES), NO_LIMIT),
        Lifecycle,
        Fallback::Text("active"),
    ),
    field("description", free(4096), Mutable),
    field("author", free(256), Mutable),
    field("owner", free(256), Mutable),
    field("copyright", free(256), Mutable),
    field("license", free(128), Mutable),
    field("runtime_language_hint", free(64), Mutable),
    field("state_contract", free(512), Mutable),
    field("created_at", source(Form::Time, NO_LIMIT), Immutable),
    field("last_modified_at", source(Form::Time, NO_LIMIT), Registry),
    field("hash", source(Form::Hash, NO_LIMIT), Registry),
    field("entrypoint", ENTRYPOINT, Mutable),
    with_default("tags", list(&TAG, 64), Mutable, Fallback::List),
    with_default("capabilities", TEXTS, Mutable, Fallback::List),
    with_default(
        "capabilities_required",
        list(&CAPABILITY_REQUIRED, NO_LIMIT),
        Mutable,
        Fallback::List,
    ),
    with_default("dependencies", DEPENDENCIES, Mutable, Fallback::List),
    with_default("inputs", list(&PORT, NO_LIMIT), Mutable, Fallback::List),
    with_default("outputs", list(&PORT, NO_LIMIT), Mutable, Fallback::List),
    field("trust_score", Shape::Number { min: 0.0, max: 1.0 }, Mutable),
    field("idempotent", Shape::Bool, Mutable),
    field("deprecated_by", text(Form::Successor, 512), Lifecycle),
    field("deprecated_reason", free(1024), Lifecycle),
    field("archived_reason", free(1024), Lifecycle),
    field("parent_id", text(Form::Uuid, NO_LIMIT), Once),
    field(
        "test_type",
        text(Form::Choice(words::TEST_TYPES), NO_LIMIT),
        Mutable,
    ),
    field(
        "expected_result",
        text(Form::Choice(words::EXPECTED_RESULTS), NO_LIMIT),
        Mutable,
    ),
    field("targets", DEPENDENCIES, Mutable),
    field("spec", FREE_OBJECT, Mutable),
    with_default(
        "annotations",
        Shape::Map(&ANNOTATIONS),
        Mutable,
        Fallback::Object,
    ),
    with_default("x_extensions", FREE_OBJECT, Mutable, Fallback::Object),
    field(
        "protocol_version",
        source(Form::ThreeNumbers, NO_LIMIT),
        Mutable,
    ),
    field(
        "schema_version",
        source(Form::ThreeNumbers, NO_LIMIT),
        Mutable,
    ),
    field("protocols_supported", TEXTS, Mutable),
    field("base_class", TEXTS, Mutable),
    field("environment", TEXTS, Mutable),
    field("os_requirements", TEXTS, Mutable),
    field("architectures", TEXTS, Mutable),
    field("compliance_profiles", TEXTS, Mutable),
    field("container_image_reference", ANY_TEXT, Mutable),
    field("signature_block", Shape::Object(&SIGNATURE_BLOCK), Mutable),
    field("testing", Shape::Object(&TESTING), Mutable),
    field(
        "data_handling_declaration",
        Shape::Object(&DATA_HANDLING),
        Mutable,
    ),
    field("logging_config", Shape::Object(&LOGGING), Mutable),
    field(
        "source_repository",
        Shape::Object(&SOURCE_REPOSITORY),
        Mutable,
    ),
    field("tools", Shape::Map(&TOOLS), Mutable),
    field("execution_constraints", FREE_OBJECT, Mutable),
    field("security_context", FREE_OBJECT, Mutable),
    field(
        "execution_mode",
        text(Form::Choice(words::EXECUTION_MODES), NO_LIMIT),
        Mutable,
    ),
    field("contracts", FREE_OBJECT, Mutable),
    field("scenarios", list(&Shape::Any, NO_LIMIT), Mutable),
    field("scenario_test_entrypoint", Shape::Any, Mutable),
    field("test_matrix", list(&TEST_MATRIX_ROW, NO_LIMIT), Mutable),
    field("test_coverage", PERCENTAGE, Mutable),
    field("deprecated", Shape::Bool, Mutable),
    field("registered_at", source(Form::Time, NO_LIMIT), Registry),
    field("revision", Shape::Integer { min: 1 }, Registry),
];

/// Members of 0.1 and 0.2 files that 0.3 doesn't have; kept under `x_extensions.legacy`.
pub(super) const LEGACY_FIELDS: &[&str] = &[
    "status",
    "child_ids",
    "trust_score_stub",
    "compatibility",
    "commands",
    "components",
];

/// Other spellings, and the field they stand for.
pub(super) const ALIASES: &[(&str, &str)] =
    &[("type", "meta_type"), ("x-extensions", "x_extensions")];

/// The names of all fields.
pub(super) fn field_names() -> Vec<&'static str> {
    FIELDS.iter().map(|field| field.name).collect()
}

/// The field of a name or of another spelling of it.
pub(super) fn field_named(name: &str) -> Option<&'static Field> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    let name = alias.map_or(name, |(_, name)| name);
    FIELDS.iter().find(|field| field.name == name)
}

const fn field(name: &'static str, shape: Shape, mutability: super::Mutability) -> Field {
    with_default(name, shape, mutability, Fallback::Nothing)
}

const fn required(name: &'static str, shape: Shape, mutability: super::Mutability) -> Field {
    let mut field = field(name, shape, mutability);
    field.required = true;
    field
}

const fn with_default(
    name: &'static str,
    shape: Shape,
    mutability: super::Mutability,
    default: Fallback,
) -> Field {
    Field {
        name,
        shape,
        mutability,
        default,
        required: false,
    }
}

pub(super) const fn member(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        shape,
        required: false,
    }
}

const fn must(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        shape,
        required: true,
    }
}

/// Text in a form; a form with no room for nothing checks emptiness itself.
pub(super) const fn text(form: Form, max: usize) -> Shape {
    let min = if matches!(form, Form::Name | Form::Namespace | Form::Successor) {
        1
    } else {
        0
    };
    Shape::Text(Text::new(min, max, form))
}

pub(super) const fn source(form: Form, max: usize) -> Shape {
    Shape::Text(Text::new(0, max, form).taken_from_source())
}

const fn free(max: usize) -> Shape {
    Shape::Text(Text::up_to(max))
}

const fn advised(values: &'static [&'static str]) -> Shape {
    Shape::Text(Text::new(0, NO_LIMIT, Form::Advice(values)))
}

const fn list(of: &'static Shape, max: usize) -> Shape {
    Shape::List { of, max }
}

const fn object(members: &'static [Member]) -> Object {
    Object {
        members,
        one_of: &[],
    }
}

pub(super) const ANY_TEXT: Shape = Shape::Text(Text::new(0, NO_LIMIT, Form::Free));
const TEXTS: Shape = Shape::List {
    of: &ANY_TEXT,
    max: NO_LIMIT,
};
const ANYTHING: Shape = Shape::List {
    of: &Shape::Any,
    max: NO_LIMIT,
};
const FREE_OBJECT: Shape = Shape::Object(&object(&[]));
const PERCENTAGE: Shape = Shape::Number {
    min: 0.0,
    max: 100.0,
};

static TAG: Shape = Shape::Text(Text::new(1, 64, Form::Tag));

const ENTRYPOINT: Shape = Shape::TextOr {
    text: Text::new(0, NO_LIMIT, Form::Entrypoint),
    object: &Shape::Object(&ENTRYPOINT_OBJECT),
};
static ENTRYPOINT_OBJECT: Object = object(&[
    must("type", Shape::Text(Text::new(1, 32, Form::EntrypointType))),
    must("target", free(1024)),
]);

static CAPABILITY_REQUIRED: Shape = Shape::Object(&object(&[
    must("type", free(NO_LIMIT)),
    must("resource", free(NO_LIMIT)),
]));

const DEPENDENCIES: Shape = Shape::List {
    of: &DEPENDENCY,
    max: 256,
};
static DEPENDENCY: Shape = Shape::TextOr {
    text: Text::new(1, NO_LIMIT, Form::Requirement),
    object: &Shape::ByMember {
        member: "kind",
        equals: "external",
        then: &Shape::Object(&EXTERNAL_ENTRY),
        otherwise: &Shape::Object(&COMPONENT_ENTRY),
    },
};

static PORT: Shape = Shape::TextOr {
    text: Text::new(1, NO_LIMIT, Form::Free),
    object: &Shape::Object(&object(&[
        must("name", free(NO_LIMIT)),
        member("schema_ref", ANY_TEXT),
        member("required", Shape::Bool),
        member("format_hint", advised(words::FORMAT_HINTS)),
        member("description", ANY_TEXT),
    ])),
};

static ANNOTATIONS: Map = Map {
    of: ANY_TEXT,
    max_key_chars: 253,
    max_bytes: 64 * 1024,
};

static SIGNATURE_BLOCK: Object = object(&[
    member("signature", ANY_TEXT),
    member("algorithm", ANY_TEXT),
    member("signed_by", ANY_TEXT),
    member("issued_at", source(Form::Free, NO_LIMIT)),
]);

static TESTING: Object = object(&[
    member("canonical_test_case_ids", TEXTS),
    member(
        "required_ci_tiers",
        list(
            &Shape::Text(Text::new(0, NO_LIMIT, Form::Advice(words::CI_TIERS))),
            NO_LIMIT,
        ),
    ),
    member("minimum_coverage_percentage", PERCENTAGE),
]);

static DATA_HANDLING: Object = object(&[
    must("processes_sensitive_data", Shape::Bool),
    member("data_residency_required", Shape::Any),
    member("data_classification", advised(words::DATA_CLASSIFICATIONS)),
]);

static LOGGING: Object = object(&[
    member("level", advised(words::LOG_LEVELS)),
    member("format", advised(words::LOG_FORMATS)),
    member("audit_events", TEXTS),
]);

static SOURCE_REPOSITORY: Object = object(&[
    member("url", ANY_TEXT),
    member("commit_hash", source(Form::CommitHash, NO_LIMIT)),
    member("path", ANY_TEXT),
]);

static TOOLS: Map = Map {
    of: Shape::Object(&TOOL),
    max_key_chars: NO_LIMIT,
    max_bytes: NO_LIMIT,
};
static TOOL: Object = object(&[
    member("type", ANY_TEXT),
    member("language", advised(words::TOOL_LANGUAGES)),
    member("line", Shape::Integer { min: i64::MIN }),
    member("description", ANY_TEXT),
    member("inputs", ANYTHING),
    member("outputs", ANYTHING),
    member("error_codes", TEXTS),
    member("side_effects", TEXTS),
]);

static TEST_MATRIX_ROW: Shape = Shape::Object(&object(&[
    member("id", ANY_TEXT),
    member("description", ANY_TEXT),
    member("context", Shape::Any),
    member("expected_result", ANY_TEXT),
    member("tags", TEXTS),
    member("covers", TEXTS),
]));
