//! The book as a whole: where it stands, whether it is sound, and copies of it.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use deedbook_api::problem::Problem;
use deedbook_api::shapes::{CompactShape, CompactedShape, SnapshotShape};
use deedbook_book::{AuditHead, View};
use deedbook_model::code::Code;
use deedbook_model::issue::{Issue, IssueKind};
use http::HeaderValue;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use crate::access::Standing;
use crate::answer::Answer;
use crate::body::{Body, Broken};
use crate::call::Call;
use crate::content::Received;
use crate::refuse;
use crate::sight;

/// How much of a backup is made at a time.
const PART_BYTES: usize = 256 << 10;

/// How many parts may wait for the client.
const PARTS: usize = 4;

pub(super) fn head(_: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    Answer::json(&AuditHead {
        revision: view.head().revision,
        chain: view.head().chain.to_string(),
        records: view.live(),
        state_root: view.root().to_string(),
        lineage: view.lineage().to_owned(),
    })
}

pub(super) async fn verify(call: Call, received: Received) -> Result<Answer, Problem> {
    let anchor = received
        .media_type
        .map(|_| read::<AuditHead>(&received.bytes));
    let anchor = anchor.transpose()?;
    let book = call.server.book.clone();
    let verify = move || book.verify(anchor.as_ref()).map_err(refuse::book);
    let found = call.server.slow.run(verify).await?;
    Ok(Answer::json(&found)?.at(found.revision))
}

pub(super) async fn compact(call: Call, received: Received) -> Result<Answer, Problem> {
    let CompactShape { before } = read(&received.bytes)?;
    let server = Arc::clone(&call.server);
    let compact = move || {
        let floor = server.book.compact(before).map_err(refuse::book)?;
        server.past.forget();
        Ok(floor)
    };
    let floor = call.server.slow.run(compact).await?;
    Answer::json(&CompactedShape { floor })
}

pub(super) async fn snapshot(call: Call) -> Result<Answer, Problem> {
    let book = call.server.book.clone();
    let take = move || book.snapshot().map_err(refuse::book);
    let snapshot = call.server.slow.run(take).await?;
    Answer::json(&SnapshotShape { snapshot })
}

pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let message = format!("the request's content isn't what it should be: {error}");
        Problem::document(vec![Issue::error(IssueKind::InvalidFormat, "", message)])
    })
}

/// Streams a backup: a thread of its own reads the log, as far ahead as the client takes it. It takes
/// no turn of other slow work, as it may last for as long as its client likes.
pub(super) async fn backup(call: Call) -> Result<Answer, Problem> {
    sight::wait(&call).await?;
    // It holds at least that.
    let revision = call.server.book.view().head().revision;
    let turn = Arc::clone(&call.server.backups).try_acquire_owned();
    let turn = turn.map_err(|_| {
        let most = call.server.options.limits.backups;
        let detail = format!("{most} backups are being sent, as many as may be");
        Problem::new(Code::Unavailable, detail).with_hint("try again once one of them has ended")
    })?;
    let (sender, parts) = mpsc::channel(PARTS);
    let server = Arc::clone(&call.server);
    let standing = Standing::of(&call);
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let mut writer = PartWriter {
            part: Vec::with_capacity(PART_BYTES),
            parts: sender,
            standing,
        };
        if let Err(error) = server.book.backup(&mut writer) {
            let journal = server.journal();
            let error = refuse::with_causes(&error);
            journal.fault(&format!("a backup broke off: {error}"));
            // Without its end the client knows that it isn't one.
            let _ = writer.parts.blocking_send(Err(Broken));
        }
    });
    let content_type = HeaderValue::from_static("application/octet-stream");
    Ok(Answer::streamed(content_type, Body::Channel(parts)).at(revision))
}

/// Hands what is written over in parts.
struct PartWriter {
    part: Vec<u8>,
    parts: mpsc::Sender<Result<Bytes, Broken>>,
    /// Asked before each part.
    standing: Standing,
}

impl io::Write for PartWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.part.extend_from_slice(bytes);
        if self.part.len() >= PART_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        if let Err(problem) = self.standing.ask() {
            let kind = io::ErrorKind::PermissionDenied;
            return Err(io::Error::new(kind, problem.detail.clone()));
        }
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART_BYTES));
        self.parts
            .blocking_send(Ok(Bytes::from(part)))
            .map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "the client went away"))
    }
}
