//! Search equals a plain scan of all documents, page by page.

use std::sync::Arc;

use deedbook_model::component::Lifecycle;
use deedbook_rules::components::{Cursor, Query, SearchError};
use deedbook_rules::{Record, State};
use deedbook_testkit::check::for_all;
use deedbook_testkit::components::{CAPABILITIES, DESCRIPTIONS, FAMILIES, TAGS};
use deedbook_testkit::history::{Past, plans};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

/// Name patterns, with what they mean said in another way.
type Pattern = (&'static str, fn(&str) -> bool);
const PATTERNS: [Pattern; 8] = [
    ("alpha", |name| name == "alpha"),
    ("alpha*", |name| name.starts_with("alpha")),
    ("*a", |name| name.ends_with('a')),
    ("?eta", |name| name.len() == 4 && name.ends_with("eta")),
    ("[ab]*", |name| name.starts_with(['a', 'b'])),
    ("[!ab]*", |name| !name.starts_with(['a', 'b'])),
    ("{alpha,gam*}", |name| {
        name == "alpha" || name.starts_with("gam")
    }),
    ("nothing*", |name| name.starts_with("nothing")),
];

fn queries() -> impl Strategy<Value = (Query, Option<usize>)> {
    let tag = || select(TAGS.to_vec()).prop_map(str::to_owned);
    let lists = (
        vec(tag(), 0..2),
        vec(tag(), 0..3),
        vec(select(Lifecycle::ALL.to_vec()), 0..3),
    );
    let words = (
        option::weighted(
            0.2,
            select(FAMILIES.map(|(_, meta_type, _)| meta_type).to_vec()),
        ),
        option::weighted(0.2, select(CAPABILITIES.to_vec())),
        option::weighted(0.3, select(vec!["org", "org.deed", "lab.", "", "nowhere"])),
    );
    let rest = (
        option::weighted(0.4, 0..PATTERNS.len()),
        option::weighted(0.4, texts()),
        any::<bool>(),
    );
    (lists, words, rest).prop_map(
        |(
            (tags, any_tags, lifecycles),
            (meta_type, capability, namespace),
            (pattern, text, latest_only),
        )| {
            let query = Query {
                tags,
                any_tags,
                meta_type: meta_type.map(str::to_owned),
                lifecycles,
                capability: capability.map(str::to_owned),
                namespace: namespace.map(str::to_owned),
                name: pattern.map(|pattern| PATTERNS[pattern].0.to_owned()),
                text,
                latest_only,
                reader: None,
            };
            (query, pattern)
        },
    )
}

/// Parts of descriptions, in any case, several of them behind each other.
fn texts() -> impl Strategy<Value = String> {
    let word = (select(DESCRIPTIONS.to_vec()), any::<(u8, u8, bool)>()).prop_map(
        |(text, (from, length, upper))| {
            let letters: Vec<char> = text.chars().collect();
            let from = usize::from(from) % letters.len();
            let part: String = letters[from..]
                .iter()
                .take(1 + usize::from(length) % 5)
                .collect();
            if upper { part.to_uppercase() } else { part }
        },
    );
    vec(
        prop_oneof![4 => word, 1 => select(vec!["alpha".to_owned(), "ORG".to_owned()])],
        1..3,
    )
    .prop_map(|words| words.join("\u{2003}"))
}

#[test]
fn a_search_equals_a_plain_scan() {
    let all = (plans(6), vec(queries(), 8), 1..4usize);
    for_all(250, &all, |(plan, queries, limit)| {
        let past = Past::of(&plan);
        for (query, pattern) in queries {
            let wanted = scan(past.newest(), &query, pattern);
            assert_eq!(in_pages(past.newest(), &query, 1000), wanted, "{query:?}");
            assert_eq!(
                in_pages(past.newest(), &query, limit),
                wanted,
                "{query:?} by {limit}"
            );
        }
    });
}

#[test]
fn a_cursor_belongs_to_its_list() {
    let all = (plans(4), queries(), queries());
    for_all(100, &all, |(plan, (one, _), (two, _))| {
        let past = Past::of(&plan);
        let page = past.newest().search(&one, 1, None).unwrap();
        let Some(next) = page.next else { return };
        assert_eq!(Cursor::parse(&next.to_text()).unwrap(), next);
        assert_eq!(next.revision, past.newest().revision());
        let other = past.newest().search(&two, 1, Some(&next));
        assert_eq!(other.is_ok(), one == two);
        if let Err(error) = other {
            assert_eq!(error, SearchError::OtherFilter);
        }
    });
}

fn in_pages(state: &State, query: &Query, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = state.search(query, limit, cursor.as_ref()).unwrap();
        assert!(page.items.len() <= limit);
        assert!(page.next.is_none() || page.items.len() == limit);
        found.extend(page.items.iter().map(|record| record.key.to_string()));
        match page.next {
            // As text, the way callers hold it.
            Some(next) => cursor = Some(Cursor::parse(&next.to_text()).unwrap()),
            None => return found,
        }
    }
}

fn scan(state: &State, query: &Query, pattern: Option<usize>) -> Vec<String> {
    let mut fitting: Vec<(&Arc<Record>, Value)> = state
        .records()
        .filter(|record| record.kind.as_str() == "component")
        .filter_map(|record| {
            let envelope: Value = serde_json::from_slice(record.bytes.as_deref()?).unwrap();
            Some((record, envelope["data"].clone()))
        })
        .filter(|(_, document)| fits(document, query, pattern))
        .collect();
    fitting.sort_by(|(one, a), (two, b)| {
        let version = |record: &Record| record.component().unwrap().version().clone();
        (a["name"].as_str().cmp(&b["name"].as_str()))
            .then_with(|| version(two).cmp_precedence(&version(one)))
            .then_with(|| a["uuid"].as_str().cmp(&b["uuid"].as_str()))
    });
    if query.latest_only {
        fitting.dedup_by(|(_, later), (_, first)| later["name"] == first["name"]);
    }
    fitting
        .iter()
        .map(|(record, _)| record.key.to_string())
        .collect()
}

fn fits(document: &Value, query: &Query, pattern: Option<usize>) -> bool {
    let text = |member: &str| document[member].as_str().unwrap_or_default();
    let list = |member: &str| -> Vec<&str> {
        let values = document[member].as_array().into_iter().flatten();
        values.filter_map(Value::as_str).collect()
    };
    let tags = list("tags");
    let lifecycle: Lifecycle = text("lifecycle").parse().unwrap();
    let in_lifecycle = match query.lifecycles.as_slice() {
        [] => lifecycle != Lifecycle::Archived,
        some => some.contains(&lifecycle),
    };
    let lower = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    let mut texts = vec![text("name"), text("namespace"), text("description")];
    texts.extend(&tags);
    let texts: Vec<String> = texts.into_iter().map(lower).collect();
    let words = query.text.as_deref().unwrap_or_default();
    let asked =
        |wanted: &Option<String>, holds: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(holds);
    in_lifecycle
        && query.tags.iter().all(|tag| tags.contains(&tag.as_str()))
        && (query.any_tags.is_empty()
            || query
                .any_tags
                .iter()
                .any(|tag| tags.contains(&tag.as_str())))
        && asked(&query.meta_type, &|wanted| text("meta_type") == wanted)
        && asked(&query.capability, &|wanted| {
            list("capabilities").contains(&wanted)
        })
        && asked(&query.namespace, &|wanted| {
            document["namespace"]
                .as_str()
                .is_some_and(|own| own.starts_with(wanted))
        })
        && pattern.is_none_or(|pattern| PATTERNS[pattern].1(text("name")))
        && words
            .split_whitespace()
            .all(|word| texts.iter().any(|text| text.contains(&lower(word))))
}
