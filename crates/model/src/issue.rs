//! What is wrong with a document: one [`Issue`] for each fault, all of a document at once.

use serde::Serialize;

/// How much an issue matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document is refused.
    Error,
    /// The document is taken; somebody should look.
    Warning,
}

/// The kind of an issue: a stable word that programs compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueKind {
    /// Not well-formed JSON or YAML.
    Syntax,
    /// Not UTF-8.
    Encoding,
    /// Larger, deeper or longer than allowed.
    LimitExceeded,
    /// A member occurs twice in one object.
    DuplicateKey,
    /// A file that should hold a metadata block holds none.
    MissingBlock,
    /// A required member is absent.
    MissingField,
    /// A value of another JSON type than asked for.
    WrongType,
    /// Not one of the allowed values.
    InvalidValue,
    /// Too small, too large, too long or too many.
    OutOfRange,
    /// Text that doesn't have the required form.
    InvalidFormat,
    /// A `metadata_version` that this reader doesn't read.
    UnsupportedVersion,
    /// The document's hash isn't that of its content.
    HashMismatch,
    /// A lifecycle transition or state whose demands aren't met.
    LifecycleRule,
    /// A component that depends on itself.
    SelfDependency,
    /// A patch of a member that never changes.
    ImmutableField,
    /// Something else already has this identity.
    Conflict,
    /// No such component or version.
    NotFound,
    /// Dependencies that lead back to their start.
    DependencyCycle,
    /// The record is at another generation than expected.
    RevisionConflict,
    /// The version of the metadata was assumed.
    AssumedVersion,
    /// An older word that was read as its successor.
    LegacyValue,
    /// A placeholder instead of a hash.
    PlaceholderHash,
    /// A member that this version doesn't know; it is kept.
    UnknownField,
    /// A dependency that nothing in the book answers to.
    MissingDependency,
}

/// One fault, or one thing worth a look, in a document.
///
/// Serialises as `{kind, pointer, code, severity, message, hint?, line?}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// What kind of fault.
    pub kind: IssueKind,
    /// RFC 6901 pointer into the document; `""` is the document itself.
    pub pointer: String,
    /// Code of the taxonomy (`SC003`), where it has one.
    pub code: Option<&'static str>,
    /// Error or warning.
    pub severity: Severity,
    /// A lower-case fragment: what was wrong, with the offending value shortened.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// 1-based line in the file, where the document came from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}
