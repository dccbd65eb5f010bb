//! Who may do what, and what is left out of answers.

use std::sync::Arc;

use deedbook_api::samples;
use deedbook_book::{Book, ManualClock, OpenOptions};
use deedbook_log::MemoryLog;
use deedbook_model::{Grants, Timestamp, Token};
use deedbook_rules::{Command, NewToken, Write};
use deedbook_testkit::http::{Request, Response};
use serde_json::Value;

use crate::sandbox::{Sandbox, options, put_mesh};

/// Kinds of credentials, and what those that are good for something may do.
pub(crate) const CREDENTIALS: [(&str, &[&str]); 7] = [
    ("none", &[]),
    ("wrong", &[]),
    ("expired", &["ADMIN"]),
    ("reader", &["REGISTRY_READ"]),
    ("writer", &["REGISTRY_WRITE"]),
    ("admin", &["ADMIN"]),
    (
        "elsewhere",
        &[
            "REGISTRY_READ:services/else_*",
            "REGISTRY_WRITE:services/else_*",
        ],
    ),
];

pub(crate) const MESH_CREDENTIALS: [(&str, &[&str]); 3] = [
    ("viewer", &["MESH_READ:parc*"]),
    ("operator", &["MESH_OPERATE"]),
    (
        "operator-elsewhere",
        &["MESH_READ:mail*", "MESH_OPERATE:mail*"],
    ),
];

fn start() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

pub(crate) fn token(name: &str) -> Token {
    let mut secret = [7; 32];
    for (place, byte) in name.bytes().enumerate() {
        secret[place] = byte;
    }
    Token::of_secret(secret)
}

pub(crate) fn create(name: &str, grants: &[&str], expires_at: Option<Timestamp>) -> Command {
    let grants: Grants = grants.iter().map(|grant| grant.parse().unwrap()).collect();
    let write = Write::CreatePrincipal {
        name: name.to_owned(),
        grants,
        token: NewToken {
            hash: token(name).hash(),
            expires_at,
        },
    };
    Command::of("root", write)
}

/// The samples, and a principal for each kind of credential.
pub(crate) fn guarded() -> Sandbox {
    let clock = Arc::new(ManualClock::at(start()));
    let opened = OpenOptions {
        clock: Arc::clone(&clock) as Arc<dyn deedbook_book::Clock>,
        ..OpenOptions::default()
    };
    let book = Book::with_log(Arc::new(MemoryLog::default()), &opened).unwrap();
    let sandbox = Sandbox::of(book, options());
    for document in samples::REGISTERED {
        assert_eq!(sandbox.post("/v1/components", document).status, 201);
    }
    let soon = start().plus_seconds(60);
    for (name, grants) in CREDENTIALS.iter().filter(|(_, grants)| !grants.is_empty()) {
        let expires_at = (*name == "expired").then_some(soon);
        sandbox
            .book
            .execute(create(name, grants, expires_at))
            .unwrap();
    }
    clock.set(soon);
    sandbox
}

/// The same, with what runs where, and those who look after it.
pub(crate) fn guarded_with_mesh() -> Sandbox {
    let sandbox = guarded();
    put_mesh(&sandbox.book);
    for (name, grants) in MESH_CREDENTIALS {
        sandbox.book.execute(create(name, grants, None)).unwrap();
    }
    sandbox
}

pub(crate) fn with(credential: &str, request: Request) -> Request {
    match credential {
        "none" => request,
        name => request.header("Authorization", &format!("Bearer {}", token(name).reveal())),
    }
}

pub(crate) fn get(sandbox: &Sandbox, credential: &str, target: &str) -> Response {
    sandbox.send(&with(credential, Request::new("GET", target)))
}

pub(crate) fn send(
    sandbox: &Sandbox,
    credential: &str,
    method: &str,
    target: &str,
    json: &str,
) -> Response {
    let request = Request::new(method, target);
    let request = match json {
        "" => request,
        json => request.content("application/json", json),
    };
    sandbox.send(&with(credential, request))
}

#[test]
fn lists_graphs_and_changes_leave_out_what_may_not_be_read() {
    let sandbox = guarded();
    let items = |credential: &str, target: &str| {
        let answer = get(&sandbox, credential, target);
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        answer.json()["items"].as_array().unwrap().clone()
    };
    assert_eq!(items("reader", "/v1/components").len(), 3);
    assert!(items("elsewhere", "/v1/components").is_empty());
    assert_eq!(items("admin", "/v1/changes?limit=1000").len(), 9);
    let kinds = items("reader", "/v1/changes");
    assert!(kinds.iter().all(|change| change["kind"] == "component"));
    assert_eq!(kinds.len(), 3);
    assert!(items("elsewhere", "/v1/changes").is_empty());
    let all = Request::new("GET", "/v1/components").header("Accept", "application/x-ndjson");
    assert_eq!(sandbox.send(&with("elsewhere", all)).text(), "");
    let only = ["REGISTRY_READ:*/route_*", "REGISTRY_READ:*/tile_*"];
    sandbox.book.execute(create("narrow", &only, None)).unwrap();
    let graph = get(&sandbox, "narrow", "/v1/components/route_planner/graph").json();
    let names = |graph: &Value| {
        let nodes = graph["nodes"].as_array().unwrap().iter();
        nodes
            .map(|node| node["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let whole = get(&sandbox, "reader", "/v1/components/route_planner/graph").json();
    assert!(names(&whole).contains(&"geo_index".to_owned()));
    assert!(!names(&graph).contains(&"geo_index".to_owned()), "{graph}");
    let dependents = items("narrow", "/v1/components/tile_reader/dependents");
    assert!(
        dependents.iter().all(|one| one["name"] != "geo_index"),
        "{dependents:?}"
    );
}

#[test]
fn what_was_removed_is_seen_by_whoever_could_see_it() {
    let sandbox = guarded();
    let only = ["REGISTRY_READ:*/route_*"];
    sandbox.book.execute(create("narrow", &only, None)).unwrap();
    let gone = send(
        &sandbox,
        "admin",
        "DELETE",
        "/v1/components/route_planner",
        "",
    );
    assert_eq!(gone.status, 200);
    let uuid = gone.json()["key"].as_str().unwrap().to_owned();
    for (credential, status, changes) in [
        ("narrow", 200, 2),
        ("reader", 200, 4),
        ("elsewhere", 403, 0),
    ] {
        for key in ["route_planner", &uuid] {
            let answer = get(
                &sandbox,
                credential,
                &format!("/v1/components/{key}/history"),
            );
            assert_eq!(answer.status, status, "{credential}: {answer:?}");
        }
        let listed = get(&sandbox, credential, "/v1/changes").json();
        assert_eq!(
            listed["items"].as_array().unwrap().len(),
            changes,
            "{credential}"
        );
    }
}

#[test]
fn what_was_removed_right_above_the_floor_is_still_seen_by_whoever_could_see_it() {
    let sandbox = guarded();
    let only = ["REGISTRY_READ:*/route_*"];
    sandbox.book.execute(create("narrow", &only, None)).unwrap();
    let floor = sandbox.book.compact(sandbox.book.view().revision());
    let floor = floor.unwrap();
    for key in ["route_planner", "tile_reader"] {
        let target = format!("/v1/components/{key}");
        assert_eq!(send(&sandbox, "admin", "DELETE", &target, "").status, 200);
    }
    let removals = |credential: &str, order: &str| {
        let target = format!("/v1/changes?after={floor}&order={order}");
        let listed = get(&sandbox, credential, &target).json();
        listed["items"].as_array().unwrap().len()
    };
    for order in ["oldest", "newest"] {
        assert_eq!(removals("reader", order), 2);
        assert_eq!(removals("narrow", order), 1);
        assert_eq!(removals("elsewhere", order), 0);
    }
}

#[test]
fn a_writer_writes_what_its_pattern_fits_and_reads_nothing_back() {
    let sandbox = guarded();
    let only = ["REGISTRY_WRITE:tools/geo_*"];
    sandbox.book.execute(create("narrow", &only, None)).unwrap();
    let patch = r#"{"description":"better"}"#;
    let written = send(
        &sandbox,
        "narrow",
        "PATCH",
        "/v1/components/geo_index",
        patch,
    );
    assert_eq!(written.status, 200, "{written:?}");
    let written = written.json();
    assert!(
        written.get("data").is_none() && written["unchanged"] == false,
        "{written}"
    );
    let denied = send(
        &sandbox,
        "narrow",
        "PATCH",
        "/v1/components/route_planner",
        patch,
    );
    assert_eq!(denied.status, 403);
    let detail = denied.json()["detail"].to_string();
    assert!(
        detail.contains("REGISTRY_WRITE is missing for `route_planner`"),
        "{detail}"
    );
    assert_eq!(
        get(&sandbox, "narrow", "/v1/components/geo_index").status,
        403
    );
    let both = r#"{"writes":[
        {"op":"update","kind":"component","key":"geo_index","patch":{"description":"x"}},
        {"op":"remove","kind":"component","key":"route_planner"}]}"#;
    assert_eq!(
        send(&sandbox, "narrow", "POST", "/v1/batch", both).status,
        403
    );
}

#[test]
fn what_a_request_claims_only_narrows() {
    let sandbox = guarded();
    let claiming = |credential: &str, claim: &str, target: &str| {
        let request = Request::new("GET", target).header("Deedbook-Capabilities", claim);
        sandbox.send(&with(credential, request)).status
    };
    assert_eq!(claiming("reader", "ADMIN", "/v1/principals"), 403);
    assert_eq!(claiming("none", "ADMIN", "/v1/principals"), 401);
    assert_eq!(claiming("admin", "ADMIN", "/v1/principals"), 200);
    assert_eq!(claiming("admin", "REGISTRY_READ", "/v1/principals"), 403);
    assert_eq!(
        claiming(
            "admin",
            "REGISTRY_READ:tools/geo_*",
            "/v1/components/geo_index"
        ),
        200
    );
    assert_eq!(
        claiming(
            "admin",
            "REGISTRY_READ:tools/x_*",
            "/v1/components/geo_index"
        ),
        403
    );
    assert_eq!(claiming("admin", "", "/v1/components"), 403);
    assert_eq!(claiming("admin", "FLY", "/v1/components"), 400);
    for name in [
        "X-Mesh-Scope",
        "X-Forwarded-User",
        "Deedbook-Principal",
        "Cookie",
    ] {
        let request = Request::new("GET", "/v1/principals").header(name, "admin");
        assert_eq!(sandbox.send(&with("reader", request)).status, 403, "{name}");
    }
}

#[test]
fn only_an_admin_writes_in_the_name_of_others() {
    let sandbox = guarded();
    let grants = ["REGISTRY_READ", "REGISTRY_WRITE"];
    sandbox.book.execute(create("ci", &grants, None)).unwrap();
    let patch = |credential: &str, actor: Option<&str>, number: u32| {
        let request = Request::new("PATCH", "/v1/components/geo_index");
        let json = format!(r#"{{"description":"{number}"}}"#);
        let request = request.content("application/json", json);
        let request = match actor {
            Some(actor) => request.header("Deedbook-Actor", actor),
            None => request,
        };
        sandbox.send(&with(credential, request)).status
    };
    assert_eq!(patch("ci", None, 1), 200);
    assert_eq!(patch("ci", Some("ci"), 2), 200);
    assert_eq!(patch("ci", Some("ada"), 3), 403);
    assert_eq!(patch("admin", Some("ada"), 4), 200);
    let history = get(&sandbox, "reader", "/v1/components/geo_index/history").json();
    let actors = history["items"].as_array().unwrap().iter();
    let actors: Vec<&str> = actors.map(|item| item["actor"].as_str().unwrap()).collect();
    assert_eq!(actors, ["ada", "ci", "ci", "ada"]);
}

#[test]
fn a_credential_is_required_from_the_first_principal_on() {
    let sandbox = Sandbox::with_samples();
    assert_eq!(sandbox.get("/v1/components").status, 200);
    let made = sandbox.post("/v1/principals", r#"{"name":"root","grants":["ADMIN"]}"#);
    assert_eq!(
        (made.status, made.header("location")),
        (201, Some("/v1/principals/root"))
    );
    let token = made.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.get("/v1/components").code(), "unauthenticated");
    let with_token = |target: &str| {
        let request = Request::new("GET", target);
        sandbox.send(&request.header("authorization", &format!("bearer {token}")))
    };
    assert_eq!(with_token("/v1/components").status, 200);
    // A host's name says nothing where a credential does.
    let elsewhere = Request::new("GET", "/v1/head").header("Host", "registry.larkpost.example");
    let elsewhere = elsewhere.header("Authorization", &format!("Bearer {token}"));
    assert_eq!(sandbox.send(&elsewhere).status, 200);
    let listed = with_token("/v1/principals").json();
    assert_eq!(listed["items"][0]["data"]["grants"][0], "ADMIN");
    assert!(!listed.to_string().contains(&token));
    assert!(!with_token("/v1/changes").text().contains(&token));
}

#[test]
fn tokens_are_rotated_with_an_overlap_and_revoked() {
    let sandbox = guarded();
    let admin =
        |method: &str, target: &str, json: &str| send(&sandbox, "admin", method, target, json);
    let works = |token: &str| {
        let request = Request::new("GET", "/v1/components");
        sandbox
            .send(&request.header("Authorization", &format!("Bearer {token}")))
            .status
    };
    let one = token("reader").reveal();
    let two = admin(
        "POST",
        "/v1/principals/reader/rotate",
        r#"{"overlapSeconds":3600,"expires":"90d"}"#,
    );
    assert_eq!(two.status, 200, "{two:?}");
    let two = two.json()["token"].as_str().unwrap().to_owned();
    assert_eq!((works(&one), works(&two)), (200, 200));
    let three = admin("POST", "/v1/principals/reader/rotate", "").json();
    let three_id = three["tokenId"].as_str().unwrap().to_owned();
    let three = three["token"].as_str().unwrap().to_owned();
    assert_eq!((works(&one), works(&two), works(&three)), (401, 401, 200));
    let shown = admin("GET", "/v1/principals/reader", "").json();
    assert_eq!(shown["data"]["tokens"].as_array().unwrap().len(), 3);
    let revoked = admin(
        "POST",
        "/v1/principals/reader/revoke",
        &format!(r#"{{"token":"{three_id}"}}"#),
    );
    assert_eq!((revoked.status, works(&three)), (200, 401));
    assert_eq!(
        admin(
            "PATCH",
            "/v1/principals/writer?expectedGeneration=9",
            r#"{"grants":[]}"#
        )
        .status,
        409
    );
    assert_eq!(
        admin(
            "PATCH",
            "/v1/principals/writer",
            r#"{"grants":["REGISTRY_READ"]}"#
        )
        .status,
        200
    );
    assert_eq!(works(&token("writer").reveal()), 200);
    assert_eq!(admin("DELETE", "/v1/principals/writer", "").status, 200);
    assert_eq!(works(&token("writer").reveal()), 401);
    for (target, json) in [
        ("/v1/principals", r#"{"name":"a b","grants":[]}"#),
        ("/v1/principals", r#"{"name":"a","grants":["FLY"]}"#),
        (
            "/v1/principals",
            r#"{"name":"a","grants":[],"expires":"yesterday"}"#,
        ),
        (
            "/v1/principals",
            r#"{"name":"a","grants":[],"expires":"2001-01-01T00:00:00Z"}"#,
        ),
        ("/v1/principals", r#"{"name":"a","grants":[],"role":"x"}"#),
        ("/v1/principals/reader/revoke", r#"{"token":"x"}"#),
        ("/v1/principals/reader/rotate", r#"{"overlapSeconds":-1}"#),
    ] {
        assert_eq!(admin("POST", target, json).status, 400, "{target} {json}");
    }
    assert_eq!(
        admin("POST", "/v1/principals", r#"{"name":"admin","grants":[]}"#).status,
        409
    );
}

#[test]
fn principals_are_listed_a_page_at_a_time() {
    let sandbox = guarded();
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(
            &sandbox,
            "admin",
            &format!("/v1/principals?limit=2{cursor}"),
        )
        .json();
        let items = page["items"].as_array().unwrap();
        names.extend(
            items
                .iter()
                .map(|item| item["key"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(names, ["admin", "elsewhere", "expired", "reader", "writer"]);
    assert_eq!(
        get(&sandbox, "admin", "/v1/principals?cursor=x").status,
        400
    );
}

#[test]
fn guessing_is_slowed_and_disturbs_nobody_else() {
    let sandbox = guarded();
    let mut statuses = Vec::new();
    for number in 0..70 {
        let guess = Request::new("GET", "/v1/head");
        let wrong = token(&format!("guess{number}")).reveal();
        let answer = sandbox.send(&guess.header("Authorization", &format!("Bearer {wrong}")));
        if answer.status == 429 {
            assert_eq!(answer.code(), "rate_limited");
            assert!(answer.header("retry-after").is_some());
            assert_eq!(answer.header("connection"), Some("close"));
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses[..60], [401; 60]);
    assert!(statuses[60..].contains(&429), "{statuses:?}");
    assert_eq!(get(&sandbox, "reader", "/v1/head").status, 200);
}

#[test]
fn credentials_that_are_none_are_refused() {
    let sandbox = guarded();
    for shown in [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer a b",
        "Bearer deed_short",
        "Bearer ä",
    ] {
        let request = Request::new("GET", "/v1/head").header("Authorization", shown);
        assert_eq!(sandbox.send(&request).status, 401, "{shown}");
    }
    let good = format!("Bearer {}", token("reader").reveal());
    let twice = Request::new("GET", "/v1/head").header("Authorization", &good);
    assert_eq!(
        sandbox.send(&twice.header("Authorization", &good)).status,
        401
    );
    let typo = good.replace("deed_", "deed_a");
    let request = Request::new("GET", "/v1/head").header("Authorization", &typo);
    assert_eq!(sandbox.send(&request).status, 401);
}

#[test]
fn a_request_under_a_key_is_done_once() {
    let sandbox = guarded();
    let keyed = |credential: &str, key: &str, json: &str| {
        let request = Request::new("POST", "/v1/components").header("Idempotency-Key", key);
        sandbox.send(&with(credential, request.content("application/json", json)))
    };
    let first = keyed("admin", "k1", samples::HEADER_CHECK);
    let again = keyed("admin", "k1", samples::HEADER_CHECK);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json()["revision"], again.json()["revision"]);
    assert_eq!(first.header("location"), again.header("location"));
    let other = keyed("admin", "k1", samples::GEO_INDEX);
    assert_eq!((other.status, other.code().as_str()), (422, "key_reused"));
    // Another's key of that name is another.
    assert_eq!(
        keyed("writer", "k1", samples::HEADER_CHECK).json()["unchanged"],
        true
    );
    for bad in ["", "two words", &"k".repeat(256)] {
        assert_eq!(
            keyed("admin", bad, samples::HEADER_CHECK).status,
            400,
            "{bad}"
        );
    }
    let principal = |key: &str| {
        let request = Request::new("POST", "/v1/principals").header("Idempotency-Key", key);
        let json = r#"{"name":"once","grants":["REGISTRY_READ"]}"#;
        sandbox.send(&with("admin", request.content("application/json", json)))
    };
    assert_eq!(principal("p").status, 201);
    assert_eq!(principal("p").code(), "conflict");
}
