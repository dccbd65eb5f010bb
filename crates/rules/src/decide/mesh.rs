//! Namespaces, nodes, services, endpoints and shards: making, changing and removing them.

use std::sync::Arc;

use deedbook_model::document::Node;
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::mesh::{Draft, MeshKey, MeshKind, ReadOptions, read_node};
use deedbook_model::{Capability, Envelope, Resource, Verb};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value};

use super::{Content, Outcome, Work, check_expected, internal};
use crate::command::{Expected, MeshWrite};
use crate::record::Record;
use crate::refusal::Refusal;

/// What a record of the mesh becomes.
pub(super) struct MeshContent {
    pub(super) data: Map<String, Value>,
    pub(super) annotations: Map<String, Value>,
    pub(super) warnings: Vec<Issue>,
}

impl From<&Draft> for MeshContent {
    fn from(draft: &Draft) -> MeshContent {
        MeshContent {
            data: draft.data().clone(),
            annotations: draft.annotations().clone(),
            warnings: draft.warnings().to_vec(),
        }
    }
}

impl From<Draft> for MeshContent {
    fn from(draft: Draft) -> MeshContent {
        let (data, annotations, warnings) = draft.into_parts();
        MeshContent {
            data,
            annotations,
            warnings,
        }
    }
}

impl Work<'_> {
    pub(super) fn decide_mesh(&mut self, write: &MeshWrite) -> Result<Outcome, Refusal> {
        let namespace = Resource::Namespace(write.key().namespace());
        self.demand(Capability::MeshOperate, namespace)?;
        match write {
            MeshWrite::Put { draft, expected } => {
                let key = draft.key();
                let before = self.mesh_record(key);
                check_expected(&title(key), before.as_deref(), expected.as_ref())?;
                self.put_mesh(key, before.as_deref(), MeshContent::from(&**draft))
            }
            MeshWrite::Patch {
                key,
                patch,
                expected,
            } => {
                let before = self.find_mesh(key, expected.as_ref())?;
                let content = patched(key, &before, patch)?;
                self.put_mesh(key, Some(&before), content)
            }
            MeshWrite::Remove {
                key,
                expected,
                force,
            } => {
                let before = self.find_mesh(key, expected.as_ref())?;
                let left = self.left_by(key);
                if let Some(left) = left.as_ref().filter(|_| !force) {
                    return Err(Refusal::of(0, vec![in_use(key, left)]));
                }
                let left = left.map(|left| {
                    let message = format!("{left} still points to {}", title(key));
                    Issue::warning(IssueKind::InUse, "", message)
                });
                Ok(Outcome {
                    record: self.take_out(before),
                    created: false,
                    unchanged: false,
                    warnings: Vec::from_iter(left),
                })
            }
        }
    }

    /// The live record of that key.
    pub(super) fn mesh_record(&self, key: &MeshKey) -> Option<Arc<Record>> {
        let record = self.state.record(&key.kind().kind(), &key.to_string());
        record.filter(|record| record.is_live()).cloned()
    }

    /// The live record of that key, as its caller saw it.
    fn find_mesh(
        &self,
        key: &MeshKey,
        expected: Option<&Expected>,
    ) -> Result<Arc<Record>, Refusal> {
        let Some(record) = self.mesh_record(key) else {
            let missing = Issue::error(IssueKind::NotFound, "", format!("no {}", title(key)));
            return Err(Refusal::of(0, vec![missing]));
        };
        check_expected(&title(key), Some(&record), expected)?;
        Ok(record)
    }

    fn put_mesh(
        &mut self,
        key: &MeshKey,
        before: Option<&Record>,
        content: MeshContent,
    ) -> Result<Outcome, Refusal> {
        self.check_strategy(&content.data)?;
        if key.kind() == MeshKind::Shard {
            return self.put_shard(key, before, content);
        }
        if let Some(before) = before
            && same_content(before, &content)?
        {
            let record = self.state.record(&before.kind, &before.key);
            let record = record.cloned().ok_or_else(gone)?;
            return Ok(Outcome {
                record,
                created: false,
                unchanged: true,
                warnings: content.warnings,
            });
        }
        let checksum = deedbook_model::component::hash_of(&content.data);
        let verb = match before {
            Some(_) => Verb::UPDATED,
            None => Verb::CREATED,
        };
        self.store_mesh(key, before, &checksum, verb, content)
    }

    pub(super) fn store_mesh(
        &mut self,
        key: &MeshKey,
        before: Option<&Record>,
        checksum: &str,
        verb: Verb,
        content: MeshContent,
    ) -> Result<Outcome, Refusal> {
        let failed = |error: serde_json::Error| internal(error.to_string());
        let created_at = before.map(envelope_of).transpose()?;
        let created_at = created_at.map(|envelope| envelope.created_at);
        let content_of = Content {
            checksum,
            created_at,
            annotations: &to_raw_value(&content.annotations).map_err(failed)?,
            data: &to_raw_value(&content.data).map_err(failed)?,
        };
        let record = self.put(key.kind().kind(), &key.to_string(), verb, &content_of)?;
        if record.mesh().is_none() {
            return Err(internal(
                "a record can't be read that was judged".to_owned(),
            ));
        }
        Ok(Outcome {
            record,
            created: before.is_none(),
            unchanged: false,
            warnings: content.warnings,
        })
    }

    fn check_strategy(&self, data: &Map<String, Value>) -> Result<(), Refusal> {
        let Some(id) = data.get("strategyId").and_then(Value::as_str) else {
            return Ok(());
        };
        if self.state.strategies().get(id).is_ok() {
            return Ok(());
        }
        let known: Vec<&str> = self.state.strategies().ids().collect();
        let message = format!("no strategy `{id}`");
        let issue = Issue::error(IssueKind::InvalidValue, "/strategyId", message)
            .with_hint(format!("there are {}", known.join(", ")));
        Err(Refusal::of(0, vec![issue]))
    }

    /// What points to a record, in words; `None`: nothing does.
    fn left_by(&self, key: &MeshKey) -> Option<String> {
        let members = self.state.members(key.namespace())?;
        let count = match key.kind() {
            MeshKind::Namespace if members.is_unused() => 0,
            MeshKind::Namespace => return Some("what is in it".to_owned()),
            MeshKind::Node => members.held_by(key.id()),
            MeshKind::Service => members.endpoints_of(key.id()),
            MeshKind::Endpoint | MeshKind::Shard => 0,
        };
        match (key.kind(), count) {
            (_, 0) => None,
            (MeshKind::Service, count) => Some(format!("{count} of its endpoints")),
            (_, count) => Some(format!("{count} of the shards and endpoints")),
        }
    }
}

/// What a record is called in messages: `shard orders/s-1`.
fn title(key: &MeshKey) -> String {
    format!("{} {key}", key.kind())
}

fn in_use(key: &MeshKey, left: &str) -> Issue {
    let message = format!("{left} still points to {}", title(key));
    Issue::error(IssueKind::InUse, "", message)
        .with_hint("move or remove that first, or force it: what points to it stays as it is then")
}

fn gone() -> Refusal {
    internal("what was found is gone".to_owned())
}

/// The envelope of a live record.
fn envelope_of(record: &Record) -> Result<Envelope<'_>, Refusal> {
    let bytes = record.bytes.as_deref().unwrap_or_default();
    Envelope::read(bytes).map_err(|error| internal(error.to_string()))
}

fn members_of(json: &str) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_str(json).map_err(|error| internal(error.to_string()))
}

fn same_content(record: &Record, content: &MeshContent) -> Result<bool, Refusal> {
    let envelope = envelope_of(record)?;
    Ok(members_of(envelope.data.get())? == content.data
        && members_of(envelope.annotations.get())? == content.annotations)
}

/// Members of a shard that speak of one change: the next one doesn't take them over.
const OF_ONE_CHANGE: [&str; 3] = ["changeTicket", "ownershipDeltaPercent", "metadata"];

fn patched(key: &MeshKey, before: &Record, patch: &Value) -> Result<MeshContent, Refusal> {
    if !patch.is_object() {
        return Err(Refusal::of(0, vec![super::patch::not_an_object(patch)]));
    }
    let envelope = envelope_of(before)?;
    let mut merged = members_of(envelope.data.get())?;
    let annotations = members_of(envelope.annotations.get())?;
    merged.insert("annotations".to_owned(), Value::Object(annotations));
    if key.kind() == MeshKind::Shard {
        OF_ONE_CHANGE.iter().for_each(|name| {
            merged.remove(*name);
        });
    }
    let mut merged = Value::Object(merged);
    json_patch::merge(&mut merged, patch);
    let options = ReadOptions {
        key: Some(key),
        strict: false,
    };
    let draft = read_node(key.kind(), &Node::from(&merged), options);
    let draft = draft.map_err(|issues| Refusal::of(0, issues))?;
    Ok(MeshContent::from(draft))
}
