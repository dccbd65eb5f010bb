//! Changes of hands, from either source: plans, their doing and undoing, and which shard holds a
//! key.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deedbook_api::client::{Answer, Request, Target};
use deedbook_api::route::Method;
use deedbook_api::shapes::{AppliedShape, LocatedShape};
use deedbook_book::{Book, BookError, View};
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_model::{Kind, Revision, Verb};
use deedbook_rules::placement::PlacementError;
use deedbook_rules::placement::plan::Plan;
use deedbook_rules::{Command, Refusal};

use super::Remote;
use super::mesh::as_missing;
use super::remote::{ReceivedItems, at_moment};
use crate::commands::write::Authorship;
use crate::context::view_at;
use crate::error::Failure;
use crate::grammar::values::Moment;

/// What is to be planned.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlanAsk {
    pub(crate) strategy: Option<String>,
    pub(crate) max_moves: Option<u32>,
    pub(crate) at: Option<Moment>,
}

pub(super) fn plan(book: &Book, namespace: &str, asked: &PlanAsk) -> Result<Plan, Failure> {
    let view = view_at(book, asked.at)?;
    if !exists(&view, namespace)? {
        return Err(Failure::NoRecord(key_of(namespace)?));
    }
    let most = asked
        .max_moves
        .map(|most| usize::try_from(most).unwrap_or(usize::MAX));
    let plan = view.plan(namespace, asked.strategy.as_deref(), most);
    plan.map_err(|error| unplaceable(namespace, &error))
}

fn key_of(namespace: &str) -> Result<MeshKey, Failure> {
    let key = MeshKey::of(MeshKind::Namespace, vec![namespace.to_owned()]);
    key.map_err(|error| Failure::Invalid(error.to_string()))
}

/// Whether anything is known of a namespace: it needs no record of its own.
fn exists(view: &View, namespace: &str) -> Result<bool, Failure> {
    let record = view.record(&Kind::NAMESPACE, &key_of(namespace)?.to_string());
    Ok(record.is_some_and(|record| record.is_live())
        || view.shards_of(namespace).next().is_some()
        || view.nodes_of(namespace).next().is_some())
}

/// Why the shards of a namespace can't be placed; where they can't be as things are it is a
/// conflict, as it is to a server.
fn unplaceable(namespace: &str, error: &PlacementError) -> Failure {
    let kind = match error {
        PlacementError::NoNodes | PlacementError::NoEligibleNodes => IssueKind::Conflict,
        _ => IssueKind::InvalidValue,
    };
    let message = format!("namespace {namespace}: {error}");
    let issue = Issue::error(kind, "", message).with_code(error.code());
    Failure::Refused {
        file: None,
        refusal: Refusal::of(0, vec![issue]),
    }
}

pub(super) fn plan_undo(book: &Book, namespace: &str, revision: Revision) -> Result<Plan, Failure> {
    let transfers = book.transfers(revision)?;
    match transfers.get(namespace) {
        Some(transfers) => Ok(book.view().undo(namespace, revision, transfers)),
        None => Err(Failure::MovedNothing(revision, Some(namespace.to_owned()))),
    }
}

pub(super) fn moved_namespaces(book: &Book, revision: Revision) -> Result<Vec<String>, Failure> {
    Ok(book.transfers(revision)?.into_keys().collect())
}

pub(super) fn apply_plan(
    book: &Book,
    plan: &Arc<Plan>,
    authorship: &Authorship,
    dry_run: bool,
) -> Result<AppliedShape, Failure> {
    let applying = Command::applying("", Arc::clone(plan));
    let mut command = authorship.command(applying.writes);
    command.plan = applying.plan;
    command.reason = command.reason.or(applying.reason);
    let receipt = if dry_run {
        book.check(&command)
    } else {
        book.execute(command)
    };
    let receipt = receipt?;
    let first = receipt.outcomes.first();
    Ok(AppliedShape {
        namespace: plan.namespace().to_owned(),
        digest: plan.digest().to_owned(),
        moves: receipt.outcomes.len(),
        first: first.map(|outcome| outcome.record.revision),
        revision: receipt.revision,
        dry_run,
    })
}

pub(super) fn locate(
    book: &Book,
    namespace: &str,
    key: &[u8],
    at: Option<Moment>,
) -> Result<LocatedShape, Failure> {
    let view = view_at(book, at)?;
    let record = view.locate(namespace, key);
    let found = record.and_then(|record| Some((record, record.shard()?)));
    let (record, shard) = found.ok_or_else(|| Failure::NoHolder(namespace.to_owned()))?;
    let id = MeshKey::parse(MeshKind::Shard, &record.key);
    Ok(LocatedShape {
        namespace: namespace.to_owned(),
        shard_id: id.map(|key| key.id().to_owned()).unwrap_or_default(),
        owner_node_id: shard.owner_node_id.to_string(),
        status: shard.status,
        generation: record.generation,
        revision: record.revision,
    })
}

/// A server's answer; where it tells in other words of a command what the book in a folder would
/// tell as well, that.
fn as_own(answer: Result<Answer, Failure>, own: Failure) -> Result<Answer, Failure> {
    match answer {
        Err(Failure::Told(told)) if own.lines().iter().any(|line| told.says(&line.message)) => {
            Err(own)
        }
        answer => answer,
    }
}

impl Remote {
    pub(super) fn plan(&mut self, namespace: &str, asked: &PlanAsk) -> Result<Plan, Failure> {
        let key = key_of(namespace)?;
        let most = asked.max_moves.map(|most| most.to_string());
        let target = Target::mesh(&key, "/plan")
            .maybe("strategy", asked.strategy.as_deref())
            .maybe("maxMoves", most.as_deref());
        let answer = self.send(&Request::get(at_moment(target, asked.at)));
        Ok(answer
            .map_err(|failure| as_missing(failure, &key))?
            .json()?)
    }

    pub(super) fn plan_undo(
        &mut self,
        namespace: &str,
        revision: Revision,
    ) -> Result<Plan, Failure> {
        let target = Target::mesh(&key_of(namespace)?, "/plan");
        let target = target.with("undo", &revision.to_string());
        let answer = self.send(&Request::get(target));
        let nothing = Failure::MovedNothing(revision, Some(namespace.to_owned()));
        Ok(as_own(answer, nothing)?.json()?)
    }

    pub(super) fn moved_namespaces(&mut self, revision: Revision) -> Result<Vec<String>, Failure> {
        let head = self.audit_head()?.revision;
        if revision > head {
            let wanted = revision;
            return Err(BookError::Future { wanted, head }.into());
        }
        let changes = |after: Revision, limit: &str| {
            Target::new("/v1/changes")
                .with("after", &after.to_string())
                .with("limit", limit)
                .with("records", "false")
        };
        let before = |revision: Revision| Revision(revision.0.saturating_sub(1));
        let one = self.send(&Request::get(changes(before(revision), "1")))?;
        let one = one.json::<ReceivedItems>()?.items.into_iter().next();
        let Some(one) = one else {
            return Ok(Vec::new());
        };
        let command = one.into_change()?.command;
        let mut namespaces = BTreeSet::new();
        let mut after = before(command.first);
        while after < command.last {
            let page = self.send(&Request::get(changes(after, "1000")))?;
            let page: ReceivedItems = page.json()?;
            let Some(last) = page.items.last() else { break };
            after = last.revision();
            for change in page.items {
                let change = change.into_change()?;
                let key = MeshKey::parse(MeshKind::Shard, &change.key);
                let is_move = change.kind == Kind::SHARD && change.verb == Verb::TRANSFERRED;
                if let (true, Ok(key)) = (is_move && change.revision <= command.last, key) {
                    namespaces.insert(key.namespace().to_owned());
                }
            }
        }
        Ok(namespaces.into_iter().collect())
    }

    pub(super) fn apply_plan(
        &mut self,
        plan: &Arc<Plan>,
        authorship: &Authorship,
        dry_run: bool,
    ) -> Result<AppliedShape, Failure> {
        let target = Target::mesh(&key_of(plan.namespace())?, "/apply").flag("dryRun", dry_run);
        let request = self.write_request(Method::Post, target, authorship);
        let content = serde_json::to_vec(&**plan)?;
        let answer = self.send(&request.content("application/json", content))?;
        Ok(answer.json()?)
    }

    pub(super) fn locate(
        &mut self,
        namespace: &str,
        key: &[u8],
        at: Option<Moment>,
    ) -> Result<LocatedShape, Failure> {
        let target = Target::mesh(&key_of(namespace)?, "/locate");
        let target = target.with("keyBase64", &BASE64_STANDARD.encode(key));
        let answer = self.send(&Request::get(at_moment(target, at)));
        Ok(as_own(answer, Failure::NoHolder(namespace.to_owned()))?.json()?)
    }
}
