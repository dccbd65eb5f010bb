//! Which records of the mesh a list holds.

use deedbook_model::shard::ShardStatus;
use deedbook_model::text::folded;

use super::{MeshFacts, Name};
use crate::record::Record;

/// What a list asks for; all that is given must hold. Texts compare as they are, ignoring case.
#[derive(Clone, Debug, Default)]
pub struct MeshFilter {
    namespace: Option<String>,
    search: Option<String>,
    node: Option<String>,
    service: Option<String>,
    region: Option<String>,
    zone: Option<String>,
    statuses: Vec<ShardStatus>,
}

impl MeshFilter {
    /// Only what is in that namespace.
    #[must_use]
    pub fn in_namespace(mut self, name: Option<&str>) -> MeshFilter {
        self.namespace = name.map(folded);
        self
    }

    /// Only what has that text in its id.
    #[must_use]
    pub fn searching(mut self, text: Option<&str>) -> MeshFilter {
        self.search = text.map(folded);
        self
    }

    /// Only shards of that owner, and endpoints on that node.
    #[must_use]
    pub fn on_node(mut self, id: Option<&str>) -> MeshFilter {
        self.node = id.map(folded);
        self
    }

    /// Only endpoints of that service.
    #[must_use]
    pub fn of_service(mut self, id: Option<&str>) -> MeshFilter {
        self.service = id.map(folded);
        self
    }

    /// Only nodes there.
    #[must_use]
    pub fn at(mut self, region: Option<&str>, zone: Option<&str>) -> MeshFilter {
        self.region = region.map(folded);
        self.zone = zone.map(folded);
        self
    }

    /// Only shards of one of these, if there are any.
    #[must_use]
    pub fn with_status(mut self, statuses: Vec<ShardStatus>) -> MeshFilter {
        self.statuses = statuses;
        self
    }

    /// Whether a live record of the mesh is one of these.
    #[must_use]
    pub fn fits(&self, record: &Record) -> bool {
        let (Some(name), Some(facts)) = (Name::of(&record.kind, &record.key), record.mesh()) else {
            return false;
        };
        let is = |wanted: &Option<String>, text: Option<&str>| {
            let same = |wanted: &String| text.is_some_and(|text| folded(text) == *wanted);
            wanted.as_ref().is_none_or(same)
        };
        let (region, zone) = match facts {
            MeshFacts::Node(node) => (node.region.as_deref(), node.zone.as_deref()),
            _ => (None, None),
        };
        let has_status = match facts {
            MeshFacts::Shard(shard) => {
                self.statuses.is_empty() || self.statuses.contains(&shard.status)
            }
            _ => self.statuses.is_empty(),
        };
        has_status
            && is(&self.namespace, Some(&name.namespace))
            && is(&self.service, name.service.as_deref())
            && is(&self.node, facts.node_id().map(|id| &**id))
            && is(&self.region, region)
            && is(&self.zone, zone)
            && self
                .search
                .as_ref()
                .is_none_or(|search| folded(&name.id).contains(search.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deedbook_model::{Generation, Kind, Revision};

    use super::*;

    fn shard(key: &str, owner: &str) -> Record {
        let stored = format!(
            r#"{{"data":{{"ownerNodeId":"{owner}","strategyId":"ring","status":"paused"}}}}"#
        );
        let (generation, revision) = (Generation(1), Revision(1));
        let stored = Some(stored.into_bytes().into());
        Record::new(Kind::SHARD, Arc::from(key), generation, revision, stored)
    }

    #[test]
    fn texts_are_literal_and_ignore_case() {
        let record = shard("Órders/s_1%2Fa%25", "Node-A");
        let all = MeshFilter::default;
        assert!(all().fits(&record));
        assert!(all().in_namespace(Some("óRDERS")).fits(&record));
        assert!(!all().in_namespace(Some("órder")).fits(&record));
        assert!(all().on_node(Some("node-a")).fits(&record));
        assert!(!all().on_node(Some("node-")).fits(&record));
        for found in ["S_1", "1/a", "a%", ""] {
            assert!(all().searching(Some(found)).fits(&record), "{found}");
        }
        for missed in ["s%1", "s.1", "%2F", "rders"] {
            assert!(!all().searching(Some(missed)).fits(&record), "{missed}");
        }
        assert!(all().with_status(vec![ShardStatus::Paused]).fits(&record));
        assert!(!all().with_status(vec![ShardStatus::Active]).fits(&record));
        assert!(!all().at(None, Some("z")).fits(&record));
        assert!(!all().of_service(Some("s")).fits(&record));
    }
}
