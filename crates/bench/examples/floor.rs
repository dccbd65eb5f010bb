//! What a server on this machine could at best do: answers with nothing behind them, to set
//! beside a Deedbook's.
//!
//! ```text
//! cargo run --release -p deedbook-bench --example floor -- FILE
//! ```
//!
//! `GET` is answered with ready-made bytes; the content of a `POST` is written to FILE and synced,
//! together with that of all who wait at the same time, before it is answered. Prints
//! `listening: http://…`.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{env, io, thread};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Bytes of the answer to a `GET`.
const BODY: usize = 300;

/// Most that is written before the file begins anew.
const FILE_BYTES: u64 = 256 << 20;

type Waiting = (Vec<u8>, oneshot::Sender<()>);

fn main() -> io::Result<()> {
    let path = env::args_os().nth(1).map(PathBuf::from);
    let path = path.ok_or_else(|| io::Error::other("where to write to is missing: a file"))?;
    let mut file = File::create(path)?;
    let zeros = vec![0; 1 << 20];
    for _ in 0..FILE_BYTES >> 20 {
        file.write_all(&zeros)?;
    }
    file.sync_all()?;
    file.rewind()?;
    let (sender, queue) = channel();
    thread::spawn(move || write_together(file, &queue));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        writeln!(io::stdout(), "listening: http://{address}")?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(serve(stream, sender.clone()));
        }
    })
}

/// Writes what has gathered, syncs once, and lets all who wait go on.
fn write_together(mut file: File, queue: &Receiver<Waiting>) -> io::Result<()> {
    let mut written = 0;
    while let Ok((mut bytes, first)) = queue.recv() {
        let mut all = vec![first];
        while let Ok((more, waiting)) = queue.try_recv() {
            bytes.extend_from_slice(&more);
            all.push(waiting);
        }
        written += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if written > FILE_BYTES {
            file.rewind()?;
            written = 0;
        }
        file.write_all(&bytes)?;
        file.sync_data()?;
        for waiting in all {
            // Nobody waits any more where the client went away.
            let _ = waiting.send(());
        }
    }
    Ok(())
}

/// Answers the requests of one connection.
async fn serve(mut stream: TcpStream, sender: Sender<Waiting>) -> io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {BODY}\r\n\r\n");
    let found = [head.into_bytes(), vec![b'x'; BODY]].concat();
    let done = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let mut bytes: Vec<u8> = Vec::with_capacity(16 << 10);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        let Some((begin, end)) = request(&bytes)? else {
            continue;
        };
        if bytes.starts_with(b"GET") {
            stream.write_all(&found).await?;
        } else {
            let (waiting, answer) = oneshot::channel();
            let content = bytes.get(begin..end).unwrap_or_default().to_vec();
            let failed = || io::Error::other("the file can't be written");
            sender.send((content, waiting)).map_err(|_| failed())?;
            answer.await.map_err(|_| failed())?;
            stream.write_all(done).await?;
        }
        bytes.drain(..end);
    }
}

/// Where the content of a whole request begins and ends.
fn request(bytes: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(bytes).map_err(io::Error::other)?;
    let httparse::Status::Complete(begin) = parsed else {
        return Ok(None);
    };
    let length = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| str::from_utf8(header.value).ok()?.parse().ok())
        .unwrap_or(0);
    let end = begin.saturating_add(length);
    Ok((end <= bytes.len()).then_some((begin, end)))
}
