//! The reference's `ShardControlService`: shards and their changes in its own messages.

use std::pin::Pin;
use std::task::{Context, Poll};

use deedbook_api::grpc::control_v1::shard_control_service_server::ShardControlService;
use deedbook_api::grpc::control_v1::*;
use deedbook_api::grpc::status_of;
use deedbook_api::problem::Problem;
use deedbook_api::route::{ControlRoute, RouteId};
use deedbook_model::code::Code;
use deedbook_model::shard::control::{
    Diff, DiffEntry, Filter, FromJson, HistoryDetail, JsonMode, ShardList, SimulateRequest,
    SimulateResponse, ToJson, WireError,
};
use http::Method;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::ask::{Ask, Asker, unreadable};
use crate::control::coded;
use crate::watch::control_stream::lost;
use crate::watch::{Told, Watching};

type Answered<T> = Result<Response<T>, Status>;

/// Its name.
pub(super) const SERVICE: &str = "omnirelay.mesh.control.v1.ShardControlService";

/// Where its methods are.
pub(super) const PATH: &str = "/omnirelay.mesh.control.v1.ShardControlService/";

/// The route that answers a method.
pub(super) fn route_of(method: &str) -> Option<RouteId> {
    Some(RouteId::Control(match method {
        "List" => ControlRoute::List,
        "Diff" => ControlRoute::Diff,
        "Watch" => ControlRoute::Watch,
        "Simulate" => ControlRoute::Simulate,
        _ => return None,
    }))
}

#[tonic::async_trait]
impl ShardControlService for Asker {
    type WatchStream = Notifications;

    async fn list(&self, request: Request<ShardListRequest>) -> Answered<ShardListResponse> {
        let request = request.into_inner();
        let ask = request.filter().map_err(invalid).map(|filter| {
            let page_size = request.wanted_page_size().to_string();
            filtered("/control/shards", &filter)
                .text("cursor", given(&request.cursor))
                .text("pageSize", Some(&page_size))
        });
        let list: ShardList = self.shape(ask).await?;
        Ok(Response::new(list.into()))
    }

    async fn watch(&self, request: Request<ShardWatchRequest>) -> Answered<Notifications> {
        let request = request.into_inner();
        let filter = request.filter().map_err(invalid);
        let filter = filter.map_err(|problem| status_of(&problem))?;
        let resume = request
            .resume_position()
            .map(|position| position.to_string());
        let ask = filtered("/control/shards/watch", &filter).text("resumeToken", resume.as_deref());
        Ok(Response::new(Notifications {
            watching: Some(self.watch_shards(ask).await?),
            detail: HistoryDetail::of(request.whole_history),
        }))
    }

    async fn diff(&self, request: Request<ShardDiffRequest>) -> Answered<ShardDiffResponse> {
        let request = request.into_inner();
        let range = request.range();
        let text = |position: Option<i64>| position.map(|position| position.to_string());
        let ask = request.filter().map_err(invalid).map(|filter| {
            filtered("/control/shards/diff", &filter)
                .text("fromVersion", text(range.from).as_deref())
                .text("toVersion", text(range.to).as_deref())
        });
        let diff: Diff = self.shape(ask).await?;
        let detail = HistoryDetail::of(request.whole_history);
        Ok(Response::new(ShardDiffResponse::of(diff, detail)))
    }

    async fn simulate(
        &self,
        request: Request<ShardSimulationRequest>,
    ) -> Answered<ShardSimulationResponse> {
        let request = request.into_inner();
        let strategy = request.strategy_id.clone();
        let request = SimulateRequest::try_from(request);
        let request = request.map_err(|error| unplaceable(error, &strategy));
        let ask = request.map(|request| {
            let content = request.to_json(JsonMode::ControlPlane);
            Ask::new(Method::POST, "/control/shards/simulate").content("application/json", content)
        });
        let response: SimulateResponse = self.shape(ask).await?;
        Ok(Response::new(response.into()))
    }
}

impl Asker {
    /// Asks, and reads the answer.
    async fn shape<T: FromJson>(&self, ask: Result<Ask, Problem>) -> Result<T, Status> {
        let answer = self.bytes(ask).await?;
        T::from_json(&answer, JsonMode::ControlPlane).map_err(|error| unreadable(&error))
    }
}

/// A try that says what no request can.
fn unplaceable(error: WireError, strategy: &str) -> Problem {
    if error != WireError::NotFinite("weight") {
        return invalid(error);
    }
    let metadata = vec![("strategyId", strategy.to_owned())];
    let code = "shards.hashing.weight_invalid";
    coded(Code::Invalid, code, error.to_string(), metadata)
}

/// A message that says what no request can.
fn invalid(error: WireError) -> Problem {
    Problem::new(Code::Invalid, error.to_string())
}

fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn filtered(path: &str, filter: &Filter) -> Ask {
    let ask = Ask::new(Method::GET, path)
        .text("namespace", filter.namespace())
        .text("owner", filter.owner())
        .text("search", filter.search());
    let statuses = filter.statuses().iter();
    statuses.fold(ask, |ask, status| ask.text("status", Some(status.name())))
}

/// The changes that a client is told.
pub(super) struct Notifications {
    /// `None`: it has ended.
    watching: Option<Watching>,
    detail: HistoryDetail,
}

impl Stream for Notifications {
    type Item = Result<ShardDiffNotification, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = self.get_mut();
        while let Some(watching) = &mut stream.watching {
            let sent = match std::task::ready!(watching.poll_told(context)) {
                Some(Told::Change { change, .. }) => {
                    let before = change.before().map(|before| &**before);
                    let entry = DiffEntry::of_change(&change, before).transpose();
                    entry.map(|entry| entry.map_err(|error| unreadable(&error)))
                }
                // It has no form here; pings keep the connection.
                Some(Told::Progress(_)) => None,
                Some(Told::Resync { reason, .. }) => Some(Err(status_of(&lost(reason)))),
                Some(Told::Refused(problem)) => Some(Err(status_of(&problem))),
                None => Some(Err(status_of(&ended()))),
            };
            if let Some(sent) = sent {
                if sent.is_err() {
                    stream.watching = None;
                }
                let detail = stream.detail;
                let sent = sent.map(|entry| ShardDiffNotification::of(entry, detail));
                return Poll::Ready(Some(sent));
            }
        }
        Poll::Ready(None)
    }
}

/// A stream that just ended would say that this was all.
fn ended() -> Problem {
    let detail = "the watch has ended before all was told; watch again from the last position";
    Problem::new(Code::Unavailable, detail)
}
