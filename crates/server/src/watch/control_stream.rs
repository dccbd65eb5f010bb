//! `GET /control/shards/watch`: changes of shards as the reference's server-sent events.

use std::sync::Arc;

use bytes::Bytes;
use deedbook_api::problem::Problem;
use deedbook_book::{BELOW_FLOOR, ChangeFilter};
use deedbook_model::Kind;
use deedbook_model::code::Code;
use deedbook_model::shard::control::{
    DiffEntry, KEEP_ALIVE, PREAMBLE, StreamError, push_diff_frame, push_error_frame,
};
use http::{HeaderValue, header};

use super::event_stream::{EVENT_STREAM, EventStream, ShowError, Shown};
use super::{Begin, Told, Watching};
use crate::answer::Answer;
use crate::body::Body;
use crate::call::Call;
use crate::control::scope::Reach;
use crate::control::sight::ShardLens;
use crate::control::{COMPACTED, UNKNOWN_POSITION, asked, coded};

/// Begins to watch what a request asks for.
pub(crate) async fn begin(call: &Call) -> Result<Watching, Problem> {
    let lens = ShardLens {
        filter: asked::filter(call)?,
        reach: Reach::of(call.route, &call.headers),
    };
    let begin = Begin {
        after: Some(asked::resume(call).await?),
        filter: ChangeFilter {
            kind: Some(Kind::SHARD),
            ..ChangeFilter::default()
        },
        lens: Arc::new(lens),
    };
    Watching::begin(call, begin)
}

/// Answers with what comes.
pub(crate) fn answer(watching: Watching) -> Answer {
    let events =
        EventStream::beginning_with(Bytes::from_static(PREAMBLE.as_bytes()), watching, show);
    Answer {
        header: Some((header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))),
        ..Answer::streamed(EVENT_STREAM, Body::Events(Box::new(events)))
    }
}

fn show(told: &Told) -> Result<Shown, ShowError> {
    Ok(match told {
        Told::Change { change, .. } => {
            let before = change.before().map(|before| &**before);
            let mut frame = String::new();
            if let Some(entry) = DiffEntry::of_change(change, before)? {
                push_diff_frame(&mut frame, &entry);
            }
            Shown::Event(frame.into())
        }
        Told::Progress(_) => Shown::Event(Bytes::from_static(KEEP_ALIVE.as_bytes())),
        Told::Resync { reason, .. } => Shown::Last(refused(&lost(reason))),
        Told::Refused(problem) => Shown::Last(refused(problem)),
    })
}

/// Why a watch can't go on from its position.
pub(crate) fn lost(reason: &'static str) -> Problem {
    let (code, name) = match reason {
        BELOW_FLOOR => (Code::Compacted, COMPACTED),
        _ => (Code::NotFound, UNKNOWN_POSITION),
    };
    let detail = format!("{reason}; list the shards, then watch from the version of the list");
    coded(code, name, detail, vec![])
}

fn refused(problem: &Problem) -> Bytes {
    frame(&StreamError {
        code: problem.told_code().to_owned(),
        message: problem.detail.clone(),
        metadata: Vec::new(),
    })
}

fn frame(error: &StreamError) -> Bytes {
    let mut frame = String::new();
    push_error_frame(&mut frame, error);
    frame.into()
}
