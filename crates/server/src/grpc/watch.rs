//! Watching over gRPC. The service isn't the generated one: a change is encoded once for all who
//! watch, and each is sent a copy of its bytes.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes};
use deedbook_api::grpc::status_of;
use deedbook_api::grpc::v1::watch_response::Event;
use deedbook_api::grpc::v1::{
    Change, Progress, Record, Resync, WatchRequest, WatchResponse, WatchedChange,
};
use deedbook_book::Form;
use http::Method;
use hyper::body::Incoming;
use prost::Message;
use tokio_stream::Stream;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic::server::{Grpc, ServerStreamingService};
use tonic::{Request, Response, Status, body};
use tonic_prost::{ProstCodec, ProstDecoder};

use super::ask::{Ask, Asker};
use crate::watch::{Told, Watching};

/// The one method of the service.
pub(super) const PATH: &str = "/deedbook.v1.WatchService/Watch";

/// Answers a call of it.
pub(super) async fn answer(
    asker: Arc<Asker>,
    request: http::Request<Incoming>,
) -> http::Response<body::Body> {
    Grpc::new(Messages)
        .server_streaming(Service(asker), request)
        .await
}

struct Service(Arc<Asker>);

impl ServerStreamingService<WatchRequest> for Service {
    type Response = Sent;
    type ResponseStream = Events;
    type Future = Ready<Result<Response<Events>, Status>>;

    fn call(&mut self, request: Request<WatchRequest>) -> Self::Future {
        let request = request.into_inner();
        let ask = Ask::new(Method::GET, "/v1/watch")
            .text("after", request.after.as_deref())
            .text("kind", request.kind.as_deref())
            .text("key", request.key.as_deref())
            .text("keyPrefix", request.key_prefix.as_deref())
            .text("actor", request.actor.as_deref())
            .flag("once", request.once);
        let watching = self.0.watch(ask);
        ready(watching.map(|watching| Response::new(Events(watching))))
    }
}

/// What a client is told.
struct Events(Watching);

impl Stream for Events {
    type Item = Result<Sent, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let told = self.get_mut().0.poll_told(context);
        told.map(|told| told.map(|told| sent(&told)))
    }
}

/// A message on its way.
#[derive(Debug)]
enum Sent {
    /// A change that is encoded already, all but where to go on after it.
    Change {
        encoded: Bytes,
        position: Option<String>,
    },
    Other(Box<WatchResponse>),
}

/// Reads requests, and writes what is sent.
struct Messages;

impl Codec for Messages {
    type Encode = Sent;
    type Decode = WatchRequest;
    type Encoder = Messages;
    type Decoder = ProstDecoder<WatchRequest>;

    fn encoder(&mut self) -> Messages {
        Messages
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<WatchResponse, WatchRequest>::raw_decoder(BufferSettings::default())
    }
}

impl Encoder for Messages {
    type Item = Sent;
    type Error = Status;

    fn encode(&mut self, sent: Sent, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        put(sent, buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

/// The tag of `change` in a `WatchResponse`: field 1, of a length.
const CHANGE_TAG: u8 = 0x0a;

fn put(sent: Sent, buffer: &mut impl BufMut) -> Result<(), prost::EncodeError> {
    match sent {
        Sent::Other(message) => message.encode(buffer),
        Sent::Change { encoded, position } => {
            // Its last field, so that the bytes are those of the whole.
            let rest = WatchedChange {
                position,
                ..WatchedChange::default()
            };
            buffer.put_u8(CHANGE_TAG);
            prost::encode_length_delimiter(encoded.len() + rest.encoded_len(), buffer)?;
            buffer.put_slice(&encoded);
            rest.encode(buffer)
        }
    }
}

fn sent(told: &Told) -> Result<Sent, Status> {
    let event = match told {
        Told::Change { change, ends } => {
            let encode = |change: &deedbook_book::WatchedChange| {
                message(change).map(|message| message.encode_to_vec().into())
            };
            return Ok(Sent::Change {
                encoded: change.encoded(Form::Binary, encode)?,
                position: ends.then(|| change.end().to_string()),
            });
        }
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
    let message = WatchResponse { event: Some(event) };
    Ok(Sent::Other(Box::new(message)))
}

/// A change as it is for all who watch: without where to go on.
fn message(change: &deedbook_book::WatchedChange) -> Result<WatchedChange, Status> {
    let before = change.before().map(|before| record_of(before));
    Ok(WatchedChange {
        change: Some(change_of(change)),
        record: change.record.as_deref().map(record_of).transpose()?,
        previous: before.transpose()?,
        position: None,
    })
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use deedbook_book::{Book, Event as Watched, WatchOptions};
    use deedbook_rules::Command;
    use deedbook_testkit::components::numbered;

    use super::*;

    fn encoded(told: &Told) -> (Bytes, Vec<u8>) {
        let sent = sent(told).unwrap();
        let Sent::Change { encoded, .. } = &sent else {
            panic!("{sent:?}");
        };
        let (encoded, mut bytes) = (encoded.clone(), Vec::new());
        put(sent, &mut bytes).unwrap();
        (encoded, bytes)
    }

    #[test]
    fn a_change_is_encoded_once_and_sent_as_if_it_were_anew() {
        let book = Book::in_memory().unwrap();
        let mut watches = [(); 2].map(|()| book.watch(WatchOptions::default()).unwrap());
        book.execute(Command::of("ada", numbered(1))).unwrap();
        let [first, second] = watches.each_mut().map(|watch| {
            let Ok(Watched::Change(change)) = watch.next(Duration::ZERO) else {
                panic!("a change");
            };
            change
        });
        for ends in [true, false] {
            let told = |change: &deedbook_book::WatchedChange| Told::Change {
                change: change.clone(),
                ends,
            };
            let (one, bytes) = encoded(&told(&first));
            let (other, same) = encoded(&told(&second));
            assert_eq!(one.as_ptr(), other.as_ptr(), "it is shared");
            let position = ends.then(|| first.end().to_string());
            let whole = WatchResponse {
                event: Some(Event::Change(WatchedChange {
                    position,
                    ..message(&first).unwrap()
                })),
            };
            assert_eq!(bytes, whole.encode_to_vec());
            assert_eq!(bytes, same);
        }
    }
}
