//! What the reference does wrong and these routes don't, by the number that the defect has.

use deedbook_api::query::percent_encode;
use deedbook_model::mesh::MeshKind;
use deedbook_model::shard::control::Cursor;
use deedbook_testkit::http::{Request, Response};

use crate::control::{
    DIFF, LIST, SIMULATE, WATCH, claiming, clocked, code, diff, get, is_unreadable, list, placed,
    positions, put, put_all, put_many, simulate,
};
use crate::sandbox::{Sandbox, document};

const SHARD: &str = r#"{"ownerNodeId":"node-a"}"#;

#[test]
fn s03_each_change_has_the_shard_as_it_was() {
    let sandbox = Sandbox::new();
    for number in 0..6 {
        let document = format!(
            r#"{{"ownerNodeId":"node-{}","leaderId":"l-{number}","capacityHint":{number}.5,
                "status":"{}","changeTicket":"T-{number}"}}"#,
            number % 2,
            ["active", "draining"][number % 2],
        );
        put(&sandbox, "n", "s", &document);
    }
    let found = diff(&sandbox, "");
    assert_eq!(found.items.len(), 6);
    for (number, entry) in (0..).zip(&found.items) {
        let current = &entry.current;
        assert_eq!(current.checksum, current.computed_checksum());
        assert_eq!(current.leader_id, Some(format!("l-{number}")));
        assert_eq!(current.change_ticket, Some(format!("T-{number}")));
        assert_eq!(current.version, number + 1);
    }
    for pair in found.items.windows(2) {
        assert_eq!(pair[1].previous.as_ref(), Some(&pair[0].current));
    }
}

#[test]
fn s08_a_page_begins_after_the_cursor_whatever_became_of_its_shard() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 4);
    put_many(&sandbox.book, "o", 2);
    let page = list(&sandbox, "pageSize=2");
    let cursor = percent_encode(page.next_cursor.as_deref().unwrap());
    let remove = Request::new("DELETE", "/v1/shards/n/s-0001");
    assert_eq!(sandbox.send(&remove).status, 200);
    let next = list(&sandbox, &format!("pageSize=2&cursor={cursor}"));
    let ids: Vec<&str> = next.items.iter().map(|shard| &*shard.shard_id).collect();
    assert_eq!(ids, ["s-0002", "s-0003"]);
    // A full page with nothing after it is the last.
    let cursor = percent_encode(next.next_cursor.as_deref().unwrap());
    let last = list(&sandbox, &format!("pageSize=2&cursor={cursor}"));
    assert_eq!((last.items.len(), last.next_cursor), (2, None));
    // A filter has the cursors of its own namespace alone, whatever the case.
    for (namespace, status) in [("n", 200), ("N", 200), ("o", 400)] {
        let cursor = percent_encode(&Cursor::new("n", "s-0002").unwrap().token());
        let answer = get(
            &sandbox,
            &format!("{LIST}?namespace={namespace}&cursor={cursor}"),
        );
        assert_eq!(answer.status, status, "{namespace}: {answer:?}");
        if status == 400 {
            assert_eq!(code(&answer), "shards.control.cursor.invalid");
        }
    }
}

fn if_changed(sandbox: &Sandbox, target: &str, tag: &str) -> Response {
    sandbox.send(&claiming("GET", target).header("If-None-Match", tag))
}

#[test]
fn s09_a_list_is_known_until_any_shard_changes() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 3);
    let first = get(&sandbox, LIST);
    let version = first.json()["version"].clone();
    assert_eq!(version, sandbox.book.view().head().revision.0);
    let tag = format!("W/\"shards-{version}\"");
    assert_eq!(first.header("etag"), Some(&*tag));
    let told = first.header("x-omnirelay-shards-version");
    assert_eq!(told, Some(&*version.to_string()));
    for known in [
        &*tag,
        "*",
        &format!("\"x\", {tag}"),
        &format!("\"shards-{version}\""),
    ] {
        let answer = if_changed(&sandbox, LIST, known);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{known}");
        assert_eq!(answer.header("etag"), Some(&*tag));
    }
    assert_eq!(if_changed(&sandbox, LIST, "\"7\"").status, 200);
    // What isn't of shards changes nothing.
    assert_eq!(
        sandbox.post("/v1/components", &document("a", 1)).status,
        201
    );
    assert_eq!(if_changed(&sandbox, LIST, &tag).status, 304);
    // A shard that changes has no greater version than another had: it is noticed nevertheless.
    let mut tag = tag;
    let remove = Request::new("DELETE", "/v1/shards/n/s-0001");
    let steps: [&dyn Fn() -> Response; 3] = [
        &|| put(&sandbox, "n", "s-0002", r#"{"ownerNodeId":"node-b"}"#),
        &|| put(&sandbox, "n", "new", SHARD),
        &|| sandbox.send(&remove),
    ];
    for step in steps {
        assert!(matches!(step().status, 200 | 201));
        let answer = if_changed(&sandbox, LIST, &tag);
        assert_eq!(answer.status, 200);
        let now = answer.header("etag").unwrap();
        assert_ne!(now, tag);
        now.clone_into(&mut tag);
        assert_eq!(if_changed(&sandbox, LIST, &tag).status, 304);
    }
}

#[test]
fn s09_the_version_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let options = deedbook_book::OpenOptions::default();
    let book = deedbook_book::Book::open(folder.path(), &options).unwrap();
    put_many(&book, "n", 3);
    let shards_at = book.view().shards_at();
    book.execute(crate::identity::create("root", &["ADMIN"], None))
        .unwrap();
    book.snapshot().unwrap();
    book.close().unwrap();
    drop(book);
    let book = deedbook_book::Book::open(folder.path(), &options).unwrap();
    assert_eq!(book.view().shards_at(), shards_at);
}

#[test]
fn s11_weights_mean_what_they_say() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 60);
    let with_weight = |weight: &str| {
        format!(
            r#"{{"namespace":"n","nodes":[{{"nodeId":"node-a"}},{{"nodeId":"node-b"{weight}}}]}}"#
        )
    };
    let owns = |weight: &str| {
        let found = placed(&sandbox, &with_weight(weight));
        let own = found.assignments.iter();
        own.filter(|one| one.owner_node_id == "node-b").count()
    };
    assert_eq!(owns(r#","weight":0"#), 0);
    assert!(owns(r#","weight":0.5"#) < owns(""));
    for same in [r#","weight":1"#, r#","weight":null"#, r#","weight":"1.0""#] {
        assert_eq!(owns(same), owns(""), "{same}");
    }
    for bad in ["-1", "1025", "1e300"] {
        let refused = simulate(&sandbox, &with_weight(&format!(r#","weight":{bad}"#)));
        assert_eq!(
            (refused.status, &*code(&refused)),
            (400, "shards.hashing.weight_invalid")
        );
    }
    for bad in [r#""NaN""#, "1e999", "true"] {
        let refused = simulate(&sandbox, &with_weight(&format!(r#","weight":{bad}"#)));
        assert!(is_unreadable(&refused), "{bad}: {refused:?}");
    }
    let none = r#"{"namespace":"n","nodes":[{"nodeId":"node-a","weight":0}]}"#;
    let refused = simulate(&sandbox, none);
    assert_eq!(
        (refused.status, &*code(&refused)),
        (400, "shards.hashing.no_eligible_nodes")
    );
}

#[test]
fn s14_a_try_takes_the_namespaces_own_strategy() {
    let sandbox = Sandbox::new();
    put_all(
        &sandbox.book,
        MeshKind::Namespace,
        [("n", r#"{"strategyId":"ring"}"#)],
    );
    put_many(&sandbox.book, "n", 40);
    put_many(&sandbox.book, "unnamed", 40);
    let tried = |namespace: &str, strategy: &str| {
        placed(
            &sandbox,
            &format!(
                r#"{{"namespace":"{namespace}"{strategy},"nodes":[{{"nodeId":"a"}},{{"nodeId":"b"}}]}}"#
            ),
        )
    };
    for absent in ["", r#","strategyId":null"#, r#","strategyId":" ""#] {
        let own = tried("n", absent);
        assert_eq!(own.strategy_id, "ring");
        assert_eq!(
            own.assignments,
            tried("n", r#","strategyId":"RING""#).assignments
        );
        assert_eq!(tried("unnamed", absent).strategy_id, "rendezvous");
    }
    assert_eq!(tried("n", r#","strategyId":"RING""#).strategy_id, "RING");
    let other = tried("n", r#","strategyId":"rendezvous""#);
    assert_ne!(other.assignments, tried("n", "").assignments);
}

#[test]
fn s14_hints_count_and_what_is_paused_stays() {
    let (sandbox, _clock) = clocked("2026-03-02T10:00:00.5Z".parse().unwrap());
    let shards = [
        ("n/S", r#"{"ownerNodeId":"x","localityHint":"eu/north"}"#),
        (
            "n/disabled",
            r#"{"ownerNodeId":"x","localityHint":"eu/north","status":"disabled"}"#,
        ),
        (
            "n/draining",
            r#"{"ownerNodeId":"north","localityHint":"eu/north","status":"draining"}"#,
        ),
        (
            "n/paused",
            r#"{"ownerNodeId":"x","localityHint":"eu/north","status":"paused"}"#,
        ),
        (
            "n/s",
            r#"{"ownerNodeId":"x","localityHint":"eu/south","capacityHint":2.5}"#,
        ),
    ];
    put_all(&sandbox.book, MeshKind::Shard, shards);
    let tried = placed(
        &sandbox,
        r#"{"namespace":"n","strategyId":"locality","nodes":[
            {"nodeId":"north","region":"eu","zone":"north"},
            {"nodeId":"south","region":"EU","zone":"SOUTH"}]}"#,
    );
    let owners = tried.assignments.iter();
    let owners: Vec<(&str, &str)> = owners
        .map(|one| (&*one.shard_id, &*one.owner_node_id))
        .collect();
    let wanted = [
        ("S", "north"),
        ("disabled", "x"),
        ("draining", "north"),
        ("paused", "x"),
        ("s", "south"),
    ];
    assert_eq!(owners, wanted);
    let last = tried.assignments.last().unwrap();
    assert_eq!(last.locality_hint.as_deref(), Some("eu/south"));
    assert_eq!(last.capacity.to_bits(), 2.5_f64.to_bits());
    let changes = tried.changes.iter();
    let changes: Vec<(&str, &str, &str, bool)> = changes
        .map(|one| {
            let owners = (&*one.current_owner, &*one.proposed_owner);
            (&*one.shard_id, owners.0, owners.1, one.changes_owner)
        })
        .collect();
    assert_eq!(
        changes,
        [("S", "x", "north", true), ("s", "x", "south", true)]
    );
    assert_eq!(tried.generated_at.at(), sandbox.book.now());
    assert_eq!(
        sandbox.book.view().head().revision.0,
        6,
        "nothing was changed"
    );
}

#[test]
fn s16_mistakes_of_the_caller_are_told_as_such() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 1);
    let typed = claiming("POST", SIMULATE).content("text/plain", "{}");
    assert_eq!(sandbox.send(&typed).status, 415);
    for (method, target) in [
        ("POST", LIST),
        ("DELETE", DIFF),
        ("PUT", WATCH),
        ("GET", SIMULATE),
    ] {
        let refused = sandbox.send(&claiming(method, target));
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (405, "bad_method")
        );
        assert!(refused.header("allow").is_some());
    }
    for content in ["{\"namespace\":", "null", "\u{feff}{}", "{\"nodes\":7}"] {
        let refused = simulate(&sandbox, content);
        assert!(is_unreadable(&refused), "{content}: {refused:?}");
        for internal in ["src/", "panicked", "stack", "::"] {
            assert!(!refused.text().contains(internal), "{refused:?}");
        }
    }
    for target in [
        "/control/shards/",
        "/Control/shards",
        "/control/shards/diff/",
    ] {
        assert_eq!(get(&sandbox, target).status, 404, "{target}");
    }
}

#[test]
fn s16_a_try_that_would_take_for_ever_is_refused() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 1);
    let nodes: Vec<String> = (0..100)
        .map(|number| format!(r#"{{"nodeId":"node-{number}","weight":1024}}"#))
        .collect();
    let content = format!(
        r#"{{"namespace":"n","strategyId":"ring","nodes":[{}]}}"#,
        nodes.join(",")
    );
    let refused = simulate(&sandbox, &content);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (413, "too_large")
    );
}

#[test]
fn s18_a_diff_is_given_in_pages_and_says_how_far_it_looked() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 2500);
    put_all(&sandbox.book, MeshKind::Shard, [("rare/s", SHARD)]);
    sandbox.post("/v1/components", &document("a", 1));
    let head = i64::try_from(sandbox.book.view().head().revision.0).unwrap();
    let (mut all, mut pages, mut from) = (Vec::new(), 0, 0);
    while from <= head {
        let page = diff(&sandbox, &format!("fromVersion={from}"));
        assert!(page.items.len() <= 1000);
        let last = page.last_position.unwrap();
        assert!(last >= page.items.last().unwrap().position);
        all.extend(positions(&page));
        (pages, from) = (pages + 1, last + 1);
    }
    assert_eq!(all, (2..=2502).collect::<Vec<i64>>());
    assert_eq!((pages, from), (3, head + 1));
    // Nobody looks at the same positions again because nothing fitted.
    let none = diff(&sandbox, "namespace=none");
    assert_eq!((none.items.len(), none.last_position), (0, Some(head)));
    let some = diff(&sandbox, "namespace=rare&toVersion=2400");
    assert_eq!((some.items.len(), some.last_position), (0, Some(2400)));
    assert_eq!(
        diff(&sandbox, &format!("fromVersion={from}")).last_position,
        None
    );
}
