use super::*;

fn command(first: u64, last: u64) -> CommandInfo {
    CommandInfo {
        first: Revision(first),
        last: Revision(last),
        time: Timestamp::from_ticks(17_000_000_000_000_001).unwrap(),
        actor: "ada".to_owned(),
        reason: "first registration".to_owned(),
        ticket: Some("OPS-1".to_owned()),
        request_id: None,
        keyed: None,
    }
}

fn keyed(first: u64, last: u64, keyed: Keyed) -> CommandInfo {
    CommandInfo {
        request_id: Some("r-1".to_owned()),
        keyed: Some(keyed),
        ..command(first, last)
    }
}

fn change(revision: u64, command: &CommandInfo, record: Option<&'static [u8]>) -> Change {
    Change {
        revision: Revision(revision),
        command: Arc::new(command.clone()),
        kind: Kind::named(if revision == 2 {
            "moon_phase"
        } else {
            "component"
        }),
        key: Arc::from(format!("key-{revision}")),
        verb: Verb::named(if revision == 2 { "waxed" } else { "registered" }),
        generation: Generation(revision),
        previous: (revision > 2).then_some(Revision(1)),
        record: record.map(Bytes::from_static),
    }
}

fn sample() -> (StoredBatch, Vec<Change>) {
    let (one, two) = (command(1, 1), command(2, 3));
    let changes = vec![
        change(1, &one, Some(br#"{"a":1}"#)),
        change(2, &two, Some(b"")),
        change(3, &two, None),
    ];
    let mut builder = BatchBuilder::new(Head::EMPTY, WriterId([7; 16]), 42);
    builder.push(&one, &changes[..1], || [9; 16]);
    builder.push(&two, &changes[1..], || [8; 16]);
    let mut root = StateRoot::EMPTY;
    root.add(crate::root::RecordDigest::of(
        "component",
        "key-1",
        br#"{"a":1}"#,
    ));
    (builder.finish(root, 2), changes)
}

/// With idempotency keys, once with usual limits and outcomes and once with others.
fn keyed_sample() -> (StoredBatch, Vec<Change>) {
    let under = |key: &str, limits, outcomes: &[u64]| Keyed {
        idempotency: Idempotency {
            key: key.parse().unwrap(),
            digest: RequestDigest::of(&[key.as_bytes()]),
            limits,
        },
        outcomes: outcomes.iter().copied().map(Revision).collect(),
    };
    let limits = KeyLimits {
        keep_seconds: 60,
        most: 0,
    };
    let one = keyed(1, 1, under("2f1c-11", KeyLimits::default(), &[]));
    let two = keyed(2, 3, under("!", limits, &[1, 2, 300, 2, 3]));
    let changes = vec![
        change(1, &one, Some(br#"{"a":1}"#)),
        change(2, &two, Some(b"")),
        change(3, &two, None),
    ];
    let mut builder = BatchBuilder::new(Head::EMPTY, WriterId([7; 16]), 42);
    builder.push(&one, &changes[..1], || [9; 16]);
    builder.push(&two, &changes[1..], || [8; 16]);
    (builder.finish(StateRoot::EMPTY, 2), changes)
}

fn golden(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

#[test]
fn reads_back_what_was_pushed() {
    let (stored, changes) = sample();
    let batch = Batch::open(&stored).unwrap();
    assert_eq!(batch.changes, changes);
    let (with_keys, keyed_changes) = keyed_sample();
    assert_eq!(Batch::open(&with_keys).unwrap().changes, keyed_changes);
    assert_eq!(batch.previous, Head::EMPTY);
    assert_eq!(batch.head, stored.head());
    assert_eq!((stored.first, stored.last), (Revision(1), Revision(3)));
    assert_eq!(
        (batch.writer, batch.counter, batch.records),
        (WriterId([7; 16]), 42, 2)
    );
}

#[test]
fn encoded_bytes_never_change() {
    let (stored, _) = sample();
    let path = golden("batch-format-1.bin");
    assert_eq!(
        std::fs::read(&path).unwrap(),
        stored.bytes,
        "{}",
        path.display()
    );
    assert_eq!(
        stored.chain.to_string(),
        std::fs::read_to_string(golden("batch-format-1.chain"))
            .unwrap()
            .trim()
    );
    let (stored, _) = keyed_sample();
    let path = golden("batch-keys-format-1.bin");
    assert_eq!(std::fs::read(&path).unwrap(), stored.bytes);
}

#[test]
fn a_request_digest_of_another_length_is_damage() {
    let digest = vec![1; 31];
    let mut header = wire::Header {
        format: FORMAT,
        first: 1,
        writer: vec![0; 16],
        root: vec![0; 32],
        ..wire::Header::default()
    };
    header.commands.push(wire::Command {
        keyed: Some(wire::Keyed {
            digest,
            ..wire::Keyed::default()
        }),
        changes: vec![wire::Change::default()],
        ..wire::Command::default()
    });
    let stored = seal(&Head::EMPTY, Revision(2), &header.encode_to_vec(), &[]);
    let what = "request digest of another length";
    let revision = Revision(1);
    assert_eq!(
        Batch::open(&stored).unwrap_err(),
        BatchError::Damaged { revision, what }
    );
}

#[test]
fn every_flipped_bit_is_found_and_names_the_revision() {
    let (stored, _) = sample();
    let header = u32::from_le_bytes(stored.bytes[36..40].try_into().unwrap()) as usize;
    for at in 0..stored.bytes.len() {
        for bit in 0..8 {
            let mut bytes = stored.bytes.to_vec();
            bytes[at] ^= 1 << bit;
            let flipped = StoredBatch {
                bytes: bytes.into(),
                ..stored.clone()
            };
            let Err(BatchError::Damaged { revision, .. }) = Batch::open(&flipped) else {
                panic!("byte {at} bit {bit} went unnoticed");
            };
            // Bodies: 1 + 16 + 7 bytes for revision 1, then 1 + 16 + 0 for revision 2.
            let expected = if at < HEADER_AT + header + 24 { 1 } else { 2 };
            assert_eq!(revision, Revision(expected), "byte {at}");
        }
    }
}

#[test]
fn every_cut_and_every_addition_is_found() {
    let (stored, _) = sample();
    for length in 0..stored.bytes.len() {
        let cut = StoredBatch {
            bytes: stored.bytes.slice(..length),
            ..stored.clone()
        };
        assert!(
            matches!(Batch::open(&cut), Err(BatchError::Damaged { .. })),
            "{length}"
        );
    }
    let mut longer = stored.bytes.to_vec();
    longer.push(0);
    let longer = StoredBatch {
        bytes: longer.into(),
        ..stored
    };
    assert!(matches!(
        Batch::open(&longer),
        Err(BatchError::Damaged { .. })
    ));
}

#[test]
fn another_place_in_the_log_is_found() {
    let (stored, _) = sample();
    for (first, last) in [(2, 4), (1, 2), (1, 4), (0, 2), (0, u64::MAX)] {
        let moved = StoredBatch {
            first: Revision(first),
            last: Revision(last),
            ..stored.clone()
        };
        assert!(
            matches!(Batch::open(&moved), Err(BatchError::Damaged { .. })),
            "{first}..{last}"
        );
    }
}

#[test]
fn a_batch_that_ends_before_it_begins_is_damaged() {
    let command = command(1, 1);
    let mut builder = BatchBuilder::new(Head::EMPTY, WriterId([7; 16]), 1);
    builder.push(&command, &[change(1, &command, Some(b"{}"))], || [9; 16]);
    let sound = builder.finish(StateRoot::EMPTY, 1);
    assert!(Batch::open(&sound).is_ok());
    let moved = StoredBatch {
        last: Revision(0),
        ..sound
    };
    assert!(matches!(
        Batch::open(&moved),
        Err(BatchError::Damaged { .. })
    ));
}

#[test]
fn a_later_format_says_who_reads_it_and_unknown_fields_are_passed_over() {
    // Field 1 = 9, field 2 = "3.1.0", and a field 900 that nobody knows, as a later release may
    // write them.
    let header = [&[0x08, 9, 0x12, 5][..], b"3.1.0", &[0xa0, 0x38, 1]].concat();
    let stored = seal(&Head::EMPTY, Revision(2), &header, b"whatever");
    assert_eq!(
        Batch::open(&stored).unwrap_err(),
        BatchError::NewerFormat {
            revision: Revision(1),
            format: 9,
            since: "3.1.0".to_owned()
        }
    );
    // A flipped byte in such a batch is damage, not a later format.
    let mut bytes = stored.bytes.to_vec();
    bytes[HEADER_AT + 1] ^= 1;
    let flipped = StoredBatch {
        bytes: bytes.into(),
        ..stored
    };
    assert!(matches!(
        Batch::open(&flipped),
        Err(BatchError::Damaged { .. })
    ));

    let (sound, changes) = sample();
    let length = u32::from_le_bytes(sound.bytes[36..40].try_into().unwrap()) as usize;
    let mut header = sound.bytes[HEADER_AT..HEADER_AT + length].to_vec();
    header.extend_from_slice(&[0xa0, 0x38, 1]);
    let bodies = &sound.bytes[HEADER_AT + length..];
    let with_unknown = seal(&Head::EMPTY, Revision(4), &header, bodies);
    assert_eq!(Batch::open(&with_unknown).unwrap().changes, changes);
}
