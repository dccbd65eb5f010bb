//! Entries of `dependencies` and `targets`: what a component needs, and in which version.

use std::borrow::Cow;

use semver::Version;
use serde_json::Value;
use uuid::Uuid;

use crate::version_spec::{VersionSpec, VersionSpecError};

use super::fields::{ANY_TEXT, NO_LIMIT, member, source, text};
use super::words::{self, MetaType};
use crate::judge::form::Form;
use crate::judge::shape::{Object, Shape, Text};

/// An entry that names a component, by uuid or by name.
pub(crate) static COMPONENT_ENTRY: Object = Object {
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
pub(crate) static EXTERNAL_ENTRY: Object = Object {
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

/// One dependency, as the graph and the resolver need it. A book holds one for each entry of each
/// component, so it is kept small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyRef {
    /// What is depended on.
    pub target: DependencyTarget,
    /// Whether the component works without it.
    pub optional: bool,
    /// Text, not parsed: a parsed one takes ten times the memory, and few are ever looked at.
    version_spec: Option<Box<str>>,
}

/// What a dependency names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DependencyTarget {
    /// One version of one component.
    Uuid(Uuid),
    /// A family.
    Name(Box<str>),
    /// A family by path: its namespace, the end of one, or its name.
    Path {
        /// The word before `://`; informative.
        meta_type: MetaType,
        /// The text between `://` and the first `@`.
        path: Box<str>,
    },
    /// Something outside of every registry.
    External {
        /// Its uuid, else its name, else the entry's text.
        text: Box<str>,
        /// Which versions will do, as written; nobody here reads it.
        version_spec: Option<Box<str>>,
    },
}

impl DependencyRef {
    /// Reads an entry of a stored document; `None` if it isn't a valid one.
    pub fn parse(entry: &Value) -> Option<Self> {
        match entry {
            Value::String(text) => Self::of_text(text),
            Value::Object(members) => {
                let text = |name: &str| members.get(name).and_then(Value::as_str);
                let given = text("version_spec");
                let optional = members.get("optional").and_then(Value::as_bool) == Some(true);
                let (target, version_spec) = match (text("uuid"), text("name")) {
                    (uuid, name) if text("kind") == Some("external") => {
                        (external(uuid.or(name)?, given), None)
                    }
                    (Some(uuid), _) => (
                        DependencyTarget::Uuid(Uuid::try_parse(uuid).ok()?),
                        given.map(Box::from),
                    ),
                    (None, name) => (DependencyTarget::Name(name?.into()), given.map(Box::from)),
                };
                Some(Self {
                    target,
                    optional,
                    version_spec,
                })
            }
            _ => None,
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        let (target, version_spec) = match Requirement::parse(text) {
            Requirement::Component {
                meta_type,
                path,
                spec: given,
            } => {
                let path = path.into();
                (
                    DependencyTarget::Path { meta_type, path },
                    given.map(Box::from),
                )
            }
            Requirement::External => (external(text, None), None),
        };
        Some(Self {
            target,
            optional: false,
            version_spec,
        })
    }

    /// Which versions will do. `None`: the latest, or for an external requirement whatever its
    /// text says.
    ///
    /// # Errors
    /// For a text that only a later release can read: this one's reader lets none in.
    pub fn version_spec(&self) -> Result<Option<VersionSpec>, VersionSpecError> {
        self.version_spec
            .as_deref()
            .map(VersionSpec::parse)
            .transpose()
    }

    /// The text of the version_spec as the entry has it.
    pub fn spec_text(&self) -> Option<&str> {
        match &self.target {
            DependencyTarget::External { version_spec, .. } => version_spec.as_deref(),
            _ => self.version_spec.as_deref(),
        }
    }

    /// The entry's uuid, else its name, else its text.
    pub fn target_text(&self) -> Cow<'_, str> {
        match &self.target {
            DependencyTarget::Uuid(uuid) => uuid.to_string().into(),
            DependencyTarget::Name(text) | DependencyTarget::External { text, .. } => {
                Cow::Borrowed(text)
            }
            DependencyTarget::Path { meta_type, path } => match self.spec_text() {
                Some(spec) => format!("{meta_type}://{path}@{spec}").into(),
                None => format!("{meta_type}://{path}").into(),
            },
        }
    }

    /// Whether it leads back to the component that has it.
    ///
    /// A path doesn't count: what it means depends on the other components.
    /// Without a version it isn't known what a name leads to.
    pub fn is_self(&self, uuid: Uuid, name: &str, version: Option<&Version>) -> bool {
        match &self.target {
            DependencyTarget::Uuid(target) => *target == uuid,
            DependencyTarget::Name(target) => {
                let admits = |version| match self.version_spec() {
                    Ok(spec) => spec.is_none_or(|spec| spec.matches(version)),
                    Err(_) => false,
                };
                **target == *name && version.is_some_and(admits)
            }
            DependencyTarget::Path { .. } | DependencyTarget::External { .. } => false,
        }
    }
}

fn external(text: &str, version_spec: Option<&str>) -> DependencyTarget {
    DependencyTarget::External {
        text: text.into(),
        version_spec: version_spec.map(Box::from),
    }
}

/// A dependency written as text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Requirement<'a> {
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
    pub(crate) fn parse(text: &'a str) -> Self {
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
