//! Components: registering, reading, changing, removing them.

use deedbook_api::samples;
use deedbook_testkit::faulty_log::Fault;
use deedbook_testkit::http::Request;
use deedbook_testkit::wait;

use crate::sandbox::{Sandbox, document};

const GEO_INDEX: &str = "/v1/components/6f1b0c52-0d0e-4b7a-9a43-0d5a3c1b7e02";
const PATCH: &str = "application/merge-patch+json";

fn patch(target: &str, patch: &str) -> Request {
    Request::new("PATCH", target).content(PATCH, patch)
}

#[test]
fn what_is_registered_can_be_got() {
    let sandbox = Sandbox::new();
    let made = sandbox.post("/v1/components", samples::HEADER_CHECK);
    assert_eq!((made.status, made.header("etag")), (201, Some("\"2\"")));
    assert_eq!(made.header("deedbook-revision"), Some("2"));
    let (mut written, got) = (made.json(), sandbox.get(made.header("location").unwrap()));
    assert_eq!(
        (&written["unchanged"], &written["warnings"]),
        (&false.into(), &serde_json::json!([]))
    );
    let members = written.as_object_mut().unwrap();
    members.retain(|name, _| name != "unchanged" && name != "warnings");
    assert_eq!(got.json(), written);
    assert_eq!(got.header("etag"), Some("\"2\""));
    let again = sandbox.post("/v1/components", samples::HEADER_CHECK);
    assert_eq!(
        (again.status, &again.json()["unchanged"]),
        (200, &true.into())
    );
    assert_eq!(again.header("deedbook-revision"), Some("2"));
}

#[test]
fn all_faults_of_a_document_are_told_with_their_lines() {
    let sandbox = Sandbox::new();
    let text = "{\n \"metadata_version\": \"0.3.0\",\n \"name\": \"a b\",\n \"version\": \"1\"\n}";
    let refused = sandbox.post("/v1/components", text);
    assert_eq!((refused.status, refused.code().as_str()), (400, "invalid"));
    let problem = refused.json();
    let found: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            (
                error["pointer"].as_str().unwrap(),
                error["kind"].as_str().unwrap(),
                error["line"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("/name", "invalid_format", Some(3)),
            ("/version", "invalid_format", Some(4)),
            ("/uuid", "missing_field", None),
            ("/meta_type", "missing_field", None),
        ]
    );
    assert_eq!(sandbox.book.view().component_count(), 0);
}

#[test]
fn a_dry_run_writes_nothing() {
    let sandbox = Sandbox::with_samples();
    let tried = sandbox.post("/v1/components?dryRun=true", samples::HEADER_CHECK);
    assert_eq!((tried.status, &tried.json()["dryRun"]), (200, &true.into()));
    let gone = sandbox.send(&Request::new(
        "DELETE",
        "/v1/components/geo_index?dryRun=true",
    ));
    assert_eq!((gone.status, &gone.json()["removed"]), (200, &true.into()));
    assert_eq!(sandbox.book.view().head().revision.0, 4);
}

#[test]
fn who_asked_why_and_for_which_ticket_is_kept() {
    let sandbox = Sandbox::new();
    let request = Request::new("POST", "/v1/components")
        .content("application/json", samples::HEADER_CHECK)
        .header("Deedbook-Actor", "J%C3%B6rg")
        .header("Deedbook-Reason", "f%C3%BCr 1.0")
        .header("Deedbook-Ticket", "LP-42")
        .header("X-Request-Id", "deploy-7");
    assert_eq!(
        sandbox.send(&request).header("x-request-id"),
        Some("deploy-7")
    );
    let changes = sandbox.get("/v1/changes?after=1").json();
    let change = &changes["items"][0];
    let said =
        ["actor", "reason", "ticket", "requestId"].map(|name| change[name].as_str().unwrap());
    assert_eq!(said, ["Jörg", "für 1.0", "LP-42", "deploy-7"]);
    let plain = sandbox.post("/v1/components", &document("plain", 1));
    assert_eq!(plain.status, 201);
    assert_eq!(
        sandbox.get("/v1/components/plain/history").json()["items"][0]["actor"],
        "ada"
    );
    for (name, bad) in [
        ("Deedbook-Reason", "%ff"),
        ("Deedbook-Actor", "a%0Ab"),
        ("Deedbook-Ticket", ""),
    ] {
        let request = Request::new("DELETE", "/v1/components/plain").header(name, bad);
        assert_eq!(sandbox.send(&request).code(), "invalid", "{name}: {bad}");
    }
}

#[test]
fn conditions_keep_from_overwriting_what_was_not_seen() {
    let sandbox = Sandbox::with_samples();
    let describe = |text: &str| patch(GEO_INDEX, &format!(r#"{{"description":"{text}"}}"#));
    let stale = sandbox.send(&describe("a").header("If-Match", "\"2\""));
    assert_eq!(
        (stale.status, stale.code().as_str()),
        (412, "precondition_failed")
    );
    let weak = sandbox.send(&describe("a").header("If-Match", "W/\"3\""));
    assert_eq!(weak.status, 412);
    let fresh = sandbox.send(&describe("a").header("If-Match", "\"2\", \"3\""));
    assert_eq!((fresh.status, fresh.header("etag")), (200, Some("\"5\"")));
    assert_eq!(
        sandbox.send(&describe("b").header("If-Match", "*")).status,
        200
    );
    let late = Request::new("DELETE", &format!("{GEO_INDEX}?expectedGeneration=1"));
    let late = sandbox.send(&late);
    assert_eq!((late.status, late.code().as_str()), (409, "conflict"));
    let told = late.json()["detail"].as_str().unwrap().to_owned();
    assert!(told.contains('1') && told.contains('3'), "{told}");
    for bad in ["3", "\"3", "\"3\" x"] {
        assert_eq!(
            sandbox.send(&describe("c").header("If-Match", bad)).code(),
            "invalid",
            "{bad}"
        );
    }
}

#[test]
fn what_is_known_is_not_sent_again() {
    let sandbox = Sandbox::with_samples();
    let known = Request::new("GET", GEO_INDEX).header("If-None-Match", "W/\"3\"");
    let answer = sandbox.send(&known);
    assert_eq!((answer.status, answer.header("etag")), (304, Some("\"3\"")));
    assert_eq!(
        sandbox.send(&patch(GEO_INDEX, r#"{"tags":[]}"#)).status,
        200
    );
    assert_eq!(sandbox.send(&known).status, 200);
}

#[test]
fn a_removed_component_has_a_history() {
    let sandbox = Sandbox::with_samples();
    let removed = sandbox.send(&Request::new("DELETE", "/v1/components/route_planner"));
    assert_eq!(
        (removed.status, &removed.json()["generation"]),
        (200, &2.into())
    );
    assert_eq!(sandbox.get("/v1/components/route_planner").status, 404);
    let history = sandbox.get("/v1/components/route_planner/history").json();
    let verbs: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["verb"])
        .collect();
    assert_eq!(verbs, ["removed", "registered"]);
    let why = sandbox.get("/v1/components/route_planner/why").json();
    assert_eq!(
        (&why["verb"], &why["revision"]),
        (&"removed".into(), &5.into())
    );
}

#[test]
fn a_batch_is_all_or_none_and_tells_every_refusal() {
    let sandbox = Sandbox::with_samples();
    let refused = sandbox.post(
        "/v1/batch",
        r#"{"writes":[
        {"op":"remove","kind":"component","key":"route_planner"},
        {"op":"remove","kind":"component","key":"nobody"},
        {"op":"update","kind":"component","key":"geo_index","patch":{"name":"other"}}]}"#,
    );
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (404, "not_found")
    );
    let pointers: Vec<String> = refused.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(pointers, ["/writes/1/key", "/writes/2/patch/name"]);
    assert_eq!(sandbox.book.view().head().revision.0, 4);
    let faulty = sandbox.post(
        "/v1/batch",
        r#"{"writes":[
        {"op":"register","kind":"component","document":{"name":1}},
        {"op":"update","kind":"component","key":"a","patch":{"x":1,"x":2}}]}"#,
    );
    let pointers: Vec<String> = faulty.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        pointers.contains(&"/writes/0/document/name".to_owned()),
        "{pointers:?}"
    );
    assert!(
        pointers.contains(&"/writes/1/patch/x".to_owned()),
        "{pointers:?}"
    );
    let done = sandbox.post("/v1/batch", samples::BATCH).json();
    assert_eq!(done["revision"], 6);
    assert_eq!(done["results"][1]["data"]["lifecycle"], "deprecated");
}

#[test]
fn a_log_that_fails_makes_the_server_unready_until_a_write_works() {
    let (log, sandbox) = Sandbox::faulty();
    let known = document("known", 1);
    assert_eq!(sandbox.post("/v1/components", &known).status, 201);
    assert_eq!(sandbox.get("/readyz").status, 200);
    log.next_appends(&[Fault::Full]);
    let failed = sandbox.post("/v1/components", samples::HEADER_CHECK);
    assert_eq!(
        (failed.status, failed.code().as_str()),
        (503, "unavailable")
    );
    assert_eq!(failed.header("retry-after"), Some("1"));
    assert_eq!(sandbox.get("/readyz").code(), "unavailable");
    assert_eq!(sandbox.get("/livez").status, 200);
    let unchanged = sandbox.post("/v1/components", &known).json();
    assert_eq!(unchanged["unchanged"], true);
    assert_eq!(sandbox.get("/readyz").status, 503, "nothing was appended");
    assert_eq!(
        sandbox.post("/v1/components", samples::HEADER_CHECK).status,
        201
    );
    assert_eq!(sandbox.get("/readyz").status, 200);
}

#[test]
fn nothing_is_answered_before_it_is_durable() {
    let (log, sandbox) = Sandbox::faulty();
    log.hold();
    let mut writer = sandbox.client();
    let request =
        Request::new("POST", "/v1/components").content("application/json", samples::HEADER_CHECK);
    writer.write(&request.to_bytes(sandbox.running.address()));
    log.wait_until_held();
    // Others are answered meanwhile, and don't see it.
    assert_eq!(sandbox.get("/v1/components/header_check").status, 404);
    log.release();
    assert_eq!(writer.read(false).unwrap().status, 201);
    wait::until("it is seen", || {
        sandbox.get("/v1/components/header_check").status == 200
    });
}
