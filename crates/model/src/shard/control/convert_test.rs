//! What the vectors don't say of the messages.

use proptest::prelude::*;
use prost::Message;

use super::json_test::{diff_entries, summaries};
use super::parameters::DiffRange;
use super::wire::{
    ShardDiffNotification, ShardDiffRequest, ShardListRequest, ShardRecord, ShardSimulationNode,
    ShardSimulationRequest, ShardWatchRequest, Timestamp,
};
use super::*;
use crate::shard::ShardStatus;

/// What is left of a shard on the wire: no offsets, no difference between null and empty.
fn sendable(mut summary: Summary, status: u8) -> Summary {
    summary.updated_at = summary.updated_at.at().into();
    summary.status = ShardStatus::of_number((status % 4).into()).unwrap().into();
    summary.leader_id = summary.leader_id.filter(|text| !text.is_empty());
    summary.change_ticket = summary.change_ticket.filter(|text| !text.is_empty());
    if summary.capacity_hint == 0.0 {
        summary.capacity_hint = 0.0;
    }
    summary
}

proptest! {
    #[test]
    fn what_is_sent_is_received(entry in diff_entries(), status in any::<u8>()) {
        let mut entry = entry;
        entry.current = sendable(entry.current, status);
        entry.previous = entry.previous.map(|previous| sendable(previous, status / 4));
        entry.history = entry.history.map(|mut history| {
            history.namespace.clone_from(&entry.current.namespace);
            history.shard_id.clone_from(&entry.current.shard_id);
            history.created_at = history.created_at.at().into();
            history.change_ticket = history.change_ticket.filter(|text| !text.is_empty());
            let former = history.previous_owner_node_id;
            history.previous_owner_node_id = former.filter(|text| !text.is_empty());
            history
        });
        let whole = ShardDiffNotification::of(entry.clone(), HistoryDetail::Whole).encode_to_vec();
        let sent = ShardDiffNotification::decode(&*whole).unwrap();
        prop_assert_eq!(DiffEntry::try_from(sent).unwrap(), entry.clone());
        let brief = ShardDiffNotification::of(entry.clone(), HistoryDetail::Brief).encode_to_vec();
        let sent = ShardDiffNotification::decode(&*brief).unwrap();
        let brief = DiffEntry::try_from(sent).unwrap();
        prop_assert_eq!(brief.history.is_some(), entry.history.is_some());
        if let (Some(brief), Some(history)) = (brief.history, entry.history) {
            prop_assert_eq!((brief.actor, brief.reason), (history.actor, history.reason));
            // As they are of a shard after a change.
            prop_assert_eq!(brief.version, entry.current.version);
            prop_assert_eq!(brief.created_at, entry.current.updated_at);
        }
    }

    #[test]
    fn any_message_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(sent) = ShardDiffNotification::decode(&*bytes) {
            let _ = DiffEntry::try_from(sent);
        }
    }

    #[test]
    fn what_has_no_shape_is_refused(summary in summaries(), number in any::<i32>()) {
        let record = ShardRecord::from(sendable(summary, 0));
        let refused = |change: &dyn Fn(&mut ShardRecord)| {
            let mut record = record.clone();
            change(&mut record);
            Summary::try_from(record).unwrap_err()
        };
        if !(1..=4).contains(&number) {
            prop_assert_eq!(refused(&|r| r.status = number), WireError::Status(number));
        }
        let field = "capacity_hint";
        prop_assert_eq!(refused(&|r| r.capacity_hint = f64::NAN), WireError::NotFinite(field));
        prop_assert_eq!(refused(&|r| r.updated_at = None), WireError::Missing("updated_at"));
        for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (-62_135_596_801, 0)] {
            let time = Some(Timestamp { seconds, nanos });
            prop_assert_eq!(refused(&|r| r.updated_at = time), WireError::Time("updated_at"));
        }
    }
}

#[test]
fn requests_say_what_is_asked_for() {
    let list = ShardListRequest {
        namespace: " orders ".to_owned(),
        statuses: vec![1, 4],
        page_size: -1,
        ..ShardListRequest::default()
    };
    let filter = list.filter().unwrap();
    assert_eq!(filter.namespace(), Some("orders"));
    assert_eq!(filter.owner(), None);
    assert_eq!(
        filter.statuses(),
        [ShardStatus::Active, ShardStatus::Disabled]
    );
    assert_eq!(list.wanted_page_size(), 100);
    for unknown in [0, -1, 5] {
        let statuses = vec![1, unknown];
        let watch = ShardWatchRequest {
            statuses,
            ..ShardWatchRequest::default()
        };
        assert_eq!(watch.filter(), Err(WireError::Status(unknown)));
    }
    let diff = ShardDiffRequest {
        from_token: -3,
        to_token: 9,
        ..ShardDiffRequest::default()
    };
    let range = DiffRange {
        from: None,
        to: Some(9),
    };
    assert_eq!(diff.range(), range);
    assert_eq!(ShardWatchRequest::default().resume_position(), None);
}

#[test]
fn a_weight_of_none_is_not_the_absence_of_one() {
    let sent = |weight| {
        let node = ShardSimulationNode {
            weight,
            ..ShardSimulationNode::default()
        };
        let request = ShardSimulationRequest {
            nodes: vec![node],
            ..Default::default()
        };
        let bytes = request.encode_to_vec();
        let read = ShardSimulationRequest::decode(&*bytes).unwrap();
        SimulateRequest::try_from(read).map(|request| request.nodes[0].weight)
    };
    assert_eq!(sent(None), Ok(None));
    assert_eq!(sent(Some(0.0)), Ok(Some(0.0)));
    assert_eq!(
        sent(Some(f64::INFINITY)),
        Err(WireError::NotFinite("weight"))
    );
}
