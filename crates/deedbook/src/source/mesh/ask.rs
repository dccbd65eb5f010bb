//! Which records of a kind are asked for.

use deedbook_api::client::Target;
use deedbook_model::mesh::MeshKind;
use deedbook_model::shard::ShardStatus;
use deedbook_rules::mesh::MeshFilter;

/// Which records a list holds; all that is given must hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct MeshAsk {
    pub(crate) namespace: Option<String>,
    pub(crate) search: Option<String>,
    /// The owner of shards, the node that endpoints are on.
    pub(crate) node: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) statuses: Vec<ShardStatus>,
}

impl MeshAsk {
    /// The same question as the rules take it.
    pub(crate) fn filter(&self) -> MeshFilter {
        MeshFilter::default()
            .in_namespace(self.namespace.as_deref())
            .searching(self.search.as_deref())
            .on_node(self.node.as_deref())
            .of_service(self.service.as_deref())
            .at(self.region.as_deref(), self.zone.as_deref())
            .with_status(self.statuses.clone())
    }

    /// The same as a request.
    pub(super) fn target(&self, kind: MeshKind) -> Target {
        let node = match kind {
            MeshKind::Shard => "owner",
            _ => "node",
        };
        let mut target = Target::mesh_list(kind);
        for (name, value) in [
            ("namespace", &self.namespace),
            ("search", &self.search),
            (node, &self.node),
            ("service", &self.service),
            ("region", &self.region),
            ("zone", &self.zone),
        ] {
            target = target.maybe(name, value.as_deref());
        }
        for status in &self.statuses {
            target = target.with("status", &status.name().to_ascii_lowercase());
        }
        target
    }
}
