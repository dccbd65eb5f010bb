//! What is measured: a Deedbook over HTTP or gRPC, or a book in this process.

use std::fmt;
use std::io;
use std::sync::Arc;

use deedbook_book::{Book, BookError, Receipt};
use deedbook_model::Generation;
use deedbook_model::component::{ReadOptions, read};
use deedbook_model::document::Syntax;
use deedbook_rules::components::{ComponentKey, Query};
use deedbook_rules::{Command, Write};
use memchr::memmem;
use serde_json::json;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::BenchError;
use crate::grpc;
use crate::http::{Connection, Request, Stream, Url};

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
            Protocol::Grpc => grpc::Connection::open(url, token).await.map(Link::Grpc),
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
}

/// How a record was left: its last change over HTTP, its own counter otherwise.
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
    Grpc(grpc::Connection),
    Book(Book),
}

impl Link {
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
    };
    let is_there = |text: &str| memmem::find(response.body, text.as_bytes()).is_some();
    let is_right = match ask {
        Ask::Register(uuid, _) => response.status == 201 && is_there(&uuid.to_string()),
        Ask::Update(_, seen, description) => {
            response.status == 200 && response.etag > Some(seen.0) && is_there(description)
        }
        Ask::Get(uuid) => response.status == 200 && is_there(&uuid.to_string()),
        Ask::Search(tag) => response.status == 200 && is_there(&format!("\"{tag}\"")),
    };
    if is_right {
        return Ok(Seen(response.etag.unwrap_or_default()));
    }
    let shown: String = String::from_utf8_lossy(response.body)
        .chars()
        .take(300)
        .collect();
    Err(Fault::Answer(format!("{}: {shown}", response.status)))
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
    };
    let receipt = submit(book, write).await;
    let receipt = receipt.map_err(|error| wrong(&error.to_string()))?;
    let outcome = receipt
        .outcomes
        .first()
        .ok_or_else(|| wrong("no outcome"))?;
    Ok(Seen(outcome.record.generation.0))
}

async fn submit(book: &Book, write: Write) -> Result<Receipt, BookError> {
    let (sender, answer) = oneshot::channel();
    book.try_submit(Command::of("bench", write), move |result| {
        // Nobody waits any more once the time is up.
        let _ = sender.send(result);
    })?;
    answer.await.unwrap_or(Err(BookError::UnknownOutcome))
}
