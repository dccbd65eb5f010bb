//! The reference's JSON bodies between an old and a new side.

use deedbook_model::shard::control::{FromJson, History, JsonMode, ShardList, Summary, ToJson};

const MODES: [JsonMode; 2] = [JsonMode::ControlPlane, JsonMode::CommandLine];

#[test]
fn members_of_a_later_version_are_skipped() {
    let body = r#"{"schemaVersion":"1.1.0","items":[{"namespace":"a","shardId":"s","status":1,
        "version":3,"copies":[{"nodeId":"n"},null],"localityHint":"eu"}],"version":9,"etag":{}}"#;
    for mode in MODES {
        let list = ShardList::from_json(body.as_bytes(), mode).unwrap();
        assert_eq!((list.version, list.items.len()), (9, 1));
        assert_eq!(list.items[0].status.to_string(), "Draining");
        // Its bytes are the reference's, so there is no room for what it hasn't.
        let again = list.to_json(mode);
        assert!(
            !again.contains("copies") && !again.contains("etag"),
            "{again}"
        );
        assert_eq!(ShardList::from_json(again.as_bytes(), mode).unwrap(), list);
    }
}

#[test]
fn a_body_without_later_members_is_read() {
    for mode in MODES {
        let summary = Summary::from_json(br#"{"namespace":"a","shardId":"s"}"#, mode).unwrap();
        assert_eq!((&*summary.shard_id, summary.version), ("s", 0));
        let history = br#"{"namespace":"a","shardId":"s","version":1,"actor":"x","reason":"y"}"#;
        let history = History::from_json(history, mode).unwrap();
        assert_eq!(
            (history.previous_owner_node_id, history.metadata),
            (None, None)
        );
    }
}

#[test]
fn a_status_number_of_a_later_version_is_repeated_and_a_name_refused() {
    for mode in MODES {
        let summary = Summary::from_json(br#"{"status":7}"#, mode).unwrap();
        assert_eq!((summary.status.number(), summary.status.known()), (7, None));
        assert_eq!(summary.status.to_string(), "7");
        assert!(
            summary
                .to_json(JsonMode::ControlPlane)
                .contains(r#""status":7"#)
        );
        let refused = Summary::from_json(br#"{"status":"Archived"}"#, mode).unwrap_err();
        assert!(refused.to_string().contains("column"), "{refused}");
    }
}
