//! Bytes as JSON and as YAML documents.

use deedbook_model::document::{self, Node, Syntax};
use deedbook_model::issue::IssueKind;
use serde_json::Value;

use super::reading::check;

/// Reads the input as both; JSON is held against another reader of JSON, and against YAML.
pub fn run(input: &[u8]) {
    let bytes = super::document(input);
    check(&bytes, Syntax::Json);
    check(&bytes, Syntax::Yaml);
    check_json(&bytes);
}

fn check_json(bytes: &[u8]) {
    let ours = document::parse(bytes, Syntax::Json);
    let theirs =
        serde_json::from_slice::<Value>(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    match (ours, theirs) {
        (Ok(node), Ok(value)) => {
            let theirs = Node::from(&value).to_json();
            let ours = node.to_json();
            // Of an integer beyond 2^53 theirs keeps a float, which a fraction could be as well.
            let rounded = ours.is_none() && has_large_number(&value);
            assert!(rounded || ours == theirs, "{ours:?} is not {value}");
            check_yaml(bytes, &node);
        }
        (Ok(_), Err(error)) => {
            let beyond = error.to_string().starts_with("number out of range");
            assert!(beyond, "JSON that isn't: {error}");
        }
        (Err(issues), Ok(_)) => {
            let ours = |kind| matches!(kind, IssueKind::LimitExceeded | IssueKind::DuplicateKey);
            assert!(issues.iter().all(|issue| ours(issue.kind)), "{issues:?}");
        }
        (Err(_), Err(_)) => {}
    }
}

fn has_large_number(value: &Value) -> bool {
    const LARGE: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|float| float.abs() >= LARGE),
        Value::Array(items) => items.iter().any(has_large_number),
        Value::Object(members) => members.values().any(has_large_number),
        _ => false,
    }
}

/// YAML refuses some JSON, such as very long names; what it takes means the same.
fn check_yaml(bytes: &[u8], node: &Node) {
    if let Ok(yaml) = document::parse(bytes, Syntax::Yaml) {
        assert_eq!(yaml.to_json(), node.to_json(), "YAML takes it for another");
    }
}
