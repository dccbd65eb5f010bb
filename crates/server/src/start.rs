//! The beginning and the end of a server.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use deedbook_book::Book;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::access::KeysError;
use crate::health;
use crate::net::{self, Socket, TlsError};
use crate::options::{Limits, Options};
use crate::server::{Phase, Server};
use crate::watch;

/// How long the last spans have to reach their collector when the server ends.
const TRACES_TIME: Duration = Duration::from_secs(1);

/// Why a server can't begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Anybody who reaches that address could do everything.
    #[error("{0} isn't a loopback address, and nobody has to say who they are")]
    Open(SocketAddr),
    /// The address can't be listened on.
    #[error("can't listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's error.
        source: io::Error,
    },
    /// The certificate or its key is of no use.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The keys of signed tokens are of no use.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The socket for programs of the same user can't be made.
    #[error("can't make the socket {path}")]
    Socket {
        /// Its path.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The operating system has no threads or events to give.
    #[error("can't start")]
    System(#[source] io::Error),
}

/// How a server ended, and how long that took.
#[derive(Clone, Copy, Debug)]
pub struct Stopped {
    /// How.
    pub ended: Ended,
    /// From the signal on.
    pub took: Duration,
}

/// What ends a server.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every request in flight was answered.
    Drained,
    /// Some weren't: they took too long, or a second signal came.
    Cut,
}

/// A server that takes requests. Dropping it cuts them off; the book stays open.
pub struct Running {
    runtime: Runtime,
    server: Arc<Server>,
    address: SocketAddr,
    permits: Arc<Semaphore>,
}

/// Begins to serve a book: when this returns, requests are taken.
///
/// # Errors
/// [`StartError`].
pub fn start(book: Book, options: Options) -> Result<Running, StartError> {
    let wanted = options.listen;
    let is_open = options.jwt.is_none() && !book.view().has_principals();
    if !wanted.ip().is_loopback() && is_open {
        return Err(StartError::Open(wanted));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(options.threads.max(1))
        .max_blocking_threads(blocking_threads(&options.limits))
        .thread_name("deedbook-http")
        .enable_all()
        .build()
        .map_err(StartError::System)?;
    let listening = |source| StartError::Listen {
        address: wanted,
        source,
    };
    let listener = runtime
        .block_on(TcpListener::bind(wanted))
        .map_err(listening)?;
    let address = listener.local_addr().map_err(listening)?;
    let socket = {
        let _inside = runtime.enter();
        options.socket.as_deref().map(Socket::make).transpose()?
    };
    let connections = usize::try_from(options.limits.connections).unwrap_or(usize::MAX);
    let permits = Arc::new(Semaphore::new(connections));
    let server = Arc::new(Server::new(book, options)?);
    runtime.block_on(server.standard_services.tell(true));
    runtime.spawn(health::tell(Arc::clone(&server)));
    runtime.spawn(reload(Arc::clone(&server)));
    runtime.spawn(net::accept(
        Arc::clone(&server),
        listener,
        Arc::clone(&permits),
    ));
    if let Some(socket) = socket {
        runtime.spawn(net::accept_local(
            Arc::clone(&server),
            socket,
            Arc::clone(&permits),
        ));
    }
    Ok(Running {
        runtime,
        server,
        address,
        permits,
    })
}

impl Running {
    /// Where it listens, as clients write it.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = self.server.tls.as_ref().map_or("http", |_| "https");
        format!("{scheme}://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on SIGTERM and SIGINT no longer end the process by themselves:
    /// [`Running::until_signal`] hears them, earlier ones too. Call it before telling anybody that
    /// the server is there.
    ///
    /// # Errors
    /// When signals can't be listened to.
    pub fn signals(&self) -> Result<Signals, StartError> {
        let _inside = self.runtime.enter();
        let listen = |kind| signal(kind).map_err(StartError::System);
        Ok(Signals {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Serves until SIGTERM or SIGINT, then ends in good order; a second signal ends at once.
    #[must_use]
    pub fn until_signal(self, signals: Signals) -> Stopped {
        let Signals {
            mut terminate,
            mut interrupt,
        } = signals;
        self.runtime
            .block_on(either(&mut terminate, &mut interrupt));
        let begin = Instant::now();
        let ended = self.runtime.block_on(async {
            tokio::select! {
                ended = self.drain() => ended,
                () = either(&mut terminate, &mut interrupt) => {
                    self.server.journal().warn("ending at once");
                    Ended::Cut
                }
            }
        });
        self.runtime.shutdown_background();
        let took = begin.elapsed();
        Stopped { ended, took }
    }

    /// Ends in good order: takes nothing new, finishes what is in flight.
    #[must_use]
    pub fn end(self) -> Ended {
        let ended = self.runtime.block_on(self.drain());
        self.runtime.shutdown_background();
        ended
    }

    /// Begins the end and waits for the last connection, at most as long as the limits say.
    async fn drain(&self) -> Ended {
        self.server.standard_services.end().await;
        self.server.end();
        let limits = &self.server.options.limits;
        let all = self.permits.acquire_many(limits.connections);
        let ended = match tokio::time::timeout(limits.end_time, all).await {
            Ok(_) => Ended::Drained,
            Err(_) => {
                self.server
                    .journal()
                    .warn("some requests took too long and are cut off");
                Ended::Cut
            }
        };
        self.send_traces().await;
        ended
    }

    /// Sends the spans of what was answered last, if a collector takes them in time.
    async fn send_traces(&self) {
        if self.server.traces.is_none() {
            return;
        }
        let server = Arc::clone(&self.server);
        let ending = move || server.traces.as_ref().map(|traces| traces.end(TRACES_TIME));
        // A panic would have been told; nothing rests on it.
        let _ = tokio::task::spawn_blocking(ending).await;
    }
}

/// Threads for work that waits or lasts: all that may at a time, and two for what is short.
fn blocking_threads(limits: &Limits) -> usize {
    limits.slow.max(1) + limits.backups + watch::READS + 2
}

/// Looks at files that may change, until the server ends.
async fn reload(server: Arc<Server>) {
    if server.tls.is_none() && server.jwt.is_none() {
        return;
    }
    let mut phase = server.phase.subscribe();
    loop {
        tokio::select! {
            _ = phase.wait_for(|phase| *phase == Phase::Ending) => return,
            () = tokio::time::sleep(server.options.reload) => {}
        }
        let server = Arc::clone(&server);
        // A panic would have been told; the next look is another try.
        let _ = tokio::task::spawn_blocking(move || server.reload()).await;
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
