//! What went wrong, as the caller sees it: an error name, issues, hints and an exit status.
//!
//! Every failure of every command becomes a [`Failure`]; nothing else decides an exit status.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use deedbook_api::client::ClientError;
use deedbook_book::BookError;
use deedbook_model::Revision;
use deedbook_model::code::Code;
use deedbook_model::issue::{Issue, Severity};
use deedbook_model::mesh::MeshKey;
use deedbook_model::version_spec::VersionSpecError;
use deedbook_rules::Refusal;
use deedbook_rules::components::{LookupError, SearchError};
use deedbook_rules::placement::{PlacementError, Strategies};
use deedbook_server::StartError;
use serde::Serialize;

use crate::output::hint::shell_word;
use crate::source::Told;

/// Exit status of a usage error.
pub(crate) const USAGE: u8 = 64;

/// Why a command didn't do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line itself.
    Usage(String),
    /// One document or patch that isn't what it should be.
    Document {
        /// The file it came from.
        file: Option<String>,
        /// All that was found, warnings included.
        issues: Vec<Issue>,
    },
    /// A value on the command line or in a file that isn't what it should be.
    Invalid(String),
    /// A configuration that can't be used.
    Config(String),
    /// The rules refused a command; `file` is the document's, where there is one.
    Refused {
        /// The file it came from.
        file: Option<String>,
        /// Why.
        refusal: Refusal,
    },
    /// No component fits.
    Lookup(LookupError),
    /// Nothing of that name, and it isn't a component.
    NotFound(String),
    /// No such record of the mesh.
    NoRecord(MeshKey),
    /// A record of the mesh that was to be made is there.
    Taken(MeshKey),
    /// The command of a revision moved no shard, or none of that namespace.
    MovedNothing(Revision, Option<String>),
    /// No shard of a namespace holds a key.
    NoHolder(String),
    /// Shards can't be placed.
    Placement(PlacementError),
    /// A request to place shards names none.
    NoShards,
    /// There is no book to read.
    NoBook(PathBuf),
    /// A file that can't be read or written.
    File {
        /// Its path.
        path: PathBuf,
        /// What was being done: `read`.
        action: &'static str,
        /// The operating system's error.
        source: io::Error,
    },
    /// A file that must not be there.
    Exists(PathBuf),
    /// The book failed.
    Book(BookError),
    /// A list can't be continued: the revision that its cursor is pinned to is gone.
    CursorExpired(Revision),
    /// The server can't begin.
    Server(StartError),
    /// A server refused it.
    Told(Box<Told>),
    /// A server can't be asked.
    Client(ClientError),
    /// A watch ended before it was to.
    Interrupted(String),
    /// Output that can't be written.
    Output(io::Error),
    /// Whoever read the output went away.
    Closed,
    /// The result is printed; only the status says that it isn't all well.
    Status(u8),
    /// A value of ours that can't be printed.
    Internal(String),
}

/// A failure's name for people and programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ErrorName(pub(crate) &'static str);

/// One line of a failure: an issue of a document, or the failure itself in the same shape.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ErrorLine {
    /// A stable word.
    pub(crate) kind: Cow<'static, str>,
    /// Where in the document.
    pub(crate) pointer: String,
    /// Code of the taxonomy.
    pub(crate) code: Option<Cow<'static, str>>,
    /// Error or warning.
    pub(crate) severity: Severity,
    /// What was wrong.
    pub(crate) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// Line in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
}

impl From<&Issue> for ErrorLine {
    fn from(issue: &Issue) -> ErrorLine {
        ErrorLine {
            kind: Cow::Borrowed(issue.kind.as_str()),
            pointer: issue.pointer.clone(),
            code: issue.code.map(Cow::Borrowed),
            severity: issue.severity,
            message: issue.message.clone(),
            hint: issue.hint.clone(),
            line: issue.line,
        }
    }
}

impl Failure {
    /// Whether no component fits a key.
    pub(crate) fn is_lookup(&self) -> bool {
        match self {
            Failure::Lookup(_) => true,
            Failure::Told(told) => told.is_lookup(),
            _ => false,
        }
    }

    /// The same, of what stands in that file.
    pub(crate) fn in_file(self, label: &str) -> Failure {
        let file = Some(label.to_owned());
        match self {
            Failure::Document { issues, .. } => Failure::Document { file, issues },
            Failure::Refused { refusal, .. } => Failure::Refused { file, refusal },
            Failure::Told(mut told) if told.is_of_document() => {
                told.file = file;
                Failure::Told(told)
            }
            other => other,
        }
    }

    /// The same, of what begins on that line; an issue that has a line knows better.
    pub(crate) fn on_line(mut self, begins: Option<u32>) -> Failure {
        match &mut self {
            Failure::Document { issues, .. } => {
                issues
                    .iter_mut()
                    .for_each(|issue| issue.line = issue.line.or(begins));
            }
            Failure::Refused { refusal, .. } => {
                let issues = refusal.issues.iter_mut();
                issues.for_each(|issue| issue.line = issue.line.or(begins));
            }
            Failure::Told(told) if told.is_of_document() => {
                let lines = told.lines.iter_mut();
                lines.for_each(|issue| issue.line = issue.line.or(begins));
            }
            _ => {}
        }
        self
    }

    /// A file that can't be read.
    pub(crate) fn reading(path: &Path, source: io::Error) -> Failure {
        Failure::File {
            path: path.to_owned(),
            action: "read",
            source,
        }
    }

    /// A file that can't be written.
    pub(crate) fn writing(path: &Path, source: io::Error) -> Failure {
        Failure::File {
            path: path.to_owned(),
            action: "write",
            source,
        }
    }

    /// The code that the failure falls under; `None` where only a status or usage is at stake.
    pub(crate) fn code(&self) -> Option<Code> {
        Some(match self {
            Failure::Usage(_) | Failure::Closed | Failure::Status(_) => return None,
            Failure::Document { .. }
            | Failure::Invalid(_)
            | Failure::Config(_)
            | Failure::Placement(_)
            | Failure::NoShards => Code::Invalid,
            Failure::Refused { refusal, .. } => refusal.code,
            Failure::Lookup(_)
            | Failure::NotFound(_)
            | Failure::NoRecord(_)
            | Failure::NoHolder(_)
            | Failure::NoBook(_) => Code::NotFound,
            Failure::File { source, .. } => code_of_io(source),
            Failure::Exists(_) | Failure::Taken(_) | Failure::MovedNothing(..) => Code::Conflict,
            Failure::Book(error) => error.code(),
            Failure::CursorExpired(_) => Code::CursorExpired,
            Failure::Server(StartError::Open(_)) => Code::Denied,
            Failure::Output(_) | Failure::Interrupted(_) | Failure::Server(_) => Code::Unavailable,
            Failure::Told(told) => told.code,
            Failure::Client(ClientError::UnknownOutcome { .. }) => Code::UnknownOutcome,
            Failure::Client(_) => Code::Unavailable,
            Failure::Internal(_) => Code::Internal,
        })
    }

    /// The exit status.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Failure::Usage(_) => USAGE,
            Failure::Closed => 0,
            Failure::Status(status) => *status,
            other => other
                .code()
                .map_or(Code::Internal.exit_status(), Code::exit_status),
        }
    }

    /// The error's name.
    pub(crate) fn name(&self) -> ErrorName {
        let name = match self {
            Failure::Usage(_) => "UsageError",
            Failure::Invalid(_) => "InvalidInputError",
            Failure::Config(_) => "ConfigurationError",
            Failure::Placement(_) | Failure::NoShards => "PlacementError",
            Failure::NoBook(_) => "BookNotFoundError",
            Failure::NotFound(_)
            | Failure::NoRecord(_)
            | Failure::NoHolder(_)
            | Failure::Book(BookError::BeforeBook { .. }) => "NotFoundError",
            Failure::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "FileNotFoundError"
            }
            Failure::Told(told) => return told.name,
            Failure::Exists(_) => "FileExistsError",
            Failure::Book(BookError::Exists(_)) => "BookExistsError",
            Failure::Book(BookError::Occupied(_)) => "FileExistsError",
            Failure::Book(BookError::Future { .. }) => "InvalidInputError",
            other => return name_of(other.code().unwrap_or(Code::Internal)),
        };
        ErrorName(name)
    }

    /// What is wrong, line by line; the first says most.
    pub(crate) fn lines(&self) -> Vec<ErrorLine> {
        match self {
            Failure::Document { issues, .. } => errors_first(issues),
            Failure::Refused { refusal, .. } => errors_first(&refusal.issues),
            Failure::Book(BookError::Refused(refusals)) => refusals
                .iter()
                .flat_map(|refusal| errors_first(&refusal.issues))
                .collect(),
            Failure::Told(told) => told.lines.clone(),
            other => vec![other.own_line()],
        }
    }

    /// The file that the issues belong to.
    pub(crate) fn file(&self) -> Option<&str> {
        match self {
            Failure::Document { file, .. } | Failure::Refused { file, .. } => file.as_deref(),
            Failure::Told(told) => told.file.as_deref(),
            _ => None,
        }
    }

    /// `name@version` along a cycle.
    pub(crate) fn cycle(&self) -> Option<&[String]> {
        match self {
            Failure::Refused { refusal, .. } => refusal.cycle.as_deref(),
            Failure::Told(told) => told.cycle.as_deref(),
            Failure::Book(BookError::Refused(refusals)) => {
                refusals.iter().find_map(|refusal| refusal.cycle.as_deref())
            }
            _ => None,
        }
    }

    fn own_line(&self) -> ErrorLine {
        let kind = match self {
            Failure::Usage(_) => "usage",
            other => other.code().map_or("", Code::as_str),
        };
        ErrorLine {
            kind: Cow::Borrowed(kind),
            pointer: String::new(),
            code: self.taxonomy().map(Cow::Borrowed),
            severity: Severity::Error,
            message: self.message(),
            hint: self.hint(),
            line: None,
        }
    }

    fn taxonomy(&self) -> Option<&'static str> {
        match self {
            Failure::Placement(error) => Some(error.code()),
            Failure::NoShards => Some("shards.hashing.shards_missing"),
            Failure::Lookup(LookupError::Unknown { .. }) => Some("RG001"),
            Failure::Lookup(LookupError::NoVersion { .. }) => Some("RG008"),
            Failure::File { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Some("FS001"),
                io::ErrorKind::PermissionDenied => Some("FS003"),
                _ => None,
            },
            _ => None,
        }
    }

    fn message(&self) -> String {
        match self {
            Failure::Usage(message)
            | Failure::Invalid(message)
            | Failure::Config(message)
            | Failure::NotFound(message)
            | Failure::Interrupted(message)
            | Failure::Internal(message) => message.clone(),
            Failure::Lookup(error) => error.to_string(),
            Failure::Placement(error) => error.to_string(),
            Failure::NoHolder(namespace) => format!("no shard of {namespace} holds that key"),
            Failure::MovedNothing(revision, None) => {
                format!("the command of revision {revision} moved no shard")
            }
            Failure::MovedNothing(revision, Some(namespace)) => {
                format!("the command of revision {revision} moved no shard of {namespace}")
            }
            Failure::NoShards => "the request has no list of shards".to_owned(),
            Failure::NoRecord(key) => format!("no {} {key}", key.kind()),
            Failure::Taken(key) => format!("{} {key} is there already", key.kind()),
            Failure::NoBook(folder) => format!("there is no book at {}", folder.display()),
            Failure::File {
                path,
                action,
                source,
            } => format!("can't {action} {}: {source}", path.display()),
            Failure::Exists(path) => format!("{} exists already", path.display()),
            Failure::Book(error) => with_causes(error),
            Failure::Server(error) => with_causes(error),
            Failure::CursorExpired(revision) => {
                format!("the list began at revision {revision}, which is no longer kept")
            }
            Failure::Output(error) => format!("can't write the output: {error}"),
            Failure::Client(error) => error.to_string(),
            Failure::Document { .. } | Failure::Refused { .. } | Failure::Told(_) => String::new(),
            Failure::Closed | Failure::Status(_) => String::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Failure::Usage(_) => None,
            Failure::Lookup(LookupError::Unknown { .. }) => {
                Some("`deedbook registry ls` lists what there is".to_owned())
            }
            Failure::Lookup(LookupError::NoVersion { key, .. }) => Some(format!(
                "`deedbook registry versions {key}` lists what there is"
            )),
            Failure::NoBook(_) => Some(
                "`deedbook registry add FILE` or `deedbook mesh import FILE` makes one here; \
                 --data names one elsewhere"
                    .to_owned(),
            ),
            Failure::Placement(PlacementError::UnknownStrategy(_)) => {
                let known = Strategies::default();
                let known: Vec<&str> = known.ids().collect();
                Some(format!("there are {}", known.join(", ")))
            }
            Failure::MovedNothing(..) => {
                Some("`deedbook log --kind shard` lists what was done".to_owned())
            }
            Failure::NoHolder(namespace) => Some(format!(
                "only shards with --keys or --hashes hold keys: `deedbook shard ls -n {}`",
                shell_word(namespace)
            )),
            Failure::NoShards => Some("an empty list is one: `\"shards\": []`".to_owned()),
            Failure::NoRecord(key) => {
                let kind = key.kind();
                Some(format!("`deedbook {kind} ls` lists what there is"))
            }
            Failure::Taken(key) => Some(format!(
                "`deedbook {} set {}` changes it; with --replace this takes its place",
                key.kind(),
                shell_word(&key.to_string())
            )),
            Failure::Exists(_) => Some("choose another name".to_owned()),
            Failure::Book(BookError::Future { .. }) => {
                Some("leave the revision out for the newest state".to_owned())
            }
            Failure::Book(error) => error.hint(),
            Failure::Server(StartError::Open(_)) => Some(
                "make a token first (`deedbook token create`), or listen on 127.0.0.1".to_owned(),
            ),
            Failure::Server(StartError::Listen { .. }) => Some(
                "--listen names another address; port 0 lets the operating system choose"
                    .to_owned(),
            ),
            Failure::CursorExpired(_) => Some(Code::CursorExpired.advice().to_owned()),
            Failure::Client(error) => hint_of(error),
            Failure::Internal(_) => Some(Code::Internal.advice().to_owned()),
            _ => None,
        }
    }
}

/// What to do where a server can't be asked.
fn hint_of(error: &ClientError) -> Option<String> {
    let hint = match error {
        ClientError::Connect { .. } => {
            "`deedbook serve` starts a server; --url or DEEDBOOK_URL names another"
        }
        ClientError::Tls { .. } => {
            "--ca-file names the certificate of an authority that isn't the system's"
        }
        ClientError::UnknownOutcome { .. } => Code::UnknownOutcome.advice(),
        ClientError::Foreign { .. } => "check the URL; `curl -s URL/version` says what is there",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// The name of failures of a code.
pub(crate) fn name_of(code: Code) -> ErrorName {
    ErrorName(match code {
        Code::Invalid | Code::TooLarge | Code::BadMediaType | Code::BadMethod => {
            "MetadataValidationError"
        }
        Code::KeyReused => "IdempotencyKeyError",
        Code::NotFound => "ComponentNotFoundError",
        Code::Conflict | Code::PreconditionFailed | Code::InUse => "RegistryConflictError",
        Code::Denied | Code::Unauthenticated => "CapabilityError",
        Code::Unavailable | Code::RateLimited | Code::Timeout => "RegistryUnavailableError",
        Code::UnknownOutcome => "UnknownOutcomeError",
        Code::Integrity => "IntegrityError",
        Code::Compacted => "CompactedError",
        Code::CursorExpired => "CursorExpiredError",
        Code::Internal => "InternalError",
    })
}

fn code_of_io(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Code::NotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Code::Denied,
        io::ErrorKind::AlreadyExists => Code::Conflict,
        io::ErrorKind::IsADirectory | io::ErrorKind::InvalidData => Code::Invalid,
        _ => Code::Unavailable,
    }
}

fn errors_first(issues: &[Issue]) -> Vec<ErrorLine> {
    let errors = issues.iter().filter(|issue| issue.is_error());
    let warnings = issues.iter().filter(|issue| !issue.is_error());
    errors.chain(warnings).map(ErrorLine::from).collect()
}

/// An error and what caused it, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl From<BookError> for Failure {
    fn from(error: BookError) -> Failure {
        match error {
            // One refused write is told like any other refusal.
            BookError::Refused(mut refusals) if refusals.len() == 1 => match refusals.pop() {
                Some(refusal) => Failure::Refused {
                    file: None,
                    refusal,
                },
                None => Failure::Book(BookError::Refused(refusals)),
            },
            other => Failure::Book(other),
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Failure {
        Failure::Server(error)
    }
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Failure {
        Failure::Lookup(error)
    }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Failure {
        Failure::Invalid(error.to_string())
    }
}

impl From<VersionSpecError> for Failure {
    fn from(error: VersionSpecError) -> Failure {
        let issue = Issue::error(error.kind(), "/version_spec", error.to_string());
        Failure::Document {
            file: None,
            issues: vec![issue.with_hint("such as `1.2.3`, `^1.2`, `>=1.1,<2` or `latest`")],
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        Failure::Internal(format!("stored bytes aren't JSON: {error}"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::Output(error),
        }
    }
}
