//! A book to decide on in tests.

use std::sync::Arc;

use deedbook_model::component::{Draft, ReadOptions, read_node};
use deedbook_model::document::Node;
use deedbook_model::{Lineage, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::components::{ComponentKey, NameOrUuid};
use crate::{Command, Decision, Refusal, State, Write, decide};

pub(crate) fn at_second(second: i64) -> Timestamp {
    let start: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    start.plus_seconds(second)
}

/// The uuid of a version of a name.
pub(crate) fn id(title: &str) -> Uuid {
    let mut bytes = [0; 16];
    for (place, byte) in title.bytes().enumerate() {
        bytes[place % 16] ^= byte.rotate_left(u32::try_from(place / 16).unwrap());
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// A valid document of `name@version` with more members.
pub(crate) fn document(title: &str, more: Value) -> Value {
    let (name, version) = title.split_once('@').unwrap();
    let mut document = json!({
        "metadata_version": "0.3.0",
        "uuid": id(title),
        "name": name,
        "version": version,
        "meta_type": "tool",
    });
    let Value::Object(more) = more else {
        panic!("no object");
    };
    document.as_object_mut().unwrap().extend(more);
    document
}

pub(crate) fn draft(document: &Value) -> Arc<Draft> {
    let reading = read_node(Node::from(document), &ReadOptions::default());
    Arc::new(
        reading
            .draft
            .unwrap_or_else(|| panic!("{:?}", reading.issues)),
    )
}

pub(crate) fn register(title: &str, more: Value) -> Write {
    Write::Register {
        draft: draft(&document(title, more)),
        require_dependencies: false,
    }
}

pub(crate) fn needs(names: &[&str]) -> Value {
    let entries: Vec<Value> = names
        .iter()
        .map(|need| match need.split_once('@') {
            Some((name, spec)) => json!({"name": name, "version_spec": spec}),
            None => json!({"name": need}),
        })
        .collect();
    json!({"dependencies": entries})
}

pub(crate) fn key(text: &str) -> ComponentKey {
    ComponentKey::parse(text).unwrap()
}

pub(crate) fn update(text: &str, patch: Value) -> Write {
    Write::Update {
        key: key(text),
        patch,
        expected: None,
    }
}

pub(crate) fn remove(text: &str) -> Write {
    Write::Remove {
        key: key(text),
        expected: None,
    }
}

/// A state that goes on with what was decided.
pub(crate) struct Sample {
    pub(crate) state: State,
}

impl Sample {
    pub(crate) fn new() -> Sample {
        let mut sample = Sample {
            state: State::empty(),
        };
        let lineage = Lineage([1; 16]);
        sample.done(vec![Write::CreateBook { lineage }]);
        sample
    }

    pub(crate) fn with(writes: Vec<Write>) -> Sample {
        let mut sample = Sample::new();
        for write in writes {
            sample.done(vec![write]);
        }
        sample
    }

    pub(crate) fn try_all(&self, writes: Vec<Write>) -> Result<Decision, Vec<Refusal>> {
        let command = Command {
            writes,
            ..Command::of("ada", remove("nothing"))
        };
        decide(&self.state, &command, at_second(10))
    }

    pub(crate) fn try_one(&self, write: Write) -> Result<Decision, Refusal> {
        self.try_all(vec![write])
            .map_err(|mut refusals| refusals.remove(0))
    }

    #[track_caller]
    pub(crate) fn done(&mut self, writes: Vec<Write>) -> Decision {
        let decision = self
            .try_all(writes)
            .unwrap_or_else(|refusals| panic!("{refusals:?}"));
        let mut folded = self.state.clone();
        for change in &decision.changes {
            folded.evolve(change);
        }
        assert_eq!(folded.root(), decision.state.root());
        assert!(folded.records().eq(decision.state.records()));
        self.state = decision.state.clone();
        decision
    }

    /// The title that a key means.
    pub(crate) fn means(&self, text: &str) -> Option<String> {
        let key = key(text);
        let found = self.state.lookup(&key.name, key.spec.as_ref());
        found.ok().map(|found| found.facts.title())
    }

    pub(crate) fn generation(&self, text: &str) -> u64 {
        let found = self.state.lookup(&NameOrUuid::of(text), None).unwrap();
        found.record.generation.0
    }
}
