//! What 0.1 and 0.2 documents mean in 0.3.
//!
//! The tree is rewritten before it is judged. Where that loses something, the original is kept
//! for `x_extensions.legacy`.

use serde_json::{Map, Value as Json};

use crate::document::{self, Key, Node, Syntax, Value};
use crate::issue::{Issue, IssueKind};

use super::dependency::Requirement;
use crate::judge::Judge;
use crate::judge::Profile;
use crate::judge::form::{is_name, is_uuid};

const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const PLACEHOLDERS: [&str; 3] = [
    "<TO_BE_COMPUTED>",
    "HASH_TO_BE_COMPUTED",
    "TEMPLATE_HASH_TO_BE_COMPUTED",
];
/// Kinds of dependencies that no registry holds.
const EXTERNAL_TYPES: [&str; 5] = [
    "library",
    "binary",
    "external_service",
    "protocol_adherence",
    "data_source",
];

/// Whether a hash only keeps the place of one.
pub(super) fn is_placeholder(hash: &str, profile: Profile) -> bool {
    hash == ZEROS || profile == Profile::Legacy && PLACEHOLDERS.contains(&hash)
}

/// Rewrites a document's members and returns the originals of what was lost.
pub(super) fn rewrite(members: &mut Vec<(Key, Node)>, judge: &mut Judge) -> Map<String, Json> {
    let mut originals = Map::new();
    let mut canary = false;
    for (index, (key, node)) in members.iter_mut().enumerate() {
        let original = match key.text.as_str() {
            "metadata_version" | "hash" => {
                node.to_json().filter(|_| !is_hash_placeholder(key, node))
            }
            "lifecycle" => lifecycle(node).map(|word| {
                canary |= word == "canary";
                judge.report((index, 0), legacy_word(&word, node));
                Json::from(word)
            }),
            "protocol_version" | "schema_version" => third_number(node),
            "namespace" => namespace(node),
            "capabilities" => capabilities(node),
            "dependencies" | "targets" => dependencies(node),
            "entrypoint" => {
                entrypoint(node);
                None
            }
            _ => None,
        };
        if let Some(original) = original.filter(|original| !original.is_null()) {
            originals.insert(key.text.clone(), original);
        }
    }
    if canary {
        add_tag(members, "canary");
    }
    originals
}

/// Puts the originals under `x_extensions.legacy`.
pub(super) fn keep(document: &mut Map<String, Json>, originals: Map<String, Json>) {
    if originals.is_empty() {
        return;
    }
    let extensions = document
        .entry("x_extensions")
        .or_insert_with(|| Json::Object(Map::new()));
    let Json::Object(extensions) = extensions else {
        return;
    };
    match extensions.get_mut("legacy") {
        Some(Json::Object(legacy)) => {
            for (name, original) in originals {
                legacy.entry(name).or_insert(original);
            }
        }
        Some(other) => {
            let mut legacy = originals;
            legacy.insert("x_extensions.legacy".to_owned(), other.take());
            *other = Json::Object(legacy);
        }
        None => {
            extensions.insert("legacy".to_owned(), Json::Object(originals));
        }
    }
}

/// Gives a state that must say why a reason of its own: what is stored is valid in 0.3.
pub(super) fn state_reason(document: &mut Map<String, Json>) {
    let reasons: &[&str] = match document.get("lifecycle").and_then(Json::as_str) {
        Some("deprecated") => &["deprecated_reason", "deprecated_by"],
        Some("archived") => &["archived_reason"],
        _ => return,
    };
    if let Some(first) = reasons.first()
        && !reasons.iter().any(|reason| document.contains_key(*reason))
    {
        let unstated = Json::from("not stated in the original document");
        document.insert((*first).to_owned(), unstated);
    }
}

fn is_hash_placeholder(key: &Key, node: &Node) -> bool {
    key.text == "hash"
        && node
            .as_text()
            .is_some_and(|hash| is_placeholder(hash, Profile::Legacy))
}

/// Exchanges an older word for its successor and returns it.
fn lifecycle(node: &mut Node) -> Option<String> {
    let Value::Text(word) = &mut node.value else {
        return None;
    };
    let successor = match word.as_str() {
        "canary" | "stable" => "active",
        "experimental" | "review" | "template" => "draft",
        _ => return None,
    };
    Some(std::mem::replace(word, successor.to_owned()))
}

fn legacy_word(word: &str, node: &Node) -> Issue {
    let now = node.as_text().unwrap_or_default();
    Issue::warning(
        IssueKind::LegacyValue,
        "/lifecycle",
        format!("`{word}` is an older word and was read as `{now}`"),
    )
    .with_hint(match word {
        "canary" => "write `active` and the tag `canary`".to_owned(),
        _ => format!("write `{now}`"),
    })
    .at_line(node.line)
}

fn add_tag(members: &mut Vec<(Key, Node)>, tag: &str) {
    let new = Node::new(Value::Text(tag.to_owned()), None);
    match members.iter_mut().find(|(key, _)| key.text == "tags") {
        None => {
            let list = Node::new(Value::List(vec![new]), None);
            members.push((Key::new("tags".to_owned(), None), list));
        }
        Some((_, node)) => match &mut node.value {
            Value::List(items) if items.iter().all(|item| item.as_text() != Some(tag)) => {
                items.push(new);
            }
            Value::Null => node.value = Value::List(vec![new]),
            _ => {}
        },
    }
}

/// `1.1` is `1.1.0`.
fn third_number(node: &mut Node) -> Option<Json> {
    let Value::Text(text) = &mut node.value else {
        return None;
    };
    let two = text.split('.').count() == 2;
    let original = two.then(|| Json::from(text.as_str()));
    if two {
        text.push_str(".0");
    }
    original
}

/// `{value: text}` is the text.
fn namespace(node: &mut Node) -> Option<Json> {
    let text = node.get("value")?.as_text()?.to_owned();
    let more = matches!(&node.value, Value::Object(members) if members.len() > 1);
    let original = more.then(|| node.to_json()).flatten();
    node.value = Value::Text(text);
    original
}

/// `{name, description}` is the name.
fn capabilities(node: &mut Node) -> Option<Json> {
    let before = node.to_json();
    let Value::List(items) = &mut node.value else {
        return None;
    };
    let mut lost = false;
    for item in items {
        let name = item.get("name").and_then(Node::as_text).map(str::to_owned);
        if let (Value::Object(members), Some(name)) = (&item.value, name) {
            lost |= members.len() > 1;
            item.value = Value::Text(name);
        }
    }
    before.filter(|_| lost)
}

/// The dictionary of another language, written as text, is an object.
fn entrypoint(node: &mut Node) {
    let Some(text) = node.as_text().filter(|text| text.starts_with('{')) else {
        return;
    };
    if let Ok(parsed) = document::parse(text.as_bytes(), Syntax::Yaml)
        && matches!(parsed.value, Value::Object(_))
    {
        node.value = parsed.value;
    }
}

fn dependencies(node: &mut Node) -> Option<Json> {
    let before = node.to_json();
    let Value::List(items) = &mut node.value else {
        return None;
    };
    let mut lost = false;
    for item in items {
        let Value::Object(members) = &mut item.value else {
            continue;
        };
        rename_required(members);
        rename_id(members);
        if let Some(uri) = resolve_target(members) {
            item.value = Value::Text(uri);
            lost = true;
        }
    }
    before.filter(|_| lost)
}

fn text_of<'a>(members: &'a [(Key, Node)], name: &str) -> Option<&'a str> {
    let (_, node) = members.iter().find(|(key, _)| key.text == name)?;
    node.as_text()
}

fn has(members: &[(Key, Node)], name: &str) -> bool {
    members
        .iter()
        .any(|(key, node)| key.text == name && node.value != Value::Null)
}

fn add(members: &mut Vec<(Key, Node)>, name: &str, text: &str) {
    let node = Node::new(Value::Text(text.to_owned()), None);
    members.push((Key::new(name.to_owned(), None), node));
}

/// `required: false` is `optional: true`.
fn rename_required(members: &mut [(Key, Node)]) {
    if has(members, "optional") {
        return;
    }
    let required = members.iter_mut().find(|(key, _)| key.text == "required");
    if let Some((key, node)) = required
        && let Value::Bool(flag) = &mut node.value
    {
        *flag = !*flag;
        key.rename("optional");
    }
}

/// An `id` is a uuid or, in test cases, a name.
fn rename_id(members: &mut Vec<(Key, Node)>) {
    let Some(id) = text_of(members, "id").map(str::to_owned) else {
        return;
    };
    if has(members, "uuid") || !is_uuid(&id) && has(members, "name") {
        return;
    }
    let name = if is_uuid(&id) { "uuid" } else { "name" };
    // A null member of that name would be the same name twice.
    members.retain(|(key, _)| key.text != name);
    if let Some((key, _)) = members.iter_mut().find(|(key, _)| key.text == "id") {
        key.rename(name);
    }
    if name == "name" && !is_name(&id) && !has(members, "kind") {
        add(members, "kind", "external");
    }
}

/// Finds out what an entry with `type` and `target` names; a URI takes the whole entry's place.
fn resolve_target(members: &mut Vec<(Key, Node)>) -> Option<String> {
    let kind = text_of(members, "type").unwrap_or_default().to_owned();
    let target = text_of(members, "target").map(str::to_owned);
    if has(members, "kind") {
        return None;
    }
    if EXTERNAL_TYPES.contains(&kind.as_str()) {
        if let Some(target) = target.filter(|_| !has(members, "name")) {
            add(members, "name", &target);
        }
        add(members, "kind", "external");
        return None;
    }
    let target = target.filter(|_| kind == "onex_node" && !has(members, "uuid"))?;
    let (uuid, spec) = match target.split_once('@') {
        Some((uuid, spec)) => (uuid, Some(spec)),
        None => (target.as_str(), None),
    };
    if is_uuid(uuid) {
        add(members, "uuid", uuid);
        if let Some(spec) = spec.filter(|_| !has(members, "version_spec")) {
            add(members, "version_spec", spec);
        }
        return None;
    }
    let optional = members
        .iter()
        .any(|(key, node)| key.text == "optional" && node.value == Value::Bool(true));
    let is_uri = matches!(Requirement::parse(&target), Requirement::Component { .. });
    (is_uri && !optional).then_some(target)
}
