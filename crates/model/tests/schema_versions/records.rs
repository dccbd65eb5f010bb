//! Records of the mesh, as documents and as they are stored.

use deedbook_model::Envelope;
use deedbook_model::document::{Node as Tree, Syntax};
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::mesh::{
    Draft, Endpoint, MeshKind, Namespace, Node, ReadOptions, SCHEMA_VERSION, Service, Shard,
    json_schema, read, read_node,
};
use deedbook_model::schema::SchemaVersion;
use serde_json::{Map, Value, json};

/// The least that a record of each kind has.
fn least(kind: MeshKind) -> Map<String, Value> {
    let document = match kind {
        MeshKind::Namespace => json!({"namespace": "a"}),
        MeshKind::Node => json!({"namespace": "a", "nodeId": "n"}),
        MeshKind::Service => json!({"namespace": "a", "serviceId": "s"}),
        MeshKind::Endpoint => json!({
            "namespace": "a", "serviceId": "s", "endpointId": "e", "uri": "http://host:80",
        }),
        MeshKind::Shard => json!({"namespace": "a", "shardId": "s", "ownerNodeId": "n"}),
    };
    document.as_object().unwrap().clone()
}

fn with(kind: MeshKind, members: Value) -> Value {
    let mut document = least(kind);
    document.extend(members.as_object().unwrap().clone());
    Value::Object(document)
}

fn judged(kind: MeshKind, document: &Value) -> Result<Draft, Vec<Issue>> {
    read_node(kind, &Tree::from(document), ReadOptions::default())
}

/// The one fault of a document.
fn fault(kind: MeshKind, document: &Value) -> Issue {
    let issues = judged(kind, document).unwrap_err();
    let mut errors = issues.into_iter().filter(Issue::is_error);
    let error = errors.next().unwrap();
    assert_eq!(errors.next(), None);
    error
}

/// The data as it is when a program has read it into its type and built it again.
fn through_its_type(kind: MeshKind, data: Value) -> Map<String, Value> {
    let built = match kind {
        MeshKind::Namespace => serde_json::from_value::<Namespace>(data).unwrap().build(),
        MeshKind::Node => serde_json::from_value::<Node>(data).unwrap().build(),
        MeshKind::Service => serde_json::from_value::<Service>(data).unwrap().build(),
        MeshKind::Endpoint => serde_json::from_value::<Endpoint>(data).unwrap().build(),
        MeshKind::Shard => serde_json::from_value::<Shard>(data).unwrap().build(),
    };
    built.unwrap().data().clone()
}

#[test]
fn what_version_1_0_0_wrote_is_read_for_ever() {
    let written = include_str!("../golden/mesh-1.0.0.jsonl");
    let mut kinds = Vec::new();
    for line in written.lines() {
        let envelope = Envelope::read(line.as_bytes()).unwrap();
        let kind = MeshKind::named(&envelope.kind).unwrap();
        let options = ReadOptions {
            key: None,
            strict: true,
        };
        let draft = read(kind, line.as_bytes(), Syntax::Json, options).unwrap();
        assert_eq!(draft.warnings(), [], "{line}");
        assert_eq!(draft.schema_version(), SCHEMA_VERSION);
        assert_eq!(draft.key().to_string(), envelope.key);
        // What the book computed isn't read from a document; all else comes to the same bytes.
        let mut data = draft.data().clone();
        let stored: Map<String, Value> = serde_json::from_str(envelope.data.get()).unwrap();
        for computed in ["previousOwnerNodeId", "ownershipDelta"] {
            data.extend(
                stored
                    .get(computed)
                    .map(|value| (computed.to_owned(), value.clone())),
            );
        }
        assert_eq!(serde_json::to_string(&data).unwrap(), envelope.data.get());
        kinds.push(kind);
    }
    assert_eq!(kinds, MeshKind::ALL);
}

#[test]
fn a_version_is_kept_where_it_is_stated_and_made_nowhere() {
    for kind in MeshKind::ALL {
        let draft = judged(kind, &with(kind, json!({}))).unwrap();
        assert!(!draft.data().contains_key("schemaVersion"), "{kind}");
        assert_eq!(draft.schema_version(), SCHEMA_VERSION);
        for version in ["1.0.0", "1.0.7"] {
            let document = with(kind, json!({"schemaVersion": version}));
            let draft = judged(kind, &document).unwrap();
            assert_eq!(draft.warnings(), [], "{kind} {version}");
            assert_eq!(draft.data()["schemaVersion"], version);
            assert_eq!(draft.schema_version().to_string(), version);
            let again = through_its_type(kind, draft.data().clone().into());
            assert_eq!(again, *draft.data());
        }
        let absent = judged(kind, &with(kind, json!({"schemaVersion": null}))).unwrap();
        assert!(!absent.data().contains_key("schemaVersion"));
    }
}

#[test]
fn a_later_minor_is_read_with_a_warning_and_nothing_of_it_is_lost() {
    let later = json!({
        "schemaVersion": "1.3.2",
        "tier": "gold",
        "limits": {"rps": 1.5, "bursts": [1, null, {"of": "10s"}]},
    });
    for kind in MeshKind::ALL {
        let document = with(kind, later.clone());
        let draft = judged(kind, &document).unwrap();
        let told: Vec<_> = draft
            .warnings()
            .iter()
            .map(|it| (it.kind, &*it.pointer))
            .collect();
        let expected = [
            (IssueKind::UnknownField, "/limits"),
            (IssueKind::UnsupportedVersion, "/schemaVersion"),
            (IssueKind::UnknownField, "/tier"),
        ];
        assert_eq!(told, expected, "{kind}");
        let message = draft.warnings()[1].to_string();
        assert_eq!(
            message,
            "/schemaVersion version 1.3.2 is later than 1.0.0 [MD010]"
        );
        for (name, value) in later.as_object().unwrap() {
            assert_eq!(draft.data()[name], *value, "{kind}");
        }
        assert_eq!(draft.schema_version(), SchemaVersion::new(1, 3, 2));
        let again = through_its_type(kind, draft.data().clone().into());
        assert_eq!(again, *draft.data());
        let text = serde_json::to_vec(&document).unwrap();
        for syntax in [Syntax::Json, Syntax::Yaml] {
            let again = read(kind, &text, syntax, ReadOptions::default()).unwrap();
            assert_eq!(again.data(), draft.data());
        }
        let whole = json!({"kind": kind.as_str(), "data": document});
        assert_eq!(judged(kind, &whole).unwrap().data(), draft.data());
    }
}

#[test]
fn a_member_within_a_range_stays_in_what_is_stored() {
    let range = json!({"start": "AA==", "end": "Aw==", "step": 2});
    let document = with(
        MeshKind::Shard,
        json!({"schemaVersion": "1.1.0", "keyRange": range}),
    );
    let draft = judged(MeshKind::Shard, &document).unwrap();
    assert_eq!(draft.data()["keyRange"], range);
    // The type of a range has its two bounds alone, so nothing new may be put into one.
    let again = through_its_type(MeshKind::Shard, draft.data().clone().into());
    assert_eq!(again["keyRange"], json!({"start": "AA==", "end": "Aw=="}));
}

#[test]
fn another_major_is_refused_with_the_versions_that_would_do() {
    for kind in MeshKind::ALL {
        for version in ["0.9.0", "2.0.0", "4294967295.0.0"] {
            // Nothing else is said: by that major `namespace` may well be a number.
            let document = json!({"schemaVersion": version, "namespace": 7, "status": []});
            let issue = fault(kind, &document);
            assert_eq!(issue.kind, IssueKind::UnsupportedVersion);
            assert_eq!(
                (&*issue.pointer, issue.code),
                ("/schemaVersion", Some("MD010"))
            );
            let message = format!("a record of version {version} isn't read here");
            assert_eq!(issue.message, message);
            let hint = "1.0.x is read, and so are later minors of 1; write 1.0.0";
            assert_eq!(issue.hint.as_deref(), Some(hint));
            let whole = json!({"kind": kind.as_str(), "data": document});
            let issue = fault(kind, &whole);
            assert_eq!(
                (&*issue.pointer, issue.code),
                ("/data/schemaVersion", Some("MD010"))
            );
        }
    }
}

#[test]
fn what_is_no_version_is_refused_where_it_stands() {
    for (stated, kind) in [
        (json!("1.0"), IssueKind::InvalidFormat),
        (json!("v1.0.0"), IssueKind::InvalidFormat),
        (json!("1.00.0"), IssueKind::InvalidFormat),
        (json!("1.0.0-rc.1"), IssueKind::InvalidFormat),
        (json!("1.99999999999.0"), IssueKind::InvalidFormat),
        (json!(""), IssueKind::InvalidFormat),
        (json!(1), IssueKind::WrongType),
        (json!(["1.0.0"]), IssueKind::WrongType),
    ] {
        let document = with(MeshKind::Shard, json!({"schemaVersion": stated}));
        let issue = fault(MeshKind::Shard, &document);
        assert_eq!(
            (issue.kind, &*issue.pointer),
            (kind, "/schemaVersion"),
            "{stated}"
        );
        assert!(issue.code.is_some() && issue.hint.is_some(), "{stated}");
    }
    let yaml = b"namespace: a\nnodeId: n\nschemaVersion: 1.0\n";
    let options = ReadOptions::default();
    let issues = read(MeshKind::Node, yaml, Syntax::Yaml, options).unwrap_err();
    assert_eq!(issues[0].pointer, "/schemaVersion");
    assert_eq!(issues[0].line, Some(3));
    let yaml = b"namespace: a\nnodeId: n\nschemaVersion: 1.2.0\n";
    let draft = read(MeshKind::Node, yaml, Syntax::Yaml, options).unwrap();
    assert_eq!(draft.schema_version(), SchemaVersion::new(1, 2, 0));
}

#[test]
fn a_value_of_a_later_version_is_refused_with_those_that_are_known() {
    let stated = |version: &str| json!({"schemaVersion": version, "status": "archived"});
    let hint_of = |version: &str| {
        let issue = fault(MeshKind::Shard, &with(MeshKind::Shard, stated(version)));
        assert_eq!(
            (issue.kind, &*issue.pointer),
            (IssueKind::InvalidValue, "/status")
        );
        assert_eq!(issue.code, Some("SC005"));
        assert_eq!(issue.message, "`archived` isn't one of the allowed values");
        issue.hint.unwrap()
    };
    assert_eq!(
        hint_of("1.0.1"),
        "did you mean `active`? allowed are active, draining, paused, disabled"
    );
    let later = "a later version wrote it, which may have more values; \
                 known are active, draining, paused, disabled";
    assert_eq!(hint_of("1.1.0"), later);
    let number = with(
        MeshKind::Shard,
        json!({"schemaVersion": "1.1.0", "status": 4}),
    );
    let issue = fault(MeshKind::Shard, &number);
    assert_eq!(
        (issue.kind, &*issue.pointer),
        (IssueKind::WrongType, "/status")
    );
    let ranges = with(
        MeshKind::Namespace,
        json!({"schemaVersion": "1.1.0", "ranges": "geo"}),
    );
    let issue = fault(MeshKind::Namespace, &ranges);
    assert_eq!(&*issue.pointer, "/ranges");
    assert!(issue.hint.unwrap().ends_with("known are key, hash"));
}

#[test]
fn the_schema_says_of_versions_what_the_reader_says() {
    for kind in MeshKind::ALL {
        let validator = jsonschema::validator_for(&json_schema(kind)).unwrap();
        for stated in [
            json!("1.0.0"),
            json!("1.0.7"),
            json!("1.12.0"),
            json!(null),
            json!("2.0.0"),
            json!("0.1.0"),
            json!("1.0"),
            json!("1.01.0"),
            json!("1.0.0-a"),
            json!(1),
            json!(""),
        ] {
            let document = with(kind, json!({"schemaVersion": stated}));
            let taken = judged(kind, &document).is_ok();
            assert_eq!(validator.is_valid(&document), taken, "{kind} {stated}");
        }
    }
}

#[test]
fn the_contract_names_every_member() {
    let contract = include_str!("../../../../docs/SCHEMAS.md");
    let (_, contract) = contract.split_once("\n## The shard record\n").unwrap();
    for kind in MeshKind::ALL {
        let schema = json_schema(kind);
        for name in schema["properties"].as_object().unwrap().keys() {
            assert!(contract.contains(&format!("`{name}`")), "{kind} {name}");
        }
    }
}
