//! What holds of every reading of a document, whatever the bytes.

use deedbook_model::component::{
    Draft, ReadOptions, Reading, hash_of, read, read_node, same_content,
};
use deedbook_model::document::{self, Node, Syntax, Value as Tree};
use deedbook_model::issue::{Issue, IssueKind, Severity};
use serde_json::{Map, Value};

const CREATED: &str = "2026-03-02T10:00:00Z";
const MODIFIED: &str = "2026-03-02T11:30:00.000250Z";
const LATER: &str = "2027-01-01T00:00:00Z";

/// Longer than any message or hint with the offending value shortened.
const LONGEST_MESSAGE: usize = 800;

/// Reads a document by all sets of rules, and returns the reading by the ordinary one.
pub(super) fn check(bytes: &[u8], syntax: Syntax) -> Reading {
    let lines = line_count(bytes);
    let node = match document::parse(bytes, syntax) {
        Ok(node) => node,
        Err(issues) => {
            let reading = Reading {
                draft: None,
                issues,
                uuid: None,
                name: None,
                version: None,
            };
            check_issues(&reading, lines);
            return reading;
        }
    };
    let reading = read(bytes, syntax, &ReadOptions::default());
    check_issues(&reading, lines);
    check_pointers(&reading, &node);
    check_other_options(&reading, &node, lines);
    if let Some(draft) = &reading.draft {
        check_draft(draft);
    }
    reading
}

/// 1 + the line breaks of YAML: LF, CR LF, CR.
fn line_count(bytes: &[u8]) -> usize {
    let mut previous = 0;
    let mut lines = 1;
    for byte in bytes {
        lines += usize::from(matches!((previous, byte), (_, b'\r') | (0..=12 | 14.., b'\n')));
        previous = *byte;
    }
    lines
}

fn check_issues(reading: &Reading, lines: usize) {
    let refused = reading.errors().next().is_some();
    assert_eq!(refused, reading.draft.is_none(), "{:?}", reading.issues);
    for issue in &reading.issues {
        let pointer = &issue.pointer;
        assert!(is_pointer(pointer), "{pointer:?} is no pointer: {issue:?}");
        assert_eq!(issue.code, issue.kind.code_at(pointer), "{issue:?}");
        let line = issue.line.map(|line| usize::try_from(line).unwrap_or(0));
        assert!(
            line.is_none_or(|line| (1..=lines).contains(&line)),
            "no such line among {lines}: {issue:?}"
        );
        for text in [Some(&issue.message), issue.hint.as_ref()]
            .into_iter()
            .flatten()
        {
            let good = !text.is_empty()
                && text.len() <= LONGEST_MESSAGE
                && !text.chars().any(char::is_control);
            assert!(good, "{issue:?}");
        }
    }
    if let Some(draft) = &reading.draft {
        assert_eq!(draft.warnings(), reading.issues);
    }
}

/// RFC 6901: empty, or segments after `/` in which `~` is `~0` or `~1`.
pub(super) fn is_pointer(text: &str) -> bool {
    let escaped = |segment: &str| {
        segment
            .split('~')
            .skip(1)
            .all(|after| after.starts_with(['0', '1']))
    };
    match text.split_once('/') {
        None => text.is_empty(),
        Some((before, segments)) => before.is_empty() && segments.split('/').all(escaped),
    }
}

/// An issue with a value points to a value. (Older documents are rewritten before they are
/// judged, so what is wrong may be what something stands for.)
fn check_pointers(reading: &Reading, node: &Node) {
    let current = node
        .get("metadata_version")
        .and_then(Node::as_text)
        .is_some_and(|version| version.starts_with("0.3."));
    for issue in reading.issues.iter().filter(|_| current) {
        let whole = || find(node, &issue.pointer).is_some();
        let found = match issue.kind {
            IssueKind::MissingField | IssueKind::LifecycleRule => {
                let parent = issue
                    .pointer
                    .rsplit_once('/')
                    .map_or("", |(parent, _)| parent);
                find(node, parent).is_some() && (!whole() || is_null(node, &issue.pointer))
            }
            _ => whole(),
        };
        assert!(found, "points nowhere: {issue:?}");
    }
}

fn is_null(node: &Node, pointer: &str) -> bool {
    find(node, pointer).is_some_and(|node| node.value == Tree::Null)
}

fn find<'a>(mut node: &'a Node, pointer: &str) -> Option<&'a Node> {
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        node = match &node.value {
            Tree::List(items) => items.get(segment.parse::<usize>().ok()?)?,
            Tree::Object(members) => {
                let member = members.iter().find(|(key, _)| key.text == segment);
                &member?.1
            }
            _ => return None,
        };
    }
    Some(node)
}

/// The options do what they say, and nothing else.
fn check_other_options(plain: &Reading, node: &Node, lines: usize) {
    let with = |options: ReadOptions| {
        let reading = read_node(node.clone(), &options);
        check_issues(&reading, lines);
        reading
    };
    let strict = with(ReadOptions {
        strict: true,
        ..ReadOptions::default()
    });
    let relaxed: Vec<Issue> = strict.issues.into_iter().map(relax).collect();
    assert_eq!(relaxed, plain.issues, "strict only makes warnings errors");

    let unhashed = with(ReadOptions {
        ignore_hash: true,
        ..ReadOptions::default()
    });
    let others = plain.issues.iter();
    let others: Vec<&Issue> = others
        .filter(|issue| issue.kind != IssueKind::HashMismatch)
        .collect();
    assert_eq!(unhashed.issues.iter().collect::<Vec<_>>(), others);

    let peer = with(ReadOptions {
        from_peer: true,
        ..ReadOptions::default()
    });
    if let Some(draft) = &plain.draft {
        let same = peer.draft.as_ref().map(Draft::document);
        assert_eq!(same, Some(draft.document()));
    }
    if let Some(draft) = &peer.draft {
        assert!(draft.component().is_ok(), "{:?}", draft.document());
    }
}

fn relax(issue: Issue) -> Issue {
    let severity = match issue.kind {
        IssueKind::UnknownField => Severity::Warning,
        _ => issue.severity,
    };
    Issue { severity, ..issue }
}

/// What is stored reads back as itself.
pub(super) fn check_draft(draft: &Draft) {
    let stored = draft.finish(CREATED, MODIFIED);
    let document: Map<String, Value> = serde_json::from_slice(&stored.bytes)
        .unwrap_or_else(|error| panic!("the stored bytes aren't a JSON object: {error}"));
    assert_eq!(stored.hash, hash_of(&document));
    assert_eq!(document.get("hash"), Some(&Value::from(&*stored.hash)));
    for (name, value) in draft.document() {
        assert_eq!(document.get(name), Some(value), "{name}");
    }
    assert!(same_content(&document, draft));

    let again = reread(&stored.bytes, Syntax::Json)
        .unwrap_or_else(|issues| panic!("the stored document is refused: {issues:?}"));
    let twice = again.finish(LATER, LATER);
    assert_eq!(twice, stored, "storing it again changes it");
    assert!(same_content(&document, &again));
    assert_eq!(facts(&again), facts(draft));
    for warning in again.warnings() {
        assert_eq!(warning.kind, IssueKind::UnknownField, "{warning:?}");
    }

    if let Ok(yaml) = reread(&stored.bytes, Syntax::Yaml) {
        assert_eq!(
            yaml.finish(LATER, LATER),
            stored,
            "YAML takes it for another"
        );
    }
    check_types(draft);
}

fn reread(bytes: &[u8], syntax: Syntax) -> Result<Draft, Vec<Issue>> {
    let reading = read(bytes, syntax, &ReadOptions::default());
    reading.draft.ok_or(reading.issues)
}

fn facts(draft: &Draft) -> impl PartialEq + std::fmt::Debug + '_ {
    (
        (draft.uuid(), draft.name(), draft.version()),
        (draft.meta_type(), draft.lifecycle(), draft.dependencies()),
    )
}

/// The typed form holds all that the document does.
fn check_types(draft: &Draft) {
    let typed = draft
        .component()
        .unwrap_or_else(|error| panic!("no typed form: {error} of {:?}", draft.document()));
    let value = serde_json::to_value(typed)
        .unwrap_or_else(|error| panic!("the typed form isn't JSON: {error}"));
    let reading = read_node(Node::from(&value), &ReadOptions::default());
    let document: Option<&Map<String, Value>> = reading.draft.as_ref().map(Draft::document);
    assert_eq!(document, Some(draft.document()), "{:?}", reading.issues);
}
