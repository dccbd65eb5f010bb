//! A call as the request of an HTTP route.

use std::fmt::Write as _;

use bytes::Bytes;
use deedbook_api::grpc::{status_of, v1};
use deedbook_api::problem::Problem;
use deedbook_api::query::percent_encode;
use deedbook_api::route::Route;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version, header};
use serde::de::DeserializeOwned;
use tonic::Status;

use crate::body::Body;
use crate::call::Call;
use crate::content::{Received, Source};
use crate::middleware::{Exchange, Requests, admit};
use crate::routes::{self, Step};
use crate::watch::{Watching, control_stream};

/// Who calls, over gRPC.
pub(super) struct Asker {
    requests: Requests,
    authority: Option<Authority>,
    headers: HeaderMap,
}

/// What is asked of a route.
pub(super) struct Ask {
    method: Method,
    target: String,
    has_query: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What can't be said in a request.
    fault: Option<Problem>,
    content: Option<(&'static str, Bytes)>,
}

impl Ask {
    pub(super) fn new(method: Method, path: &str) -> Ask {
        Ask {
            method,
            target: path.to_owned(),
            has_query: false,
            headers: Vec::new(),
            fault: None,
            content: None,
        }
    }

    /// About a component; `part` is what follows its key in the path.
    pub(super) fn of(
        method: Method,
        key: Option<&v1::ComponentKey>,
        part: &str,
    ) -> Result<Ask, Problem> {
        let key = key.filter(|key| !key.key.is_empty());
        let key = key.ok_or_else(|| Problem::parameter("key", "is missing"))?;
        let path = format!("/v1/components/{}{part}", percent_encode(&key.key));
        Ok(Ask::new(method, &path).text("versionSpec", key.version_spec.as_deref()))
    }

    pub(super) fn text(mut self, name: &str, value: Option<&str>) -> Ask {
        if let Some(value) = value {
            let mark = if self.has_query { '&' } else { '?' };
            self.has_query = true;
            // Writing to a text can't fail.
            let _ = write!(self.target, "{mark}{name}={}", percent_encode(value));
        }
        self
    }

    pub(super) fn texts(self, name: &str, values: &[String]) -> Ask {
        let values = values.iter();
        values.fold(self, |ask, value| ask.text(name, Some(value)))
    }

    pub(super) fn number(self, name: &str, value: Option<impl Into<u64>>) -> Ask {
        let value = value.map(|value| value.into().to_string());
        self.text(name, value.as_deref())
    }

    pub(super) fn flag(self, name: &str, value: bool) -> Ask {
        self.text(name, value.then_some("true"))
    }

    pub(super) fn read(self, options: Option<&v1::ReadOptions>) -> Ask {
        let Some(options) = options else {
            return self;
        };
        self.text("at", options.at.as_deref())
            .number("atLeast", options.at_least)
            .text("consistency", options.strong.then_some("strong"))
    }

    pub(super) fn write(self, options: Option<&v1::WriteOptions>) -> Ask {
        let Some(options) = options else {
            return self;
        };
        self.flag("dryRun", options.dry_run)
            .header("deedbook-reason", options.reason.as_deref())
            .header("deedbook-ticket", options.ticket.as_deref())
            .header("deedbook-actor", options.actor.as_deref())
            .key(options.idempotency_key.as_deref())
    }

    fn key(mut self, key: Option<&str>) -> Ask {
        const NAME: &str = "idempotency-key";
        match key.map(HeaderValue::from_str) {
            None => {}
            Some(Ok(value)) => self.headers.push((HeaderName::from_static(NAME), value)),
            Some(Err(_)) => {
                let message = "has other than visible characters";
                self.fault = Some(Problem::parameter(NAME, message));
            }
        }
        self
    }

    fn header(mut self, name: &'static str, value: Option<&str>) -> Ask {
        let value = value.and_then(|value| HeaderValue::from_str(&percent_encode(value)).ok());
        let named = value.map(|value| (HeaderName::from_static(name), value));
        self.headers.extend(named);
        self
    }

    pub(super) fn content(mut self, media_type: &'static str, content: impl Into<Bytes>) -> Ask {
        self.content = Some((media_type, content.into()));
        self
    }
}

impl Asker {
    pub(super) fn of<B>(requests: &Requests, request: &Request<B>) -> Asker {
        let mut headers = request.headers().clone();
        // They speak of the call's own message, or of an answer in another form.
        for name in [
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
            header::TE,
            header::ACCEPT,
            header::IF_NONE_MATCH,
        ] {
            headers.remove(name);
        }
        Asker {
            requests: requests.clone(),
            authority: request.uri().authority().cloned(),
            headers,
        }
    }

    /// Asks, and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        ask: Result<Ask, Problem>,
    ) -> Result<T, Status> {
        let answer = self.bytes(ask).await?;
        serde_json::from_slice(&answer).map_err(|error| unreadable(&error))
    }

    /// Asks for an answer as it is.
    pub(super) async fn bytes(&self, ask: Result<Ask, Problem>) -> Result<Bytes, Status> {
        let mut ask = ask.map_err(|problem| status_of(&problem))?;
        let received = ask.content.take().map(|(media_type, bytes)| Received {
            media_type: Some(media_type),
            bytes,
        });
        let (exchange, call) = self.begin(ask)?;
        let answer = match call.and_then(routes::begin) {
            Ok(Step::Done(answer)) => Ok(answer),
            Ok(Step::Work(call)) => routes::work(call, Source::Given(received)).await,
            Err(problem) => Err(problem),
        };
        let answer = told(&exchange, answer)?;
        match answer.body {
            Body::Full(bytes) => Ok(bytes),
            _ => Err(Status::internal("an answer that isn't whole")),
        }
    }

    /// Begins to watch.
    pub(super) fn watch(&self, ask: Ask) -> Result<Watching, Status> {
        let (exchange, call) = self.begin(ask)?;
        told(&exchange, call.and_then(|call| Watching::of(&call)))
    }

    /// Begins to watch shards as the reference does.
    pub(super) async fn watch_shards(&self, ask: Ask) -> Result<Watching, Status> {
        let (exchange, call) = self.begin(ask)?;
        let watching = match call {
            Ok(call) => control_stream::begin(&call).await,
            Err(problem) => Err(problem),
        };
        told(&exchange, watching)
    }

    /// Notes that a call isn't even read, and says why.
    pub(super) fn refuse(&self, route: Option<&'static Route>, problem: Problem) -> Status {
        let path = route.map_or("/", |route| route.path).replace("{key}", "-");
        let method = route.map_or("POST", |route| route.method.as_str());
        let request = Request::builder().method(method).uri(path).body(());
        let Ok(request) = request else {
            return status_of(&problem);
        };
        let (mut parts, ()) = request.into_parts();
        parts.headers.clone_from(&self.headers);
        let mut exchange = Exchange::begin(&self.requests, &parts);
        exchange.route = route;
        refused(&exchange, problem)
    }

    /// Checks all that is checked of a request's head.
    fn begin(&self, ask: Ask) -> Result<(Exchange, Result<Call, Problem>), Status> {
        let uri = match &self.authority {
            Some(authority) => format!("http://{authority}{}", ask.target),
            None => ask.target,
        };
        let request = Request::builder()
            .version(Version::HTTP_2)
            .method(ask.method)
            .uri(uri);
        let request = request.body(());
        let request = request.map_err(|error| Status::invalid_argument(error.to_string()))?;
        let (mut parts, ()) = request.into_parts();
        parts.headers.clone_from(&self.headers);
        for (name, value) in ask.headers {
            // What the metadata says as well is said once; what it says otherwise, twice.
            if !parts.headers.get_all(&name).iter().any(|own| *own == value) {
                parts.headers.append(name, value);
            }
        }
        let mut exchange = Exchange::begin(&self.requests, &parts);
        let call = admit(&mut exchange, &self.requests.peer, parts.headers);
        let call = call.and_then(|call| match ask.fault {
            None => Ok(call),
            Some(problem) => Err(problem),
        });
        Ok((exchange, call))
    }
}

/// Notes what came of a call; a refusal becomes its status.
fn told<T>(exchange: &Exchange, result: Result<T, Problem>) -> Result<T, Status> {
    result
        .inspect(|_| exchange.note(StatusCode::OK, None, None))
        .map_err(|problem| refused(exchange, problem))
}

fn refused(exchange: &Exchange, mut problem: Problem) -> Status {
    let id = exchange.request_id.to_str();
    problem.request_id = id.unwrap_or_default().to_owned();
    let status = StatusCode::from_u16(problem.status);
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    exchange.note(status, None, Some(&problem));
    status_of(&problem)
}

/// An answer that isn't what the route promises.
pub(super) fn unreadable(error: &dyn std::error::Error) -> Status {
    Status::internal(format!("the answer can't be shown: {error}"))
}
