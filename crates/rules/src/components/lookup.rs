//! Looking a component up by uuid or by name and version spec.

use std::fmt;
use std::sync::Arc;

use deedbook_model::component::Lifecycle;
use deedbook_model::version_spec::{VersionSpec, VersionSpecError};
use semver::Version;
use uuid::Uuid;

use super::facts::ComponentFacts;
use crate::record::Record;
use crate::state::State;

/// What a person or program calls a component: a uuid, or a name; and which versions would do.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentKey {
    /// The uuid or name.
    pub name: NameOrUuid,
    /// Which versions would do; `None`: the latest.
    pub spec: Option<VersionSpec>,
}

/// A text in uuid form is a uuid and never a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameOrUuid {
    /// One version of one component.
    Uuid(Uuid),
    /// A family.
    Name(String),
}

impl NameOrUuid {
    /// Tells which of the two a text is.
    #[must_use]
    pub fn of(text: &str) -> NameOrUuid {
        match Uuid::try_parse(text) {
            // The library also reads braces, `urn:uuid:` and digits without hyphens: names.
            Ok(uuid) if text.len() == 36 => NameOrUuid::Uuid(uuid),
            _ => NameOrUuid::Name(text.to_owned()),
        }
    }
}

impl fmt::Display for NameOrUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameOrUuid::Uuid(uuid) => uuid.fmt(f),
            NameOrUuid::Name(name) => f.write_str(name),
        }
    }
}

impl ComponentKey {
    /// Reads `KEY` or `KEY@SPEC`.
    ///
    /// # Errors
    /// When the part after the first `@` is no version spec.
    pub fn parse(text: &str) -> Result<ComponentKey, VersionSpecError> {
        let (name, spec) = match text.split_once('@') {
            Some((name, spec)) => (name, Some(VersionSpec::parse(spec)?)),
            None => (text, None),
        };
        Ok(ComponentKey {
            name: NameOrUuid::of(name),
            spec,
        })
    }
}

impl From<Uuid> for ComponentKey {
    fn from(uuid: Uuid) -> Self {
        ComponentKey {
            name: NameOrUuid::Uuid(uuid),
            spec: None,
        }
    }
}

impl fmt::Display for ComponentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.spec {
            Some(spec) => write!(f, "{}@{spec}", self.name),
            None => self.name.fmt(f),
        }
    }
}

/// A component that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Its record.
    pub record: &'a Arc<Record>,
    /// What is known of it.
    pub facts: &'a ComponentFacts,
}

impl Found<'_> {
    /// Whether whoever chose it should hear that it is deprecated.
    #[must_use]
    pub fn is_deprecated(&self) -> bool {
        self.facts.lifecycle == Lifecycle::Deprecated
    }
}

/// Why a look-up found nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// Nothing has that uuid or name.
    #[error("no component `{key}`")]
    Unknown {
        /// What was asked for.
        key: String,
    },
    /// It exists, but not in such a version.
    #[error("no version of `{key}` satisfies `{spec}`; there are {}", .versions.join(", "))]
    NoVersion {
        /// What was asked for.
        key: String,
        /// Which versions would have done.
        spec: String,
        /// Versions that there are, highest first, at most ten.
        versions: Vec<String>,
    },
}

impl State {
    /// Finds a component. By uuid, whatever its lifecycle; by name the highest active or
    /// deprecated version that satisfies the spec, else the highest draft; an archived one only
    /// by an exact spec.
    ///
    /// # Errors
    /// [`LookupError`] when nothing fits.
    pub fn lookup(
        &self,
        name: &NameOrUuid,
        spec: Option<&VersionSpec>,
    ) -> Result<Found<'_>, LookupError> {
        match name {
            NameOrUuid::Uuid(uuid) => self.lookup_uuid(uuid, spec),
            NameOrUuid::Name(name) => self.lookup_name(name, spec),
        }
    }

    /// All versions of a family, or the one component of a uuid; highest first, archived too.
    #[must_use]
    pub fn versions(&self, name: &NameOrUuid) -> &[Arc<Record>] {
        match name {
            NameOrUuid::Uuid(uuid) => self
                .components
                .by_uuid(uuid)
                .map(std::slice::from_ref)
                .unwrap_or_default(),
            NameOrUuid::Name(name) => self
                .components
                .family(name)
                .map(|family| family.versions())
                .unwrap_or_default(),
        }
    }

    fn lookup_uuid(
        &self,
        uuid: &Uuid,
        spec: Option<&VersionSpec>,
    ) -> Result<Found<'_>, LookupError> {
        let record = self.components.by_uuid(uuid);
        let Some((record, facts)) = record.and_then(|record| Some((record, record.component()?)))
        else {
            return Err(LookupError::Unknown {
                key: uuid.to_string(),
            });
        };
        match spec {
            Some(spec) if !spec.is_latest() && !spec.matches(facts.version()) => {
                Err(LookupError::NoVersion {
                    key: uuid.to_string(),
                    spec: spec.to_string(),
                    versions: vec![facts.version().to_string()],
                })
            }
            _ => Ok(Found { record, facts }),
        }
    }

    fn lookup_name(
        &self,
        name: &str,
        spec: Option<&VersionSpec>,
    ) -> Result<Found<'_>, LookupError> {
        let Some(family) = self.components.family(name) else {
            return Err(LookupError::Unknown {
                key: name.to_owned(),
            });
        };
        let versions = family.versions();
        let exact = spec.is_some_and(VersionSpec::is_exact);
        choose(versions, spec, |l| {
            matches!(l, Lifecycle::Active | Lifecycle::Deprecated)
        })
        .or_else(|| choose(versions, spec, |l| l == Lifecycle::Draft))
        .or_else(|| choose(versions, spec, |l| exact && l == Lifecycle::Archived))
        .ok_or_else(|| LookupError::NoVersion {
            key: name.to_owned(),
            spec: spec.map_or_else(|| "latest".to_owned(), ToString::to_string),
            versions: versions
                .iter()
                .filter_map(|record| Some(record.component()?.version().to_string()))
                .take(10)
                .collect(),
        })
    }
}

/// The highest version (`versions` are highest first) of a fitting lifecycle that satisfies the
/// spec; for the latest, a stable one before a pre-release.
fn choose<'a>(
    versions: &'a [Arc<Record>],
    spec: Option<&VersionSpec>,
    lifecycle: impl Fn(Lifecycle) -> bool,
) -> Option<Found<'a>> {
    let mut candidates = versions.iter().filter_map(|record| {
        let facts = record.component()?;
        lifecycle(facts.lifecycle).then_some(Found { record, facts })
    });
    match spec {
        Some(spec) if !spec.is_latest() => {
            candidates.find(|found| spec.matches(found.facts.version()))
        }
        _ => {
            let mut newest = None;
            for found in candidates {
                if is_stable(found.facts.version()) {
                    return Some(found);
                }
                newest = newest.or(Some(found));
            }
            newest
        }
    }
}

fn is_stable(version: &Version) -> bool {
    version.pre.is_empty()
}
