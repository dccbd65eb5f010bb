//! Entries of `dependencies` and `targets`: what a component needs, and in which version.

use semver::Version;
use serde_json::Value;
use uuid::Uuid;

use crate::version_spec::VersionSpec;

use super::fields::{ANY_TEXT, NO_LIMIT, member, source, text};
use super::form::Form;
use super::shape::{Object, Shape, Text};
use super::words::{self, MetaType};

/// An entry that names a component, by uuid or by name.
pub(super) static COMPONENT_ENTRY: Object = Object {
    members: &[
        member("name", text(Form::Name, 255)),
        member("uuid", text(Form::Uuid, NO_LIMIT)),
        member("version_spec", source(Form::VersionSpec, 256)),
        member("optional", Shape::Bool),
        member(
            "kind",
            text(Form::Choice(words::DEPENDENCY_KINDS), NO_LIMIT),
        ),
        member(
            "binding",
            Shape::Text(Text::new(0, NO_LIMIT, Form::Advice(words::BINDINGS))),
        ),
        member("protocol_required", Shape::Any),
        member("description", ANY_TEXT),
    ],
    one_of: &["name", "uuid"],
};

/// An entry that names something no registry holds; its version_spec is nobody's business.
pub(super) static EXTERNAL_ENTRY: Object = Object {
    members: &[
        member("name", Shape::Text(Text::up_to(255))),
        member("uuid", text(Form::Uuid, NO_LIMIT)),
        member("version_spec", source(Form::Free, NO_LIMIT)),
        member("optional", Shape::Bool),
        member(
            "kind",
            text(Form::Choice(words::DEPENDENCY_KINDS), NO_LIMIT),
        ),
        member(
            "binding",
            Shape::Text(Text::new(0, NO_LIMIT, Form::Advice(words::BINDINGS))),
        ),
        member("protocol_required", Shape::Any),
        member("description", ANY_TEXT),
    ],
    one_of: &["name", "uuid"],
};

/// One dependency, as the graph and the resolver need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyRef {
    /// What is depended on.
    pub target: DependencyTarget,
    /// Which versions will do; `None` for an external requirement. An absent text of a
    /// component entry is `latest`.
    pub version_spec: Option<VersionSpec>,
    /// The text of the version_spec as the entry has it.
    pub spec_text: Option<String>,
    /// Whether the component works without it.
    pub optional: bool,
    /// What the entry calls its target: its uuid, else its name, else its text.
    written: String,
}

/// What a dependency names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DependencyTarget {
    /// One version of one component.
    Uuid(Uuid),
    /// A family.
    Name(String),
    /// A family by path: its namespace, the end of one, or its name.
    Path {
        /// The word before `://`; informative.
        meta_type: MetaType,
        /// The text between `://` and the first `@`.
        path: String,
    },
    /// Something outside of every registry.
    External(String),
}

impl DependencyRef {
    /// Reads an entry of a stored document; `None` if it isn't a valid one.
    pub fn parse(entry: &Value) -> Option<Self> {
        match entry {
            Value::String(text) => Self::of_text(text),
            Value::Object(members) => {
                let text = |name: &str| members.get(name).and_then(Value::as_str);
                let optional = members
                    .get("optional")
                    .and_then(Value::as_bool)
                    .unwrap_or(false);
                let spec_text = text("version_spec").map(str::to_owned);
                let written = text("uuid").or_else(|| text("name"))?.to_owned();
                let (target, version_spec) = if text("kind") == Some("external") {
                    (DependencyTarget::External(written.clone()), None)
                } else {
                    let target = match text("uuid") {
                        Some(uuid) => DependencyTarget::Uuid(Uuid::try_parse(uuid).ok()?),
                        None => DependencyTarget::Name(written.clone()),
                    };
                    (target, Some(spec(spec_text.as_deref())?))
                };
                Some(Self {
                    target,
                    version_spec,
                    spec_text,
                    optional,
                    written,
                })
            }
            _ => None,
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        let (target, version_spec, spec_text) = match Requirement::parse(text) {
            Requirement::Component {
                meta_type,
                path,
                spec: given,
            } => {
                let path = path.to_owned();
                let target = DependencyTarget::Path { meta_type, path };
                (target, Some(spec(given)?), given.map(str::to_owned))
            }
            Requirement::External => (DependencyTarget::External(text.to_owned()), None, None),
        };
        Some(Self {
            target,
            version_spec,
            spec_text,
            optional: false,
            written: text.to_owned(),
        })
    }

    /// The entry's uuid, else its name, else its text.
    pub fn target_text(&self) -> &str {
        &self.written
    }

    /// Whether it leads back to the component that has it.
    ///
    /// A path doesn't count: what it means depends on the other components.
    /// Without a version it isn't known what a name leads to.
    pub fn is_self(&self, uuid: Uuid, name: &str, version: Option<&Version>) -> bool {
        match &self.target {
            DependencyTarget::Uuid(target) => *target == uuid,
            DependencyTarget::Name(target) => {
                let spec = self.version_spec.as_ref();
                let admits = |version| spec.is_some_and(|spec| spec.matches(version));
                target == name && version.is_some_and(admits)
            }
            DependencyTarget::Path { .. } | DependencyTarget::External(_) => false,
        }
    }
}

fn spec(text: Option<&str>) -> Option<VersionSpec> {
    text.map_or_else(
        || Some(VersionSpec::latest()),
        |text| VersionSpec::parse(text).ok(),
    )
}

/// A dependency written as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Requirement<'a> {
    /// `type://path[@spec]`.
    Component {
        meta_type: MetaType,
        path: &'a str,
        spec: Option<&'a str>,
    },
    /// Any other text.
    External,
}

impl<'a> Requirement<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let component = || {
            let (scheme, rest) = text.split_once("://")?;
            let meta_type = scheme.parse().ok()?;
            let (path, spec) = match rest.split_once('@') {
                Some((path, spec)) => (path, Some(spec)),
                None => (rest, None),
            };
            let component = Self::Component {
                meta_type,
                path,
                spec,
            };
            (!path.is_empty()).then_some(component)
        };
        component().unwrap_or(Self::External)
    }
}
