//! The routes: a module for each noun, and which of them answers what.

mod batch;
mod book;
mod components;
mod control;
mod diff;
mod listing;
mod mesh;
mod principals;
mod server;
mod validate;

pub(crate) mod changes;
pub(crate) mod pages;

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::route::{ControlRoute, MeshRoute, RouteId};
use deedbook_book::View;

use crate::answer::Answer;
use crate::call::Call;
use crate::content::{self, Source};
use crate::metrics;
use crate::sight;
use crate::watch::event_stream;

/// How a request goes on.
pub(crate) enum Step {
    /// It is answered.
    Done(Answer),
    /// It has to wait for something.
    Work(Call),
}

type Read = fn(&Call, &Arc<View>) -> Result<Answer, Problem>;

/// Reads of a view that are quick whatever the book holds.
fn quick(id: RouteId) -> Option<Read> {
    Some(match id {
        RouteId::GetComponent => components::get::get,
        RouteId::ListVersions => components::versions::list,
        RouteId::GetHead => book::head,
        RouteId::Mesh(_, MeshRoute::Get) => mesh::get,
        RouteId::LocateKey => mesh::locate,
        _ => return None,
    })
}

/// Reads of a view that may look at much of the book, or at its log.
fn slow(id: RouteId) -> Option<Read> {
    Some(match id {
        RouteId::GetHistory => components::history::history,
        RouteId::GetWhy => components::why::why,
        RouteId::GetGraph => components::graph::graph,
        RouteId::ListDependents => components::dependents::dependents,
        RouteId::ListChanges => changes::list,
        RouteId::GetPrincipal => principals::get,
        RouteId::Mesh(_, MeshRoute::History) => mesh::history,
        RouteId::Mesh(_, MeshRoute::Why) => mesh::why,
        RouteId::PlanNamespace => mesh::plan,
        RouteId::Control(ControlRoute::List) => control::list,
        RouteId::Control(ControlRoute::Diff) => control::diff,
        _ => return None,
    })
}

/// Answers at once what can be answered at once.
pub(crate) fn begin(call: Call) -> Result<Step, Problem> {
    let id = call.route.id;
    if let Some(read) = quick(id).filter(|_| sight::is_newest(&call)) {
        let view = call.server.book.view();
        let revision = view.head().revision;
        return Ok(Step::Done(read(&call, &view)?.at(revision)));
    }
    if id == RouteId::ListComponents && listing::is_quick(&call) {
        let view = call.server.book.view();
        return Ok(Step::Done(listing::list(&call, &view)?));
    }
    Ok(match id {
        RouteId::Live => Step::Done(server::live(&call)?),
        RouteId::Ready => Step::Done(server::ready(&call)?),
        RouteId::Version => Step::Done(server::version()?),
        RouteId::OpenApi => Step::Done(call.server.pages.openapi()),
        RouteId::Metrics => Step::Done(metrics::metrics(&call)),
        RouteId::Watch => Step::Done(event_stream::open(&call)?),
        RouteId::Docs => Step::Done(call.server.pages.docs()),
        RouteId::Welcome => Step::Done(call.server.pages.welcome()),
        _ => Step::Work(call),
    })
}

/// Answers what has to wait: for content, for the log, for its turn.
pub(crate) async fn work(call: Call, source: Source) -> Result<Answer, Problem> {
    let id = call.route.id;
    if let Some(read) = quick(id) {
        let view = sight::view(&call).await?;
        return Ok(read(&call, &view)?.at(view.head().revision));
    }
    if let Some(read) = slow(id) {
        let view = sight::view(&call).await?;
        return read_slowly(call, view, read).await;
    }
    match id {
        RouteId::ListComponents => {
            let view = listing::view(&call).await?;
            read_slowly(call, view, listing::list).await
        }
        RouteId::GetDiff => components::diff::diff(call).await,
        RouteId::Mesh(_, MeshRoute::Diff) => mesh::diff(call).await,
        RouteId::Mesh(_, MeshRoute::List) => {
            let view = match mesh::pinned(&call)? {
                Some(revision) => sight::pinned(&call.server, revision).await?,
                None => sight::view(&call).await?,
            };
            read_slowly(call, view, mesh::list).await
        }
        RouteId::Mesh(_, MeshRoute::Remove) => mesh::remove(&call).await,
        RouteId::Control(ControlRoute::Watch) => control::watch(call).await,
        RouteId::DiffStates => diff::states(call).await,
        RouteId::Snapshot => book::snapshot(call).await,
        RouteId::Backup => book::backup(call).await,
        RouteId::ListPrincipals => {
            let view = match principals::pinned(&call)? {
                Some(revision) => sight::pinned(&call.server, revision).await?,
                None => sight::view(&call).await?,
            };
            read_slowly(call, view, principals::list).await
        }
        RouteId::RemoveComponent => components::remove::remove(&call).await,
        RouteId::RemovePrincipal => principals::remove(&call).await,
        _ => {
            let received = content::read(&call, source).await?;
            match id {
                RouteId::RegisterComponent => components::register::register(&call, received).await,
                RouteId::UpdateComponent => components::update::update(&call, received).await,
                RouteId::Mesh(_, MeshRoute::Put) => mesh::put(&call, received).await,
                RouteId::Mesh(_, MeshRoute::Patch) => mesh::patch(&call, received).await,
                RouteId::TransferShard => mesh::transfer(&call, received).await,
                RouteId::ApplyPlan => mesh::apply(&call, received).await,
                RouteId::Control(ControlRoute::Simulate) => control::simulate(call, received).await,
                RouteId::Batch => batch::batch(call, received).await,
                RouteId::Validate => validate::validate(call, received).await,
                RouteId::CreatePrincipal => principals::create(&call, received).await,
                RouteId::SetGrants => principals::set_grants(&call, received).await,
                RouteId::RotateToken => principals::rotate(&call, received).await,
                RouteId::RevokeTokens => principals::revoke(&call, received).await,
                RouteId::SetLogLevel => server::set_log_level(&call, &received),
                RouteId::Verify => book::verify(call, received).await,
                RouteId::Compact => book::compact(call, received).await,
                other => Err(unreachable_route(other)),
            }
        }
    }
}

async fn read_slowly(call: Call, view: Arc<View>, read: Read) -> Result<Answer, Problem> {
    let server = Arc::clone(&call.server);
    let work = move || Ok(read(&call, &view)?.at(view.head().revision));
    server.slow.run(work).await
}

/// Every route is named above; the test that walks the table would find one that isn't.
fn unreachable_route(id: RouteId) -> Problem {
    let detail = format!("nothing answers {}", id.as_str());
    Problem::new(deedbook_model::code::Code::Internal, detail)
}
