//! The forms of text once more, as keywords of JSON Schema.

use serde_json::{Map, Value, json};

use super::form::Form;
use crate::component::words;

const UUID: &str = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}";
const NAME: &str = "[A-Za-z0-9_][A-Za-z0-9_.-]";
const NUMBER: &str = "(?:0|[1-9][0-9]*)";
/// Control characters, and those that turn the direction of text.
const NOT_IN_IDS: &str = r"\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069";
const ENTRYPOINT_TYPE: &str = "[a-z][a-z0-9_+-]";

impl Form {
    /// The keywords for a text of this form, `type` and lengths excepted.
    pub(crate) fn keywords(self) -> Map<String, Value> {
        let pattern = match self {
            Self::Free | Self::Choice(_) | Self::Advice(_) => return Map::new(),
            Self::Id => format!("^[^{NOT_IN_IDS}]+$"),
            Self::NamespaceId => format!("^[^{NOT_IN_IDS}|]+$"),
            Self::Uri => {
                r"^[A-Za-z][A-Za-z0-9+.-]*://[^@/?#\s]+:[0-9]{1,5}(?:[/?#]\S*)?$".to_owned()
            }
            Self::Base64 => {
                "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$".to_owned()
            }
            Self::Unsigned => "^(?:0|[1-9][0-9]{0,19})$".to_owned(),
            Self::Uuid => {
                let nobody = "^(?:[0-]*|[Ff-]*)$";
                return keywords(
                    json!({"pattern": format!("^{UUID}$"), "not": {"pattern": nobody}}),
                );
            }
            Self::Entrypoint => {
                let prefix = format!("{ENTRYPOINT_TYPE}{{0,31}}(?:://|@)");
                return keywords(json!({
                    "pattern": format!("^(?:{prefix})?[\\s\\S]{{1,1024}}$"),
                    "not": {"pattern": format!("^{prefix}$")},
                }));
            }
            Self::Requirement => {
                let uri = format!("(?:{})://[^@]+@", words::META_TYPES.join("|"));
                return keywords(json!({
                    "if": {"pattern": format!("^{uri}")},
                    "then": {"pattern": format!("^{uri}{}$", version_spec())},
                }));
            }
            Self::MetadataVersion => format!("^0\\.3\\.{NUMBER}$"),
            Self::MeshVersion => format!(
                "^{}\\.{NUMBER}\\.{NUMBER}$",
                crate::mesh::SCHEMA_VERSION.major
            ),
            Self::Name => format!("^{NAME}*$"),
            Self::Version => format!("^{}$", version()),
            Self::Namespace => {
                "^(?:[A-Za-z][A-Za-z0-9_+.-]*://)?[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*$".to_owned()
            }
            Self::Time => concat!(
                "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt]",
                "(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\\.[0-9]+)?",
                "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
            )
            .to_owned(),
            Self::Hash => "^[0-9A-Fa-f]{64}$".to_owned(),
            Self::CommitHash => "^[0-9A-Fa-f]{40}$".to_owned(),
            Self::ThreeNumbers => "^[0-9]+\\.[0-9]+\\.[0-9]+$".to_owned(),
            Self::EntrypointType => format!("^{ENTRYPOINT_TYPE}*$"),
            Self::Tag => "^[A-Za-z0-9][A-Za-z0-9_.:/-]*$".to_owned(),
            Self::VersionSpec => format!("^{}$", version_spec()),
            Self::Successor => format!("^{NAME}{{0,254}}(?:@{})?$", version_spec()),
        };
        keywords(json!({"pattern": pattern}))
    }
}

fn keywords(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(keywords) => keywords,
        _ => Map::new(),
    }
}

/// SemVer 2.0.0.
fn version() -> String {
    format!("{NUMBER}\\.{NUMBER}\\.{NUMBER}{}", tail())
}

fn tail() -> String {
    let identifier = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)";
    let build = "[0-9A-Za-z-]+";
    format!("(?:-{identifier}(?:\\.{identifier})*)?(?:\\+{build}(?:\\.{build})*)?")
}

/// The grammar of a version_spec.
fn version_spec() -> String {
    let wild = "[xX*]";
    let second = format!("\\.{wild}(?:\\.{wild})?");
    let third = format!("\\.{wild}|\\.{NUMBER}{}", tail());
    let partial = format!("v?{NUMBER}(?:{second}|\\.{NUMBER}(?:{third})?)?");
    let anything = format!("v?{wild}(?:{second})?");
    let comparator = format!("(?:(?:==?|>=?|<=?|\\^|~)?\\s*{partial}|(?:==?)?\\s*{anything})");
    let list = format!("{comparator}(?:(?:\\s*,\\s*|\\s+){comparator}){{0,15}}");
    format!("\\s*(?:latest|v{NUMBER}_{NUMBER}_{NUMBER}|{list})?\\s*")
}
