//! The few fields of a component that rules and indexes look at.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use deedbook_model::component::{DependencyRef, Lifecycle, MetaType};
use semver::Version;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::words::{WordLists, Words};

/// What of a component no change touches. In the order of lists: name by bytes, highest version
/// first, uuid.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) uuid: Uuid,
    pub(crate) name: Arc<str>,
    pub(crate) version: Version,
}

impl Identity {
    /// Lists don't look at build metadata; this does.
    pub(crate) fn is_same(&self, other: &Identity) -> bool {
        self == other && self.version == other.version
    }
}

impl Ord for Identity {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.name.as_bytes().cmp(other.name.as_bytes()))
            .then_with(|| other.version.cmp_precedence(&self.version))
            .then_with(|| self.uuid.cmp(&other.uuid))
    }
}

impl PartialOrd for Identity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Identity {}

/// Its type, unless this release knows it.
const UNKNOWN_TYPE: usize = 0;
const NAMESPACE: usize = 1;
const TAGS: usize = 2;
const CAPABILITIES: usize = 3;

/// What rules and indexes need of a component, read once when its record enters the state.
#[derive(Debug)]
pub struct ComponentFacts {
    /// Shared by all records of the component, and by the lists that it is in.
    pub(crate) identity: Arc<Identity>,
    /// What it needs, in the order of the document; `None` where an entry can't be read.
    pub dependencies: Box<[Option<DependencyRef>]>,
    /// A list each for [`UNKNOWN_TYPE`] and those after it: every component of a book has them, so
    /// they take as little as they can.
    words: WordLists,
    /// Where in the stored bytes the description stands, quotes included.
    description: Option<(u32, u32)>,
    meta_type: Option<MetaType>,
    /// Its lifecycle.
    pub lifecycle: Lifecycle,
}

#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    data: Document<'a>,
}

#[derive(Deserialize)]
struct Document<'a> {
    uuid: Uuid,
    #[serde(borrow)]
    name: Cow<'a, str>,
    version: Version,
    #[serde(borrow)]
    meta_type: Cow<'a, str>,
    #[serde(borrow)]
    lifecycle: Cow<'a, str>,
    #[serde(borrow, default)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    description: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tags: Vec<Text<'a>>,
    #[serde(borrow, default)]
    capabilities: Vec<Text<'a>>,
    #[serde(default)]
    dependencies: Vec<serde_json::Value>,
}

/// Text that borrows where it can; within a list plain `Cow` never does.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl ComponentFacts {
    /// Reads the stored form of a component; `None` when only a later release can read it.
    #[must_use]
    pub fn read(stored: &[u8]) -> Option<ComponentFacts> {
        let document = serde_json::from_slice::<Stored<'_>>(stored).ok()?.data;
        let description = match document.description {
            Some(written) => Some(place_of(written.get(), stored)?),
            None => None,
        };
        let meta_type = document.meta_type.parse::<MetaType>().ok();
        let unknown_type = match meta_type {
            Some(_) => Vec::new(),
            None => vec![&*document.meta_type],
        };
        let namespace = document.namespace.as_deref().into_iter().collect();
        let tags = document.tags.iter().map(|tag| &*tag.0).collect();
        let capabilities = document.capabilities.iter().map(|it| &*it.0).collect();
        Some(ComponentFacts {
            identity: Arc::new(Identity {
                uuid: document.uuid,
                name: Arc::from(&*document.name),
                version: document.version,
            }),
            dependencies: document
                .dependencies
                .iter()
                .map(DependencyRef::parse)
                .collect(),
            words: WordLists::of([unknown_type, namespace, tags, capabilities]),
            meta_type,
            lifecycle: document.lifecycle.parse().ok()?,
            description,
        })
    }

    pub(crate) fn share_identity(&mut self, other: &ComponentFacts) {
        if self.identity.is_same(&other.identity) {
            self.identity = Arc::clone(&other.identity);
        }
    }

    /// Its uuid.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        self.identity.uuid
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.identity.version
    }

    /// Its type; a word, so that types of a later release are carried.
    #[must_use]
    pub fn meta_type(&self) -> &str {
        let unknown = || self.words.list(UNKNOWN_TYPE).iter().next();
        self.meta_type
            .map(MetaType::as_str)
            .or_else(unknown)
            .unwrap_or_default()
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.words.list(NAMESPACE).iter().next()
    }

    /// Its tags, in the order of the document, each once.
    #[must_use]
    pub fn tags(&self) -> Words<'_> {
        self.words.list(TAGS)
    }

    /// What it offers, each once.
    #[must_use]
    pub fn capabilities(&self) -> Words<'_> {
        self.words.list(CAPABILITIES)
    }

    /// Appends what a search for text looks at: name, namespace, description and tags, folded by
    /// [`fold_case`], a line each. `stored` is what the facts were read from.
    pub(crate) fn fold_text(&self, stored: &[u8], into: &mut String) {
        let description = self.description(stored);
        let own = [Some(self.name()), self.namespace(), description.as_deref()];
        for part in own.into_iter().flatten().chain(self.tags().iter()) {
            fold_case(part, into);
            into.push('\n');
        }
    }

    /// Whether a search for text sees the same in both. Each `stored` is what its facts were read
    /// from.
    pub(crate) fn has_same_text(&self, stored: &[u8], other: &Self, other_stored: &[u8]) -> bool {
        self.identity.name == other.identity.name
            && self.namespace() == other.namespace()
            && self.tags() == other.tags()
            && self.written_description(stored) == other.written_description(other_stored)
    }

    fn written_description<'a>(&self, stored: &'a [u8]) -> Option<&'a [u8]> {
        let (begin, end) = self.description?;
        stored.get(usize::try_from(begin).ok()?..usize::try_from(end).ok()?)
    }

    fn description<'a>(&self, stored: &'a [u8]) -> Option<Cow<'a, str>> {
        let written = self.written_description(stored)?;
        let text: Text<'_> = serde_json::from_slice(written).ok()?;
        Some(text.0)
    }

    /// `name@version`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}@{}", self.name(), self.version())
    }
}

/// Where in `stored` a text of JSON stands that was borrowed from it; `None` if it is no text.
fn place_of(written: &str, stored: &[u8]) -> Option<(u32, u32)> {
    let begin = written
        .as_ptr()
        .addr()
        .checked_sub(stored.as_ptr().addr())?;
    let end = begin + written.len();
    if !written.starts_with('"') || end > stored.len() {
        return None;
    }
    Some((u32::try_from(begin).ok()?, u32::try_from(end).ok()?))
}

/// Appends `text` with each character in its Unicode lower case, one by one: unlike
/// [`str::to_lowercase`] a character's form doesn't depend on its neighbours, so that a part of a
/// text folds to a part of the folded text.
pub fn fold_case(text: &str, into: &mut String) {
    if text.is_ascii() {
        into.extend(text.chars().map(|c| c.to_ascii_lowercase()));
    } else {
        into.extend(text.chars().flat_map(char::to_lowercase));
    }
}
