//! Records as they are stored and served: JSON bytes in one envelope, whatever the kind.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::position::{Generation, Revision};
use crate::time::Timestamp;

/// The kind of a record: a word. Kinds that this version doesn't know are carried like any other.
/// Ordered by the bytes of the word.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Kind(Word);

/// Every record of a book carries its kind, so the known ones take no memory of their own.
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

impl Ord for Kind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
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
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a> {
    /// The kind.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// The key within the kind.
    #[serde(borrow)]
    pub key: Cow<'a, str>,
    /// The record's own counter.
    pub generation: Generation,
    /// Revision of the record's last change.
    pub revision: Revision,
    /// Content digest of the data, lower-case hex; for a component the `hash` of its document.
    #[serde(borrow)]
    pub checksum: Cow<'a, str>,
    /// When the record was first made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Text by name, free for users.
    #[serde(borrow)]
    pub annotations: Cow<'a, RawValue>,
    /// The record's own content.
    #[serde(borrow)]
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

    /// The stored form: JSON text without white space, `unknown` last.
    ///
    /// # Errors
    /// Never for an envelope whose parts are JSON; the encoder's own error otherwise.
    pub fn write(&self, unknown: &UnknownMembers<'_>) -> Result<Vec<u8>, EnvelopeError> {
        #[derive(Serialize)]
        struct Whole<'e, 'a> {
            #[serde(flatten)]
            envelope: &'e Envelope<'a>,
            #[serde(flatten)]
            unknown: &'e UnknownMembers<'e>,
        }
        if unknown.0.is_empty() {
            return Ok(serde_json::to_vec(self)?);
        }
        let envelope = self;
        Ok(serde_json::to_vec(&Whole { envelope, unknown })?)
    }
}

/// The members of an envelope that only a later release knows. Whoever changes a record hands them
/// on as they are.
#[derive(Default)]
pub struct UnknownMembers<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// The members that [`Envelope`] has.
const KNOWN: [&str; 9] = [
    "kind",
    "key",
    "generation",
    "revision",
    "checksum",
    "createdAt",
    "updatedAt",
    "annotations",
    "data",
];

impl<'a> UnknownMembers<'a> {
    /// Reads them from a stored record; no value is looked into.
    ///
    /// # Errors
    /// When `bytes` isn't a JSON object.
    pub fn read(bytes: &'a [u8]) -> Result<UnknownMembers<'a>, EnvelopeError> {
        Ok(serde_json::from_slice(bytes)?)
    }

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

impl<'de> Deserialize<'de> for UnknownMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = UnknownMembers<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
        let mut unknown = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            let value = map.next_value()?;
            if !KNOWN.contains(&&*name) {
                unknown.push((name, value));
            }
        }
        Ok(UnknownMembers(unknown))
    }
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
        let envelope = Envelope::read(stored.as_bytes()).unwrap();
        let unknown = UnknownMembers::read(stored.as_bytes()).unwrap();
        String::from_utf8(envelope.write(&unknown).unwrap()).unwrap()
    }

    #[test]
    fn every_member_of_an_envelope_is_known() {
        let stored = format!("{STORED}}}");
        let unknown = UnknownMembers::read(stored.as_bytes()).unwrap();
        assert_eq!(unknown.iter().count(), 0);
        assert_eq!(rewritten(&stored), stored);
    }

    #[test]
    fn unknown_members_are_written_as_they_were_read() {
        let stored = format!(r#"{STORED},"seal":{{"n":1.50,"l":[]}},"a\"b":null}}"#);
        assert_eq!(rewritten(&stored), stored);
    }
}
