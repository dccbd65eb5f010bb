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

use deedbook_model::shard::control::{
    FromJson, JsonMode, OffsetTime, PREAMBLE, Summary, ToJson, push_diff_frame, push_error_frame,
};
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
