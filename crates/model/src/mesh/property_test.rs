//! What holds of any document and any builder.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::document::{Node as Tree, Syntax};
use crate::issue::Issue;
use crate::shard::{HashRange, KeyRange, ShardRange, ShardStatus};

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    }
}

/// Ids that are good, and such as are just not.
fn ids() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-z0-9/%|. é-]{1,6}",
        2 => "[\\x00-\\x20a\u{7f}\u{85}\u{202e}\u{2066}|]{0,3}",
        1 => (509_usize..515).prop_map(|bytes| "x".repeat(bytes)),
    ]
}

fn numbers() -> impl Strategy<Value = f64> {
    const EDGES: [f64; 11] = [
        -0.1,
        0.0,
        -0.0,
        1.0,
        1024.0,
        1_024.000_000_000_000_2,
        9_007_199_254_740_992.0,
        -1e20,
        f64::NAN,
        f64::INFINITY,
        f64::MIN,
    ];
    prop_oneof![3 => 0.0..1100.0, 1 => any::<f64>(), 1 => proptest::sample::select(&EDGES[..])]
}

fn addresses() -> impl Strategy<Value = String> {
    prop_oneof![
        "(https?|grpc)://[a-z0-9.]{1,8}:[0-9]{1,5}(/[a-z?]{0,4})?",
        "[a-z:/@\\[\\]# ]{0,12}",
    ]
}

fn texts() -> impl Strategy<Value = std::collections::BTreeMap<String, String>> {
    btree_map("[a-z]{0,3}", "\\PC{0,4}", 0..3)
}

fn ranges() -> impl Strategy<Value = ShardRange> {
    let bytes = || vec(any::<u8>(), 0..4);
    let keys = (bytes(), option::of(bytes()))
        .prop_filter_map("empty", |(start, end)| KeyRange::new(start, end).ok());
    let hashes = (any::<u64>(), option::of(any::<u64>()))
        .prop_filter_map("empty", |(start, end)| HashRange::new(start, end).ok());
    prop_oneof![
        keys.prop_map(ShardRange::Key),
        hashes.prop_map(ShardRange::Hash)
    ]
}

fn nodes() -> impl Strategy<Value = Node> {
    (
        ids(),
        ids(),
        numbers(),
        option::of(ids()),
        option::of(ids()),
        any::<bool>(),
        texts(),
    )
        .prop_map(|(namespace, id, weight, region, zone, draining, labels)| {
            Node::new(namespace, id).weight(weight).with(|node| {
                (node.region, node.zone) = (region, zone);
                (node.draining, node.labels) = (draining, labels);
            })
        })
}

fn endpoints() -> impl Strategy<Value = Endpoint> {
    (
        ids(),
        ids(),
        ids(),
        addresses(),
        numbers(),
        option::of(ids()),
    )
        .prop_map(|(namespace, service, id, uri, weight, node)| {
            Endpoint::new(namespace, service, id, uri).with(|endpoint| {
                (endpoint.weight, endpoint.node_id) = (weight, node);
            })
        })
}

fn shards() -> impl Strategy<Value = Shard> {
    let status = proptest::sample::select(&ShardStatus::ALL[..]);
    let names = (
        ids(),
        ids(),
        ids(),
        option::of(ids()),
        option::of("\\PC{0,3}"),
    );
    (
        names,
        status,
        numbers(),
        option::of(ranges()),
        option::of(numbers()),
        option::of(0..3_u32),
    )
        .prop_map(|(names, status, capacity, range, delta, minor)| {
            let (namespace, id, owner, strategy, leader) = names;
            let shard = Shard::new(namespace, id, owner)
                .status(status)
                .with(|shard| {
                    (shard.strategy_id, shard.leader_id) = (strategy, leader);
                    (shard.capacity_hint, shard.ownership_delta_percent) = (capacity, delta);
                    let version = |minor| crate::schema::SchemaVersion::new(1, minor, 0);
                    shard.schema_version = minor.map(version);
                });
            match range {
                Some(range) => shard.holding(range),
                None => shard,
            }
        })
}

/// Members of a shard with values that are good, or good for others.
fn changes() -> impl Strategy<Value = Map<String, Value>> {
    const NAMES: [&str; 13] = [
        "namespace",
        "shardId",
        "strategyId",
        "ownerNodeId",
        "leaderId",
        "capacityHint",
        "status",
        "keyRange",
        "hashRange",
        "previousOwnerNodeId",
        "schemaVersion",
        "annotations",
        "else",
    ];
    let value = prop_oneof![
        2 => Just(Value::Null),
        2 => ids().prop_map(Value::from),
        1 => numbers().prop_map(Value::from),
        1 => Just(json!("paused")),
        1 => Just(json!({"start": "7"})),
        1 => Just(json!({"start": "YQ==", "end": "Yg==", "ende": 1})),
    ];
    let members = (proptest::sample::select(&NAMES[..]), value);
    vec(
        members.prop_map(|(name, value)| (name.to_owned(), value)),
        0..4,
    )
    .prop_map(|members| members.into_iter().collect())
}

/// By the words of the rule, not by the reader's code.
fn is_id(text: &str) -> bool {
    (1..=512).contains(&text.len()) && !text.trim().is_empty() && !text.contains(char::is_control)
}

fn every_fault_is_whole(issues: &[Issue]) -> bool {
    let whole = |issue: &Issue| issue.pointer.starts_with('/') && issue.code.is_some();
    issues.iter().any(Issue::is_error) && issues.iter().all(whole)
}

/// Reads the data again, as it would be stored.
fn reread(kind: MeshKind, draft: &Draft) -> Draft {
    let mut data = draft.data().clone();
    data.insert("annotations".to_owned(), draft.annotations().clone().into());
    let bytes = serde_json::to_vec(&data).unwrap();
    read(kind, &bytes, Syntax::Json, ReadOptions::default()).unwrap()
}

fn assert_stands(kind: MeshKind, draft: &Draft) -> Result<(), TestCaseError> {
    let again = reread(kind, draft);
    prop_assert_eq!(again.data(), draft.data());
    prop_assert_eq!(again.annotations(), draft.annotations());
    prop_assert_eq!(again.key(), draft.key());
    let key = MeshKey::parse(kind, &draft.key().to_string());
    prop_assert_eq!(key.as_ref(), Ok(draft.key()));
    Ok(())
}

/// What was set is what is read; what isn't valid isn't built, and all of it is said why.
macro_rules! assert_builds {
    ($type:ty, $kind:expr, $record:expr, $valid:expr) => {
        match $record.build() {
            Ok(draft) => {
                prop_assert!($valid);
                assert_stands($kind, &draft)?;
                let typed: $type = serde_json::from_value(draft.data().clone().into()).unwrap();
                prop_assert_eq!(&typed, &$record);
            }
            Err(issues) => {
                prop_assert!(!$valid);
                prop_assert!(every_fault_is_whole(&issues), "{:?}", issues);
            }
        }
    };
}

fn is_weight(weight: f64) -> bool {
    (0.0..=1024.0).contains(&weight)
}

fn turns(text: &str) -> bool {
    text.contains(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

/// What every address has; which texts are addresses has cases of its own.
fn looks_like_an_address(uri: &str) -> bool {
    let authority = uri
        .split_once("://")
        .map(|(_, rest)| rest.split(['/', '?', '#']).next());
    let authority = authority.flatten().unwrap_or_default();
    let port = authority
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse::<u16>().ok());
    !authority.contains('@') && port.is_some_and(|port| port > 0)
}

fn all_ids<'a>(namespace: &str, ids: impl IntoIterator<Item = &'a String>) -> bool {
    let good = |text: &str| is_id(text) && !turns(text);
    good(namespace) && !namespace.contains('|') && ids.into_iter().all(|id| good(id))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_node_is_built_if_and_only_if_it_is_valid(node in nodes()) {
        let ids = [Some(&node.node_id), node.region.as_ref(), node.zone.as_ref()];
        let valid = all_ids(&node.namespace, ids.into_iter().flatten()) && is_weight(node.weight);
        assert_builds!(Node, MeshKind::Node, node, valid);
    }

    #[test]
    fn amending_judges_as_reading_the_whole_does(shard in shards(), changes in changes()) {
        let Ok(draft) = shard.build() else { return Ok(()) };
        let Some(amended) = amend(draft.key(), draft.data().clone(), &changes) else {
            let stated = draft.data().contains_key("schemaVersion");
            prop_assert!(stated || changes.contains_key("schemaVersion"));
            return Ok(());
        };
        let mut whole = draft.data().clone();
        whole.extend(changes);
        let options = ReadOptions { key: Some(draft.key()), strict: false };
        let read = read_node(MeshKind::Shard, &Tree::from(&Value::Object(whole)), options);
        match (amended, read) {
            (Ok(amended), Ok(read)) => {
                prop_assert_eq!(&amended.data, read.data());
                prop_assert_eq!(&amended.annotations, read.annotations());
                prop_assert_eq!(&amended.warnings, read.warnings());
            }
            (Err(amended), Err(read)) => prop_assert_eq!(amended, read),
            (amended, read) => prop_assert!(false, "{amended:?}, but {read:?}"),
        }
    }

    #[test]
    fn an_endpoint_is_built_only_if_it_is_valid(endpoint in endpoints()) {
        let ids = [&endpoint.service_id, &endpoint.endpoint_id];
        let ids = ids.into_iter().chain(&endpoint.node_id);
        let good = all_ids(&endpoint.namespace, ids) && is_weight(endpoint.weight);
        match endpoint.build() {
            Ok(draft) => {
                prop_assert!(good && looks_like_an_address(&endpoint.uri), "{}", endpoint.uri);
                assert_stands(MeshKind::Endpoint, &draft)?;
            }
            Err(issues) => {
                prop_assert!(every_fault_is_whole(&issues), "{:?}", issues);
                prop_assert!(!good || issues.iter().all(|issue| issue.pointer == "/uri"));
            }
        }
    }

    #[test]
    fn a_shard_is_built_if_and_only_if_it_is_valid(shard in shards()) {
        let ids = [&shard.shard_id, &shard.owner_node_id].into_iter().chain(&shard.strategy_id);
        let numbers = [Some(shard.capacity_hint), shard.ownership_delta_percent];
        let finite = numbers.into_iter().flatten().all(f64::is_finite);
        let valid = all_ids(&shard.namespace, ids) && finite;
        assert_builds!(Shard, MeshKind::Shard, shard, valid);
    }

    #[test]
    fn doubles_stay_what_they_are_bit_for_bit(bits in any::<u64>(), whole in any::<i64>()) {
        for number in [f64::from_bits(bits), whole as f64, (whole as f64) * 50.0] {
            let shard = Shard::new("a", "s", "n").with(|shard| {
                (shard.capacity_hint, shard.ownership_delta_percent) = (number, Some(number));
            });
            let Ok(draft) = shard.build() else {
                prop_assert!(!number.is_finite());
                continue;
            };
            let stored = reread(MeshKind::Shard, &draft);
            let typed: Shard = serde_json::from_value(stored.data().clone().into()).unwrap();
            let kept = [typed.capacity_hint, typed.ownership_delta_percent.unwrap()];
            prop_assert_eq!(kept.map(f64::to_bits), [number.to_bits(); 2]);
        }
    }

    #[test]
    fn what_is_read_is_read_again_as_the_same((kind, document) in documents()) {
        let tree = Tree::from(&document);
        match read_node(kind, &tree, ReadOptions::default()) {
            Ok(draft) => {
                assert_stands(kind, &draft)?;
                let strict = ReadOptions { key: None, strict: true };
                let known = read_node(kind, &tree, strict).is_ok();
                let unknown = |it: &Issue| it.kind == crate::issue::IssueKind::UnknownField;
                prop_assert_eq!(known, !draft.warnings().iter().any(unknown));
            }
            Err(issues) => prop_assert!(issues.iter().any(Issue::is_error)),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(kind in kinds(), bytes in vec(any::<u8>(), 0..80)) {
        for syntax in [Syntax::Json, Syntax::Yaml] {
            let _ = read(kind, &bytes, syntax, ReadOptions::default());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..config() })]

    #[test]
    fn what_is_read_is_one_by_the_schema((kind, document) in documents()) {
        let tree = Tree::from(&document);
        if read_node(kind, &tree, ReadOptions::default()).is_ok()
            && document.get("data").is_none()
        {
            let faults = SCHEMAS.with(|schemas| {
                let validator = &schemas[kind as usize];
                let faults = validator.iter_errors(&document);
                faults.map(|fault| fault.to_string()).collect::<Vec<_>>()
            });
            prop_assert_eq!(faults, Vec::<String>::new(), "{}", document);
        }
    }
}

thread_local! {
    static SCHEMAS: Vec<jsonschema::Validator> = MeshKind::ALL
        .into_iter()
        .map(|kind| jsonschema::validator_for(&json_schema(kind)).unwrap())
        .collect();
}

fn kinds() -> impl Strategy<Value = MeshKind> {
    proptest::sample::select(&MeshKind::ALL[..])
}

/// The names of members that mean something somewhere.
const NAMES: [&str; 30] = [
    "namespace",
    "nodeId",
    "serviceId",
    "endpointId",
    "shardId",
    "ownerNodeId",
    "uri",
    "weight",
    "zone",
    "strategyId",
    "boundFactor",
    "ranges",
    "capacityHint",
    "status",
    "localityHint",
    "keyRange",
    "hashRange",
    "draining",
    "labels",
    "annotations",
    "schemaVersion",
    "kind",
    "data",
    "later",
    // More often, as they mean something together.
    "kind",
    "kind",
    "kind",
    "data",
    "data",
    "data",
];

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ids().prop_map(Value::from),
        addresses().prop_map(Value::from),
        proptest::sample::select(&["active", "key", "1.1.0", "2.0.0", "http://h:1", "AA=="][..])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map("(start|end|[a-z]{1,2})", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A good record of any kind at once, with some members changed: often valid, often just not.
fn documents() -> impl Strategy<Value = (MeshKind, Value)> {
    let good = json!({
        "namespace": "a", "nodeId": "n", "serviceId": "s", "endpointId": "e", "shardId": "s",
        "ownerNodeId": "n", "uri": "http://host:80",
    });
    let changes = vec((proptest::sample::select(&NAMES[..]), values()), 0..4);
    (kinds(), changes, any::<bool>()).prop_map(move |(kind, changes, whole)| {
        let mut members: Map<String, Value> = good.as_object().unwrap().clone();
        let changes = changes.into_iter();
        members.extend(changes.map(|(name, value)| (name.to_owned(), value)));
        let document = match whole {
            true => json!({"kind": kind.as_str(), "annotations": {"a": "b"}, "data": members}),
            false => Value::Object(members),
        };
        (kind, document)
    })
}
