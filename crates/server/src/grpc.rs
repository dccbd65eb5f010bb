//! gRPC: each call becomes the request that the HTTP route of its name takes, so that checks, access,
//! rules and refusals are the same.
//!
//! ```text
//! message ─► Ask: target, headers, content ─► admit ─► routes ─► answer ─► message
//! ```

mod ask;
mod components;
mod mesh;
mod shard_control;
mod until_end;
mod watch;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use deedbook_api::grpc::control_v1::shard_control_service_server::ShardControlServiceServer;
use deedbook_api::grpc::v1::component_service_server::ComponentServiceServer;
use deedbook_api::grpc::v1::mesh_service_server::MeshServiceServer;
use deedbook_api::grpc::{CONTROL_DESCRIPTORS, DESCRIPTORS};
use deedbook_api::problem::Problem;
use deedbook_api::route::{Decision, Route, RouteId};
use deedbook_api::routes::ROUTES;
use deedbook_model::code::Code;
use http::{HeaderMap, Request, Response, header};
use hyper::body::Incoming;
use tonic::codegen::Service;
use tonic::{Status, body};

use crate::access::decide;
use crate::body::Body;
use crate::control;
use crate::middleware::Requests;
use crate::options::Limits;
use ask::Asker;
use until_end::until_end;

/// Most bytes of a message beside the content that its route takes.
const MESSAGE_BYTES: usize = 1 << 20;

/// How the status of a message begins that has another form.
const MALFORMED: &str = "failed to decode Protobuf message";

/// Most bytes of a message to a service that asks for no credential.
const OPEN_MESSAGE_BYTES: usize = 64 << 10;

/// What has a health: the server as a whole, and each service of ours.
const HEALTHY: [&str; 5] = [
    "",
    "deedbook.v1.ComponentService",
    "deedbook.v1.MeshService",
    "deedbook.v1.WatchService",
    "omnirelay.mesh.control.v1.ShardControlService",
];

type Answering = Pin<Box<dyn Future<Output = Response<body::Body>> + Send>>;
type Fixed = Box<dyn Fn(Request<Incoming>) -> Answering + Send + Sync>;

/// The services that ask nothing of the book: what there is, and whether it works.
pub(crate) struct StandardServices {
    reflection: Option<Fixed>,
    reflection_alpha: Option<Fixed>,
    health: Fixed,
    reporter: tonic_health::server::HealthReporter,
    /// Held while the health is told.
    has_ended: tokio::sync::Mutex<bool>,
}

impl StandardServices {
    pub(crate) fn new() -> StandardServices {
        let configured = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(CONTROL_DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let (reporter, health) = tonic_health::server::health_reporter();
        let most = OPEN_MESSAGE_BYTES;
        let (v1, alpha) = (configured().build_v1(), configured().build_v1alpha());
        StandardServices {
            // The descriptors are our own; a test asks for them.
            reflection: v1.ok().map(|v1| fixed(v1.max_decoding_message_size(most))),
            reflection_alpha: alpha
                .ok()
                .map(|alpha| fixed(alpha.max_decoding_message_size(most))),
            health: fixed(health.max_decoding_message_size(most)),
            reporter,
            has_ended: tokio::sync::Mutex::default(),
        }
    }

    /// Tells whoever asks for the health whether requests are taken; not any more after the end.
    pub(crate) async fn tell(&self, is_serving: bool) {
        let has_ended = self.has_ended.lock().await;
        if !*has_ended {
            self.report(is_serving).await;
        }
    }

    /// Tells whoever watches the health that the server ends.
    pub(crate) async fn end(&self) {
        let mut has_ended = self.has_ended.lock().await;
        *has_ended = true;
        self.report(false).await;
    }

    async fn report(&self, is_serving: bool) {
        let status = match is_serving {
            true => tonic_health::ServingStatus::Serving,
            false => tonic_health::ServingStatus::NotServing,
        };
        for service in HEALTHY {
            self.reporter.set_service_status(service, status).await;
        }
    }
}

/// A service that every request gets a copy of.
fn fixed<S>(service: S) -> Fixed
where
    S: Service<Request<Incoming>, Response = Response<body::Body>> + Clone + Send + Sync + 'static,
    S::Error: std::fmt::Display,
    S::Future: Send,
{
    Box::new(move |request| {
        let mut service = service.clone();
        Box::pin(async move {
            let answer = service.call(request).await;
            answer.unwrap_or_else(|error| Status::internal(error.to_string()).into_http())
        })
    })
}

/// The route that answers a method of ours.
fn route_of(path: &str) -> Option<&'static Route> {
    let id = if let Some(method) = path.strip_prefix(components::PATH) {
        components::route_of(method)?
    } else if let Some(method) = path.strip_prefix(mesh::PATH) {
        mesh::route_of(method)?
    } else if let Some(method) = path.strip_prefix(shard_control::PATH) {
        shard_control::route_of(method)?
    } else if path == watch::PATH {
        RouteId::Watch
    } else {
        return None;
    };
    ROUTES.iter().find(|route| route.id == id)
}

/// Whether a request is meant for gRPC.
pub(crate) fn is_meant(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| {
        let rest = value.as_bytes().strip_prefix(b"application/grpc");
        rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
    })
}

/// Answers a call.
pub(crate) async fn answer(requests: Requests, request: Request<Incoming>) -> Response<Body> {
    let patience = patience(&requests.server.options.limits);
    let answer = match tokio::time::timeout(patience, dispatch(&requests, request)).await {
        Ok(answer) => answer,
        Err(_) => {
            let message = format!("the call didn't arrive whole within {patience:?}");
            Status::deadline_exceeded(message).into_http()
        }
    };
    answer.map(|body| Body::Grpc(Box::new(body)))
}

/// For a message to arrive and for its answer to be begun.
fn patience(limits: &Limits) -> std::time::Duration {
    limits.request_time * 2
}

async fn dispatch(requests: &Requests, request: Request<Incoming>) -> Response<body::Body> {
    let server = &requests.server;
    let (uri, headers) = (request.uri(), request.headers());
    let asker = Arc::new(Asker::of(requests, &request));
    // Before the message is read: whoever may not ask isn't listened to.
    let route = route_of(uri.path());
    let decision = route.map_or(Decision::Public, |route| route.decision);
    let allowed = decide(server, &requests.peer, decision, uri, headers).and_then(|caller| {
        let check = |route| control::scope::check(route, headers, caller.rights());
        route.map_or(Ok(()), check)
    });
    if let Err(problem) = allowed {
        return asker.refuse(route, problem).into_http();
    }
    let service = uri.path().split('/').nth(1).unwrap_or_default();
    let standard = &server.standard_services;
    let content = route.and_then(|route| route.content.as_ref());
    let most = MESSAGE_BYTES + content.map_or(0, |content| content.max_bytes);
    let fixed = match service {
        "deedbook.v1.ComponentService" => {
            let service = ComponentServiceServer::from_arc(Arc::clone(&asker));
            let Ok(answer) = service.max_decoding_message_size(most).call(request).await;
            return unless_unread(&asker, route, answer);
        }
        "deedbook.v1.MeshService" => {
            let service = MeshServiceServer::from_arc(Arc::clone(&asker));
            let Ok(answer) = service.max_decoding_message_size(most).call(request).await;
            return unless_unread(&asker, route, answer);
        }
        "deedbook.v1.WatchService" if uri.path() == watch::PATH => {
            let answer = watch::answer(Arc::clone(&asker), request).await;
            return unless_unread(&asker, route, answer);
        }
        shard_control::SERVICE => {
            let service = ShardControlServiceServer::from_arc(Arc::clone(&asker));
            let mut service = service.max_decoding_message_size(MESSAGE_BYTES);
            let Ok(answer) = service.call(request).await;
            return unless_unread(&asker, route, answer);
        }
        "grpc.health.v1.Health" => Some(&standard.health),
        "grpc.reflection.v1.ServerReflection" => standard.reflection.as_ref(),
        "grpc.reflection.v1alpha.ServerReflection" => standard.reflection_alpha.as_ref(),
        _ => None,
    };
    match fixed {
        Some(fixed) => fixed(request).await.map(|body| until_end(server, body)),
        None => {
            let shown: String = service.chars().take(100).collect();
            Status::unimplemented(format!("there is no service `{shown}`")).into_http()
        }
    }
}

/// An answer as it is, or the refusal of a message that couldn't be read.
fn unless_unread(
    asker: &Asker,
    route: Option<&'static Route>,
    answer: Response<body::Body>,
) -> Response<body::Body> {
    let status = Status::from_header_map(answer.headers());
    match status.as_ref().and_then(unread) {
        Some(problem) => asker.refuse(route, problem).into_http(),
        None => answer,
    }
}

/// Why a message couldn't be read, if that is what a status says. Our own refusals carry a problem;
/// this one would be taken for a fault of ours, or for a revision that is gone.
fn unread(status: &Status) -> Option<Problem> {
    let code = match status.code() {
        _ if !status.details().is_empty() => return None,
        tonic::Code::OutOfRange => Code::TooLarge,
        tonic::Code::Internal if status.message().starts_with(MALFORMED) => Code::Invalid,
        _ => return None,
    };
    Some(Problem::new(code, status.message()).with_hint(code.advice()))
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn every_method_is_decided_as_its_route() {
        let mut methods = 0;
        for (package, descriptors) in [
            ("deedbook.v1", DESCRIPTORS),
            ("omnirelay.mesh.control.v1", CONTROL_DESCRIPTORS),
        ] {
            let set = prost_types::FileDescriptorSet::decode(descriptors).unwrap();
            for service in set.file.iter().flat_map(|file| &file.service) {
                let name = format!("{package}.{}", service.name());
                assert!(HEALTHY.contains(&&*name), "{name}");
                for method in &service.method {
                    let path = format!("/{name}/{}", method.name());
                    assert!(route_of(&path).is_some(), "{path}");
                    methods += 1;
                }
            }
        }
        assert!(methods > 14, "{methods}");
        assert!(route_of("/grpc.health.v1.Health/Check").is_none());
    }
}
