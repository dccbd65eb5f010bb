//! gRPC: the messages and services of `proto/`, and how a refusal looks there.

use prost::Message;
use tonic::metadata::MetadataMap;
use tonic::{Code as GrpcCode, Status};

use deedbook_model::code::Code;
use deedbook_model::issue::Severity;

use crate::problem::{Problem, ProblemError};

/// Package `deedbook.v1`.
#[allow(
    clippy::all,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "generated"
)]
pub mod v1 {
    include!("generated/deedbook.v1.rs");
}

/// Package `omnirelay.mesh.control.v1`: the reference's service for the messages of
/// [`wire`](deedbook_model::shard::control::wire).
#[allow(
    clippy::all,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "generated"
)]
pub mod control_v1 {
    pub use deedbook_model::shard::control::wire::*;

    include!("generated/omnirelay.mesh.control.v1.rs");
}

/// The descriptors of that package.
pub const CONTROL_DESCRIPTORS: &[u8] = include_bytes!("generated/omnirelay.mesh.control.v1.bin");

/// The descriptors of `deedbook.v1`, for those who ask what there is.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/deedbook.v1.bin");

/// The gRPC code of a code.
#[must_use]
pub fn code_of(code: Code) -> GrpcCode {
    match code {
        Code::Invalid | Code::TooLarge | Code::BadMediaType | Code::BadMethod | Code::KeyReused => {
            GrpcCode::InvalidArgument
        }
        Code::NotFound => GrpcCode::NotFound,
        Code::Conflict | Code::PreconditionFailed => GrpcCode::Aborted,
        Code::InUse => GrpcCode::FailedPrecondition,
        Code::Unauthenticated => GrpcCode::Unauthenticated,
        Code::Denied => GrpcCode::PermissionDenied,
        Code::RateLimited => GrpcCode::ResourceExhausted,
        Code::Unavailable => GrpcCode::Unavailable,
        Code::UnknownOutcome => GrpcCode::Unknown,
        Code::Timeout => GrpcCode::DeadlineExceeded,
        Code::Integrity => GrpcCode::DataLoss,
        Code::Compacted | Code::CursorExpired => GrpcCode::OutOfRange,
        Code::Internal => GrpcCode::Internal,
    }
}

/// Most faults of a status: it travels in headers, which have little room.
const MOST_ERRORS: usize = 16;

/// `google.rpc.Status`, as clients of all languages look for it.
#[derive(Clone, PartialEq, Message)]
struct RichStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// A problem as a status; the whole problem is among its details.
#[must_use]
pub fn status_of(problem: &Problem) -> Status {
    let code = code_of(problem.code);
    let shown = v1::Problem {
        code: problem.code.as_str().to_owned(),
        detail: problem.detail.clone(),
        hint: problem.hint.clone(),
        errors: problem.errors.iter().take(MOST_ERRORS).map(issue).collect(),
        cycle: problem.cycle.clone().unwrap_or_default(),
        request_id: problem.request_id.clone(),
    };
    let details = RichStatus {
        code: code.into(),
        message: problem.detail.clone(),
        details: vec![prost_types::Any {
            type_url: "type.googleapis.com/deedbook.v1.Problem".to_owned(),
            value: shown.encode_to_vec(),
        }],
    };
    let details = details.encode_to_vec().into();
    let mut trailers = MetadataMap::new();
    if let Ok(code) = problem.told_code().parse() {
        trailers.insert(ERROR_CODE, code);
    }
    Status::with_details_and_metadata(code, problem.detail.clone(), details, trailers)
}

/// The trailer that has the code of a refusal, as clients of the reference look for it.
const ERROR_CODE: &str = "error-code";

/// The problem that a status carries, if it does.
#[must_use]
pub fn problem_in(status: &Status) -> Option<v1::Problem> {
    let status = RichStatus::decode(status.details()).ok()?;
    let detail = status.details.into_iter().next()?;
    v1::Problem::decode(&*detail.value).ok()
}

fn issue(error: &ProblemError) -> v1::Issue {
    v1::Issue {
        pointer: error.pointer.clone(),
        code: error.code.map(str::to_owned),
        message: error.message.clone(),
        kind: error.kind.to_string(),
        severity: match error.severity {
            Severity::Error => "error".to_owned(),
            Severity::Warning => "warning".to_owned(),
        },
        hint: error.hint.clone(),
        line: error.line,
        parameter: error.parameter.clone(),
    }
}
