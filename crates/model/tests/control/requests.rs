//! The reference's vectors for its control plane: what is asked of it, and how its command line
//! asks.
#![expect(
    clippy::unwrap_used,
    reason = "a vector that isn't what it should be ends the test"
)]

use deedbook_model::shard::ShardStatus;
use deedbook_model::shard::control::parameters::{
    DiffRange, Need, follows, page_size_parameter, position_parameter, statuses,
};
use deedbook_model::shard::control::{Cursor, cli};
use deedbook_model::text::folded;
use serde_json::{Value, json};

use crate::shapes;
use crate::vectors::{cases, text, vectors};

/// What a token says; null if nothing.
fn halves(token: &str) -> Value {
    match Cursor::of_token(token) {
        Ok(cursor) => {
            let (namespace, shard_id) = (cursor.namespace(), cursor.shard_id());
            json!({"namespace": namespace, "shardId": shard_id})
        }
        Err(_) => Value::Null,
    }
}

#[test]
fn compat_cursors_encoded() {
    for case in cases(&vectors("cursor"), "encode") {
        let names = [&case["namespace"], &case["shardId"]].map(text);
        let cursor = Cursor::new(names[0], names[1]);
        if case["class"] == "quirk" {
            assert!(cursor.is_err(), "{case}");
            if let Some(decoded) = case.get("referenceDecodes") {
                assert_eq!(halves(text(&case["token"])), *decoded, "{case}");
            }
        } else {
            let cursor = cursor.unwrap();
            assert_eq!(cursor.token(), text(&case["token"]), "{case}");
            assert_eq!(Cursor::of_token(&cursor.token()), Ok(cursor), "{case}");
        }
    }
}

#[test]
fn compat_cursors_decoded() {
    for case in cases(&vectors("cursor"), "decode") {
        let read = Cursor::of_token(text(&case["token"]));
        assert_eq!(read.is_ok(), case["valid"].as_bool().unwrap(), "{case}");
        if let Ok(read) = read {
            assert_eq!(read.namespace(), case["namespace"], "{case}");
            assert_eq!(read.shard_id(), case["shardId"], "{case}");
        }
    }
}

/// The expected statuses: a quirk's proposed ones; null: it is refused.
fn expected_statuses(case: &Value) -> Option<Vec<ShardStatus>> {
    let expected = if case["class"] == "quirk" {
        &case["proposed"]
    } else {
        &case["statuses"]
    };
    Some(expected.as_array()?.iter().map(shapes::status).collect())
}

fn values(case: &Value) -> Vec<&str> {
    case["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect()
}

#[test]
fn compat_filters() {
    for case in cases(&vectors("filter"), "matches") {
        let (found, expected) = (shapes::is_match(case), shapes::should_match(case));
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn compat_case_folding() {
    for case in cases(&vectors("filter"), "caseFolding") {
        let equal = folded(text(&case["a"])) == folded(text(&case["b"]));
        assert_eq!(equal, case["equal"].as_bool().unwrap(), "{case}");
    }
}

#[test]
fn compat_parameters() {
    let vectors = vectors("filter");
    for case in cases(&vectors, "statusParam") {
        assert_eq!(
            statuses(values(case)).ok(),
            expected_statuses(case),
            "{case}"
        );
    }
    for case in cases(&vectors, "pageSizeParam") {
        let size = page_size_parameter(case["raw"].as_str()).ok();
        assert_eq!(size.map(u64::from), case["pageSize"].as_u64(), "{case}");
    }
    for case in cases(&vectors, "int64Param") {
        let position = position_parameter(case["raw"].as_str());
        assert_eq!(position.is_ok(), case["valid"].as_bool().unwrap(), "{case}");
        assert_eq!(position.ok().flatten(), case["value"].as_i64(), "{case}");
    }
}

#[test]
fn compat_ranges() {
    /// The positions that the cases choose from.
    const ALL: std::ops::RangeInclusive<i64> = 1..=7;
    let chosen = |case: &Value, is_chosen: &dyn Fn(i64) -> bool| {
        let positions: Vec<i64> = ALL.filter(|position| is_chosen(*position)).collect();
        assert_eq!(Value::from(positions), case["positions"], "{case}");
    };
    let vectors = vectors("filter");
    for case in cases(&vectors, "diffRange") {
        let (from, to) = (case["from"].as_i64(), case["to"].as_i64());
        chosen(case, &|position| DiffRange { from, to }.contains(position));
    }
    for case in cases(&vectors, "watchResume") {
        let resume = case["resumeToken"].as_i64();
        chosen(case, &|position| follows(position, resume));
    }
}

#[test]
fn compat_scopes() {
    for case in cases(&vectors("filter"), "scopes") {
        let headers = case["header"].as_array().unwrap().iter().map(text);
        let need = match text(&case["need"]) {
            "read" => Need::Read,
            "operate" => Need::Operate,
            other => panic!("{other}"),
        };
        let allowed = case["allowed"].as_bool().unwrap();
        assert_eq!(need.is_met_by(headers), allowed, "{case}");
    }
}

#[test]
fn compat_cli_statuses() {
    for case in cases(&vectors("cli"), "statusOption") {
        assert_eq!(
            cli::statuses(values(case)).ok(),
            expected_statuses(case),
            "{case}"
        );
    }
}

/// What the command line asks for; nothing if it refuses.
fn asked(case: &Value, route: cli::Route, server: &str) -> Option<String> {
    let statuses = match case["status"].as_array() {
        Some(values) => cli::statuses(values.iter().map(text)),
        None => cli::statuses(case["status"].as_str()),
    };
    let query = cli::Query {
        namespace: case["namespace"].as_str(),
        owner: case["owner"].as_str(),
        search: case["search"].as_str(),
        cursor: case["cursor"].as_str(),
        page_size: case["pageSize"]
            .as_i64()
            .map(i32::try_from)
            .transpose()
            .ok()?,
        from_version: case["fromVersion"].as_i64(),
        to_version: case["toVersion"].as_i64(),
        statuses: &statuses.ok()?,
    };
    query.check().ok()?;
    cli::address(server, route, &query).ok()
}

#[test]
fn compat_cli_requests() {
    for case in cases(&vectors("cli"), "requests") {
        let route = match text(&case["command"]) {
            "list" => cli::Route::List,
            "diff" => cli::Route::Diff,
            "simulate" => cli::Route::Simulate,
            other => panic!("{other}"),
        };
        let url = case["url"].as_str();
        let server = url.and_then(|url| url.split_once("/control/shards"));
        let server = server.map_or(cli::DEFAULT_ADDRESS, |(server, _)| server);
        assert_eq!(asked(case, route, server).as_deref(), url, "{case}");
        if let (Some(_), Some(scope)) = (url, case["scope"].as_str()) {
            assert_eq!(route.scope(), scope, "{case}");
        }
        assert!(route.need().is_met_by([route.scope()]));
    }
}
