//! What refusals keep to themselves.

use deedbook_testkit::http::Request;

use crate::identity::{get, guarded, send, with};

/// A name of the samples, and a version of it.
const NAME: &str = "geo_index";

#[test]
fn versions_are_listed_only_for_whoever_may_see_them() {
    let sandbox = guarded();
    let known = get(
        &sandbox,
        "reader",
        &format!("/v1/components/{NAME}?versionSpec=9.9.9"),
    );
    assert_eq!(known.status, 404);
    assert!(known.text().contains("there are "), "{}", known.text());
    for part in ["", "/history", "/why", "/graph", "/dependents", "/diff"] {
        let more = if part == "/diff" { "&from=1" } else { "" };
        let target = format!("/v1/components/{NAME}{part}?versionSpec=9.9.9{more}");
        let answer = get(&sandbox, "elsewhere", &target);
        assert_eq!(answer.status, 403, "{target}: {}", answer.text());
        assert!(!answer.text().contains("there are "), "{}", answer.text());
    }
    let target = format!("/v1/components/{NAME}?versionSpec=9.9.9");
    let answer = send(&sandbox, "elsewhere", "DELETE", &target, "");
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(!answer.text().contains("there are "), "{}", answer.text());
}

#[test]
fn a_grpc_message_of_one_who_may_not_ask_is_not_read() {
    let sandbox = guarded();
    for (credential, method, status) in [
        ("none", "ComponentService/Get", "16"),
        ("wrong", "ComponentService/Batch", "16"),
        ("reader", "ComponentService/Register", "7"),
        ("none", "WatchService/Watch", "16"),
    ] {
        let request = Request::new("POST", &format!("/deedbook.v1.{method}"));
        let request = request
            .header("content-type", "application/grpc")
            .header("content-length", "50000000");
        let mut client = sandbox.client();
        client.write(&with(credential, request).to_bytes(sandbox.running.address()));
        let head = client.head().unwrap();
        assert_eq!(
            head.header("grpc-status"),
            Some(status),
            "{credential} {method}"
        );
    }
}
