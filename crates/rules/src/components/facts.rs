//! The few fields of a component that rules and indexes look at.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use deedbook_model::component::{DependencyRef, Lifecycle, MetaType};
use semver::Version;
use serde::Deserialize;
use uuid::Uuid;

/// A few distinct texts in one allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Words {
    /// The texts, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let begins = [0].into_iter().chain(self.ends.iter().copied());
        begins.zip(&self.ends).filter_map(|(begin, end)| {
            self.text
                .get(usize::try_from(begin).ok()?..usize::try_from(*end).ok()?)
        })
    }

    /// Whether that text is one of them.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.iter().any(|word| word == text)
    }
}

impl<'a> FromIterator<&'a str> for Words {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Words {
        let (mut text, mut ends) = (String::new(), Vec::new());
        let mut seen = HashSet::new();
        for word in texts.into_iter().filter(|word| seen.insert(*word)) {
            text.push_str(word);
            // A record has at most 64 MiB.
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        Words {
            text: text.into(),
            ends: ends.into(),
        }
    }
}

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
    /// Its tags, in the order of the document, each once.
    pub tags: Words,
    /// What it offers, each once.
    pub capabilities: Words,
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
        let mut text = String::new();
        let parts = [
            Some(&*document.name),
            document.namespace.as_deref(),
            document.description.as_deref(),
        ];
        let tags = document.tags.iter().map(|tag| &*tag.0);
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
            tags: document.tags.iter().map(|tag| &*tag.0).collect(),
            capabilities: document
                .capabilities
                .iter()
                .map(|offer| &*offer.0)
                .collect(),
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
