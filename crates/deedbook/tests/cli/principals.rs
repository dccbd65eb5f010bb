//! Tokens on the command line, and the server that asks for them.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;

use crate::sandbox::Sandbox;
use crate::serving::Serving;

#[test]
fn a_token_is_printed_once_and_rotated_and_revoked() {
    let sandbox = Sandbox::new();
    let made = sandbox.json(&[
        "token",
        "create",
        "ci",
        "--capability",
        "REGISTRY_READ",
        "--capability",
        "registry.write:tools/geo_*",
        "--expires",
        "90d",
    ]);
    assert!(made["token"].as_str().unwrap().starts_with("deed_"));
    assert_eq!(made["grants"][1], "REGISTRY_WRITE:tools/geo_*");
    assert!(made["expiresAt"].as_str().is_some());
    let plain = sandbox.ok(&["principal", "add", "ada", "--capability", "ADMIN"]);
    assert_eq!(plain.lines().count(), 1);
    assert!(plain.starts_with("deed_"));
    let listed = sandbox.ok(&["principal", "ls"]);
    assert!(
        listed.contains("ada") && listed.contains("REGISTRY_WRITE:tools/geo_*"),
        "{listed}"
    );
    let rotated = sandbox.json(&["token", "rotate", "ci", "--overlap", "1h"]);
    assert_ne!(rotated["token"], made["token"]);
    let got = sandbox.json(&["token", "get", "ci"]);
    assert_eq!(got["data"]["tokens"].as_array().unwrap().len(), 2);
    assert!(!got.to_string().contains(made["token"].as_str().unwrap()));
    let id = made["tokenId"].as_str().unwrap();
    let left = sandbox.json(&["token", "revoke", "ci", "--token", id]);
    assert_eq!(left["data"]["tokens"].as_array().unwrap().len(), 1);
    let set = sandbox.json(&["principal", "set", "ci", "--capability", "REGISTRY_READ"]);
    assert_eq!(set["data"]["grants"].as_array().unwrap().len(), 1);
    sandbox.fails(
        4,
        &["principal", "rm", "ci", "--yes", "--if-generation", "1"],
    );
    sandbox.ok(&["principal", "rm", "ci", "--yes"]);
    sandbox.fails(3, &["principal", "get", "ci"]);
    assert_eq!(
        sandbox.json(&["principal", "ls", "--at", "2"])["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn what_makes_no_principal_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.fails(64, &["token", "create", "a"]);
    sandbox.fails(64, &["token", "create", "a", "--capability", "FLY"]);
    sandbox.fails(
        64,
        &[
            "token",
            "create",
            "a",
            "--capability",
            "REGISTRY_READ:nothing",
        ],
    );
    sandbox.fails(
        64,
        &[
            "token",
            "create",
            "a",
            "--capability",
            "ADMIN",
            "--expires",
            "soon",
        ],
    );
    sandbox.fails(2, &["token", "create", "a b", "--capability", "ADMIN"]);
    sandbox.fails(
        2,
        &[
            "token",
            "create",
            "a",
            "--capability",
            "ADMIN",
            "--expires",
            "2001-01-01T00:00:00Z",
        ],
    );
    sandbox.fails(3, &["token", "rotate", "nobody"]);
    sandbox.ok(&["token", "create", "a", "--capability", "ADMIN"]);
    sandbox.fails(4, &["token", "create", "a", "--capability", "ADMIN"]);
    sandbox.fails(3, &["token", "revoke", "a", "--token", "0000000000000000"]);
}

#[test]
fn the_first_start_where_others_reach_it_leaves_a_token_for_its_owner() {
    let sandbox = Sandbox::new();
    let serving = Serving::start(&sandbox, "0.0.0.0:0");
    let path = sandbox.path(".deedbook/admin-token");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let token = std::fs::read_to_string(&path).unwrap();
    assert_eq!(serving.get("/v1/head", None).status, 401);
    assert_eq!(serving.get("/livez", None).status, 200);
    assert_eq!(
        serving.get("/v1/principals", Some(token.trim())).status,
        200
    );
    drop(serving);
    std::fs::remove_file(&path).unwrap();
    let mut again = Serving::start(&sandbox, "0.0.0.0:0");
    let mut told = String::new();
    let stderr = again.process.stderr.take().unwrap();
    BufReader::new(stderr).read_line(&mut told).unwrap();
    assert!(told.contains("tokens travel in the clear"), "{told}");
    assert!(!path.exists(), "only the first start makes one");
    assert_eq!(again.get("/v1/principals", Some(token.trim())).status, 200);
}

#[test]
fn tokens_of_the_command_line_are_good_for_the_server() {
    let sandbox = Sandbox::with_samples();
    let token = sandbox.ok(&["token", "create", "viewer", "--capability", "REGISTRY_READ"]);
    let serving = Serving::start(&sandbox, "127.0.0.1:0");
    assert_eq!(serving.get("/v1/components", None).status, 401);
    assert_eq!(
        serving.get("/v1/components", Some(token.trim())).status,
        200
    );
    assert_eq!(
        serving.get("/v1/principals", Some(token.trim())).status,
        403
    );
    assert!(!sandbox.path(".deedbook/admin-token").exists());
}
