//! An answer before it is a response: what the routes render.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use deedbook_api::problem::Problem;
use deedbook_model::Revision;
use deedbook_model::code::Code;
use deedbook_rules::Record;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::body::Body;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a route answers.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Body,
    /// The revision that was seen.
    pub(crate) revision: Option<Revision>,
    /// The revision of the record's last change.
    pub(crate) etag: Option<Revision>,
    /// The version of a list of shards, as the reference counts it.
    pub(crate) shards_version: Option<i64>,
    /// What only few answers have.
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// Content of that type.
    pub(crate) fn of(content_type: &'static str, body: impl Into<Bytes>) -> Answer {
        Answer::streamed(
            HeaderValue::from_static(content_type),
            Body::Full(body.into()),
        )
    }

    /// JSON that is text already.
    pub(crate) fn json_text(text: impl Into<Bytes>) -> Answer {
        Answer::streamed(JSON, Body::Full(text.into()))
    }

    /// A value as JSON.
    pub(crate) fn json(value: &impl Serialize) -> Result<Answer, Problem> {
        Ok(Answer::json_text(to_json(value)?))
    }

    /// Content that is made as it is sent.
    pub(crate) fn streamed(content_type: HeaderValue, body: Body) -> Answer {
        Answer {
            status: StatusCode::OK,
            content_type: Some(content_type),
            body,
            revision: None,
            etag: None,
            shards_version: None,
            header: None,
        }
    }

    /// A record as it is stored, shared and not copied.
    pub(crate) fn record(record: &Arc<Record>) -> Answer {
        Answer {
            etag: Some(record.revision),
            ..Answer::json_text(Bytes::from_owner(StoredBytes(Arc::clone(record))))
        }
    }

    /// Nothing new.
    pub(crate) fn not_modified(etag: Revision) -> Answer {
        Answer {
            etag: Some(etag),
            ..Answer::unchanged()
        }
    }

    /// Nothing new, whatever the tag.
    pub(crate) fn unchanged() -> Answer {
        Answer {
            status: StatusCode::NOT_MODIFIED,
            content_type: None,
            body: Body::Empty,
            revision: None,
            etag: None,
            shards_version: None,
            header: None,
        }
    }

    /// The same answer, of that revision.
    pub(crate) fn at(self, revision: Revision) -> Answer {
        Answer {
            revision: Some(revision),
            ..self
        }
    }
}

/// The stored form of a record, kept alive by the record.
struct StoredBytes(Arc<Record>);

impl AsRef<[u8]> for StoredBytes {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes.as_deref().unwrap_or_default()
    }
}

/// A value as JSON text.
pub(crate) fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| internal(&error))
}

/// A fault of ours.
pub(crate) fn internal(error: &dyn std::error::Error) -> Problem {
    Problem::new(Code::Internal, error.to_string())
}

/// `"REVISION"`.
pub(crate) fn etag(revision: Revision) -> HeaderValue {
    let mut text = [0; 24];
    let mut rest = text.as_mut_slice();
    // It fits: at most twenty digits and two quotes.
    let _ = write!(rest, "\"{revision}\"");
    let left = rest.len();
    let length = text.len() - left;
    let written = text.get(..length).unwrap_or_default();
    HeaderValue::from_bytes(written).unwrap_or(HeaderValue::from_static("\"\""))
}
