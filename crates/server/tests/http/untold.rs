//! What refusals keep to themselves.

use crate::identity::{get, guarded, send};

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
