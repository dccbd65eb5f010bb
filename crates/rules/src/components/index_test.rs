use std::sync::Arc;

use deedbook_model::{Generation, Kind, Revision};

use super::*;
use crate::State;
use crate::components::{NameOrUuid, Query};

/// A component as it would be stored, with only the members that rules look at.
fn record(n: u64, revision: u64, tags: &[&str]) -> Arc<Record> {
    let uuid = Uuid::from_u128(u128::from(n));
    let stored = serde_json::json!({"data": {
        "uuid": uuid, "name": format!("name_{}", n / 2), "version": format!("1.{}.0", n % 2),
        "meta_type": "tool", "lifecycle": "active", "namespace": format!("a.n{}", n % 3),
        "tags": tags, "dependencies": [{"name": format!("name_{}", n / 4)}],
    }});
    let key = Arc::from(uuid.to_string());
    let bytes = stored.to_string();
    let generation = Generation(revision);
    Arc::new(Record::new(
        Kind::COMPONENT,
        key,
        generation,
        Revision(revision),
        Some(bytes.into()),
    ))
}

/// A version of a family.
fn named(name: &str, minor: u64) -> Arc<Record> {
    let uuid = Uuid::from_u128(u128::from(minor));
    let stored = serde_json::json!({"data": {
        "uuid": uuid, "name": name, "version": format!("1.{minor}.0"),
        "meta_type": "tool", "lifecycle": "active",
    }});
    let (key, bytes) = (Arc::from(uuid.to_string()), stored.to_string());
    let record = Record::new(
        Kind::COMPONENT,
        key,
        Generation(1),
        Revision(minor + 1),
        Some(bytes.into()),
    );
    Arc::new(record)
}

#[test]
fn two_names_of_one_hash_are_told_apart() {
    let mut seen = HashMap::new();
    let (one, two) = (0..)
        .map(|number| format!("name_{number}"))
        .find_map(|name| Some((seen.insert(hash_of(&name), name.clone())?, name)))
        .unwrap();
    let records = [
        named(&one, 0),
        named(&two, 1),
        named(&one, 2),
        named(&two, 3),
    ];
    let found = |index: &ComponentIndex, name: &str| {
        let versions = index.family(name).map(Family::versions);
        versions.map(<[_]>::to_vec).unwrap_or_default()
    };
    // Whichever comes and goes first, and made at once or one by one.
    for first in 0..records.len() {
        let mut order = records.to_vec();
        order.rotate_left(first);
        let mut grown = ComponentIndex::default();
        order.iter().for_each(|record| grown.put(record, None));
        for mut index in [grown, ComponentIndex::of(order.clone())] {
            for gone in 0..=order.len() {
                for name in [&one, &two] {
                    let left = order[gone..].iter();
                    let left =
                        left.filter(|record| record.component().unwrap().name() == name.as_str());
                    let mut left: Vec<_> = left.cloned().collect();
                    left.sort_by_key(|record| std::cmp::Reverse(record.revision));
                    assert_eq!(found(&index, name), left, "{name} {first} {gone}");
                }
                if let Some(record) = order.get(gone) {
                    index.take_out(record);
                }
            }
        }
    }
}

fn titles(state: &State, tag: &str) -> Vec<(String, u64)> {
    let query = Query {
        tags: vec![tag.to_owned()],
        ..Query::default()
    };
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = state.search(&query, 7, cursor.as_ref()).unwrap();
        found.extend(
            page.items
                .iter()
                .map(|r| (r.component().unwrap().title(), r.revision.0)),
        );
        match page.next {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
}

#[test]
fn a_tag_given_twice_lists_the_component_once() {
    for mut state in [State::empty(), State::without_index()] {
        state.put(record(1, 1, &["a", "b", "a"]));
        state.index();
        assert_eq!(titles(&state, "a").len(), 1);
    }
}

#[test]
fn an_index_made_at_once_answers_like_one_that_was_kept() {
    let mut kept = State::empty();
    let mut made = State::without_index();
    let mut revision = 0;
    // Twice over, so that most are replaced; every third loses a tag, enough to make bases anew.
    for round in 0..2 {
        for n in 0..600 {
            revision += 1;
            let tags: &[&str] = if round == 1 && n % 3 == 0 {
                &["all"]
            } else {
                &["all", "some"]
            };
            kept.put(record(n, revision, tags));
            made.put(record(n, revision, tags));
        }
    }
    made.index();
    for tag in ["all", "some", "none"] {
        assert_eq!(titles(&kept, tag), titles(&made, tag), "{tag}");
    }
    assert_eq!(titles(&kept, "all").len(), 600);
    assert_eq!(titles(&kept, "some").len(), 400);
    // And goes on alike.
    for n in (0..600).step_by(5) {
        revision += 1;
        for state in [&mut kept, &mut made] {
            state.put(record(n, revision, &["some"]));
        }
    }
    for tag in ["all", "some"] {
        assert_eq!(titles(&kept, tag), titles(&made, tag), "{tag}");
    }
    for n in 0..600 {
        let uuid = NameOrUuid::Uuid(Uuid::from_u128(n));
        let (one, two) = (
            kept.lookup(&uuid, None).unwrap(),
            made.lookup(&uuid, None).unwrap(),
        );
        assert_eq!(one.record, two.record);
        assert!(
            kept.components.may_be_needed(one.facts) == made.components.may_be_needed(two.facts)
        );
    }
}
