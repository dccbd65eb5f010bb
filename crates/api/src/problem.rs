//! Refusals as RFC 9457 problems, and the HTTP status of each code.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use deedbook_model::code::Code;
use deedbook_model::issue::{Issue, Severity};
use deedbook_rules::Refusal;
use serde::Serialize;

/// Media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The HTTP status of a code.
#[must_use]
pub fn status_of(code: Code) -> u16 {
    match code {
        Code::Invalid => 400,
        Code::Unauthenticated => 401,
        Code::Denied => 403,
        Code::NotFound => 404,
        Code::BadMethod => 405,
        Code::Timeout => 408,
        Code::Conflict | Code::InUse => 409,
        Code::Compacted | Code::CursorExpired => 410,
        Code::PreconditionFailed => 412,
        Code::TooLarge => 413,
        Code::BadMediaType => 415,
        Code::KeyReused => 422,
        Code::RateLimited => 429,
        Code::Integrity | Code::Internal => 500,
        Code::Unavailable | Code::UnknownOutcome => 503,
    }
}

/// Why a request was refused. Small to hand around: most requests aren't.
#[derive(Clone, Debug)]
pub struct Problem(Box<ProblemDetails>);

/// How a refusal is told on the routes of the reference's control plane, in its own words.
#[derive(Clone, Debug)]
pub enum ControlRefusal {
    /// By a code of its own, and what else is said by name.
    Coded {
        /// The code.
        code: &'static str,
        /// What else is said.
        metadata: Vec<(&'static str, String)>,
    },
    /// By a text alone: the request can't be read.
    Unreadable,
    /// By the status alone: no scope is enough.
    Scope,
}

/// What a problem says, for programs and people.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDetails {
    /// `urn:deedbook:problem:CODE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the code means.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What programs compare.
    #[serde(serialize_with = "code_text")]
    pub code: Code,
    /// What was wrong here.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Every fault that was found.
    pub errors: Vec<ProblemError>,
    /// `name@version` along the cycle that a write would close.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle: Option<Vec<String>>,
    /// The request's id, to ask for in the server's log.
    pub request_id: String,
    /// For the server's log alone.
    #[serde(skip)]
    pub cause: Option<String>,
    /// After how many seconds it is worth another try; for a header.
    #[serde(skip)]
    pub retry_after: Option<u32>,
    /// How the reference would tell it.
    #[serde(skip)]
    pub control: Option<ControlRefusal>,
}

/// One fault.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemError {
    /// RFC 6901 pointer into the request's content.
    pub pointer: String,
    /// The parameter or header that is at fault, instead of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Code of the taxonomy (`SC003`), where it has one.
    pub code: Option<&'static str>,
    /// What was wrong.
    pub message: String,
    /// What kind of fault: a stable word.
    pub kind: Cow<'static, str>,
    /// Error or warning.
    pub severity: Severity,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Line of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

fn code_text<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

fn kind_of(code: Code) -> String {
    format!("urn:deedbook:problem:{}", code.as_str())
}

impl Deref for Problem {
    type Target = ProblemDetails;

    fn deref(&self) -> &ProblemDetails {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut ProblemDetails {
        &mut self.0
    }
}

impl From<Issue> for ProblemError {
    fn from(issue: Issue) -> ProblemError {
        ProblemError {
            pointer: issue.pointer,
            parameter: None,
            code: issue.code,
            message: issue.message,
            kind: Cow::Borrowed(issue.kind.as_str()),
            severity: issue.severity,
            hint: issue.hint,
            line: issue.line,
        }
    }
}

impl Problem {
    /// A problem of that code.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Problem {
        Problem(Box::new(ProblemDetails {
            kind: kind_of(code),
            title: code.meaning(),
            status: status_of(code),
            code,
            detail: detail.into(),
            hint: None,
            errors: Vec::new(),
            cycle: None,
            request_id: String::new(),
            cause: None,
            retry_after: None,
            control: None,
        }))
    }

    /// A parameter or header that isn't what it should be.
    #[must_use]
    pub fn parameter(name: &str, message: impl Into<String>) -> Problem {
        let message = message.into();
        let mut problem = Problem::new(Code::Invalid, format!("`{name}`: {message}"));
        problem.errors.push(ProblemError {
            pointer: String::new(),
            parameter: Some(name.to_owned()),
            code: None,
            message,
            kind: Cow::Borrowed("invalid_parameter"),
            severity: Severity::Error,
            hint: None,
            line: None,
        });
        problem
    }

    /// A document that isn't what it should be, with all that was found.
    #[must_use]
    pub fn document(issues: Vec<Issue>) -> Problem {
        let (errors, warnings): (Vec<_>, Vec<_>) = issues.into_iter().partition(Issue::is_error);
        Problem::new(Code::Invalid, summary(&errors))
            .with_issues(errors.into_iter().chain(warnings))
    }

    /// The refusals of a command. `place` says where in the request's content a write's document
    /// is; `""` where it is the content itself.
    #[must_use]
    pub fn refused(refusals: Vec<Refusal>, place: impl Fn(usize) -> String) -> Problem {
        let code = refusals.first().map_or(Code::Internal, |first| first.code);
        let errors = refusals
            .iter()
            .flat_map(|refusal| refusal.issues.iter().filter(|issue| issue.is_error()));
        let mut problem = Problem::new(code, summary(&errors.cloned().collect::<Vec<_>>()));
        for Refusal {
            write,
            issues,
            cycle,
            ..
        } in refusals
        {
            if problem.cycle.is_none() {
                problem.cycle = cycle;
            }
            let prefix = place(write);
            problem = problem.with_issues(issues.into_iter().map(|issue| Issue {
                pointer: format!("{prefix}{}", issue.pointer),
                ..issue
            }));
        }
        problem
    }

    /// The same problem with these faults as well.
    #[must_use]
    pub fn with_issues(mut self, issues: impl IntoIterator<Item = Issue>) -> Problem {
        self.errors
            .extend(issues.into_iter().map(ProblemError::from));
        self
    }

    /// The same problem with what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// The same problem under another status, where a code has several (413, 414).
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Problem {
        self.status = status;
        self
    }

    /// The same problem, told so on the routes of the reference's control plane.
    #[must_use]
    pub fn with_control(mut self, control: ControlRefusal) -> Problem {
        self.control = Some(control);
        self
    }

    /// The same problem of another code, where the way of asking makes the difference.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> Problem {
        self.kind = kind_of(code);
        (self.title, self.status, self.code) = (code.meaning(), status_of(code), code);
        self
    }

    /// Its code as the reference has it, where it has one; otherwise its own.
    #[must_use]
    pub fn told_code(&self) -> &'static str {
        match &self.control {
            Some(ControlRefusal::Coded { code, .. }) => code,
            Some(ControlRefusal::Unreadable | ControlRefusal::Scope) | None => self.code.as_str(),
        }
    }

    /// Its JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Texts, numbers and lists of them can't fail to encode.
        serde_json::to_vec(&*self.0).unwrap_or_default()
    }
}

/// The first fault, and how many more there are.
fn summary(errors: &[Issue]) -> String {
    match errors {
        [] => String::new(),
        [only] => only.to_string(),
        [first, others @ ..] => format!("{first}, and {} more", others.len()),
    }
}
