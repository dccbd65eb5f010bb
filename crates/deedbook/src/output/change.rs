//! Changes as people and programs see them.

use deedbook_model::{Change, Kind};
use serde::Serialize;
use serde_json::value::RawValue;

use super::human;
use super::table::Table;
use crate::error::Failure;

/// One change for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeObject<'a> {
    revision: u64,
    time: String,
    verb: &'a str,
    kind: &'a str,
    key: &'a str,
    generation: u64,
    previous: Option<u64>,
    actor: &'a str,
    reason: &'a str,
    ticket: Option<&'a str>,
    request_id: Option<&'a str>,
    first: u64,
    last: u64,
    /// The whole record; null: it is gone. Absent where only the change itself is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Option<&'a RawValue>>,
}

impl<'a> ChangeObject<'a> {
    /// The change without its record.
    pub(crate) fn of(change: &'a Change) -> ChangeObject<'a> {
        let command = &change.command;
        ChangeObject {
            revision: change.revision.0,
            time: command.time.to_string(),
            verb: change.verb.as_str(),
            kind: change.kind.as_str(),
            key: &change.key,
            generation: change.generation.0,
            previous: change.previous.map(|revision| revision.0),
            actor: &command.actor,
            reason: &command.reason,
            ticket: command.ticket.as_deref(),
            request_id: command.request_id.as_deref(),
            first: command.first.0,
            last: command.last.0,
            record: None,
        }
    }

    /// The change with its record.
    pub(crate) fn whole(change: &'a Change) -> Result<ChangeObject<'a>, Failure> {
        let record = change
            .record
            .as_deref()
            .map(serde_json::from_slice)
            .transpose()?;
        Ok(ChangeObject {
            record: Some(record),
            ..ChangeObject::of(change)
        })
    }
}

/// Changes as a table.
pub(crate) fn table(changes: &[Change]) -> Table {
    let mut table = Table::new(&["REVISION", "TIME", "ACTOR", "CHANGE", "RECORD", "REASON"]);
    for change in changes {
        table.row(row(change));
    }
    table
}

/// A change on one line, for following.
pub(crate) fn line(change: &Change) -> String {
    human::one_line(&row(change).join("  "))
}

fn row(change: &Change) -> [String; 6] {
    let command = &change.command;
    let ticket = command
        .ticket
        .as_ref()
        .map(|ticket| format!(" ({ticket})"))
        .unwrap_or_default();
    [
        change.revision.to_string(),
        command.time.to_document_text(),
        command.actor.clone(),
        change.verb.to_string(),
        title(change),
        human::cut(&format!("{}{ticket}", command.reason), 60),
    ]
}

/// `name@version` of a component, kind and key of anything else.
pub(crate) fn title(change: &Change) -> String {
    let named = (change.kind == Kind::COMPONENT)
        .then(|| named(change))
        .flatten();
    named.unwrap_or_else(|| format!("{} {}", change.kind, change.key))
}

fn named(change: &Change) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Stored {
        data: Named,
    }
    #[derive(serde::Deserialize)]
    struct Named {
        name: String,
        version: String,
    }
    let stored: Stored = serde_json::from_slice(change.record.as_deref()?).ok()?;
    Some(format!("{}@{}", stored.data.name, stored.data.version))
}
