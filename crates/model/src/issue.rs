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
    /// Others point to what should be removed.
    InUse,
    /// Whoever asks may not do that.
    Denied,
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

impl IssueKind {
    /// The word that programs compare: the kind in snake case, as it serialises.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Encoding => "encoding",
            Self::LimitExceeded => "limit_exceeded",
            Self::DuplicateKey => "duplicate_key",
            Self::MissingBlock => "missing_block",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::InvalidValue => "invalid_value",
            Self::OutOfRange => "out_of_range",
            Self::InvalidFormat => "invalid_format",
            Self::UnsupportedVersion => "unsupported_version",
            Self::HashMismatch => "hash_mismatch",
            Self::LifecycleRule => "lifecycle_rule",
            Self::SelfDependency => "self_dependency",
            Self::ImmutableField => "immutable_field",
            Self::Conflict => "conflict",
            Self::NotFound => "not_found",
            Self::DependencyCycle => "dependency_cycle",
            Self::RevisionConflict => "revision_conflict",
            Self::InUse => "in_use",
            Self::Denied => "denied",
            Self::AssumedVersion => "assumed_version",
            Self::LegacyValue => "legacy_value",
            Self::PlaceholderHash => "placeholder_hash",
            Self::UnknownField => "unknown_field",
            Self::MissingDependency => "missing_dependency",
        }
    }

    /// The taxonomy's code for this kind at `pointer`, or `None` where the taxonomy has none.
    ///
    /// Some kinds have a code of their own for some members: a malformed uuid is `MD004`, any
    /// other malformed text `SC007`. (`not_found` of a version whose name exists is `RG008`,
    /// which only the caller can tell.)
    pub fn code_at(self, pointer: &str) -> Option<&'static str> {
        let code = match self {
            Self::Syntax | Self::DuplicateKey => "SC001",
            Self::Encoding => "FS009",
            Self::LimitExceeded => "FS005",
            Self::MissingBlock => "MD001",
            Self::MissingField => "SC003",
            Self::WrongType => "SC004",
            Self::InvalidValue => match pointer {
                "/lifecycle" => "LC001",
                _ if names_uuid(pointer) => "MD004",
                _ => "SC005",
            },
            Self::OutOfRange => "SC006",
            Self::InvalidFormat => match pointer {
                "/version" => "MD007",
                "/namespace" => "MD008",
                "/created_at" | "/last_modified_at" | "/registered_at" => "MD005",
                _ if names_uuid(pointer) => "MD004",
                _ => "SC007",
            },
            Self::UnsupportedVersion => "MD010",
            Self::HashMismatch => "MD003",
            Self::LifecycleRule => match pointer {
                "/deprecated_by" => "LC005",
                "/archived_reason" => "LC006",
                _ => "LC003",
            },
            Self::SelfDependency | Self::DependencyCycle => "RG006",
            Self::ImmutableField => "SC007",
            Self::Conflict => match pointer {
                "/type" | "/x-extensions" => "SC002",
                "/uuid" => "MD009",
                _ => "RG002",
            },
            Self::NotFound => "RG001",
            Self::UnknownField => "SC010",
            Self::MissingDependency => "RG007",
            Self::RevisionConflict
            | Self::InUse
            | Self::Denied
            | Self::AssumedVersion
            | Self::LegacyValue
            | Self::PlaceholderHash => return None,
        };
        Some(code)
    }
}

/// Whether the member a pointer leads to is a uuid of the component model.
fn names_uuid(pointer: &str) -> bool {
    pointer == "/parent_id" || pointer.ends_with("/uuid")
}

impl Issue {
    /// An error at `pointer`, with the taxonomy's code for it.
    pub fn error(kind: IssueKind, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, kind, pointer.into(), message.into())
    }

    /// A warning at `pointer`, with the taxonomy's code for it.
    pub fn warning(
        kind: IssueKind,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Warning, kind, pointer.into(), message.into())
    }

    fn new(severity: Severity, kind: IssueKind, pointer: String, message: String) -> Self {
        Self {
            kind,
            code: kind.code_at(&pointer),
            pointer,
            severity,
            message,
            hint: None,
            line: None,
        }
    }

    /// The same issue with what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same issue with the 1-based line it stands on, if known.
    #[must_use]
    pub fn at_line(mut self, line: Option<u32>) -> Self {
        self.line = line;
        self
    }

    /// The same issue under another code of the taxonomy.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Whether this one refuses the document.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl std::fmt::Display for Issue {
    /// `<pointer> <message> [<code>]`, without what is absent.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "{} ", self.pointer)?;
        }
        f.write_str(&self.message)?;
        match self.code {
            Some(code) => write!(f, " [{code}]"),
            None => Ok(()),
        }
    }
}

/// Appends one member name or index to an RFC 6901 pointer.
pub fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    for c in segment.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}
