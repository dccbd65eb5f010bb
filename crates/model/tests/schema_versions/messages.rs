//! The reference's Protobuf messages between an old and a new side.

use deedbook_model::shard::control::wire::{ShardHistory, ShardListResponse, ShardRecord};
use deedbook_model::shard::control::{ShardList, Summary, WireError};
use prost::Message;

/// [`ShardRecord`] as a later version may have it.
#[derive(Clone, PartialEq, prost::Message)]
struct LaterRecord {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(string, tag = "2")]
    shard_id: String,
    #[prost(int32, tag = "7")]
    status: i32,
    #[prost(int64, tag = "8")]
    version: i64,
    #[prost(message, optional, tag = "10")]
    updated_at: Option<deedbook_model::shard::control::wire::Timestamp>,
    #[prost(string, optional, tag = "12")]
    locality_hint: Option<String>,
    #[prost(message, repeated, tag = "13")]
    copies: Vec<Copied>,
    #[prost(fixed32, optional, tag = "14")]
    epoch: Option<u32>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Copied {
    #[prost(string, tag = "1")]
    node_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct LaterList {
    #[prost(message, repeated, tag = "1")]
    shards: Vec<LaterRecord>,
    #[prost(int64, tag = "3")]
    version: i64,
    #[prost(string, tag = "9")]
    schema_version: String,
}

/// [`ShardHistory`] as the reference has it: fields 1 to 4.
#[derive(Clone, PartialEq, prost::Message)]
struct EarlierHistory {
    #[prost(string, tag = "1")]
    actor: String,
    #[prost(string, tag = "2")]
    reason: String,
}

fn later(status: i32) -> LaterList {
    LaterList {
        shards: vec![LaterRecord {
            namespace: "orders".to_owned(),
            shard_id: "s-1".to_owned(),
            status,
            version: 3,
            updated_at: Some(Default::default()),
            locality_hint: Some("eu".to_owned()),
            copies: vec![
                Copied {
                    node_id: "n".to_owned()
                };
                2
            ],
            epoch: Some(7),
        }],
        version: 9,
        schema_version: "1.1.0".to_owned(),
    }
}

#[test]
fn fields_of_a_later_version_are_skipped() {
    let sent = later(2).encode_to_vec();
    let read = ShardListResponse::decode(&*sent).unwrap();
    let list = ShardList::try_from(read.clone()).unwrap();
    assert_eq!((list.version, list.items.len()), (9, 1));
    assert_eq!(
        (&*list.items[0].shard_id, list.items[0].version),
        ("s-1", 3)
    );
    assert_eq!(list.items[0].status.to_string(), "Draining");
    // And gone: who passes such a message on hands on the bytes, not what was decoded of them.
    let again = LaterList::decode(&*read.encode_to_vec()).unwrap();
    assert_eq!(again.schema_version, "");
    assert_eq!(again.shards[0].locality_hint, None);
    assert_eq!(
        (again.shards[0].copies.len(), again.shards[0].epoch),
        (0, None)
    );
    assert_eq!((again.version, &*again.shards[0].shard_id), (9, "s-1"));
}

#[test]
fn a_later_side_reads_a_message_without_its_fields() {
    let record = ShardRecord {
        namespace: "orders".to_owned(),
        shard_id: "s-1".to_owned(),
        status: 1,
        ..ShardRecord::default()
    };
    let read = LaterRecord::decode(&*record.encode_to_vec()).unwrap();
    assert_eq!((&*read.shard_id, read.locality_hint), ("s-1", None));
    assert_eq!((read.copies.len(), read.epoch), (0, None));
}

#[test]
fn a_whole_history_is_read_by_who_knows_its_first_fields_and_the_other_way_round() {
    let whole = ShardHistory {
        actor: "ada".to_owned(),
        reason: "drain".to_owned(),
        version: Some(4),
        metadata: Some("{}".to_owned()),
        ..ShardHistory::default()
    };
    let brief = EarlierHistory::decode(&*whole.encode_to_vec()).unwrap();
    assert_eq!((&*brief.actor, &*brief.reason), ("ada", "drain"));
    let read = ShardHistory::decode(&*brief.encode_to_vec()).unwrap();
    assert_eq!(
        (&*read.actor, read.version, read.metadata),
        ("ada", None, None)
    );
}

#[test]
fn a_status_of_a_later_version_is_refused_by_its_number() {
    for number in [0, 5, -1, i32::MAX] {
        let read = ShardListResponse::decode(&*later(number).encode_to_vec()).unwrap();
        // The message has it still; only the shape has no word for it.
        assert_eq!(read.shards[0].status, number);
        let refused = ShardList::try_from(read).unwrap_err();
        assert_eq!(refused, WireError::Status(number));
        let message = format!("{number} is the number of no status; those are 1 to 4");
        assert_eq!(refused.to_string(), message);
    }
}

#[test]
fn what_a_later_version_stored_stays_stored_when_it_is_sent() {
    let stored = concat!(
        r#"{"kind":"shard","key":"a/s","generation":2,"revision":9,"checksum":"00","#,
        r#""createdAt":"2026-03-02T10:00:00Z","updatedAt":"2026-03-02T10:00:00Z","#,
        r#""annotations":{},"data":{"capacityHint":0,"copies":["m"],"namespace":"a","ownerNodeId":"n","#,
        r#""schemaVersion":"1.1.0","shardId":"s","status":"active"},"seal":{"by":"x"}}"#
    );
    let summary = Summary::of_stored(stored.as_bytes()).unwrap();
    let sent = ShardRecord::from(summary.clone()).encode_to_vec();
    let received = Summary::try_from(ShardRecord::decode(&*sent).unwrap()).unwrap();
    assert_eq!(received, summary);
    // The message is made from the record; no record is ever made from a message.
    let whole = deedbook_model::Envelope::read_whole(stored.as_bytes());
    let (envelope, unknown) = whole.unwrap();
    assert_eq!(envelope.write(&unknown).unwrap(), stored.as_bytes());
    assert!(envelope.data.get().contains(r#""copies":["m"]"#));
}
