//! Every placement and checksum of the compatibility vectors through the command line, whatever
//! their number. Where the reference's answer is a defect, ours is the one that is proposed there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::sandbox::{Ran, Sandbox};
use crate::vectors::{cases, vectors};

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Asks for a plan; the strategy by the option.
fn plan(sandbox: &Sandbox, strategy: &str, request: &Value) -> Ran {
    let line = [
        "mesh",
        "shards",
        "plan",
        "--offline",
        "--request",
        "-",
        "-o",
        "json",
    ];
    sandbox.feed(
        &[&line[..], &["--strategy", strategy]].concat(),
        &request.to_string(),
    )
}

/// The owners in the order of the shards, or the code of what is wrong.
fn owners(ran: &Ran, request: &Value) -> Result<Vec<String>, String> {
    if ran.status != 0 {
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran:?}");
        return Err(text(&ran.error()["issues"][0]["code"]).to_owned());
    }
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(plan["namespace"], request["namespace"]);
    assert_eq!(plan["moves"], json!([]), "nobody said where the shards are");
    let assignments = list(&plan["assignments"]);
    let ids = |items: &[Value]| {
        items
            .iter()
            .map(|item| item["shardId"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(assignments), ids(list(&request["shards"])));
    let owners = assignments
        .iter()
        .map(|item| text(&item["ownerNodeId"]).to_owned());
    Ok(owners.collect())
}

fn wanted(value: &Value) -> Result<Vec<String>, String> {
    if let Some(code) = value.get("error") {
        return Err(text(code).to_owned());
    }
    let owners = value.get("owners").unwrap_or(value);
    Ok(list(owners)
        .iter()
        .map(|one| text(one).to_owned())
        .collect())
}

fn check(sandbox: &Sandbox, strategy: &str, case: &Value, expected: &Value) {
    let request = &case["request"];
    let ran = plan(sandbox, strategy, request);
    assert_eq!(
        owners(&ran, request),
        wanted(expected),
        "{strategy} {}",
        case["id"]
    );
}

fn check_suite(strategy: &str) {
    let (vectors, sandbox) = (vectors(strategy), Sandbox::new());
    let weighted = format!("{strategy}-weighted");
    for case in cases(&vectors, "cases") {
        match text(&case["class"]) {
            "compat" => check(&sandbox, strategy, case, &case["owners"]),
            "quirk" => check(&sandbox, strategy, case, &case["proposed"]),
            "weighted" => {
                check(&sandbox, strategy, case, &case["reference"]);
                check(&sandbox, &weighted, case, &case["proposed"]);
            }
            other => panic!("a case of class {other}"),
        }
    }
    for case in cases(&vectors, "scale") {
        match text(&case["class"]) {
            "compat" => check_scale(&sandbox, strategy, case, &case["expect"]),
            "quirk" => check_scale(&sandbox, strategy, case, &case["proposed"]),
            "weighted" => {
                check_scale(&sandbox, strategy, case, &case["reference"]);
                check_scale(&sandbox, &weighted, case, &case["proposed"]);
            }
            other => panic!("a case of class {other}"),
        }
    }
    assert!(!sandbox.path(".deedbook").exists(), "no book is looked at");
}

#[test]
fn compat_ring_offline() {
    check_suite("ring");
}

#[test]
fn compat_rendezvous_offline() {
    check_suite("rendezvous");
}

#[test]
fn compat_locality_offline() {
    check_suite("locality");
}

/// `%03d` filled with a number.
fn id(pattern: &str, number: usize) -> Value {
    let (before, after) = pattern.split_once('%').unwrap();
    let (width, after) = after.split_once('d').unwrap();
    let width = width.parse().unwrap_or(0);
    json!(format!("{before}{number:0width$}{after}"))
}

/// What a pattern stands for, as the vectors' `about` says.
fn request_of(pattern: &Value) -> Value {
    let count = |name: &str| usize::try_from(pattern[name].as_u64().unwrap()).unwrap();
    let (weights, regions) = (list(&pattern["weights"]), list(&pattern["regions"]));
    let zones = count("zonesPerRegion");
    let nodes = (0..count("nodeCount")).map(|number| {
        let region = text(&regions[number % regions.len()]);
        let zone = (number / regions.len()) % zones + 1;
        json!({
            "nodeId": id(text(&pattern["nodeId"]), number),
            "weight": weights[number % weights.len()],
            "region": region,
            "zone": format!("{region}-{zone}"),
        })
    });
    let shards = (0..count("shardCount")).map(|number| {
        let region = text(&regions[number % regions.len()]);
        let zone = format!("{region}-{}", (number / 5) % (zones + 1) + 1);
        let hint = match number % 5 {
            0 => None,
            1 => Some(region.to_owned()),
            2 => Some(format!("{region}/{zone}")),
            3 => Some(format!("zone:{zone}")),
            _ => Some(format!("region:{region}")),
        };
        json!({"shardId": id(text(&pattern["shardId"]), number), "localityHint": hint})
    });
    json!({
        "namespace": pattern["namespace"],
        "nodes": nodes.collect::<Vec<_>>(),
        "shards": shards.collect::<Vec<_>>(),
    })
}

fn check_scale(sandbox: &Sandbox, strategy: &str, case: &Value, expect: &Value) {
    let request = request_of(&case["pattern"]);
    let owners = owners(&plan(sandbox, strategy, &request), &request).unwrap();
    let shards = list(&request["shards"]).iter();
    let by_shard: BTreeMap<&str, &str> = shards
        .map(|shard| text(&shard["shardId"]))
        .zip(owners.iter().map(String::as_str))
        .collect();
    for sample in list(&expect["samples"]) {
        let owner = by_shard.get(text(&sample[0])).copied();
        assert_eq!(
            owner,
            sample[1].as_str(),
            "{strategy} {}: {sample}",
            case["id"]
        );
    }
    let mut shares: BTreeMap<&str, u64> = BTreeMap::new();
    for owner in &owners {
        *shares.entry(owner).or_default() += 1;
    }
    let largest = shares.values().copied().max();
    assert_eq!(
        largest,
        expect["largestShare"].as_u64(),
        "{strategy} {}",
        case["id"]
    );
    let distinct = u64::try_from(shares.len()).unwrap();
    assert_eq!(
        Some(distinct),
        expect["distinctOwners"].as_u64(),
        "{strategy} {}",
        case["id"]
    );
}

/// Whether the input is a request at all. One that isn't is refused as JSON of the wrong type.
fn is_request(request: &Value) -> bool {
    request.is_object() && !list(&request["nodes"]).iter().any(Value::is_null)
}

/// People are told the code as well; the strategy here by the request.
fn assert_told(sandbox: &Sandbox, case: &Value, expected: &Result<Vec<String>, String>) {
    let mut request = case["request"].clone();
    request["strategyId"] = case["strategy"].clone();
    let line = ["mesh", "shards", "plan", "--offline", "--request", "-"];
    let ran = sandbox.feed(&line, &request.to_string());
    match expected {
        Ok(_) => assert_eq!(ran.status, 0, "{}: {ran:?}", case["id"]),
        Err(code) => assert!(ran.stderr.contains(code), "{}: {ran:?}", case["id"]),
    }
}

#[test]
fn compat_hashing_errors_offline() {
    let (vectors, sandbox) = (vectors("hashing-errors"), Sandbox::new());
    for case in cases(&vectors, "cases") {
        let request = &case["request"];
        let ran = plan(&sandbox, text(&case["strategy"]), request);
        let expected = match text(&case["class"]) {
            "quirk" => wanted(&case["proposed"]),
            _ => wanted(case),
        };
        let found = owners(&ran, request);
        if !is_request(request) {
            assert_eq!(found, Err("SC004".to_owned()), "{}", case["id"]);
            continue;
        }
        assert_eq!(found, expected, "{}", case["id"]);
        // A request without a strategy gets the usual one.
        if case["strategy"].is_string() {
            assert_told(&sandbox, case, &expected);
        }
    }
}

#[test]
fn compat_checksums_offline() {
    let (vectors, sandbox) = (vectors("checksum"), Sandbox::new());
    let cases = cases(&vectors, "cases");
    let records: Vec<Value> = cases.iter().map(|case| case["record"].clone()).collect();
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    let expected: String = (cases.iter())
        .map(|case| format!("{}\n", text(&case["checksum"])))
        .collect();
    let checksums = ["mesh", "shards", "checksum", "-"];
    for text in [json!(records).to_string(), lines.join("\n")] {
        let ran = sandbox.feed(&checksums, &text);
        assert_eq!((ran.status, ran.stdout), (0, expected.clone()));
    }
    for (record, checksum) in lines.iter().zip(expected.lines()) {
        let ran = sandbox.feed(&checksums, record);
        assert_eq!(ran.stdout.trim_end(), checksum, "{record}");
    }
}

#[test]
fn compat_stored_shards_have_the_checksum_that_is_printed() {
    let sandbox = Sandbox::new();
    sandbox.ok(&[
        "shard",
        "add",
        "edge/s-01",
        "--owner",
        "n1",
        "--capacity",
        "0.1",
        "--ticket",
        "T",
    ]);
    sandbox.ok(&[
        "shard",
        "add",
        "edge/s-02",
        "--owner",
        "n1",
        "--status",
        "paused",
    ]);
    let page = sandbox.ok(&["shard", "ls", "-o", "json"]);
    let stored: Value = serde_json::from_str(&page).unwrap();
    let stored = list(&stored["items"])
        .iter()
        .map(|item| item["checksum"].clone());
    let ran = sandbox.feed(&["shard", "checksum", "-", "-o", "json"], &page);
    let computed: Value = serde_json::from_str(&ran.stdout).unwrap();
    let computed = list(&computed["items"])
        .iter()
        .map(|item| item["checksum"].clone());
    assert_eq!(computed.collect::<Vec<_>>(), stored.collect::<Vec<_>>());
}
