//! What a server refused, as the same failure that the book in a folder would give.

use std::borrow::Cow;

use deedbook_api::client::{ClientError, RemoteProblem, RemoteProblemError};
use deedbook_model::code::Code;
use deedbook_model::issue::Severity;

use crate::error::{ErrorLine, ErrorName, Failure, name_of};

/// A failure that a server told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// The file that it is about.
    pub(crate) file: Option<String>,
    pub(crate) code: Code,
    pub(crate) name: ErrorName,
    pub(crate) lines: Vec<ErrorLine>,
    pub(crate) cycle: Option<Vec<String>>,
    of_content: bool,
}

/// The failure of a request.
pub(crate) fn failure_of(error: ClientError) -> Failure {
    match error {
        ClientError::Refused(problem) => Failure::Told(Box::new(Told::of(*problem))),
        ClientError::Sink(source) => source.into(),
        other => Failure::Client(other),
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        failure_of(error)
    }
}

impl Told {
    /// The failure that a problem tells of.
    pub(crate) fn of(problem: RemoteProblem) -> Told {
        let code = code_of(&problem);
        let is_of_content = |error: &RemoteProblemError| error.parameter.is_none();
        let of_content = !problem.errors.is_empty() && problem.errors.iter().all(is_of_content);
        let lines: Vec<ErrorLine> = if of_content {
            problem.errors.iter().map(line).collect()
        } else {
            vec![own_line(&problem, code)]
        };
        Told {
            file: None,
            code,
            name: name(code, of_content, &lines),
            lines,
            cycle: problem.cycle,
            of_content,
        }
    }

    /// Whether it is about what was sent, and not about sending it.
    pub(crate) fn is_of_document(&self) -> bool {
        self.of_content
    }

    /// Whether nothing has that name.
    pub(crate) fn is_not_found(&self) -> bool {
        self.code == Code::NotFound
    }

    /// Whether it says that, and nothing else.
    pub(crate) fn says(&self, message: &str) -> bool {
        matches!(self.lines.as_slice(), [only] if only.message == message)
    }

    /// Whether no component fits a key.
    pub(crate) fn is_lookup(&self) -> bool {
        self.lines.iter().any(is_lookup)
    }

    /// Which write of a batch the lines are about, one failure for each.
    pub(crate) fn by_write(self) -> Vec<(usize, Failure)> {
        let mut blamed: Vec<(usize, Told)> = Vec::new();
        for mut line in self.lines {
            let (number, pointer) = place(&line.pointer);
            line.pointer = pointer;
            match blamed.iter_mut().find(|(own, _)| *own == number) {
                Some((_, told)) => told.lines.push(line),
                None => blamed.push((
                    number,
                    Told {
                        file: None,
                        code: self.code,
                        name: self.name,
                        lines: vec![line],
                        cycle: self.cycle.clone(),
                        of_content: true,
                    },
                )),
            }
        }
        let failures = blamed.into_iter();
        failures
            .map(|(number, told)| (number, Failure::Told(Box::new(told))))
            .collect()
    }
}

/// `/writes/3/document/name` is `/name` of write 3.
fn place(pointer: &str) -> (usize, String) {
    let inner = pointer.strip_prefix("/writes/").and_then(|rest| {
        let (number, rest) = rest.split_once('/')?;
        let below = rest
            .find('/')
            .map_or("", |at| rest.get(at..).unwrap_or_default());
        Some((number.parse().ok()?, below.to_owned()))
    });
    inner.unwrap_or((0, pointer.to_owned()))
}

/// A code of a later release is judged by its status.
fn code_of(problem: &RemoteProblem) -> Code {
    problem.known_code().unwrap_or(match problem.status {
        401 => Code::Unauthenticated,
        403 => Code::Denied,
        404 => Code::NotFound,
        400..=499 => Code::Invalid,
        501..=599 => Code::Unavailable,
        _ => Code::Internal,
    })
}

/// The names that the book in a folder gives: a value that isn't what it should be is another
/// thing than a document that isn't.
fn name(code: Code, of_content: bool, lines: &[ErrorLine]) -> ErrorName {
    match code {
        Code::Invalid if !of_content => ErrorName("InvalidInputError"),
        Code::NotFound if !lines.iter().any(is_lookup) => ErrorName("NotFoundError"),
        code => name_of(code),
    }
}

fn is_lookup(line: &ErrorLine) -> bool {
    matches!(line.code.as_deref(), Some("RG001" | "RG008"))
}

fn line(error: &RemoteProblemError) -> ErrorLine {
    ErrorLine {
        kind: Cow::Owned(error.kind.clone()),
        pointer: error.pointer.clone(),
        code: error.code.clone().map(Cow::Owned),
        severity: match error.severity.as_str() {
            "warning" => Severity::Warning,
            _ => Severity::Error,
        },
        message: error.message.clone(),
        hint: error.hint.clone().or_else(|| hint_of_lookup(error)),
        line: error.line,
    }
}

/// The command that lists what there is.
fn hint_of_lookup(error: &RemoteProblemError) -> Option<String> {
    match error.code.as_deref() {
        Some("RG001") if error.message.starts_with("no component ") => {
            Some("`deedbook registry ls` lists what there is".to_owned())
        }
        Some("RG008") => {
            // no version of `KEY` satisfies …
            let key = error.message.split('`').nth(1)?;
            let hint = format!("`deedbook registry versions {key}` lists what there is");
            Some(hint)
        }
        _ => None,
    }
}

fn own_line(problem: &RemoteProblem, code: Code) -> ErrorLine {
    let parameter = problem.errors.first();
    let message = parameter.map_or(&problem.detail, |error| &error.message);
    let hint = match code {
        Code::Unauthenticated => Some("`deedbook login` keeps a token for a server".to_owned()),
        _ => problem.hint.clone(),
    };
    ErrorLine {
        kind: Cow::Borrowed(code.as_str()),
        pointer: String::new(),
        code: None,
        severity: Severity::Error,
        message: message.clone(),
        hint: hint.filter(|_| parameter.is_none()),
        line: None,
    }
}
