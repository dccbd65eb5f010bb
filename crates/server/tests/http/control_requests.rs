//! The reference's vectors for what is asked of its routes, through a running server.

use std::collections::BTreeSet;

use deedbook_api::query::percent_encode;
use deedbook_model::shard::ShardStatus;
use deedbook_model::shard::control::{Cursor, SimulateResponse};
use deedbook_model::text::folded;
use deedbook_testkit::http::{Request, Response};
use serde_json::{Value, json};

use crate::control::{
    DIFF, LIST, SIMULATE, WATCH, body, code, diff, get, ids, is_unreadable, list, placed,
    positions, put, put_many, simulate, watch_once,
};
use crate::sandbox::Sandbox;
use crate::storable::{is_id, is_namespace, is_storable};
use crate::vectors::{cases, number, text, vectors};
use crate::{mutation, shapes};

fn encoded(name: &str, value: &str) -> String {
    format!("{name}={}", percent_encode(value))
}

/// Whether a filter finds the only shard there is, in a list, a diff and a watch alike.
fn finds(sandbox: &Sandbox, query: &str) -> bool {
    let listed = list(sandbox, query).items.len();
    assert_eq!(diff(sandbox, query).items.len(), listed, "{query}");
    assert_eq!(ids(watch_once(sandbox, query)).len(), listed, "{query}");
    listed > 0
}

fn query_of(filter: &Value) -> String {
    let mut query = Vec::new();
    for name in ["namespace", "owner", "search"] {
        query.extend(filter[name].as_str().map(|text| encoded(name, text)));
    }
    let statuses = filter["statuses"].as_array().into_iter().flatten();
    query.extend(statuses.map(|status| encoded("status", shapes::status(status).name())));
    query.join("&")
}

#[test]
fn compat_filters_over_http() {
    for case in cases(&vectors("filter"), "matches") {
        let sandbox = Sandbox::new();
        let record = &case["record"];
        let document = Value::Object(mutation::document(record, &Value::Null));
        let [namespace, id] = [&record["namespace"], &record["shardId"]].map(text);
        let made = put(&sandbox, namespace, id, &document.to_string());
        let expected = shapes::should_match(case);
        if is_storable(record) {
            assert_eq!(made.status, 201, "{case}: {made:?}");
            let found = finds(&sandbox, &query_of(&case["filter"]));
            assert_eq!(found, expected, "{case}");
        } else {
            assert_eq!(made.status, 400, "{case}: {made:?}");
            assert_eq!(shapes::is_match(case), expected, "{case}");
        }
    }
}

/// Whether two texts are the same to a filter, asked over HTTP where a record can have the one and a
/// filter the other: it is trimmed, and a blank one is none.
fn is_same(one: &str, other: &str) -> bool {
    let sandbox = Sandbox::new();
    let document = json!({"ownerNodeId": one}).to_string();
    let made = put(&sandbox, "n", "s", &document);
    if !is_id(one) {
        assert_eq!(made.status, 400, "{one:?}: {made:?}");
        return folded(one) == folded(other);
    }
    assert_eq!(made.status, 201, "{one:?}: {made:?}");
    match other.trim() == other && !other.is_empty() {
        true => finds(&sandbox, &encoded("owner", other)),
        false => folded(one) == folded(other),
    }
}

#[test]
fn compat_case_over_http() {
    for case in cases(&vectors("filter"), "caseFolding") {
        let [one, other] = [&case["a"], &case["b"]].map(text);
        assert_eq!(is_same(one, other), case["equal"], "{case}");
        assert_eq!(is_same(other, one), case["equal"], "{case}");
    }
}

#[test]
fn compat_statuses_over_http() {
    let sandbox = Sandbox::new();
    for status in ShardStatus::ALL {
        let name = status.name();
        let document = json!({"ownerNodeId": "o", "status": name.to_lowercase()});
        assert_eq!(put(&sandbox, "n", name, &document.to_string()).status, 201);
    }
    for case in cases(&vectors("filter"), "statusParam") {
        let values = case["values"].as_array().unwrap().iter();
        let query: Vec<String> = values.map(|value| encoded("status", text(value))).collect();
        let query = query.join("&");
        let wanted = match case["class"].as_str() {
            Some("quirk") => &case["proposed"],
            _ => &case["statuses"],
        };
        let Some(wanted) = wanted.as_array() else {
            for route in [LIST, DIFF, WATCH] {
                let refused = get(&sandbox, &format!("{route}?{query}"));
                assert!(is_unreadable(&refused), "{case}: {refused:?}");
            }
            continue;
        };
        let wanted: BTreeSet<ShardStatus> = wanted.iter().map(shapes::status).collect();
        let found = list(&sandbox, &query).items.into_iter();
        let found: BTreeSet<ShardStatus> =
            found.map(|shard| shard.status.known().unwrap()).collect();
        match wanted.is_empty() {
            true => assert_eq!(found.len(), ShardStatus::ALL.len(), "{case}"),
            false => assert_eq!(found, wanted, "{case}"),
        }
    }
}

#[test]
fn compat_page_sizes_over_http() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 510);
    for case in cases(&vectors("filter"), "pageSizeParam") {
        let query = case["raw"].as_str().map(|raw| encoded("pageSize", raw));
        let query = query.unwrap_or_default();
        match case["pageSize"].as_u64() {
            Some(size) => {
                let page = list(&sandbox, &query);
                assert_eq!(page.items.len() as u64, size, "{case}");
                assert!(page.next_cursor.is_some(), "{case}");
            }
            None => {
                let refused = get(&sandbox, &format!("{LIST}?{query}"));
                assert!(is_unreadable(&refused), "{case}: {refused:?}");
            }
        }
    }
}

#[test]
fn compat_positions_over_http() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 7);
    for case in cases(&vectors("filter"), "int64Param") {
        let raw = case["raw"].as_str();
        for (route, name) in [
            (DIFF, "fromVersion"),
            (DIFF, "toVersion"),
            (WATCH, "resumeToken"),
        ] {
            let query = raw.map(|raw| encoded(name, raw)).unwrap_or_default();
            let once = if route == WATCH { "&once=true" } else { "" };
            let answer = get(&sandbox, &format!("{route}?{query}{once}"));
            match case["valid"].as_bool().unwrap() {
                true => assert_eq!(answer.status, 200, "{case}: {answer:?}"),
                false => assert!(is_unreadable(&answer), "{case}: {answer:?}"),
            }
        }
    }
}

/// The vectors count changes of shards from 1; the book's own record is 1 in the book.
const BEFORE_FIRST: i64 = 1;

fn in_book(position: &Value) -> Option<i64> {
    let position = position.as_i64()?;
    Some(match position > 0 {
        true => position.saturating_add(BEFORE_FIRST),
        false => position,
    })
}

fn in_vectors(positions: Vec<i64>) -> Value {
    let all: Vec<i64> = positions
        .iter()
        .map(|position| position - BEFORE_FIRST)
        .collect();
    json!(all)
}

#[test]
fn compat_ranges_over_http() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 7);
    let vectors = vectors("filter");
    for case in cases(&vectors, "diffRange") {
        let parts = [("fromVersion", "from"), ("toVersion", "to")].map(|(name, member)| {
            let position = in_book(&case[member]);
            position
                .map(|position| format!("{name}={position}"))
                .unwrap_or_default()
        });
        let found = diff(&sandbox, &parts.join("&"));
        assert_eq!(in_vectors(positions(&found)), case["positions"], "{case}");
    }
    for case in cases(&vectors, "watchResume") {
        let token = in_book(&case["resumeToken"]);
        let query = token
            .map(|token| format!("resumeToken={token}"))
            .unwrap_or_default();
        let mut stream = watch_once(&sandbox, &query);
        assert_eq!(stream.response.status, 200);
        let mut told = Vec::new();
        while let Some(event) = stream.next_event() {
            match &*event.name {
                "shard.diff" => told.push(event.id.unwrap().parse().unwrap()),
                // It begins after what the book hasn't come to.
                "shard.error" => assert!(token > Some(7 + BEFORE_FIRST), "{case}"),
                other => panic!("{other}"),
            }
        }
        assert_eq!(in_vectors(told), case["positions"], "{case}");
    }
}

fn has_control(values: &Value) -> bool {
    let mut values = values.as_array().unwrap().iter().map(text);
    values.any(|value| value.contains(char::is_control))
}

#[test]
fn compat_scopes_over_http() {
    let sandbox = Sandbox::with_all_samples();
    for case in cases(&vectors("filter"), "scopes") {
        let routes: &[(&str, &str)] = match text(&case["need"]) {
            "read" => &[("GET", LIST), ("GET", WATCH)],
            _ => &[("GET", DIFF), ("POST", SIMULATE)],
        };
        for (method, route) in routes {
            let once = if *route == WATCH { "?once=true" } else { "" };
            let mut request = Request::new(method, &format!("{route}{once}"));
            for value in case["header"].as_array().unwrap() {
                request = request.header("x-mesh-scope", text(value));
            }
            if *method == "POST" {
                let content = deedbook_api::samples::SIMULATION;
                request = request.content("application/json", content);
            }
            let answer = sandbox.send(&request);
            match case["allowed"].as_bool().unwrap() {
                true => assert_eq!(answer.status, 200, "{case}: {answer:?}"),
                // Nothing that isn't a header is read.
                false if answer.status == 400 => assert!(has_control(&case["header"]), "{case}"),
                false => {
                    assert_eq!(answer.status, 403, "{case}: {answer:?}");
                    assert!(answer.body.is_empty(), "{case}: {answer:?}");
                    assert_eq!(answer.header("content-type"), None);
                }
            }
        }
    }
}

/// A namespace after all others.
fn last_namespace() -> String {
    "\u{10ffff}".repeat(128)
}

#[test]
fn compat_cursors_encoded_over_http() {
    for case in cases(&vectors("cursor"), "encode") {
        let sandbox = Sandbox::new();
        let [namespace, id] = [&case["namespace"], &case["shardId"]].map(text);
        let token = (case["class"] != "quirk").then(|| text(&case["token"]));
        let cursor = Cursor::new(namespace, id).ok();
        assert_eq!(
            cursor.map(|cursor| cursor.token()).as_deref(),
            token,
            "{case}"
        );
        let document = r#"{"ownerNodeId":"o"}"#;
        let made = put(&sandbox, namespace, id, document);
        let (Some(token), true) = (token, is_namespace(namespace) && is_id(id)) else {
            // It isn't stored, so no page ends with it.
            assert_eq!(made.status, 400, "{case}");
            continue;
        };
        assert_eq!(made.status, 201, "{case}: {made:?}");
        let later = last_namespace();
        assert_eq!(put(&sandbox, &later, "s", document).status, 201);
        let page = list(&sandbox, "pageSize=1");
        assert_eq!(page.next_cursor.as_deref(), Some(token), "{case}");
        let next = list(&sandbox, &encoded("cursor", token));
        let left: Vec<&str> = next.items.iter().map(|shard| &*shard.namespace).collect();
        assert_eq!((left, next.next_cursor), (vec![&*later], None), "{case}");
    }
}

/// In bytes; that of the longest ids is shorter.
const LONGEST_CURSOR: usize = 2048;

#[test]
fn compat_cursors_decoded_over_http() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 3);
    for case in cases(&vectors("cursor"), "decode") {
        let token = text(&case["token"]);
        let answer = get(&sandbox, &format!("{LIST}?{}", encoded("cursor", token)));
        if token.len() > LONGEST_CURSOR {
            // No list ends a page with it.
            assert!(is_unreadable(&answer), "{case}: {answer:?}");
            assert_eq!(case["valid"], Cursor::of_token(token).is_ok(), "{case}");
            continue;
        }
        // A blank one is none.
        if case["valid"] == true || token.trim().is_empty() {
            assert_eq!(answer.status, 200, "{case}: {answer:?}");
            continue;
        }
        assert_eq!(answer.status, 400, "{case}: {answer:?}");
        assert_eq!(code(&answer), "shards.control.cursor.invalid", "{case}");
        assert_eq!(answer.json()["metadata"]["cursor"], token, "{case}");
    }
    let cursor = Cursor::new("n", "s-0000").unwrap().token();
    assert_eq!(list(&sandbox, &encoded("cursor", &cursor)).items.len(), 2);
}

/// The code of the first of the route's own checks that a request of the vectors doesn't pass.
fn refused_with(request: &Value) -> Option<&'static str> {
    let is_blank = |text: &Value| text.as_str().is_none_or(|text| text.trim().is_empty());
    if is_blank(&request["namespace"]) {
        return Some("shards.control.namespace.required");
    }
    let nodes = request["nodes"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if nodes.is_empty() {
        return Some("shards.control.nodes.required");
    }
    let is_nameless = |node: &Value| is_blank(&node["nodeId"]);
    nodes
        .iter()
        .any(is_nameless)
        .then_some("shards.control.node_id.invalid")
}

/// The owners, or the error, that a request should end with.
fn answer_of(case: &Value) -> &Value {
    match &case["proposed"] {
        Value::Null => case,
        proposed => proposed,
    }
}

fn has_strategy(case: &Value) -> bool {
    let strategy = case["strategy"].as_str();
    strategy.is_some_and(|strategy| !strategy.trim().is_empty())
}

fn shards_of(case: &Value) -> &[Value] {
    let shards = case["request"]["shards"].as_array();
    shards.map(Vec::as_slice).unwrap_or_default()
}

/// Puts the shards of a request, and one more so that there are some; whether a book takes them.
fn has_put_shards(sandbox: &Sandbox, case: &Value) -> bool {
    let namespace = text(&case["request"]["namespace"]);
    let one_more = json!({"shardId": "one-more"});
    for shard in shards_of(case).iter().chain([&one_more]) {
        let id = shard["shardId"].as_str().unwrap_or_default();
        let document = json!({"ownerNodeId": "node-a", "localityHint": shard["localityHint"]});
        let made = put(sandbox, namespace, id, &document.to_string());
        let is_taken = is_namespace(namespace) && is_id(id);
        assert_eq!(made.status < 400, is_taken, "{case}: {made:?}");
    }
    is_namespace(namespace)
}

const UNKNOWN: &str = "shards.hashing.strategy.unknown";

/// The codes that a case may have where the route's own check comes first.
fn behind(own: &str) -> &'static [&'static str] {
    match own {
        "shards.control.namespace.required" => &["shards.hashing.namespace_required", UNKNOWN],
        "shards.control.nodes.required" => &["shards.hashing.nodes_required", UNKNOWN],
        _ => &[
            "shards.hashing.node_id_invalid",
            "shards.hashing.shards_missing",
            UNKNOWN,
        ],
    }
}

/// The status and code that a case has over HTTP, where the shards are those of the book; nothing if
/// they are placed.
fn refused_over_http<'a>(sandbox: &Sandbox, case: &'a Value) -> Option<(u16, &'a str)> {
    if let Some(own) = refused_with(&case["request"]) {
        let error = answer_of(case)["error"].as_str();
        assert!(behind(own).contains(&error.unwrap_or_default()), "{case}");
        return Some((400, own));
    }
    let missing = (404, "shards.control.namespace.missing");
    match answer_of(case)["error"].as_str() {
        Some(UNKNOWN) if has_strategy(case) => Some((400, UNKNOWN)),
        // The book has the shards and a strategy of the namespace, so that neither is needed.
        Some(UNKNOWN | "shards.hashing.shards_missing") => Some(missing),
        None if shards_of(case).is_empty() => Some(missing),
        error => match has_put_shards(sandbox, case) {
            true => error.map(|error| (400, error)),
            false => Some(missing),
        },
    }
}

/// The request as the route is sent it; whether JSON can say all of its weights.
fn sent(case: &Value) -> (Value, bool) {
    let (mut content, mut is_sayable) = (case["request"].clone(), true);
    if content.is_object() {
        content["strategyId"] = case["strategy"].clone();
    }
    let nodes = content.get_mut("nodes").and_then(Value::as_array_mut);
    for node in nodes.into_iter().flatten() {
        if let Some(weight) = number(node, "weight") {
            is_sayable &= weight.is_finite();
            node["weight"] = match weight.is_finite() {
                true => json!(weight),
                false => json!(weight.to_string()),
            };
        }
    }
    (content, is_sayable)
}

fn assert_placed(case: &Value, answer: &Response) {
    let owners = answer_of(case).get("owners").unwrap_or(answer_of(case));
    let owners = owners.as_array().into_iter().flatten();
    let placed: SimulateResponse = body(answer);
    for (shard, owner) in shards_of(case).iter().zip(owners) {
        let mut found = placed.assignments.iter();
        let found = found.find(|found| shard["shardId"] == *found.shard_id);
        assert_eq!(found.unwrap().owner_node_id, *owner, "{case}");
    }
}

#[test]
fn compat_hashing_errors_over_http() {
    for case in cases(&vectors("hashing-errors"), "cases") {
        let sandbox = Sandbox::new();
        let (content, is_sayable) = sent(case);
        if content.is_null() || !is_sayable {
            let answer = simulate(&sandbox, &content.to_string());
            assert!(is_unreadable(&answer), "{case}: {answer:?}");
            continue;
        }
        let wanted = refused_over_http(&sandbox, case);
        let answer = simulate(&sandbox, &content.to_string());
        let Some(wanted) = wanted else {
            assert_placed(case, &answer);
            continue;
        };
        assert_eq!((answer.status, &*code(&answer)), wanted, "{case}");
        if wanted.1.starts_with("shards.hashing.") {
            let told = &answer.json()["metadata"]["strategyId"];
            assert_eq!(*told, case["strategy"], "{case}");
        }
    }
}

#[test]
fn compat_strategies_are_looked_up_over_http() {
    let sandbox = Sandbox::new();
    let document = r#"{"ownerNodeId":"node-a"}"#;
    assert_eq!(put(&sandbox, "taken", "s", document).status, 201);
    for case in cases(&vectors("hashing-errors"), "cases") {
        let content = json!({
            "namespace": "taken", "nodes": [{"nodeId": "node-a"}], "strategyId": case["strategy"],
        });
        let answer = simulate(&sandbox, &content.to_string());
        if answer_of(case)["error"] == UNKNOWN && has_strategy(case) {
            assert_eq!((answer.status, &*code(&answer)), (400, UNKNOWN), "{case}");
            assert_eq!(answer.json()["metadata"]["strategyId"], case["strategy"]);
        } else {
            assert_eq!(answer.status, 200, "{case}: {answer:?}");
        }
    }
}

#[test]
fn null_and_absent_members_are_the_same_to_a_try() {
    let sandbox = Sandbox::new();
    assert_eq!(
        put(&sandbox, "n", "s", r#"{"ownerNodeId":"node-a"}"#).status,
        201
    );
    let wanted = placed(
        &sandbox,
        r#"{"namespace":"n","nodes":[{"nodeId":"node-b"}]}"#,
    );
    let nulls = r#"{"namespace":"n","strategyId":null,"more":[1],"nodes":[
        {"nodeId":"node-b","weight":null,"region":null,"zone":null}]}"#;
    let found = placed(&sandbox, nulls);
    assert_eq!(
        (found.strategy_id, found.changes),
        (wanted.strategy_id, wanted.changes)
    );
    for (content, wanted) in [
        (
            r#"{"namespace":null,"nodes":[]}"#,
            "shards.control.namespace.required",
        ),
        ("{}", "shards.control.namespace.required"),
        (
            r#"{"NAMESPACE":"n","nodes":null}"#,
            "shards.control.nodes.required",
        ),
        (
            r#"{"namespace":"n","nodes":[null]}"#,
            "shards.control.node_id.invalid",
        ),
        (
            r#"{"namespace":"n","nodes":[{"nodeId":null}]}"#,
            "shards.control.node_id.invalid",
        ),
    ] {
        assert_eq!(code(&simulate(&sandbox, content)), wanted, "{content}");
    }
    for content in [
        "null",
        "",
        "[]",
        "{",
        r#"{"namespace":7}"#,
        r#"{"nodes":{}}"#,
        "{}{}",
    ] {
        let answer = simulate(&sandbox, content);
        assert!(is_unreadable(&answer), "{content}: {answer:?}");
    }
}
