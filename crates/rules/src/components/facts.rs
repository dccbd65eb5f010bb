//! The few fields of a component that rules and indexes look at.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use deedbook_model::component::{DependencyRef, Lifecycle, MetaType};
use semver::Version;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// A few distinct texts in one allocation: each after its length in bytes, seven bits a byte, the
/// lowest first, the eighth set where another follows (LEB128).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(Box<[u8]>);

impl Words {
    /// The texts, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.bytes()
            .filter_map(|word| std::str::from_utf8(word).ok())
    }

    /// Whether that text is one of them.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.bytes().any(|word| word == text.as_bytes())
    }

    fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (mut length, mut shift) = (0, 0);
            loop {
                let (byte, after) = rest.split_first()?;
                rest = after;
                length |= usize::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let (word, after) = rest.split_at_checked(length)?;
            rest = after;
            Some(word)
        })
    }
}

impl<'a> FromIterator<&'a str> for Words {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Words {
        let (mut bytes, mut seen) = (Vec::new(), Seen::default());
        for word in texts.into_iter().filter(|word| seen.is_first(word)) {
            let mut length = word.len();
            while length > 0x7f {
                bytes.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
                length >>= 7;
            }
            bytes.push(u8::try_from(length).unwrap_or_default());
            bytes.extend_from_slice(word.as_bytes());
        }
        Words(bytes.into())
    }
}

/// Texts that came already: a few are compared, many are hashed.
#[derive(Default)]
struct Seen<'a> {
    few: Vec<&'a str>,
    many: HashSet<&'a str>,
}

impl<'a> Seen<'a> {
    const FEW: usize = 16;

    fn is_first(&mut self, text: &'a str) -> bool {
        if self.few.contains(&text) {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push(text);
            return true;
        }
        self.many.insert(text)
    }
}

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

/// What rules and indexes need of a component, read once when its record enters the state.
#[derive(Debug)]
pub struct ComponentFacts {
    /// Shared by all records of the component, and by the lists that it is in.
    pub(crate) identity: Arc<Identity>,
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
    /// Where in the stored bytes the description stands, quotes included.
    description: Option<(u32, u32)>,
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
        Some(ComponentFacts {
            identity: Arc::new(Identity {
                uuid: document.uuid,
                name: Arc::from(&*document.name),
                version: document.version,
            }),
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

    /// Appends what a search for text looks at: name, namespace, description and tags, folded by
    /// [`fold_case`], a line each. `stored` is what the facts were read from.
    pub(crate) fn fold_text(&self, stored: &[u8], into: &mut String) {
        let description = self.description(stored);
        let own = [
            Some(self.name()),
            self.namespace.as_deref(),
            description.as_deref(),
        ];
        for part in own.into_iter().flatten().chain(self.tags.iter()) {
            fold_case(part, into);
            into.push('\n');
        }
    }

    /// Whether a search for text sees the same in both. Each `stored` is what its facts were read
    /// from.
    pub(crate) fn has_same_text(&self, stored: &[u8], other: &Self, other_stored: &[u8]) -> bool {
        self.identity.name == other.identity.name
            && self.namespace == other.namespace
            && self.tags == other.tags
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_whatever_their_length() {
        let texts: Vec<String> = [0, 1, 127, 128, 129, 16_383, 16_384, 70_000]
            .iter()
            .map(|length| "é".repeat(length / 2) + &"x".repeat(length % 2))
            .chain((0..100).map(|number| number.to_string()))
            .collect();
        let words: Words = texts.iter().chain(&texts).map(String::as_str).collect();
        assert!(words.iter().eq(texts.iter().map(String::as_str)));
        assert!(texts.iter().all(|text| words.contains(text)));
        assert!(!words.contains("xx"));
    }
}
