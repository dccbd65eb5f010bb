use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::components::Query;

/// A component as it would be stored, with only the members that rules look at. What it looks like
/// beside its tags follows from the revision.
fn component(number: u8, revision: u64, tags: &[&str]) -> Record {
    let look = revision % 7;
    let described = ["a blue one", "a \"green\" one", ""][usize::try_from(look % 3).unwrap()];
    let uuid = uuid::Uuid::from_u128(u128::from(number));
    let stored = json!({"data": {
        "uuid": uuid,
        "name": format!("name_{}", number / 3),
        "version": format!("1.{}.0{}", number % 3, if look == 6 { "+build" } else { "" }),
        "meta_type": "tool",
        "lifecycle": if number.is_multiple_of(5) { "archived" } else { "active" },
        "namespace": format!("space.{}", look % 2),
        "description": described,
        "capabilities": [format!("offer_{}", look % 2)],
        "dependencies": [{"name": format!("name_{}", look)}],
        "tags": tags,
    }});
    let (kind, key) = (Kind::COMPONENT, Arc::from(uuid.to_string()));
    let bytes = stored.to_string();
    Record::new(
        kind,
        key,
        Generation(revision),
        Revision(revision),
        Some(bytes.into()),
    )
}

fn gone(record: &Record, revision: u64) -> Record {
    let (kind, key) = (record.kind.clone(), Arc::clone(&record.key));
    Record::new(kind, key, Generation(revision), Revision(revision), None)
}

/// All tagged ones in pages, each with its revision.
fn in_pages(state: &State, tag: &str, limit: usize) -> Vec<(Arc<str>, Revision)> {
    let query = Query {
        tags: vec![tag.to_owned()],
        ..Query::default()
    };
    pages_of(state, &query, limit)
}

fn pages_of(state: &State, query: &Query, limit: usize) -> Vec<(Arc<str>, Revision)> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = state.search(query, limit, cursor.as_ref()).unwrap();
        found.extend(page.items.iter().map(|r| (Arc::clone(&r.key), r.revision)));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
}

fn scan(state: &State, tag: &str) -> Vec<(Arc<str>, Revision)> {
    let mut fitting: Vec<_> = state
        .records()
        .filter_map(|record| Some((record, record.component()?)))
        .filter(|(_, facts)| facts.lifecycle.as_str() != "archived" && facts.tags().contains(tag))
        .collect();
    fitting.sort_by(|(_, one), (_, two)| one.identity.cmp(&two.identity));
    let listed = fitting.iter();
    listed
        .map(|(r, _)| (Arc::clone(&r.key), r.revision))
        .collect()
}

/// What is found by words, offers, names and needs, and what only the indexes know.
fn all_that_is_found(state: &State) -> Vec<String> {
    let mut found = Vec::new();
    let queries = [
        Query {
            text: Some("BLUE".to_owned()),
            ..Query::default()
        },
        Query {
            text: Some("\"green\" space.1".to_owned()),
            ..Query::default()
        },
        Query {
            capability: Some("offer_1".to_owned()),
            ..Query::default()
        },
        Query {
            namespace: Some("space.0".to_owned()),
            ..Query::default()
        },
    ];
    for query in &queries {
        found.push(format!("{:?}", pages_of(state, query, 1000)));
    }
    for word in ["blue", "green", "space.1", "most"] {
        let word = memchr::memmem::Finder::new(word).into_owned();
        let held = state.components.texts().holding(&[word], usize::MAX);
        let held: std::collections::BTreeSet<_> = held.unwrap().into_iter().collect();
        found.push(format!("{held:?}"));
    }
    for record in state.components.all() {
        let facts = record.component().unwrap();
        let uuid = state.components.by_uuid(&facts.uuid()).unwrap();
        assert!(Arc::ptr_eq(uuid, record));
        let needed = state.components.may_be_needed(facts);
        found.push(format!("{} {} {needed}", facts.title(), record.revision));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// So many that lists are made anew on the way.
    #[test]
    fn whatever_happened_lists_hold_what_is_there(
        acts in vec((0..180u8, 0..5u8), 1..700),
        limit in 1..90usize,
    ) {
        let mut state = State::empty();
        let mut later = State::without_index();
        for ((number, act), revision) in acts.into_iter().zip(1..) {
            let tags: &[&str] = match act {
                0 => &[],
                1 => &["some"],
                2 => &["some", "most", "most"],
                _ => &["most"],
            };
            let mut record = component(number, revision, tags);
            if act == 4 {
                record = gone(&record, revision);
            }
            let record = Arc::new(record);
            let standing = state.standing();
            let before = state.put(Arc::clone(&record));
            if revision % 11 == 0 {
                // As a refused command does.
                state.take_back(&record, before);
                state.restore(standing);
                continue;
            }
            later.put(record);
            if revision % 100 == 0 {
                prop_assert_eq!(in_pages(&state, "most", limit), scan(&state, "most"));
            }
        }
        later.index();
        for tag in ["some", "most"] {
            let wanted = scan(&state, tag);
            prop_assert_eq!(&in_pages(&state, tag, limit), &wanted);
            prop_assert_eq!(&in_pages(&later, tag, limit), &wanted);
        }
        prop_assert_eq!(all_that_is_found(&state), all_that_is_found(&later));
        prop_assert_eq!(state.component_count(), later.component_count());
        let live: Vec<_> = state.records().filter(|record| record.is_live()).collect();
        let mut root = StateRoot::EMPTY;
        live.iter().for_each(|record| root.add(record.digest.unwrap()));
        prop_assert_eq!((state.root(), later.root()), (root, root));
        prop_assert_eq!(state.live(), u64::try_from(live.len()).unwrap());
        prop_assert_eq!(state.stored_bytes(), live.iter().map(|record| length_of(record)).sum::<u64>());
    }
}

#[test]
fn copies_do_not_change_with_the_one_they_were_made_of() {
    let mut state = State::empty();
    for number in 0..150 {
        state.put(Arc::new(component(
            number,
            u64::from(number) + 1,
            &["some"],
        )));
    }
    let copy = state.clone();
    let before = in_pages(&copy, "some", 1000);
    for number in 0..150 {
        let record = component(number, 200 + u64::from(number), &[]);
        state.put(Arc::new(gone(&record, record.revision.0)));
    }
    assert_eq!(in_pages(&copy, "some", 1000), before);
    assert_eq!((copy.live(), state.live()), (150, 0));
    assert_eq!(state.root(), StateRoot::EMPTY);
    assert_eq!(state.stored_bytes(), 0);
}

#[test]
fn generations_go_on_after_a_removal() {
    let mut state = State::empty();
    let record = component(1, 1, &[]);
    let (kind, key) = (record.kind.clone(), Arc::clone(&record.key));
    assert_eq!(state.next_generation(&kind, &key), (Generation(1), None));
    state.put(Arc::new(record));
    let removed = gone(&component(1, 2, &[]), 2);
    state.put(Arc::new(removed));
    let next = (Generation(3), Some(Revision(2)));
    assert_eq!(state.next_generation(&kind, &key), next);
}

#[test]
fn what_only_a_later_release_reads_is_kept_and_found_by_its_key() {
    let mut state = State::empty();
    let stored: [&[u8]; 4] = [
        b"",
        b"\xff\x00",
        b"{}",
        br#"{"data":{"lifecycle":"resting"}}"#,
    ];
    for (bytes, revision) in stored.into_iter().zip(1..) {
        for kind in [Kind::COMPONENT, Kind::named("moon_phase")] {
            let key = Arc::from(format!("k{revision}"));
            let at = (Generation(1), Revision(revision));
            let stored = Some(bytes::Bytes::copy_from_slice(bytes));
            let record = Record::new(kind.clone(), key, at.0, at.1, stored);
            state.put(Arc::new(record));
            let found = state.record(&kind, &format!("k{revision}")).unwrap();
            assert_eq!(found.bytes.as_deref(), Some(bytes));
        }
    }
    assert_eq!((state.live(), state.component_count()), (8, 0));
}
