//! Which version two sides take.

use deedbook_model::mesh::SCHEMA_VERSIONS;
use deedbook_model::schema::{METADATA_VERSIONS, Readable, SchemaVersion, negotiate};

fn versions(texts: &str) -> Vec<SchemaVersion> {
    texts
        .split_whitespace()
        .map(|text| text.parse().unwrap())
        .collect()
}

#[test]
fn two_sides_take_the_highest_that_both_write_else_the_lowest_that_one_reads() {
    for (ours, theirs, taken) in [
        ("1.0.0", "1.0.0", "1.0.0"),
        ("1.0.3", "1.0.0", "1.0.0"),
        ("1.0.0", "1.1.0", "1.1.0"),
        ("1.0.0", "1.0.0 1.1.0 2.0.0", "1.0.0"),
        ("1.0.0 1.1.0", "1.0.0 1.1.0 1.2.0", "1.1.0"),
        ("1.0.0", "1.2.0 1.1.4", "1.1.4"),
        ("1.4.0 2.0.0", "1.4.2 3.0.0", "1.4.0"),
        ("1.0.0 2.0.0", "1.3.0 2.1.0", "2.1.0"),
        ("0.3.0 1.0.0", "0.3.1", "0.3.0"),
    ] {
        let agreed = negotiate(&versions(ours), &versions(theirs)).unwrap();
        assert_eq!(agreed.to_string(), taken, "{ours} | {theirs}");
        let agreed = negotiate(&versions(theirs), &versions(ours)).unwrap();
        assert_eq!(agreed.to_string(), taken, "{theirs} | {ours}");
    }
    for (ours, theirs) in [("1.0.0", "2.0.0"), ("1.0.0", ""), ("0.3.0", "1.0.0 2.0.0")] {
        let refused = negotiate(&versions(ours), &versions(theirs)).unwrap_err();
        let names = |list: &str| match list {
            "" => "none".to_owned(),
            list => list.replace(' ', ", "),
        };
        let message = format!(
            "no common schema version: this side reads {}, the other {}",
            names(ours),
            names(theirs)
        );
        assert_eq!(refused.to_string(), message);
    }
}

#[test]
fn what_is_negotiated_is_readable_on_both_sides() {
    let all = versions("0.3.0 0.4.0 1.0.0 1.0.2 1.1.0 2.0.0");
    for known in [SCHEMA_VERSIONS, METADATA_VERSIONS] {
        for theirs in &all {
            let readable = known.readability(*theirs);
            let agreed = negotiate(&[known.current()], &[*theirs]);
            let same_major = theirs.major == known.current().major;
            assert_eq!(agreed.is_ok(), same_major, "{known} {theirs}");
            assert_eq!(
                readable != Readable::Refused,
                same_major,
                "{known} {theirs}"
            );
            if let Ok(agreed) = agreed {
                assert_ne!(known.readability(agreed), Readable::Refused);
            }
        }
    }
}
