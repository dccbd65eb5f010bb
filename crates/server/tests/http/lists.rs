//! Lists: pages of one revision, lines, and what is compressed.

use deedbook_testkit::http::{Request, Response};

use crate::sandbox::{Sandbox, document, options};

fn many(count: u64) -> Sandbox {
    let sandbox = Sandbox::new();
    let writes: Vec<String> = (1..=count)
        .map(|number| {
            let document = document(&format!("part_{number:04}"), number);
            format!(r#"{{"op":"register","kind":"component","document":{document}}}"#)
        })
        .collect();
    let batch = format!(r#"{{"writes":[{}]}}"#, writes.join(","));
    assert_eq!(sandbox.post("/v1/batch", &batch).status, 200);
    sandbox
}

fn names(page: &Response) -> Vec<String> {
    let page = page.json();
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["data"]["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn pages_go_on_at_the_revision_that_the_list_began_at() {
    let sandbox = many(25);
    let first = sandbox.get("/v1/components?limit=10");
    let cursor = first.json()["nextCursor"].as_str().unwrap().to_owned();
    // What comes and goes meanwhile isn't seen.
    assert_eq!(
        sandbox
            .post("/v1/components", &document("part_0011a", 99))
            .status,
        201
    );
    let gone = Request::new("DELETE", "/v1/components/part_0012");
    assert_eq!(sandbox.send(&gone).status, 200);
    let second = sandbox.get(&format!("/v1/components?limit=10&cursor={cursor}"));
    assert_eq!(second.header("deedbook-revision"), Some("26"));
    let expected: Vec<String> = (11..=20)
        .map(|number| format!("part_{number:04}"))
        .collect();
    assert_eq!(names(&second), expected);
    let other = sandbox.get(&format!("/v1/components?tag=t1&cursor={cursor}"));
    assert_eq!(other.code(), "invalid");
    assert_eq!(sandbox.get("/v1/components?cursor=abc").code(), "invalid");
}

#[test]
fn a_list_whose_revision_is_gone_says_so() {
    let sandbox = many(25);
    let first = sandbox.get("/v1/components?limit=10");
    let cursor = first.json()["nextCursor"].as_str().unwrap().to_owned();
    for number in 100..103 {
        let made = sandbox.post(
            "/v1/components",
            &document(&format!("new_{number}"), number),
        );
        assert_eq!(made.status, 201);
    }
    assert_eq!(
        sandbox.post("/v1/compact", r#"{"before":28}"#).json()["floor"],
        28
    );
    let second = sandbox.get(&format!("/v1/components?limit=10&cursor={cursor}"));
    assert_eq!(
        (second.status, second.code().as_str()),
        (410, "cursor_expired")
    );
    assert_eq!(sandbox.get("/v1/components?at=5").code(), "compacted");
    assert_eq!(sandbox.get("/v1/changes?after=5").code(), "compacted");
    assert_eq!(
        sandbox.get("/v1/changes").json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn all_come_as_lines_also_compressed() {
    let sandbox = many(300);
    let request =
        Request::new("GET", "/v1/components?tag=t1").header("Accept", "application/x-ndjson");
    let lines = sandbox.send(&request);
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(lines.text().lines().count(), 100);
    let packed = sandbox.send(&request.header("Accept-Encoding", "gzip"));
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let begins_as_gzip = packed.body.starts_with(&[0x1f, 0x8b]);
    assert!(begins_as_gzip && packed.body.len() < lines.body.len() / 4);
}

#[test]
fn only_what_is_worth_it_is_compressed() {
    let sandbox = many(300);
    let get =
        |target: &str| sandbox.send(&Request::new("GET", target).header("Accept-Encoding", "gzip"));
    assert_eq!(get("/v1/head").header("content-encoding"), None);
    assert_eq!(
        get("/v1/components?limit=20").header("content-encoding"),
        Some("gzip")
    );
    // Longer than what is compressed at once.
    assert_eq!(
        get("/v1/components?limit=300").header("content-encoding"),
        Some("gzip")
    );
    assert_eq!(
        sandbox
            .get("/v1/components?limit=300")
            .header("content-encoding"),
        None
    );
}

#[test]
fn changes_come_in_pages_that_end_where_the_list_began() {
    let sandbox = many(5);
    let first = sandbox.get("/v1/changes?limit=4&kind=component").json();
    let revisions = |page: &serde_json::Value| -> Vec<u64> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["revision"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(
        (revisions(&first), &first["revision"]),
        (vec![2, 3, 4, 5], &6.into())
    );
    assert_eq!(
        sandbox.post("/v1/components", &document("late", 9)).status,
        201
    );
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = sandbox
        .get(&format!(
            "/v1/changes?limit=4&kind=component&cursor={cursor}"
        ))
        .json();
    assert_eq!(
        (revisions(&second), &second["nextCursor"]),
        (vec![6], &serde_json::Value::Null)
    );
    let other = sandbox.get(&format!("/v1/changes?limit=4&cursor={cursor}"));
    assert_eq!(other.code(), "invalid");
    assert_eq!(
        sandbox.get("/v1/changes?after=2&limit=1").json()["items"][0]["record"]["revision"],
        3
    );
}

#[test]
fn a_backup_can_be_restored() {
    let sandbox = many(5);
    let backup = sandbox.get("/v1/backup");
    assert_eq!(
        backup.header("content-type"),
        Some("application/octet-stream")
    );
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("restored");
    let restored = deedbook_book::restore(&target, "ada", &mut backup.body.as_slice()).unwrap();
    assert_eq!(restored.view().component_count(), 5);
}

#[test]
fn a_cursor_of_another_history_is_refused() {
    let old = many(5);
    let (root, other) = (
        r#"{"name":"root","grants":["ADMIN"]}"#,
        r#"{"name":"w","grants":[]}"#,
    );
    let token = old.post("/v1/principals", root).json()["token"].clone();
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let ask = |sandbox: &Sandbox, method: &str, target: &str| {
        let request = Request::new(method, target).header("Authorization", &bearer);
        sandbox.send(&match method {
            "POST" => request.content("application/json", other),
            _ => request,
        })
    };
    assert_eq!(ask(&old, "POST", "/v1/principals").status, 201);
    let backup = ask(&old, "GET", "/v1/backup");
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("restored");
    let restored = deedbook_book::restore(&target, "ada", &mut backup.body.as_slice()).unwrap();
    let new = Sandbox::of(restored, options());
    for list in ["/v1/changes", "/v1/principals"] {
        let first = ask(&old, "GET", &format!("{list}?limit=1")).json();
        let next = format!(
            "{list}?limit=1&cursor={}",
            first["nextCursor"].as_str().unwrap()
        );
        assert_eq!(ask(&old, "GET", &next).status, 200, "{list}");
        let refused = ask(&new, "GET", &next);
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (400, "invalid"),
            "{list}"
        );
    }
}
