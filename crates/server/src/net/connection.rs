//! One connection: which protocol it speaks, and its life under the limits.

use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::owed::{Owed, Remembering};
use super::patient::Patient;
use crate::middleware::Requests;
use crate::options::Limits;
use crate::server::{Phase, Server};

/// What an HTTP/2 client with prior knowledge sends first; no HTTP/1.1 request begins like it.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Room for what comes with the first packet.
const FIRST: usize = 4096;

/// How often a silent HTTP/2 client is asked whether it is still there.
const PING: std::time::Duration = std::time::Duration::from_secs(20);

/// Serves one connection until either side ends it.
pub(super) async fn serve<S>(server: Arc<Server>, mut stream: S, from: Option<IpAddr>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = server.options.limits.clone();
    let first = tokio::time::timeout(limits.head_time, first_bytes(&mut stream)).await;
    // A client that says nothing, or goes away, is owed nothing.
    let Ok(Some((first, is_http2))) = first else {
        return;
    };
    let io = TokioIo::new(Patient::new(stream, first, limits.stall_time));
    let requests = Requests::of(Arc::clone(&server), from);
    // What ends a connection early is the client's affair; its requests were answered or not.
    if is_http2 {
        let owed = Owed::new();
        let remembering = Remembering {
            requests,
            owed: Arc::clone(&owed),
        };
        let connection = http2_builder(&limits).serve_connection(io, remembering);
        let idle = owed.idle(limits.head_time);
        tokio::select! {
            _ = until_end(&server, idle, connection, |c| c.graceful_shutdown()) => {}
            () = owed.stalled(limits.stall_time) => {}
            // Whoever doesn't answer the farewell isn't waited for.
            () = owed.idle(limits.head_time * 2) => {}
        }
    } else {
        let connection = http1_builder(&limits).serve_connection(io, requests);
        // It looks after idle clients by itself.
        let idle = std::future::pending();
        let _ = until_end(&server, idle, connection, |c| c.graceful_shutdown()).await;
    }
}

/// Reads until it is clear which protocol this is.
async fn first_bytes(stream: &mut (impl AsyncRead + Unpin)) -> Option<(Bytes, bool)> {
    let mut bytes = BytesMut::with_capacity(FIRST);
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let compared = bytes.len().min(PREFACE.len());
        let is_preface = bytes.get(..compared) == PREFACE.get(..compared);
        if !is_preface || compared == PREFACE.len() {
            return Some((bytes.freeze(), is_preface));
        }
    }
}

fn http1_builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        // Most answers are short: copied behind their head they go out by the cheaper call.
        .writev(false)
        .max_buf_size(limits.head_bytes.max(8192))
        .max_headers(limits.headers);
    builder
}

fn http2_builder(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(PING)
        .keep_alive_timeout(limits.head_time);
    builder
}

/// Drives a connection; when it is idle or the server ends, it finishes its requests and takes no
/// more.
async fn until_end<C: Future>(
    server: &Server,
    idle: impl Future<Output = ()>,
    connection: C,
    end: impl FnOnce(Pin<&mut C>),
) -> C::Output {
    let mut connection = pin!(connection);
    let mut phase = server.phase.subscribe();
    tokio::select! {
        biased;
        output = &mut connection => return output,
        _ = phase.wait_for(|phase| *phase == Phase::Ending) => {}
        () = idle => {}
    }
    end(connection.as_mut());
    connection.await
}
