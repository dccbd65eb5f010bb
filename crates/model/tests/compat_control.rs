//! The reference's vectors for its control plane: every case that is in `tests/compat/vectors`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a vector that isn't what it should be ends the test"
)]

#[path = "vectors/shapes.rs"]
mod shapes;
mod vectors;

use std::fmt::Debug;

use deedbook_model::shard::ShardStatus;
use deedbook_model::shard::control::parameters::{
    DiffRange, Need, follows, page_size_parameter, position_parameter, statuses,
};
use deedbook_model::shard::control::{
    Candidate, Cursor, CursorError, Filter, FromJson, JsonMode, OffsetTime, PREAMBLE, StatusNumber,
    Summary, ToJson, push_diff_frame, push_error_frame,
};
use deedbook_model::shard::control::{
    Diff, DiffEntry, HistoryDetail, ShardList, SimulateRequest, SimulateResponse, wire,
};
use deedbook_model::text::folded;
use prost::Message;
use serde_json::Value;

use self::vectors::{cases, text, vectors};

fn mode(case: &Value) -> JsonMode {
    match text(&case["mode"]) {
        "http" => JsonMode::ControlPlane,
        "cli" => JsonMode::CommandLine,
        other => panic!("{other}"),
    }
}

/// The body is written as the case says, and read back from it.
fn assert_json<T: ToJson + FromJson + PartialEq + Debug>(case: &Value, body: &T) {
    let written = body.to_json(mode(case));
    assert_eq!(written, text(&case["text"]), "{case}");
    let read = T::from_json(written.as_bytes(), mode(case)).unwrap();
    assert_eq!(&read, body);
    if let Some(pretty) = case["pretty"].as_str() {
        assert_eq!(body.to_json(JsonMode::Indented), pretty, "{case}");
        let read = T::from_json(pretty.as_bytes(), JsonMode::Indented).unwrap();
        assert_eq!(&read, body);
    }
}

#[test]
fn compat_json_bodies() {
    for case in cases(&vectors("json"), "encode") {
        let value = &case["value"];
        match text(&case["type"]) {
            "list" => assert_json(case, &shapes::shard_list(value)),
            "diff" => assert_json(case, &shapes::diff(value)),
            "diffEntry" => assert_json(case, &shapes::diff_entry(value)),
            "simReq" => assert_json(case, &shapes::simulate_request(value)),
            "simResp" => assert_json(case, &shapes::simulate_response(value)),
            "summary" => assert_json(case, &shapes::summary(value)),
            "history" => assert_json(case, &shapes::history(value)),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn compat_json_strings() {
    for case in cases(&vectors("json"), "strings") {
        let body = Summary {
            namespace: text(&case["value"]).to_owned(),
            ..Summary::default()
        };
        let written = body.to_json(JsonMode::ControlPlane);
        let begin = format!("{{\"namespace\":{},\"shardId\":", text(&case["text"]));
        assert!(written.starts_with(&begin), "{case}: {written}");
    }
}

#[test]
fn compat_json_times() {
    for case in cases(&vectors("json"), "times") {
        let time = OffsetTime::parse(text(&case["value"])).unwrap();
        let body = Summary {
            updated_at: time,
            ..Summary::default()
        };
        let written = body.to_json(JsonMode::ControlPlane);
        let end = format!("\"updatedAt\":\"{}\"}}", text(&case["json"]));
        assert!(written.ends_with(&end), "{case}: {written}");
        assert_eq!(time.round_trip_text(), text(&case["roundTrip"]), "{case}");
        assert_eq!(time.table_text(), text(&case["table"]), "{case}");
    }
}

#[test]
fn compat_json_reading() {
    for case in cases(&vectors("json"), "decodeSummary") {
        let read = Summary::from_json(text(&case["text"]).as_bytes(), mode(case));
        let rewritten = read.ok().map(|summary| summary.to_json(mode(case)));
        // A quirk's own answer, where there is one, is what is proposed.
        let expected = case.get("proposed").unwrap_or(&case["rewritten"]);
        assert_eq!(rewritten.as_deref(), expected.as_str(), "{case}");
    }
}

#[test]
fn compat_sse_frames() {
    let vectors = vectors("sse");
    assert_eq!(PREAMBLE, text(&vectors["preamble"]));
    for case in cases(&vectors, "cases") {
        let value = &case["value"];
        let mut frame = String::new();
        if value.get("position").is_some() {
            push_diff_frame(&mut frame, &shapes::diff_entry(value));
        } else {
            push_error_frame(&mut frame, &shapes::stream_error(value));
        }
        assert_eq!(frame, text(&case["frame"]), "{case}");
    }
}

#[test]
fn compat_cursors_encoded() {
    for case in cases(&vectors("cursor"), "encode") {
        let names = [&case["namespace"], &case["shardId"]].map(text);
        let cursor = Cursor::new(names[0], names[1]);
        if case["class"] == "quirk" {
            assert_eq!(cursor, Err(CursorError::Separator), "{case}");
            let read = Cursor::of_token(text(&case["token"])).unwrap();
            let decoded = &case["referenceDecodes"];
            assert_eq!(read.namespace(), decoded["namespace"], "{case}");
            assert_eq!(read.shard_id(), decoded["shardId"], "{case}");
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
    let status = |value: &Value| match value.as_str() {
        Some(name) => ShardStatus::named(name).unwrap(),
        None => ShardStatus::of_number(value.as_i64().unwrap()).unwrap(),
    };
    Some(expected.as_array()?.iter().map(status).collect())
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
        let (given, record) = (&case["filter"], &case["record"]);
        let statuses = given["statuses"].as_array().into_iter().flatten();
        let status = |value: &Value| ShardStatus::of_number(value.as_i64().unwrap()).unwrap();
        let filter = Filter::new()
            .of_namespace(given["namespace"].as_str())
            .of_owner(given["owner"].as_str())
            .searching(given["search"].as_str())
            .with_statuses(statuses.map(status).collect());
        let matches = filter.matches(Candidate {
            namespace: text(&record["namespace"]),
            shard_id: text(&record["shardId"]),
            owner_node_id: text(&record["ownerNodeId"]),
            status: StatusNumber::new(record["status"].as_i64().unwrap().try_into().unwrap()),
        });
        let expected = case.get("proposed").unwrap_or(&case["matches"]);
        assert_eq!(matches, expected.as_bool().unwrap(), "{case}");
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

/// The message has these bytes, is what they say, and reads back as the shape where it has one.
fn assert_message<M: Message + Default + PartialEq>(case: &Value, message: &M) -> M {
    let bytes = message.encode_to_vec();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, text(&case["hex"]), "{case}");
    let read = M::decode(&*bytes).unwrap();
    assert!(read == *message, "{case}");
    read
}

/// The fields of a request, by the names they have in the package.
fn request<'a>(value: &'a Value) -> impl Fn(&str) -> String + 'a {
    |name| value[name].as_str().unwrap_or_default().to_owned()
}

fn int64(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

fn numbers(value: &Value) -> Vec<i32> {
    let numbers = value.as_array().into_iter().flatten();
    numbers
        .map(|number| int64(number).try_into().unwrap())
        .collect()
}

fn assert_request(case: &Value) {
    let value = &case["value"];
    let field = request(value);
    let statuses = numbers(&value["statuses"]);
    match text(&case["message"]) {
        "ShardListRequest" => {
            let message = wire::ShardListRequest {
                namespace: field("namespace"),
                owner_node_id: field("owner_node_id"),
                statuses,
                search: field("search"),
                cursor: field("cursor"),
                page_size: int64(&value["page_size"]).try_into().unwrap(),
            };
            assert_message(case, &message);
        }
        "ShardWatchRequest" => {
            let message = wire::ShardWatchRequest {
                namespace: field("namespace"),
                owner_node_id: field("owner_node_id"),
                statuses,
                search: field("search"),
                resume_token: int64(&value["resume_token"]),
                whole_history: false,
            };
            assert_message(case, &message);
        }
        "ShardDiffRequest" => {
            let message = wire::ShardDiffRequest {
                namespace: field("namespace"),
                owner_node_id: field("owner_node_id"),
                statuses,
                search: field("search"),
                from_token: int64(&value["from_token"]),
                to_token: int64(&value["to_token"]),
                whole_history: false,
            };
            assert_message(case, &message);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn compat_proto_messages() {
    let brief = HistoryDetail::Brief;
    for case in cases(&vectors("proto"), "cases") {
        let value = &case["value"];
        match text(&case["message"]) {
            "ShardRecord" => {
                let sent = wire::ShardRecord::from(&shapes::summary(value));
                let read = Summary::try_from(assert_message(case, &sent)).unwrap();
                assert!(wire::ShardRecord::from(&read) == sent, "{case}");
            }
            "ShardListResponse" => {
                let sent = wire::ShardListResponse::from(&shapes::shard_list(value));
                let read = ShardList::try_from(assert_message(case, &sent)).unwrap();
                assert!(wire::ShardListResponse::from(&read) == sent, "{case}");
            }
            "ShardDiffNotification" => {
                let sent = wire::ShardDiffNotification::of(&shapes::diff_entry(value), brief);
                let read = DiffEntry::try_from(assert_message(case, &sent)).unwrap();
                assert!(
                    wire::ShardDiffNotification::of(&read, brief) == sent,
                    "{case}"
                );
            }
            "ShardDiffResponse" => {
                let sent = wire::ShardDiffResponse::of(&shapes::diff(value), brief);
                let read = Diff::try_from(assert_message(case, &sent)).unwrap();
                assert!(wire::ShardDiffResponse::of(&read, brief) == sent, "{case}");
            }
            "ShardSimulationRequest" => {
                let sent = wire::ShardSimulationRequest::from(&shapes::simulate_request(value));
                let read = SimulateRequest::try_from(assert_message(case, &sent)).unwrap();
                assert!(wire::ShardSimulationRequest::from(&read) == sent, "{case}");
            }
            "ShardSimulationResponse" => {
                let sent = wire::ShardSimulationResponse::from(&shapes::simulate_response(value));
                let read = SimulateResponse::try_from(assert_message(case, &sent)).unwrap();
                assert!(wire::ShardSimulationResponse::from(&read) == sent, "{case}");
            }
            "ShardHistory" => {
                let sent = wire::ShardHistory::of(&shapes::history(value), brief);
                assert_message(case, &sent);
            }
            _ => assert_request(case),
        }
    }
}
