//! Refusals as the reference tells them.

use bytes::Bytes;
use deedbook_api::problem::{ControlRefusal, MEDIA_TYPE, Problem};
use deedbook_api::route::{Route, RouteId};
use deedbook_model::shard::control::{ProblemBody, error_body};
use http::HeaderValue;

use crate::answer::JSON;

/// The content of a refusal and its type, where the reference has a form for it. What it knows
/// nothing of (credentials, other methods, limits) is told as everywhere else.
pub(crate) fn told(
    route: Option<&Route>,
    problem: &Problem,
) -> Option<(Option<HeaderValue>, Bytes)> {
    if !matches!(route?.id, RouteId::Control(_)) {
        return None;
    }
    let is_of_parameter = || problem.errors.iter().any(|error| error.parameter.is_some());
    match &problem.control {
        Some(ControlRefusal::Scope) => Some((None, Bytes::new())),
        Some(ControlRefusal::Coded { code, metadata }) => {
            let metadata: Vec<(&str, &str)> = metadata
                .iter()
                .map(|(name, text)| (*name, &**text))
                .collect();
            let body = ProblemBody {
                status: problem.status,
                detail: &problem.detail,
                code,
                metadata: &metadata,
            };
            let media_type = HeaderValue::from_static(MEDIA_TYPE);
            Some((Some(media_type), body.to_json().into()))
        }
        Some(ControlRefusal::Unreadable) => Some(unreadable(problem)),
        None if is_of_parameter() => Some(unreadable(problem)),
        None => None,
    }
}

fn unreadable(problem: &Problem) -> (Option<HeaderValue>, Bytes) {
    (Some(JSON), error_body(&problem.detail).into())
}
