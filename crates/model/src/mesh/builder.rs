//! Building records in code: whatever is set, the result went through the reader.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Map;

use super::MeshKind;
use super::read::{Draft, ReadOptions, read_node};
use super::records::{Endpoint, Namespace, Node, RangeDemand, Service, Shard};
use crate::document;
use crate::issue::{Issue, IssueKind};
use crate::shard::{ShardRange, ShardStatus};

fn build(kind: MeshKind, record: &impl Serialize) -> Result<Draft, Vec<Issue>> {
    let document = serde_json::to_value(record);
    let document = document
        .map_err(|error| vec![Issue::error(IssueKind::InvalidValue, "", error.to_string())])?;
    read_node(
        kind,
        &document::Node::from(&document),
        ReadOptions::default(),
    )
}

macro_rules! building {
    ($type:ident, $kind:expr) => {
        impl $type {
            /// The valid record.
            ///
            /// # Errors
            /// Every fault, at the pointers of the document that it would be.
            pub fn build(&self) -> Result<Draft, Vec<Issue>> {
                build($kind, self)
            }

            /// A text beside the record, free for whoever writes it; one of that name is replaced.
            pub fn annotation(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
                self.annotations.insert(name.into(), text.into());
                self
            }

            /// Any other member, by hand: one that has no method, or in `other` one that this release
            /// doesn't know.
            pub fn with(mut self, change: impl FnOnce(&mut $type)) -> Self {
                change(&mut self);
                self
            }
        }
    };
}

building!(Namespace, MeshKind::Namespace);
building!(Node, MeshKind::Node);
building!(Service, MeshKind::Service);
building!(Endpoint, MeshKind::Endpoint);
building!(Shard, MeshKind::Shard);

impl Namespace {
    /// A namespace of that name.
    pub fn new(namespace: impl Into<String>) -> Namespace {
        Namespace {
            namespace: namespace.into(),
            strategy_id: None,
            bound_factor: None,
            ranges: None,
            description: None,
            labels: BTreeMap::new(),
            schema_version: None,
            annotations: BTreeMap::new(),
            other: Map::new(),
        }
    }

    /// What places its shards.
    pub fn strategy(mut self, id: impl Into<String>) -> Self {
        self.strategy_id = Some(id.into());
        self
    }

    /// How many times its fair share a node may have at most.
    pub fn bound_factor(mut self, factor: f64) -> Self {
        self.bound_factor = Some(factor);
        self
    }

    /// What its shards have to cover.
    pub fn demand_ranges(mut self, demand: RangeDemand) -> Self {
        self.ranges = Some(demand);
        self
    }
}

impl Node {
    /// A node of weight 1.
    pub fn new(namespace: impl Into<String>, id: impl Into<String>) -> Node {
        Node {
            namespace: namespace.into(),
            node_id: id.into(),
            weight: 1.0,
            region: None,
            zone: None,
            draining: false,
            labels: BTreeMap::new(),
            schema_version: None,
            annotations: BTreeMap::new(),
            other: Map::new(),
        }
    }

    /// Its share beside the others'.
    pub fn weight(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }

    /// Where it is.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Where in its region.
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = Some(zone.into());
        self
    }
}

impl Service {
    /// A service without endpoints.
    pub fn new(namespace: impl Into<String>, id: impl Into<String>) -> Service {
        Service {
            namespace: namespace.into(),
            service_id: id.into(),
            description: None,
            labels: BTreeMap::new(),
            schema_version: None,
            annotations: BTreeMap::new(),
            other: Map::new(),
        }
    }
}

impl Endpoint {
    /// An endpoint of weight 1.
    pub fn new(
        namespace: impl Into<String>,
        service: impl Into<String>,
        id: impl Into<String>,
        uri: impl Into<String>,
    ) -> Endpoint {
        Endpoint {
            namespace: namespace.into(),
            service_id: service.into(),
            endpoint_id: id.into(),
            uri: uri.into(),
            node_id: None,
            weight: 1.0,
            region: None,
            zone: None,
            labels: BTreeMap::new(),
            schema_version: None,
            annotations: BTreeMap::new(),
            other: Map::new(),
        }
    }

    /// The node that it is on.
    pub fn on_node(mut self, id: impl Into<String>) -> Self {
        self.node_id = Some(id.into());
        self
    }
}

impl Shard {
    /// An active shard with an owner.
    pub fn new(
        namespace: impl Into<String>,
        id: impl Into<String>,
        owner: impl Into<String>,
    ) -> Shard {
        Shard {
            namespace: namespace.into(),
            shard_id: id.into(),
            strategy_id: None,
            owner_node_id: owner.into(),
            leader_id: None,
            capacity_hint: 0.0,
            status: ShardStatus::Active,
            locality_hint: None,
            key_range: None,
            hash_range: None,
            change_ticket: None,
            previous_owner_node_id: None,
            ownership_delta_percent: None,
            ownership_delta: None,
            metadata: None,
            schema_version: None,
            annotations: BTreeMap::new(),
            other: Map::new(),
        }
    }

    /// What places it.
    pub fn strategy(mut self, id: impl Into<String>) -> Self {
        self.strategy_id = Some(id.into());
        self
    }

    /// What may be done with it.
    pub fn status(mut self, status: ShardStatus) -> Self {
        self.status = status;
        self
    }

    /// Which keys it has.
    pub fn holding(mut self, range: ShardRange) -> Self {
        (self.key_range, self.hash_range) = match range {
            ShardRange::Key(range) => (Some(range), None),
            ShardRange::Hash(range) => (None, Some(range)),
        };
        self
    }

    /// Where it should be.
    pub fn locality_hint(mut self, hint: impl Into<String>) -> Self {
        self.locality_hint = Some(hint.into());
        self
    }
}
