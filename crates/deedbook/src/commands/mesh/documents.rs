//! Documents of the mesh out of files: alone, in a list, several in a YAML file or on JSON lines,
//! bare or as `get` and `ls` print them.

use deedbook_api::grpc::v1;
use deedbook_model::document::{self, Node, Syntax, Value};
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::mesh::{Draft, MeshKey, MeshKind, ReadOptions, read_node};
use prost::Message;
use serde_json::json;
use serde_json::value::RawValue;

use crate::documents::Lines;
use crate::error::Failure;
use crate::files::{Input, MAX_BYTES_OF_RECORDS, Text};

/// How documents are read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    /// What they are; without it each says so itself.
    pub(super) kind: Option<MeshKind>,
    /// The namespace of those that name none.
    pub(super) namespace: Option<&'a str>,
    /// Refuse unknown members.
    pub(super) strict: bool,
}

/// A document and where it stood.
pub(super) struct Document {
    /// The file, and where in it.
    pub(super) label: String,
    /// The line on which it begins, if it isn't alone.
    pub(super) line: Option<u32>,
    /// The document, or why it isn't one.
    pub(super) draft: Result<Draft, Failure>,
}

/// Reads the documents of an input.
pub(super) fn read(input: &Input, reading: Reading<'_>) -> Result<Vec<Document>, Failure> {
    let text = input.read_up_to(MAX_BYTES_OF_RECORDS)?;
    let label = input.label();
    if text.bytes.trim_ascii().is_empty() {
        return Ok(vec![refused(label, vec![nothing(reading.kind)], 0)]);
    }
    if let Some(list) = protobuf(&label, &text)? {
        return Ok(of_protobuf(&label, &list, reading));
    }
    let mut found = match text.syntax {
        Syntax::Json => of_json(&label, &text, reading),
        _ => of_yaml(&label, &text.bytes, reading),
    };
    if let [only] = found.as_mut_slice() {
        only.line = None;
    }
    Ok(found)
}

/// There is no document where one should be.
fn nothing(kind: Option<MeshKind>) -> Issue {
    let kind = kind.unwrap_or(MeshKind::Node);
    let hint = format!(
        "a record is expected, as `deedbook {kind} get -o json` prints it, or several, one a line"
    );
    Issue::error(IssueKind::Syntax, "", "the file is empty").with_hint(hint)
}

fn of_json(label: &str, text: &Text, reading: Reading<'_>) -> Vec<Document> {
    let parts = json_parts(&text.bytes).into_iter();
    parts
        .map(|(place, part)| {
            let label = match place.as_str() {
                "" => label.to_owned(),
                place => format!("{label}#{place}"),
            };
            one(label, part.bytes, Syntax::Json, part.before, reading)
        })
        .collect()
}

/// A part of a text, and the number of lines before it.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) before: u32,
}

/// The documents in a JSON text, each with its place: those of a list or of a page, those on its
/// lines, or itself.
pub(super) fn json_parts(bytes: &[u8]) -> Vec<(String, Part<'_>)> {
    if let Ok(whole) = serde_json::from_slice::<&RawValue>(bytes) {
        let mut lines = Lines::of(bytes);
        let parts = parts_of(whole).into_iter().map(|(place, part)| {
            let before = lines.before(part.get());
            let bytes = part.get().as_bytes();
            (place, Part { bytes, before })
        });
        return parts.collect();
    }
    // Lines are told from one document that is broken by their first being whole.
    let lines = bytes.split(|byte| *byte == b'\n').zip(0..);
    let lines = lines.filter(|(line, _)| !line.trim_ascii().is_empty());
    let lines: Vec<(&[u8], u32)> = lines.collect();
    let is_lines = lines.first().is_some_and(|(line, _)| {
        lines.len() > 1 && serde_json::from_slice::<&RawValue>(line).is_ok()
    });
    if !is_lines {
        return vec![(String::new(), Part { bytes, before: 0 })];
    }
    let parts = lines.into_iter();
    parts
        .map(|(bytes, before)| (String::new(), Part { bytes, before }))
        .collect()
}

/// The documents in a JSON value, each with its pointer.
fn parts_of(whole: &RawValue) -> Vec<(String, &RawValue)> {
    #[derive(serde::Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        items: Vec<&'a RawValue>,
    }
    let (items, below) = if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(whole.get()) {
        (items, "")
    } else if let Ok(page) = serde_json::from_str::<Page<'_>>(whole.get()) {
        (page.items, "/items")
    } else {
        return vec![(String::new(), whole)];
    };
    let items = items.into_iter().enumerate();
    items
        .map(|(place, item)| (format!("{below}/{place}"), item))
        .collect()
}

/// The answer to `ListRecords` that a text is, if it is one: what is named so, and what can't be
/// text.
fn protobuf(label: &str, text: &Text) -> Result<Option<v1::ListRecordsResponse>, Failure> {
    let endings = [".pb", ".binpb"];
    let is_named = endings.iter().any(|ending| label.ends_with(ending));
    if !is_named && is_text(&text.bytes) {
        return Ok(None);
    }
    match v1::ListRecordsResponse::decode(&*text.bytes) {
        Ok(list) => Ok(Some(list)),
        // Whoever reads JSON says where it has what no text has.
        Err(_) if !is_named && text.syntax == Syntax::Json => Ok(None),
        Err(error) => {
            let message = format!("not records in Protobuf: {error}");
            let issues = vec![Issue::error(IssueKind::Syntax, "", message)];
            let file = Some(label.to_owned());
            Err(Failure::Document { file, issues })
        }
    }
}

/// Whether bytes can be JSON or YAML: neither has a control character below space but white space as
/// it is, and every record's message has one, the number of its key's field.
fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < b' ' && !byte.is_ascii_whitespace();
    !bytes.iter().any(is_control) && std::str::from_utf8(bytes).is_ok()
}

/// The records of an answer to `ListRecords`.
fn of_protobuf(label: &str, list: &v1::ListRecordsResponse, reading: Reading<'_>) -> Vec<Document> {
    #[derive(serde::Serialize)]
    struct Whole<'a> {
        kind: &'a str,
        annotations: &'a std::collections::BTreeMap<String, String>,
        data: &'a RawValue,
    }
    let items = list.items.iter().enumerate();
    let items = items.map(|(place, item)| {
        let label = format!("{label}#/items/{place}");
        let whole = serde_json::from_str(&item.data).and_then(|data| {
            let (kind, annotations) = (item.kind.as_str(), &item.annotations);
            serde_json::to_vec(&Whole {
                kind,
                annotations,
                data,
            })
        });
        match whole {
            Ok(whole) => one(label, &whole, Syntax::Json, 0, reading),
            Err(error) => {
                let message = format!("isn't JSON: {error}");
                let issue = Issue::error(IssueKind::Syntax, "/data", message);
                refused(label, vec![issue], 0)
            }
        }
    });
    // Messages have no lines.
    let items = items.map(|document| Document {
        line: None,
        ..document
    });
    items.collect()
}

fn of_yaml(label: &str, bytes: &[u8], reading: Reading<'_>) -> Vec<Document> {
    let mut found = Vec::new();
    for (part, before) in yaml_parts(bytes) {
        match document::parse(part, Syntax::Yaml) {
            Err(issues) => found.push(refused(label.to_owned(), issues, before)),
            Ok(node) => {
                let (items, below) = match (&node.value, node.get("items").map(|it| &it.value)) {
                    (Value::List(items), _) => (items, ""),
                    (_, Some(Value::List(items))) => (items, "/items"),
                    _ => {
                        found.push(judged(label.to_owned(), node, before, reading));
                        continue;
                    }
                };
                let items = items.iter().enumerate();
                found.extend(items.map(|(place, item)| {
                    judged(
                        format!("{label}#{below}/{place}"),
                        item.clone(),
                        before,
                        reading,
                    )
                }));
            }
        }
    }
    found
}

/// The documents of a YAML stream, each with the number of lines before it. A line that begins with
/// `---` is nothing else in YAML, wherever it stands.
fn yaml_parts(bytes: &[u8]) -> Vec<(&[u8], u32)> {
    let mut parts = Vec::new();
    let (mut begin, mut at, mut before, mut lines) = (0, 0, 0, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let is_marker =
            line.starts_with(b"---") && line.get(3).is_none_or(|byte| byte.is_ascii_whitespace());
        if is_marker {
            parts.push((bytes.get(begin..at).unwrap_or_default(), before));
            (begin, before) = (at, lines);
        }
        at += line.len();
        lines += 1;
    }
    parts.push((bytes.get(begin..at).unwrap_or_default(), before));
    let is_said = |part: &[u8]| {
        let mut lines = part.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines.any(|line| !(line.is_empty() || line.starts_with(b"#") || line == b"---"))
    };
    // What is between two markers may be nothing; an empty file is still one document, and refused.
    if parts.iter().any(|(part, _)| is_said(part)) {
        parts.retain(|(part, _)| is_said(part));
    } else {
        parts.truncate(1);
    }
    parts
}

fn one(label: String, bytes: &[u8], syntax: Syntax, before: u32, reading: Reading<'_>) -> Document {
    match document::parse(bytes, syntax) {
        Ok(node) => judged(label, node, before, reading),
        Err(issues) => refused(label, issues, before),
    }
}

fn judged(label: String, node: Node, before: u32, reading: Reading<'_>) -> Document {
    let begins = node.line;
    let mut document = read_as(label, node, before, reading);
    document.line = begins.map(|line| line.saturating_add(before));
    document
}

fn read_as(label: String, mut node: Node, before: u32, reading: Reading<'_>) -> Document {
    let kind = match reading.kind.map_or_else(|| kind_of(&node), Ok) {
        Ok(kind) => kind,
        Err(issue) => return refused(label, vec![issue], before),
    };
    if let Some(namespace) = reading.namespace {
        put_namespace(&mut node, namespace);
    }
    let options = ReadOptions {
        key: None,
        strict: reading.strict,
    };
    match read_node(kind, &node, options) {
        Ok(draft) => Document {
            label,
            line: Some(before.saturating_add(1)),
            draft: Ok(draft.after_lines(before)),
        },
        Err(issues) => refused(label, issues, before),
    }
}

/// What a document says that it is.
fn kind_of(node: &Node) -> Result<MeshKind, Issue> {
    let Some(kind) = node.get("kind") else {
        let issue = Issue::error(IssueKind::MissingField, "/kind", "`kind` is missing");
        return Err(issue
            .with_hint("write a record as `get -o json` prints it")
            .at_line(node.line));
    };
    kind.as_text().and_then(MeshKind::named).ok_or_else(|| {
        let known: Vec<&str> = MeshKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let message = format!("is none of {}", known.join(", "));
        Issue::error(IssueKind::InvalidValue, "/kind", message).at_line(kind.line)
    })
}

/// A document that names no namespace is in that one.
fn put_namespace(node: &mut Node, namespace: &str) {
    let is_whole = node.get("kind").is_some();
    let Value::Object(members) = &mut node.value else {
        return;
    };
    let data = members
        .iter_mut()
        .find(|(key, _)| is_whole && key.text == "data");
    let members = match data.map(|(_, data)| &mut data.value) {
        Some(Value::Object(data)) => data,
        _ => members,
    };
    let Value::Object(given) = Node::from(&json!({"namespace": namespace})).value else {
        return;
    };
    if members.iter().all(|(key, _)| key.text != "namespace") {
        members.extend(given);
    }
}

fn refused(label: String, mut issues: Vec<Issue>, before: u32) -> Document {
    for issue in &mut issues {
        issue.line = issue.line.map(|line| line.saturating_add(before));
    }
    let file = Some(label.clone());
    Document {
        label,
        line: Some(before.saturating_add(1)),
        draft: Err(Failure::Document { file, issues }),
    }
}

/// The document that a reference and flags make.
pub(super) fn of_flags(
    key: &MeshKey,
    members: serde_json::Map<String, serde_json::Value>,
    strict: bool,
) -> Result<Draft, Failure> {
    let node = Node::from(&serde_json::Value::Object(members));
    let options = ReadOptions {
        key: Some(key),
        strict,
    };
    read_node(key.kind(), &node, options).map_err(|issues| Failure::Document { file: None, issues })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yaml_stream_is_cut_at_its_markers() {
        let parts = |text: &'static str| {
            let parts = yaml_parts(text.as_bytes()).into_iter();
            let text = |part| std::str::from_utf8(part).unwrap();
            parts
                .map(|(part, before)| (text(part), before))
                .collect::<Vec<_>>()
        };
        assert_eq!(parts("a: 1\n"), [("a: 1\n", 0)]);
        assert_eq!(
            parts("# x\n---\na: 1\n---\n---\nb: 2"),
            [("---\na: 1\n", 1), ("---\nb: 2", 4)]
        );
        assert_eq!(parts("---x: 1\n"), [("---x: 1\n", 0)]);
        assert_eq!(parts(""), [("", 0)]);
    }
}
