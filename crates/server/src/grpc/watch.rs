//! Watching over gRPC.

use std::pin::Pin;
use std::task::{Context, Poll};

use deedbook_api::grpc::status_of;
use deedbook_api::grpc::v1::watch_response::Event;
use deedbook_api::grpc::v1::watch_service_server::WatchService;
use deedbook_api::grpc::v1::{
    Change, Progress, Record, Resync, WatchRequest, WatchResponse, WatchedChange,
};
use http::Method;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::ask::{Ask, Asker};
use crate::watch::{Told, Watching};

#[tonic::async_trait]
impl WatchService for Asker {
    type WatchStream = Events;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Events>, Status> {
        let request = request.into_inner();
        let ask = Ask::new(Method::GET, "/v1/watch")
            .text("after", request.after.as_deref())
            .text("kind", request.kind.as_deref())
            .text("key", request.key.as_deref())
            .text("keyPrefix", request.key_prefix.as_deref())
            .text("actor", request.actor.as_deref())
            .flag("once", request.once);
        Ok(Response::new(Events(Asker::watch(self, ask)?)))
    }
}

/// What a client is told.
pub(super) struct Events(Watching);

impl Stream for Events {
    type Item = Result<WatchResponse, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let told = self.get_mut().0.poll_told(context);
        told.map(|told| told.map(|told| response(&told)))
    }
}

fn response(told: &Told) -> Result<WatchResponse, Status> {
    let event = match told {
        Told::Change { change, ends } => Event::Change(WatchedChange {
            change: Some(change_of(change)),
            record: change.record.as_deref().map(record_of).transpose()?,
            previous: change
                .before()
                .map(|before| record_of(before))
                .transpose()?,
            position: ends.then(|| change.end().to_string()),
        }),
        Told::Progress(position) => Event::Progress(Progress {
            revision: position.revision.0,
            position: position.to_string(),
        }),
        Told::Resync { from, reason } => Event::Resync(Resync {
            revision: from.revision.0,
            position: from.to_string(),
            reason: (*reason).to_owned(),
        }),
        Told::Refused(problem) => return Err(status_of(problem)),
    };
    Ok(WatchResponse { event: Some(event) })
}

fn record_of(stored: &[u8]) -> Result<Record, Status> {
    let record = serde_json::from_slice(stored);
    record.map_err(|error| Status::data_loss(format!("a record can't be shown: {error}")))
}

fn change_of(change: &deedbook_model::Change) -> Change {
    let command = &change.command;
    Change {
        revision: change.revision.0,
        first: command.first.0,
        last: command.last.0,
        kind: change.kind.as_str().to_owned(),
        key: change.key.as_ref().to_owned(),
        verb: change.verb.as_str().to_owned(),
        generation: change.generation.0,
        previous: change.previous.map(|previous| previous.0),
        actor: command.actor.clone(),
        reason: command.reason.clone(),
        ticket: command.ticket.clone(),
        request_id: command.request_id.clone(),
        time: command.time.to_string(),
    }
}
