//! What can go wrong with a log, as far as a caller can act on it.

use std::fmt;
use std::path::PathBuf;

use deedbook_model::Revision;

/// The part of a log whose bytes aren't what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The batch that holds this revision.
    Revision(Revision),
    /// The snapshot at this revision.
    Snapshot(Revision),
    /// A file of the data folder.
    File(PathBuf),
    /// An artifact, by its id.
    Artifact(String),
    /// A mark, by its name.
    Mark(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Revision(revision) => write!(f, "revision {revision}"),
            Part::Snapshot(revision) => write!(f, "the snapshot at revision {revision}"),
            Part::File(path) => write!(f, "{}", path.display()),
            Part::Artifact(id) => write!(f, "artifact {id}"),
            Part::Mark(name) => write!(f, "mark {name}"),
        }
    }
}

/// Why a log refused, as far as a caller can act on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// There is no log at that place.
    #[error("no book at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The operating system doesn't let this user read or write it.
    #[error("may not {action} {}: {reason}", path.display())]
    Denied {
        /// `read`, `write` or `create`.
        action: &'static str,
        /// What may not be touched.
        path: PathBuf,
        /// Why, as far as is known.
        reason: String,
    },
    /// It was opened for reading only.
    #[error("the book was opened for reading only")]
    ReadOnly,
    /// Another process writes to it.
    #[error("another process writes to this book: {holder}")]
    Held {
        /// The process as it names itself: pid, program, user.
        holder: String,
    },
    /// The disk is full. Nothing was changed.
    #[error("the disk is full")]
    Full,
    /// Stored bytes aren't what was written.
    #[error("{part}: {message}")]
    Damaged {
        /// Where.
        part: Part,
        /// What doesn't fit.
        message: String,
        /// A way out, for the person who reads it.
        hint: Option<String>,
    },
    /// It is sound, but of a format from a later release.
    #[error("{part} has format {format}, which needs Deedbook {since} or later")]
    NewerFormat {
        /// Where.
        part: Part,
        /// The format found.
        format: u32,
        /// The lowest release that would do.
        since: String,
    },
    /// That revision lies below the floor.
    #[error("revision {wanted} is below the floor {floor}")]
    Compacted {
        /// What was asked for.
        wanted: Revision,
        /// The oldest revision still readable.
        floor: Revision,
    },
    /// A batch that doesn't follow the head it names: a fault of the caller.
    #[error("the batch doesn't follow the expected head")]
    NotNext,
    /// The engine failed and nothing was changed.
    #[error("{action}")]
    Failed {
        /// What was being done.
        action: &'static str,
        /// The engine's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The engine failed and nobody knows whether the write happened.
    #[error("{action}: unknown outcome")]
    Unknown {
        /// What was being done.
        action: &'static str,
        /// The engine's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl LogError {
    pub(crate) fn damaged(part: Part, message: impl Into<String>) -> LogError {
        LogError::Damaged {
            part,
            message: message.into(),
            hint: None,
        }
    }
}
