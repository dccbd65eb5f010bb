//! What a server answers, read into what the book's own types are.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use deedbook_api::shapes::RemovedComponentShape;
use deedbook_model::change::CommandInfo;
use deedbook_model::component::Lifecycle;
use deedbook_model::issue::Severity;
use deedbook_model::{Change, Envelope, Generation, Kind, Revision, Timestamp, Verb};
use deedbook_rules::Record;
use deedbook_rules::dependents::Dependent;
use deedbook_rules::diff::RecordDifference;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::super::{Changes, DependentsFound, Done, History, StatesDiff};
use crate::error::{ErrorLine, Failure};

/// A live record out of its stored form.
pub(in crate::source) fn record_of(stored: &[u8]) -> Result<Record, Failure> {
    let envelope = Envelope::read(stored).map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(Record::new(
        Kind::named(&envelope.kind),
        Arc::from(&*envelope.key),
        envelope.generation,
        envelope.revision,
        Some(Bytes::copy_from_slice(stored)),
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceivedRecords<'a> {
    #[serde(borrow)]
    pub(super) items: Vec<&'a RawValue>,
    pub(super) next_cursor: Option<String>,
    pub(super) revision: Revision,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::source) struct ReceivedChange {
    revision: Revision,
    time: Timestamp,
    verb: String,
    kind: String,
    key: String,
    generation: Generation,
    previous: Option<Revision>,
    actor: String,
    reason: String,
    ticket: Option<String>,
    request_id: Option<String>,
    first: Revision,
    last: Revision,
    record: Option<Box<RawValue>>,
}

impl ReceivedChange {
    pub(in crate::source) fn revision(&self) -> Revision {
        self.revision
    }

    pub(in crate::source) fn into_change(self) -> Result<Change, Failure> {
        Ok(Change {
            revision: self.revision,
            command: Arc::new(CommandInfo {
                first: self.first,
                last: self.last,
                time: self.time,
                actor: self.actor,
                reason: self.reason,
                ticket: self.ticket,
                request_id: self.request_id,
                keyed: None,
            }),
            kind: Kind::named(&self.kind),
            key: Arc::from(self.key),
            verb: Verb::named(&self.verb),
            generation: self.generation,
            previous: self.previous,
            record: self
                .record
                .map(|record| Bytes::copy_from_slice(record.get().as_bytes())),
        })
    }
}

/// A change as watchers are told of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::source) struct ReceivedWatched {
    revision: Revision,
    first: Revision,
    last: Revision,
    kind: String,
    key: String,
    verb: String,
    generation: Generation,
    record: Option<Box<RawValue>>,
    previous: Option<Box<RawValue>>,
    actor: String,
    reason: String,
    ticket: Option<String>,
    request_id: Option<String>,
    time: Timestamp,
}

impl ReceivedWatched {
    /// The change, and the stored form of the record before it.
    pub(in crate::source) fn into_change(self) -> (Change, Option<Bytes>) {
        let bytes = |record: Box<RawValue>| Bytes::copy_from_slice(record.get().as_bytes());
        let change = Change {
            revision: self.revision,
            command: Arc::new(CommandInfo {
                first: self.first,
                last: self.last,
                time: self.time,
                actor: self.actor,
                reason: self.reason,
                ticket: self.ticket,
                request_id: self.request_id,
                keyed: None,
            }),
            kind: Kind::named(&self.kind),
            key: Arc::from(self.key),
            verb: Verb::named(&self.verb),
            generation: self.generation,
            // Watchers are told the record before, not where it was changed.
            previous: None,
            record: self.record.map(bytes),
        };
        (change, self.previous.map(bytes))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceivedChanges {
    pub(super) items: Vec<ReceivedChange>,
    pub(super) next_cursor: Option<String>,
    pub(super) floor: Revision,
    pub(super) revision: Revision,
}

/// Changes of a record, whatever its kind.
#[derive(Deserialize)]
pub(in crate::source) struct ReceivedItems {
    pub(in crate::source) items: Vec<ReceivedChange>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceivedHistory {
    uuid: String,
    pub(super) items: Vec<ReceivedChange>,
    removed: Vec<RemovedComponentShape>,
    floor: Revision,
    revision: Revision,
}

impl ReceivedHistory {
    pub(super) fn into_history(self) -> Result<History, Failure> {
        let items = self.items.into_iter().map(ReceivedChange::into_change);
        Ok(History {
            uuid: self.uuid,
            removed: self.removed,
            changes: Changes {
                items: items.collect::<Result<_, _>>()?,
                revision: self.revision,
                floor: self.floor,
            },
        })
    }
}

#[derive(Deserialize)]
pub(in crate::source) struct ReceivedWhy {
    pub(in crate::source) before: Option<Value>,
    pub(in crate::source) after: Option<Value>,
    #[serde(default)]
    pub(super) removed: Vec<RemovedComponentShape>,
    #[serde(flatten)]
    members: serde_json::Map<String, Value>,
}

impl ReceivedWhy {
    /// The change among the other members.
    pub(in crate::source) fn change(&mut self) -> Result<Change, Failure> {
        // Read from a text: a record is kept as it stands, which values don't do.
        let members = Value::Object(std::mem::take(&mut self.members)).to_string();
        serde_json::from_str::<ReceivedChange>(&members)?.into_change()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceivedDependent {
    uuid: Uuid,
    name: String,
    version: String,
    meta_type: String,
    lifecycle: Lifecycle,
    depth: u32,
    on: Uuid,
    version_spec: Option<String>,
    optional: bool,
    breaks: bool,
}

#[derive(Deserialize)]
pub(super) struct ReceivedDependents {
    uuid: Uuid,
    items: Vec<ReceivedDependent>,
    revision: Revision,
}

impl From<ReceivedDependents> for DependentsFound {
    fn from(received: ReceivedDependents) -> DependentsFound {
        let items = received.items.into_iter().map(|one| Dependent {
            uuid: one.uuid,
            name: one.name,
            version: one.version,
            meta_type: one.meta_type,
            lifecycle: one.lifecycle,
            depth: one.depth,
            on: one.on,
            version_spec: one.version_spec,
            optional: one.optional,
            breaks: one.breaks,
        });
        DependentsFound {
            uuid: received.uuid,
            items: items.collect(),
            revision: received.revision,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ReceivedDiff<'a> {
    from: Revision,
    to: Revision,
    #[serde(borrow)]
    items: Vec<ReceivedDifference<'a>>,
}

#[derive(Deserialize)]
struct ReceivedDifference<'a> {
    #[serde(borrow)]
    before: Option<&'a RawValue>,
    #[serde(borrow)]
    after: Option<&'a RawValue>,
}

impl ReceivedDiff<'_> {
    pub(super) fn into_diff(self) -> Result<StatesDiff, Failure> {
        let record = |stored: Option<&RawValue>| {
            stored
                .map(|stored| record_of(stored.get().as_bytes()).map(Arc::new))
                .transpose()
        };
        let items = self.items.into_iter().map(|one| {
            Ok(RecordDifference {
                before: record(one.before)?,
                after: record(one.after)?,
            })
        });
        Ok(StatesDiff {
            from: self.from,
            to: self.to,
            items: items.collect::<Result<_, Failure>>()?,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct ReceivedBatch {
    pub(super) results: Vec<ReceivedWrite>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceivedWrite {
    /// Where the writer may write but not read, only what was done is told.
    revision: Option<Revision>,
    #[serde(default)]
    removed: bool,
    unchanged: bool,
    #[serde(default)]
    warnings: Vec<ReceivedIssue>,
}

#[derive(Deserialize)]
pub(in crate::source) struct ReceivedIssue {
    kind: String,
    pointer: String,
    code: Option<String>,
    severity: String,
    message: String,
    hint: Option<String>,
    line: Option<u32>,
}

impl ReceivedWrite {
    /// What became of the write of a document about which these warnings are known already; they
    /// also know the line.
    pub(super) fn into_done(self, known: &[ErrorLine]) -> Done {
        Done {
            is_live: !self.removed,
            revision: self.revision.unwrap_or(Revision::ZERO),
            unchanged: self.unchanged,
            warnings: ReceivedIssue::into_lines(self.warnings, known),
        }
    }
}

impl ReceivedIssue {
    /// What was told, after what is known already; that also knows the line.
    pub(in crate::source) fn into_lines(
        told: Vec<ReceivedIssue>,
        known: &[ErrorLine],
    ) -> Vec<ErrorLine> {
        let told = told.into_iter().map(ReceivedIssue::into_line);
        let is_known = |told: &ErrorLine| {
            known.iter().any(|known| {
                (&known.kind, &known.pointer, &known.message)
                    == (&told.kind, &told.pointer, &told.message)
            })
        };
        let news = told.filter(|told| !is_known(told));
        known.iter().cloned().chain(news).collect()
    }

    fn into_line(self) -> ErrorLine {
        ErrorLine {
            kind: Cow::Owned(self.kind),
            pointer: self.pointer,
            code: self.code.map(Cow::Owned),
            severity: match self.severity.as_str() {
                "error" => Severity::Error,
                _ => Severity::Warning,
            },
            message: self.message,
            hint: self.hint,
            line: self.line,
        }
    }
}
