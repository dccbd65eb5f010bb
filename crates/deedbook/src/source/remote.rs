//! A server: each question is a request, each answer the same owned data that a book gives.

mod received;

use std::io::Write as Sink;
use std::sync::Arc;

use deedbook_api::client::{Answer, Client, Endpoint, Request, Target};
use deedbook_api::route::Method;
use deedbook_api::shapes::{CompactShape, CompactedShape, SnapshotShape};
use deedbook_book::{AuditHead, BackupCheck, Why};
use deedbook_model::component::{Draft, Lifecycle};
use deedbook_model::{Change, Generation, Head, Kind, Revision};
use deedbook_rules::Record;
use deedbook_rules::components::{ComponentKey, MAX_LIMIT, Query};
use serde_json::{Value, json};
use uuid::Uuid;

use super::mesh::path_of;
use super::{
    ChangeAsk, ChangeOf, Changes, DependentsFound, Done, GraphFound, History, Records, Seen,
    StatesDiff, Together, TogetherDone, Told, VerificationFound, WhyFound, failure_of,
};
use crate::commands::write::Authorship;
use crate::error::{ErrorLine, Failure};
use crate::grammar::values::{Format, Moment};
use received::{
    ReceivedBatch, ReceivedChanges, ReceivedDependents, ReceivedDiff, ReceivedHistory,
    ReceivedRecords, ReceivedWrite,
};
pub(super) use received::{
    ReceivedChange, ReceivedIssue, ReceivedItems, ReceivedWatched, ReceivedWhy, record_of,
};

/// A server and how it is asked.
pub(crate) struct Remote {
    client: Client,
}

impl Remote {
    /// The server of that client.
    pub(crate) fn new(client: Client) -> Remote {
        Remote { client }
    }

    /// Where it is.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.client.endpoint()
    }

    /// What sends requests.
    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// The same, for good.
    pub(super) fn into_client(self) -> Client {
        self.client
    }

    pub(crate) fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        let answer = self.client.send(request)?;
        Ok(answer.of_success()?)
    }

    fn get(&mut self, target: Target) -> Result<Answer, Failure> {
        self.send(&Request::get(target))
    }

    /// A write with who asks for it and why, under a key of its own.
    pub(crate) fn write_request(
        &self,
        method: Method,
        target: Target,
        authorship: &Authorship,
    ) -> Request {
        authored(method, target, authorship, self.client.has_token())
    }

    pub(super) fn component(&mut self, key: &str, at: Option<Moment>) -> Result<Seen, Failure> {
        Ok(self.find(key, at)?.0)
    }

    fn find(&mut self, key: &str, at: Option<Moment>) -> Result<(Seen, Option<Revision>), Failure> {
        let answer = self.get(at_moment(keyed(key, "")?, at))?;
        let record = Arc::new(record_of(&answer.body)?);
        Ok((Seen { record }, answer.revision()))
    }

    pub(super) fn two_components(
        &mut self,
        [one, two]: [&str; 2],
        at: Option<Moment>,
    ) -> Result<[Seen; 2], Failure> {
        let (first, revision) = self.find(one, at)?;
        let (second, other) = self.find(two, at)?;
        if revision == other {
            return Ok([first, second]);
        }
        // The book went on in between: both are asked for at what was seen last.
        let at = other.map(Moment::Revision);
        Ok([self.component(one, at)?, second])
    }

    pub(super) fn last_change(&mut self, record: &Record, at: Option<Moment>) -> Option<Change> {
        let target = path_of(record, "/history").with("limit", "1");
        let answer = self.get(at_moment(target, at)).ok()?;
        let history: ReceivedItems = answer.json().ok()?;
        history.items.into_iter().next()?.into_change().ok()
    }

    pub(super) fn list(
        &mut self,
        query: &Query,
        limit: usize,
        cursor: Option<&str>,
        at: Option<Moment>,
    ) -> Result<Records, Failure> {
        let mut target = Target::new("/v1/components").with("limit", &limit.to_string());
        for tag in &query.tags {
            target = target.with("tag", tag);
        }
        for tag in &query.any_tags {
            target = target.with("anyTag", tag);
        }
        for lifecycle in query.lifecycles.iter().map(|one: &Lifecycle| one.as_str()) {
            target = target.with("lifecycle", lifecycle);
        }
        for (name, value) in [
            ("type", &query.meta_type),
            ("capability", &query.capability),
            ("namespace", &query.namespace),
            ("name", &query.name),
            ("text", &query.text),
        ] {
            target = target.maybe(name, value.as_deref());
        }
        let target = target
            .flag("latestOnly", query.latest_only)
            .maybe("cursor", cursor);
        self.records(at_moment(target, at))
    }

    pub(super) fn records(&mut self, target: Target) -> Result<Records, Failure> {
        let answer = self.get(target)?;
        let received: ReceivedRecords<'_> = serde_json::from_slice(&answer.body)?;
        let items = received
            .items
            .iter()
            .map(|item| record_of(item.get().as_bytes()));
        Ok(Records {
            items: items
                .map(|item| Ok(Arc::new(item?)))
                .collect::<Result<_, Failure>>()?,
            next: received.next_cursor,
            revision: received.revision,
        })
    }

    pub(super) fn versions(&mut self, key: &str, at: Option<Moment>) -> Result<Records, Failure> {
        self.records(at_moment(Target::component(key, "/versions"), at))
    }

    pub(super) fn graph(
        &mut self,
        uuid: Uuid,
        depth: u32,
        at: Option<Moment>,
        form: Format,
        missing: bool,
    ) -> Result<GraphFound, Failure> {
        let format = match form {
            Format::Human => "tree",
            Format::Dot => "dot",
            Format::Mermaid => "mermaid",
            Format::Svg => "svg",
            Format::Json | Format::Yaml | Format::Jsonl | Format::Protobuf => "json",
        };
        let target = Target::component(&uuid.to_string(), "/graph")
            .with("format", format)
            .with("depth", &depth.to_string())
            .flag("missing", missing);
        let answer = self.get(at_moment(target, at))?;
        if format == "json" {
            return Ok(GraphFound::Graph(answer.json()?));
        }
        let text = String::from_utf8(answer.body);
        Ok(GraphFound::Text(text.map_err(|error| {
            Failure::Internal(format!("the server's graph isn't text: {error}"))
        })?))
    }

    pub(super) fn dependents(
        &mut self,
        uuid: Uuid,
        depth: u32,
        at: Option<Moment>,
    ) -> Result<DependentsFound, Failure> {
        let target =
            Target::component(&uuid.to_string(), "/dependents").with("depth", &depth.to_string());
        let answer = self.get(at_moment(target, at))?;
        Ok(answer.json::<ReceivedDependents>()?.into())
    }

    pub(super) fn history(
        &mut self,
        key: &str,
        since: Option<Moment>,
        limit: usize,
        whole: bool,
    ) -> Result<History, Failure> {
        let page = limit.min(MAX_LIMIT);
        let target = keyed(key, "/history")?
            .with("limit", &page.to_string())
            .maybe("since", since.map(text_of).as_deref())
            .flag("records", whole);
        let found: ReceivedHistory = self.get(target)?.json()?;
        let mut history = found.into_history()?;
        let is_page = limit > page && history.changes.items.len() == page;
        if is_page {
            // One page holds no more; the list of all changes has pages.
            history.changes = self.changes(&ChangeAsk {
                kind: Some(Kind::COMPONENT),
                key: Some(history.uuid.clone()),
                since,
                actor: None,
                limit,
                whole,
            })?;
        }
        Ok(history)
    }

    pub(super) fn changes(&mut self, asked: &ChangeAsk) -> Result<Changes, Failure> {
        let mut items = Vec::new();
        let mut cursor = None;
        loop {
            let page = (asked.limit - items.len()).min(MAX_LIMIT);
            let target = Target::new("/v1/changes")
                .with("order", "newest")
                .with("limit", &page.to_string())
                .with("records", if asked.whole { "true" } else { "false" })
                .maybe("kind", asked.kind.as_ref().map(Kind::as_str))
                .maybe("key", asked.key.as_deref())
                .maybe("actor", asked.actor.as_deref())
                .maybe("cursor", cursor.as_deref());
            let since = asked.since.filter(|_| cursor.is_none()).map(text_of);
            let target = target.maybe("since", since.as_deref());
            let received: ReceivedChanges = self.get(target)?.json()?;
            for item in received.items {
                items.push(item.into_change()?);
            }
            cursor = received.next_cursor;
            if cursor.is_none() || items.len() >= asked.limit {
                return Ok(Changes {
                    items,
                    revision: received.revision,
                    floor: received.floor,
                });
            }
        }
    }

    pub(super) fn knows_key(&mut self, key: &str, kind: Option<&Kind>) -> Result<bool, Failure> {
        let found = self.changes(&ChangeAsk {
            kind: kind.cloned(),
            key: Some(key.to_owned()),
            limit: 1,
            ..ChangeAsk::default()
        })?;
        Ok(!found.items.is_empty())
    }

    pub(super) fn why(
        &mut self,
        key: &str,
        pointer: &str,
        at: Option<Moment>,
    ) -> Result<WhyFound, Failure> {
        let target = keyed(key, "/why")?
            .with("pointer", pointer)
            .with("records", "true");
        let answer = self.get(at_moment(target, at));
        let mut received: ReceivedWhy = match answer {
            Ok(answer) => answer.json()?,
            // A field that never was.
            Err(Failure::Told(told)) if !told.is_lookup() && told.code == NOT_FOUND => {
                return Ok(WhyFound {
                    why: None,
                    removed: Vec::new(),
                });
            }
            Err(failure) => return Err(failure),
        };
        let change = received.change()?;
        Ok(WhyFound {
            why: Some(Why {
                change,
                before: received.before,
                after: received.after,
            }),
            removed: received.removed,
        })
    }

    pub(super) fn diff(&mut self, from: Moment, to: Option<Moment>) -> Result<StatesDiff, Failure> {
        let target = Target::new("/v1/diff")
            .with("from", &text_of(from))
            .maybe("to", to.map(text_of).as_deref());
        let answer = self.get(target)?;
        let received: ReceivedDiff<'_> = serde_json::from_slice(&answer.body)?;
        received.into_diff()
    }

    pub(super) fn audit_head(&mut self) -> Result<AuditHead, Failure> {
        Ok(self.get(Target::new("/v1/head"))?.json()?)
    }

    /// Lets the server check all that it stored.
    pub(crate) fn verify(
        &mut self,
        anchor: Option<&AuditHead>,
    ) -> Result<VerificationFound, Failure> {
        let mut request = Request::new(Method::Post, Target::new("/v1/verify")).patient();
        if let Some(anchor) = anchor {
            request = request.content(JSON, serde_json::to_vec(anchor)?);
        }
        Ok(self.send(&request)?.json()?)
    }

    pub(super) fn compact(&mut self, before: Revision) -> Result<Revision, Failure> {
        let content = serde_json::to_vec(&CompactShape { before })?;
        let request = Request::new(Method::Post, Target::new("/v1/compact"));
        let answer = self.send(&request.content(JSON, content).patient())?;
        Ok(answer.json::<CompactedShape>()?.floor)
    }

    pub(super) fn snapshot(&mut self) -> Result<Revision, Failure> {
        let request = Request::new(Method::Post, Target::new("/v1/snapshot")).patient();
        Ok(self.send(&request)?.json::<SnapshotShape>()?.snapshot)
    }

    pub(super) fn backup(&mut self, to: &mut dyn Sink) -> Result<Head, Failure> {
        let request = Request::get(Target::new("/v1/backup")).patient();
        let mut check = BackupCheck::new(to);
        let streamed = self.client.stream(&request, &mut check);
        streamed.map_err(failure_of)?;
        check.flush()?;
        Ok(check.finish()?)
    }

    pub(super) fn change(
        &mut self,
        uuid: Uuid,
        change: ChangeOf,
        expected: Option<Generation>,
        authorship: &Authorship,
        dry_run: bool,
    ) -> Result<Done, Failure> {
        let expected = expected.map(|generation| generation.to_string());
        let target = Target::component(&uuid.to_string(), "")
            .flag("dryRun", dry_run)
            .maybe("expectedGeneration", expected.as_deref());
        let request = match change {
            ChangeOf::Patch(patch) => self
                .write_request(Method::Patch, target, authorship)
                .content("application/merge-patch+json", serde_json::to_vec(&patch)?),
            ChangeOf::Removal => self.write_request(Method::Delete, target, authorship),
        };
        let answer = self.send(&request)?;
        Ok(answer.json::<ReceivedWrite>()?.into_done(&[]))
    }

    pub(crate) fn register_together(
        &mut self,
        together: &Together,
        authorship: &Authorship,
    ) -> Result<TogetherDone, Failure> {
        let writes: Vec<Value> = together
            .drafts
            .iter()
            .map(|draft| {
                json!({
                    "op": "register",
                    "kind": "component",
                    "document": draft.document(),
                    "requireDependencies": together.require_dependencies,
                })
            })
            .collect();
        let answer = match self.batch(&writes, authorship, together.dry_run)? {
            Ok(answer) => answer,
            Err(blamed) => return Ok(Err(blamed)),
        };
        let received: ReceivedBatch = answer.json()?;
        let results = received.results.into_iter().zip(&together.drafts);
        Ok(Ok(results
            .map(|(result, draft)| result.into_done(&warnings_of(draft)))
            .collect()))
    }

    /// Several writes as one command: the answer, or which are to blame and why.
    pub(super) fn batch(
        &mut self,
        writes: &[Value],
        authorship: &Authorship,
        dry_run: bool,
    ) -> Result<Result<Answer, Vec<(usize, Failure)>>, Failure> {
        let target = Target::new("/v1/batch").flag("dryRun", dry_run);
        let request = self
            .write_request(Method::Post, target, authorship)
            .patient();
        let content = serde_json::to_vec(&json!({ "writes": writes }))?;
        match self.send(&request.content(JSON, content)) {
            Ok(answer) => Ok(Ok(answer)),
            Err(Failure::Told(told)) if told.is_of_writes() => Ok(Err(told.by_write())),
            Err(failure) => Err(failure),
        }
    }

    /// The request that registers one document.
    pub(crate) fn registration(
        draft: &Draft,
        require_dependencies: bool,
        authorship: &Authorship,
        has_token: bool,
    ) -> Result<Request, Failure> {
        let target =
            Target::new("/v1/components").flag("requireDependencies", require_dependencies);
        let request = authored(Method::Post, target, authorship, has_token);
        Ok(request.content(JSON, serde_json::to_vec(draft.document())?))
    }

    /// What the answer to it says.
    pub(crate) fn registered(answer: Answer, draft: &Draft) -> Result<Done, Failure> {
        let answer = answer.of_success()?;
        Ok(answer
            .json::<ReceivedWrite>()?
            .into_done(&warnings_of(draft)))
    }
}

/// A write with who asks for it and why, under a key of its own.
fn authored(method: Method, target: Target, authorship: &Authorship, has_token: bool) -> Request {
    let mut request = Request::new(method, target).keyed(&Uuid::new_v4().to_string());
    // Whose credential it is says the server; others have to be named.
    if let Some(actor) = authorship.actor_for(has_token) {
        request = request.header("deedbook-actor", actor);
    }
    if let Some(reason) = authorship.reason() {
        request = request.header("deedbook-reason", reason);
    }
    if let Some(ticket) = authorship.ticket() {
        request = request.header("deedbook-ticket", ticket);
    }
    request
}

const JSON: &str = "application/json";

const NOT_FOUND: deedbook_model::code::Code = deedbook_model::code::Code::NotFound;

impl Told {
    /// Whether each fault is that of a write of a batch.
    fn is_of_writes(&self) -> bool {
        let of_write = |line: &ErrorLine| line.pointer.starts_with("/writes/");
        !self.lines.is_empty() && self.lines.iter().all(of_write)
    }
}

fn warnings_of(draft: &Draft) -> Vec<ErrorLine> {
    draft.warnings().iter().map(ErrorLine::from).collect()
}

/// A path with a key, whose version spec is a parameter.
fn keyed(key: &str, below: &str) -> Result<Target, Failure> {
    let key = ComponentKey::parse(key)?;
    let target = Target::component(&key.name.to_string(), below);
    let spec = key.spec.as_ref().map(ToString::to_string);
    Ok(target.maybe("versionSpec", spec.as_deref()))
}

pub(super) fn at_moment(target: Target, at: Option<Moment>) -> Target {
    target.maybe("at", at.map(text_of).as_deref())
}

/// A moment as requests name it. How long ago something was is judged by the server's clock.
pub(super) fn text_of(moment: Moment) -> String {
    match moment {
        Moment::Revision(revision) => revision.to_string(),
        Moment::Time(time) => time.to_string(),
        Moment::Ago(seconds) => format!("-{seconds}s"),
    }
}
