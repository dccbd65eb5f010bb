//! What the vectors don't say of the JSON of bodies.

use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

const MODES: [JsonMode; 3] = [
    JsonMode::ControlPlane,
    JsonMode::CommandLine,
    JsonMode::Indented,
];

prop_compose! {
    /// Any instant that bodies show, on any clock.
    pub(super) fn offset_times()(
        ticks in -621_300_000_000_000_000_i64..2_530_000_000_000_000_000,
        minutes in -840_i64..=840,
    ) -> OffsetTime {
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        let sign = if minutes < 0 { '-' } else { '+' };
        let utc = OffsetTime::from(Timestamp::from_ticks(ticks).unwrap()).round_trip_text();
        let clock = utc.split_once('+').unwrap().0;
        OffsetTime::parse(&format!("{clock}{sign}{hours:02}:{rest:02}")).unwrap()
    }
}

pub(super) fn numbers() -> impl Strategy<Value = f64> {
    any::<u64>()
        .prop_map(f64::from_bits)
        .prop_filter("finite", |number| number.is_finite())
}

prop_compose! {
    pub(super) fn summaries()(
        texts in proptest::array::uniform5(".*"),
        others in proptest::array::uniform2(proptest::option::of(".*")),
        capacity_hint in numbers(),
        status in any::<i32>(),
        version in any::<i64>(),
        updated_at in offset_times(),
    ) -> Summary {
        let [namespace, shard_id, strategy_id, owner_node_id, checksum] = texts;
        let [leader_id, change_ticket] = others;
        Summary {
            namespace,
            shard_id,
            strategy_id,
            owner_node_id,
            leader_id,
            capacity_hint,
            status: StatusNumber::new(status),
            version,
            checksum,
            updated_at,
            change_ticket,
        }
    }
}

prop_compose! {
    pub(super) fn histories()(
        texts in proptest::array::uniform6(".*"),
        others in proptest::array::uniform3(proptest::option::of(".*")),
        version in any::<i64>(),
        created_at in offset_times(),
        ownership_delta_percent in proptest::option::of(numbers()),
    ) -> History {
        let [namespace, shard_id, strategy_id, actor, reason, owner_node_id] = texts;
        let [change_ticket, previous_owner_node_id, metadata] = others;
        History {
            namespace,
            shard_id,
            version,
            strategy_id,
            actor,
            reason,
            change_ticket,
            created_at,
            owner_node_id,
            previous_owner_node_id,
            ownership_delta_percent,
            metadata,
        }
    }
}

prop_compose! {
    pub(super) fn diff_entries()(
        position in any::<i64>(),
        current in summaries(),
        previous in proptest::option::of(summaries()),
        history in proptest::option::of(histories()),
        removed in any::<bool>(),
    ) -> DiffEntry {
        DiffEntry { position, current, previous, history, removed }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(entry in diff_entries()) {
        for mode in MODES {
            let json = entry.to_json(mode);
            prop_assert!(json.is_ascii());
            prop_assert_eq!(DiffEntry::from_json(json.as_bytes(), mode).unwrap(), entry.clone());
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            let namespace = &value["current"]["namespace"];
            prop_assert_eq!(namespace.as_str(), Some(&*entry.current.namespace));
        }
    }

    #[test]
    fn doubles_keep_their_bits(number in numbers()) {
        let body = Summary { capacity_hint: number, ..Summary::default() };
        let json = body.to_json(JsonMode::ControlPlane);
        let read = Summary::from_json(json.as_bytes(), JsonMode::ControlPlane).unwrap();
        prop_assert_eq!(read.capacity_hint.to_bits(), number.to_bits());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = Summary::from_json(&bytes, JsonMode::CommandLine);
    }
}

#[test]
fn members_left_out_are_empty_and_history_has_some_that_must_be_there() {
    let empty = Summary::from_json(b"{}", JsonMode::ControlPlane).unwrap();
    assert_eq!(empty, Summary::default());
    let whole = r#"{"namespace":"n","shardId":"s","version":"7","ACTOR":"a","reason":"r"}"#;
    let read = |json: &str| History::from_json(json.as_bytes(), JsonMode::ControlPlane);
    assert_eq!(read(whole).unwrap().version, 7);
    let keyed = whole.replace('}', r#","key":{"namespace":"x","shardId":7}}"#);
    assert_eq!(read(&keyed).unwrap().shard_id, "s");
    for name in ["namespace", "shardId", "version", "ACTOR", "reason"] {
        let error = read(&whole.replace(name, "other")).unwrap_err().to_string();
        assert!(error.contains(&name.replace("ACTOR", "actor")), "{error}");
    }
}

#[test]
fn numbers_may_be_texts_but_must_be_finite() {
    let hint = |value: &str| {
        let json = format!(r#"{{"capacityHint":{value}}}"#);
        let read = Summary::from_json(json.as_bytes(), JsonMode::ControlPlane);
        read.ok().map(|summary| summary.capacity_hint)
    };
    assert_eq!(hint(r#""-1.5e3""#), Some(-1500.0));
    assert_eq!(
        hint("9223372036854775808"),
        Some(9_223_372_036_854_775_808.0)
    );
    for bad in [
        r#""NaN""#,
        r#""Infinity""#,
        r#""inf""#,
        r#""1e999""#,
        "1e999",
        r#"" 1""#,
        r#""""#,
        "true",
        "null",
    ] {
        assert_eq!(hint(bad), None, "{bad}");
    }
    let version = |value: &str| {
        let json = format!(r#"{{"version":{value}}}"#);
        let read = Summary::from_json(json.as_bytes(), JsonMode::ControlPlane);
        read.ok().map(|summary| summary.version)
    };
    assert_eq!(version(r#""-9223372036854775808""#), Some(i64::MIN));
    for bad in [
        "1.0",
        "1e1",
        "9223372036854775808",
        r#""1.0""#,
        r#"" 1""#,
        "null",
    ] {
        assert_eq!(version(bad), None, "{bad}");
    }
}

#[test]
fn a_refusal_says_where_and_is_short() {
    let json = format!("{{\n\"version\":\"{}\"}}", "日".repeat(5000));
    let error = Summary::from_json(json.as_bytes(), JsonMode::ControlPlane).unwrap_err();
    let shown = error.to_string();
    assert!(
        shown.starts_with("not the JSON asked for: invalid value: string \"日"),
        "{shown}"
    );
    assert!(shown.ends_with("… at line 2 column 15012"), "{shown}");
    assert!(shown.chars().count() < 220);
    let error = Summary::from_json(b"[", JsonMode::ControlPlane)
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with(", expected an object at line 1 column 0"),
        "{error}"
    );
}

#[test]
fn of_duplicates_the_last_counts_null_too() {
    let json = br#"{"leaderId":"a","LEADERID":null,"Namespace":"x","namespace":"y"}"#;
    let read = Summary::from_json(json, JsonMode::ControlPlane).unwrap();
    assert_eq!((read.leader_id, &*read.namespace), (None, "y"));
}

#[test]
fn a_null_node_is_one_without_an_id() {
    let json = br#"{"namespace":"n","nodes":[null,{"nodeId":"a","weight":"0.5"}]}"#;
    let read = SimulateRequest::from_json(json, JsonMode::ControlPlane).unwrap();
    let ids: Vec<&str> = read.nodes.iter().map(|node| &*node.node_id).collect();
    assert_eq!(ids, ["", "a"]);
    assert_eq!(read.nodes[1].weight, Some(0.5));
    assert!(SimulateRequest::from_json(b"null", JsonMode::ControlPlane).is_err());
}

#[test]
fn statuses_without_a_name_stay_numbers() {
    for (mode, given, written) in [
        (JsonMode::CommandLine, "7", "7"),
        (JsonMode::CommandLine, r#"" draining ""#, r#""Draining""#),
        (JsonMode::CommandLine, r#""1""#, r#""Draining""#),
        (JsonMode::ControlPlane, "-1", "-1"),
    ] {
        let json = format!(r#"{{"status":{given}}}"#);
        let read = Summary::from_json(json.as_bytes(), mode).unwrap();
        let expected = format!(r#""status":{written},"#);
        assert!(read.to_json(mode).contains(&expected), "{given}");
    }
    for bad in [r#""1""#, "2147483648", "1.0", "null"] {
        let json = format!(r#"{{"status":{bad}}}"#);
        assert!(Summary::from_json(json.as_bytes(), JsonMode::ControlPlane).is_err());
    }
}
