use deedbook_model::batch::FORMAT;
use deedbook_model::code::Code;
use deedbook_model::issue::IssueKind;
use deedbook_model::{Change, Generation, Lineage, Revision};
use serde_json::{Value, json};

use super::*;
use crate::Parent;
use crate::command::Expected;
use crate::components::{NameOrUuid, Query};
use crate::sample_test::{Sample, at_second, document, draft, id, needs, register, remove, update};

fn kinds(refusal: &Refusal) -> Vec<(IssueKind, &str)> {
    let issues = refusal.issues.iter();
    issues
        .map(|issue| (issue.kind, issue.pointer.as_str()))
        .collect()
}

fn verbs(decision: &Decision) -> Vec<&str> {
    let changes = decision.changes.iter();
    changes.map(|change| change.verb.as_str()).collect()
}

fn stored(change: &Change) -> Value {
    serde_json::from_slice(change.record.as_deref().unwrap()).unwrap()
}

#[test]
fn each_write_sees_the_ones_before_it_and_all_are_neighbours() {
    let mut sample = Sample::new();
    let decision = sample.done(vec![
        register("a@1.0.0", json!({})),
        update("a", json!({"description": "second"})),
        register("b@1.0.0", needs(&["a"])),
        update(
            "a",
            json!({"lifecycle": "deprecated", "deprecated_reason": "old"}),
        ),
        update(
            "a",
            json!({"lifecycle": "archived", "archived_reason": "gone"}),
        ),
        remove(&id("a@1.0.0").to_string()),
    ]);
    let wanted = [
        "registered",
        "updated",
        "registered",
        "deprecated",
        "archived",
        "removed",
    ];
    assert_eq!(verbs(&decision), wanted);
    let revisions: Vec<u64> = decision.changes.iter().map(|c| c.revision.0).collect();
    assert_eq!(revisions, [2, 3, 4, 5, 6, 7]);
    for change in &decision.changes {
        assert_eq!(
            (change.command.first, change.command.last),
            (Revision(2), Revision(7))
        );
    }
    let of_a: Vec<(u64, Option<u64>)> = decision
        .changes
        .iter()
        .filter(|change| *change.key == *id("a@1.0.0").to_string())
        .map(|change| {
            (
                change.generation.0,
                change.previous.map(|revision| revision.0),
            )
        })
        .collect();
    assert_eq!(
        of_a,
        [
            (1, None),
            (2, Some(2)),
            (3, Some(3)),
            (4, Some(5)),
            (5, Some(6))
        ]
    );
    assert!(decision.outcomes[2].warnings.is_empty(), "a was there then");
    assert!(!decision.outcomes[5].record.is_live());
}

#[test]
fn one_refused_write_refuses_all_and_every_refusal_is_told() {
    let sample = Sample::with(vec![register("a@1.0.0", json!({}))]);
    let refusals = sample
        .try_all(vec![
            register("b@1.0.0", json!({})),
            remove("nothing"),
            register("a@1.0.0", json!({"description": "other words"})),
            update("b", json!({"description": "fine"})),
            update("b", json!({"name": "c"})),
        ])
        .unwrap_err();
    let places: Vec<(usize, Code)> = refusals.iter().map(|r| (r.write, r.code)).collect();
    assert_eq!(
        places,
        [(1, Code::NotFound), (2, Code::Conflict), (4, Code::Invalid)]
    );
    assert_eq!(kinds(&refusals[1]), [(IssueKind::Conflict, "/uuid")]);
    assert_eq!(kinds(&refusals[2]), [(IssueKind::ImmutableField, "/name")]);
}

#[test]
fn the_same_again_changes_nothing() {
    let mut sample = Sample::with(vec![register("a@1.0.0", json!({"tags": ["x"]}))]);
    for write in [
        register("a@1.0.0", json!({"tags": ["x"], "lifecycle": "active"})),
        update("a", json!({"tags": ["x"], "description": null})),
        update("a", json!({})),
        update(
            "a",
            json!({"name": "a", "uuid": id("a@1.0.0").to_string().to_uppercase()}),
        ),
    ] {
        let decision = sample.done(vec![write]);
        assert!(decision.changes.is_empty() && decision.outcomes[0].unchanged);
        assert_eq!(sample.generation("a"), 1);
    }
}

#[test]
fn a_removed_uuid_never_returns_but_its_name_and_version_may() {
    let mut sample = Sample::with(vec![register("a@1.0.0", json!({}))]);
    sample.done(vec![remove("a")]);
    assert_eq!(sample.means("a"), None);
    let refusal = sample.try_one(register("a@1.0.0", json!({}))).unwrap_err();
    assert_eq!(kinds(&refusal), [(IssueKind::Conflict, "/uuid")]);
    let other = json!({"uuid": id("another uuid"), "meta_type": "test"});
    sample.done(vec![register("a@1.0.0", other)]);
    assert_eq!(sample.means("a@1.0.0").as_deref(), Some("a@1.0.0"));
    let gone = remove(&id("a@1.0.0").to_string());
    assert_eq!(sample.try_one(gone).unwrap_err().code, Code::NotFound);
}

#[test]
fn a_family_has_one_type_and_each_version_once() {
    let sample = Sample::with(vec![register("a@1.0.0+x", json!({}))]);
    let refused = |more: Value, title: &str| {
        let refusal = sample.try_one(register(title, more)).unwrap_err();
        kinds(&refusal)
            .into_iter()
            .map(|(kind, pointer)| (kind, pointer.to_owned()))
            .collect::<Vec<_>>()
    };
    let version = (IssueKind::Conflict, "/version".to_owned());
    let meta_type = (IssueKind::Conflict, "/meta_type".to_owned());
    // Build metadata doesn't tell versions apart.
    assert_eq!(
        refused(json!({}), "a@1.0.0+y"),
        std::slice::from_ref(&version)
    );
    let agent = json!({"meta_type": "agent"});
    assert_eq!(
        refused(agent.clone(), "a@2.0.0"),
        std::slice::from_ref(&meta_type)
    );
    assert_eq!(refused(agent, "a@1.0.0"), [version, meta_type]);
}

#[test]
fn a_generation_that_is_expected_has_to_be_there() {
    let mut sample = Sample::with(vec![register("a@1.0.0", json!({}))]);
    let update = |expected| Write::Update {
        key: crate::sample_test::key("a"),
        patch: json!({"description": format!("{expected}")}),
        expected: Some(Generation(expected).into()),
    };
    sample.done(vec![update(1)]);
    let refusal = sample.try_one(update(1)).unwrap_err();
    assert_eq!(kinds(&refusal), [(IssueKind::RevisionConflict, "")]);
    sample.done(vec![update(2), update(3)]);
    let remove = Write::Remove {
        key: crate::sample_test::key("a"),
        expected: Some(Generation(1).into()),
    };
    assert_eq!(sample.try_one(remove).unwrap_err().code, Code::Conflict);
}

#[test]
fn a_revision_that_is_expected_has_to_be_that_of_the_last_change() {
    let mut sample = Sample::with(vec![register("a@1.0.0", json!({}))]);
    let update = |seen: &[u64]| Write::Update {
        key: crate::sample_test::key("a"),
        patch: json!({"description": format!("{seen:?}")}),
        expected: Some(Expected::Revisions(
            seen.iter().copied().map(Revision).collect(),
        )),
    };
    let first = sample.state.revision().0;
    sample.done(vec![update(&[first])]);
    let refusal = sample.try_one(update(&[first])).unwrap_err();
    assert_eq!(refusal.code, Code::PreconditionFailed);
    assert_eq!(kinds(&refusal), [(IssueKind::RevisionConflict, "")]);
    let message = &refusal.issues[0].message;
    let seen_and_there = format!("revision {first}, but a@1.0.0 was changed at {}", first + 1);
    assert!(message.contains(&seen_and_there), "{message}");
    // One of several will do; none never does.
    sample.done(vec![update(&[7, first + 1])]);
    assert!(sample.try_one(update(&[])).is_err());
}

#[test]
fn lifecycles_change_as_the_table_says() {
    let to = |lifecycle: &str| {
        json!({
            "lifecycle": lifecycle,
            "deprecated_reason": "old",
            "archived_reason": "gone",
        })
    };
    let allowed = [
        ("draft", "active"),
        ("draft", "archived"),
        ("active", "deprecated"),
        ("active", "archived"),
        ("deprecated", "active"),
        ("deprecated", "archived"),
    ];
    let all = ["draft", "active", "deprecated", "archived"];
    for from in all {
        for next in all {
            let sample = Sample::with(vec![register("a@1.0.0", to(from))]);
            let uuid = id("a@1.0.0").to_string();
            let decided = sample.try_one(update(&uuid, json!({"lifecycle": next})));
            match decided {
                Ok(decision) if from == next => assert!(decision.outcomes[0].unchanged),
                Ok(_) => assert!(allowed.contains(&(from, next)), "{from} to {next}"),
                Err(refusal) => {
                    assert!(!allowed.contains(&(from, next)), "{from} to {next}");
                    assert_eq!(kinds(&refusal), [(IssueKind::LifecycleRule, "/lifecycle")]);
                }
            }
        }
    }
}

#[test]
fn dependencies_that_lead_nowhere_warn_or_refuse() {
    let mut sample = Sample::new();
    let decision = sample.done(vec![register("a@1.0.0", needs(&["b", "c@^2"]))]);
    let pointers = |issues: &[Issue]| -> Vec<String> {
        let missing = issues
            .iter()
            .filter(|issue| issue.kind == IssueKind::MissingDependency);
        missing.map(|issue| issue.pointer.clone()).collect()
    };
    let both = ["/dependencies/0", "/dependencies/1"];
    assert_eq!(pointers(&decision.outcomes[0].warnings), both);
    sample.done(vec![register("c@1.0.0", json!({}))]);
    let strict = Write::Register {
        draft: draft(&document("d@1.0.0", needs(&["a", "c@^2"]))),
        require_dependencies: true,
    };
    let refusal = sample.try_one(strict).unwrap_err();
    assert_eq!(pointers(&refusal.issues), ["/dependencies/1"]);
    // Whoever removes what others need hears of it.
    let decision = sample.done(vec![register("b@1.0.0", json!({})), remove("b")]);
    assert_eq!(decision.outcomes[1].warnings.len(), 1);
}

#[test]
fn a_change_is_stamped_with_the_later_of_clock_and_state() {
    let sample = Sample::with(vec![register("a@1.0.0", json!({}))]);
    for (second, stamp) in [(5, 10), (10, 10), (20, 20)] {
        let command = Command::of("grace", update("a", json!({"description": "x"})));
        let decision = decide(&sample.state, &command, at_second(second)).unwrap();
        let change = &decision.changes[0];
        assert_eq!(change.command.time, at_second(stamp));
        assert_eq!(decision.state.time(), at_second(stamp));
        let envelope = stored(change);
        assert_eq!(envelope["updatedAt"], json!(at_second(stamp)));
        assert_eq!(envelope["createdAt"], json!(at_second(10)));
        assert_eq!(envelope["generation"], 2);
        assert_eq!(envelope["checksum"], envelope["data"]["hash"]);
        assert_eq!(
            (&*change.command.actor, &*change.command.reason),
            ("grace", "update")
        );
    }
}

#[test]
fn a_refused_command_leaves_the_state_as_it_was() {
    let sample = Sample::with(vec![
        register("a@1.0.0", json!({"tags": ["x"], "namespace": "one.a"})),
        register(
            "a@1.1.0",
            json!({"tags": ["x", "y"], "capabilities": ["c"]}),
        ),
        register("b@1.0.0", json!({"dependencies": [{"name": "a"}]})),
    ]);
    let writes = vec![
        update(
            "a@1.0.0",
            json!({"tags": ["z"], "lifecycle": "deprecated", "deprecated_reason": "old"}),
        ),
        remove("a@1.1.0"),
        register(
            "c@1.0.0",
            json!({"tags": ["y"], "dependencies": [{"name": "b"}]}),
        ),
        update("c", json!({"description": "another"})),
        remove("b"),
        remove("nothing"),
    ];
    let command = Command {
        writes,
        ..Command::of("ada", remove("nothing"))
    };
    let mut state = sample.state.clone();
    let refusals = decide_in_place(&mut state, &command, at_second(60)).unwrap_err();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!(refusals[0].write, 5);
    assert_same(&state, &sample.state);
    // And it goes on as if nothing had been.
    let command = Command::of("ada", update("a@1.1.0", json!({"tags": ["y"]})));
    let after = decide(&sample.state, &command, at_second(60))
        .unwrap()
        .state;
    decide_in_place(&mut state, &command, at_second(60)).unwrap();
    assert_same(&state, &after);
}

/// All that can be asked of them.
fn assert_same(one: &State, two: &State) {
    let standing = |state: &State| {
        let counts = (state.live(), state.stored_bytes(), state.component_count());
        (state.revision(), state.time(), state.root(), counts)
    };
    assert_eq!(standing(one), standing(two));
    assert!(one.records().eq(two.records()));
    let found = |state: &State, query: &Query| {
        let page = state.search(query, 100, None).unwrap();
        let found = page
            .items
            .iter()
            .map(|record| (record.key.clone(), record.revision));
        found.collect::<Vec<_>>()
    };
    let tagged = |tag: &str| Query {
        tags: vec![tag.to_owned()],
        ..Query::default()
    };
    let text = |text: &str| Query {
        text: Some(text.to_owned()),
        ..Query::default()
    };
    let offering = Query {
        capability: Some("c".to_owned()),
        ..Query::default()
    };
    let all = [
        Query::default(),
        tagged("x"),
        tagged("y"),
        tagged("z"),
        text("one"),
        text("another"),
        offering,
    ];
    for query in &all {
        assert_eq!(found(one, query), found(two, query), "{query:?}");
    }
    for name in ["a", "b", "c"] {
        let named = NameOrUuid::of(name);
        assert_eq!(one.versions(&named), two.versions(&named));
        for record in one.versions(&named) {
            let uuid = record.component().unwrap().uuid();
            let dependents = |state: &State| format!("{:?}", state.dependents(uuid, 9));
            assert_eq!(dependents(one), dependents(two));
        }
    }
}

#[test]
fn who_may_not_write_is_refused() {
    let nobody = State::empty();
    let command = Command::of("ada", register("a@1.0.0", json!({})));
    let refused = |state: &State| decide(state, &command, at_second(0)).unwrap_err()[0].code;
    assert_eq!(refused(&nobody), Code::Unavailable);
    // A book that a later release writes.
    let mut sample = Sample::new();
    let record = sample.state.record(&Kind::BOOK, "book").unwrap();
    let mut envelope: Value = serde_json::from_slice(record.bytes.as_deref().unwrap()).unwrap();
    envelope["data"]["minimumWriter"] = json!(FORMAT + 1);
    envelope["data"]["minimumWriterSince"] = json!("9.1.0");
    let later = serde_json::to_vec(&envelope).unwrap();
    for bytes in [later.as_slice(), b"not even JSON"] {
        let (kind, key) = (Kind::BOOK, Arc::from("book"));
        let record = Record::new(
            kind,
            key,
            Generation(2),
            Revision(2),
            Some(Bytes::copy_from_slice(bytes)),
        );
        sample.state.put(Arc::new(record));
        assert_eq!(refused(&sample.state), Code::Unavailable);
        let lineage = Lineage([2; 16]);
        let create = sample.try_one(Write::CreateBook { lineage });
        assert_eq!(create.unwrap_err().code, Code::Unavailable);
    }
}

#[test]
fn a_restored_book_keeps_what_its_parent_demanded() {
    let mut sample = Sample::new();
    let lineage = sample.state.lineage().to_owned();
    let again = sample.try_one(Write::CreateBook {
        lineage: Lineage([2; 16]),
    });
    assert_eq!(again.unwrap_err().code, Code::Unavailable);
    let parent = Parent {
        lineage,
        revision: 1,
        chain: "00".repeat(32),
    };
    let import = Write::Import {
        lineage: Lineage([2; 16]),
        parent: parent.clone(),
    };
    let decision = sample.done(vec![import]);
    assert_eq!(verbs(&decision), ["imported"]);
    let book = sample.state.book().unwrap();
    assert_eq!(book.lineage, Lineage([2; 16]).to_string());
    assert_eq!(
        (book.parent.clone(), book.minimum_writer),
        (Some(parent), FORMAT)
    );
}

#[test]
fn a_cycle_is_found_whatever_its_dependencies_are_called_by() {
    let back = [
        json!({"name": "b"}),
        json!({"uuid": id("b@1.0.0").to_string()}),
        json!("tool://b"),
        json!("tool://somewhere.b"),
        json!("tool://x.y.gate"),
        json!("tool://y.gate"),
        json!("tool://gate"),
    ];
    for entry in &back {
        let mut sample = Sample::new();
        sample.done(vec![register("a@1.0.0", json!({"dependencies": [entry]}))]);
        let closing = json!({"namespace": "x.y.gate", "dependencies": [{"name": "a"}]});
        let refusal = sample.try_one(register("b@1.0.0", closing)).unwrap_err();
        assert_eq!(
            kinds(&refusal),
            [(IssueKind::DependencyCycle, "/dependencies/0")],
            "{entry}"
        );
        assert_eq!(refusal.cycle.unwrap(), ["b@1.0.0", "a@1.0.0", "b@1.0.0"]);
    }
}

/// Stores a record as a later release would: with a member more in its envelope.
fn add_to_envelope(sample: &mut Sample, kind: Kind, key: &str) {
    let before = sample.state.record(&kind, key).unwrap();
    let mut stored = before.bytes.as_deref().unwrap().to_vec();
    stored.pop();
    stored.extend(br#","seal":{"strength":1.50}}"#);
    let (generation, revision) = (before.generation, before.revision);
    let record = Record::new(
        kind,
        Arc::from(key),
        generation,
        revision,
        Some(stored.into()),
    );
    sample.state.put(Arc::new(record));
}

fn assert_seal_is_kept(decision: &Decision) {
    let stored = decision.changes[0].record.as_deref().unwrap();
    let text = std::str::from_utf8(stored).unwrap();
    assert!(text.ends_with(r#","seal":{"strength":1.50}}"#), "{text}");
}

#[test]
fn what_a_later_release_noted_in_the_envelope_stays() {
    let mut sample = Sample::with(vec![register("a@1.0.0", json!({}))]);
    add_to_envelope(&mut sample, Kind::COMPONENT, &id("a@1.0.0").to_string());
    for patch in [
        json!({"description": "new"}),
        json!({"annotations": {"team": "docs"}}),
        json!({"lifecycle": "deprecated", "deprecated_reason": "old"}),
        json!({"lifecycle": "archived", "archived_reason": "gone"}),
    ] {
        assert_seal_is_kept(&sample.done(vec![update(&id("a@1.0.0").to_string(), patch)]));
    }
}

#[test]
fn an_import_keeps_what_a_later_release_noted_of_the_book() {
    let mut sample = Sample::new();
    add_to_envelope(&mut sample, Kind::BOOK, "book");
    let parent = Parent {
        lineage: sample.state.lineage().to_owned(),
        revision: 1,
        chain: "00".repeat(32),
    };
    let lineage = Lineage([2; 16]);
    assert_seal_is_kept(&sample.done(vec![Write::Import { lineage, parent }]));
}

#[test]
fn a_command_does_only_what_its_rights_allow() {
    let sample = Sample::with(vec![
        register("geo_a@1.0.0", json!({})),
        register("other@1.0.0", json!({})),
    ]);
    let decided = |command: &Command| decide(&sample.state, command, at_second(10));
    let may = |grants: &[&str]| {
        let grants = grants.iter().map(|grant| grant.parse().unwrap());
        Rights::of(grants.collect::<deedbook_model::Grants>())
    };
    let command = |rights: &Rights, writes| Command {
        writes,
        rights: rights.clone(),
        ..Command::of("ada", register("unused@1.0.0", json!({})))
    };
    let geo = may(&["REGISTRY_WRITE:tools/geo_*"]);
    let refused = [
        register("other@1.1.0", json!({})),
        update("other", json!({"description": "mine"})),
        remove("other"),
        Write::RemovePrincipal {
            name: "ada".to_owned(),
            expected: None,
        },
    ];
    for write in refused {
        for rights in [&geo, &may(&[]), &may(&["REGISTRY_READ"])] {
            let command = command(rights, vec![write.clone()]);
            let refusal = decided(&command).unwrap_err().remove(0);
            assert_eq!(refusal.code, Code::Denied, "{write:?}");
            assert!(
                refusal.issues[0].message.contains("is missing for"),
                "{refusal:?}"
            );
        }
    }
    let all_or_none = vec![register("geo_b@1.0.0", json!({})), remove("other")];
    let refusals = decided(&command(&geo, all_or_none)).unwrap_err();
    assert_eq!((refusals.len(), refusals[0].write), (1, 1));
    let allowed = vec![
        register("geo_b@1.0.0", json!({})),
        update("geo_a", json!({"description": "mine"})),
        remove("geo_a"),
    ];
    assert!(decided(&command(&geo, allowed)).is_ok());
}
