//! What a row of the route table consists of.

use deedbook_model::Capability;
use deedbook_model::code::Code;
use deedbook_model::mesh::MeshKind;

/// A method that some route takes. `HEAD` is answered as `GET` without the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes something, or asks for work.
    Post,
    /// Makes a record, or puts it in the place of the one of that key.
    Put,
    /// Changes a record by a merge patch.
    Patch,
    /// Removes a record.
    Delete,
}

impl Method {
    /// All methods.
    pub const ALL: [Method; 5] = [
        Method::Get,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Delete,
    ];

    /// The method's name in a request.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// Names a route: what the server dispatches by, and the `operationId` of the OpenAPI document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described where the table lists it")]
pub enum RouteId {
    RegisterComponent,
    ListComponents,
    GetComponent,
    UpdateComponent,
    RemoveComponent,
    ListVersions,
    GetHistory,
    GetWhy,
    GetGraph,
    ListDependents,
    GetDiff,
    Validate,
    Batch,
    ListChanges,
    Watch,
    GetHead,
    ListPrincipals,
    CreatePrincipal,
    GetPrincipal,
    SetGrants,
    RemovePrincipal,
    RotateToken,
    RevokeTokens,
    Verify,
    Compact,
    Snapshot,
    DiffStates,
    Backup,
    Live,
    Ready,
    Metrics,
    SetLogLevel,
    Version,
    OpenApi,
    Docs,
    Welcome,
    Mesh(MeshKind, MeshRoute),
    TransferShard,
    PlanNamespace,
    ApplyPlan,
    LocateKey,
    Control(ControlRoute),
}

/// What can be asked about every kind of record of the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described where the table lists it")]
pub enum MeshRoute {
    List,
    Get,
    Put,
    Patch,
    Remove,
    History,
    Why,
    Diff,
}

/// What the reference's shard control plane can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described where the table lists it")]
pub enum ControlRoute {
    List,
    Diff,
    Watch,
    Simulate,
}

impl RouteId {
    /// What kind of record of the mesh its path names; `None`: none.
    #[must_use]
    pub fn mesh_kind(self) -> Option<MeshKind> {
        match self {
            RouteId::Mesh(kind, _) => Some(kind),
            RouteId::TransferShard => Some(MeshKind::Shard),
            RouteId::PlanNamespace | RouteId::ApplyPlan | RouteId::LocateKey => {
                Some(MeshKind::Namespace)
            }
            _ => None,
        }
    }

    /// The `operationId`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RouteId::RegisterComponent => "registerComponent",
            RouteId::ListComponents => "listComponents",
            RouteId::GetComponent => "getComponent",
            RouteId::UpdateComponent => "updateComponent",
            RouteId::RemoveComponent => "removeComponent",
            RouteId::ListVersions => "listVersions",
            RouteId::GetHistory => "getHistory",
            RouteId::GetWhy => "getWhy",
            RouteId::GetGraph => "getGraph",
            RouteId::ListDependents => "listDependents",
            RouteId::GetDiff => "getDiff",
            RouteId::Validate => "validate",
            RouteId::Batch => "batch",
            RouteId::ListChanges => "listChanges",
            RouteId::Watch => "watch",
            RouteId::GetHead => "getHead",
            RouteId::ListPrincipals => "listPrincipals",
            RouteId::CreatePrincipal => "createPrincipal",
            RouteId::GetPrincipal => "getPrincipal",
            RouteId::SetGrants => "setGrants",
            RouteId::RemovePrincipal => "removePrincipal",
            RouteId::RotateToken => "rotateToken",
            RouteId::RevokeTokens => "revokeTokens",
            RouteId::Verify => "verify",
            RouteId::Compact => "compact",
            RouteId::Snapshot => "snapshot",
            RouteId::DiffStates => "diffStates",
            RouteId::Backup => "backup",
            RouteId::Live => "live",
            RouteId::Ready => "ready",
            RouteId::Metrics => "metrics",
            RouteId::SetLogLevel => "setLogLevel",
            RouteId::Version => "version",
            RouteId::OpenApi => "openapi",
            RouteId::Docs => "docs",
            RouteId::Welcome => "welcome",
            RouteId::Mesh(kind, route) => mesh_operation(kind, route),
            RouteId::TransferShard => "transferShard",
            RouteId::PlanNamespace => "planNamespace",
            RouteId::ApplyPlan => "applyPlan",
            RouteId::LocateKey => "locateKey",
            RouteId::Control(ControlRoute::List) => "listControlledShards",
            RouteId::Control(ControlRoute::Diff) => "diffControlledShards",
            RouteId::Control(ControlRoute::Watch) => "watchControlledShards",
            RouteId::Control(ControlRoute::Simulate) => "simulateControlledShards",
        }
    }
}

fn mesh_operation(kind: MeshKind, route: MeshRoute) -> &'static str {
    let [list, get, put, patch, remove, history, why, diff] = match kind {
        MeshKind::Namespace => [
            "listNamespaces",
            "getNamespace",
            "putNamespace",
            "patchNamespace",
            "removeNamespace",
            "getNamespaceHistory",
            "getNamespaceWhy",
            "getNamespaceDiff",
        ],
        MeshKind::Node => [
            "listNodes",
            "getNode",
            "putNode",
            "patchNode",
            "removeNode",
            "getNodeHistory",
            "getNodeWhy",
            "getNodeDiff",
        ],
        MeshKind::Service => [
            "listServices",
            "getService",
            "putService",
            "patchService",
            "removeService",
            "getServiceHistory",
            "getServiceWhy",
            "getServiceDiff",
        ],
        MeshKind::Endpoint => [
            "listEndpoints",
            "getEndpoint",
            "putEndpoint",
            "patchEndpoint",
            "removeEndpoint",
            "getEndpointHistory",
            "getEndpointWhy",
            "getEndpointDiff",
        ],
        MeshKind::Shard => [
            "listShards",
            "getShard",
            "putShard",
            "patchShard",
            "removeShard",
            "getShardHistory",
            "getShardWhy",
            "getShardDiff",
        ],
    };
    match route {
        MeshRoute::List => list,
        MeshRoute::Get => get,
        MeshRoute::Put => put,
        MeshRoute::Patch => patch,
        MeshRoute::Remove => remove,
        MeshRoute::History => history,
        MeshRoute::Why => why,
        MeshRoute::Diff => diff,
    }
}

/// What a capability must cover for a request to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// The component that the path's key means.
    Component,
    /// Each component that the request's content names.
    NamedComponents,
    /// Whatever is found; the answer leaves out what the capability doesn't cover.
    FoundComponents,
    /// The namespace that the path names.
    Namespace,
    /// The namespace of whatever is found; the answer leaves out what the capability doesn't cover.
    FoundNamespaces,
    /// The book as a whole.
    Book,
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Everybody, without a credential.
    Public,
    /// Whoever shows a valid credential, once the book has principals.
    AnyCredential,
    /// Whoever has the capability for the resource.
    Needs(Capability, Resource),
    /// Whoever has one of the capabilities for anything; the answer leaves out, and the rules refuse,
    /// what none of them covers.
    NeedsOne(&'static [Capability]),
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// A header.
    Header,
}

impl Place {
    /// The word of the OpenAPI document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
        }
    }
}

/// What a parameter's text must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text of at most so many bytes.
    Text(usize),
    /// The same, any number of times.
    Texts(usize),
    /// `true` or `false`.
    Flag,
    /// A whole number within these bounds.
    Number(u64, u64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any number of these words, each a parameter of its own.
    Words(&'static [&'static str]),
}

/// A parameter of a route.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// What it must be.
    pub form: Form,
    /// Whether the route can't do without.
    pub required: bool,
    /// What it does, and what its absence means.
    pub description: &'static str,
}

/// A named JSON Schema of the OpenAPI document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described by its schema")]
pub enum Schema {
    ComponentDocument,
    ComponentPatch,
    ComponentRecord,
    WrittenComponent,
    RemovedComponent,
    ComponentPage,
    History,
    ChangePage,
    Why,
    Graph,
    Dependents,
    Diff,
    Validation,
    BatchRequest,
    BatchResult,
    PrincipalRecord,
    WrittenPrincipal,
    PrincipalPage,
    PrincipalRequest,
    GrantsRequest,
    RotateRequest,
    RevokeRequest,
    Issued,
    Rotated,
    RemovedPrincipal,
    Head,
    Verification,
    CompactRequest,
    Compacted,
    SnapshotTaken,
    StatesDiff,
    Health,
    LogLevel,
    ServerVersion,
    OpenApiDocument,
    Problem,
    MeshDocument(MeshKind),
    MeshPatch,
    MeshRecord(MeshKind),
    WrittenMesh(MeshKind),
    RemovedMesh(MeshKind),
    MeshPage(MeshKind),
    MeshHistory,
    MeshWhy,
    MeshDiff,
    TransferRequest,
    Plan,
    Applied,
    Located,
    ControlShards,
    ControlDiff,
    ControlSimulation,
    ControlPlacement,
    ControlError,
    ControlProblem,
}

/// What a request may hold.
#[derive(Clone, Copy, Debug)]
pub struct Content {
    /// Media types, without parameters.
    pub media_types: &'static [&'static str],
    /// Its JSON form.
    pub schema: Schema,
    /// Whether the route can't do without.
    pub required: bool,
    /// Most bytes.
    pub max_bytes: usize,
}

/// One way in which a route answers when it does what was asked.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// When it is given.
    pub description: &'static str,
    /// Media type of the content; `None`: there is none.
    pub media_type: Option<&'static str>,
    /// Its JSON form, where it is JSON.
    pub schema: Option<Schema>,
}

/// A request that an admin can send to a server that holds [`crate::samples`], and what it answers.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// What it shows.
    pub title: &'static str,
    /// Path and query.
    pub target: &'static str,
    /// Headers beside those that the content needs.
    pub headers: &'static [(&'static str, &'static str)],
    /// Media type and text of the content.
    pub content: Option<(&'static str, &'static str)>,
    /// The status of the answer.
    pub status: u16,
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Its name.
    pub id: RouteId,
    /// Its method.
    pub method: Method,
    /// Its path; a word in braces stands for one segment. Those words are neighbours.
    pub path: &'static str,
    /// What it does, one line.
    pub summary: &'static str,
    /// Who may call it.
    pub decision: Decision,
    /// What it takes beside content.
    pub parameters: &'static [&'static [Parameter]],
    /// What content it takes.
    pub content: Option<Content>,
    /// How it answers.
    pub answers: &'static [Answer],
    /// How it refuses, beside [`Route::ALWAYS_REFUSED`].
    pub refusals: &'static [Code],
    /// Requests to try; at least one.
    pub examples: &'static [Example],
}

impl Route {
    /// What every route may refuse with: a bad parameter, a foreign host, a missing or wrong
    /// credential, too large a head or content, a slow client, a server that is busy, and a fault of
    /// its own.
    pub const ALWAYS_REFUSED: [Code; 8] = [
        Code::Invalid,
        Code::Denied,
        Code::Unauthenticated,
        Code::RateLimited,
        Code::TooLarge,
        Code::Timeout,
        Code::Unavailable,
        Code::Internal,
    ];

    /// Its parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        self.parameters.iter().copied().flatten()
    }

    /// Its parameter of that name and place.
    #[must_use]
    pub fn parameter(&self, place: Place, name: &str) -> Option<&'static Parameter> {
        self.parameters()
            .find(|parameter| parameter.place == place && parameter.name == name)
    }
}
