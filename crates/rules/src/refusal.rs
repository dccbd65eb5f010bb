//! Why a command was refused.

use deedbook_model::code::Code;
use deedbook_model::issue::{Issue, IssueKind, Severity};

/// Why one write of a command can't be done. Nothing of the command was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Which write of the command, from 0.
    pub write: usize,
    /// What a program acts on.
    pub code: Code,
    /// Every fault that was found.
    pub issues: Vec<Issue>,
    /// `name@version` along the cycle that the write would close.
    pub cycle: Option<Vec<String>>,
}

impl Refusal {
    /// A refusal with those faults; the code follows from the first error.
    #[must_use]
    pub fn of(write: usize, issues: Vec<Issue>) -> Refusal {
        let first = issues
            .iter()
            .find(|issue| issue.severity == Severity::Error);
        Refusal {
            write,
            code: match first {
                // A document at odds with itself, not with the book.
                Some(Issue {
                    code: Some("SC002"),
                    ..
                })
                | None => Code::Invalid,
                Some(issue) => code_of(issue.kind),
            },
            issues,
            cycle: None,
        }
    }
}

/// The code of a refusal for such a fault.
#[must_use]
pub fn code_of(kind: IssueKind) -> Code {
    match kind {
        IssueKind::NotFound => Code::NotFound,
        IssueKind::Denied => Code::Denied,
        IssueKind::InUse => Code::InUse,
        IssueKind::Conflict | IssueKind::DependencyCycle | IssueKind::RevisionConflict => {
            Code::Conflict
        }
        IssueKind::Syntax
        | IssueKind::Encoding
        | IssueKind::LimitExceeded
        | IssueKind::DuplicateKey
        | IssueKind::MissingBlock
        | IssueKind::MissingField
        | IssueKind::WrongType
        | IssueKind::InvalidValue
        | IssueKind::OutOfRange
        | IssueKind::InvalidFormat
        | IssueKind::UnsupportedVersion
        | IssueKind::HashMismatch
        | IssueKind::LifecycleRule
        | IssueKind::SelfDependency
        | IssueKind::ImmutableField
        | IssueKind::AssumedVersion
        | IssueKind::LegacyValue
        | IssueKind::PlaceholderHash
        | IssueKind::UnknownField
        | IssueKind::MissingDependency => Code::Invalid,
    }
}
