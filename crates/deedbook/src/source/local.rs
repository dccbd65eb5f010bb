//! The book in a folder.

use std::io::Write as Sink;
use std::sync::Arc;

use deedbook_api::shapes::RemovedComponentShape;
use deedbook_book::{
    At, AuditHead, Book, BookError, ChangeFilter, ChangeQuery, RemovedComponent, View,
};
use deedbook_log::LogError;
use deedbook_model::code::Code;
use deedbook_model::{Change, Generation, Head, Kind, Revision};
use deedbook_rules::components::{ComponentKey, Cursor, LookupError, NameOrUuid, Query};
use deedbook_rules::diff::diff_states;
use deedbook_rules::{Expected, Outcome, Record, Write};
use uuid::Uuid;

use super::mesh::blamed;
pub(super) use super::mesh::{
    mesh_diff, mesh_history, mesh_list, mesh_record, mesh_why, put_together, write_mesh,
};
pub(super) use super::placement::{apply_plan, locate, moved_namespaces, plan, plan_undo};
pub(super) use super::principals::{principal, principals, write_principal};
use super::{
    ChangeAsk, ChangeOf, Changes, DependentsFound, Done, GraphFound, History, Records, Seen,
    StatesDiff, Together, TogetherDone, WhyFound,
};
use crate::commands::write::Authorship;
use crate::context::{now, view_at};
use crate::error::{ErrorLine, Failure};
use crate::grammar::values::{Format, Moment};

pub(super) fn component(book: &Book, key: &str, at: Option<Moment>) -> Result<Seen, Failure> {
    let view = view_at(book, at)?;
    find(&view, key)
}

pub(super) fn two_components(
    book: &Book,
    [one, two]: [&str; 2],
    at: Option<Moment>,
) -> Result<[Seen; 2], Failure> {
    let view = view_at(book, at)?;
    Ok([find(&view, one)?, find(&view, two)?])
}

fn find(view: &View, key: &str) -> Result<Seen, Failure> {
    let key = ComponentKey::parse(key)?;
    let found = view.lookup(&key.name, key.spec.as_ref())?;
    Ok(Seen {
        record: Arc::clone(found.record),
    })
}

pub(super) fn last_change(book: &Book, record: &Record, at: Option<Moment>) -> Option<Change> {
    let view = view_at(book, at).ok()?;
    let changes = book.history(&view, &record.kind, &record.key, 1).ok()?;
    changes.into_iter().next()
}

pub(super) fn list(
    book: &Book,
    query: &Query,
    limit: usize,
    cursor: Option<&str>,
    at: Option<Moment>,
) -> Result<Records, Failure> {
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let view = match &cursor {
        None => view_at(book, at)?,
        // A cursor is pinned to a revision, which may be gone.
        Some(cursor) => book
            .view_at(At::Revision(cursor.revision))
            .map_err(|error| match error.code() {
                Code::Compacted => Failure::CursorExpired(cursor.revision),
                Code::Invalid => Failure::Invalid("isn't a cursor of this book".to_owned()),
                _ => Failure::Book(error),
            })?,
    };
    let page = view.search(query, limit, cursor.as_ref())?;
    Ok(Records {
        items: page.items,
        next: page.next.as_ref().map(Cursor::to_text),
        revision: view.head().revision,
    })
}

pub(super) fn versions(book: &Book, key: &str, at: Option<Moment>) -> Result<Records, Failure> {
    let view = view_at(book, at)?;
    let name = NameOrUuid::of(key);
    // A uuid stands for its family here.
    let family = match view.versions(&name) {
        [only] if matches!(name, NameOrUuid::Uuid(_)) => only
            .component()
            .map_or(name, |facts| NameOrUuid::Name(facts.name().to_string())),
        _ => name,
    };
    let records = view.versions(&family);
    if records.is_empty() {
        let key = key.to_owned();
        return Err(Failure::Lookup(LookupError::Unknown { key }));
    }
    Ok(Records {
        items: records.to_vec(),
        next: None,
        revision: view.head().revision,
    })
}

pub(super) fn graph(
    book: &Book,
    uuid: Uuid,
    depth: u32,
    at: Option<Moment>,
    form: Format,
    missing: bool,
) -> Result<GraphFound, Failure> {
    let view = view_at(book, at)?;
    let graph = view.dependency_graph(view.lookup(&NameOrUuid::Uuid(uuid), None)?, depth);
    Ok(match form {
        Format::Human => GraphFound::Text(graph.to_tree()),
        Format::Dot => GraphFound::Text(graph.to_dot(missing)),
        Format::Mermaid => GraphFound::Text(graph.to_mermaid(missing)),
        Format::Svg => GraphFound::Text(graph.to_svg(missing)),
        Format::Json | Format::Yaml | Format::Jsonl | Format::Protobuf => GraphFound::Graph(graph),
    })
}

pub(super) fn dependents(
    book: &Book,
    uuid: Uuid,
    depth: u32,
    at: Option<Moment>,
) -> Result<DependentsFound, Failure> {
    let view = view_at(book, at)?;
    Ok(DependentsFound {
        uuid,
        items: view.dependents(uuid, depth),
        revision: view.head().revision,
    })
}

pub(super) fn history(
    book: &Book,
    key: &str,
    since: Option<Moment>,
    limit: usize,
    _whole: bool,
) -> Result<History, Failure> {
    let view = book.view();
    let meant = meant(book, &view, key)?;
    let after = revision_of(book, since)?;
    let mut items = book.history(&view, &Kind::COMPONENT, &meant.uuid, limit)?;
    items.retain(|change| change.revision > after);
    Ok(History {
        uuid: meant.uuid,
        removed: meant.removed,
        changes: Changes {
            items,
            revision: view.head().revision,
            floor: book.stats()?.floor,
        },
    })
}

/// What a key means where history counts: a component that is there, or the one that was removed
/// last.
struct Meant {
    uuid: String,
    removed: Vec<RemovedComponentShape>,
}

fn meant(book: &Book, view: &View, key: &str) -> Result<Meant, Failure> {
    let key = ComponentKey::parse(key)?;
    let found = book.meant_in_history(view, &key)??;
    Ok(Meant {
        uuid: found.uuid,
        removed: found.removed.iter().map(shape_of_removed).collect(),
    })
}

fn shape_of_removed(removed: &RemovedComponent) -> RemovedComponentShape {
    let RemovedComponent { facts, revision } = removed;
    RemovedComponentShape {
        uuid: facts.uuid(),
        name: facts.name().to_string(),
        version: facts.version().to_string(),
        revision: *revision,
    }
}

/// The last revision that `--since` leaves out.
pub(crate) fn revision_of(book: &Book, since: Option<Moment>) -> Result<Revision, Failure> {
    match since.map(|moment| moment.seen_at(now())) {
        Some(Moment::Revision(revision)) => Ok(revision),
        Some(Moment::Time(time)) => match book.revision_at(time) {
            Ok(revision) => Ok(revision),
            // Nothing is older than that: all that is kept came after it.
            Err(BookError::BeforeBook { .. } | BookError::BeforeTime { .. }) => Ok(Revision::ZERO),
            Err(error) => Err(error.into()),
        },
        Some(Moment::Ago(_)) | None => Ok(Revision::ZERO),
    }
}

pub(super) fn changes(book: &Book, asked: &ChangeAsk) -> Result<Changes, Failure> {
    let after = revision_of(book, asked.since)?;
    let floor = book.stats()?.floor;
    if asked.since.is_some() && after < floor {
        let wanted = after;
        return Err(Failure::Book(LogError::Compacted { wanted, floor }.into()));
    }
    let items = book.changes(&ChangeQuery {
        after,
        limit: asked.limit,
        filter: ChangeFilter {
            key: asked.key.clone(),
            key_prefix: None,
            actor: asked.actor.clone(),
            kind: asked.kind.clone(),
        },
        newest_first: true,
        ..ChangeQuery::default()
    })?;
    Ok(Changes {
        items,
        revision: book.view().head().revision,
        floor,
    })
}

pub(super) fn knows_key(book: &Book, key: &str, kind: Option<&Kind>) -> Result<bool, Failure> {
    let fits =
        |record: &Record| *record.key == *key && kind.is_none_or(|kind| *kind == record.kind);
    Ok(book.view().records().any(|record| fits(record)))
}

pub(super) fn why(
    book: &Book,
    key: &str,
    pointer: &str,
    at: Option<Moment>,
) -> Result<WhyFound, Failure> {
    let view = view_at(book, at)?;
    let Meant { uuid, removed } = meant(book, &view, key)?;
    let why = book.why(&view, &Kind::COMPONENT, &uuid, pointer)?;
    Ok(WhyFound { why, removed })
}

pub(super) fn diff(book: &Book, from: Moment, to: Option<Moment>) -> Result<StatesDiff, Failure> {
    let before = view_at(book, Some(from))?;
    let after = view_at(book, to)?;
    Ok(StatesDiff {
        from: before.head().revision,
        to: after.head().revision,
        items: diff_states(&before, &after),
    })
}

pub(super) fn audit_head(book: &Book) -> Result<AuditHead, Failure> {
    Ok(book.audit_head())
}

pub(super) fn compact(book: &Book, before: Revision) -> Result<Revision, Failure> {
    Ok(book.compact(before)?)
}

pub(super) fn snapshot(book: &Book) -> Result<Revision, Failure> {
    Ok(book.snapshot()?)
}

pub(super) fn backup(book: &Book, to: &mut dyn Sink) -> Result<Head, Failure> {
    Ok(book.backup(to)?)
}

pub(super) fn change(
    book: &Book,
    uuid: Uuid,
    change: ChangeOf,
    expected: Option<Generation>,
    authorship: &Authorship,
    dry_run: bool,
) -> Result<Done, Failure> {
    let key = ComponentKey::from(uuid);
    let expected = expected.map(Expected::from);
    let write = match change {
        ChangeOf::Patch(patch) => Write::Update {
            key,
            patch,
            expected,
        },
        ChangeOf::Removal => Write::Remove { key, expected },
    };
    let command = authorship.command(vec![write]);
    let receipt = if dry_run {
        book.check(&command)
    } else {
        book.execute(command)
    };
    let receipt = receipt?;
    let outcome = receipt.outcomes.first();
    outcome
        .map(Done::of)
        .ok_or_else(|| Failure::Internal("a receipt without an outcome".to_owned()))
}

impl Done {
    /// What the rules say became of a write.
    pub(crate) fn of(outcome: &Outcome) -> Done {
        Done {
            is_live: outcome.record.is_live(),
            revision: outcome.record.revision,
            unchanged: outcome.unchanged,
            warnings: outcome.warnings.iter().map(ErrorLine::from).collect(),
        }
    }
}

pub(super) fn register_together(
    book: &Book,
    together: &Together,
    authorship: &Authorship,
) -> Result<TogetherDone, Failure> {
    let writes = together.drafts.iter().map(|draft| Write::Register {
        draft: Arc::clone(draft),
        require_dependencies: together.require_dependencies,
    });
    let command = authorship.command(writes.collect());
    let result = if together.dry_run {
        book.check(&command)
    } else {
        book.execute(command)
    };
    match result {
        Ok(receipt) => Ok(Ok(receipt.outcomes.iter().map(Done::of).collect())),
        Err(error) => blamed(error).map(Err),
    }
}
