//! What is answered beside records. Records and documents are sent as they are stored.

mod batch;
mod mesh;

use std::sync::Arc;

use deedbook_model::component::Lifecycle;
use deedbook_model::issue::Issue;
use deedbook_model::{Change, Generation, Revision, Timestamp, Token, TokenId};
use deedbook_rules::Record;
use deedbook_rules::dependents::Dependent;
use deedbook_rules::diff::{Difference, RecordDifference};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

pub use batch::{BatchOp, BatchShape, BatchWrite, batch_ops};
pub use mesh::{AppliedShape, LocatedShape, MeshDiffShape, MeshHistoryShape, TransferShape};

/// A change.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeShape<'a> {
    /// Its revision.
    pub revision: Revision,
    /// When the log took it.
    pub time: String,
    /// What was done.
    pub verb: &'a str,
    /// Kind of the record.
    pub kind: &'a str,
    /// Key of the record.
    pub key: &'a str,
    /// The record's counter after it.
    pub generation: Generation,
    /// Revision of the record's change before.
    pub previous: Option<Revision>,
    /// Who asked.
    pub actor: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Change ticket.
    pub ticket: Option<&'a str>,
    /// The caller's id of the request.
    pub request_id: Option<&'a str>,
    /// First revision of its command.
    pub first: Revision,
    /// Last revision of its command.
    pub last: Revision,
    /// The whole record; null: it is gone. Absent where only the change itself is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<Option<&'a RawValue>>,
}

impl<'a> ChangeShape<'a> {
    /// The change without its record.
    #[must_use]
    pub fn of(change: &'a Change) -> ChangeShape<'a> {
        let command = &change.command;
        ChangeShape {
            revision: change.revision,
            time: command.time.to_string(),
            verb: change.verb.as_str(),
            kind: change.kind.as_str(),
            key: &change.key,
            generation: change.generation,
            previous: change.previous,
            actor: &command.actor,
            reason: &command.reason,
            ticket: command.ticket.as_deref(),
            request_id: command.request_id.as_deref(),
            first: command.first,
            last: command.last,
            record: None,
        }
    }

    /// The change with its record.
    ///
    /// # Errors
    /// When the stored record isn't JSON.
    pub fn whole(change: &'a Change) -> Result<ChangeShape<'a>, serde_json::Error> {
        let stored = change.record.as_deref();
        Ok(ChangeShape {
            record: Some(stored.map(serde_json::from_slice).transpose()?),
            ..ChangeShape::of(change)
        })
    }
}

/// A component that is gone but was meant by a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemovedComponentShape {
    /// Its uuid.
    pub uuid: Uuid,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Revision of its removal.
    pub revision: Revision,
}

/// A change as watchers see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchedShape<'a> {
    /// Its revision.
    pub revision: Revision,
    /// First revision of its command.
    pub first: Revision,
    /// Last revision of its command.
    pub last: Revision,
    /// Kind of the record.
    pub kind: &'a str,
    /// Key of the record.
    pub key: &'a str,
    /// What was done.
    pub verb: &'a str,
    /// The record's counter after it.
    pub generation: Generation,
    /// The whole record after it; null: it is gone.
    pub record: Option<&'a RawValue>,
    /// The whole record before it; null: it wasn't there.
    pub previous: Option<&'a RawValue>,
    /// Who asked.
    pub actor: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Change ticket.
    pub ticket: Option<&'a str>,
    /// The caller's id of the request.
    pub request_id: Option<&'a str>,
    /// When the log took it.
    pub time: String,
}

impl<'a> WatchedShape<'a> {
    /// The change, and the stored form of the record before it.
    ///
    /// # Errors
    /// When a stored record isn't JSON.
    pub fn of(
        change: &'a Change,
        before: Option<&'a [u8]>,
    ) -> Result<WatchedShape<'a>, serde_json::Error> {
        let command = &change.command;
        let after = change.record.as_deref();
        Ok(WatchedShape {
            revision: change.revision,
            first: command.first,
            last: command.last,
            kind: change.kind.as_str(),
            key: &change.key,
            verb: change.verb.as_str(),
            generation: change.generation,
            record: after.map(serde_json::from_slice).transpose()?,
            previous: before.map(serde_json::from_slice).transpose()?,
            actor: &command.actor,
            reason: &command.reason,
            ticket: command.ticket.as_deref(),
            request_id: command.request_id.as_deref(),
            time: command.time.to_string(),
        })
    }
}

/// What a watcher is told beside changes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionShape<'a> {
    /// Everything up to this was told, or is to be read anew.
    pub revision: Revision,
    /// The position to go on from.
    pub position: String,
    /// Why the watch starts anew, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
}

/// A record's changes, newest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryShape<'a> {
    /// The component.
    pub uuid: &'a str,
    /// The changes.
    pub items: Vec<ChangeShape<'a>>,
    /// Whether the record has older changes than these.
    pub has_older: bool,
    /// The components of that name that are gone, if one of them is meant; that one first.
    pub removed: Vec<RemovedComponentShape>,
    /// The oldest revision whose state can be read; changes up to it aren't kept.
    pub floor: Revision,
    /// The revision that was looked at.
    pub revision: Revision,
}

/// A page of changes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangesShape<'a> {
    /// The changes.
    pub items: Vec<ChangeShape<'a>>,
    /// Where the list goes on, if it does.
    pub next_cursor: Option<String>,
    /// The oldest revision whose state can be read; changes up to it aren't kept.
    pub floor: Revision,
    /// The revision up to which the list goes.
    pub revision: Revision,
}

/// The change that last set a field.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhyShape<'a> {
    /// That change.
    #[serde(flatten)]
    pub change: ChangeShape<'a>,
    /// The field.
    pub pointer: &'a str,
    /// The field before it; null: it wasn't there.
    pub before: Option<Value>,
    /// The field after it; null: it isn't there.
    pub after: Option<Value>,
    /// The components of that name that are gone, if one of them is meant; that one first. `None`:
    /// no component was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<Vec<RemovedComponentShape>>,
}

/// A snapshot that was taken.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotShape {
    /// Its revision.
    pub snapshot: Revision,
}

/// Which records differ between two moments.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatesDiffShape<'a> {
    /// The earlier revision.
    pub from: Revision,
    /// The later revision.
    pub to: Revision,
    /// The records, by kind and key.
    pub items: Vec<RecordDiffShape<'a>>,
}

/// A record that differs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordDiffShape<'a> {
    /// `added`, `changed` or `removed`.
    pub change: &'static str,
    /// Its kind.
    pub kind: &'a str,
    /// Its key.
    pub key: &'a str,
    /// The record in the earlier state; null: it wasn't there.
    pub before: Option<&'a RawValue>,
    /// The record in the later state; null: it isn't there.
    pub after: Option<&'a RawValue>,
}

impl<'a> RecordDiffShape<'a> {
    /// The difference of one record; `None` for one that is in neither state.
    ///
    /// # Errors
    /// When a stored record isn't JSON.
    pub fn of(
        difference: &'a RecordDifference,
    ) -> Result<Option<RecordDiffShape<'a>>, serde_json::Error> {
        let RecordDifference { before, after } = difference;
        let Some(record) = after.as_ref().or(before.as_ref()) else {
            return Ok(None);
        };
        Ok(Some(RecordDiffShape {
            change: match (before, after) {
                (None, _) => "added",
                (Some(_), None) => "removed",
                (Some(_), Some(_)) => "changed",
            },
            kind: record.kind.as_str(),
            key: &record.key,
            before: stored(before)?,
            after: stored(after)?,
        }))
    }
}

fn stored(record: &Option<Arc<Record>>) -> Result<Option<&RawValue>, serde_json::Error> {
    let bytes = record.as_ref().and_then(|record| record.bytes.as_deref());
    bytes.map(serde_json::from_slice).transpose()
}

/// A component that depends on another.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DependentShape<'a> {
    uuid: Uuid,
    name: &'a str,
    version: &'a str,
    meta_type: &'a str,
    lifecycle: Lifecycle,
    depth: u32,
    on: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_spec: Option<&'a str>,
    optional: bool,
    breaks: bool,
}

impl<'a> From<&'a Dependent> for DependentShape<'a> {
    fn from(dependent: &'a Dependent) -> Self {
        DependentShape {
            uuid: dependent.uuid,
            name: &dependent.name,
            version: &dependent.version,
            meta_type: &dependent.meta_type,
            lifecycle: dependent.lifecycle,
            depth: dependent.depth,
            on: dependent.on,
            version_spec: dependent.version_spec.as_deref(),
            optional: dependent.optional,
            breaks: dependent.breaks,
        }
    }
}

/// What depends on a component.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DependentsShape<'a> {
    /// The component.
    pub uuid: Uuid,
    /// What depends on it, by depth.
    pub items: Vec<DependentShape<'a>>,
    /// The revision that was looked at.
    pub revision: Revision,
}

/// What differs in a component between two moments.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffShape {
    /// The component.
    pub uuid: Uuid,
    /// The earlier revision.
    pub from: Revision,
    /// The later revision.
    pub to: Revision,
    /// Where the documents differ.
    pub differences: Vec<Difference>,
}

/// What is wrong with a document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationShape {
    /// Whether it would be taken.
    pub valid: bool,
    /// Its uuid, as far as legible.
    pub uuid: Option<String>,
    /// Its name, as far as legible.
    pub name: Option<String>,
    /// Its version, as far as legible.
    pub version: Option<String>,
    /// All that was found, warnings included.
    pub issues: Vec<Issue>,
}

/// What a write adds to the record that it answers with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WrittenShape<'a> {
    /// Whether the record was so before.
    pub unchanged: bool,
    /// What somebody should look at.
    pub warnings: &'a [Issue],
    /// Nothing was written; so it would be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// A written record without its data: it is gone, or whoever wrote it may not read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnseenShape<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Its key.
    pub key: &'a str,
    /// Its counter after the write.
    pub generation: Generation,
    /// Revision of its last change.
    pub revision: Revision,
    /// Whether it is gone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// What the write says.
    #[serde(flatten)]
    pub written: WrittenShape<'a>,
}

/// A principal that is to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatePrincipalShape {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub grants: Vec<String>,
    /// When its token expires: so long from now (`90d`) or an RFC 3339 time; absent: never.
    pub expires: Option<String>,
}

/// What a principal is to be allowed, in place of all that it was.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetGrantsShape {
    /// What it may do from now on.
    pub grants: Vec<String>,
}

/// How a token is rotated.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotateTokenShape {
    /// When the new token expires: so long from now (`90d`) or an RFC 3339 time; absent: never.
    pub expires: Option<String>,
    /// How many seconds longer the others are good for; absent: not at all.
    #[serde(default)]
    pub overlap_seconds: u32,
}

/// Which tokens are revoked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeTokensShape {
    /// The id of one; absent: all that the principal has.
    pub token: Option<TokenId>,
}

/// A principal and a token that was made for it: the only time that anybody sees the token.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssuedShape {
    /// The token.
    pub token: String,
    /// What the token is called.
    pub token_id: TokenId,
    /// When it expires; null: never.
    pub expires_at: Option<Timestamp>,
    /// The principal's name.
    pub name: String,
    /// What it may do.
    pub grants: Vec<String>,
    /// The principal's counter.
    pub generation: Generation,
    /// Revision of its last change.
    pub revision: Revision,
}

impl IssuedShape {
    /// The answer to whoever asked for a token.
    #[must_use]
    pub fn of(token: &Token, expires_at: Option<Timestamp>, principal: &Record) -> IssuedShape {
        let grants = principal.principal().map(|facts| facts.grants.iter());
        IssuedShape {
            token: token.reveal(),
            token_id: token.hash().id(),
            expires_at,
            name: principal.key.to_string(),
            grants: grants
                .into_iter()
                .flatten()
                .map(ToString::to_string)
                .collect(),
            generation: principal.generation,
            revision: principal.revision,
        }
    }
}

/// What is to be compacted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CompactShape {
    /// Everything from this revision on is kept.
    pub before: Revision,
}

/// What was compacted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompactedShape {
    /// The oldest revision whose state can be read.
    pub floor: Revision,
}

/// Whether a server lives, or may be sent requests.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthShape {
    /// `ok`, or what keeps it from being so.
    pub status: &'static str,
    /// The newest revision that it serves.
    pub revision: Revision,
}

/// How much a server's log says.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogLevelShape {
    /// `error`, `warn`, `info` or `debug`.
    pub level: String,
}

/// Which server this is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionShape {
    /// `deedbook`.
    pub name: &'static str,
    /// The release.
    pub version: &'static str,
    /// The version of component documents that it writes.
    pub metadata_version: &'static str,
}
