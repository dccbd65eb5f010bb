use bytes::Bytes;
use deedbook_model::code::Code;
use deedbook_model::issue::IssueKind;
use deedbook_model::principal::MAX_TOKENS;
use deedbook_model::{Capability, Generation, Resource, Revision, Rights};
use serde_json::{Value, json};

use super::*;
use crate::command::MAX_OVERLAP_SECONDS;
use crate::sample_test::{Sample, at_second, register};
use crate::{Command, Decision, NewToken, Refusal, Write, decide};

fn hash(number: u8) -> TokenHash {
    TokenHash([number; 32])
}

fn token(number: u8) -> NewToken {
    NewToken {
        hash: hash(number),
        expires_at: None,
    }
}

fn until(number: u8, second: i64) -> NewToken {
    NewToken {
        expires_at: Some(at_second(second)),
        ..token(number)
    }
}

fn grants(texts: &[&str]) -> Grants {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn create(name: &str, token: NewToken) -> Write {
    Write::CreatePrincipal {
        name: name.to_owned(),
        grants: grants(&["REGISTRY_READ:tools/*"]),
        token,
    }
}

fn set(name: &str, texts: &[&str]) -> Write {
    Write::SetGrants {
        name: name.to_owned(),
        grants: grants(texts),
        expected: None,
    }
}

fn rotate(name: &str, token: NewToken, overlap_seconds: u32) -> Write {
    Write::RotateToken {
        name: name.to_owned(),
        token,
        overlap_seconds,
        expected: None,
    }
}

fn revoke(name: &str, token: Option<u8>) -> Write {
    Write::RevokeTokens {
        name: name.to_owned(),
        token: token.map(|number| hash(number).id()),
        expected: None,
    }
}

fn remove(name: &str) -> Write {
    Write::RemovePrincipal {
        name: name.to_owned(),
        expected: None,
    }
}

/// Sample decisions are made at second 10.
#[track_caller]
fn worth(sample: &Sample, number: u8, second: i64) -> &'static str {
    match sample.state.principal_of(&hash(number), at_second(second)) {
        Bearer::Principal { .. } => "valid",
        Bearer::Expired { .. } => "expired",
        Bearer::Unknown => "unknown",
    }
}

fn stored(decision: &Decision) -> Value {
    let record = &decision.outcomes[0].record;
    serde_json::from_slice(record.bytes.as_deref().unwrap()).unwrap()
}

fn faults(refusal: &Refusal) -> Vec<(IssueKind, &str)> {
    let issues = refusal.issues.iter();
    issues.map(|i| (i.kind, i.pointer.as_str())).collect()
}

#[test]
fn a_principal_is_made_with_its_first_token() {
    let mut sample = Sample::new();
    assert!(!sample.state.has_principals());
    let made = sample.done(vec![create("ada", until(1, 100))]);
    let change = &made.changes[0];
    assert_eq!((change.verb.as_str(), &*change.key), ("created", "ada"));
    assert_eq!(
        (change.kind.as_str(), change.generation.0),
        ("principal", 1)
    );
    assert_eq!(&change.command.reason, "create principal");
    let envelope = stored(&made);
    assert_eq!(
        envelope["data"],
        json!({
            "grants": ["REGISTRY_READ:tools/*"],
            "tokens": [{
                "id": "01".repeat(8),
                "hash": "01".repeat(32),
                "createdAt": at_second(10),
                "expiresAt": at_second(100),
            }],
        })
    );
    assert_eq!(envelope["checksum"].as_str().unwrap().len(), 64);
    assert!(sample.state.has_principals());
    let Bearer::Principal {
        name,
        grants,
        until,
    } = sample.state.principal_of(&hash(1), at_second(99))
    else {
        panic!("it is good until second 100");
    };
    assert_eq!((&**name, until), ("ada", Some(at_second(100))));
    let geo_index = Resource::Component {
        meta_type: "tool",
        name: "geo_index",
    };
    assert!(grants.allows(Capability::RegistryRead, geo_index));
    let expired = Bearer::Expired {
        name: &Arc::from("ada"),
        since: at_second(100),
    };
    assert_eq!(sample.state.principal_of(&hash(1), at_second(100)), expired);
    assert_eq!(worth(&sample, 2, 50), "unknown");
}

#[test]
fn what_is_no_principal_is_refused_with_every_fault() {
    let sample = Sample::with(vec![create("ada", token(1))]);
    let refusal = sample.try_one(create("ada", token(1))).unwrap_err();
    assert_eq!(refusal.code, Code::Conflict);
    let both = [
        (IssueKind::Conflict, "/name"),
        (IssueKind::Conflict, "/token"),
    ];
    assert_eq!(faults(&refusal), both);
    let many: Grants = (0..65)
        .map(|n| format!("MESH_READ:n{n}").parse().unwrap())
        .collect();
    let refusal = sample
        .try_one(Write::CreatePrincipal {
            name: "a b".to_owned(),
            grants: many,
            token: until(2, 10),
        })
        .unwrap_err();
    assert_eq!(refusal.code, Code::Invalid);
    let all = [
        (IssueKind::InvalidFormat, "/name"),
        (IssueKind::OutOfRange, "/grants"),
        (IssueKind::OutOfRange, "/expires"),
    ];
    assert_eq!(faults(&refusal), all);
    let refusal = sample.try_one(create("", token(2))).unwrap_err();
    assert_eq!(faults(&refusal), [(IssueKind::OutOfRange, "/name")]);
}

#[test]
fn a_rotated_token_ends_after_the_overlap() {
    let mut sample = Sample::with(vec![create("ada", until(1, 500))]);
    let rotated = sample.done(vec![rotate("ada", until(2, 1000), 90)]);
    assert_eq!(rotated.changes[0].verb.as_str(), "rotated");
    for (number, second, wanted) in [
        (1, 99, "valid"),
        (1, 100, "expired"),
        (2, 100, "valid"),
        (2, 1000, "expired"),
    ] {
        assert_eq!(
            worth(&sample, number, second),
            wanted,
            "{number} at {second}"
        );
    }
    // A later rotation never makes an end later.
    sample.done(vec![rotate("ada", token(3), 900)]);
    assert_eq!(worth(&sample, 1, 100), "expired");
    assert_eq!(
        (worth(&sample, 2, 909), worth(&sample, 2, 910)),
        ("valid", "expired")
    );
    sample.done(vec![rotate("ada", token(4), 0)]);
    for (number, wanted) in [(1, "expired"), (2, "expired"), (3, "expired"), (4, "valid")] {
        assert_eq!(worth(&sample, number, 10), wanted, "{number}");
    }
    // What has ended is cleared away by the next.
    sample.done(vec![rotate("ada", token(5), 0)]);
    assert_eq!(
        (worth(&sample, 3, 10), worth(&sample, 4, 10)),
        ("unknown", "expired")
    );
}

#[test]
fn a_rotation_has_limits() {
    let mut sample = Sample::with(vec![create("ada", token(0))]);
    let refusal = sample
        .try_one(rotate("ada", until(0, 9), MAX_OVERLAP_SECONDS + 1))
        .unwrap_err();
    let both = [
        (IssueKind::Conflict, "/token"),
        (IssueKind::OutOfRange, "/overlapSeconds"),
    ];
    assert_eq!(faults(&refusal), both);
    for number in 1..u8::try_from(MAX_TOKENS).unwrap() {
        sample.done(vec![rotate("ada", token(number), MAX_OVERLAP_SECONDS)]);
    }
    let refusal = sample.try_one(rotate("ada", token(99), 5)).unwrap_err();
    assert_eq!(faults(&refusal), [(IssueKind::OutOfRange, "")]);
    assert_eq!(refusal.issues[0].hint.as_deref(), Some("revoke one first"));
    sample.done(vec![revoke("ada", Some(3)), rotate("ada", token(99), 5)]);
}

#[test]
fn grants_are_set_and_the_same_again_changes_nothing() {
    let mut sample = Sample::with(vec![create("ada", token(1))]);
    let set_them = sample.done(vec![set("ada", &["MESH_READ", "REGISTRY_WRITE"])]);
    assert_eq!(set_them.changes[0].verb.as_str(), "updated");
    assert_eq!(
        stored(&set_them)["data"]["grants"],
        json!(["MESH_READ", "REGISTRY_WRITE"])
    );
    let again = sample.done(vec![set("ada", &["MESH_READ", "REGISTRY_WRITE"])]);
    assert!(again.changes.is_empty() && again.outcomes[0].unchanged);
}

#[test]
fn revoking_takes_tokens_and_leaves_the_principal() {
    let mut sample = Sample::with(vec![
        create("ada", token(1)),
        rotate("ada", token(2), 60),
        create("grace", token(3)),
    ]);
    let missing = sample.try_one(revoke("ada", Some(3))).unwrap_err();
    assert_eq!(
        (missing.code, faults(&missing)),
        (Code::NotFound, vec![(IssueKind::NotFound, "/token")])
    );
    let one = sample.done(vec![revoke("ada", Some(1))]);
    assert_eq!(one.changes[0].verb.as_str(), "revoked");
    assert_eq!(
        (worth(&sample, 1, 10), worth(&sample, 2, 10)),
        ("unknown", "valid")
    );
    sample.done(vec![revoke("ada", None)]);
    assert_eq!(
        (worth(&sample, 2, 10), worth(&sample, 3, 10)),
        ("unknown", "valid")
    );
    assert!(sample.done(vec![revoke("ada", None)]).changes.is_empty());
    // A token that was revoked may be somebody's again only by a new command.
    sample.done(vec![rotate("ada", token(4), 0)]);
    assert_eq!(worth(&sample, 4, 10), "valid");
}

#[test]
fn a_removed_principal_is_nobody_and_the_book_stays_closed() {
    let mut sample = Sample::with(vec![create("ada", token(1))]);
    let gone = sample.done(vec![remove("ada")]);
    assert_eq!(gone.changes[0].verb.as_str(), "removed");
    assert_eq!(worth(&sample, 1, 10), "unknown");
    assert!(sample.state.has_principals());
    let again = sample.done(vec![create("ada", token(1))]);
    assert_eq!(again.changes[0].generation, Generation(3));
    assert_eq!(worth(&sample, 1, 10), "valid");
}

#[test]
fn each_write_needs_the_principal_at_the_generation_expected() {
    let sample = Sample::with(vec![create("ada", token(1))]);
    let expecting = |name: &str, expected| {
        let (name, expected) = (name.to_owned(), Some(Generation(expected)));
        [
            Write::SetGrants {
                name: name.clone(),
                grants: Grants::default(),
                expected,
            },
            Write::RotateToken {
                name: name.clone(),
                token: token(2),
                overlap_seconds: 0,
                expected,
            },
            Write::RevokeTokens {
                name: name.clone(),
                token: None,
                expected,
            },
            Write::RemovePrincipal { name, expected },
        ]
    };
    for write in expecting("ada", 2) {
        let refusal = sample.try_one(write).unwrap_err();
        assert_eq!(refusal.code, Code::Conflict);
        assert_eq!(faults(&refusal), [(IssueKind::RevisionConflict, "")]);
        let message = "expected generation 2, but principal `ada` is at 1";
        assert_eq!(refusal.issues[0].message, message);
    }
    for write in expecting("grace", 1) {
        assert_eq!(sample.try_one(write).unwrap_err().code, Code::NotFound);
    }
    for write in expecting("ada", 1) {
        assert!(sample.try_one(write).is_ok());
    }
}

#[test]
fn a_refused_command_gives_no_token_away() {
    let sample = Sample::with(vec![create("ada", token(1)), create("grace", token(2))]);
    let writes = vec![
        rotate("ada", token(3), 0),
        revoke("grace", None),
        create("linus", token(4)),
        remove("ada"),
        remove("nobody"),
    ];
    let command = Command {
        writes,
        ..Command::of("ada", remove("ada"))
    };
    let mut state = sample.state.clone();
    crate::decide_in_place(&mut state, &command, at_second(10)).unwrap_err();
    let after = Sample { state };
    for (number, wanted) in [(1, "valid"), (2, "valid"), (3, "unknown"), (4, "unknown")] {
        assert_eq!(worth(&after, number, 10), wanted, "{number}");
    }
}

#[test]
fn what_a_later_release_noted_stays_and_what_only_it_reads_is_left_alone() {
    let mut sample = Sample::with(vec![create("ada", token(1))]);
    let record = sample.state.record(&Kind::PRINCIPAL, "ada").unwrap();
    let mut envelope: Value = serde_json::from_slice(record.bytes.as_deref().unwrap()).unwrap();
    envelope["data"]["twoFactor"] = json!(true);
    envelope["data"]["tokens"][0]["boundTo"] = json!("10.0.0.0/8");
    envelope["data"]["grants"] = json!(["MOON_WALK", "REGISTRY_READ"]);
    put(&mut sample, &envelope);
    let rotated = stored(&sample.done(vec![rotate("ada", token(2), 0)]));
    assert_eq!(rotated["data"]["twoFactor"], true);
    assert_eq!(rotated["data"]["tokens"][0]["boundTo"], "10.0.0.0/8");
    assert_eq!(
        rotated["data"]["grants"],
        json!(["MOON_WALK", "REGISTRY_READ"])
    );
    envelope["data"]["tokens"] = json!("in another place");
    put(&mut sample, &envelope);
    assert_eq!(worth(&sample, 2, 10), "unknown");
    let refusal = sample.try_one(set("ada", &[])).unwrap_err();
    assert_eq!(refusal.code, Code::Unavailable);
    sample.done(vec![remove("ada")]);
}

fn put(sample: &mut Sample, envelope: &Value) {
    let bytes = serde_json::to_vec(envelope).unwrap();
    let (kind, key) = (Kind::PRINCIPAL, Arc::from("ada"));
    let bytes = Some(Bytes::from(bytes));
    let record = Record::new(kind, key, Generation(2), Revision(9), bytes);
    sample.state.put(Arc::new(record));
}

#[test]
fn a_state_that_was_folded_without_indexes_knows_tokens_too() {
    let mut sample = Sample::with(vec![register("a@1.0.0", json!({}))]);
    let made = sample.done(vec![create("ada", token(1))]);
    let mut state = State::without_index();
    for change in &made.changes {
        state.evolve(change);
    }
    state.index();
    let sample = Sample { state };
    assert_eq!(worth(&sample, 1, 10), "valid");
    let decided = decide(
        &sample.state,
        &Command::of("ada", remove("ada")),
        at_second(20),
    );
    assert_eq!(
        decided.unwrap_err()[0].code,
        Code::Unavailable,
        "no book yet"
    );
}

#[test]
fn a_command_that_waited_is_decided_by_what_its_token_is_worth_by_then() {
    let mut sample = Sample::with(vec![
        create("ada", until(1, 100)),
        set("ada", &["REGISTRY_WRITE"]),
    ]);
    let Bearer::Principal { grants: given, .. } =
        sample.state.principal_of(&hash(1), at_second(10))
    else {
        panic!("it is good");
    };
    let command = Command {
        rights: Rights::of(Arc::clone(given)),
        token: Some(hash(1)),
        ..Command::of("ada", register("geo_index@1.0.0", json!({})))
    };
    let code = |sample: &Sample, second| {
        let decided = decide(&sample.state, &command, at_second(second));
        decided.map_err(|refusals| refusals[0].code).err()
    };
    assert_eq!(code(&sample, 10), None);
    assert_eq!(code(&sample, 100), Some(Code::Unauthenticated));
    sample.done(vec![set("ada", &["REGISTRY_WRITE:tools/other"])]);
    assert_eq!(code(&sample, 10), Some(Code::Denied));
    sample.done(vec![revoke("ada", Some(1))]);
    assert_eq!(code(&sample, 10), Some(Code::Unauthenticated));
}
