//! The faces of a watch, as one: what a follower is told, whoever tells it.

use std::time::Duration;

use deedbook_api::grpc::v1::watch_service_client::WatchServiceClient;
use deedbook_api::grpc::v1::{Record, WatchRequest, WatchResponse, watch_response};
use deedbook_book::{ChangeFilter, Event, Position, Watch, WatchError, WatchOptions};
use deedbook_testkit::event_stream::EventStream;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tonic::Streaming;

use crate::sandbox::Sandbox;
use crate::watch_oracle::Saw;

/// What a follower is told; positions as text.
#[derive(Debug)]
pub(crate) enum Told {
    /// A change, and the position after its command where it is the last of it.
    Change(Saw, Option<String>),
    /// Nothing else up to here.
    Progress(String),
    /// It starts anew here.
    Resync(String),
}

/// A watch that is open.
pub(crate) trait Follower: Send {
    fn told(&mut self) -> Told;
}

/// A way to watch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Face {
    Library,
    EventStream,
    Grpc,
}

impl Face {
    pub(crate) const ALL: [Face; 3] = [Face::Library, Face::EventStream, Face::Grpc];

    pub(crate) fn open(
        self,
        sandbox: &Sandbox,
        filter: &ChangeFilter,
        after: &str,
    ) -> Box<dyn Follower> {
        match self {
            Face::Library => {
                let options = WatchOptions {
                    after: Some(after.parse().unwrap()),
                    filter: filter.clone(),
                    ..WatchOptions::default()
                };
                Box::new(sandbox.book.watch(options).unwrap())
            }
            Face::EventStream => {
                let mut query = format!("?after={after}");
                let kind = filter.kind.as_ref().map(ToString::to_string);
                for (name, value) in [
                    ("kind", &kind),
                    ("key", &filter.key),
                    ("keyPrefix", &filter.key_prefix),
                ] {
                    if let Some(value) = value {
                        query.push_str(&format!("&{name}={value}"));
                    }
                }
                Box::new(sandbox.watch(&query))
            }
            Face::Grpc => {
                let (runtime, channel) = sandbox.grpc();
                let request = WatchRequest {
                    after: Some(after.to_owned()),
                    kind: filter.kind.as_ref().map(ToString::to_string),
                    key: filter.key.clone(),
                    key_prefix: filter.key_prefix.clone(),
                    actor: None,
                    once: false,
                };
                let mut client = WatchServiceClient::new(channel);
                let stream = runtime.block_on(client.watch(request)).unwrap();
                Box::new(Streamed {
                    stream: stream.into_inner(),
                    runtime,
                })
            }
        }
    }
}

impl Follower for Watch {
    fn told(&mut self) -> Told {
        match self.next(Duration::from_millis(5)) {
            Ok(Event::Change(change)) => {
                let value = |stored: &[u8]| serde_json::from_slice(stored).unwrap();
                let saw = Saw {
                    revision: change.revision.0,
                    record: change.record.as_deref().map(value),
                    previous: change.before().map(|before| value(before)),
                };
                let position = self.position();
                let ends = position.revision >= change.command.last;
                Told::Change(saw, ends.then(|| position.to_string()))
            }
            Ok(Event::Progress(position)) => Told::Progress(position.to_string()),
            Ok(Event::Resync { from, .. }) => Told::Resync(from.to_string()),
            Err(WatchError::TooSlow { position, .. }) => Told::Progress(position.to_string()),
            Err(error) => panic!("{error}"),
        }
    }
}

impl Follower for EventStream {
    fn told(&mut self) -> Told {
        let event = self.next_event().expect("it goes on");
        let whole = |name: &str| Some(event.data[name].clone()).filter(|value| !value.is_null());
        match event.name.as_str() {
            "change" => {
                let saw = Saw {
                    revision: event.data["revision"].as_u64().unwrap(),
                    record: whole("record"),
                    previous: whole("previous"),
                };
                Told::Change(saw, event.id)
            }
            "progress" => Told::Progress(event.id.unwrap()),
            "resync" => Told::Resync(event.id.unwrap()),
            other => panic!("{other}"),
        }
    }
}

/// A watch over gRPC, with the threads that it needs.
struct Streamed {
    stream: Streaming<WatchResponse>,
    runtime: Runtime,
}

impl Follower for Streamed {
    fn told(&mut self) -> Told {
        let message = self.runtime.block_on(self.stream.message());
        let message = message.unwrap().expect("it goes on");
        match message.event.expect("an event") {
            watch_response::Event::Change(watched) => {
                let change = watched.change.unwrap();
                let saw = Saw {
                    revision: change.revision,
                    record: watched.record.as_ref().map(envelope),
                    previous: watched.previous.as_ref().map(envelope),
                };
                Told::Change(saw, watched.position)
            }
            watch_response::Event::Progress(progress) => Told::Progress(progress.position),
            watch_response::Event::Resync(resync) => Told::Resync(resync.position),
        }
    }
}

/// The record as HTTP shows it.
pub(crate) fn envelope(record: &Record) -> Value {
    json!({
        "kind": record.kind,
        "key": record.key,
        "generation": record.generation,
        "revision": record.revision,
        "checksum": record.checksum,
        "createdAt": record.created_at,
        "updatedAt": record.updated_at,
        "annotations": record.annotations,
        "data": serde_json::from_str::<Value>(&record.data).unwrap(),
    })
}

/// The revision of a position.
pub(crate) fn revision(position: &str) -> u64 {
    position.parse::<Position>().unwrap().revision.0
}
