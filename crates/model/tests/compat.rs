//! The reference's vectors: every case that is in `tests/compat/vectors`.

mod vectors;

use deedbook_model::shard::{Checksummed, NumberText, ShardStatus, unit_interval, xxh64};
use deedbook_model::text::utf16_order;

use self::vectors::{cases, double, number, status_number, text, vectors};

#[test]
fn compat_numbers() {
    for case in cases(&vectors("numbers"), "cases") {
        let number = double(&case["bits"]);
        assert_eq!(
            NumberText(number).to_string(),
            text(&case["text"]),
            "{case}"
        );
    }
}

#[test]
fn compat_checksums() {
    for case in cases(&vectors("checksum"), "cases") {
        let record = &case["record"];
        let content = Checksummed {
            namespace: text(&record["namespace"]),
            shard_id: text(&record["shardId"]),
            strategy_id: text(&record["strategyId"]),
            owner_node_id: text(&record["ownerNodeId"]),
            leader_id: record["leaderId"].as_str(),
            capacity_hint: number(record, "capacityHint").unwrap_or_default(),
            status: ShardStatus::of_number(status_number(record)).unwrap(),
            change_ticket: record["changeTicket"].as_str(),
        };
        assert_eq!(content.to_string(), text(&case["canonical"]), "{case}");
        assert_eq!(content.checksum(), text(&case["checksum"]), "{case}");
    }
}

#[test]
fn compat_hashes() {
    let vectors = vectors("hash");
    for case in cases(&vectors, "cases") {
        let hash = xxh64(text(&case["text"]));
        assert_eq!(format!("{hash:016x}"), text(&case["xxh64"]), "{case}");
        let unit = double(&case["normalizedBits"]);
        assert_eq!(unit_interval(hash).to_bits(), unit.to_bits(), "{case}");
    }
    for case in cases(&vectors, "normalize") {
        let hash = u64::from_str_radix(text(&case["hash"]), 16).unwrap();
        let unit = double(&case["normalizedBits"]);
        assert_eq!(unit_interval(hash).to_bits(), unit.to_bits(), "{case}");
    }
    let ordered: Vec<&str> = cases(&vectors, "ordinalOrder").iter().map(text).collect();
    for pair in ordered.windows(2) {
        assert!(utf16_order(pair[0], pair[1]).is_le(), "{pair:?}");
        assert!(utf16_order(pair[1], pair[0]).is_ge(), "{pair:?}");
    }
}
