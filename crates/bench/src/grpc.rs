//! `deedbook.v1` as one client needs it to measure: a connection of its own, one call at a time.

use std::io;

use deedbook_api::grpc::problem_in;
use deedbook_api::grpc::v1::component_service_client::ComponentServiceClient;
use deedbook_api::grpc::v1::mesh_service_client::MeshServiceClient;
use deedbook_api::grpc::v1::watch_service_client::WatchServiceClient;
use deedbook_api::grpc::v1::{
    BatchPatchRecord, BatchRequest, BatchWrite, ComponentKey, GetRecordRequest, GetRequest,
    ListRequest, MeshKey, MeshKind, PutRecordRequest, Record, RegisterRequest,
    TransferShardRequest, UpdateRequest, WatchRequest, WatchResponse, WriteResponse, batch_write,
    watch_response,
};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};
use uuid::Uuid;

use crate::http::Url;
use crate::shards::ShardNumber;
use crate::target::{Ask, Fault, PAGE, Seen};

/// A connection that is kept. Clones share it.
#[derive(Clone)]
pub(crate) struct Connection {
    channel: Channel,
    components: ComponentServiceClient<Channel>,
    mesh: MeshServiceClient<Channel>,
    token: Option<MetadataValue<Ascii>>,
}

impl Connection {
    pub(crate) async fn open(url: &Url, token: Option<&str>) -> io::Result<Connection> {
        let endpoint = Endpoint::from_shared(url.to_string()).map_err(io::Error::other)?;
        let endpoint = endpoint.tcp_nodelay(true);
        let channel = endpoint.connect().await.map_err(io::Error::other)?;
        let token = token.map(|token| format!("Bearer {token}").parse());
        Ok(Connection {
            components: ComponentServiceClient::new(channel.clone()),
            mesh: MeshServiceClient::new(channel.clone()),
            channel,
            token: token.transpose().map_err(io::Error::other)?,
        })
    }

    /// Asks, and checks the answer.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<Seen, Fault> {
        match ask {
            Ask::Register(uuid, document) => {
                let request = self.with_token(RegisterRequest {
                    document: document.clone(),
                    ..RegisterRequest::default()
                });
                let answer = self.components.register(request).await.map_err(fault)?;
                let answer = answer.into_inner();
                let is_new = !answer.unchanged;
                seen(answer.record, |record| is_new && is_of(record, uuid))
            }
            Ask::Update(uuid, left, description) => {
                let request = self.with_token(UpdateRequest {
                    key: Some(key(uuid)),
                    patch: format!("{{\"description\":\"{description}\"}}"),
                    expected_generation: Some(left.0),
                    ..UpdateRequest::default()
                });
                let answer = self.components.update(request).await.map_err(fault)?;
                seen(answer.into_inner().record, |record| {
                    record.generation > left.0 && record.data.contains(description.as_str())
                })
            }
            Ask::Get(uuid) => {
                let request = self.with_token(GetRequest {
                    key: Some(key(uuid)),
                    ..GetRequest::default()
                });
                let answer = self.components.get(request).await.map_err(fault)?;
                seen(answer.into_inner().record, |record| is_of(record, uuid))
            }
            Ask::Search(tag) => {
                let request = self.with_token(ListRequest {
                    tags: vec![tag.clone()],
                    limit: u32::try_from(PAGE).ok(),
                    ..ListRequest::default()
                });
                let answer = self.components.list(request).await.map_err(fault)?;
                let items = answer.into_inner().items;
                let tag = format!("\"{tag}\"");
                let all_fit = items.iter().all(|record| record.data.contains(&tag));
                seen(items.into_iter().next(), |_| all_fit)
            }
            Ask::ShardGet(shard) => {
                let request = self.with_token(GetRecordRequest {
                    key: shard_key(*shard),
                    options: None,
                });
                let answer = self.mesh.get_record(request).await.map_err(fault)?;
                let text = shard.text();
                seen(answer.into_inner().record, |record| record.key == text)
            }
            Ask::ShardPut(shard) => {
                let request = self.with_token(PutRecordRequest {
                    key: shard_key(*shard),
                    document: shard.document().to_string(),
                    ..PutRecordRequest::default()
                });
                let answer = self.mesh.put_record(request).await.map_err(fault)?;
                left(answer.into_inner().written, |_| true)
            }
            Ask::Transfer(shard, before, owner) => {
                let [namespace, shard_id] = shard.parts();
                let request = self.with_token(TransferShardRequest {
                    namespace,
                    shard_id,
                    owner_node_id: owner.clone(),
                    expected_generation: Some(before.0),
                    ..TransferShardRequest::default()
                });
                let answer = self.mesh.transfer_shard(request).await.map_err(fault)?;
                left(answer.into_inner().written, |record| {
                    record.generation > before.0 && record.data.contains(owner.as_str())
                })
            }
            Ask::TransferMany(shards, owner) => {
                let writes = shards.iter().map(|(shard, before)| BatchWrite {
                    write: Some(batch_write::Write::PatchRecord(BatchPatchRecord {
                        kind: "shard".to_owned(),
                        key: shard.text(),
                        patch: format!("{{\"ownerNodeId\":\"{owner}\"}}"),
                        expected_generation: Some(before.0),
                    })),
                });
                let request = self.with_token(BatchRequest {
                    writes: writes.collect(),
                    options: None,
                });
                let answer = self.components.batch(request).await.map_err(fault)?;
                let last = answer.into_inner().results.pop();
                left(last, |record| record.data.contains(owner.as_str()))
            }
        }
    }

    /// Begins to watch components.
    pub(crate) async fn listen(self) -> io::Result<Changes> {
        let request = self.with_token(WatchRequest {
            kind: Some("component".to_owned()),
            ..WatchRequest::default()
        });
        let answer = WatchServiceClient::new(self.channel).watch(request).await;
        let mut changes = Changes(answer.map_err(io::Error::other)?.into_inner());
        // It says from where it tells: what comes after that isn't missed.
        changes.event().await?;
        Ok(changes)
    }

    fn with_token<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            let metadata = request.metadata_mut();
            metadata.insert("authorization", token.clone());
        }
        request
    }
}

/// The changes as they come.
pub(crate) struct Changes(Streaming<WatchResponse>);

impl Changes {
    /// Waits for the next event; whether it is a change.
    pub(crate) async fn event(&mut self) -> io::Result<bool> {
        let message = self.0.message().await.map_err(io::Error::other)?;
        let message = message.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(matches!(
            message.event,
            Some(watch_response::Event::Change(_))
        ))
    }
}

fn key(uuid: &Uuid) -> ComponentKey {
    ComponentKey {
        key: uuid.to_string(),
        version_spec: None,
    }
}

fn is_of(record: &Record, uuid: &Uuid) -> bool {
    record.key == uuid.to_string() && record.data.contains(&record.key)
}

fn shard_key(shard: ShardNumber) -> Option<MeshKey> {
    Some(MeshKey {
        kind: MeshKind::Shard.into(),
        parts: shard.key_parts(),
    })
}

/// How a write left its record, if it is right.
fn left(
    written: Option<WriteResponse>,
    is_right: impl FnOnce(&Record) -> bool,
) -> Result<Seen, Fault> {
    seen(written.and_then(|written| written.record), is_right)
}

/// How an answer leaves the record, if it is right.
fn seen(record: Option<Record>, is_right: impl FnOnce(&Record) -> bool) -> Result<Seen, Fault> {
    match record {
        Some(record) if is_right(&record) => Ok(Seen(record.generation)),
        other => {
            let shown = format!("{other:?}").chars().take(300).collect();
            Err(Fault::Answer(shown))
        }
    }
}

/// What the server refuses carries a problem; all else is the connection's.
fn fault(status: Status) -> Fault {
    match problem_in(&status) {
        Some(problem) => Fault::Answer(format!("{}: {}", problem.code, problem.detail)),
        None => Fault::Link(io::Error::other(status)),
    }
}
