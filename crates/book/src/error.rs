//! What a book refuses, as far as a caller can act on it.

use std::io::ErrorKind;

use deedbook_log::{LogError, Part};
use deedbook_model::batch::BatchError;
use deedbook_model::code::Code;
use deedbook_model::snapshot::SnapshotError;
use deedbook_model::{Revision, Timestamp};
use deedbook_rules::Refusal;

/// Why a book didn't do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// The rules refused the command. Nothing of it was done.
    #[error("{}", first_message(.0))]
    Refused(Vec<Refusal>),
    /// The log refused or failed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Folding the log gives another state than its writer had.
    #[error("revision {revision}: folding the log gives another state than its writer had")]
    Divergent {
        /// Last revision of the first batch that doesn't fit.
        revision: Revision,
    },
    /// A revision that the book hasn't reached.
    #[error("revision {wanted} is not there yet; the book is at {head}")]
    Future {
        /// What was asked for.
        wanted: Revision,
        /// The book's revision.
        head: Revision,
    },
    /// The change that was asked for was compacted away.
    #[error("the change at revision {revision} was compacted away; changes are kept after {floor}")]
    Forgotten {
        /// Its revision.
        revision: Revision,
        /// The floor.
        floor: Revision,
    },
    /// The command was done before, under its idempotency key, and what it did was compacted away.
    #[error(
        "the command was done before, at revisions {first} to {last}; \
         what it did was compacted away, changes are kept after {floor}"
    )]
    DoneBefore {
        /// Revision of its first change.
        first: Revision,
        /// Revision of its last change.
        last: Revision,
        /// The floor.
        floor: Revision,
    },
    /// An instant before the oldest revision still readable.
    #[error("nothing is kept from before {oldest}")]
    BeforeTime {
        /// Stamp of the oldest change still readable.
        oldest: Timestamp,
    },
    /// An instant before the book's first change.
    #[error("the book began at {began}; there is nothing from before")]
    BeforeBook {
        /// Stamp of the first change.
        began: Timestamp,
    },
    /// The command may or may not have been committed.
    #[error("nobody knows whether the command was committed")]
    UnknownOutcome,
    /// As many commands wait as may wait; nothing was done.
    #[error("too many commands are waiting to be written")]
    Busy,
    /// The book was closed.
    #[error("the book is closed")]
    Closed,
    /// Bytes that are no backup, or a damaged one.
    #[error("not a sound backup: {0}")]
    Backup(String),
    /// There is a book already.
    #[error("there is a book already at {}", .0.display())]
    Exists(std::path::PathBuf),
    /// Something that is no book stands where one is to be.
    #[error("{} isn't an empty folder; a book is restored into one of its own", .0.display())]
    Occupied(std::path::PathBuf),
    /// Reading or writing a stream failed.
    #[error("{action}")]
    Stream {
        /// What was being done.
        action: &'static str,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The projection failed; the book itself is fine.
    #[error("the projection failed")]
    Projection(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn first_message(refusals: &[Refusal]) -> String {
    let issue = refusals.iter().flat_map(|refusal| &refusal.issues).next();
    issue.map(|issue| issue.message.clone()).unwrap_or_default()
}

impl BookError {
    /// The code that programs act on.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            BookError::Refused(refusals) => refusals.first().map_or(Code::Invalid, |r| r.code),
            BookError::Log(error) => code_of(error),
            BookError::Divergent { .. } | BookError::Backup(_) => Code::Integrity,
            BookError::Future { .. } => Code::Invalid,
            BookError::Forgotten { .. }
            | BookError::DoneBefore { .. }
            | BookError::BeforeTime { .. } => Code::Compacted,
            BookError::BeforeBook { .. } => Code::NotFound,
            BookError::UnknownOutcome => Code::UnknownOutcome,
            BookError::Stream { source, .. } if source.kind() == ErrorKind::PermissionDenied => {
                Code::Denied
            }
            BookError::Busy
            | BookError::Closed
            | BookError::Stream { .. }
            | BookError::Projection(_) => Code::Unavailable,
            BookError::Exists(_) | BookError::Occupied(_) => Code::Conflict,
        }
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            BookError::Refused(refusals) => refusals
                .iter()
                .flat_map(|r| &r.issues)
                .find_map(|issue| issue.hint.clone()),
            BookError::Log(LogError::Damaged {
                hint: Some(hint), ..
            }) => Some(hint.clone()),
            BookError::Log(LogError::Missing { .. }) => {
                Some("a writing command makes one, such as `deedbook registry add FILE`".to_owned())
            }
            BookError::Log(LogError::NewerFormat { since, .. }) => {
                Some(format!("use Deedbook {since} or later"))
            }
            BookError::DoneBefore { .. } => {
                Some("nothing is left to do; read the record for what it says now".to_owned())
            }
            BookError::BeforeBook { .. } => Some("ask for that time or a later one".to_owned()),
            BookError::Exists(_) | BookError::Occupied(_) => {
                Some("restore into another folder with --data".to_owned())
            }
            BookError::Backup(_) => Some(
                "nothing was changed here; use another backup, or fetch this one anew".to_owned(),
            ),
            other => Some(other.code().advice().to_owned()),
        }
    }

    /// The same answer for another caller: several wait for one append.
    pub(crate) fn again(&self) -> BookError {
        match self {
            BookError::Log(LogError::Full) => BookError::Log(LogError::Full),
            BookError::Log(LogError::ReadOnly) => BookError::Log(LogError::ReadOnly),
            BookError::Log(LogError::Damaged {
                part,
                message,
                hint,
            }) => BookError::Log(LogError::Damaged {
                part: part.clone(),
                message: message.clone(),
                hint: hint.clone(),
            }),
            BookError::UnknownOutcome => BookError::UnknownOutcome,
            BookError::Closed => BookError::Closed,
            BookError::Divergent { revision } => BookError::Divergent {
                revision: *revision,
            },
            other => BookError::Log(LogError::Failed {
                action: "append to the log",
                source: chain_text(other).into(),
            }),
        }
    }

    pub(crate) fn damaged(part: Part, message: impl Into<String>) -> BookError {
        BookError::Log(LogError::Damaged {
            part,
            message: message.into(),
            hint: None,
        })
    }
}

/// An error with its causes, for those who can't have the error itself.
fn chain_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn code_of(error: &LogError) -> Code {
    match error {
        LogError::Missing { .. } => Code::NotFound,
        LogError::Denied { .. } | LogError::ReadOnly => Code::Denied,
        LogError::Damaged { .. } => Code::Integrity,
        LogError::Compacted { .. } => Code::Compacted,
        LogError::Unknown { .. } => Code::UnknownOutcome,
        LogError::NotNext => Code::Internal,
        // Held, full, failed, newer format, and what a later engine may add.
        _ => Code::Unavailable,
    }
}

impl From<BatchError> for BookError {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Damaged { revision, what } => {
                BookError::damaged(Part::Revision(revision), what)
            }
            BatchError::NewerFormat {
                revision,
                format,
                since,
            } => BookError::Log(LogError::NewerFormat {
                part: Part::Revision(revision),
                format,
                since,
            }),
        }
    }
}

/// The error of a snapshot's part.
pub(crate) fn snapshot_error(revision: Revision, error: SnapshotError) -> BookError {
    let part = Part::Snapshot(revision);
    match error {
        SnapshotError::Damaged(what) => BookError::damaged(part, what),
        SnapshotError::NewerFormat { format, since } => BookError::Log(LogError::NewerFormat {
            part,
            format,
            since,
        }),
    }
}
