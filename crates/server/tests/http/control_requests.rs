//! The reference's vectors for what is asked of its routes, through a running server.

use deedbook_api::query::percent_encode;
use deedbook_model::shard::ShardStatus;
use deedbook_model::shard::control::Cursor;
use deedbook_testkit::http::Request;
use serde_json::{Value, json};

use crate::control::{
    DIFF, LIST, SIMULATE, WATCH, code, diff, get, ids, is_unreadable, list, placed, positions, put,
    put_many, simulate, watch_once,
};
use crate::sandbox::Sandbox;
use crate::vectors::{cases, text, vectors};

fn encoded(name: &str, value: &str) -> String {
    format!("{name}={}", percent_encode(value))
}

fn status_name(number: &Value) -> &'static str {
    ShardStatus::of_number(number.as_i64().unwrap())
        .unwrap()
        .name()
}

/// Whether a filter finds the only shard there is, in a list, a diff and a watch alike.
fn finds(sandbox: &Sandbox, query: &str) -> bool {
    let listed = list(sandbox, query).items.len();
    assert_eq!(diff(sandbox, query).items.len(), listed, "{query}");
    assert_eq!(ids(watch_once(sandbox, query)).len(), listed, "{query}");
    listed > 0
}

#[test]
fn compat_filters_over_http() {
    for case in cases(&vectors("filter"), "matches") {
        let sandbox = Sandbox::new();
        let (filter, record) = (&case["filter"], &case["record"]);
        let document = json!({
            "ownerNodeId": record["ownerNodeId"],
            "status": status_name(&record["status"]).to_lowercase(),
        });
        let [namespace, id] = [&record["namespace"], &record["shardId"]].map(text);
        assert_eq!(
            put(&sandbox, namespace, id, &document.to_string()).status,
            201
        );
        let mut query = Vec::new();
        for name in ["namespace", "owner", "search"] {
            query.extend(filter[name].as_str().map(|text| encoded(name, text)));
        }
        let statuses = filter["statuses"].as_array().into_iter().flatten();
        query.extend(statuses.map(|number| encoded("status", status_name(number))));
        assert_eq!(finds(&sandbox, &query.join("&")), case["matches"], "{case}");
    }
}

#[test]
fn compat_case_over_http() {
    for case in cases(&vectors("filter"), "caseFolding") {
        let sandbox = Sandbox::new();
        let document = json!({"ownerNodeId": case["a"]}).to_string();
        assert_eq!(put(&sandbox, "n", "s", &document).status, 201, "{case}");
        let found = finds(&sandbox, &encoded("owner", text(&case["b"])));
        assert_eq!(found, case["equal"], "{case}");
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
        let mut found: Vec<i64> = list(&sandbox, &query)
            .items
            .iter()
            .map(|shard| shard.status.number().into())
            .collect();
        found.sort_unstable();
        match wanted.is_empty() {
            true => assert_eq!(found.len(), ShardStatus::ALL.len(), "{case}"),
            false => assert_eq!(json!(found), json!(wanted), "{case}"),
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
    Some(if position > 0 {
        position + BEFORE_FIRST
    } else {
        position
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
                false => {
                    assert_eq!(answer.status, 403, "{case}: {answer:?}");
                    assert!(answer.body.is_empty(), "{case}: {answer:?}");
                    assert_eq!(answer.header("content-type"), None);
                }
            }
        }
    }
}

#[test]
fn compat_cursors_encoded_over_http() {
    for case in cases(&vectors("cursor"), "encode") {
        let sandbox = Sandbox::new();
        let [namespace, id] = [&case["namespace"], &case["shardId"]].map(text);
        let document = r#"{"ownerNodeId":"o"}"#;
        let made = put(&sandbox, namespace, id, document);
        if case["class"] == "quirk" || id.contains(char::is_control) {
            // It isn't stored, so no page ends with it.
            assert_eq!(made.status, 400, "{case}");
            continue;
        }
        assert_eq!(made.status, 201, "{case}: {made:?}");
        let later = format!("{id}~");
        assert_eq!(put(&sandbox, namespace, &later, document).status, 201);
        let page = list(&sandbox, "pageSize=1");
        assert_eq!(
            page.next_cursor.as_deref(),
            case["token"].as_str(),
            "{case}"
        );
        let next = list(&sandbox, &encoded("cursor", text(&case["token"])));
        let ids: Vec<&str> = next.items.iter().map(|shard| &*shard.shard_id).collect();
        assert_eq!((ids, next.next_cursor), (vec![&*later], None), "{case}");
    }
}

#[test]
fn compat_cursors_decoded_over_http() {
    let sandbox = Sandbox::new();
    put_many(&sandbox.book, "n", 3);
    for case in cases(&vectors("cursor"), "decode") {
        let token = text(&case["token"]);
        let answer = get(&sandbox, &format!("{LIST}?{}", encoded("cursor", token)));
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

#[test]
fn compat_hashing_errors_over_http() {
    let sandbox = Sandbox::new();
    assert_eq!(
        put(&sandbox, "taken", "s", r#"{"ownerNodeId":"node-a"}"#).status,
        201
    );
    for case in cases(&vectors("hashing-errors"), "cases") {
        let mut content = case["request"].clone();
        content["strategyId"] = case["strategy"].clone();
        let answer = simulate(&sandbox, &content.to_string());
        let error = case["error"]
            .as_str()
            .or(case["proposed"]["error"].as_str())
            .unwrap();
        match refused_with(&content) {
            Some(wanted) => {
                assert_eq!((answer.status, &*code(&answer)), (400, wanted), "{case}");
            }
            // The shards are those of the book.
            None => {
                assert_eq!(error, "shards.hashing.shards_missing", "{case}");
                let wanted = "shards.control.namespace.missing";
                assert_eq!((answer.status, &*code(&answer)), (404, wanted), "{case}");
            }
        }
        // The strategy is looked at before the book is, blank ones aside.
        content["namespace"] = json!("taken");
        content["nodes"] = json!([{"nodeId": "node-a"}]);
        let answer = simulate(&sandbox, &content.to_string());
        let is_known = error != "shards.hashing.strategy.unknown";
        if is_known || text(&case["strategy"]).trim().is_empty() {
            assert_eq!(answer.status, 200, "{case}: {answer:?}");
        } else {
            assert_eq!((answer.status, &*code(&answer)), (400, error), "{case}");
            assert_eq!(answer.json()["metadata"]["strategyId"], case["strategy"]);
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
