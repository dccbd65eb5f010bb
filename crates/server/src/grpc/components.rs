//! Components over gRPC.

use deedbook_api::grpc::v1::batch_write::Write;
use deedbook_api::grpc::v1::component_service_server::ComponentService;
use deedbook_api::grpc::v1::*;
use deedbook_api::problem::Problem;
use deedbook_api::route::RouteId;
use deedbook_model::code::Code;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tonic::{Request, Response, Status};

use super::ask::{Ask, Asker, unreadable};
use crate::answer::internal;

pub(super) type Answered<T> = Result<Response<T>, Status>;

pub(super) const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
pub(super) const PATCH: &str = "application/merge-patch+json";

/// Most names of a mask's path: no document goes deeper.
const MASK_NAMES: usize = 32;

/// Where the methods of the service are.
pub(super) const PATH: &str = "/deedbook.v1.ComponentService/";

/// The route that answers a method.
pub(super) fn route_of(method: &str) -> Option<RouteId> {
    Some(match method {
        "Register" => RouteId::RegisterComponent,
        "Update" | "Deprecate" | "Archive" => RouteId::UpdateComponent,
        "Remove" => RouteId::RemoveComponent,
        "Batch" => RouteId::Batch,
        "Validate" => RouteId::Validate,
        "Get" => RouteId::GetComponent,
        "List" => RouteId::ListComponents,
        "ListVersions" => RouteId::ListVersions,
        "ListHistory" => RouteId::GetHistory,
        "GetWhy" => RouteId::GetWhy,
        "GetGraph" => RouteId::GetGraph,
        "ListDependents" => RouteId::ListDependents,
        "GetDiff" => RouteId::GetDiff,
        _ => return None,
    })
}

#[tonic::async_trait]
impl ComponentService for Asker {
    async fn register(&self, request: Request<RegisterRequest>) -> Answered<WriteResponse> {
        let request = request.into_inner();
        let options = request.options.as_ref();
        let ask = Ask::new(Method::POST, "/v1/components")
            .flag("strict", options.is_some_and(|options| options.strict))
            .flag("requireDependencies", request.require_dependencies)
            .write(options)
            .content(media_type(request.syntax), request.document);
        self.written(Ok(ask)).await.map(Response::new)
    }

    async fn update(&self, request: Request<UpdateRequest>) -> Answered<WriteResponse> {
        let request = request.into_inner();
        let patch = match request.update_mask {
            None => Ok(request.patch),
            Some(mask) => masked(&request.patch, &mask.paths),
        };
        let ask = patch.and_then(|patch| {
            change(
                request.key.as_ref(),
                request.expected_generation,
                request.options.as_ref(),
                patch,
            )
        });
        self.written(ask).await.map(Response::new)
    }

    async fn deprecate(&self, request: Request<DeprecateRequest>) -> Answered<WriteResponse> {
        let request = request.into_inner();
        let (key, options) = (request.key.as_ref(), request.options.as_ref());
        let mut patch = json!({"lifecycle": "deprecated", "deprecated_reason": reason(options)});
        if let (Some(by), Value::Object(members)) = (&request.replaced_by, &mut patch) {
            members.insert("deprecated_by".to_owned(), Value::from(by.as_str()));
        }
        let patch = patch.to_string();
        self.written(change(key, request.expected_generation, options, patch))
            .await
            .map(Response::new)
    }

    async fn archive(&self, request: Request<ArchiveRequest>) -> Answered<WriteResponse> {
        let request = request.into_inner();
        let (key, options) = (request.key.as_ref(), request.options.as_ref());
        let patch = json!({"lifecycle": "archived", "archived_reason": reason(options)});
        let patch = patch.to_string();
        self.written(change(key, request.expected_generation, options, patch))
            .await
            .map(Response::new)
    }

    async fn remove(&self, request: Request<RemoveRequest>) -> Answered<WriteResponse> {
        let request = request.into_inner();
        let ask = Ask::of(Method::DELETE, request.key.as_ref(), "");
        let ask = ask.map(|ask| {
            ask.number("expectedGeneration", request.expected_generation)
                .write(request.options.as_ref())
        });
        self.written(ask).await.map(Response::new)
    }

    async fn batch(&self, request: Request<BatchRequest>) -> Answered<BatchResponse> {
        #[derive(Deserialize)]
        struct Done<'a> {
            revision: u64,
            #[serde(borrow)]
            results: Vec<&'a RawValue>,
        }
        let request = request.into_inner();
        let options = request.options.as_ref();
        let ask = batch_content(&request.writes).map(|content| {
            Ask::new(Method::POST, "/v1/batch")
                .flag("strict", options.is_some_and(|options| options.strict))
                .write(options)
                .content(JSON, content)
        });
        let answer = self.bytes(ask).await?;
        let done: Result<Done<'_>, _> = serde_json::from_slice(&answer);
        let done = done.map_err(|error| unreadable(&error))?;
        let results = done.results.iter().map(|one| written(one.get().as_bytes()));
        let results = results.collect::<Result<_, _>>();
        Ok(Response::new(BatchResponse {
            revision: done.revision,
            results: results.map_err(|error| unreadable(&error))?,
        }))
    }

    async fn validate(&self, request: Request<ValidateRequest>) -> Answered<ValidateResponse> {
        let request = request.into_inner();
        let ask = Ask::new(Method::POST, "/v1/validate")
            .text("kind", Some("component"))
            .flag("strict", request.strict)
            .content(media_type(request.syntax), request.document);
        self.ask(Ok(ask)).await.map(Response::new)
    }

    async fn get(&self, request: Request<GetRequest>) -> Answered<GetResponse> {
        let request = request.into_inner();
        let ask = Ask::of(Method::GET, request.key.as_ref(), "");
        let record = self
            .ask(ask.map(|ask| ask.read(request.options.as_ref())))
            .await?;
        Ok(Response::new(GetResponse {
            record: Some(record),
        }))
    }

    async fn list(&self, request: Request<ListRequest>) -> Answered<ListResponse> {
        let request = request.into_inner();
        let ask = Ask::new(Method::GET, "/v1/components")
            .texts("tag", &request.tags)
            .texts("anyTag", &request.any_tags)
            .text("type", request.r#type.as_deref())
            .texts("lifecycle", &request.lifecycles)
            .text("capability", request.capability.as_deref())
            .text("namespace", request.namespace.as_deref())
            .text("name", request.name.as_deref())
            .text("text", request.text.as_deref())
            .flag("latestOnly", request.latest_only)
            .number("limit", request.limit)
            .text("cursor", request.cursor.as_deref())
            .read(request.options.as_ref());
        self.ask(Ok(ask)).await.map(Response::new)
    }

    async fn list_versions(
        &self,
        request: Request<ListVersionsRequest>,
    ) -> Answered<ListVersionsResponse> {
        let request = request.into_inner();
        let ask = Ask::of(Method::GET, request.key.as_ref(), "/versions");
        let ask = ask.map(|ask| ask.read(request.options.as_ref()));
        self.ask(ask).await.map(Response::new)
    }

    async fn list_history(
        &self,
        request: Request<ListHistoryRequest>,
    ) -> Answered<ListHistoryResponse> {
        let request = request.into_inner();
        let ask = Ask::of(Method::GET, request.key.as_ref(), "/history");
        let ask = ask.map(|ask| {
            ask.number("limit", request.limit)
                .read(request.options.as_ref())
        });
        self.ask(ask).await.map(Response::new)
    }

    async fn get_why(&self, request: Request<GetWhyRequest>) -> Answered<GetWhyResponse> {
        let request = request.into_inner();
        let ask = Ask::of(Method::GET, request.key.as_ref(), "/why");
        let ask = ask.map(|ask| {
            ask.text("pointer", request.pointer.as_deref())
                .read(request.options.as_ref())
        });
        let said = WhySaid::of(&self.bytes(ask).await?)?;
        Ok(Response::new(GetWhyResponse {
            change: Some(said.change),
            before: said.before,
            after: said.after,
        }))
    }

    async fn get_graph(&self, request: Request<GetGraphRequest>) -> Answered<GetGraphResponse> {
        let request = request.into_inner();
        let ask = Ask::of(Method::GET, request.key.as_ref(), "/graph");
        let ask = ask.map(|ask| {
            ask.text("format", request.format.as_deref())
                .number("depth", request.depth)
                .flag("missing", request.missing)
                .read(request.options.as_ref())
        });
        let text = String::from_utf8(self.bytes(ask).await?.into());
        Ok(Response::new(GetGraphResponse {
            text: text.map_err(|error| unreadable(&error))?,
        }))
    }

    async fn list_dependents(
        &self,
        request: Request<ListDependentsRequest>,
    ) -> Answered<ListDependentsResponse> {
        let request = request.into_inner();
        let ask = Ask::of(Method::GET, request.key.as_ref(), "/dependents");
        let ask = ask.map(|ask| {
            ask.number("depth", request.depth)
                .read(request.options.as_ref())
        });
        self.ask(ask).await.map(Response::new)
    }

    async fn get_diff(&self, request: Request<GetDiffRequest>) -> Answered<GetDiffResponse> {
        let request = request.into_inner();
        let ask = Ask::of(Method::GET, request.key.as_ref(), "/diff");
        let ask = ask.map(|ask| {
            ask.text("from", Some(&request.from))
                .text("to", request.to.as_deref())
                .read(request.options.as_ref())
        });
        self.ask(ask).await.map(Response::new)
    }
}

impl Asker {
    /// Asks for a write, and reads what became of it.
    pub(super) async fn written(&self, ask: Result<Ask, Problem>) -> Result<WriteResponse, Status> {
        let answer = self.bytes(ask).await?;
        written(&answer).map_err(|error| unreadable(&error))
    }
}

/// A change, and a field before and after it as JSON.
pub(super) struct WhySaid {
    pub(super) change: Change,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl WhySaid {
    pub(super) fn of(answer: &[u8]) -> Result<WhySaid, Status> {
        #[derive(Deserialize)]
        struct Fields<'a> {
            #[serde(borrow)]
            before: Option<&'a RawValue>,
            #[serde(borrow)]
            after: Option<&'a RawValue>,
        }
        let failed = |error: serde_json::Error| unreadable(&error);
        let fields: Fields<'_> = serde_json::from_slice(answer).map_err(failed)?;
        let text = |value: &RawValue| value.get().to_owned();
        Ok(WhySaid {
            change: serde_json::from_slice(answer).map_err(failed)?,
            before: fields.before.map(text),
            after: fields.after.map(text),
        })
    }
}

/// Why; where nobody says it, the rules refuse what needs a reason.
fn reason(options: Option<&WriteOptions>) -> Option<&str> {
    options.and_then(|options| options.reason.as_deref())
}

pub(super) fn media_type(syntax: i32) -> &'static str {
    match Syntax::try_from(syntax) {
        Ok(Syntax::Yaml) => YAML,
        _ => JSON,
    }
}

fn change(
    key: Option<&ComponentKey>,
    expected_generation: Option<u64>,
    options: Option<&WriteOptions>,
    patch: String,
) -> Result<Ask, Problem> {
    Ok(Ask::of(Method::PATCH, key, "")?
        .number("expectedGeneration", expected_generation)
        .write(options)
        .content(PATCH, patch))
}

/// What a write did: the record, and what was said of it as further members.
pub(super) fn written(answer: &[u8]) -> Result<WriteResponse, serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Said {
        #[serde(default)]
        removed: bool,
        unchanged: bool,
        warnings: Vec<Issue>,
        #[serde(default)]
        dry_run: bool,
    }
    let said: Said = serde_json::from_slice(answer)?;
    Ok(WriteResponse {
        record: Some(serde_json::from_slice(answer)?),
        removed: said.removed,
        unchanged: said.unchanged,
        warnings: said.warnings,
        dry_run: said.dry_run,
    })
}

/// The patch that sets the fields of a mask to what a document says, and removes those that it
/// doesn't have. Refuses a path that is deeper than any document: a value that is nested without end
/// can't be written.
pub(super) fn masked(document: &str, paths: &[String]) -> Result<String, Problem> {
    let document: Value = serde_json::from_str(document)
        .map_err(|error| Problem::new(Code::Invalid, format!("the patch isn't JSON: {error}")))?;
    let mut patch = Value::Object(Map::new());
    for path in paths {
        let names: Vec<&str> = path.split('.').take(MASK_NAMES + 1).collect();
        if names.len() > MASK_NAMES {
            let detail = format!("a path has more than {MASK_NAMES} names");
            return Err(Problem::parameter("update_mask", detail));
        }
        let value = names
            .iter()
            .try_fold(&document, |value, name| value.get(name));
        let mut place = &mut patch;
        for name in names {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            let Value::Object(members) = place else {
                continue;
            };
            place = members.entry(name).or_insert(Value::Null);
        }
        *place = value.cloned().unwrap_or(Value::Null);
    }
    Ok(patch.to_string())
}

/// One write, as `POST /v1/batch` takes it.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct BatchLine<'a> {
    op: &'static str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_spec: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_generation: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    require_dependencies: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    force: bool,
}

impl<'a> BatchLine<'a> {
    fn new(op: &'static str, key: Option<&'a ComponentKey>, expected: Option<u64>) -> Self {
        BatchLine {
            op,
            kind: "component",
            key: key.map(|key| key.key.as_str()),
            version_spec: key.and_then(|key| key.version_spec.as_deref()),
            expected_generation: expected,
            ..BatchLine::default()
        }
    }

    /// About what runs where.
    fn of_record(op: &'static str, kind: &'a str, key: &'a str, expected: Option<u64>) -> Self {
        BatchLine {
            op,
            kind,
            key: Some(key),
            expected_generation: expected,
            ..BatchLine::default()
        }
    }

    fn of(write: &'a BatchWrite) -> Result<Self, serde_json::Error> {
        Ok(match &write.write {
            // Without an op it is refused like any that isn't known.
            None => BatchLine::new("", None, None),
            Some(Write::Register(register)) => BatchLine {
                document: Some(serde_json::from_str(&register.document)?),
                require_dependencies: register.require_dependencies,
                ..BatchLine::new("register", None, None)
            },
            Some(Write::Update(update)) => BatchLine {
                patch: Some(serde_json::from_str(&update.patch)?),
                ..BatchLine::new("update", update.key.as_ref(), update.expected_generation)
            },
            Some(Write::Remove(remove)) => {
                BatchLine::new("remove", remove.key.as_ref(), remove.expected_generation)
            }
            Some(Write::PutRecord(put)) => BatchLine {
                document: Some(serde_json::from_str(&put.document)?),
                ..BatchLine::of_record("put", &put.kind, &put.key, put.expected_generation)
            },
            Some(Write::PatchRecord(patch)) => BatchLine {
                patch: Some(serde_json::from_str(&patch.patch)?),
                ..BatchLine::of_record("patch", &patch.kind, &patch.key, patch.expected_generation)
            },
            Some(Write::RemoveRecord(remove)) => BatchLine {
                force: remove.force,
                ..BatchLine::of_record(
                    "remove",
                    &remove.kind,
                    &remove.key,
                    remove.expected_generation,
                )
            },
        })
    }
}

fn batch_content(writes: &[BatchWrite]) -> Result<Vec<u8>, Problem> {
    #[derive(Serialize)]
    struct Content<'a> {
        writes: Vec<BatchLine<'a>>,
    }
    let lines = writes.iter().enumerate().map(|(number, write)| {
        BatchLine::of(write).map_err(|error| {
            let detail = format!("write {number} of the batch isn't JSON: {error}");
            Problem::new(Code::Invalid, detail)
        })
    });
    let writes = lines.collect::<Result<_, _>>()?;
    serde_json::to_vec(&Content { writes }).map_err(|error| internal(&error))
}
