//! What happens to every request, in one place: id, host, route, parameters, who may; then the
//! route itself; then the head of the answer.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use deedbook_api::matcher::Match;
use deedbook_api::problem::{self, Problem};
use deedbook_api::query::Query;
use deedbook_api::route::{Decision, Method, Route};
use deedbook_model::Revision;
use deedbook_model::code::Code;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use hyper::service::Service;

use crate::access::{self, Peer};
use crate::answer::{Answer, etag};
use crate::body::Body;
use crate::call::Call;
use crate::content::Source;
use crate::control;
use crate::grpc;
use crate::gzip;
use crate::instant;
use crate::journal::Level;
use crate::request_id;
use crate::routes::{self, Step};
use crate::server::Server;
use crate::traces;

/// Seconds after which a busy server is worth another try.
const RETRY_AFTER: u32 = 1;

/// How to say who one is.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"deedbook\"");

const REVISION: HeaderName = HeaderName::from_static("deedbook-revision");
const REQUEST_ID: HeaderName = HeaderName::from_static(request_id::HEADER);

/// Answers the requests of one connection.
#[derive(Clone)]
pub(crate) struct Requests {
    pub(crate) server: Arc<Server>,
    pub(crate) peer: Arc<Peer>,
}

impl Requests {
    /// Those that come from that address, or through the socket.
    pub(crate) fn of(server: Arc<Server>, from: Option<IpAddr>) -> Requests {
        Requests {
            server,
            peer: Arc::new(Peer::new(from)),
        }
    }
}

/// An answer, or the work that leads to one.
pub(crate) enum Answering {
    /// It is there: most reads need neither an allocation nor another turn.
    Now(Option<Response<Body>>),
    /// It waits for content, the log or a thread.
    Later(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Future for Answering {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Answering::Now(answer) => match answer.take() {
                Some(answer) => Poll::Ready(Ok(answer)),
                // Asked again after its end; nobody does.
                None => Poll::Pending,
            },
            Answering::Later(work) => work.as_mut().poll(context).map(Ok),
        }
    }
}

impl Service<Request<Incoming>> for Requests {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        if grpc::is_meant(request.headers()) {
            return Answering::Later(Box::pin(grpc::answer(self.clone(), request)));
        }
        let (parts, incoming) = request.into_parts();
        let mut exchange = Exchange::begin(self, &parts);
        let call = admit(&mut exchange, &self.peer, parts.headers);
        match call.and_then(routes::begin) {
            Ok(Step::Done(answer)) => Answering::Now(Some(exchange.finish(Ok(answer)))),
            Ok(Step::Work(call)) => Answering::Later(Box::pin(async move {
                let result = routes::work(call, Source::Incoming(incoming)).await;
                exchange.finish(result)
            })),
            Err(problem) => Answering::Now(Some(exchange.finish(Err(problem)))),
        }
    }
}

/// Checks all that can be checked of a request's head.
pub(crate) fn admit(
    exchange: &mut Exchange,
    peer: &Peer,
    headers: HeaderMap,
) -> Result<Call, Problem> {
    let server = Arc::clone(&exchange.server);
    let uri = &exchange.uri;
    let longest = server.options.limits.target_bytes;
    let length = uri.path().len() + uri.query().map_or(0, str::len);
    if length > longest {
        let detail = format!("path and query have {length} bytes; at most {longest} are taken");
        return Err(Problem::new(Code::TooLarge, detail).with_status(414));
    }
    let found = find(&server, &exchange.method, uri.path());
    let decision = match &found {
        Ok((route, _)) => route.decision,
        // A foreign page isn't told either what there is.
        Err(_) => Decision::Public,
    };
    let caller = access::decide(&server, peer, decision, uri, &headers);
    if let Ok((route, _)) = &found {
        exchange.route = Some(route);
    }
    let caller = caller?;
    exchange.caller = caller.shared_name();
    let (route, key) = found?;
    control::scope::check(route, &headers, caller.rights())?;
    let query = match exchange.uri.query() {
        None if !route
            .parameters()
            .any(|one| one.required && one.place != PATH) =>
        {
            Query::default()
        }
        query => Query::read(route, query)?.into_owned(),
    };
    Ok(Call {
        server,
        route,
        uri: exchange.uri.clone(),
        headers,
        key,
        query,
        request_id: exchange.request_id.clone(),
        caller,
    })
}

const PATH: deedbook_api::route::Place = deedbook_api::route::Place::Path;

fn find(
    server: &Server,
    method: &http::Method,
    path: &str,
) -> Result<(&'static Route, Option<std::ops::Range<usize>>), Problem> {
    let known = match method.as_str() {
        "GET" | "HEAD" => Some(Method::Get),
        "POST" => Some(Method::Post),
        "PUT" => Some(Method::Put),
        "PATCH" => Some(Method::Patch),
        "DELETE" => Some(Method::Delete),
        _ => None,
    };
    match server.matcher.find(known.unwrap_or(Method::Get), path) {
        Match::Found { route, key } if known.is_some() => {
            let range = key.map(|key| {
                let start = (key.as_ptr() as usize).saturating_sub(path.as_ptr() as usize);
                start..start + key.len()
            });
            Ok((route, range))
        }
        Match::Nothing => Err(nothing_at(path)),
        Match::Found { .. } | Match::OtherMethods(_) => Err(bad_method(server, method, path)),
    }
}

fn nothing_at(path: &str) -> Problem {
    let shown: String = path.chars().take(100).collect();
    Problem::new(Code::NotFound, format!("there is nothing at `{shown}`"))
        .with_hint("`GET /docs` shows what there is")
}

fn bad_method(server: &Server, method: &http::Method, path: &str) -> Problem {
    let shown: String = method.as_str().chars().take(32).collect();
    let allowed = allowed(server, path).join(", ");
    Problem::new(Code::BadMethod, format!("{shown} isn't taken here"))
        .with_hint(format!("it takes {allowed}"))
}

/// The methods that a path takes.
fn allowed(server: &Server, path: &str) -> Vec<&'static str> {
    let takes = |method: &Method| matches!(server.matcher.find(*method, path), Match::Found { .. });
    let mut methods: Vec<_> = Method::ALL
        .into_iter()
        .filter(takes)
        .map(Method::as_str)
        .collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods
}

/// How the reference tells the version of a list of shards.
fn shards_version(version: i64) -> [(HeaderName, HeaderValue); 2] {
    let tag = HeaderValue::try_from(format!("W/\"shards-{version}\""));
    let name = HeaderName::from_static("x-omnirelay-shards-version");
    [
        (
            header::ETAG,
            tag.unwrap_or(HeaderValue::from_static("\"\"")),
        ),
        (name, HeaderValue::from(version)),
    ]
}

/// A request and its answer: what the head of the answer and the journal need.
pub(crate) struct Exchange {
    server: Arc<Server>,
    from: Option<IpAddr>,
    method: http::Method,
    uri: Uri,
    pub(crate) route: Option<&'static Route>,
    caller: Option<Arc<str>>,
    pub(crate) request_id: HeaderValue,
    takes_gzip: bool,
    is_http1: bool,
    begin: Instant,
    /// Its place in its trace, where that is recorded.
    trace: Option<traces::Context>,
}

impl Exchange {
    pub(crate) fn begin(requests: &Requests, parts: &http::request::Parts) -> Exchange {
        let server = Arc::clone(&requests.server);
        Exchange {
            from: requests.peer.address,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            route: None,
            caller: None,
            request_id: server.request_ids.of(&parts.headers),
            takes_gzip: gzip::is_accepted(&parts.headers),
            is_http1: parts.version <= http::Version::HTTP_11,
            begin: instant::now(),
            trace: match &server.traces {
                Some(_) => traces::Context::of(&parts.headers),
                None => None,
            },
            server,
        }
    }

    fn finish(self, result: Result<Answer, Problem>) -> Response<Body> {
        let answer = match result {
            Ok(answer) => answer,
            Err(problem) => return self.refuse(problem),
        };
        let (body, is_packed) = if self.takes_gzip {
            gzip::compress(answer.body)
        } else {
            (answer.body, false)
        };
        let mut response = Response::new(body);
        *response.status_mut() = answer.status;
        let headers = response.headers_mut();
        headers.reserve(8);
        headers.insert(REQUEST_ID, self.request_id.clone());
        if let Some(content_type) = answer.content_type {
            headers.insert(header::CONTENT_TYPE, content_type);
            if self.method == http::Method::GET {
                headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            }
        }
        if let Some(revision) = answer.revision {
            headers.insert(REVISION, HeaderValue::from(revision.0));
        }
        if let Some(revision) = answer.etag {
            headers.insert(header::ETAG, etag(revision));
        }
        if let Some(version) = answer.shards_version {
            headers.extend(shards_version(version));
        }
        if let Some((name, value)) = answer.header {
            headers.insert(name, value);
        }
        if is_packed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        self.note(response.status(), answer.revision, None);
        response
    }

    fn refuse(self, mut problem: Problem) -> Response<Body> {
        problem.request_id = self.request_id.to_str().unwrap_or_default().to_owned();
        let media_type = HeaderValue::from_static(problem::MEDIA_TYPE);
        let (media_type, body) = control::refusal::told(self.route, &problem)
            .unwrap_or_else(|| (Some(media_type), problem.to_json().into()));
        let mut response = Response::new(Body::Full(body));
        let status = StatusCode::from_u16(problem.status);
        *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, self.request_id.clone());
        headers.extend(media_type.map(|media_type| (header::CONTENT_TYPE, media_type)));
        if matches!(problem.status, 429 | 503) {
            let seconds = problem.retry_after.unwrap_or(RETRY_AFTER);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if problem.code == Code::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        if problem.code == Code::RateLimited && self.is_http1 {
            // Whoever guesses begins anew each time.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if problem.code == Code::BadMethod {
            let allowed = problem
                .hint
                .as_deref()
                .and_then(|hint| hint.strip_prefix("it takes "));
            let allowed = allowed.and_then(|allowed| HeaderValue::from_str(allowed).ok());
            headers.extend(allowed.map(|allowed| (header::ALLOW, allowed)));
        }
        self.note(response.status(), None, Some(&problem));
        response
    }

    /// Notes what was asked and what came of it.
    pub(crate) fn note(
        &self,
        status: StatusCode,
        revision: Option<Revision>,
        problem: Option<&Problem>,
    ) {
        let took = instant::since(self.begin);
        let metrics = &self.server.metrics;
        metrics.answered(self.route, status.as_u16(), took);
        self.trace(status, revision, problem, took);
        let journal = self.server.journal();
        let is_read = matches!(self.method.as_str(), "GET" | "HEAD");
        let level = match problem {
            Some(problem) if is_fault(problem.code) => Level::Error,
            Some(problem) if is_refusal(problem.code) || !is_read => Level::Info,
            None if !is_read => Level::Info,
            Some(_) | None => Level::Debug,
        };
        journal.line(level, "request", |line| {
            line.text("requestId", self.request_id.to_str().unwrap_or_default());
            line.text("method", &self.method);
            line.text("path", self.uri.path());
            if let Some(route) = self.route {
                line.text("route", route.id.as_str());
            }
            if let Some(actor) = &self.caller {
                line.text("actor", actor);
            }
            match self.from {
                Some(address) => line.text("from", address),
                None => line.text("from", "socket"),
            };
            line.number("status", status.as_u16());
            if let Some(revision) = revision {
                line.number("revision", revision);
            }
            line.number(
                "durationMs",
                format_args!("{:.3}", took.as_secs_f64() * 1000.0),
            );
            if let Some(problem) = problem {
                line.text("code", problem.code.as_str());
                line.text("detail", &problem.detail);
            }
            if let Some(cause) = problem.and_then(|problem| problem.cause.as_ref()) {
                line.text("cause", cause);
            }
        });
    }
}

impl Exchange {
    /// Hands the request over to whoever collects traces.
    fn trace(
        &self,
        status: StatusCode,
        revision: Option<Revision>,
        problem: Option<&Problem>,
        took: Duration,
    ) {
        let Some((traces, context)) = self.server.traces.as_ref().zip(self.trace) else {
            return;
        };
        let (method, id) = (self.method.clone(), self.request_id.clone());
        let mut span = traces::Span::ending(context, method, id, took);
        span.route = self.route;
        span.actor.clone_from(&self.caller);
        span.status = status.as_u16();
        span.revision = revision;
        span.refused = problem.map(|problem| problem.code);
        traces.put(span);
    }
}

fn is_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Integrity | Code::Internal | Code::UnknownOutcome
    )
}

fn is_refusal(code: Code) -> bool {
    matches!(
        code,
        Code::Denied | Code::Unauthenticated | Code::RateLimited | Code::Unavailable
    )
}
