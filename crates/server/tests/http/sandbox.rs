//! A server with a book of its own, on a port of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use deedbook_api::samples;
use deedbook_book::{Book, OpenOptions};
use deedbook_log::MemoryLog;
use deedbook_model::document::Syntax;
use deedbook_model::mesh::{self, MeshKey, MeshKind, ReadOptions};
use deedbook_rules::{Command, MeshWrite, Write};
use deedbook_server::{Journal, Level, Limits, LogFormat, Options, Running, start};
use deedbook_testkit::event_stream::EventStream;
use deedbook_testkit::faulty_log::FaultyLog;
use deedbook_testkit::http::{Client, Request, Response};
use tokio::runtime::Runtime;
use tonic::transport::Channel;

/// A server and its book.
pub(crate) struct Sandbox {
    pub(crate) book: Book,
    pub(crate) running: Running,
}

pub(crate) fn options() -> Options {
    Options {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        actor: "ada".to_owned(),
        wait: Duration::from_millis(50),
        journal: Journal::to_stderr(Level::Error, LogFormat::Human),
        ..Options::default()
    }
}

impl Sandbox {
    /// With an empty book in memory.
    pub(crate) fn new() -> Sandbox {
        Sandbox::of(Book::in_memory().unwrap(), options())
    }

    pub(crate) fn limited(limits: Limits) -> Sandbox {
        let options = Options {
            limits,
            ..options()
        };
        Sandbox::of(Book::in_memory().unwrap(), options)
    }

    /// On a log that fails and waits where the test says so.
    pub(crate) fn faulty() -> (FaultyLog, Sandbox) {
        let log = FaultyLog::around(Arc::new(MemoryLog::default()));
        let book = Book::with_log(Arc::new(log.clone()), &OpenOptions::default()).unwrap();
        (log, Sandbox::of(book, options()))
    }

    pub(crate) fn of(book: Book, options: Options) -> Sandbox {
        let running = start(book.clone(), options).unwrap();
        Sandbox { book, running }
    }

    /// With the book that the examples speak of.
    pub(crate) fn with_samples() -> Sandbox {
        let sandbox = Sandbox::new();
        let mut client = sandbox.client();
        for document in samples::REGISTERED {
            assert_eq!(client.post("/v1/components", document).status, 201);
        }
        sandbox
    }

    /// The same, with what runs where: one command after the components.
    pub(crate) fn with_all_samples() -> Sandbox {
        let sandbox = Sandbox::with_samples();
        put_mesh(&sandbox.book);
        assert_eq!(sandbox.book.view().head().revision.0, samples::HEAD);
        sandbox
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.running.address())
    }

    /// Watches over HTTP.
    pub(crate) fn watch(&self, query: &str) -> EventStream {
        let request = Request::new("GET", &format!("/v1/watch{query}"));
        EventStream::open(self.client(), &request)
    }

    /// A connection for gRPC, and what it needs to run.
    pub(crate) fn grpc(&self) -> (Runtime, Channel) {
        // A connection answers the server also while nobody waits for an answer to a call.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let address = format!("http://{}", self.running.address());
        let endpoint = Channel::from_shared(address).unwrap();
        let channel = runtime.block_on(endpoint.connect()).unwrap();
        (runtime, channel)
    }

    pub(crate) fn get(&self, target: &str) -> Response {
        self.client().get(target)
    }

    pub(crate) fn post(&self, target: &str, json: &str) -> Response {
        self.client().post(target, json)
    }

    pub(crate) fn send(&self, request: &Request) -> Response {
        self.client().send(request)
    }
}

/// A small document of that name and number, which makes its uuid.
pub(crate) fn document(name: &str, number: u64) -> String {
    format!(
        r#"{{"metadata_version":"0.3.0","uuid":"00000000-0000-4000-8000-{number:012x}","name":"{name}","version":"1.0.0","meta_type":"tool","tags":["t{}"]}}"#,
        number % 3
    )
}

/// What runs where in the book of the examples, as one command.
pub(crate) fn put_mesh(book: &Book) {
    let writes = samples::MESH.map(|(list, key, document)| {
        let kind = MeshKind::ALL
            .into_iter()
            .find(|kind| format!("{kind}s") == list)
            .unwrap();
        let key = MeshKey::parse(kind, key).unwrap();
        let options = ReadOptions {
            key: Some(&key),
            strict: true,
        };
        let draft = mesh::read(kind, document.as_bytes(), Syntax::Json, options).unwrap();
        Write::Mesh(MeshWrite::Put {
            draft: Arc::new(draft),
            expected: None,
        })
    });
    let command = Command {
        writes: writes.to_vec(),
        ..Command::of("ada", writes[0].clone())
    };
    book.execute(command).unwrap();
}
