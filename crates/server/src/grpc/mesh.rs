//! What runs where over gRPC.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deedbook_api::grpc::v1::mesh_service_server::MeshService;
use deedbook_api::grpc::v1::*;
use deedbook_api::problem::Problem;
use deedbook_api::query::percent_encode;
use deedbook_api::route::{MeshRoute, RouteId};
use deedbook_api::shapes::TransferShape;
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::mesh;
use http::Method;
use tonic::{Request, Response};

use super::ask::{Ask, Asker, unreadable};
use super::components::{Answered, JSON, PATCH, WhySaid, masked, media_type};
use crate::answer::to_json;

/// Where the methods of the service are.
pub(super) const PATH: &str = "/deedbook.v1.MeshService/";

/// The route that answers a method. Who may call it is the same for each kind of record.
pub(super) fn route_of(method: &str) -> Option<RouteId> {
    let of_any = |route| RouteId::Mesh(mesh::MeshKind::Shard, route);
    Some(match method {
        "PutRecord" => of_any(MeshRoute::Put),
        "PatchRecord" => of_any(MeshRoute::Patch),
        "RemoveRecord" => of_any(MeshRoute::Remove),
        "GetRecord" => of_any(MeshRoute::Get),
        "ListRecords" => of_any(MeshRoute::List),
        "ListRecordHistory" => of_any(MeshRoute::History),
        "GetRecordWhy" => of_any(MeshRoute::Why),
        "GetRecordDiff" => of_any(MeshRoute::Diff),
        "TransferShard" => RouteId::TransferShard,
        "GetPlan" => RouteId::PlanNamespace,
        "ApplyPlan" => RouteId::ApplyPlan,
        "LocateKey" => RouteId::LocateKey,
        _ => return None,
    })
}

fn kind_of(kind: i32) -> Result<mesh::MeshKind, Problem> {
    match MeshKind::try_from(kind) {
        Ok(MeshKind::Namespace) => Ok(mesh::MeshKind::Namespace),
        Ok(MeshKind::Node) => Ok(mesh::MeshKind::Node),
        Ok(MeshKind::Service) => Ok(mesh::MeshKind::Service),
        Ok(MeshKind::Endpoint) => Ok(mesh::MeshKind::Endpoint),
        Ok(MeshKind::Shard) => Ok(mesh::MeshKind::Shard),
        Ok(MeshKind::Unspecified) => Err(Problem::parameter("kind", "is missing")),
        Err(_) => Err(Problem::parameter("kind", format!("{kind} is none"))),
    }
}

/// About a record; `part` is what follows its key in the path.
fn about(method: Method, key: Option<&MeshKey>, part: &str) -> Result<Ask, Problem> {
    let key = key.ok_or_else(|| Problem::parameter("key", "is missing"))?;
    let kind = kind_of(key.kind)?;
    let wanted = kind.key_members();
    // An empty part would be another path.
    if key.parts.len() != wanted.len() || key.parts.iter().any(String::is_empty) {
        let message = format!("of a {kind} has the parts {}", wanted.join(", "));
        return Err(Problem::parameter("key", message));
    }
    let parts = key.parts.iter().map(|part| percent_encode(part));
    let parts = parts.collect::<Vec<_>>().join("/");
    Ok(Ask::new(method, &format!("/v1/{kind}s/{parts}{part}")))
}

/// A number that JSON has a form for.
fn finite(pointer: &str, number: Option<f64>) -> Result<Option<f64>, Problem> {
    match number {
        Some(number) if !number.is_finite() => {
            let message = format!("must be finite, but is {number}");
            let issue = Issue::error(IssueKind::InvalidValue, pointer, message);
            Err(Problem::document(vec![issue]))
        }
        number => Ok(number),
    }
}

fn in_namespace(method: Method, namespace: String, part: &str) -> Result<Ask, Problem> {
    let key = MeshKey {
        kind: MeshKind::Namespace.into(),
        parts: vec![namespace],
    };
    about(method, Some(&key), part)
}

#[tonic::async_trait]
impl MeshService for Asker {
    async fn put_record(&self, request: Request<PutRecordRequest>) -> Answered<PutRecordResponse> {
        let request = request.into_inner();
        let options = request.options.as_ref();
        let ask = about(Method::PUT, request.key.as_ref(), "").map(|ask| {
            ask.flag("strict", options.is_some_and(|options| options.strict))
                .number("expectedGeneration", request.expected_generation)
                .write(options)
                .content(media_type(request.syntax), request.document)
        });
        let written = Some(self.written(ask).await?);
        Ok(Response::new(PutRecordResponse { written }))
    }

    async fn patch_record(
        &self,
        request: Request<PatchRecordRequest>,
    ) -> Answered<PatchRecordResponse> {
        let request = request.into_inner();
        let patch = match request.update_mask {
            None => Ok(request.patch),
            Some(mask) => masked(&request.patch, &mask.paths),
        };
        let ask = patch.and_then(|patch| {
            let ask = about(Method::PATCH, request.key.as_ref(), "")?;
            Ok(ask
                .number("expectedGeneration", request.expected_generation)
                .write(request.options.as_ref())
                .content(PATCH, patch))
        });
        let written = Some(self.written(ask).await?);
        Ok(Response::new(PatchRecordResponse { written }))
    }

    async fn remove_record(
        &self,
        request: Request<RemoveRecordRequest>,
    ) -> Answered<RemoveRecordResponse> {
        let request = request.into_inner();
        let ask = about(Method::DELETE, request.key.as_ref(), "").map(|ask| {
            ask.flag("force", request.force)
                .number("expectedGeneration", request.expected_generation)
                .write(request.options.as_ref())
        });
        let written = Some(self.written(ask).await?);
        Ok(Response::new(RemoveRecordResponse { written }))
    }

    async fn get_record(&self, request: Request<GetRecordRequest>) -> Answered<GetRecordResponse> {
        let request = request.into_inner();
        let ask = about(Method::GET, request.key.as_ref(), "");
        let ask = ask.map(|ask| ask.read(request.options.as_ref()));
        let record = Some(self.ask(ask).await?);
        Ok(Response::new(GetRecordResponse { record }))
    }

    async fn list_records(
        &self,
        request: Request<ListRecordsRequest>,
    ) -> Answered<ListRecordsResponse> {
        let request = request.into_inner();
        let ask = kind_of(request.kind).map(|kind| {
            Ask::new(Method::GET, &format!("/v1/{kind}s"))
                .text("namespace", request.namespace.as_deref())
                .text("search", request.search.as_deref())
                .text("owner", request.owner.as_deref())
                .texts("status", &request.statuses)
                .text("region", request.region.as_deref())
                .text("zone", request.zone.as_deref())
                .text("service", request.service.as_deref())
                .text("node", request.node.as_deref())
                .number("limit", request.limit)
                .text("cursor", request.cursor.as_deref())
                .read(request.options.as_ref())
        });
        self.ask(ask).await.map(Response::new)
    }

    async fn list_record_history(
        &self,
        request: Request<ListRecordHistoryRequest>,
    ) -> Answered<ListRecordHistoryResponse> {
        let request = request.into_inner();
        let ask = about(Method::GET, request.key.as_ref(), "/history");
        let ask = ask.map(|ask| {
            ask.number("limit", request.limit)
                .read(request.options.as_ref())
        });
        self.ask(ask).await.map(Response::new)
    }

    async fn get_record_why(
        &self,
        request: Request<GetRecordWhyRequest>,
    ) -> Answered<GetRecordWhyResponse> {
        let request = request.into_inner();
        let ask = about(Method::GET, request.key.as_ref(), "/why");
        let ask = ask.map(|ask| {
            ask.text("pointer", request.pointer.as_deref())
                .read(request.options.as_ref())
        });
        let said = WhySaid::of(&self.bytes(ask).await?)?;
        Ok(Response::new(GetRecordWhyResponse {
            change: Some(said.change),
            before: said.before,
            after: said.after,
        }))
    }

    async fn get_record_diff(
        &self,
        request: Request<GetRecordDiffRequest>,
    ) -> Answered<GetRecordDiffResponse> {
        let request = request.into_inner();
        let ask = about(Method::GET, request.key.as_ref(), "/diff");
        let ask = ask.map(|ask| {
            ask.text("from", Some(&request.from))
                .text("to", request.to.as_deref())
                .read(request.options.as_ref())
        });
        self.ask(ask).await.map(Response::new)
    }

    async fn transfer_shard(
        &self,
        request: Request<TransferShardRequest>,
    ) -> Answered<TransferShardResponse> {
        let request = request.into_inner();
        let key = MeshKey {
            kind: MeshKind::Shard.into(),
            parts: vec![request.namespace, request.shard_id],
        };
        let delta = finite("/ownershipDeltaPercent", request.ownership_delta_percent);
        let content = delta.and_then(|ownership_delta_percent| {
            to_json(&TransferShape {
                owner_node_id: request.owner_node_id,
                ownership_delta_percent,
                metadata: request.metadata,
            })
        });
        let ask = content.and_then(|content| {
            let ask = about(Method::POST, Some(&key), "/transfer")?;
            Ok(ask
                .number("expectedGeneration", request.expected_generation)
                .write(request.options.as_ref())
                .content(JSON, content))
        });
        let written = Some(self.written(ask).await?);
        Ok(Response::new(TransferShardResponse { written }))
    }

    async fn get_plan(&self, request: Request<GetPlanRequest>) -> Answered<GetPlanResponse> {
        let request = request.into_inner();
        let ask = in_namespace(Method::GET, request.namespace, "/plan").map(|ask| {
            ask.text("strategy", request.strategy.as_deref())
                .number("maxMoves", request.max_moves)
                .number("undo", request.undo)
                .read(request.options.as_ref())
        });
        let answer = self.bytes(ask).await?;
        let plan: Result<GetPlanResponse, _> = serde_json::from_slice(&answer);
        let plan = plan.map_err(|error| unreadable(&error))?;
        let text = String::from_utf8(answer.into());
        Ok(Response::new(GetPlanResponse {
            plan: text.map_err(|error| unreadable(&error))?,
            ..plan
        }))
    }

    async fn apply_plan(&self, request: Request<ApplyPlanRequest>) -> Answered<ApplyPlanResponse> {
        let request = request.into_inner();
        let ask = in_namespace(Method::POST, request.namespace, "/apply").map(|ask| {
            ask.write(request.options.as_ref())
                .content(JSON, request.plan)
        });
        self.ask(ask).await.map(Response::new)
    }

    async fn locate_key(&self, request: Request<LocateKeyRequest>) -> Answered<LocateKeyResponse> {
        let request = request.into_inner();
        let ask = in_namespace(Method::GET, request.namespace, "/locate").map(|ask| {
            ask.text("keyBase64", Some(&STANDARD.encode(&request.key)))
                .read(request.options.as_ref())
        });
        self.ask(ask).await.map(Response::new)
    }
}
