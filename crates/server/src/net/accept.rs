//! Taking connections, as many as may be.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::serve;
use super::socket::Socket;
use crate::access::Arrival;
use crate::journal;
use crate::server::{Phase, Server};

/// How long nothing is accepted after the system had nothing to give, mostly file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// What one connection too many is told.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
content-type: application/problem+json\r\nretry-after: 1\r\nconnection: close\r\n\r\n\
{\"type\":\"urn:deedbook:problem:unavailable\",\"status\":503,\"code\":\"unavailable\",\
\"detail\":\"too many connections\",\"errors\":[]}";

/// Takes connections until the server ends. Each holds a permit for as long as it is open.
pub(crate) async fn accept(server: Arc<Server>, listener: TcpListener, permits: Arc<Semaphore>) {
    let mut phase = server.phase.subscribe();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = phase.wait_for(|phase| *phase == Phase::Ending) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => begin_remote(&server, stream, &permits),
            Err(error) => {
                journal::warn(format!("can't accept a connection: {error}"));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Takes connections from programs of the same user until the server ends.
pub(crate) async fn accept_local(server: Arc<Server>, socket: Socket, permits: Arc<Semaphore>) {
    let mut phase = server.phase.subscribe();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = phase.wait_for(|phase| *phase == Phase::Ending) => return,
            accepted = socket.accept() => accepted,
        };
        match accepted {
            Ok(Some(stream)) => match Arc::clone(&permits).try_acquire_owned() {
                Ok(permit) => begin(&server, stream, Arrival::Socket, permit),
                Err(_) => {
                    let _ = stream.try_write(FULL);
                }
            },
            Ok(None) => journal::warn("another user's program was turned away from the socket"),
            Err(error) => {
                journal::warn(format!("can't accept a connection: {error}"));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn begin_remote(server: &Arc<Server>, stream: TcpStream, permits: &Arc<Semaphore>) {
    let Ok(permit) = Arc::clone(permits).try_acquire_owned() else {
        // It fits into an empty send buffer; who doesn't read it, doesn't.
        let _ = stream.try_write(FULL);
        return;
    };
    // Answers are written whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    begin(server, stream, Arrival::Network, permit);
}

fn begin<S>(server: &Arc<Server>, stream: S, arrival: Arrival, permit: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let server = Arc::clone(server);
    tokio::spawn(async move {
        serve(server, stream, arrival).await;
        drop(permit);
    });
}
