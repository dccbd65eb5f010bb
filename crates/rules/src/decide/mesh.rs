//! Namespaces, nodes, services, endpoints and shards: making, changing and removing them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use deedbook_model::document::Node;
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::mesh::{Draft, MeshKey, MeshKind, ReadOptions, amend, read_node};
use deedbook_model::{Capability, Envelope, Resource, UnknownMembers, Verb};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::{Content, Outcome, Slot, Work, check_expected, internal};
use crate::command::{Expected, MeshWrite};
use crate::mesh::ShardFacts;
use crate::record::Record;
use crate::refusal::Refusal;

/// What a record of the mesh becomes.
pub(super) struct MeshContent<'a> {
    pub(super) data: Map<String, Value>,
    pub(super) annotations: Cow<'a, RawValue>,
    pub(super) warnings: Vec<Issue>,
}

impl MeshContent<'_> {
    fn of(draft: &Draft) -> Result<MeshContent<'static>, Refusal> {
        Ok(MeshContent {
            data: draft.data().clone(),
            annotations: Cow::Owned(raw(draft.annotations())?),
            warnings: draft.warnings().to_vec(),
        })
    }
}

/// A live record of the mesh, read as it is stored.
pub(super) struct Known<'a> {
    record: &'a Record,
    envelope: Envelope<'a>,
    unknown: UnknownMembers<'a>,
}

impl<'a> Known<'a> {
    fn of(record: &'a Record) -> Result<Known<'a>, Refusal> {
        let bytes = record.bytes.as_deref().unwrap_or_default();
        let whole = Envelope::read_whole(bytes);
        let (envelope, unknown) = whole.map_err(|error| internal(error.to_string()))?;
        Ok(Known {
            record,
            envelope,
            unknown,
        })
    }

    /// What the rules know of it as a shard.
    pub(super) fn shard(&self) -> Option<&'a ShardFacts> {
        self.record.shard()
    }

    fn data(&self) -> Result<Map<String, Value>, Refusal> {
        members_of(self.envelope.data.get())
    }

    fn annotations(&self) -> Result<Map<String, Value>, Refusal> {
        members_of(self.envelope.annotations.get())
    }

    fn has(&self, content: &MeshContent<'_>) -> Result<bool, Refusal> {
        Ok(self.data()? == content.data
            && self.annotations()? == members_of(content.annotations.get())?)
    }
}

impl Work<'_> {
    pub(super) fn decide_mesh(&mut self, write: &MeshWrite) -> Result<Outcome, Refusal> {
        let key = write.key();
        let namespace = Resource::Namespace(key.namespace());
        self.demand(Capability::MeshOperate, namespace)?;
        let slot = self.slot_of(key);
        let before = slot.before.clone().filter(|before| before.is_live());
        match write {
            MeshWrite::Put { draft, expected } => {
                check_expected(Title(key), before.as_deref(), expected.as_ref())?;
                let known = before.as_deref().map(Known::of).transpose()?;
                self.put_mesh(key, slot, known.as_ref(), MeshContent::of(draft)?)
            }
            MeshWrite::Patch {
                patch, expected, ..
            } => {
                let before = found(key, before, expected.as_ref())?;
                let known = Known::of(&before)?;
                let content = patched(key, &known, patch)?;
                self.put_mesh(key, slot, Some(&known), content)
            }
            MeshWrite::Remove {
                expected, force, ..
            } => {
                let before = found(key, before, expected.as_ref())?;
                let left = self.left_by(key);
                if let Some(left) = left.as_ref().filter(|_| !force) {
                    return Err(Refusal::of(0, vec![in_use(key, left)]));
                }
                let left = left.map(|left| {
                    let message = format!("{left} still points to {}", Title(key));
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

    fn slot_of(&self, key: &MeshKey) -> Slot {
        let (kind, text) = (key.kind().kind(), key.to_string());
        let before = self.state.record(&kind, &text).cloned();
        let key = match &before {
            Some(before) => Arc::clone(&before.key),
            None => Arc::from(text),
        };
        Slot { kind, key, before }
    }

    fn put_mesh(
        &mut self,
        key: &MeshKey,
        slot: Slot,
        known: Option<&Known<'_>>,
        content: MeshContent<'_>,
    ) -> Result<Outcome, Refusal> {
        self.check_strategy(&content.data)?;
        if key.kind() == MeshKind::Shard {
            return self.put_shard(key, slot, known, content);
        }
        if let (Some(known), Some(before)) = (known, &slot.before)
            && known.has(&content)?
        {
            return Ok(Outcome {
                record: Arc::clone(before),
                created: false,
                unchanged: true,
                warnings: content.warnings,
            });
        }
        let checksum = deedbook_model::component::hash_of(&content.data);
        let verb = match known {
            Some(_) => Verb::UPDATED,
            None => Verb::CREATED,
        };
        self.store_mesh(slot, known, &checksum, verb, content)
    }

    pub(super) fn store_mesh(
        &mut self,
        slot: Slot,
        known: Option<&Known<'_>>,
        checksum: &str,
        verb: Verb,
        content: MeshContent<'_>,
    ) -> Result<Outcome, Refusal> {
        let stored = Content {
            checksum,
            created_at: known.map(|known| known.envelope.created_at),
            annotations: &content.annotations,
            data: &raw(&content.data)?,
        };
        let none = UnknownMembers::default();
        let unknown = known.map_or(&none, |known| &known.unknown);
        let record = self.put_over(slot, verb, &stored, unknown)?;
        if record.mesh().is_none() {
            return Err(internal(
                "a record can't be read that was judged".to_owned(),
            ));
        }
        Ok(Outcome {
            record,
            created: known.is_none(),
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
        match key.kind() {
            MeshKind::Namespace if members.is_unused() => None,
            MeshKind::Namespace => Some(format!("what is in it ({})", members.counted())),
            MeshKind::Node => match members.held_by(key.id()) {
                0 => None,
                count => {
                    let named = named(members.some_held_by(key.id()), count);
                    Some(format!("{count} of the shards and endpoints{named}"))
                }
            },
            MeshKind::Service => match members.endpoint_count(key.id()) {
                0 => None,
                count => {
                    let named = named(members.endpoints_of(key.id()), count);
                    Some(format!("{count} of its endpoints{named}"))
                }
            },
            MeshKind::Endpoint | MeshKind::Shard => None,
        }
    }
}

/// The first of so many records, as messages name them: ` (shard orders/s-1, 2 more)`.
fn named<'a>(records: impl Iterator<Item = &'a Arc<Record>>, count: usize) -> String {
    const SHOWN: usize = 3;
    let shown = records.take(SHOWN);
    let mut names: Vec<String> = shown
        .map(|record| format!("{} {}", record.kind, record.key))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    if count > names.len() {
        names.push(format!("{} more", count - names.len()));
    }
    format!(" ({})", names.join(", "))
}

/// What a record is called in messages: `shard orders/s-1`.
struct Title<'a>(&'a MeshKey);

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.kind(), self.0)
    }
}

/// The live record of a key, as its caller saw it.
fn found(
    key: &MeshKey,
    live: Option<Arc<Record>>,
    expected: Option<&Expected>,
) -> Result<Arc<Record>, Refusal> {
    let Some(record) = live else {
        let missing = Issue::error(IssueKind::NotFound, "", format!("no {}", Title(key)));
        return Err(Refusal::of(0, vec![missing]));
    };
    check_expected(Title(key), Some(&record), expected)?;
    Ok(record)
}

fn in_use(key: &MeshKey, left: &str) -> Issue {
    let message = format!("{left} still points to {}", Title(key));
    Issue::error(IssueKind::InUse, "", message)
        .with_hint("move or remove that first, or force it: what points to it stays as it is then")
}

fn members_of(json: &str) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_str(json).map_err(|error| internal(error.to_string()))
}

fn raw(members: &Map<String, Value>) -> Result<Box<RawValue>, Refusal> {
    to_raw_value(members).map_err(|error| internal(error.to_string()))
}

/// Members of a shard that speak of one change: the next one doesn't take them over.
const OF_ONE_CHANGE: [&str; 3] = ["changeTicket", "ownershipDeltaPercent", "metadata"];

/// What a patch (RFC 7396) makes of a record. Only what it touches is judged and warned of.
fn patched<'a>(
    key: &MeshKey,
    known: &Known<'a>,
    patch: &Value,
) -> Result<MeshContent<'a>, Refusal> {
    let Value::Object(patch) = patch else {
        return Err(Refusal::of(0, vec![super::patch::not_an_object(patch)]));
    };
    let patch = &*members_within(key, patch)?;
    let data = || -> Result<Map<String, Value>, Refusal> {
        let mut data = known.data()?;
        if key.kind() == MeshKind::Shard {
            OF_ONE_CHANGE.iter().for_each(|name| {
                data.remove(*name);
            });
        }
        Ok(data)
    };
    let refused = |issues| Refusal::of(0, issues);
    let before = data()?;
    let touched = patch.iter().map(|(name, value)| {
        let mut member = match name.as_str() {
            "annotations" => known.annotations()?.into(),
            name => before.get(name).cloned().unwrap_or_default(),
        };
        json_patch::merge(&mut member, value);
        Ok((name.clone(), member))
    });
    let touched = touched.collect::<Result<Map<String, Value>, Refusal>>()?;
    // What can't be read here is judged as a whole: a rule may need what is wrong with it.
    let readable = Some(before).filter(|_| known.record.mesh().is_some());
    if let Some(amended) = readable.and_then(|before| amend(key, before, &touched)) {
        let amended = amended.map_err(refused)?;
        return Ok(MeshContent {
            data: amended.data,
            annotations: match patch.contains_key("annotations") {
                true => Cow::Owned(raw(&amended.annotations)?),
                false => known.envelope.annotations.clone(),
            },
            warnings: amended.warnings,
        });
    }
    let mut whole = data()?;
    whole.insert("annotations".to_owned(), known.annotations()?.into());
    whole.extend(touched);
    whole.retain(|_, member| !member.is_null());
    let options = ReadOptions {
        key: Some(key),
        strict: false,
    };
    let draft = read_node(key.kind(), &Node::from(&Value::Object(whole)), options);
    let (data, annotations, mut warnings) = draft.map_err(refused)?.into_parts();
    warnings.retain(|warning| is_news(warning, patch));
    Ok(MeshContent {
        data,
        annotations: Cow::Owned(raw(&annotations)?),
        warnings,
    })
}

/// The members that a patch is about: where it has the form of a whole record, those of its data. What
/// it says it is has to be what it is for; it isn't stored.
fn members_within<'p>(
    key: &MeshKey,
    patch: &'p Map<String, Value>,
) -> Result<Cow<'p, Map<String, Value>>, Refusal> {
    let kind = match patch.get("kind") {
        None => return Ok(Cow::Borrowed(patch)),
        Some(Value::Null) => None,
        Some(kind) => Some(kind),
    };
    if let Some(kind) = kind.filter(|kind| kind.as_str() != Some(key.kind().as_str())) {
        let message = format!("is {kind}, not {}", key.kind());
        let other = Issue::error(IssueKind::InvalidValue, "/kind", message);
        return Err(Refusal::of(0, vec![other.with_hint("leave `kind` out")]));
    }
    let mut members = match (kind, patch.get("data")) {
        (Some(_), Some(Value::Object(data))) => {
            let annotations = patch.get_key_value("annotations");
            let annotations = annotations.map(|(name, texts)| (name.clone(), texts.clone()));
            data.clone().into_iter().chain(annotations).collect()
        }
        // A junk member of that name is taken out.
        (None, _) => return Ok(Cow::Borrowed(patch)),
        _ => patch.clone(),
    };
    members.remove("kind");
    Ok(Cow::Owned(members))
}

/// Whether a warning is about what a patch touches, or about the whole record: the others were given
/// when their members were written.
fn is_news(warning: &Issue, patch: &Map<String, Value>) -> bool {
    if warning.kind != IssueKind::UnknownField {
        return true;
    }
    let member = warning.pointer.split('/').nth(1).unwrap_or_default();
    let member = member.replace("~1", "/").replace("~0", "~");
    patch.contains_key(&member)
}
