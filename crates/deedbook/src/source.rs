//! Where a command gets its data and sends its writes: the book in a folder, or a server. What comes
//! out is the same, so that what is printed is written once.
//!
//! ```text
//! command ─► Source ─┬─ Local(Book): views and commands of the book
//!                    └─ Remote(Client): routes of a server, over TCP, TLS or its Unix socket
//! ```

mod following;
mod local;
mod mesh;
mod placement;
mod principals;
mod remote;
mod told;

use std::io::Write as Sink;
use std::sync::Arc;

use deedbook_api::shapes::{AppliedShape, IssuedShape, LocatedShape, RemovedComponentShape};
use deedbook_book::{AuditHead, Book, Broken, ChangeFilter, Position, Verification, Why};
use deedbook_model::component::Draft;
use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_model::{Change, Generation, Grant, Head, Kind, Revision, TokenId};
use deedbook_rules::Record;
use deedbook_rules::components::Query;
use deedbook_rules::dependency_graph::DependencyGraph;
use deedbook_rules::dependents::Dependent;
use deedbook_rules::diff::RecordDifference;
use deedbook_rules::placement::plan::Plan;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::commands::write::Authorship;
use crate::error::{ErrorLine, Failure};
use crate::grammar::values::{Format, Moment};

pub(crate) use following::{Followed, Following};
pub(crate) use local::revision_of;
pub(crate) use mesh::{MeshAsk, MeshAsked, MeshChange, MeshDiff, MeshDone};
pub(crate) use placement::PlanAsk;
pub(crate) use remote::Remote;
pub(crate) use told::{Told, failure_of};

/// Where data comes from.
pub(crate) enum Source {
    /// The book in a folder.
    Local(Book),
    /// A server.
    Remote(Box<Remote>),
}

/// One record and the revision that was looked at.
pub(crate) struct Seen {
    pub(crate) record: Arc<Record>,
}

/// Records, and where the list goes on.
pub(crate) struct Records {
    pub(crate) items: Vec<Arc<Record>>,
    pub(crate) next: Option<String>,
    pub(crate) revision: Revision,
}

/// Changes, newest first.
pub(crate) struct Changes {
    pub(crate) items: Vec<Change>,
    /// The revision up to which the list goes.
    pub(crate) revision: Revision,
    /// Changes up to it aren't kept.
    pub(crate) floor: Revision,
}

/// The changes of a component, and what its key meant.
pub(crate) struct History {
    pub(crate) uuid: String,
    pub(crate) changes: Changes,
    pub(crate) removed: Vec<RemovedComponentShape>,
}

/// Which changes are asked for, newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChangeAsk {
    pub(crate) since: Option<Moment>,
    pub(crate) kind: Option<Kind>,
    pub(crate) key: Option<String>,
    pub(crate) actor: Option<String>,
    pub(crate) limit: usize,
    /// Whether the records are needed as well.
    pub(crate) whole: bool,
}

/// Which changes are watched.
pub(crate) struct FollowAsk {
    /// From where; `None`: with the next one.
    pub(crate) after: Option<Position>,
    pub(crate) filter: ChangeFilter,
    /// Whether to end at what is there now.
    pub(crate) once: bool,
}

/// Which change set a field, and what its key meant.
pub(crate) struct WhyFound {
    pub(crate) why: Option<Why>,
    pub(crate) removed: Vec<RemovedComponentShape>,
}

/// What a graph looks like.
pub(crate) enum GraphFound {
    /// For other programs.
    Graph(DependencyGraph),
    /// Drawn.
    Text(String),
}

/// What depends on a component.
pub(crate) struct DependentsFound {
    pub(crate) uuid: Uuid,
    pub(crate) items: Vec<Dependent>,
    pub(crate) revision: Revision,
}

/// Which records differ.
pub(crate) struct StatesDiff {
    pub(crate) from: Revision,
    pub(crate) to: Revision,
    pub(crate) items: Vec<RecordDifference>,
}

/// What `audit verify` found.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerificationFound {
    pub(crate) revision: Revision,
    pub(crate) records: u64,
    pub(crate) state_root: String,
    pub(crate) chain: String,
    pub(crate) ok: bool,
    pub(crate) broken: Option<Broken>,
}

impl From<Verification> for VerificationFound {
    fn from(found: Verification) -> VerificationFound {
        VerificationFound {
            revision: found.revision,
            records: found.records,
            state_root: found.state_root.to_string(),
            chain: found.chain.to_string(),
            ok: found.ok,
            broken: found.broken,
        }
    }
}

/// A write of one component that is there.
pub(crate) enum ChangeOf {
    /// By a merge patch.
    Patch(Value),
    /// Its removal.
    Removal,
}

/// A write of one principal.
pub(crate) struct PrincipalWrite {
    pub(crate) name: String,
    pub(crate) change: PrincipalChange,
    pub(crate) expected: Option<Generation>,
    pub(crate) dry_run: bool,
}

/// What is done to it.
pub(crate) enum PrincipalChange {
    /// It is made, with a token that ends so long from now or then.
    Create {
        grants: Vec<Grant>,
        expires: Option<String>,
    },
    /// It gets another token.
    Rotate {
        expires: Option<String>,
        overlap_seconds: u32,
    },
    /// It loses tokens.
    Revoke(Option<TokenId>),
    /// It gets other grants.
    Set(Vec<Grant>),
    /// It is removed.
    Remove,
}

/// What became of it.
pub(crate) enum PrincipalDone {
    /// It has a new token.
    Issued(IssuedShape),
    /// It is like that.
    Changed(Arc<Record>),
    /// It is gone.
    Removed {
        generation: Generation,
        revision: Revision,
    },
}

/// What became of a write.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    /// Whether the record is there now.
    pub(crate) is_live: bool,
    /// Revision of its last change.
    pub(crate) revision: Revision,
    /// Whether it was so before.
    pub(crate) unchanged: bool,
    /// What somebody should look at.
    pub(crate) warnings: Vec<ErrorLine>,
}

/// Registrations that are done together, or none of them.
pub(crate) struct Together {
    pub(crate) drafts: Vec<Arc<Draft>>,
    pub(crate) require_dependencies: bool,
    pub(crate) dry_run: bool,
}

/// What became of records that were put together: the revision, or which are to blame and why.
pub(crate) type PutTogether = Result<Revision, Vec<(usize, Failure)>>;

/// What became of them: each one's outcome, or which are to blame and why.
pub(crate) type TogetherDone = Result<Vec<Done>, Vec<(usize, Failure)>>;

/// Calls the method of that name of whatever the source is.
macro_rules! ask {
    ($source:expr, $method:ident($($argument:expr),*)) => {
        match $source {
            Source::Local(book) => local::$method(book, $($argument),*),
            Source::Remote(remote) => remote.$method($($argument),*),
        }
    };
}

impl Source {
    /// The component that a key means.
    pub(crate) fn component(&mut self, key: &str, at: Option<Moment>) -> Result<Seen, Failure> {
        ask!(self, component(key, at))
    }

    /// Two components of one revision.
    pub(crate) fn two_components(
        &mut self,
        keys: [&str; 2],
        at: Option<Moment>,
    ) -> Result<[Seen; 2], Failure> {
        ask!(self, two_components(keys, at))
    }

    /// The last change of a record up to a moment; `None` where compaction took it.
    pub(crate) fn last_change(&mut self, record: &Record, at: Option<Moment>) -> Option<Change> {
        ask!(self, last_change(record, at))
    }

    /// When a record was last changed, by whom and why; `None` where compaction took it.
    pub(crate) fn last_author(&mut self, record: &Record, at: Option<Moment>) -> Option<String> {
        let change = self.last_change(record, at)?;
        let command = &change.command;
        let ticket = command.ticket.as_ref();
        let ticket = ticket
            .map(|ticket| format!(" ({ticket})"))
            .unwrap_or_default();
        let (time, actor, reason) = (command.time, &command.actor, &command.reason);
        Some(format!("{time} by {actor}: {reason}{ticket}"))
    }

    /// A page of components.
    pub(crate) fn list(
        &mut self,
        query: &Query,
        limit: usize,
        cursor: Option<&str>,
        at: Option<Moment>,
    ) -> Result<Records, Failure> {
        ask!(self, list(query, limit, cursor, at))
    }

    /// All versions of a component.
    pub(crate) fn versions(&mut self, key: &str, at: Option<Moment>) -> Result<Records, Failure> {
        ask!(self, versions(key, at))
    }

    /// What a component depends on, drawn for people and pictures.
    pub(crate) fn graph(
        &mut self,
        uuid: Uuid,
        depth: u32,
        at: Option<Moment>,
        form: Format,
        missing: bool,
    ) -> Result<GraphFound, Failure> {
        ask!(self, graph(uuid, depth, at, form, missing))
    }

    /// What depends on a component.
    pub(crate) fn dependents(
        &mut self,
        uuid: Uuid,
        depth: u32,
        at: Option<Moment>,
    ) -> Result<DependentsFound, Failure> {
        ask!(self, dependents(uuid, depth, at))
    }

    /// The changes of a component, also of one that is gone.
    pub(crate) fn history(
        &mut self,
        key: &str,
        since: Option<Moment>,
        limit: usize,
        whole: bool,
    ) -> Result<History, Failure> {
        ask!(self, history(key, since, limit, whole))
    }

    /// Changes of all records.
    pub(crate) fn changes(&mut self, asked: &ChangeAsk) -> Result<Changes, Failure> {
        ask!(self, changes(asked))
    }

    /// Whether some record has or had that key.
    pub(crate) fn knows_key(&mut self, key: &str, kind: Option<&Kind>) -> Result<bool, Failure> {
        ask!(self, knows_key(key, kind))
    }

    /// The change that last set a field of a component, also of one that is gone.
    pub(crate) fn why(
        &mut self,
        key: &str,
        pointer: &str,
        at: Option<Moment>,
    ) -> Result<WhyFound, Failure> {
        ask!(self, why(key, pointer, at))
    }

    /// Which records differ between two moments.
    pub(crate) fn diff(&mut self, from: Moment, to: Option<Moment>) -> Result<StatesDiff, Failure> {
        ask!(self, diff(from, to))
    }

    /// What an auditor notes down.
    pub(crate) fn audit_head(&mut self) -> Result<AuditHead, Failure> {
        ask!(self, audit_head())
    }

    /// Drops history; the floor.
    pub(crate) fn compact(&mut self, before: Revision) -> Result<Revision, Failure> {
        ask!(self, compact(before))
    }

    /// Takes a snapshot; its revision.
    pub(crate) fn snapshot(&mut self) -> Result<Revision, Failure> {
        ask!(self, snapshot())
    }

    /// Writes a backup; the head that it reaches.
    pub(crate) fn backup(&mut self, to: &mut dyn Sink) -> Result<Head, Failure> {
        ask!(self, backup(to))
    }

    /// Changes or removes the component of that uuid.
    pub(crate) fn change(
        &mut self,
        uuid: Uuid,
        change: ChangeOf,
        expected: Option<Generation>,
        authorship: &Authorship,
        dry_run: bool,
    ) -> Result<Done, Failure> {
        ask!(self, change(uuid, change, expected, authorship, dry_run))
    }

    /// Registers several documents as one command.
    pub(crate) fn register_together(
        &mut self,
        together: &Together,
        authorship: &Authorship,
    ) -> Result<TogetherDone, Failure> {
        ask!(self, register_together(together, authorship))
    }

    /// One record of the mesh.
    pub(crate) fn mesh_record(
        &mut self,
        key: &MeshKey,
        at: Option<Moment>,
    ) -> Result<Seen, Failure> {
        ask!(self, mesh_record(key, at))
    }

    /// A page of records of the mesh.
    pub(crate) fn mesh_list(
        &mut self,
        kind: MeshKind,
        asked: &MeshAsk,
        limit: usize,
        cursor: Option<&str>,
        at: Option<Moment>,
    ) -> Result<Records, Failure> {
        ask!(self, mesh_list(kind, asked, limit, cursor, at))
    }

    /// The changes of a record of the mesh, also of one that is gone.
    pub(crate) fn mesh_history(
        &mut self,
        key: &MeshKey,
        since: Option<Moment>,
        limit: usize,
        whole: bool,
    ) -> Result<Changes, Failure> {
        ask!(self, mesh_history(key, since, limit, whole))
    }

    /// Which change last set a record, or the field of that RFC 6901 pointer in it.
    pub(crate) fn mesh_why(
        &mut self,
        key: &MeshKey,
        pointer: &str,
        at: Option<Moment>,
    ) -> Result<Why, Failure> {
        ask!(self, mesh_why(key, pointer, at))
    }

    /// What differs in a record of the mesh between two moments.
    pub(crate) fn mesh_diff(
        &mut self,
        key: &MeshKey,
        from: Moment,
        to: Option<Moment>,
    ) -> Result<MeshDiff, Failure> {
        ask!(self, mesh_diff(key, from, to))
    }

    /// Writes one record of the mesh.
    pub(crate) fn write_mesh(
        &mut self,
        asked: &MeshAsked,
        authorship: &Authorship,
    ) -> Result<MeshDone, Failure> {
        ask!(self, write_mesh(asked, authorship))
    }

    /// Puts records of the mesh as one command; its revision, or which are to blame.
    pub(crate) fn put_together(
        &mut self,
        drafts: &[Arc<mesh::Draft>],
        authorship: &Authorship,
        dry_run: bool,
    ) -> Result<PutTogether, Failure> {
        ask!(self, put_together(drafts, authorship, dry_run))
    }

    /// What would have to move in a namespace.
    pub(crate) fn plan(&mut self, namespace: &str, asked: &PlanAsk) -> Result<Plan, Failure> {
        ask!(self, plan(namespace, asked))
    }

    /// How the shards of a namespace come back that the command of a revision moved.
    pub(crate) fn plan_undo(
        &mut self,
        namespace: &str,
        revision: Revision,
    ) -> Result<Plan, Failure> {
        ask!(self, plan_undo(namespace, revision))
    }

    /// The namespaces in which the command of a revision moved shards.
    pub(crate) fn moved_namespaces(&mut self, revision: Revision) -> Result<Vec<String>, Failure> {
        ask!(self, moved_namespaces(revision))
    }

    /// Does exactly the moves of a plan, while it stands.
    pub(crate) fn apply_plan(
        &mut self,
        plan: &Arc<Plan>,
        authorship: &Authorship,
        dry_run: bool,
    ) -> Result<AppliedShape, Failure> {
        ask!(self, apply_plan(plan, authorship, dry_run))
    }

    /// Which shard holds a key.
    pub(crate) fn locate(
        &mut self,
        namespace: &str,
        key: &[u8],
        at: Option<Moment>,
    ) -> Result<LocatedShape, Failure> {
        ask!(self, locate(namespace, key, at))
    }

    /// All principals.
    pub(crate) fn principals(&mut self, at: Option<Moment>) -> Result<Records, Failure> {
        ask!(self, principals(at))
    }

    /// One principal.
    pub(crate) fn principal(&mut self, name: &str, at: Option<Moment>) -> Result<Seen, Failure> {
        ask!(self, principal(name, at))
    }

    /// Writes to a principal.
    pub(crate) fn write_principal(
        &mut self,
        write: &PrincipalWrite,
        authorship: &Authorship,
    ) -> Result<PrincipalDone, Failure> {
        ask!(self, write_principal(write, authorship))
    }

    /// Watches changes as they come.
    pub(crate) fn follow(self, asked: FollowAsk) -> Result<Following, Failure> {
        match self {
            Source::Local(book) => Following::of_book(&book, asked),
            Source::Remote(remote) => Following::of_server(remote.into_client(), asked),
        }
    }

    /// Ends the work with it.
    pub(crate) fn close(self) -> Result<(), Failure> {
        match self {
            Source::Local(book) => Ok(book.close()?),
            Source::Remote(_) => Ok(()),
        }
    }
}
