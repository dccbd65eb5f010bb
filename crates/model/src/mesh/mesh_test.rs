use serde_json::{Value, json};

use super::*;
use crate::document::{Node as Tree, Syntax};
use crate::issue::{Issue, IssueKind};

fn judged(kind: MeshKind, document: &Value) -> Result<Draft, Vec<(IssueKind, String)>> {
    let found = read_node(kind, &Tree::from(document), ReadOptions::default());
    found.map_err(|issues| issues.into_iter().map(|it| (it.kind, it.pointer)).collect())
}

fn refused(kind: MeshKind, document: &Value) -> Vec<(IssueKind, String)> {
    judged(kind, document).unwrap_err()
}

#[test]
fn every_fault_is_told_at_once() {
    let shard = json!({
        "namespace": "a|b", "shardId": " ", "ownerNodeId": "n\n1", "status": "actve",
        "capacityHint": "1", "hashRange": {"start": "-1", "end": "18446744073709551616"},
        "keyRange": {"start": "a"},
    });
    let found = refused(MeshKind::Shard, &shard);
    let expected = [
        (IssueKind::WrongType, "/capacityHint"),
        (IssueKind::InvalidFormat, "/hashRange/end"),
        (IssueKind::InvalidFormat, "/hashRange/start"),
        (IssueKind::InvalidFormat, "/keyRange/start"),
        (IssueKind::InvalidFormat, "/namespace"),
        (IssueKind::InvalidFormat, "/ownerNodeId"),
        (IssueKind::OutOfRange, "/shardId"),
        (IssueKind::InvalidValue, "/status"),
        (IssueKind::InvalidValue, "/hashRange"),
    ];
    let expected = expected.map(|(kind, pointer)| (kind, pointer.to_owned()));
    assert_eq!(found, expected);
    let missing = [(IssueKind::MissingField, "/ownerNodeId".to_owned())];
    let shard = json!({"namespace": "a", "shardId": "s"});
    assert_eq!(refused(MeshKind::Shard, &shard), missing);
}

#[test]
fn a_range_holds_something_of_one_kind() {
    let with = |more: Value| {
        let mut shard = json!({"namespace": "a", "shardId": "s", "ownerNodeId": "n"});
        let more = more.as_object().unwrap().clone();
        shard.as_object_mut().unwrap().extend(more);
        judged(MeshKind::Shard, &shard).map(|_| ())
    };
    let invalid = |pointer: &str| Err(vec![(IssueKind::InvalidValue, pointer.to_owned())]);
    for good in [
        json!({"hashRange": {}}),
        json!({"hashRange": {"start": "9", "end": "18446744073709551615"}}),
        json!({"keyRange": {"start": "", "end": "AA=="}}),
    ] {
        assert_eq!(with(good.clone()), Ok(()), "{good}");
    }
    assert_eq!(
        with(json!({"hashRange": {"start": "9", "end": "9"}})),
        invalid("/hashRange")
    );
    assert_eq!(
        with(json!({"keyRange": {"start": "AQ==", "end": "AA=="}})),
        invalid("/keyRange")
    );
    assert_eq!(
        with(json!({"keyRange": {}, "hashRange": {}})),
        invalid("/hashRange")
    );
}

#[test]
fn a_bound_under_a_wrong_name_is_told() {
    let shard = json!({
        "namespace": "a", "shardId": "s", "ownerNodeId": "n", "keyRange": {"strat": "AA=="},
    });
    let read = |shard: &Value, strict| {
        let options = ReadOptions { key: None, strict };
        read_node(MeshKind::Shard, &Tree::from(shard), options)
    };
    for strict in [false, true] {
        let issues = read(&shard, strict).unwrap_err();
        assert_eq!(issues.len(), 1, "{issues:?}");
        assert_eq!(issues[0].kind, IssueKind::UnknownField);
        assert_eq!(issues[0].pointer, "/keyRange/strat");
        assert_eq!(issues[0].message, "`strat` is no member of a keyRange");
        assert_eq!(issues[0].hint.as_deref(), Some("did you mean `start`?"));
    }
    let mut far = shard.clone();
    far["keyRange"] = json!({"lowest": "AA=="});
    let issues = read(&far, false).unwrap_err();
    let hint = issues[0].hint.as_deref();
    assert_eq!(hint, Some("a keyRange has `start` and `end`"));
    let hashes = json!({
        "namespace": "a", "shardId": "s", "ownerNodeId": "n", "hashRange": {"Start": "1", "end": "2"},
    });
    let expected = (IssueKind::UnknownField, "/hashRange/Start".to_owned());
    assert_eq!(refused(MeshKind::Shard, &hashes), [expected]);
    // What a later version has there isn't ours to judge.
    let mut later = shard.clone();
    later["schemaVersion"] = json!("1.1.0");
    let draft = read(&later, false).unwrap();
    assert_eq!(draft.data()["keyRange"], json!({"strat": "AA=="}));
    assert_eq!(draft.warnings().len(), 2, "{:?}", draft.warnings());
    assert!(read(&later, true).is_err());
}

#[test]
fn a_double_is_any_finite_number() {
    let read = |number: &str, syntax| {
        let text = format!(
            r#"{{"namespace": "a", "shardId": "s", "ownerNodeId": "n", "capacityHint": {number}, "ownershipDeltaPercent": {number}}}"#
        );
        super::read(
            MeshKind::Shard,
            text.as_bytes(),
            syntax,
            ReadOptions::default(),
        )
    };
    for (number, expected, stored) in [
        ("-0", -0.0_f64, "-0.0"),
        ("-0.0", -0.0, "-0.0"),
        ("0.0", 0.0, "0"),
        ("1.0", 1.0, "1"),
        (
            "9007199254740991",
            9_007_199_254_740_991.0,
            "9007199254740991",
        ),
        (
            "9007199254740992",
            9_007_199_254_740_992.0,
            "9007199254740992.0",
        ),
        (
            "9007199254740993",
            9_007_199_254_740_992.0,
            "9007199254740992.0",
        ),
        (
            "9007199254740995",
            9_007_199_254_740_996.0,
            "9007199254740996.0",
        ),
        ("10000000000000000", 1e16, "1e+16"),
        ("1E+17", 1e17, "1e+17"),
        ("-100000000000000000000", -1e20, "-1e+20"),
        ("1e21", 1e21, "1e+21"),
        ("5e-324", 5e-324, "5e-324"),
    ] {
        for syntax in [Syntax::Json, Syntax::Yaml] {
            let draft = read(number, syntax).unwrap();
            for member in ["capacityHint", "ownershipDeltaPercent"] {
                let value = &draft.data()[member];
                assert_eq!(value.to_string(), stored, "{number}");
                let kept = value.as_f64().map(f64::to_bits);
                assert_eq!(kept, Some(expected.to_bits()), "{number}");
            }
        }
    }
    assert!(read("1e400", Syntax::Json).is_err());
    assert!(read(".inf", Syntax::Yaml).is_err());
    // A member with bounds isn't stored otherwise than before.
    let node = Node::new("a", "n").weight(-0.0).build().unwrap();
    assert_eq!(node.data()["weight"].to_string(), "0");
}

#[test]
fn a_fault_has_the_same_code_in_a_record_as_alone() {
    let data = json!({
        "namespace": "a|b", "shardId": "\u{7}", "ownerNodeId": " ", "status": 3, "capacityHint": 1,
        "keyRange": {"start": "AQ==", "end": "AA=="}, "schemaVersion": "1", "annotations": {"a": 1},
    });
    let record = json!({"kind": "shard", "data": data});
    let faults = |document: &Value| {
        let read = read_node(
            MeshKind::Shard,
            &Tree::from(document),
            ReadOptions::default(),
        );
        let issues = read.unwrap_err().into_iter();
        issues
            .map(|issue| (issue.pointer, issue.code))
            .collect::<Vec<_>>()
    };
    let alone = faults(&data);
    assert_eq!(alone.len(), 7);
    assert!(alone.iter().all(|(_, code)| code.is_some()), "{alone:?}");
    let below = |(pointer, code): (String, _)| (format!("/data{pointer}"), code);
    let expected: Vec<_> = alone.into_iter().map(below).collect();
    assert_eq!(faults(&record), expected);
}

#[test]
fn a_document_may_say_its_kind_and_it_is_not_stored() {
    let bare = json!({"kind": "node", "namespace": "a", "nodeId": "n"});
    let draft = judged(MeshKind::Node, &bare).unwrap();
    assert!(!draft.data().contains_key("kind"));
    assert!(draft.warnings().is_empty(), "{:?}", draft.warnings());
    let within = json!({"kind": "node", "data": bare});
    assert_eq!(
        judged(MeshKind::Node, &within).unwrap().data(),
        draft.data()
    );
    let other = |kind: Value| {
        let bare = json!({"kind": kind, "namespace": "a", "nodeId": "n"});
        (
            refused(MeshKind::Node, &bare),
            refused(MeshKind::Node, &json!({"kind": "node", "data": bare})),
        )
    };
    for kind in [json!("shard"), json!("nodes"), json!(1)] {
        let expected = |pointer: &str| vec![(IssueKind::InvalidValue, pointer.to_owned())];
        assert_eq!(other(kind), (expected("/kind"), expected("/data/kind")));
    }
}

#[test]
fn addresses_have_scheme_host_and_port_and_no_user() {
    let endpoint =
        |uri: &str| json!({"namespace": "a", "serviceId": "s", "endpointId": "e", "uri": uri});
    for uri in [
        "https://10.0.0.7:8443",
        "grpc://api.example.com:1/path?x=1",
        "http://[::1]:80",
        "coap+tcp://host-1:65535",
    ] {
        assert!(judged(MeshKind::Endpoint, &endpoint(uri)).is_ok(), "{uri}");
    }
    for uri in [
        "10.0.0.7:8443",
        "https://host",
        "https://:80",
        "https://host:0",
        "https://host:65536",
        "https://user:secret@host:80",
        "https://host:80:80",
        "http://[::1:80",
        "http://[fe80]:80",
        "1http://host:80",
        "http://ho st:80",
        "",
    ] {
        let found = refused(MeshKind::Endpoint, &endpoint(uri));
        assert_eq!(found.len(), 1, "{uri}");
        assert_eq!(found[0].1, "/uri", "{uri}");
    }
    let secret = Tree::from(&endpoint("https://user:secret@host:80"));
    let issues = read_node(MeshKind::Endpoint, &secret, ReadOptions::default()).unwrap_err();
    assert!(!format!("{issues:?}").contains("secret"));
}

#[test]
fn weights_are_from_0_to_1024() {
    let node = |weight: f64| Node::new("a", "n").weight(weight).build();
    assert!(node(0.0).is_ok() && node(1024.0).is_ok());
    for weight in [-0.5, 1024.5, f64::NAN, f64::INFINITY] {
        let issues = node(weight).unwrap_err();
        assert_eq!(issues[0].pointer, "/weight", "{weight}");
    }
}

#[test]
fn builders_set_annotations_that_are_judged() {
    let shard = Shard::new("a", "s", "n").annotation("team", "x");
    let draft = shard
        .annotation("team", "y")
        .annotation("", "z")
        .build()
        .unwrap();
    assert_eq!(
        Value::from(draft.annotations().clone()),
        json!({"team": "y", "": "z"})
    );
    assert!(!draft.data().contains_key("annotations"));
    let long = "x".repeat(254);
    let issues = Namespace::new("a")
        .annotation(&long, "")
        .build()
        .unwrap_err();
    assert_eq!(issues[0].pointer, format!("/annotations/{long}"));
    let node = Node::new("a", "n").annotation("a", "x".repeat(64 * 1024));
    assert_eq!(node.build().unwrap_err()[0].pointer, "/annotations");
    let service = Service::new("a", "s").annotation("a", "b").build().unwrap();
    let endpoint = Endpoint::new("a", "s", "e", "http://h:1").annotation("a", "b");
    assert_eq!(
        service.annotations(),
        endpoint.build().unwrap().annotations()
    );
}

#[test]
fn ids_have_1_to_512_bytes() {
    let node = |id: String| Node::new("a", id).build();
    assert!(node("é".repeat(256)).is_ok());
    assert!(node("é".repeat(257)).is_err());
    assert!(node("\u{3000}".to_owned()).is_err());
    assert!(node("a/b|c d".to_owned()).is_ok());
    assert!(node("a\u{202e}b".to_owned()).is_err());
}

#[test]
fn the_schema_has_the_same_characters_in_ids() {
    let validator = jsonschema::validator_for(&json_schema(MeshKind::Node)).unwrap();
    for character in [
        'a', '|', '/', 'é', ' ', '\t', '\u{7f}', '\u{9f}', '\u{202e}', '\u{2069}',
    ] {
        for (namespace, id) in [
            ("a".to_owned(), format!("n{character}")),
            (format!("n{character}"), "a".to_owned()),
        ] {
            let node = json!({"namespace": namespace, "nodeId": id});
            let taken = judged(MeshKind::Node, &node).is_ok();
            assert_eq!(validator.is_valid(&node), taken, "{node}");
        }
    }
}

#[test]
fn unknown_members_are_kept_and_told() {
    let later = json!({"x": [1, null, {"y": null}], "z": null, "b": {}});
    let node = json!({"namespace": "a", "nodeId": "n", "wieght": 2, "later": later, "none": null});
    let draft = judged(MeshKind::Node, &node).unwrap();
    assert_eq!(draft.data()["wieght"], 2);
    assert_eq!(draft.data()["later"], later);
    assert!(!draft.data().contains_key("none"));
    for syntax in [Syntax::Json, Syntax::Yaml] {
        let text = node.to_string();
        let again = read(
            MeshKind::Node,
            text.as_bytes(),
            syntax,
            ReadOptions::default(),
        );
        assert_eq!(again.unwrap().data(), draft.data());
    }
    assert_eq!(draft.data()["weight"], 1);
    let hints: Vec<&str> = draft
        .warnings()
        .iter()
        .filter_map(|issue| issue.hint.as_deref())
        .collect();
    assert_eq!(
        hints,
        [
            "what is your own goes into `annotations`",
            "did you mean `weight`?"
        ]
    );
    let typed: Node = serde_json::from_value(draft.data().clone().into()).unwrap();
    assert_eq!(typed.other["later"], later);
    let again = typed.build().unwrap();
    assert_eq!(again.data(), draft.data());
}

#[test]
fn a_document_names_what_the_request_names() {
    let key = MeshKey::parse(MeshKind::Node, "a/n").unwrap();
    let options = ReadOptions {
        key: Some(&key),
        strict: false,
    };
    let read = |document: Value| read_node(MeshKind::Node, &Tree::from(&document), options);
    assert_eq!(*read(json!({})).unwrap().key(), key);
    assert_eq!(*read(json!({"nodeId": "n"})).unwrap().key(), key);
    let issues: Vec<Issue> = read(json!({"nodeId": "m", "namespace": "b"})).unwrap_err();
    let is_invalid = |issue: &Issue| issue.kind == IssueKind::InvalidValue;
    assert!(
        issues.iter().all(is_invalid),
        "a 400, as any other fault of a document"
    );
    let pointers: Vec<&str> = issues.iter().map(|issue| issue.pointer.as_str()).collect();
    assert_eq!(pointers, ["/namespace", "/nodeId"]);
    let key = MeshKey::parse(MeshKind::Node, "a|b/\u{7}").unwrap();
    let options = ReadOptions {
        key: Some(&key),
        strict: false,
    };
    let issues = read_node(MeshKind::Node, &Tree::from(&json!({})), options).unwrap_err();
    let pointers: Vec<&str> = issues.iter().map(|issue| issue.pointer.as_str()).collect();
    assert_eq!(pointers, ["/namespace", "/nodeId"]);
}

#[test]
fn a_whole_record_is_read_as_its_data() {
    let record = json!({
        "kind": "shard", "key": "a/s", "generation": 3, "revision": 9, "checksum": "00",
        "annotations": {"team": "x"},
        "data": {
            "namespace": "a", "shardId": "s", "ownerNodeId": "n",
            "previousOwnerNodeId": "m", "ownershipDelta": 3.0,
        },
    });
    let draft = judged(MeshKind::Shard, &record).unwrap();
    assert_eq!(draft.key().to_string(), "a/s");
    assert_eq!(draft.annotations()["team"], "x");
    assert!(!draft.data().contains_key("previousOwnerNodeId"));
    let found = refused(MeshKind::Node, &record);
    assert!(found.contains(&(IssueKind::InvalidValue, "/kind".to_owned())));
    assert!(found.contains(&(IssueKind::MissingField, "/data/nodeId".to_owned())));
}

#[test]
fn yaml_that_looks_like_a_number_is_an_id() {
    let yaml = b"namespace: 7\nnodeId: 1e3\nzone: yes\n";
    let draft = read(MeshKind::Node, yaml, Syntax::Yaml, ReadOptions::default()).unwrap();
    assert_eq!(draft.key().to_string(), "7/1e3");
    assert_eq!(draft.data()["zone"], "yes");
}

#[test]
fn a_whole_record_has_the_key_of_its_data() {
    let record = |key: &str| {
        format!(
            r#"{{"kind":"shard","key":"{key}","data":{{"namespace":"a","shardId":"b/c","ownerNodeId":"n"}}}}"#
        )
    };
    let read = |text: &str| {
        read(
            MeshKind::Shard,
            text.as_bytes(),
            Syntax::Json,
            ReadOptions::default(),
        )
    };
    assert_eq!(read(&record("a/b%2Fc")).unwrap().key().id(), "b/c");
    for wrong in ["a/c", "a/b/c", ""] {
        let issues = read(&record(wrong)).unwrap_err();
        assert_eq!(issues[0].pointer, "/key", "{wrong}");
    }
}
