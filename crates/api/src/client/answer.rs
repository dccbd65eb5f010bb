//! An answer, and the problem that it may be.

use deedbook_model::Revision;
use deedbook_model::code::Code;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::ClientError;

/// An answer, all of it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    pub(super) headers: Vec<(String, String)>,
    /// The content.
    pub body: Vec<u8>,
    pub(super) place: String,
}

/// A refusal as the server tells it (RFC 9457).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoteProblem {
    /// The HTTP status.
    pub status: u16,
    /// What programs compare.
    pub code: String,
    /// What was wrong.
    #[serde(default)]
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Every fault that was found.
    #[serde(default)]
    pub errors: Vec<RemoteProblemError>,
    /// `name@version` along the cycle that a write would close.
    pub cycle: Option<Vec<String>>,
    /// The request's id, to ask for in the server's log.
    #[serde(default)]
    pub request_id: String,
}

/// One fault.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoteProblemError {
    /// Where in the request's content.
    #[serde(default)]
    pub pointer: String,
    /// The parameter or header that is at fault, instead of the content.
    pub parameter: Option<String>,
    /// Code of the taxonomy.
    pub code: Option<String>,
    /// What was wrong.
    pub message: String,
    /// What kind of fault.
    #[serde(default)]
    pub kind: String,
    /// `error` or `warning`.
    #[serde(default)]
    pub severity: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Line of the content.
    pub line: Option<u32>,
}

impl RemoteProblem {
    /// The code, as far as this release knows it.
    #[must_use]
    pub fn known_code(&self) -> Option<Code> {
        Code::ALL
            .into_iter()
            .find(|code| code.as_str() == self.code)
    }
}

impl Answer {
    /// A header's value; names are in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(own, _)| own == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// The revision that the server looked at.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        let text = self.header("deedbook-revision")?;
        text.parse().ok().map(Revision)
    }

    /// How long the server asks to wait.
    pub(super) fn retry_after(&self) -> Option<u64> {
        let asks = matches!(self.status, 429 | 503);
        let seconds = asks.then(|| self.header("retry-after")).flatten()?;
        seconds.trim().parse().ok()
    }

    /// The answer if it is one of success.
    ///
    /// # Errors
    /// [`ClientError::Refused`]; [`ClientError::Foreign`] for a refusal that isn't a problem.
    pub fn of_success(self) -> Result<Answer, ClientError> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let problem = self.header("content-type") == Some("application/problem+json");
        let problem = problem.then(|| serde_json::from_slice(&self.body).ok());
        match problem.flatten() {
            Some(problem) => Err(ClientError::Refused(Box::new(problem))),
            None => Err(self.foreign(format!("status {}", self.status))),
        }
    }

    /// The content as JSON of that shape.
    ///
    /// # Errors
    /// [`ClientError::Foreign`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body).map_err(|error| self.foreign(error.to_string()))
    }

    fn foreign(&self, message: String) -> ClientError {
        ClientError::Foreign {
            place: self.place.clone(),
            message,
        }
    }
}
