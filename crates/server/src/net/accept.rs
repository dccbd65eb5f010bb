//! Taking connections, as many as may be.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::connection::serve;
use super::socket::Socket;
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
            Ok((stream, from)) => begin(&server, stream, from.ip(), &permits),
            Err(error) => {
                let journal = server.journal();
                journal.warn(&format!("can't accept a connection: {error}"));
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
        let stream = match accepted {
            Ok(Some(stream)) => stream,
            Ok(None) => {
                let journal = server.journal();
                journal.warn("another user's program was turned away from the socket");
                continue;
            }
            Err(error) => {
                let journal = server.journal();
                journal.warn(&format!("can't accept a connection: {error}"));
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else {
            let _ = stream.try_write(FULL);
            continue;
        };
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            serve(server, stream, None).await;
            drop(permit);
        });
    }
}

fn begin(server: &Arc<Server>, stream: TcpStream, from: IpAddr, permits: &Arc<Semaphore>) {
    let Ok(permit) = Arc::clone(permits).try_acquire_owned() else {
        // It fits into an empty send buffer; who doesn't read it, doesn't.
        let _ = stream.try_write(FULL);
        return;
    };
    // Answers are written whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let server = Arc::clone(server);
    tokio::spawn(async move {
        match &server.tls {
            None => serve(server, stream, Some(from)).await,
            Some(tls) => {
                let handshake = tls.acceptor().accept(stream);
                let patience = server.options.limits.head_time;
                // Who doesn't come to an agreement is owed nothing.
                if let Ok(Ok(stream)) = tokio::time::timeout(patience, handshake).await {
                    serve(server, stream, Some(from)).await;
                }
            }
        }
        drop(permit);
    });
}
