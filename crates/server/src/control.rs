//! The reference's shard control plane: what its routes and calls share.

pub(crate) mod asked;
pub(crate) mod refusal;
pub(crate) mod scope;
pub(crate) mod sight;

use deedbook_api::problem::{ControlRefusal, Problem};
use deedbook_model::Revision;
use deedbook_model::code::Code;

/// A refusal by a code of the reference.
pub(crate) fn coded(
    code: Code,
    name: &'static str,
    detail: impl Into<String>,
    metadata: Vec<(&'static str, String)>,
) -> Problem {
    Problem::new(code, detail).with_control(ControlRefusal::Coded {
        code: name,
        metadata,
    })
}

/// Changes after a position were asked for, and some of them are no longer kept.
pub(crate) fn compacted(position: i64, floor: Revision) -> Problem {
    let detail = format!(
        "the changes up to position {floor} are no longer kept; list the shards, then go on from \
         the version of the list"
    );
    let metadata = vec![
        ("position", position.to_string()),
        ("floor", floor.to_string()),
    ];
    coded(Code::Compacted, COMPACTED, detail, metadata)
}

/// The code of changes that are no longer kept.
pub(crate) const COMPACTED: &str = "shards.control.position.compacted";

/// The code of a position that the book hasn't come to.
pub(crate) const UNKNOWN_POSITION: &str = "shards.control.position.unknown";

/// A revision as the reference writes positions.
pub(crate) fn position_of(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX)
}
