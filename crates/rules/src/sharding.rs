//! Namespaces, nodes and shards as a configuration declares them: what of it a book lacks is made,
//! and what is there is left as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deedbook_model::Generation;
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::mesh::{Draft, MeshKey, MeshKind, Namespace, Node, Shard};
use serde::Deserialize;

use crate::command::{Expected, MeshWrite, Write};
use crate::mesh::{NamespaceNow, USUAL_STRATEGY};
use crate::placement::plan::PresentNode;
use crate::placement::{
    MAX_WEIGHT, PlacementError, PlacementNode, PlacementRequest, PlacementShard, is_blank,
};
use crate::state::State;

/// What a configuration declares.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sharding {
    /// The namespaces.
    #[serde(default)]
    pub namespaces: Vec<DeclaredNamespace>,
}

/// A namespace with its nodes and shards.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeclaredNamespace {
    /// Its name.
    #[serde(default)]
    pub namespace: String,
    /// What places its shards; `rendezvous` when blank.
    #[serde(default)]
    pub strategy: Option<String>,
    /// The capacity of its shards that don't name their own; 1 when absent.
    #[serde(default)]
    pub capacity_hint: Option<f64>,
    /// Text by name, for whoever selects by it.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Its nodes; at least one.
    #[serde(default)]
    pub nodes: Vec<DeclaredNode>,
    /// Its shards; at least one.
    #[serde(default)]
    pub shards: Vec<DeclaredShard>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeclaredNode {
    /// Its id.
    #[serde(default)]
    pub node_id: String,
    /// Its share beside the others'; 1 when absent.
    #[serde(default)]
    pub weight: Option<f64>,
    /// Where it is.
    #[serde(default)]
    pub region: Option<String>,
    /// Where in its region.
    #[serde(default)]
    pub zone: Option<String>,
    /// Text by name, for whoever selects by it.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// A shard.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeclaredShard {
    /// Its id.
    #[serde(default)]
    pub shard_id: String,
    /// How much it holds; the namespace's `capacityHint` when absent.
    #[serde(default)]
    pub capacity: Option<f64>,
    /// Where it should be.
    #[serde(default)]
    pub locality_hint: Option<String>,
}

impl Sharding {
    /// The writes that make what a state lacks of it: namespaces, nodes, and shards with the owners
    /// that their namespace's strategy gives them, its other nodes and shards counted. Nothing that
    /// is there is changed.
    ///
    /// # Errors
    /// Every fault of it, each with its pointer.
    pub fn missing(&self, state: &State) -> Result<Vec<Write>, Vec<Issue>> {
        let (mut writes, mut issues) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for (place, declared) in self.namespaces.iter().enumerate() {
            let pointer = format!("/namespaces/{place}");
            if !seen.insert(&*declared.namespace) {
                let pointer = format!("{pointer}/namespace");
                issues.push(declared_twice(pointer, &declared.namespace));
                continue;
            }
            match declared.missing(state) {
                Ok(missing) => writes.extend(missing),
                Err(found) => issues.extend(found.into_iter().map(|issue| Issue {
                    pointer: format!("{pointer}{}", issue.pointer),
                    ..issue
                })),
            }
        }
        if issues.is_empty() {
            Ok(writes)
        } else {
            Err(issues)
        }
    }
}

impl DeclaredNamespace {
    /// What places its shards.
    #[must_use]
    pub fn strategy(&self) -> &str {
        let given = self.strategy.as_deref();
        given.filter(|id| !is_blank(id)).unwrap_or(USUAL_STRATEGY)
    }

    /// How much a shard of it holds.
    #[must_use]
    pub fn capacity_of(&self, shard: &DeclaredShard) -> f64 {
        shard.capacity.or(self.capacity_hint).unwrap_or(1.0)
    }

    /// What keeps it from being one, in the order in which it is looked at.
    fn faults(&self) -> Vec<Issue> {
        let name = is_blank(&self.namespace);
        let name = name.then(|| missing("/namespace".to_owned(), "the namespace"));
        let empty = [
            ("/nodes", self.nodes.is_empty(), "at least one node"),
            ("/shards", self.shards.is_empty(), "at least one shard"),
        ];
        let empty = empty.into_iter().filter(|(_, is_empty, _)| *is_empty);
        let empty = empty.map(|(pointer, _, what)| missing(pointer.to_owned(), what));
        let nodes = self.nodes.iter().map(|node| &*node.node_id);
        let shards = self.shards.iter().map(|shard| &*shard.shard_id);
        let no_nodes = blank("nodes", "nodeId", "the node's id", nodes.clone());
        let no_shards = blank("shards", "shardId", "the shard's id", shards.clone());
        let again_nodes = twice("nodes", "nodeId", nodes);
        let again_shards = twice("shards", "shardId", shards);
        let all = name.into_iter().chain(empty);
        let all = all.chain(no_nodes).chain(no_shards);
        let all = all.chain(again_nodes).chain(again_shards);
        all.chain(self.weights()).collect()
    }

    /// A weight that can't be one is told as placement tells it.
    fn weights(&self) -> impl Iterator<Item = Issue> {
        let nodes = self.nodes.iter().enumerate();
        nodes.filter_map(|(place, node)| {
            let weight = node.weight?;
            let error = PlacementError::Weight(node.node_id.clone());
            let is_sound = (0.0..=MAX_WEIGHT).contains(&weight);
            (!is_sound).then(|| {
                let pointer = format!("/nodes/{place}/weight");
                Issue::error(IssueKind::OutOfRange, pointer, error.to_string())
                    .with_code(error.code())
            })
        })
    }

    fn missing(&self, state: &State) -> Result<Vec<Write>, Vec<Issue>> {
        let faults = self.faults();
        if !faults.is_empty() {
            return Err(faults);
        }
        let name = &self.namespace;
        let now = state.namespace_now(name);
        let is_there = |kind, parts: &[&str]| {
            let parts = parts.iter().map(|part| (*part).to_owned()).collect();
            let key = MeshKey::of(kind, parts).map(|key| key.to_string());
            let record = key.ok().and_then(|key| state.record(&kind.kind(), &key));
            record.is_some_and(|record| record.is_live())
        };
        let (mut drafts, mut issues) = (Vec::new(), Vec::new());
        let mut take = |built: Result<Draft, Vec<Issue>>| match built {
            Ok(draft) => drafts.push(draft),
            Err(found) => issues.extend(found),
        };
        let has_record = is_there(MeshKind::Namespace, &[name]);
        if !has_record {
            let namespace = Namespace::new(name).strategy(self.strategy());
            let namespace = namespace.with(|it| it.labels.clone_from(&self.labels));
            take(built(namespace.build(), ""));
        }
        for (place, node) in self.nodes.iter().enumerate() {
            if !is_there(MeshKind::Node, &[name, &node.node_id]) {
                take(built(self.node(node).build(), &format!("/nodes/{place}")));
            }
        }
        let strategy = match has_record {
            true => now.strategy_id(),
            false => self.strategy(),
        };
        let shards: Vec<(usize, &DeclaredShard)> = (self.shards.iter().enumerate())
            .filter(|(_, shard)| !is_there(MeshKind::Shard, &[name, &shard.shard_id]))
            .collect();
        let owners = self.owners(state, &now, strategy, &shards)?;
        for ((place, shard), owner) in shards.into_iter().zip(owners) {
            let built_shard = Shard::new(name, &shard.shard_id, owner).strategy(strategy);
            let built_shard = built_shard.with(|it| {
                it.capacity_hint = self.capacity_of(shard);
                it.locality_hint.clone_from(&shard.locality_hint);
            });
            take(built(built_shard.build(), &format!("/shards/{place}")));
        }
        if !issues.is_empty() {
            return Err(issues);
        }
        let put = |draft| {
            Write::Mesh(MeshWrite::Put {
                draft: Arc::new(draft),
                expected: Some(Expected::Generation(Generation(0))),
            })
        };
        Ok(drafts.into_iter().map(put).collect())
    }

    fn node(&self, node: &DeclaredNode) -> Node {
        Node::new(&self.namespace, &node.node_id).with(|it| {
            it.weight = node.weight.unwrap_or(1.0);
            it.region.clone_from(&node.region);
            it.zone.clone_from(&node.zone);
            it.labels.clone_from(&node.labels);
        })
    }

    /// Who gets these shards, beside those that are there.
    fn owners(
        &self,
        state: &State,
        now: &NamespaceNow,
        strategy: &str,
        shards: &[(usize, &DeclaredShard)],
    ) -> Result<Vec<String>, Vec<Issue>> {
        let present = now.present();
        let nodes = present.nodes.iter().map(PresentNode::placed);
        let mut nodes: Vec<PlacementNode> = nodes.collect();
        let known: BTreeSet<&str> = present.nodes.iter().map(|node| &*node.node.id).collect();
        let added = self.nodes.iter();
        let added = added.filter(|node| !known.contains(&*node.node_id));
        nodes.extend(added.map(|node| PlacementNode {
            id: node.node_id.clone(),
            weight: node.weight.unwrap_or(1.0),
            region: node.region.clone(),
            zone: node.zone.clone(),
        }));
        let added = shards.iter().map(|(_, shard)| PlacementShard {
            id: shard.shard_id.clone(),
            locality_hint: shard.locality_hint.clone(),
        });
        let present = present.shards.iter().map(|present| present.shard.clone());
        let all: Vec<PlacementShard> = added.chain(present).collect();
        let request = PlacementRequest {
            namespace: &self.namespace,
            nodes: &nodes,
            shards: &all,
            policy: now.policy(),
        };
        let owners = state.strategies().place(strategy, &request);
        let owners = owners.map_err(|error| {
            let issue = Issue::error(IssueKind::InvalidValue, "/strategy", error.to_string());
            vec![issue.with_code(error.code())]
        })?;
        let owners = owners.into_iter().take(shards.len());
        Ok(owners.map(|node| node.id.clone()).collect())
    }
}

/// The ids of a list that are blank.
pub fn blank<'a>(
    list: &'a str,
    member: &'a str,
    what: &'a str,
    ids: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = Issue> {
    let blank = ids.enumerate().filter(|(_, id)| is_blank(id));
    blank.map(move |(place, _)| missing(format!("/{list}/{place}/{member}"), what))
}

fn missing(pointer: String, what: &str) -> Issue {
    let message = format!("{what} is missing");
    Issue::error(IssueKind::MissingField, pointer, message)
}

/// The ids of a list that stand in it before. That one is missing is told as such.
pub fn twice<'a>(
    list: &'a str,
    member: &'a str,
    ids: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = Issue> {
    let mut seen = BTreeSet::new();
    ids.enumerate().filter_map(move |(place, id)| {
        let is_new = seen.insert(id) || is_blank(id);
        (!is_new).then(|| declared_twice(format!("/{list}/{place}/{member}"), id))
    })
}

fn declared_twice(pointer: String, id: &str) -> Issue {
    let message = format!("`{id}` is declared twice");
    Issue::error(IssueKind::Conflict, pointer, message)
}

/// A record of the configuration's place. What is wrong with its namespace is told of the namespace.
fn built(draft: Result<Draft, Vec<Issue>>, pointer: &str) -> Result<Draft, Vec<Issue>> {
    draft.map_err(|mut issues| {
        issues.retain(|issue| pointer.is_empty() || issue.pointer != "/namespace");
        let moved = issues.into_iter().map(|issue| Issue {
            pointer: format!("{pointer}{}", issue.pointer),
            ..issue
        });
        moved.collect()
    })
}
