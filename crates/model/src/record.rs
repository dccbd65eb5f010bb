//! Records as they are stored and served: JSON bytes in one envelope, whatever the kind.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::position::{Generation, Revision};
use crate::time::Timestamp;

/// The kind of a record: a word. Kinds that this version doesn't know are carried like any other.
/// Ordered by the bytes of the word.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Kind(Word);

/// Every record of a book carries its kind, so the known ones take no memory of their own. In the
/// order of the words.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Word {
    Book,
    Component,
    Endpoint,
    Namespace,
    Node,
    Principal,
    Service,
    Shard,
    Other(Arc<str>),
}

impl Kind {
    /// A validator, tool, test, task, service or other component; its key is its uuid.
    pub const COMPONENT: Kind = Kind(Word::Component);
    /// The book's own record; its key is `book`.
    pub const BOOK: Kind = Kind(Word::Book);
    /// An address of a service; its key is that of [`MeshKey`](crate::mesh::MeshKey), as are those
    /// of the four after it.
    pub const ENDPOINT: Kind = Kind(Word::Endpoint);
    /// A unit of isolation.
    pub const NAMESPACE: Kind = Kind(Word::Namespace);
    /// What owns shards.
    pub const NODE: Kind = Kind(Word::Node);
    /// What is offered at endpoints.
    pub const SERVICE: Kind = Kind(Word::Service);
    /// A part of what a namespace holds.
    pub const SHARD: Kind = Kind(Word::Shard);
    /// Who may use the book over the network; its key is the name.
    pub const PRINCIPAL: Kind = Kind(Word::Principal);

    /// The kind with that name.
    #[must_use]
    pub fn named(name: &str) -> Kind {
        match name {
            "book" => Kind::BOOK,
            "component" => Kind::COMPONENT,
            "endpoint" => Kind::ENDPOINT,
            "namespace" => Kind::NAMESPACE,
            "node" => Kind::NODE,
            "principal" => Kind::PRINCIPAL,
            "service" => Kind::SERVICE,
            "shard" => Kind::SHARD,
            other => Kind(Word::Other(Arc::from(other))),
        }
    }

    /// The word itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Word::Book => "book",
            Word::Component => "component",
            Word::Endpoint => "endpoint",
            Word::Namespace => "namespace",
            Word::Node => "node",
            Word::Principal => "principal",
            Word::Service => "service",
            Word::Shard => "shard",
            Word::Other(word) => word,
        }
    }
}

impl Word {
    /// The place of a known word among the known.
    fn rank(&self) -> Option<u8> {
        Some(match self {
            Word::Book => 0,
            Word::Component => 1,
            Word::Endpoint => 2,
            Word::Namespace => 3,
            Word::Node => 4,
            Word::Principal => 5,
            Word::Service => 6,
            Word::Shard => 7,
            Word::Other(_) => return None,
        })
    }
}

impl Ord for Kind {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0.rank(), other.0.rank()) {
            (Some(one), Some(two)) => one.cmp(&two),
            _ => self.as_str().cmp(other.as_str()),
        }
    }
}

impl PartialOrd for Kind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What names a record in its book. Ordered by kind, then key, by bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// The kind.
    pub kind: Kind,
    /// The key within the kind.
    pub key: Arc<str>,
}

impl RecordKey {
    /// The key of a record.
    #[must_use]
    pub fn new(kind: Kind, key: &str) -> RecordKey {
        RecordKey {
            kind,
            key: Arc::from(key),
        }
    }
}

/// A record as `/v1` and `-o json` show it; its JSON text is also its stored form.
///
/// `{kind, key, generation, revision, checksum, createdAt, updatedAt, annotations, data}`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a> {
    /// The kind.
    pub kind: Cow<'a, str>,
    /// The key within the kind.
    pub key: Cow<'a, str>,
    /// The record's own counter.
    pub generation: Generation,
    /// Revision of the record's last change.
    pub revision: Revision,
    /// Content digest of the data, lower-case hex; for a component the `hash` of its document.
    pub checksum: Cow<'a, str>,
    /// When the record was first made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Text by name, free for users.
    pub annotations: Cow<'a, RawValue>,
    /// The record's own content.
    pub data: &'a RawValue,
}

/// A stored record that isn't an envelope.
#[derive(Debug, thiserror::Error)]
#[error("not a record envelope: {0}")]
pub struct EnvelopeError(#[from] serde_json::Error);

impl<'a> Envelope<'a> {
    /// Reads the envelope around a stored record; the data is not looked into.
    ///
    /// # Errors
    /// When `bytes` isn't JSON with the members of an envelope.
    pub fn read(bytes: &'a [u8]) -> Result<Envelope<'a>, EnvelopeError> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// The same, with the members that it doesn't have.
    ///
    /// # Errors
    /// When `bytes` isn't JSON with the members of an envelope.
    pub fn read_whole(
        bytes: &'a [u8],
    ) -> Result<(Envelope<'a>, UnknownMembers<'a>), EnvelopeError> {
        let Whole { envelope, unknown } = serde_json::from_slice(bytes)?;
        Ok((envelope, unknown))
    }

    /// The record as a document: its data, and among them its annotations, if it has any.
    ///
    /// # Errors
    /// When the data or the annotations aren't what a record has.
    pub fn document(&self) -> Result<Value, EnvelopeError> {
        let mut document: Value = serde_json::from_str(self.data.get())?;
        let annotations: Map<String, Value> = serde_json::from_str(self.annotations.get())?;
        if let (Value::Object(members), false) = (&mut document, annotations.is_empty()) {
            let own = members.entry("annotations");
            own.or_insert(Value::Object(annotations));
        }
        Ok(document)
    }

    /// The stored form: JSON text without white space, `unknown` last.
    ///
    /// # Errors
    /// Never for an envelope whose parts are JSON; the encoder's own error otherwise.
    pub fn write(&self, unknown: &UnknownMembers<'_>) -> Result<Vec<u8>, EnvelopeError> {
        #[derive(Serialize)]
        struct Both<'e, 'a> {
            #[serde(flatten)]
            envelope: &'e Envelope<'a>,
            #[serde(flatten)]
            unknown: &'e UnknownMembers<'e>,
        }
        if unknown.0.is_empty() {
            return Ok(serde_json::to_vec(self)?);
        }
        let envelope = self;
        Ok(serde_json::to_vec(&Both { envelope, unknown })?)
    }
}

/// The members of an envelope that only a later release knows. Whoever changes a record hands them
/// on as they are.
#[derive(Default)]
pub struct UnknownMembers<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> UnknownMembers<'a> {
    /// Name and value of each, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }
}

impl Serialize for UnknownMembers<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Whole::deserialize(deserializer).map(|whole| whole.envelope)
    }
}

/// A stored record in one pass.
struct Whole<'a> {
    envelope: Envelope<'a>,
    unknown: UnknownMembers<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Whole<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WholeVisitor)
    }
}

struct WholeVisitor;

impl<'de> Visitor<'de> for WholeVisitor {
    type Value = Whole<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the envelope of a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
        let (mut kind, mut key, mut checksum) = (None, None, None);
        let (mut generation, mut revision) = (None, None);
        let (mut created_at, mut updated_at) = (None, None);
        let (mut annotations, mut data) = (None, None);
        let mut unknown = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "kind" => once("kind", &mut kind, map.next_value()?)?,
                "key" => once("key", &mut key, map.next_value()?)?,
                "generation" => once("generation", &mut generation, map.next_value()?)?,
                "revision" => once("revision", &mut revision, map.next_value()?)?,
                "checksum" => once("checksum", &mut checksum, map.next_value()?)?,
                "createdAt" => once("createdAt", &mut created_at, map.next_value()?)?,
                "updatedAt" => once("updatedAt", &mut updated_at, map.next_value()?)?,
                "annotations" => once("annotations", &mut annotations, map.next_value()?)?,
                "data" => once("data", &mut data, map.next_value()?)?,
                _ => unknown.push((name, map.next_value()?)),
            }
        }
        let text = |name, text: Option<Text<'de>>| Ok(needed(name, text)?.0);
        let envelope = Envelope {
            kind: text("kind", kind)?,
            key: text("key", key)?,
            generation: needed("generation", generation)?,
            revision: needed("revision", revision)?,
            checksum: text("checksum", checksum)?,
            created_at: needed("createdAt", created_at)?,
            updated_at: needed("updatedAt", updated_at)?,
            annotations: Cow::Borrowed(needed("annotations", annotations)?),
            data: needed("data", data)?,
        };
        let unknown = UnknownMembers(unknown);
        Ok(Whole { envelope, unknown })
    }
}

fn once<T, E: Error>(name: &'static str, member: &mut Option<T>, value: T) -> Result<(), E> {
    match member.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(name)),
    }
}

fn needed<T, E: Error>(name: &'static str, member: Option<T>) -> Result<T, E> {
    member.ok_or_else(|| E::missing_field(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: &str = concat!(
        r#"{"kind":"component","key":"k","generation":1,"revision":2,"checksum":"00","#,
        r#""createdAt":"2026-03-02T10:00:00Z","updatedAt":"2026-03-02T10:00:00Z","#,
        r#""annotations":{"a":"b"},"data":{"x":1.50}"#
    );

    fn rewritten(stored: &str) -> String {
        let (envelope, unknown) = Envelope::read_whole(stored.as_bytes()).unwrap();
        String::from_utf8(envelope.write(&unknown).unwrap()).unwrap()
    }

    #[test]
    fn kinds_are_ordered_by_their_words() {
        let words = [
            "book",
            "box",
            "component",
            "endpoint",
            "namespace",
            "node",
            "o",
            "principal",
            "service",
            "shard",
            "shards",
        ];
        for (one, two) in words.iter().flat_map(|one| words.map(|two| (*one, two))) {
            assert_eq!(Kind::named(one).cmp(&Kind::named(two)), one.cmp(two));
        }
    }

    #[test]
    fn every_member_of_an_envelope_is_known() {
        let stored = format!("{STORED}}}");
        let (_, unknown) = Envelope::read_whole(stored.as_bytes()).unwrap();
        assert_eq!(unknown.iter().count(), 0);
        assert_eq!(rewritten(&stored), stored);
    }

    #[test]
    fn an_envelope_has_each_of_its_members_once() {
        let stored = format!("{STORED}}}");
        let members = [
            ("kind", "\"component\""),
            ("key", "\"k\""),
            ("generation", "1"),
            ("revision", "2"),
            ("checksum", "\"00\""),
            ("createdAt", "\"2026-03-02T10:00:00Z\""),
            ("updatedAt", "\"2026-03-02T10:00:00Z\""),
            ("annotations", "{}"),
            ("data", "{}"),
        ];
        let told = |stored: String| Envelope::read(stored.as_bytes()).err().unwrap().to_string();
        for (name, value) in members {
            let without = stored.replace(&format!("\"{name}\":"), "\"other\":");
            let missing = told(without);
            let wanted = format!("missing field `{name}`");
            assert!(missing.contains(&wanted), "{missing}");
            let twice = told(stored.replacen('{', &format!("{{\"{name}\":{value},"), 1));
            let wanted = format!("duplicate field `{name}`");
            assert!(twice.contains(&wanted), "{twice}");
        }
    }

    #[test]
    fn annotations_are_among_the_members_of_a_document() {
        let document = |annotations: &str, data: &str| {
            let stored = format!("{STORED}}}")
                .replace(r#"{"a":"b"}"#, annotations)
                .replace(r#"{"x":1.50}"#, data);
            let envelope = Envelope::read(stored.as_bytes()).unwrap();
            envelope.document().unwrap().to_string()
        };
        let with = r#"{"annotations":{"a":"b"},"x":1}"#;
        assert_eq!(document(r#"{"a":"b"}"#, r#"{"x":1}"#), with);
        assert_eq!(document("{}", r#"{"x":1}"#), r#"{"x":1}"#);
        // A component has its own.
        let own = r#"{"annotations":{"c":"d"}}"#;
        assert_eq!(document(r#"{"a":"b"}"#, own), own);
    }

    #[test]
    fn unknown_members_are_written_as_they_were_read() {
        let stored = format!(r#"{STORED},"seal":{{"n":1.50,"l":[]}},"a\"b":null}}"#);
        assert_eq!(rewritten(&stored), stored);
    }
}
