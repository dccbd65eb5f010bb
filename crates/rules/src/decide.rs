//! Deciding a command: all rules of the product, without I/O, clock or randomness.
//!
//! ```text
//! state, command, now ─► decide ─► changes and the state after them, or every refusal
//! ```

mod book;
mod components;
mod expected;
mod mesh;
mod patch;
mod principals;
mod ranges;
mod shards;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use deedbook_model::batch::{MAX_COMMAND_BYTES, MAX_COMMAND_CHANGES};
use deedbook_model::code::Code;
use deedbook_model::issue::{Issue, IssueKind, Severity};
use deedbook_model::{
    Capability, Change, CommandInfo, Envelope, Idempotency, Keyed, Kind, Resource, Revision,
    Rights, Timestamp, UnknownMembers, Verb,
};
use serde_json::value::{RawValue, to_raw_value};

use self::expected::{check_expected, check_generation};
use crate::command::{Command, Write};
use crate::idempotency::{Recalled, Repeat};
use crate::placement::plan::Plan;
use crate::principals::Bearer;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::state::{Standing, State, generation_after};

/// What a command does.
#[derive(Debug)]
pub struct Decision {
    /// Its changes, in order; none when nothing changed.
    pub changes: Vec<Change>,
    /// What became of each write; nothing for a repeat.
    pub outcomes: Vec<Outcome>,
    /// Where the command was done before, if it was: nothing is done again.
    pub repeat: Option<Repeat>,
    /// The state after it.
    pub state: State,
}

/// What became of one write.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The record as it is afterwards, live or removed.
    pub record: Arc<Record>,
    /// Whether there was no such record before.
    pub created: bool,
    /// Whether it was so before.
    pub unchanged: bool,
    /// What somebody should look at.
    pub warnings: Vec<Issue>,
}

/// Decides a command on a state. The changes are stamped with `now`, or with the state's own time
/// where that is later.
///
/// # Errors
/// Every write's refusal; nothing is done then.
pub fn decide(state: &State, command: &Command, now: Timestamp) -> Result<Decision, Vec<Refusal>> {
    let mut state = state.clone();
    let done = decide_in_place(&mut state, command, now)?;
    Ok(Decision {
        changes: done.changes,
        outcomes: done.outcomes,
        repeat: done.repeat,
        state,
    })
}

/// What a command that was decided in place does.
#[derive(Debug, Default)]
pub struct Done {
    /// Its changes, in order; none when nothing changed.
    pub changes: Vec<Change>,
    /// What each of them replaced, in stored form; `None`: the record wasn't there.
    pub before: Vec<Option<Bytes>>,
    /// What became of each write; nothing for a repeat.
    pub outcomes: Vec<Outcome>,
    /// Where the command was done before, if it was: nothing is done again.
    pub repeat: Option<Repeat>,
}

/// [`decide`] on a state that becomes the one after the command: for many commands in a row, where
/// a copy for each would unshare what the last one wrote, again and again.
///
/// # Errors
/// Every write's refusal; the state is as it was then.
pub fn decide_in_place(
    state: &mut State,
    command: &Command,
    now: Timestamp,
) -> Result<Done, Vec<Refusal>> {
    if let Some(refusal) = refuse_writer(state, command) {
        return Err(vec![refusal]);
    }
    let now = now.max(state.time());
    let rights = rights_by_now(state, command, now).map_err(|refusal| vec![refusal])?;
    if let Some(repeat) = recall(state, command, now).map_err(|refusal| vec![refusal])? {
        return Ok(Done {
            repeat: Some(repeat),
            ..Done::default()
        });
    }
    if let Some(plan) = &command.plan {
        // Before it is looked at: what it is held against is told where it doesn't fit.
        let namespace = Resource::Namespace(plan.namespace());
        let demanded = demand(&rights, Capability::MeshOperate, namespace);
        demanded
            .and_then(|()| stands(state, plan))
            .map_err(|refusal| vec![refusal])?;
    }
    let before = state.standing();
    let mut work = Work {
        now,
        rights: &rights,
        ticket: command.ticket.as_deref(),
        state,
        proposed: Vec::new(),
        bytes: 0,
    };
    let mut outcomes = Vec::with_capacity(command.writes.len());
    let mut refusals = Vec::new();
    for (place, write) in command.writes.iter().enumerate() {
        match work.decide_write(write) {
            Ok(outcome) => outcomes.push(outcome),
            Err(refused) => refusals.push(Refusal {
                write: place,
                ..refused
            }),
        }
        if work.is_too_large() {
            refusals.push(too_large(place, command.plan.is_some()));
            break;
        }
    }
    if refusals.is_empty() {
        refusals.extend(work.check_ranges(&command.writes));
    }
    if !refusals.is_empty() {
        work.take_back(before);
        return Err(refusals);
    }
    let reason = command.reason.clone();
    let reason = reason.unwrap_or_else(|| command.name().to_owned());
    Ok(
        work.finish(outcomes, command.idempotency.as_ref(), |last, time| {
            CommandInfo {
                first: before.revision.next(),
                last,
                time,
                actor: command.actor.clone(),
                reason,
                ticket: command.ticket.clone(),
                request_id: command.request_id.clone(),
                keyed: None,
            }
        }),
    )
}

/// What whoever asks may do by now: while a command waits its token may be revoked, or its principal
/// lose a capability.
fn rights_by_now<'c>(
    state: &State,
    command: &'c Command,
    now: Timestamp,
) -> Result<Cow<'c, Rights>, Refusal> {
    let Some(token) = &command.token else {
        return Ok(Cow::Borrowed(&command.rights));
    };
    match state.principal_of(token, now) {
        Bearer::Principal { grants, .. } if command.rights.are_of(grants) => {
            Ok(Cow::Borrowed(&command.rights))
        }
        Bearer::Principal { grants, .. } => {
            let rights = Rights::of(Arc::clone(grants));
            Ok(Cow::Owned(rights.claiming_as(&command.rights)))
        }
        Bearer::Expired { .. } | Bearer::Unknown => {
            let message = "the token ended or was revoked while the request waited".to_owned();
            let ended = issue(IssueKind::Denied, "", None, message);
            Err(Refusal {
                code: Code::Unauthenticated,
                ..Refusal::of(0, vec![ended])
            })
        }
    }
}

fn demand(rights: &Rights, capability: Capability, resource: Resource<'_>) -> Result<(), Refusal> {
    rights.demand(capability, resource).map_err(|denied| {
        Refusal::of(
            0,
            vec![issue(IssueKind::Denied, "", None, denied.to_string())],
        )
    })
}

/// Refuses a plan of which something that it rests on moved.
fn stands(state: &State, plan: &Plan) -> Result<(), Refusal> {
    let now = state.namespace_now(plan.namespace());
    let Err(moved) = plan.stands(&now.present()) else {
        return Ok(());
    };
    let stale = issue(
        IssueKind::RevisionConflict,
        "",
        Some(moved.code()),
        format!("the plan doesn't stand any more: {moved}"),
    );
    Err(Refusal::of(
        0,
        vec![stale.with_hint("make a new plan and look at it; nothing was moved")],
    ))
}

/// Whether the command was done before; a key that was given to something else is refused.
fn recall(state: &State, command: &Command, now: Timestamp) -> Result<Option<Repeat>, Refusal> {
    let Some(idempotency) = &command.idempotency else {
        return Ok(None);
    };
    match state.recall(&command.actor, idempotency, now) {
        Recalled::New => Ok(None),
        Recalled::Done(repeat) => Ok(Some(repeat)),
        Recalled::Other(repeat) => Err(key_reused(idempotency, repeat)),
    }
}

fn key_reused(idempotency: &Idempotency, other: Repeat) -> Refusal {
    let message = format!(
        "idempotency key `{}` was given to another request, done at revision {}",
        idempotency.key, other.first
    );
    let issue = issue(IssueKind::Conflict, "", None, message);
    Refusal {
        code: Code::KeyReused,
        ..Refusal::of(
            0,
            vec![issue.with_hint("draw a fresh key for each new request")],
        )
    }
}

/// What the log keeps of a command's key.
fn keyed(idempotency: &Idempotency, outcomes: &[Outcome], changes: &[Proposed]) -> Keyed {
    let outcomes = outcomes.iter().map(|outcome| outcome.record.revision);
    let changes = changes.iter().map(|proposed| proposed.record.revision);
    let one_each = outcomes.clone().eq(changes);
    Keyed {
        idempotency: idempotency.clone(),
        outcomes: if one_each {
            Vec::new()
        } else {
            outcomes.collect()
        },
    }
}

/// A book may demand a later release of those who write to it.
fn refuse_writer(state: &State, command: &Command) -> Option<Refusal> {
    let record = state.record(&Kind::BOOK, crate::book_record::BOOK_KEY);
    let created = record.is_some();
    let creates = matches!(
        command.writes.as_slice(),
        [Write::CreateBook { .. } | Write::Import { .. }]
    );
    let message = match record.and_then(|record| record.book()) {
        Some(book) if book.is_writable_here() => return None,
        Some(book) => format!(
            "this book is written by Deedbook {} or later; this version only reads it",
            book.minimum_writer_since
        ),
        None if created => {
            "the book's own record needs a later version; this one only reads it".to_owned()
        }
        None if creates => return None,
        None => "the book has no record of its own yet".to_owned(),
    };
    Some(unavailable(message))
}

fn unavailable(message: String) -> Refusal {
    Refusal {
        code: Code::Unavailable,
        ..Refusal::of(0, vec![issue(IssueKind::Conflict, "", None, message)])
    }
}

fn too_large(write: usize, is_plan: bool) -> Refusal {
    let message = format!(
        "a command has at most {MAX_COMMAND_CHANGES} changes and {} MiB",
        MAX_COMMAND_BYTES >> 20
    );
    let issue = issue(IssueKind::LimitExceeded, "", Some("FS005"), message);
    let issue = issue.with_hint(match is_plan {
        true => "plan fewer moves at a time: `--max-moves`, or `maxMoves`",
        false => "make several commands of it",
    });
    Refusal {
        code: Code::TooLarge,
        ..Refusal::of(write, vec![issue])
    }
}

pub(crate) fn issue(
    kind: IssueKind,
    pointer: &str,
    code: Option<&'static str>,
    message: String,
) -> Issue {
    Issue {
        kind,
        pointer: pointer.to_owned(),
        code,
        severity: Severity::Error,
        message,
        hint: None,
        line: None,
    }
}

/// A change before its command is complete.
struct Proposed {
    record: Arc<Record>,
    verb: Verb,
    previous: Option<Revision>,
    stored: Option<Bytes>,
    /// What the record was.
    before: Option<Arc<Record>>,
}

/// A command while it is decided.
struct Work<'a> {
    state: &'a mut State,
    now: Timestamp,
    rights: &'a Rights,
    ticket: Option<&'a str>,
    proposed: Vec<Proposed>,
    bytes: usize,
}

/// Where a record is put.
struct Slot {
    kind: Kind,
    key: Arc<str>,
    /// What was there last, live or removed.
    before: Option<Arc<Record>>,
}

/// What a record becomes.
struct Content<'a> {
    checksum: &'a str,
    created_at: Option<Timestamp>,
    annotations: &'a RawValue,
    data: &'a RawValue,
}

impl Work<'_> {
    fn decide_write(&mut self, write: &Write) -> Result<Outcome, Refusal> {
        // The others are judged where it is known what they are about.
        if write.is_for_admins() {
            self.demand(Capability::Admin, Resource::Book)?;
        }
        match write {
            Write::CreateBook { lineage } => self.create_book(*lineage, None),
            Write::Import { lineage, parent } => self.create_book(*lineage, Some(parent.clone())),
            Write::Register {
                draft,
                require_dependencies,
            } => self.register(draft, *require_dependencies),
            Write::Update {
                key,
                patch,
                expected,
            } => self.update(key, patch, expected.as_ref()),
            Write::Remove { key, expected } => self.remove(key, expected.as_ref()),
            Write::Mesh(write) => self.decide_mesh(write),
            Write::CreatePrincipal {
                name,
                grants,
                token,
            } => self.create_principal(name, grants, *token),
            Write::SetGrants {
                name,
                grants,
                expected,
            } => self.set_grants(name, grants, *expected),
            Write::RotateToken {
                name,
                token,
                overlap_seconds,
                expected,
            } => self.rotate_token(name, *token, *overlap_seconds, *expected),
            Write::RevokeTokens {
                name,
                token,
                expected,
            } => self.revoke_tokens(name, *token, *expected),
            Write::RemovePrincipal { name, expected } => self.remove_principal(name, *expected),
        }
    }

    fn demand(&self, capability: Capability, resource: Resource<'_>) -> Result<(), Refusal> {
        demand(self.rights, capability, resource)
    }

    /// Puts a record as it is to be, with the next revision and generation. What a later release
    /// noted in its envelope stays.
    fn put(
        &mut self,
        kind: Kind,
        key: &str,
        verb: Verb,
        content: &Content<'_>,
    ) -> Result<Arc<Record>, Refusal> {
        let before = self.state.record(&kind, key).cloned();
        let stored = before.as_ref().and_then(|before| before.bytes.clone());
        let whole = stored.as_deref().map(Envelope::read_whole).transpose();
        let whole = whole.map_err(|error| internal(error.to_string()))?;
        let unknown = whole.map_or_else(UnknownMembers::default, |(_, unknown)| unknown);
        let key = match &before {
            Some(before) => Arc::clone(&before.key),
            None => Arc::from(key),
        };
        self.put_over(Slot { kind, key, before }, verb, content, &unknown)
    }

    /// [`Work::put`] where it is known what was there.
    fn put_over(
        &mut self,
        slot: Slot,
        verb: Verb,
        content: &Content<'_>,
        unknown: &UnknownMembers<'_>,
    ) -> Result<Arc<Record>, Refusal> {
        let envelope = Envelope {
            kind: slot.kind.as_str().into(),
            key: (&*slot.key).into(),
            generation: generation_after(slot.before.as_deref()),
            revision: self.state.revision().next(),
            checksum: content.checksum.into(),
            created_at: content.created_at.unwrap_or(self.now),
            updated_at: self.now,
            annotations: Cow::Borrowed(content.annotations),
            data: content.data,
        };
        let stored = envelope.write(unknown);
        let stored = stored.map_err(|error| internal(error.to_string()))?;
        let stored = Some(stored.into_boxed_slice().into());
        Ok(self.propose(slot, verb, stored))
    }

    /// Puts a record of which only the data matters. When and with which annotations it was made
    /// stays, unless it is made anew.
    fn put_data(
        &mut self,
        kind: Kind,
        key: &str,
        verb: Verb,
        data: &impl serde::Serialize,
    ) -> Result<Arc<Record>, Refusal> {
        let failed = |error: serde_json::Error| internal(error.to_string());
        let serde_json::Value::Object(members) = serde_json::to_value(data).map_err(failed)? else {
            return Err(internal("a record's data is an object".to_owned()));
        };
        let before = self.state.record(&kind, key).cloned();
        let stored = before.as_ref().and_then(|before| before.bytes.as_deref());
        let before = stored.map(Envelope::read).transpose();
        let before = before.map_err(|error| internal(error.to_string()))?;
        let none = to_raw_value(&serde_json::Map::new()).map_err(failed)?;
        let content = Content {
            checksum: &deedbook_model::component::hash_of(&members),
            created_at: before.as_ref().map(|before| before.created_at),
            annotations: before.as_ref().map_or(&none, |before| &before.annotations),
            data: &to_raw_value(data).map_err(failed)?,
        };
        self.put(kind, key, verb, &content)
    }

    /// Takes a record out.
    fn take_out(&mut self, before: Arc<Record>) -> Arc<Record> {
        let slot = Slot {
            kind: before.kind.clone(),
            key: Arc::clone(&before.key),
            before: Some(before),
        };
        self.propose(slot, Verb::REMOVED, None)
    }

    fn propose(&mut self, slot: Slot, verb: Verb, stored: Option<Bytes>) -> Arc<Record> {
        let Slot { kind, key, before } = slot;
        self.bytes += stored.as_ref().map_or(0, Bytes::len);
        let generation = generation_after(before.as_deref());
        let revision = self.state.revision().next();
        let record = Record::new(kind, key, generation, revision, stored.clone());
        let record = Arc::new(record.following(before.as_deref()));
        self.state.put(Arc::clone(&record));
        self.proposed.push(Proposed {
            record: Arc::clone(&record),
            verb,
            previous: before.as_ref().map(|before| before.revision),
            stored,
            before,
        });
        record
    }

    fn is_too_large(&self) -> bool {
        self.proposed.len() > MAX_COMMAND_CHANGES || self.bytes > MAX_COMMAND_BYTES
    }

    /// Makes the state what it was.
    fn take_back(self, before: Standing) {
        for proposed in self.proposed.into_iter().rev() {
            self.state.take_back(&proposed.record, proposed.before);
        }
        self.state.restore(before);
    }

    fn finish(
        self,
        outcomes: Vec<Outcome>,
        idempotency: Option<&Idempotency>,
        info: impl FnOnce(Revision, Timestamp) -> CommandInfo,
    ) -> Done {
        let mut changes = Vec::with_capacity(self.proposed.len());
        let mut before = Vec::with_capacity(self.proposed.len());
        if !self.proposed.is_empty() {
            let last = self.state.revision();
            self.state.stand_at(last, self.now);
            let command = Arc::new(CommandInfo {
                keyed: idempotency.map(|it| keyed(it, &outcomes, &self.proposed)),
                ..info(last, self.now)
            });
            self.state.remember(&command);
            for proposed in self.proposed {
                before.push(proposed.before.and_then(|record| record.bytes.clone()));
                changes.push(Change {
                    revision: proposed.record.revision,
                    command: Arc::clone(&command),
                    kind: proposed.record.kind.clone(),
                    key: Arc::clone(&proposed.record.key),
                    verb: proposed.verb,
                    generation: proposed.record.generation,
                    previous: proposed.previous,
                    record: proposed.stored,
                });
            }
        }
        Done {
            changes,
            before,
            outcomes,
            repeat: None,
        }
    }
}

/// A fault of ours, not of the caller.
fn internal(message: String) -> Refusal {
    Refusal {
        code: Code::Internal,
        ..Refusal::of(0, vec![issue(IssueKind::InvalidValue, "", None, message)])
    }
}

#[cfg(test)]
#[path = "decide_test.rs"]
mod tests;

#[cfg(test)]
#[path = "decide_mesh_test.rs"]
mod mesh_tests;

#[cfg(test)]
#[path = "decide_mesh_patch_test.rs"]
mod mesh_patch_tests;

#[cfg(test)]
#[path = "decide_sight_test.rs"]
mod sight_tests;
