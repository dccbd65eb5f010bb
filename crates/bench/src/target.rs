//! What is measured: a Deedbook over HTTP or gRPC, or a book in this process.

use std::fmt;
use std::io;
use std::sync::Arc;

use deedbook_book::{Book, BookError, Receipt};
use deedbook_model::Generation;
use deedbook_model::component::{ReadOptions, read};
use deedbook_model::document::Syntax;
use deedbook_model::mesh::{self, MeshKind};
use deedbook_rules::components::{ComponentKey, Query};
use deedbook_rules::{Command, MeshWrite, Write};
use memchr::memmem;
use serde_json::json;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::BenchError;
use crate::grpc;
use crate::http::{Connection, Request, Stream, Url};
use crate::shards::{self, ShardNumber};

/// Items of a page.
pub(crate) const PAGE: usize = 20;

/// A Deedbook to measure.
#[derive(Clone)]
pub struct Target(Kind);

#[derive(Clone)]
enum Kind {
    Server {
        protocol: Protocol,
        url: Url,
        token: Option<String>,
    },
    Book(Book),
}

/// How a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1 and its JSON.
    Http,
    /// `deedbook.v1`.
    Grpc,
}

impl Target {
    /// A server, how to ask it, and the token to show it.
    ///
    /// # Errors
    /// [`BenchError::Url`].
    pub fn server(
        url: &str,
        protocol: Protocol,
        token: Option<String>,
    ) -> Result<Target, BenchError> {
        let url = Url::parse(url)?;
        Ok(Target(Kind::Server {
            protocol,
            url,
            token,
        }))
    }

    /// A book in this process.
    #[must_use]
    pub fn book(book: Book) -> Target {
        Target(Kind::Book(book))
    }

    pub(crate) async fn connect(&self) -> Result<Link, BenchError> {
        let (protocol, url, token) = match &self.0 {
            Kind::Server {
                protocol,
                url,
                token,
            } => (protocol, url, token.as_deref()),
            Kind::Book(book) => return Ok(Link::Book(book.clone())),
        };
        let link = match protocol {
            Protocol::Http => Connection::open(url, token).await.map(Link::Http),
            Protocol::Grpc => {
                let link = grpc::Connection::open(url, token).await;
                link.map(|link| Link::Grpc(Box::new(link)))
            }
        };
        link.map_err(|error| BenchError::Unreachable(url.to_string(), error))
    }

    /// Watches components over a connection of its own; not a book in this process.
    pub(crate) async fn listen(&self) -> Result<Changes, BenchError> {
        let changes = match self.connect().await? {
            Link::Http(connection) => {
                let stream = connection.listen("/v1/watch?kind=component").await;
                stream.map(Changes::Http)
            }
            Link::Grpc(connection) => connection.listen().await.map(Changes::Grpc),
            Link::Book(_) => {
                return Err(BenchError::NotHere(
                    "`watch` is measured over a network, not in this process",
                ));
            }
        };
        changes.map_err(|error| BenchError::Unreachable(self.to_string(), error))
    }
}

/// The changes of components, as they come.
pub(crate) enum Changes {
    Http(Stream),
    Grpc(grpc::Changes),
}

impl Changes {
    /// Waits for the next event; whether it is a change.
    pub(crate) async fn event(&mut self) -> io::Result<bool> {
        match self {
            Changes::Http(stream) => {
                let event = stream.event().await?;
                Ok(memmem::find(&event, b"event: change").is_some())
            }
            Changes::Grpc(changes) => changes.event().await,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Server { url, protocol, .. } => match protocol {
                Protocol::Http => url.fmt(f),
                Protocol::Grpc => write!(f, "{url} (gRPC)"),
            },
            Kind::Book(_) => f.write_str("in-process"),
        }
    }
}

/// One request.
pub(crate) enum Ask {
    /// Register that document, of that uuid.
    Register(Uuid, String),
    /// Set the description, if the record is as `Seen` says.
    Update(Uuid, Seen, String),
    /// Get the component.
    Get(Uuid),
    /// A page of what has the tag.
    Search(String),
    /// Get the shard.
    ShardGet(ShardNumber),
    /// Make the shard.
    ShardPut(ShardNumber),
    /// Give the shard to a node, if it is as `Seen` says.
    Transfer(ShardNumber, Seen, String),
    /// Give all of them, by one command.
    TransferMany(Vec<(ShardNumber, Seen)>, String),
}

/// How a record was left: a component's last change over HTTP, its own counter otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen(pub(crate) u64);

/// Why an answer doesn't count.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Refused, or wrong.
    Answer(String),
    /// The connection is of no more use.
    Link(io::Error),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Answer(answer) => f.write_str(answer),
            Fault::Link(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Link(error)
    }
}

/// One client's way to its target.
pub(crate) enum Link {
    Http(Connection),
    Grpc(Box<grpc::Connection>),
    Book(Book),
}

impl Link {
    /// The same for so many clients at a time.
    pub(crate) fn shared(self, clients: usize) -> Result<Vec<Link>, BenchError> {
        if clients <= 1 {
            return Ok(vec![self]);
        }
        let each = 0..clients;
        match self {
            Link::Http(_) => Err(BenchError::NotHere(
                "HTTP/1.1 has one request at a time on a connection; several are measured over gRPC",
            )),
            Link::Grpc(link) => Ok(each.map(|_| Link::Grpc(link.clone())).collect()),
            Link::Book(book) => Ok(each.map(|_| Link::Book(book.clone())).collect()),
        }
    }

    /// Asks, and checks the answer; how it leaves the record.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<Seen, Fault> {
        match self {
            Link::Http(connection) => over_http(connection, ask).await,
            Link::Grpc(connection) => connection.ask(ask).await,
            Link::Book(book) => in_process(book, ask).await,
        }
    }
}

async fn over_http(connection: &mut Connection, ask: &Ask) -> Result<Seen, Fault> {
    let response = match ask {
        Ask::Register(_, document) => {
            let request = Request {
                method: "POST",
                path: "/v1/components",
                content_type: "application/json",
                if_match: None,
                body: document,
            };
            connection.ask(&request).await?
        }
        Ask::Update(uuid, seen, description) => {
            let request = Request {
                method: "PATCH",
                path: &format!("/v1/components/{uuid}"),
                content_type: "application/merge-patch+json",
                if_match: Some(seen.0),
                body: &format!("{{\"description\":\"{description}\"}}"),
            };
            connection.ask(&request).await?
        }
        Ask::Get(uuid) => {
            let path = format!("/v1/components/{uuid}");
            connection.ask(&Request::get(&path)).await?
        }
        Ask::Search(tag) => {
            let path = format!("/v1/components?tag={tag}&limit={PAGE}");
            connection.ask(&Request::get(&path)).await?
        }
        Ask::ShardGet(shard) => {
            let path = format!("/v1/shards/{}", shard.text());
            connection.ask(&Request::get(&path)).await?
        }
        Ask::ShardPut(shard) => {
            let path = format!("/v1/shards/{}", shard.text());
            let body = shard.document().to_string();
            connection.ask(&with_json("PUT", &path, &body)).await?
        }
        Ask::Transfer(shard, seen, owner) => {
            let shard = shard.text();
            let path = format!("/v1/shards/{shard}/transfer?expectedGeneration={}", seen.0);
            let body = format!("{{\"ownerNodeId\":\"{owner}\"}}");
            connection.ask(&with_json("POST", &path, &body)).await?
        }
        Ask::TransferMany(shards, owner) => {
            let body = shards::batch(shards, owner);
            connection
                .ask(&with_json("POST", "/v1/batch", &body))
                .await?
        }
    };
    let generation = generation_in(response.body);
    let is_there = |text: &str| memmem::find(response.body, text.as_bytes()).is_some();
    let is_right = match ask {
        Ask::Register(uuid, _) => response.status == 201 && is_there(&uuid.to_string()),
        Ask::Update(_, seen, description) => {
            response.status == 200 && response.etag > Some(seen.0) && is_there(description)
        }
        Ask::Get(uuid) => response.status == 200 && is_there(&uuid.to_string()),
        Ask::Search(tag) => response.status == 200 && is_there(&format!("\"{tag}\"")),
        Ask::ShardGet(shard) => response.status == 200 && is_there(&shard.text()),
        Ask::ShardPut(shard) => response.status == 201 && is_there(&shard.text()),
        Ask::Transfer(_, seen, owner) => {
            response.status == 200 && generation > Some(seen.0) && is_there(owner)
        }
        Ask::TransferMany(_, owner) => response.status == 200 && is_there(owner),
    };
    if is_right {
        let left = match ask {
            Ask::ShardGet(_) | Ask::ShardPut(_) | Ask::Transfer(..) => generation,
            _ => response.etag,
        };
        return Ok(Seen(left.unwrap_or_default()));
    }
    let shown: String = String::from_utf8_lossy(response.body)
        .chars()
        .take(300)
        .collect();
    Err(Fault::Answer(format!("{}: {shown}", response.status)))
}

fn with_json<'a>(method: &'static str, path: &'a str, body: &'a str) -> Request<'a> {
    Request {
        method,
        path,
        content_type: "application/json",
        if_match: None,
        body,
    }
}

/// The first record's own counter.
fn generation_in(body: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\"generation\":";
    let begin = memmem::find(body, NAME)? + NAME.len();
    let digits = body.get(begin..)?.iter();
    let digits = digits.take_while(|byte| byte.is_ascii_digit());
    let value = digits.fold(0_u64, |value, digit| {
        value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'))
    });
    Some(value)
}

async fn in_process(book: &Book, ask: &Ask) -> Result<Seen, Fault> {
    let wrong = |what: &str| Fault::Answer(what.to_owned());
    let key = |uuid: &Uuid| ComponentKey::from(*uuid);
    let write = match ask {
        Ask::Register(_, document) => {
            let reading = read(document.as_bytes(), Syntax::Json, &ReadOptions::default());
            let draft = reading.draft.ok_or_else(|| wrong("an unsound document"))?;
            Write::Register {
                draft: Arc::new(draft),
                require_dependencies: false,
            }
        }
        Ask::Update(uuid, seen, description) => Write::Update {
            key: key(uuid),
            patch: json!({ "description": description }),
            expected: Some(Generation(seen.0).into()),
        },
        Ask::Get(uuid) => {
            let view = book.view();
            let found = view.lookup(&key(uuid).name, None);
            let record = found.map_err(|error| wrong(&error.to_string()))?.record;
            return Ok(Seen(record.generation.0));
        }
        Ask::Search(tag) => {
            let query = Query {
                tags: vec![tag.clone()],
                ..Query::default()
            };
            let page = book.view().search(&query, PAGE, None);
            let page = page.map_err(|error| wrong(&error.to_string()))?;
            let first = page.items.first().ok_or_else(|| wrong("nothing found"))?;
            return Ok(Seen(first.generation.0));
        }
        Ask::ShardGet(shard) => {
            let key = shard.key().ok_or_else(|| wrong("not a shard"))?;
            let view = book.view();
            let record = view.record(&key.kind().kind(), &key.to_string());
            let record = record.ok_or_else(|| wrong("no such shard"))?;
            return Ok(Seen(record.generation.0));
        }
        Ask::ShardPut(shard) => {
            let key = shard.key();
            let options = mesh::ReadOptions {
                key: key.as_ref(),
                strict: false,
            };
            let document = shard.document().to_string();
            let draft = mesh::read(MeshKind::Shard, document.as_bytes(), Syntax::Json, options);
            Write::Mesh(MeshWrite::Put {
                draft: Arc::new(draft.map_err(|_| wrong("an unsound shard"))?),
                expected: None,
            })
        }
        Ask::Transfer(shard, seen, owner) => {
            transfer(*shard, *seen, owner).ok_or_else(|| wrong("not a shard"))?
        }
        Ask::TransferMany(shards, owner) => {
            let writes = shards.iter();
            let writes = writes.map(|(shard, seen)| transfer(*shard, *seen, owner));
            let writes: Option<Vec<Write>> = writes.collect();
            let writes = writes.ok_or_else(|| wrong("not a shard"))?;
            return done(submit(book, writes).await);
        }
    };
    done(submit(book, vec![write]).await)
}

fn transfer(shard: ShardNumber, seen: Seen, owner: &str) -> Option<Write> {
    Some(Write::Mesh(MeshWrite::Patch {
        key: shard.key()?,
        patch: json!({"ownerNodeId": owner}),
        expected: Some(Generation(seen.0).into()),
    }))
}

fn done(receipt: Result<Receipt, BookError>) -> Result<Seen, Fault> {
    let wrong = |what: &str| Fault::Answer(what.to_owned());
    let receipt = receipt.map_err(|error| wrong(&error.to_string()))?;
    let outcome = receipt
        .outcomes
        .first()
        .ok_or_else(|| wrong("no outcome"))?;
    Ok(Seen(outcome.record.generation.0))
}

async fn submit(book: &Book, mut writes: Vec<Write>) -> Result<Receipt, BookError> {
    let (sender, answer) = oneshot::channel();
    let Some(first) = writes.pop() else {
        return Err(BookError::Closed);
    };
    writes.push(first.clone());
    let command = Command {
        writes,
        ..Command::of("bench", first)
    };
    book.try_submit(command, move |result| {
        // Nobody waits any more once the time is up.
        let _ = sender.send(result);
    })?;
    answer.await.unwrap_or(Err(BookError::UnknownOutcome))
}
