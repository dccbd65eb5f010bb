//! What differs between two documents, or between a book's states at two revisions.

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::ordmap::DiffItem;
use serde::Serialize;
use serde_json::Value;

use crate::record::Record;
use crate::state::State;

/// One place in which two documents differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// RFC 6901 pointer.
    pub pointer: String,
    /// The value before; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value after; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Where two JSON documents differ, in the order of their members; objects are looked into, lists
/// are compared whole.
#[must_use]
pub fn diff_documents(before: &Value, after: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(String::new(), Some(before), Some(after), &mut differences);
    differences
}

fn compare(
    pointer: String,
    before: Option<&Value>,
    after: Option<&Value>,
    differences: &mut Vec<Difference>,
) {
    if before == after {
        return;
    }
    if let (Some(Value::Object(one)), Some(Value::Object(two))) = (before, after) {
        let names: BTreeSet<&String> = one.keys().chain(two.keys()).collect();
        for name in names {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            compare(
                format!("{pointer}/{escaped}"),
                one.get(name),
                two.get(name),
                differences,
            );
        }
        return;
    }
    differences.push(Difference {
        pointer,
        before: before.cloned(),
        after: after.cloned(),
    });
}

/// A record that differs between two states.
#[derive(Clone, Debug)]
pub struct RecordDifference {
    /// The record in the first state, if it was live there.
    pub before: Option<Arc<Record>>,
    /// The record in the second state, if it is live there.
    pub after: Option<Arc<Record>>,
}

/// The records that differ between two states of one book, by kind and key. Costs what differs,
/// not what there is, where the states share structure.
#[must_use]
pub fn diff_states(before: &State, after: &State) -> Vec<RecordDifference> {
    let live = |record: &Arc<Record>| record.is_live().then(|| Arc::clone(record));
    let differences = before.diff_records(after).filter_map(|item| {
        let (one, two) = match item {
            DiffItem::Add(_, two) => (None, live(two)),
            DiffItem::Remove(_, one) => (live(one), None),
            DiffItem::Update { old, new } => (live(old.1), live(new.1)),
        };
        (one.is_some() || two.is_some()).then_some(RecordDifference {
            before: one,
            after: two,
        })
    });
    differences.collect()
}
