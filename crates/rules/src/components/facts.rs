//! The few fields of a component that rules and indexes look at.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use deedbook_model::component::{DependencyRef, Lifecycle, MetaType};
use semver::Version;
use serde::Deserialize;
use uuid::Uuid;

/// What rules and indexes need of a component, read once when its record enters the state.
#[derive(Debug)]
pub struct ComponentFacts {
    /// Its uuid.
    pub uuid: Uuid,
    /// Its name.
    pub name: Arc<str>,
    /// Its version.
    pub version: Version,
    /// Its type; a word, so that types of a later release are carried.
    pub meta_type: Cow<'static, str>,
    /// Its lifecycle.
    pub lifecycle: Lifecycle,
    /// Its namespace.
    pub namespace: Option<Box<str>>,
    /// Its tags, as written.
    pub tags: Box<[Box<str>]>,
    /// What it offers.
    pub capabilities: Box<[Box<str>]>,
    /// What it needs, in the order of the document; `None` where an entry can't be read.
    pub dependencies: Box<[Option<DependencyRef>]>,
    /// Name, namespace, description and tags, folded by [`fold_case`], a line each.
    pub text: Box<str>,
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
    description: Option<Cow<'a, str>>,
    #[serde(default)]
    tags: Vec<Box<str>>,
    #[serde(default)]
    capabilities: Vec<Box<str>>,
    #[serde(default)]
    dependencies: Vec<serde_json::Value>,
}

impl ComponentFacts {
    /// Reads the stored form of a component; `None` when only a later release can read it.
    #[must_use]
    pub fn read(stored: &[u8]) -> Option<ComponentFacts> {
        let document = serde_json::from_slice::<Stored<'_>>(stored).ok()?.data;
        let mut text = String::new();
        let parts = [
            Some(&*document.name),
            document.namespace.as_deref(),
            document.description.as_deref(),
        ];
        let tags = document.tags.iter().map(|tag| &**tag);
        for part in parts.into_iter().flatten().chain(tags) {
            fold_case(part, &mut text);
            text.push('\n');
        }
        Some(ComponentFacts {
            uuid: document.uuid,
            name: Arc::from(&*document.name),
            version: document.version,
            meta_type: match document.meta_type.parse::<MetaType>() {
                Ok(known) => Cow::Borrowed(known.as_str()),
                Err(_) => Cow::Owned(document.meta_type.into_owned()),
            },
            lifecycle: document.lifecycle.parse().ok()?,
            namespace: document.namespace.as_deref().map(Box::from),
            tags: document.tags.into(),
            capabilities: document.capabilities.into(),
            dependencies: document
                .dependencies
                .iter()
                .map(DependencyRef::parse)
                .collect(),
            text: text.into(),
        })
    }

    /// `name@version`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// The order of lists: name by bytes, highest version first, uuid.
    #[must_use]
    pub fn list_order(&self, other: &ComponentFacts) -> Ordering {
        self.name
            .as_bytes()
            .cmp(other.name.as_bytes())
            .then_with(|| other.version.cmp_precedence(&self.version))
            .then_with(|| self.uuid.cmp(&other.uuid))
    }
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
