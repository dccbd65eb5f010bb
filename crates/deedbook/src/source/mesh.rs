//! Namespaces, nodes, services, endpoints and shards, from either source.

mod ask;

use std::sync::Arc;

pub(crate) use ask::MeshAsk;
use bytes::Bytes;
use deedbook_api::client::{Request, Target};
use deedbook_api::route::Method;
use deedbook_book::{At, Book, BookError, View, Why};
use deedbook_model::code::Code;
pub(super) use deedbook_model::mesh::Draft;
use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_model::{Generation, Revision};
use deedbook_rules::components::MAX_LIMIT;
use deedbook_rules::diff::{Difference, diff_documents};
use deedbook_rules::mesh::{MeshCursor, MeshPage};
use deedbook_rules::{Expected, MeshWrite, Outcome, Record, Write};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::local::revision_of;
use super::remote::{ReceivedChange, ReceivedIssue, ReceivedWhy, at_moment, record_of, text_of};
use super::{ChangeAsk, Changes, PutTogether, Records, Remote, Seen};
use crate::commands::write::Authorship;
use crate::context::view_at;
use crate::error::{ErrorLine, Failure};
use crate::grammar::values::Moment;
use crate::output::record;

/// What differs in a record between two moments.
pub(crate) struct MeshDiff {
    pub(crate) from: Revision,
    pub(crate) to: Revision,
    pub(crate) differences: Vec<Difference>,
}

/// What is done to a record.
pub(crate) enum MeshChange {
    /// It is made, or put in the place of the one that is there.
    Put(Arc<Draft>),
    /// It is changed by a merge patch.
    Patch(Value),
    /// It is removed, perhaps although others point to it.
    Remove { force: bool },
}

/// A write of one record.
pub(crate) struct MeshAsked {
    pub(crate) key: MeshKey,
    pub(crate) change: MeshChange,
    pub(crate) expected: Option<Generation>,
    pub(crate) dry_run: bool,
}

/// What became of it.
pub(crate) struct MeshDone {
    pub(crate) key: MeshKey,
    pub(crate) generation: Generation,
    pub(crate) revision: Revision,
    /// Whether there was none before.
    pub(crate) created: bool,
    /// Whether it was so before.
    pub(crate) unchanged: bool,
    /// Whether it is gone.
    pub(crate) removed: bool,
    pub(crate) warnings: Vec<ErrorLine>,
    /// Its stored form, perhaps with further members; none where it is gone or may not be read.
    pub(crate) stored: Option<Bytes>,
}

pub(super) fn mesh_record(book: &Book, key: &MeshKey, at: Option<Moment>) -> Result<Seen, Failure> {
    let view = view_at(book, at)?;
    live(&view, key)
}

fn live(view: &View, key: &MeshKey) -> Result<Seen, Failure> {
    let found = view.record(&key.kind().kind(), &key.to_string());
    match found.filter(|record| record.is_live()) {
        Some(record) => Ok(Seen {
            record: Arc::clone(record),
        }),
        None => Err(Failure::NoRecord(key.clone())),
    }
}

pub(super) fn mesh_list(
    book: &Book,
    kind: MeshKind,
    asked: &MeshAsk,
    limit: usize,
    cursor: Option<&str>,
    at: Option<Moment>,
) -> Result<Records, Failure> {
    let cursor = cursor.map(|text| cursor_of(book, kind, text)).transpose()?;
    let view = match &cursor {
        None => view_at(book, at)?,
        // A cursor is pinned to a revision, which may be gone.
        Some(cursor) => book
            .view_at(At::Revision(cursor.revision))
            .map_err(|error| match error.code() {
                Code::Compacted => Failure::CursorExpired(cursor.revision),
                _ => Failure::Book(error),
            })?,
    };
    let filter = asked.filter();
    let after = cursor.map_or(String::new(), |cursor| cursor.after);
    let page = MeshPage::of(&view, kind, &after, limit, |record| filter.fits(record));
    Ok(Records {
        items: page.items,
        next: page.next.map(|next| next.to_text()),
        revision: view.head().revision,
    })
}

fn cursor_of(book: &Book, kind: MeshKind, text: &str) -> Result<MeshCursor, Failure> {
    let cursor = MeshCursor::parse(kind, text);
    let cursor = cursor.map_err(|error| Failure::Invalid(error.to_string()))?;
    if cursor.lineage == book.view().lineage() {
        Ok(cursor)
    } else {
        Err(Failure::Invalid("isn't a cursor of this book".to_owned()))
    }
}

pub(super) fn mesh_history(
    book: &Book,
    key: &MeshKey,
    since: Option<Moment>,
    limit: usize,
    _whole: bool,
) -> Result<Changes, Failure> {
    let view = book.view();
    let (kind, text) = (key.kind().kind(), key.to_string());
    if view.record(&kind, &text).is_none() {
        return Err(Failure::NoRecord(key.clone()));
    }
    let after = revision_of(book, since)?;
    let mut items = book.history(&view, &kind, &text, limit)?;
    items.retain(|change| change.revision > after);
    Ok(Changes {
        items,
        revision: view.head().revision,
        floor: book.stats()?.floor,
    })
}

pub(super) fn mesh_why(
    book: &Book,
    key: &MeshKey,
    pointer: &str,
    at: Option<Moment>,
) -> Result<Why, Failure> {
    let view = view_at(book, at)?;
    let (kind, text) = (key.kind().kind(), key.to_string());
    if view.record(&kind, &text).is_none() {
        return Err(Failure::NoRecord(key.clone()));
    }
    let why = book.why(&view, &kind, &text, pointer)?;
    why.ok_or_else(|| Failure::NotFound(format!("{} {key} never had a {pointer}", key.kind())))
}

pub(super) fn mesh_diff(
    book: &Book,
    key: &MeshKey,
    from: Moment,
    to: Option<Moment>,
) -> Result<MeshDiff, Failure> {
    let before = view_at(book, Some(from))?;
    let after = view_at(book, to)?;
    let document = |view: &View| {
        live(view, key)
            .ok()
            .map(|seen| record::document(&seen.record))
    };
    let (earlier, later) = (
        document(&before).transpose()?,
        document(&after).transpose()?,
    );
    if earlier.is_none() && later.is_none() {
        return Err(Failure::NoRecord(key.clone()));
    }
    let nothing = || Value::Object(Map::new());
    Ok(MeshDiff {
        from: before.head().revision,
        to: after.head().revision,
        differences: diff_documents(
            &earlier.unwrap_or_else(nothing),
            &later.unwrap_or_else(nothing),
        ),
    })
}

pub(super) fn write_mesh(
    book: &Book,
    asked: &MeshAsked,
    authorship: &Authorship,
) -> Result<MeshDone, Failure> {
    let command = authorship.command(vec![Write::Mesh(asked.in_book())]);
    let receipt = if asked.dry_run {
        book.check(&command)
    } else {
        book.execute(command)
    };
    let receipt = receipt.map_err(|error: BookError| as_missing(error.into(), &asked.key))?;
    let outcome = receipt.outcomes.first();
    let done = outcome.map(|outcome| MeshDone::of(&asked.key, outcome, asked.dry_run));
    done.ok_or_else(|| Failure::Internal("a receipt without an outcome".to_owned()))
}

/// Which writes a book refused, and why.
pub(super) fn blamed(error: BookError) -> Result<Vec<(usize, Failure)>, Failure> {
    let BookError::Refused(refusals) = error else {
        return Err(error.into());
    };
    let refusals = refusals.into_iter();
    Ok(refusals
        .map(|refusal| {
            let place = refusal.write;
            let file = None;
            (place, Failure::Refused { file, refusal })
        })
        .collect())
}

pub(super) fn put_together(
    book: &Book,
    drafts: &[Arc<Draft>],
    authorship: &Authorship,
    dry_run: bool,
) -> Result<PutTogether, Failure> {
    let put = |draft: &Arc<Draft>| {
        Write::Mesh(MeshWrite::Put {
            draft: Arc::clone(draft),
            expected: None,
        })
    };
    let command = authorship.command(drafts.iter().map(put).collect());
    let receipt = if dry_run {
        book.check(&command)
    } else {
        book.execute(command)
    };
    match receipt {
        Ok(receipt) => Ok(Ok(receipt.revision)),
        Err(error) => blamed(error).map(Err),
    }
}

/// That there is no such record is said alike, whoever says it.
pub(super) fn as_missing(failure: Failure, key: &MeshKey) -> Failure {
    let missing = format!("no {} {key}", key.kind());
    match failure {
        Failure::Refused { refusal, .. } if refusal.code == Code::NotFound => {
            Failure::NoRecord(key.clone())
        }
        // There may also be no book yet at the moment that was asked for.
        Failure::Told(told) if told.is_not_found() && told.says(&missing) => {
            Failure::NoRecord(key.clone())
        }
        other => other,
    }
}

impl MeshAsked {
    /// The write as the rules take it.
    pub(super) fn in_book(&self) -> MeshWrite {
        let (key, expected) = (self.key.clone(), self.expected.map(Expected::from));
        match &self.change {
            MeshChange::Put(draft) => MeshWrite::Put {
                draft: Arc::clone(draft),
                expected,
            },
            MeshChange::Patch(patch) => MeshWrite::Patch {
                key,
                patch: patch.clone(),
                expected,
            },
            MeshChange::Remove { force } => MeshWrite::Remove {
                key,
                expected,
                force: *force,
            },
        }
    }
}

impl MeshDone {
    /// What the rules say became of a write.
    fn of(key: &MeshKey, outcome: &Outcome, dry_run: bool) -> MeshDone {
        let record = &outcome.record;
        MeshDone {
            key: key.clone(),
            generation: record.generation,
            revision: record.revision,
            // A server doesn't tell it of what isn't made.
            created: outcome.created && !dry_run,
            unchanged: outcome.unchanged,
            removed: !record.is_live(),
            warnings: outcome.warnings.iter().map(ErrorLine::from).collect(),
            stored: record.bytes.clone(),
        }
    }
}

/// A document as it is sent.
fn document_of(draft: &Draft) -> Map<String, Value> {
    let mut members = draft.data().clone();
    if !draft.annotations().is_empty() {
        let annotations = Value::Object(draft.annotations().clone());
        members.insert("annotations".to_owned(), annotations);
    }
    members
}

#[derive(Deserialize)]
struct ReceivedRevision {
    revision: Revision,
}

#[derive(Deserialize)]
struct ReceivedMesh {
    generation: Generation,
    revision: Revision,
    #[serde(default)]
    removed: bool,
    unchanged: bool,
    #[serde(default)]
    warnings: Vec<ReceivedIssue>,
}

#[derive(Deserialize)]
struct ReceivedMeshHistory {
    items: Vec<ReceivedChange>,
    floor: Revision,
    revision: Revision,
}

#[derive(Deserialize)]
struct ReceivedMeshDiff {
    from: Revision,
    to: Revision,
    differences: Vec<ReceivedMember>,
}

#[derive(Deserialize)]
struct ReceivedMember {
    pointer: String,
    before: Option<Value>,
    after: Option<Value>,
}

impl Remote {
    pub(super) fn mesh_record(
        &mut self,
        key: &MeshKey,
        at: Option<Moment>,
    ) -> Result<Seen, Failure> {
        let target = at_moment(Target::mesh(key, ""), at);
        let answer = self.send(&Request::get(target));
        let answer = answer.map_err(|failure| as_missing(failure, key))?;
        Ok(Seen {
            record: Arc::new(record_of(&answer.body)?),
        })
    }

    pub(super) fn mesh_list(
        &mut self,
        kind: MeshKind,
        asked: &MeshAsk,
        limit: usize,
        cursor: Option<&str>,
        at: Option<Moment>,
    ) -> Result<Records, Failure> {
        let target = asked.target(kind).with("limit", &limit.to_string());
        self.records(at_moment(target.maybe("cursor", cursor), at))
    }

    pub(super) fn mesh_history(
        &mut self,
        key: &MeshKey,
        since: Option<Moment>,
        limit: usize,
        whole: bool,
    ) -> Result<Changes, Failure> {
        let page = limit.min(MAX_LIMIT);
        let target = Target::mesh(key, "/history")
            .with("limit", &page.to_string())
            .maybe("since", since.map(text_of).as_deref())
            .flag("records", whole);
        let answer = self.send(&Request::get(target));
        let answer = answer.map_err(|failure| as_missing(failure, key))?;
        let received: ReceivedMeshHistory = answer.json()?;
        if limit > page && received.items.len() == page {
            // One page holds no more; the list of all changes has pages.
            return self.changes(&ChangeAsk {
                kind: Some(key.kind().kind()),
                key: Some(key.to_string()),
                since,
                actor: None,
                limit,
                whole,
            });
        }
        let items = received.items.into_iter().map(ReceivedChange::into_change);
        Ok(Changes {
            items: items.collect::<Result<_, _>>()?,
            revision: received.revision,
            floor: received.floor,
        })
    }

    pub(super) fn mesh_why(
        &mut self,
        key: &MeshKey,
        pointer: &str,
        at: Option<Moment>,
    ) -> Result<Why, Failure> {
        let target = Target::mesh(key, "/why")
            .with("pointer", pointer)
            .with("records", "true");
        let answer = self.send(&Request::get(at_moment(target, at)));
        let answer = answer.map_err(|failure| as_missing(failure, key))?;
        let mut received: ReceivedWhy = answer.json()?;
        Ok(Why {
            change: received.change()?,
            before: received.before,
            after: received.after,
        })
    }

    pub(super) fn mesh_diff(
        &mut self,
        key: &MeshKey,
        from: Moment,
        to: Option<Moment>,
    ) -> Result<MeshDiff, Failure> {
        let target = Target::mesh(key, "/diff")
            .with("from", &text_of(from))
            .maybe("to", to.map(text_of).as_deref());
        let answer = self.send(&Request::get(target));
        let answer = answer.map_err(|failure| as_missing(failure, key))?;
        let received: ReceivedMeshDiff = answer.json()?;
        let differences = received.differences.into_iter().map(|one| Difference {
            pointer: one.pointer,
            before: one.before,
            after: one.after,
        });
        Ok(MeshDiff {
            from: received.from,
            to: received.to,
            differences: differences.collect(),
        })
    }

    pub(super) fn put_together(
        &mut self,
        drafts: &[Arc<Draft>],
        authorship: &Authorship,
        dry_run: bool,
    ) -> Result<PutTogether, Failure> {
        let put = |draft: &Arc<Draft>| {
            let (kind, key) = (draft.key().kind().as_str(), draft.key().to_string());
            json!({"op": "put", "kind": kind, "key": key, "document": document_of(draft)})
        };
        let writes: Vec<Value> = drafts.iter().map(put).collect();
        match self.batch(&writes, authorship, dry_run)? {
            Ok(answer) => Ok(Ok(answer.json::<ReceivedRevision>()?.revision)),
            Err(blamed) => Ok(Err(blamed)),
        }
    }

    pub(super) fn write_mesh(
        &mut self,
        asked: &MeshAsked,
        authorship: &Authorship,
    ) -> Result<MeshDone, Failure> {
        let expected = asked.expected.map(|generation| generation.to_string());
        let target = Target::mesh(&asked.key, "")
            .flag("dryRun", asked.dry_run)
            .maybe("expectedGeneration", expected.as_deref());
        let mut known: Vec<ErrorLine> = Vec::new();
        let request = match &asked.change {
            MeshChange::Put(draft) => {
                known.extend(draft.warnings().iter().map(ErrorLine::from));
                let request = self.write_request(Method::Put, target, authorship);
                request.content("application/json", serde_json::to_vec(&document_of(draft))?)
            }
            MeshChange::Patch(patch) => {
                let request = self.write_request(Method::Patch, target, authorship);
                request.content("application/merge-patch+json", serde_json::to_vec(patch)?)
            }
            MeshChange::Remove { force } => {
                let target = target.flag("force", *force);
                self.write_request(Method::Delete, target, authorship)
            }
        };
        let answer = self.send(&request);
        let answer = answer.map_err(|failure| as_missing(failure, &asked.key))?;
        let received: ReceivedMesh = answer.json()?;
        Ok(MeshDone {
            key: asked.key.clone(),
            generation: received.generation,
            revision: received.revision,
            created: answer.status == 201,
            unchanged: received.unchanged,
            removed: received.removed,
            warnings: ReceivedIssue::into_lines(received.warnings, &known),
            stored: (!received.removed).then(|| Bytes::from(answer.body)),
        })
    }
}

/// The path of the changes of a record, whatever its kind.
pub(super) fn path_of(record: &Record, below: &str) -> Target {
    let of_mesh = MeshKind::of(&record.kind);
    let key = of_mesh.and_then(|kind| MeshKey::parse(kind, &record.key).ok());
    match key {
        Some(key) => Target::mesh(&key, below),
        None => Target::component(&record.key, below),
    }
}

#[cfg(test)]
mod tests {
    use deedbook_model::shard::ShardStatus;

    use super::*;

    #[test]
    fn a_question_is_the_same_to_a_server() {
        let asked = MeshAsk {
            namespace: Some("a b".to_owned()),
            node: Some("n/1".to_owned()),
            statuses: vec![ShardStatus::Paused, ShardStatus::Active],
            ..MeshAsk::default()
        };
        let shards = asked.target(MeshKind::Shard);
        let expected = "/v1/shards?namespace=a%20b&owner=n%2F1&status=paused&status=active";
        assert_eq!(shards.as_str(), expected);
        let endpoints = MeshAsk {
            statuses: Vec::new(),
            ..asked
        };
        let endpoints = endpoints.target(MeshKind::Endpoint);
        assert_eq!(
            endpoints.as_str(),
            "/v1/endpoints?namespace=a%20b&node=n%2F1"
        );
    }
}
