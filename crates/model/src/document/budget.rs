//! How much a document may hold, counted while it is read.

use crate::issue::{Issue, IssueKind};

/// Bytes of the text, and of all text in the expanded tree.
pub(crate) const MAX_BYTES: usize = 256 * 1024;
/// Lists and objects within each other; the document itself is the first.
pub(crate) const MAX_DEPTH: usize = 32;
/// Values of all kinds, member names not counted.
pub(crate) const MAX_NODES: usize = 20_000;

/// What is left to spend on one document.
#[derive(Debug)]
pub(super) struct Budget {
    nodes: usize,
    bytes: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            nodes: MAX_NODES,
            bytes: MAX_BYTES,
        }
    }

    /// Takes `nodes` values with `bytes` of text between them.
    pub(super) fn spend(&mut self, nodes: usize, bytes: usize) -> Result<(), Issue> {
        self.nodes = self
            .nodes
            .checked_sub(nodes)
            .ok_or_else(|| too_large("the number of values", "20 000"))?;
        self.bytes = self
            .bytes
            .checked_sub(bytes)
            .ok_or_else(|| too_large("the text behind the aliases", "256 KiB"))?;
        Ok(())
    }
}

/// Refuses more levels than allowed; `depth` counts the containers around and including one.
pub(super) fn check_depth(depth: usize) -> Result<(), Issue> {
    if depth > MAX_DEPTH {
        return Err(too_large("the nesting", "32 levels"));
    }
    Ok(())
}

pub(crate) fn too_large(what: &str, limit: &str) -> Issue {
    Issue::error(
        IssueKind::LimitExceeded,
        "",
        format!("{what} exceeds {limit}"),
    )
    .with_hint(format!("a document may have at most {limit} of it"))
}
