//! The shapes of the reference's shard control plane, and their encodings.

pub mod cli;
mod convert;
mod cursor;
mod filter;
mod json;
mod offset_time;
pub mod parameters;
mod shapes;
mod sse;
mod status_number;
mod stored;
pub mod wire;

pub use convert::{HistoryDetail, WireError};
pub use cursor::{Cursor, CursorError};
pub use filter::{Candidate, Filter};
pub use json::{FromJson, JsonMode, ProblemBody, ReadError, ToJson, error_body};
pub use offset_time::OffsetTime;
pub use shapes::{
    Assignment, Change, Diff, DiffEntry, History, ShardList, SimulateNode, SimulateRequest,
    SimulateResponse, StreamError, Summary,
};
pub use sse::{KEEP_ALIVE, PREAMBLE, push_diff_frame, push_error_frame};
pub use status_number::StatusNumber;

#[cfg(test)]
mod convert_test;
#[cfg(test)]
mod json_test;
