use serde_json::json;

use super::*;
use crate::sample_test::{Sample, register, remove, update};

fn titles(sample: &Sample, query: &Query) -> Vec<String> {
    let page = sample.state.search(query, MAX_LIMIT, None).unwrap();
    let facts = page.items.iter().map(|record| record.component().unwrap());
    facts.map(ComponentFacts::title).collect()
}

fn by_text(text: &str) -> Query {
    Query {
        text: Some(text.to_owned()),
        ..Query::default()
    }
}

#[test]
fn a_limit_is_from_one_to_a_thousand() {
    let sample = Sample::new();
    for limit in [0, MAX_LIMIT + 1, usize::MAX] {
        let refused = sample.state.search(&Query::default(), limit, None);
        assert_eq!(refused.unwrap_err(), SearchError::Limit);
    }
    assert!(
        sample
            .state
            .search(&Query::default(), MAX_LIMIT, None)
            .is_ok()
    );
}

#[test]
fn text_that_is_no_cursor_is_refused() {
    let sample = Sample::with(vec![
        register("a@1.0.0", json!({})),
        register("b@1.0.0", json!({})),
    ]);
    let page = sample.state.search(&Query::default(), 1, None).unwrap();
    let text = page.next.unwrap().to_text();
    assert!(Cursor::parse(&text).is_ok());
    assert!(
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    );
    let later = URL_SAFE_NO_PAD.encode(br#"{"v":2,"r":1,"f":1,"n":"a","s":"1.0.0"}"#);
    for bad in ["", "a", "!!", &text[1..], &format!("{text}="), &later] {
        assert_eq!(Cursor::parse(bad), Err(SearchError::Cursor), "{bad}");
    }
}

#[test]
fn a_list_goes_on_behind_a_cursor_whose_record_is_gone() {
    let mut sample = Sample::new();
    for name in ["a", "b", "c", "d"] {
        sample.done(vec![register(
            &format!("{name}@1.0.0"),
            json!({"tags": ["x"]}),
        )]);
    }
    for query in [
        Query::default(),
        Query {
            tags: vec!["x".to_owned()],
            ..Query::default()
        },
    ] {
        let page = sample.state.search(&query, 2, None).unwrap();
        let cursor = page.next.unwrap();
        let mut other = Sample {
            state: sample.state.clone(),
        };
        other.done(vec![remove("b")]);
        let page = other.state.search(&query, 2, Some(&cursor)).unwrap();
        let names: Vec<_> = page
            .items
            .iter()
            .map(|r| r.component().unwrap().name())
            .collect();
        assert_eq!(names, ["c", "d"]);
    }
}

#[test]
fn highest_versions_come_first_and_one_of_each_family_if_asked() {
    let mut sample = Sample::new();
    for version in ["1.10.0", "1.2.0", "2.0.0-rc.1", "2.0.0-rc.10", "0.9.0"] {
        sample.done(vec![register(&format!("a@{version}"), json!({}))]);
    }
    sample.done(vec![register("b@1.0.0", json!({}))]);
    let all = [
        "a@2.0.0-rc.10",
        "a@2.0.0-rc.1",
        "a@1.10.0",
        "a@1.2.0",
        "a@0.9.0",
        "b@1.0.0",
    ];
    assert_eq!(titles(&sample, &Query::default()), all);
    let latest = Query {
        latest_only: true,
        ..Query::default()
    };
    assert_eq!(titles(&sample, &latest), [all[0], all[5]]);
    // The highest among those that fit.
    let archive = json!({"lifecycle": "archived", "archived_reason": "gone"});
    sample.done(vec![update("a@2.0.0-rc.10", archive)]);
    assert_eq!(titles(&sample, &latest), [all[1], all[5]]);
    let archived = Query {
        lifecycles: vec![Lifecycle::Archived],
        ..latest
    };
    assert_eq!(titles(&sample, &archived), [all[0]]);
}

#[test]
fn words_are_found_within_one_field_whatever_their_case() {
    let sample = Sample::with(vec![register(
        "line_index@1.0.0",
        json!({
            "namespace": "org.deed",
            "description": "ΣΊΣΥΦΟΣ in the Straße of İstanbul",
            "tags": ["Pre-Commit", "x.1"],
        }),
    )]);
    for found in [
        "LINE",
        "line_INDEX x.1",
        "σίσυφοσ",
        "STRAße",
        "i\u{307}stanbul",
        "pre-",
        "",
        " ",
    ] {
        assert_eq!(titles(&sample, &by_text(found)).len(), 1, "{found:?}");
    }
    for missed in [
        "line_index@",
        "indexorg",
        "commitx",
        "strasse",
        "line nothing",
    ] {
        assert!(titles(&sample, &by_text(missed)).is_empty(), "{missed:?}");
    }
}

#[test]
fn names_are_matched_by_patterns() {
    let mut sample = Sample::new();
    for name in ["alpha", "alphabet", "beta", "al_one"] {
        sample.done(vec![register(&format!("{name}@1.0.0"), json!({}))]);
    }
    for (pattern, found) in [
        ("alpha", &["alpha"][..]),
        ("alpha*", &["alpha", "alphabet"]),
        ("al?ha", &["alpha"]),
        ("*bet*", &["alphabet", "beta"]),
        ("[!a]*", &["beta"]),
        ("{alpha,beta}", &["alpha", "beta"]),
        ("al\\pha", &["alpha"]),
        ("", &[]),
        ("z*", &[]),
    ] {
        let query = Query {
            name: Some(pattern.to_owned()),
            ..Query::default()
        };
        let wanted: Vec<_> = found.iter().map(|name| format!("{name}@1.0.0")).collect();
        let mut sorted = wanted.clone();
        sorted.sort();
        assert_eq!(titles(&sample, &query), sorted, "{pattern}");
    }
}

/// Enough of them that text is looked for in all at once.
#[test]
fn a_long_list_is_searched_for_text_like_a_plain_scan() {
    let mut sample = Sample::new();
    let mut writes = Vec::new();
    for number in 0..3 * WALKED {
        let name = format!("n{:05}", number * 7919 % (3 * WALKED));
        let title = format!("{}@1.{}.0", &name[..5], &name[5..]);
        let rare = if number % 300 == 1 {
            "Rare \"word\""
        } else {
            "plain"
        };
        let tag = if number % 900 == 1 { "seldom" } else { "often" };
        writes.push(register(
            &title,
            json!({"description": format!("{rare} {}", number % 10), "tags": [tag]}),
        ));
    }
    sample.done(writes);
    sample.done(
        (0..40)
            .map(|n| remove(&format!("n{:04}", n * 13)))
            .collect(),
    );
    let texts = [
        "rare",
        "rare word",
        "\"WORD\" 1",
        "seldom",
        "n05",
        "n0599 plain",
        "plain",
        "nowhere",
    ];
    for text in texts {
        for latest_only in [false, true] {
            let query = Query {
                latest_only,
                ..by_text(text)
            };
            assert_eq!(
                in_pages(&sample, &query, 7),
                scan(&sample, &query),
                "{query:?}"
            );
        }
    }
}

fn in_pages(sample: &Sample, query: &Query, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = sample.state.search(query, limit, cursor.as_ref()).unwrap();
        found.extend(
            page.items
                .iter()
                .map(|record| record.component().unwrap().title()),
        );
        // The rest is as the beginning; plain words would make hundreds of pages.
        if page.next.is_none() || found.len() > 400 {
            found.truncate(400);
            return found;
        }
        cursor = page.next;
    }
}

fn scan(sample: &Sample, query: &Query) -> Vec<String> {
    let words: Vec<String> = query
        .text
        .iter()
        .flat_map(|text| text.split_whitespace())
        .map(str::to_lowercase)
        .collect();
    let mut fitting: Vec<(&ComponentFacts, String)> = sample
        .state
        .records()
        .filter_map(|record| {
            let document: serde_json::Value =
                serde_json::from_slice(record.bytes.as_deref()?).unwrap();
            let data = &document["data"];
            let text = format!(
                "{}\n{}\n{}",
                data["name"],
                data["description"].as_str()?,
                data["tags"]
            );
            Some((record.component()?, text.to_lowercase()))
        })
        .filter(|(_, text)| words.iter().all(|word| text.contains(word)))
        .collect();
    fitting.sort_by(|(one, _), (two, _)| one.identity.cmp(&two.identity));
    if query.latest_only {
        fitting.dedup_by(|(two, _), (one, _)| one.name() == two.name());
    }
    fitting
        .iter()
        .map(|(facts, _)| facts.title())
        .take(400)
        .collect()
}

#[test]
fn a_page_is_full_of_what_its_reader_may_see() {
    let names = ["geo_a", "other", "geo_b", "spare", "geo_c"];
    let all = names.map(|name| register(&format!("{name}@1.0.0"), json!({})));
    let sample = Sample::with(all.to_vec());
    let grants = ["REGISTRY_READ:tools/geo_*".parse().unwrap()];
    let grants: deedbook_model::Grants = grants.into_iter().collect();
    let query = Query {
        reader: Some(Rights::of(grants)),
        ..Query::default()
    };
    let first = sample.state.search(&query, 2, None).unwrap();
    let second = sample.state.search(&query, 2, first.next.as_ref()).unwrap();
    assert_eq!((first.items.len(), second.items.len()), (2, 1));
    assert_eq!(
        titles(&sample, &query),
        ["geo_a@1.0.0", "geo_b@1.0.0", "geo_c@1.0.0"]
    );
    let nothing = Query {
        reader: Some(Rights::of(deedbook_model::Grants::default())),
        ..Query::default()
    };
    assert!(titles(&sample, &nothing).is_empty());
}
