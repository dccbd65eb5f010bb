//! Several writes of any kind as one command.

use deedbook_api::samples;
use deedbook_model::token::TOKEN_PREFIX;
use deedbook_testkit::http::{Request, Response};
use serde_json::{Value, json};

use crate::identity::{get, guarded, send, with};
use crate::sandbox::{Sandbox, document};

fn batch(sandbox: &Sandbox, credential: &str, writes: Value) -> Response {
    let content = json!({ "writes": writes }).to_string();
    send(sandbox, credential, "POST", "/v1/batch", &content)
}

fn status_of(sandbox: &Sandbox, token: &str, target: &str) -> u16 {
    let request = Request::new("GET", target);
    let request = request.header("Authorization", &format!("Bearer {token}"));
    sandbox.send(&request).status
}

#[test]
fn principals_and_components_are_written_together() {
    let sandbox = guarded();
    let before = sandbox.book.view().revision().0;
    let component: Value = serde_json::from_str(&document("fresh", 77)).unwrap();
    let done = batch(
        &sandbox,
        "admin",
        json!([
            {"op": "register", "kind": "component", "document": component},
            {"op": "create", "kind": "principal", "name": "ci",
             "grants": ["REGISTRY_READ"], "expires": "90d"},
            {"op": "set", "kind": "principal", "key": "writer", "grants": ["REGISTRY_READ"]},
            {"op": "rotate", "kind": "principal", "key": "reader", "overlapSeconds": 60},
            {"op": "revoke", "kind": "principal", "key": "elsewhere"},
            {"op": "remove", "kind": "principal", "key": "expired", "expectedGeneration": 1},
        ]),
    );
    assert_eq!(done.status, 200, "{done:?}");
    let done = done.json();
    assert_eq!(done["revision"], before + 6);
    let results = done["results"].as_array().unwrap();
    let revisions: Vec<u64> = results
        .iter()
        .map(|one| one["revision"].as_u64().unwrap())
        .collect();
    assert_eq!(revisions, (before + 1..=before + 6).collect::<Vec<_>>());
    let token = |place: usize| results[place]["token"].as_str().unwrap();
    assert_eq!(results[1]["name"], "ci");
    assert!(results[1]["expiresAt"].is_string());
    assert_eq!(status_of(&sandbox, token(1), "/v1/components/fresh"), 200);
    assert_eq!(status_of(&sandbox, token(3), "/v1/components/fresh"), 200);
    assert_eq!(results[2]["unchanged"], false);
    assert_eq!(results[2]["data"]["grants"], json!(["REGISTRY_READ"]));
    assert_eq!(results[5]["removed"], true);
    for credential in ["reader", "writer"] {
        assert_eq!(
            get(&sandbox, credential, "/v1/components/fresh").status,
            200
        );
    }
    assert_eq!(get(&sandbox, "elsewhere", "/v1/components").status, 401);
    // One command: its changes name the same first and last.
    let changes = get(&sandbox, "admin", &format!("/v1/changes?after={before}"));
    assert_eq!(changes.json()["items"].as_array().unwrap().len(), 6);
    assert!(!changes.text().contains(token(1)));
}

#[test]
fn one_who_is_no_admin_writes_no_principal_and_nothing_beside_it() {
    let sandbox = guarded();
    let head = sandbox.book.view().head();
    let component: Value = serde_json::from_str(&document("fresh", 77)).unwrap();
    for write in [
        json!({"op": "create", "kind": "principal", "name": "x", "grants": ["ADMIN"]}),
        json!({"op": "set", "kind": "principal", "key": "writer", "grants": ["ADMIN"]}),
        json!({"op": "rotate", "kind": "principal", "key": "admin"}),
        json!({"op": "revoke", "kind": "principal", "key": "admin"}),
        json!({"op": "remove", "kind": "principal", "key": "admin"}),
        // Whether there is one isn't told either.
        json!({"op": "remove", "kind": "principal", "key": "nobody"}),
    ] {
        let register = json!({"op": "register", "kind": "component", "document": component});
        let refused = batch(&sandbox, "writer", json!([register, write]));
        assert_eq!((refused.status, refused.code().as_str()), (403, "denied"));
        let error = &refused.json()["errors"][0];
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("ADMIN is missing"), "{error}");
        let pointer = error["pointer"].as_str().unwrap();
        assert!(pointer.starts_with("/writes/1"), "{error}");
        assert!(!refused.text().contains(TOKEN_PREFIX), "{refused:?}");
    }
    let claiming = Request::new("POST", "/v1/batch")
        .header("Deedbook-Capabilities", "REGISTRY_WRITE")
        .content("application/json", samples::PRINCIPALS_BATCH);
    assert_eq!(sandbox.send(&with("admin", claiming)).status, 403);
    assert_eq!(sandbox.book.view().head(), head);
}

#[test]
fn every_fault_of_a_batch_is_told_with_its_place() {
    let sandbox = guarded();
    let head = sandbox.book.view().head();
    let faults = |writes: Value| {
        let refused = batch(&sandbox, "admin", writes);
        let code = refused.code();
        let problem = refused.json();
        let errors = problem["errors"].as_array().unwrap().iter();
        let pointers: Vec<String> = errors
            .map(|error| error["pointer"].as_str().unwrap().to_owned())
            .collect();
        (refused.status, code, pointers)
    };
    let (status, code, pointers) = faults(json!([
        {"op": "create", "kind": "principal", "name": "a", "grants": ["READ", "ADMIN", "WRITE"],
         "expires": "soon"},
        {"op": "set", "kind": "principal", "key": "reader", "grants": ["FLY"]},
        {"op": "rotate", "kind": "principal", "key": "reader", "expires": "-3d"},
        {"op": "register", "kind": "component", "document": {"name": 7}},
    ]));
    assert_eq!((status, code.as_str()), (400, "invalid"));
    let wanted = [
        "/writes/0/grants/0",
        "/writes/0/grants/2",
        "/writes/0/expires",
        "/writes/1/grants/0",
        "/writes/2/expires",
    ];
    assert_eq!(pointers[..5], wanted);
    assert!(pointers[5].starts_with("/writes/3/document"));
    let (status, _, pointers) = faults(json!([
        {"op": "create", "kind": "principal", "name": "reader", "grants": []},
        {"op": "revoke", "kind": "principal", "key": "reader", "token": "0000000000000000"},
        {"op": "remove", "kind": "principal", "key": "nobody"},
    ]));
    assert_eq!(status, 409);
    assert_eq!(pointers, ["/writes/0/name", "/writes/1/token", "/writes/2"]);
    let (status, code, _) = faults(json!([
        {"op": "remove", "kind": "principal", "key": "reader", "expectedGeneration": 7},
    ]));
    assert_eq!((status, code.as_str()), (409, "conflict"));
    assert_eq!(sandbox.book.view().head(), head);
}

#[test]
fn a_write_has_the_members_that_its_op_needs_and_no_other() {
    let sandbox = guarded();
    for (write, told) in [
        (json!({"op": "register", "kind": "component"}), "document"),
        (
            json!({"op": "register", "kind": "component", "document": {}, "key": "a"}),
            "takes no key",
        ),
        (
            json!({"op": "update", "kind": "component", "key": "a"}),
            "key and patch",
        ),
        (
            json!({"op": "remove", "kind": "component", "key": "a", "grants": []}),
            "takes no grants",
        ),
        (
            json!({"op": "create", "kind": "principal", "name": "a"}),
            "name and grants",
        ),
        (
            json!({"op": "set", "kind": "principal", "key": "a", "grants": [], "patch": {}}),
            "takes no patch",
        ),
        (
            json!({"op": "remove", "kind": "principal", "key": "a", "versionSpec": "1"}),
            "takes no versionSpec",
        ),
        (
            json!({"op": "update", "kind": "principal", "key": "a"}),
            "there are create, set, rotate, revoke, remove",
        ),
        (
            json!({"op": "set", "kind": "component", "key": "a"}),
            "there are register, update, remove",
        ),
        (
            json!({"op": "remove", "kind": "moon", "key": "a"}),
            "`moon` is no kind",
        ),
    ] {
        let refused = batch(&sandbox, "admin", json!([write]));
        assert_eq!(refused.status, 400, "{refused:?}");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(told), "{detail}");
    }
}

#[test]
fn a_batch_s_token_is_shown_once_and_to_nobody_who_only_tries() {
    let sandbox = guarded();
    let head = sandbox.book.view().head();
    let send = |target: &str| {
        let request = Request::new("POST", target).header("Idempotency-Key", "once");
        let request = request.content("application/json", samples::PRINCIPALS_BATCH);
        sandbox.send(&with("admin", request))
    };
    let tried = send("/v1/batch?dryRun=true");
    assert_eq!(tried.status, 200, "{tried:?}");
    let tried = tried.json();
    assert!(tried["results"][0].get("token").is_none(), "{tried}");
    assert_eq!(tried["results"][0]["dryRun"], true);
    assert_eq!(sandbox.book.view().head(), head);
    let done = send("/v1/batch");
    assert!(done.json()["results"][0]["token"].is_string());
    let repeated = send("/v1/batch");
    assert_eq!(
        (repeated.status, repeated.code().as_str()),
        (409, "conflict")
    );
    assert!(!repeated.text().contains(TOKEN_PREFIX), "{repeated:?}");
}
