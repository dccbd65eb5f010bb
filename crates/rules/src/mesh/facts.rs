//! The few fields of namespaces, nodes, endpoints and shards that rules and indexes look at.

use std::borrow::Cow;
use std::sync::Arc;

use deedbook_model::Kind;
use deedbook_model::mesh::{MeshKey, MeshKind, RangeDemand};
use deedbook_model::shard::{HashRange, KeyRange, ShardRange, ShardStatus};
use serde::Deserialize;

/// What rules need of a record of the mesh, read once when it enters the state.
#[derive(Debug)]
pub enum MeshFacts {
    /// A namespace.
    Namespace(NamespaceFacts),
    /// A node.
    Node(NodeFacts),
    /// A service.
    Service,
    /// An endpoint.
    Endpoint(EndpointFacts),
    /// A shard.
    Shard(ShardFacts),
}

/// What rules need of a namespace.
#[derive(Debug)]
pub struct NamespaceFacts {
    /// What places its shards.
    pub strategy_id: Box<str>,
    /// How many times its fair share a node may have at most.
    pub bound_factor: Option<f64>,
    /// What its shards have to cover.
    pub ranges: Option<RangeDemand>,
}

/// What rules need of a node.
#[derive(Debug)]
pub struct NodeFacts {
    /// Its share beside the others'.
    pub weight: f64,
    /// Where it is.
    pub region: Option<Box<str>>,
    /// Where in its region.
    pub zone: Option<Box<str>>,
    /// Whether it gets nothing and loses what it has.
    pub draining: bool,
}

/// What rules need of an endpoint.
#[derive(Debug)]
pub struct EndpointFacts {
    /// The node that it is on.
    pub node_id: Option<Arc<str>>,
}

/// What rules need of a shard.
#[derive(Debug)]
pub struct ShardFacts {
    /// The node that has it.
    pub owner_node_id: Arc<str>,
    /// What places it.
    pub strategy_id: Box<str>,
    /// What may be done with it.
    pub status: ShardStatus,
    /// Where it should be.
    pub locality_hint: Option<Box<str>>,
    /// Which keys it has, if it is one of those that hold a range.
    pub range: Option<Box<ShardRange>>,
}

#[derive(Deserialize)]
struct Stored<T> {
    data: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamespaceData<'a> {
    #[serde(borrow)]
    strategy_id: Cow<'a, str>,
    #[serde(default)]
    bound_factor: Option<f64>,
    #[serde(default)]
    ranges: Option<RangeDemand>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeData<'a> {
    weight: f64,
    #[serde(borrow, default)]
    region: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    zone: Option<Cow<'a, str>>,
    draining: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EndpointData<'a> {
    #[serde(borrow, default)]
    node_id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShardData<'a> {
    #[serde(borrow)]
    owner_node_id: Cow<'a, str>,
    #[serde(borrow)]
    strategy_id: Cow<'a, str>,
    status: ShardStatus,
    #[serde(borrow, default)]
    locality_hint: Option<Cow<'a, str>>,
    #[serde(default)]
    key_range: Option<KeyRange>,
    #[serde(default)]
    hash_range: Option<HashRange>,
}

fn data<'a, T: Deserialize<'a>>(stored: &'a [u8]) -> Option<T> {
    Some(serde_json::from_slice::<Stored<T>>(stored).ok()?.data)
}

impl MeshFacts {
    /// Reads the stored form of a record; `None` when it isn't of the mesh, or only a later release
    /// can read it.
    #[must_use]
    pub fn read(kind: &Kind, stored: &[u8]) -> Option<MeshFacts> {
        Some(match MeshKind::of(kind)? {
            MeshKind::Namespace => {
                let data: NamespaceData<'_> = data(stored)?;
                MeshFacts::Namespace(NamespaceFacts {
                    strategy_id: data.strategy_id.into(),
                    bound_factor: data.bound_factor,
                    ranges: data.ranges,
                })
            }
            MeshKind::Node => {
                let data: NodeData<'_> = data(stored)?;
                MeshFacts::Node(NodeFacts {
                    weight: data.weight,
                    region: data.region.map(Into::into),
                    zone: data.zone.map(Into::into),
                    draining: data.draining,
                })
            }
            MeshKind::Service => MeshFacts::Service,
            MeshKind::Endpoint => {
                let data: EndpointData<'_> = data(stored)?;
                MeshFacts::Endpoint(EndpointFacts {
                    node_id: data.node_id.as_deref().map(Arc::from),
                })
            }
            MeshKind::Shard => {
                let data: ShardData<'_> = data(stored)?;
                let keys = data.key_range.map(ShardRange::Key);
                let range = keys.or_else(|| data.hash_range.map(ShardRange::Hash));
                MeshFacts::Shard(ShardFacts {
                    owner_node_id: Arc::from(&*data.owner_node_id),
                    strategy_id: data.strategy_id.into(),
                    status: data.status,
                    locality_hint: data.locality_hint.map(Into::into),
                    range: range.map(Box::new),
                })
            }
        })
    }

    /// The node that it points to.
    pub(crate) fn node_id(&self) -> Option<&Arc<str>> {
        match self {
            MeshFacts::Shard(facts) => Some(&facts.owner_node_id),
            MeshFacts::Endpoint(facts) => facts.node_id.as_ref(),
            MeshFacts::Namespace(_) | MeshFacts::Node(_) | MeshFacts::Service => None,
        }
    }
}

/// What names a record of the mesh, out of the text of its key.
pub(crate) struct Name<'a> {
    pub(crate) kind: MeshKind,
    pub(crate) namespace: Cow<'a, str>,
    /// The service of an endpoint.
    pub(crate) service: Option<Cow<'a, str>>,
    /// The id within what it is in.
    pub(crate) id: Cow<'a, str>,
}

impl<'a> Name<'a> {
    /// `None` for records of other kinds, and for text that is no key.
    pub(crate) fn of(kind: &Kind, key: &'a str) -> Option<Name<'a>> {
        let kind = MeshKind::of(kind)?;
        let mut parts = MeshKey::parts_of(key);
        let namespace = parts.next()?;
        let (service, id) = match kind {
            MeshKind::Namespace => (None, namespace.clone()),
            MeshKind::Endpoint => (Some(parts.next()?), parts.next()?),
            MeshKind::Node | MeshKind::Service | MeshKind::Shard => (None, parts.next()?),
        };
        parts.next().is_none().then_some(Name {
            kind,
            namespace,
            service,
            id,
        })
    }
}
