//! Whether two states are the same, in what they hold and in what they answer.

use std::sync::Arc;

use deedbook_book::{Book, OpenOptions};
use deedbook_log::Log;
use deedbook_model::component::Lifecycle;
use deedbook_rules::State;
use deedbook_rules::components::{NameOrUuid, Query};
use deedbook_testkit::components::{CAPABILITIES, FAMILIES, TAGS, VERSIONS, uuid_of};

/// A book on a log.
pub(crate) fn book_on(log: impl Log + 'static) -> Book {
    Book::with_log(Arc::new(log), &OpenOptions::default()).unwrap()
}

#[track_caller]
pub(crate) fn assert_same(found: &State, wanted: &State) {
    assert_eq!(found.revision(), wanted.revision());
    assert_eq!(found.time(), wanted.time());
    assert_eq!(found.root(), wanted.root());
    assert_eq!(found.live(), wanted.live());
    assert_eq!(found.stored_bytes(), wanted.stored_bytes());
    assert!(found.remembered_keys().eq(wanted.remembered_keys()));
    let (one, two): (Vec<_>, Vec<_>) = (found.records().collect(), wanted.records().collect());
    assert_eq!(one, two);
    assert_eq!(found.component_count(), wanted.component_count());
    assert_eq!(answers(found), answers(wanted));
}

/// What the indexes answer.
fn answers(state: &State) -> Vec<Vec<String>> {
    let titles = |query: Query| {
        let page = state.search(&query, 1000, None).unwrap();
        let facts = page.items.iter().map(|record| record.component().unwrap());
        facts
            .map(|f| format!("{} {}", f.title(), f.uuid()))
            .collect()
    };
    let mut answers: Vec<Vec<String>> = Vec::new();
    for (name, meta_type, namespace) in FAMILIES {
        let key = NameOrUuid::of(name);
        let family = state.versions(&key).iter();
        answers.push(family.map(|r| r.component().unwrap().title()).collect());
        let found = state.lookup(&key, None).map(|found| found.facts.title());
        answers.push(vec![format!("{found:?}")]);
        answers.push(titles(Query {
            meta_type: Some(meta_type.to_owned()),
            namespace: namespace.map(str::to_owned),
            lifecycles: Lifecycle::ALL.to_vec(),
            ..Query::default()
        }));
    }
    for tag in TAGS {
        answers.push(titles(Query {
            tags: vec![tag.to_owned()],
            ..Query::default()
        }));
    }
    for capability in CAPABILITIES {
        answers.push(titles(Query {
            capability: Some(capability.to_owned()),
            ..Query::default()
        }));
    }
    for lifecycle in Lifecycle::ALL {
        answers.push(titles(Query {
            lifecycles: vec![*lifecycle],
            ..Query::default()
        }));
    }
    for (family, version) in (0..FAMILIES.len()).zip((0..VERSIONS.len()).cycle()) {
        let key = NameOrUuid::Uuid(uuid_of(family, version, 0));
        answers.push(vec![state.versions(&key).len().to_string()]);
    }
    answers
}
