//! One change of one record, as the log holds it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::idempotency::Keyed;
use crate::position::{Generation, Revision};
use crate::record::Kind;
use crate::time::Timestamp;

/// What was done to a record: a past participle. Verbs that this version doesn't know are carried
/// like any other.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Verb(Cow<'static, str>);

impl Verb {
    /// A record was made, but for components.
    pub const CREATED: Verb = Verb(Cow::Borrowed("created"));
    /// The book was restored from a backup and began a new lineage.
    pub const IMPORTED: Verb = Verb(Cow::Borrowed("imported"));
    /// A component was registered.
    pub const REGISTERED: Verb = Verb(Cow::Borrowed("registered"));
    /// A record was updated.
    pub const UPDATED: Verb = Verb(Cow::Borrowed("updated"));
    /// A component's lifecycle became deprecated.
    pub const DEPRECATED: Verb = Verb(Cow::Borrowed("deprecated"));
    /// A component's lifecycle became archived.
    pub const ARCHIVED: Verb = Verb(Cow::Borrowed("archived"));
    /// A principal got a new token, and its others end.
    pub const ROTATED: Verb = Verb(Cow::Borrowed("rotated"));
    /// Tokens of a principal were taken away.
    pub const REVOKED: Verb = Verb(Cow::Borrowed("revoked"));
    /// A shard went to another node.
    pub const TRANSFERRED: Verb = Verb(Cow::Borrowed("transferred"));
    /// A record was removed.
    pub const REMOVED: Verb = Verb(Cow::Borrowed("removed"));

    const KNOWN: [Verb; 10] = [
        Verb::CREATED,
        Verb::IMPORTED,
        Verb::REGISTERED,
        Verb::UPDATED,
        Verb::DEPRECATED,
        Verb::ARCHIVED,
        Verb::ROTATED,
        Verb::REVOKED,
        Verb::TRANSFERRED,
        Verb::REMOVED,
    ];

    /// The verb with that name.
    #[must_use]
    pub fn named(name: &str) -> Verb {
        Verb::KNOWN
            .into_iter()
            .find(|known| known.as_str() == name)
            .unwrap_or_else(|| Verb(Cow::Owned(name.to_owned())))
    }

    /// The word itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What all changes of one command share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandInfo {
    /// Revision of its first change.
    pub first: Revision,
    /// Revision of its last change.
    pub last: Revision,
    /// When the log took it: never before the command ahead of it.
    pub time: Timestamp,
    /// Who asked for it.
    pub actor: String,
    /// Why; the command's name unless given.
    pub reason: String,
    /// Change ticket, if one was named.
    pub ticket: Option<String>,
    /// The caller's id of the request, if one was named.
    pub request_id: Option<String>,
    /// The idempotency key that it was asked for under, if one was named.
    pub keyed: Option<Keyed>,
}

/// One change: what a reader needs without looking at any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its position in the log.
    pub revision: Revision,
    /// The command that it belongs to.
    pub command: Arc<CommandInfo>,
    /// Kind of the record.
    pub kind: Kind,
    /// Key of the record.
    pub key: Arc<str>,
    /// What was done.
    pub verb: Verb,
    /// The record's counter after this change.
    pub generation: Generation,
    /// Revision of the record's change before this one; `None` for its first.
    pub previous: Option<Revision>,
    /// The whole record as it is afterwards, the stored form of an
    /// [`Envelope`](crate::record::Envelope); `None`: it is gone.
    pub record: Option<Bytes>,
}
