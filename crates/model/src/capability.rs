//! Capabilities: what a credential may do, and to what. Whatever isn't granted is denied.
//!
//! ```text
//! grant:    CAPABILITY or CAPABILITY:PATTERN        REGISTRY_READ:validators/doc_*
//! resource: <type>s/<name> of a component, or a namespace
//! ```
//!
//! Writing doesn't include reading: a credential that registers and reads back holds both.
//! `ADMIN` includes all.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::glob;

/// Most grants of one credential.
pub const MAX_GRANTS: usize = 64;

/// Longest pattern of a grant, in bytes.
pub const MAX_PATTERN_BYTES: usize = 256;

/// One thing that a credential may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capability {
    /// See components, their history and what they depend on.
    RegistryRead,
    /// Register, change and remove components.
    RegistryWrite,
    /// See nodes, services and shards.
    MeshRead,
    /// Change nodes, services and shards.
    MeshOperate,
    /// Take, renew and finish leases.
    LeaseWork,
    /// Receive the changes that are replicated.
    ReplicationRead,
    /// Everything, and the only one for principals and the book itself.
    Admin,
}

impl Capability {
    /// All of them, in the order of the documentation.
    pub const ALL: [Capability; 7] = [
        Capability::RegistryRead,
        Capability::RegistryWrite,
        Capability::MeshRead,
        Capability::MeshOperate,
        Capability::LeaseWork,
        Capability::ReplicationRead,
        Capability::Admin,
    ];

    /// The word, as it is printed and stored: `REGISTRY_READ`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.spellings().0
    }

    /// The other spelling, which is read but never printed: `registry.read`.
    #[must_use]
    pub fn dotted(self) -> &'static str {
        self.spellings().1
    }

    fn spellings(self) -> (&'static str, &'static str) {
        match self {
            Capability::RegistryRead => ("REGISTRY_READ", "registry.read"),
            Capability::RegistryWrite => ("REGISTRY_WRITE", "registry.write"),
            Capability::MeshRead => ("MESH_READ", "mesh.read"),
            Capability::MeshOperate => ("MESH_OPERATE", "mesh.operate"),
            Capability::LeaseWork => ("LEASE_WORK", "lease.work"),
            Capability::ReplicationRead => ("REPLICATION_READ", "replication.read"),
            Capability::Admin => ("ADMIN", "admin"),
        }
    }

    fn is_of_components(self) -> bool {
        matches!(self, Capability::RegistryRead | Capability::RegistryWrite)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Capability {
    type Err = NotAGrant;

    fn from_str(text: &str) -> Result<Self, NotAGrant> {
        let is =
            |capability: &Capability| [capability.as_str(), capability.dotted()].contains(&text);
        let found = Capability::ALL.into_iter().find(is);
        found.ok_or_else(|| NotAGrant::Capability {
            text: text.chars().take(40).collect(),
        })
    }
}

/// What is done something to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    /// All versions of a component; shown as `<type>s/<name>`.
    Component {
        /// Its type.
        meta_type: &'a str,
        /// Its name.
        name: &'a str,
    },
    /// A namespace.
    Namespace(&'a str),
    /// The whole book, or something in it that nothing narrower names: only a grant without a
    /// pattern covers it.
    Book,
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resource::Component { meta_type, name } => write!(f, "{meta_type}s/{name}"),
            Resource::Namespace(name) => f.write_str(name),
            Resource::Book => f.write_str("the whole book"),
        }
    }
}

/// A capability, for everything or for what a pattern fits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grant {
    capability: Capability,
    /// `None`: for everything.
    pattern: Option<Box<str>>,
}

/// Why a text is no grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAGrant {
    /// Not a capability of this release.
    #[error("no capability `{text}`; there are {}", words())]
    Capability {
        /// What was given, shortened.
        text: String,
    },
    /// A pattern after `ADMIN`.
    #[error("ADMIN is for everything; it takes no pattern")]
    AdminPattern,
    /// Empty, too long, or with characters that no name has.
    #[error("a pattern has 1 to {MAX_PATTERN_BYTES} visible ASCII characters")]
    Length,
    /// Broken, or one that fits nothing.
    #[error("`{pattern}` is no pattern: {why}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        why: &'static str,
    },
}

fn words() -> String {
    Capability::ALL.map(Capability::as_str).join(", ")
}

impl Grant {
    /// A capability for everything.
    #[must_use]
    pub fn of_all(capability: Capability) -> Grant {
        Grant {
            capability,
            pattern: None,
        }
    }

    /// A capability for what a pattern fits; `*` and `**` are everything.
    ///
    /// # Errors
    /// [`NotAGrant`] for a broken pattern, and for one that could fit nothing.
    pub fn of(capability: Capability, pattern: &str) -> Result<Grant, NotAGrant> {
        check_pattern(capability, pattern)?;
        let everything = ["*", "**"].contains(&pattern);
        Ok(Grant {
            capability,
            pattern: (!everything).then(|| Box::from(pattern)),
        })
    }

    /// What it allows.
    #[must_use]
    pub fn capability(&self) -> Capability {
        self.capability
    }

    /// What it allows that for; `None`: for everything.
    #[must_use]
    pub fn pattern(&self) -> Option<&str> {
        self.pattern.as_deref()
    }

    fn covers(&self, capability: Capability, resource: Resource<'_>) -> bool {
        if !self.is_about(capability) {
            return false;
        }
        match (self.pattern(), resource) {
            (None, _) => true,
            (Some(_), Resource::Book) => false,
            (Some(pattern), Resource::Namespace(name)) => glob::matches(pattern, name),
            (Some(pattern), component) => glob::matches(pattern, &component.to_string()),
        }
    }

    fn is_about(&self, capability: Capability) -> bool {
        self.capability == capability || self.capability == Capability::Admin
    }
}

fn check_pattern(capability: Capability, pattern: &str) -> Result<(), NotAGrant> {
    if capability == Capability::Admin {
        return Err(NotAGrant::AdminPattern);
    }
    let is_visible = pattern.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_visible || !(1..=MAX_PATTERN_BYTES).contains(&pattern.len()) {
        return Err(NotAGrant::Length);
    }
    let refuse = |why| NotAGrant::Pattern {
        pattern: pattern.to_owned(),
        why,
    };
    glob::check(pattern).map_err(|broken| refuse(broken.0))?;
    let everything = ["*", "**"].contains(&pattern);
    if capability.is_of_components() && !everything && !pattern.contains('/') {
        return Err(refuse(
            "a component is named by type and name, as in `tools/geo_*` or `*/geo_*`",
        ));
    }
    Ok(())
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pattern() {
            Some(pattern) => write!(f, "{}:{pattern}", self.capability),
            None => self.capability.fmt(f),
        }
    }
}

impl FromStr for Grant {
    type Err = NotAGrant;

    fn from_str(text: &str) -> Result<Self, NotAGrant> {
        match text.split_once(':') {
            Some((capability, pattern)) => Grant::of(capability.parse()?, pattern),
            None => Ok(Grant::of_all(text.parse()?)),
        }
    }
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a credential was granted; any one grant is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(Vec<Grant>);

impl Grants {
    /// The grants, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them covers that.
    #[must_use]
    pub fn allows(&self, capability: Capability, resource: Resource<'_>) -> bool {
        self.iter().any(|grant| grant.covers(capability, resource))
    }

    /// Whether one of them has that capability, be it for a single thing.
    #[must_use]
    pub fn holds(&self, capability: Capability) -> bool {
        self.iter().any(|grant| grant.is_about(capability))
    }
}

impl FromIterator<Grant> for Grants {
    /// Each once.
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Grants {
        let mut all: Vec<Grant> = Vec::new();
        for grant in grants {
            if !all.contains(&grant) {
                all.push(grant);
            }
        }
        Grants(all)
    }
}

/// What one request may do: its credential's grants, narrowed by what the request itself asserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    granted: Arc<Grants>,
    /// Each narrows; none widens.
    claimed: Vec<Grants>,
}

/// What was missing, and for what: `REGISTRY_WRITE is missing for tools/geo_index`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{capability} is missing for {resource}{}", .claimed_less.then_some(": the credential has it, but the request claims less").unwrap_or_default())]
pub struct Denied {
    /// The capability that was missing.
    pub capability: Capability,
    /// What it was missing for, as [`Resource`] prints it.
    pub resource: String,
    /// The credential has it, but the request claimed less.
    pub claimed_less: bool,
}

impl Rights {
    /// All that was granted.
    #[must_use]
    pub fn of(granted: impl Into<Arc<Grants>>) -> Rights {
        Rights {
            granted: granted.into(),
            claimed: Vec::new(),
        }
    }

    /// Everything: of somebody who may open the data folder, or of an open book.
    #[must_use]
    pub fn all() -> Rights {
        Rights::of(Grants(vec![Grant::of_all(Capability::Admin)]))
    }

    /// Whether these grants were given, and not others that say the same.
    #[must_use]
    pub fn are_of(&self, granted: &Arc<Grants>) -> bool {
        Arc::ptr_eq(&self.granted, granted)
    }

    /// No more than what the request claims. A claim never adds anything.
    #[must_use]
    pub fn narrow(mut self, claimed: Grants) -> Rights {
        self.claimed.push(claimed);
        self
    }

    /// No more than what the request claims that another rights are of.
    #[must_use]
    pub fn claiming_as(mut self, other: &Rights) -> Rights {
        self.claimed.extend_from_slice(&other.claimed);
        self
    }

    /// Whether that may be done.
    #[must_use]
    pub fn allows(&self, capability: Capability, resource: Resource<'_>) -> bool {
        self.layers()
            .all(|grants| grants.allows(capability, resource))
    }

    /// Whether that may be done to anything at all; a list that leaves out what may not be seen
    /// asks this first. What is left may still be nothing.
    #[must_use]
    pub fn holds(&self, capability: Capability) -> bool {
        self.layers().all(|grants| grants.holds(capability))
    }

    /// Refuses what may not be done.
    ///
    /// # Errors
    /// [`Denied`] names the capability and what it was missing for.
    pub fn demand(&self, capability: Capability, resource: Resource<'_>) -> Result<(), Denied> {
        if self.allows(capability, resource) {
            return Ok(());
        }
        Err(Denied {
            capability,
            resource: resource.to_string(),
            claimed_less: self.granted.allows(capability, resource),
        })
    }

    fn layers(&self) -> impl Iterator<Item = &Grants> {
        std::iter::once(&*self.granted).chain(&self.claimed)
    }
}

#[cfg(test)]
#[path = "capability_test.rs"]
mod tests;
