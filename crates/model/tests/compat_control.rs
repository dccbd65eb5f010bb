//! The reference's vectors for its control plane: what its bodies, events and messages look like,
//! what is asked of it, and what its command line prints.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a vector that isn't what it should be ends the test"
)]

#[path = "control/requests.rs"]
mod requests;
#[path = "vectors/shapes.rs"]
mod shapes;
mod vectors;

use std::fmt::Debug;

use deedbook_model::shard::control::{
    FromJson, HistoryDetail, JsonMode, OffsetTime, PREAMBLE, SimulateRequest, Summary, ToJson,
    WireError, push_diff_frame, push_error_frame,
};
use deedbook_model::shard::control::{cli, wire};
use prost::Message;
use serde_json::Value;

use self::vectors::{cases, double, text, vectors};

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
    if let Some(preamble) = vectors.get("preamble") {
        assert_eq!(PREAMBLE, text(preamble));
    }
    for case in cases(&vectors, "cases") {
        let value = &case["value"];
        let mut frame = String::new();
        if value.get("code").is_none() {
            push_diff_frame(&mut frame, &shapes::diff_entry(value));
        } else {
            push_error_frame(&mut frame, &shapes::stream_error(value));
        }
        assert_eq!(frame, text(&case["frame"]), "{case}");
    }
}

/// The message has these bytes, and reads back from them.
fn assert_message<M: Message + Default>(case: &Value, message: &M) -> M {
    let bytes = message.encode_to_vec();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, text(&case["hex"]), "{case}");
    let read = M::decode(&*bytes).unwrap();
    assert_eq!(read.encode_to_vec(), bytes, "{case}");
    read
}

/// The message of a shape has these bytes, and is the shape again. Of what no reader should meet, a
/// status that there isn't or a number that is none, the bytes are right and reading them fails.
fn assert_shape<S, M>(case: &Value, shape: S, written: impl Fn(S) -> M)
where
    S: TryFrom<M, Error = WireError>,
    M: Message + Default + PartialEq,
{
    let sent = written(shape);
    let read = S::try_from(assert_message(case, &sent));
    if has_what_nobody_reads(&case["value"]) {
        let refused = matches!(
            read.err(),
            Some(WireError::Status(_) | WireError::NotFinite(_))
        );
        assert!(refused, "{case}");
    } else {
        assert!(written(read.unwrap()) == sent, "{case}");
    }
}

fn has_what_nobody_reads(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| {
            let is_unknown = name == "status" && !(0..=3).contains(&int64(value));
            let is_infinite = name.ends_with("Bits") && !double(value).is_finite();
            is_unknown || is_infinite || has_what_nobody_reads(value)
        }),
        Value::Array(items) => items.iter().any(has_what_nobody_reads),
        _ => false,
    }
}

/// A node without a weight has weight 1, so a weight of 0 is sent; the reference leaves it out.
fn without_zero_weights(mut request: SimulateRequest) -> SimulateRequest {
    for node in &mut request.nodes {
        node.weight = node.weight.filter(|weight| weight.to_bits() != 0);
    }
    request
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
                assert_shape(case, shapes::summary(value), wire::ShardRecord::from);
            }
            "ShardListResponse" => {
                assert_shape(
                    case,
                    shapes::shard_list(value),
                    wire::ShardListResponse::from,
                );
            }
            "ShardDiffNotification" => {
                let written = |shape| wire::ShardDiffNotification::of(shape, brief);
                assert_shape(case, shapes::diff_entry(value), written);
            }
            "ShardDiffResponse" => {
                let written = |shape| wire::ShardDiffResponse::of(shape, brief);
                assert_shape(case, shapes::diff(value), written);
            }
            "ShardSimulationRequest" => {
                let shape = without_zero_weights(shapes::simulate_request(value));
                assert_shape(case, shape, wire::ShardSimulationRequest::from);
            }
            "ShardSimulationResponse" => {
                let shape = shapes::simulate_response(value);
                assert_shape(case, shape, wire::ShardSimulationResponse::from);
            }
            "ShardHistory" => {
                let sent = wire::ShardHistory::of(shapes::history(value), brief);
                assert_message(case, &sent);
            }
            _ => assert_request(case),
        }
    }
}

#[test]
fn compat_cli_nodes() {
    for case in cases(&vectors("cli"), "nodeOption") {
        let quirk = case["class"] == "quirk";
        let expected = if quirk {
            &case["proposed"]
        } else {
            &case["nodes"]
        };
        let expected = expected.as_array();
        let expected = expected.map(|nodes| nodes.iter().map(shapes::simulate_node).collect());
        let values = case["values"].as_array().unwrap().iter().map(text);
        assert_eq!(cli::nodes(values).ok(), expected, "{case}");
    }
}

#[test]
fn compat_cli_output() {
    for case in cases(&vectors("cli"), "output") {
        let value = &case["value"];
        let printed = match text(&case["command"]) {
            "list" => cli::list_text(&shapes::shard_list(value)),
            "diff" => cli::diff_text(&shapes::diff(value)),
            "simulate" => cli::simulate_text(&shapes::simulate_response(value)),
            other => panic!("{other}"),
        };
        assert_eq!(printed, text(&case["stdout"]), "{case}");
    }
}
