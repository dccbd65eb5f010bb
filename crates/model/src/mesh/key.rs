//! What names a record of the mesh.

use std::borrow::Cow;
use std::fmt;

use crate::record::Kind;

/// The kinds of records that describe what runs where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MeshKind {
    /// A unit of isolation with a policy; ids are unique within one.
    Namespace,
    /// A machine or process that owns shards.
    Node,
    /// Something that is offered at endpoints.
    Service,
    /// An address of a service.
    Endpoint,
    /// A part of what a namespace holds, owned by one node.
    Shard,
}

impl MeshKind {
    /// All of them.
    pub const ALL: [MeshKind; 5] = [
        MeshKind::Namespace,
        MeshKind::Node,
        MeshKind::Service,
        MeshKind::Endpoint,
        MeshKind::Shard,
    ];

    /// The kind as records have it.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            MeshKind::Namespace => Kind::NAMESPACE,
            MeshKind::Node => Kind::NODE,
            MeshKind::Service => Kind::SERVICE,
            MeshKind::Endpoint => Kind::ENDPOINT,
            MeshKind::Shard => Kind::SHARD,
        }
    }

    /// The kind of a record, if it is one of these.
    #[must_use]
    pub fn of(kind: &Kind) -> Option<MeshKind> {
        MeshKind::ALL.into_iter().find(|one| one.kind() == *kind)
    }

    /// The word: `namespace`, `node`, `service`, `endpoint` or `shard`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            MeshKind::Namespace => "namespace",
            MeshKind::Node => "node",
            MeshKind::Service => "service",
            MeshKind::Endpoint => "endpoint",
            MeshKind::Shard => "shard",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<MeshKind> {
        MeshKind::ALL.into_iter().find(|one| one.as_str() == word)
    }

    /// The members of a document that make up its key, in order.
    #[must_use]
    pub fn key_members(self) -> &'static [&'static str] {
        match self {
            MeshKind::Namespace => &["namespace"],
            MeshKind::Node => &["namespace", "nodeId"],
            MeshKind::Service => &["namespace", "serviceId"],
            MeshKind::Endpoint => &["namespace", "serviceId", "endpointId"],
            MeshKind::Shard => &["namespace", "shardId"],
        }
    }
}

impl fmt::Display for MeshKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The key of a record: a namespace, and ids within it. Its text joins the parts with `/`; a `/` or
/// `%` within a part is written as `%2F` or `%25`, so that no two keys have one text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MeshKey {
    kind: MeshKind,
    parts: Vec<String>,
}

/// A text or list that isn't a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {kind} is named as {}", .kind.key_members().join("/"))]
pub struct NotAKey {
    /// What it should name.
    pub kind: MeshKind,
}

impl MeshKey {
    /// A key of those parts. Whether each is a good id isn't looked at.
    ///
    /// # Errors
    /// [`NotAKey`] when there are more or fewer than the kind's keys have.
    pub fn of(kind: MeshKind, parts: Vec<String>) -> Result<MeshKey, NotAKey> {
        if parts.len() == kind.key_members().len() {
            Ok(MeshKey { kind, parts })
        } else {
            Err(NotAKey { kind })
        }
    }

    /// Reads the text of a key.
    ///
    /// # Errors
    /// [`NotAKey`] when there are more or fewer parts than the kind's keys have.
    pub fn parse(kind: MeshKind, text: &str) -> Result<MeshKey, NotAKey> {
        MeshKey::of(kind, MeshKey::parts_of(text).map(Cow::into_owned).collect())
    }

    /// The parts of a key's text, as many as there are.
    pub fn parts_of(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
        text.split('/').map(unescaped)
    }

    /// What it names.
    #[must_use]
    pub fn kind(&self) -> MeshKind {
        self.kind
    }

    /// Its parts, the namespace first.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.parts.first().map_or("", String::as_str)
    }

    /// The id within what it is in.
    #[must_use]
    pub fn id(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// The text that the keys of all records of a kind in a namespace begin with.
    #[must_use]
    pub fn prefix_of(namespace: &str) -> String {
        format!("{}/", escaped(namespace))
    }
}

impl fmt::Display for MeshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.parts.iter().enumerate() {
            if place > 0 {
                f.write_str("/")?;
            }
            f.write_str(&escaped(part))?;
        }
        Ok(())
    }
}

fn escaped(part: &str) -> Cow<'_, str> {
    if part.contains(['%', '/']) {
        Cow::Owned(part.replace('%', "%25").replace('/', "%2F"))
    } else {
        Cow::Borrowed(part)
    }
}

/// Other escapes are text, so that an id that was written as it is means itself.
fn unescaped(part: &str) -> Cow<'_, str> {
    if !part.contains('%') {
        return Cow::Borrowed(part);
    }
    let part = part.replace("%2F", "/").replace("%2f", "/");
    Cow::Owned(part.replace("%25", "%"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_read_from_its_text(one in "[a%/2F5|é-]{0,8}", two in "[a%/2F5|é-]{0,8}") {
            let key = MeshKey::of(MeshKind::Shard, vec![one, two]).unwrap();
            prop_assert_eq!(MeshKey::parse(MeshKind::Shard, &key.to_string()), Ok(key));
        }
    }

    #[test]
    fn a_key_has_as_many_parts_as_its_kind() {
        assert!(MeshKey::parse(MeshKind::Node, "orders").is_err());
        assert!(MeshKey::parse(MeshKind::Node, "orders/a/b").is_err());
        let key = MeshKey::parse(MeshKind::Endpoint, "orders/api/a%2Fb").unwrap();
        assert_eq!((key.namespace(), key.id()), ("orders", "a/b"));
    }
}
