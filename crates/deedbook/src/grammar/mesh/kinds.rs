//! What each kind adds to the grammar: how it is named, which filters its list has, examples.

use clap::Args;
use deedbook_model::mesh::MeshKind;
use deedbook_model::shard::ShardStatus;

use super::fields::{
    EndpointFields, NamespaceFields, NodeFields, ServiceFields, ShardFields, status,
};
use super::{Described, Examples};
use crate::source::MeshAsk;

/// Filters of all kinds within a namespace.
#[derive(Args, Debug)]
pub(crate) struct Within {
    /// Is in this namespace, ignoring case
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    search: Search,
}

/// The filter of every kind.
#[derive(Args, Debug)]
pub(crate) struct Search {
    /// Its id holds this text, ignoring case
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

impl From<Search> for MeshAsk {
    fn from(filter: Search) -> MeshAsk {
        MeshAsk {
            search: filter.search,
            ..MeshAsk::default()
        }
    }
}

impl From<Within> for MeshAsk {
    fn from(filter: Within) -> MeshAsk {
        MeshAsk {
            namespace: filter.namespace,
            ..filter.search.into()
        }
    }
}

/// Filters of nodes.
#[derive(Args, Debug)]
pub(crate) struct NodeFilter {
    #[command(flatten)]
    within: Within,
    /// Is in this region, ignoring case
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Is in this zone, ignoring case
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
}

impl From<NodeFilter> for MeshAsk {
    fn from(filter: NodeFilter) -> MeshAsk {
        MeshAsk {
            region: filter.region,
            zone: filter.zone,
            ..filter.within.into()
        }
    }
}

/// Filters of endpoints.
#[derive(Args, Debug)]
pub(crate) struct EndpointFilter {
    #[command(flatten)]
    within: Within,
    /// Is of this service, ignoring case
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,
    /// Is on this node, ignoring case
    #[arg(long, value_name = "NODE")]
    node: Option<String>,
}

impl From<EndpointFilter> for MeshAsk {
    fn from(filter: EndpointFilter) -> MeshAsk {
        MeshAsk {
            service: filter.service,
            node: filter.node,
            ..filter.within.into()
        }
    }
}

/// Filters of shards.
#[derive(Args, Debug)]
pub(crate) struct ShardFilter {
    #[command(flatten)]
    within: Within,
    /// Is owned by this node, ignoring case
    #[arg(long, value_name = "NODE")]
    owner: Option<String>,
    /// Has this status (active, draining, paused, disabled); given several times, one of them
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = status)]
    status: Vec<ShardStatus>,
}

impl From<ShardFilter> for MeshAsk {
    fn from(filter: ShardFilter) -> MeshAsk {
        MeshAsk {
            node: filter.owner,
            statuses: filter.status,
            ..filter.within.into()
        }
    }
}

/// Namespaces.
#[derive(Debug)]
pub(crate) enum Namespaces {}

impl Described for Namespaces {
    const KIND: MeshKind = MeshKind::Namespace;
    const ONE: &'static str = "a namespace";
    const REF: &'static str = "NAME";
    const EXAMPLES: Examples = Examples {
        ls: "namespace ls\nnamespace ls --search edge -o json",
        get: "namespace get edge\nnamespace get edge --at -7d",
        add: "namespace add edge --strategy rendezvous-weighted\nnamespace add namespaces.yaml",
        set: "namespace set edge --strategy bounded-load --bound-factor 1.1 -m 'even loads'",
        rm: "namespace rm edge --yes",
        history: "namespace history edge --since -7d",
        why: "namespace why edge --field strategyId",
        diff: "namespace diff edge\nnamespace diff edge --since -1d -o json",
        watch: "namespace watch\nnamespace watch edge --after 0 --once -o jsonl",
    };
    type Filter = Search;
    type Fields = NamespaceFields;
}

/// Nodes.
#[derive(Debug)]
pub(crate) enum Nodes {}

impl Described for Nodes {
    const KIND: MeshKind = MeshKind::Node;
    const ONE: &'static str = "a node";
    const REF: &'static str = "[NAMESPACE/]NODE";
    const EXAMPLES: Examples = Examples {
        ls: "node ls -n edge\nmesh nodes ls -n edge --zone z1 -o json",
        get: "node get edge/n1\nnode get -n edge n1 -o yaml",
        add: "node add edge/n1 --weight 2 --zone z1\nnode add nodes.yaml -m 'the new rack'",
        set: "node set edge/n1 --draining -m 'disk failing' --ticket OPS-17\nnode set edge/n1 --weight 0.5 --unset zone --if-generation 3",
        rm: "node rm edge/n1 --yes\nnode rm edge/n1 --force -m 'it burned'",
        history: "node history edge/n1\nnode history edge/n1 --since -7d -o jsonl",
        why: "node why edge/n1 --field draining",
        diff: "node diff edge/n1\nnode diff -n edge --since -1d",
        watch: "node watch -n edge\nnode watch edge/n1 --after 0 --once -o jsonl",
    };
    type Filter = NodeFilter;
    type Fields = NodeFields;
}

/// Services.
#[derive(Debug)]
pub(crate) enum Services {}

impl Described for Services {
    const KIND: MeshKind = MeshKind::Service;
    const ONE: &'static str = "a service";
    const REF: &'static str = "[NAMESPACE/]SERVICE";
    const EXAMPLES: Examples = Examples {
        ls: "service ls -n edge\nmesh services ls --search track",
        get: "service get edge/tracking",
        add: "service add edge/tracking --description 'Where is my parcel?'\nservice add services.yaml",
        set: "service set edge/tracking --label tier=gold --unset labels/old",
        rm: "service rm edge/tracking --yes",
        history: "service history edge/tracking",
        why: "service why edge/tracking",
        diff: "service diff edge/tracking --since 12",
        watch: "service watch -n edge",
    };
    type Filter = Within;
    type Fields = ServiceFields;
}

/// Endpoints.
#[derive(Debug)]
pub(crate) enum Endpoints {}

impl Described for Endpoints {
    const KIND: MeshKind = MeshKind::Endpoint;
    const ONE: &'static str = "an endpoint";
    const REF: &'static str = "[NAMESPACE/]SERVICE/ENDPOINT";
    const EXAMPLES: Examples = Examples {
        ls: "endpoint ls -n edge --service tracking\nmesh endpoints ls --node n1",
        get: "endpoint get edge/tracking/a",
        add: "endpoint add edge/tracking/a --uri grpc://10.0.0.7:8443 --node n1\nendpoint add endpoints.yaml",
        set: "endpoint set edge/tracking/a --weight 0.5",
        rm: "endpoint rm edge/tracking/a --yes",
        history: "endpoint history edge/tracking/a",
        why: "endpoint why edge/tracking/a --field uri",
        diff: "endpoint diff edge/tracking/a --since -1h",
        watch: "endpoint watch -n edge",
    };
    type Filter = EndpointFilter;
    type Fields = EndpointFields;
}

/// Shards.
#[derive(Debug)]
pub(crate) enum Shards {}

impl Described for Shards {
    const KIND: MeshKind = MeshKind::Shard;
    const ONE: &'static str = "a shard";
    const REF: &'static str = "[NAMESPACE/]SHARD";
    const EXAMPLES: Examples = Examples {
        ls: "shard ls -n edge --owner n1\nmesh shards ls --status draining,paused -o json",
        get: "shard get edge/s-01\nshard get edge/s-01 --at -7d -o yaml",
        add: "shard add edge/s-01 --owner n1\nshard add shards.yaml --ticket OPS-17\nshard add edge/s-02 --owner n1 --keys m..t",
        set: "shard set edge/s-01 --status draining -m 'n1 goes away'\nshard set edge/s-01 --owner n2 --if-generation 4",
        rm: "shard rm edge/s-01 --yes",
        history: "shard history edge/s-01",
        why: "shard why edge/s-01\nshard why edge/s-01 --field status --at -7d",
        diff: "shard diff edge/s-01\nmesh shards diff -n edge --since -1h",
        watch: "shard watch -n edge -o jsonl",
    };
    type Filter = ShardFilter;
    type Fields = ShardFields;
}
