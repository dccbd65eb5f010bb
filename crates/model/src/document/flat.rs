//! Flat `key: value` lines, as stamped into Python and Markdown files: values written without
//! YAML's quoting, nested objects flattened to dotted keys.

use std::collections::HashMap;

use crate::issue::{Issue, IssueKind};

use super::budget::{Budget, check_depth};
use super::node::{Key, Node, Value, duplicate_key, first_repeated};
use super::yaml;

/// One key at the margin and the lines that belong to it.
struct Entry<'a> {
    name: &'a str,
    rest: &'a str,
    chunk: String,
    line: u32,
    continued: bool,
}

/// Reads bare lines key by key; `None` if they don't look like that at all.
///
/// A value that is YAML by itself is read as such. One that isn't (`description: a: b`) is
/// text up to the end of its line.
pub(super) fn parse(text: &str, first_line: u32) -> Option<Result<Node, Issue>> {
    let entries = entries(text, first_line)?;
    Some(read(entries).map(|members| Node::new(Value::Object(members), Some(first_line))))
}

fn entries(text: &str, first_line: u32) -> Option<Vec<Entry<'_>>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for (line, number) in text.lines().zip(first_line..) {
        let blank = line.trim().is_empty();
        if blank || line.starts_with([' ', '\t', '-', '#']) {
            match entries.last_mut() {
                Some(entry) => {
                    entry.continued |= !blank && !line.starts_with('#');
                    entry.chunk.push_str(line);
                    entry.chunk.push('\n');
                }
                None if blank || line.starts_with('#') => {}
                None => return None,
            }
            continue;
        }
        let (name, rest) = line.split_once(':')?;
        let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty()
            || !name.chars().all(bare)
            || !(rest.is_empty() || rest.starts_with([' ', '\t']))
        {
            return None;
        }
        entries.push(Entry {
            name,
            rest: rest.trim(),
            chunk: format!("{line}\n"),
            line: number,
            continued: false,
        });
    }
    (!entries.is_empty()).then_some(entries)
}

fn read(entries: Vec<Entry<'_>>) -> Result<Vec<(Key, Node)>, Issue> {
    let mut budget = Budget::new();
    let mut members = Vec::with_capacity(entries.len());
    for entry in entries {
        let line = Some(entry.line);
        let key = Key::new(entry.name.to_owned(), line);
        let node = match yaml::parse_within(&entry.chunk, entry.line, &mut budget) {
            Ok(node) => only_member(node),
            Err(issue) if issue.kind == IssueKind::Syntax && !entry.continued => None,
            Err(issue) => return Err(issue),
        };
        let text = || Node::new(Value::Text(entry.rest.to_owned()), line);
        members.push((key, node.unwrap_or_else(text)));
    }
    match first_repeated(&members).and_then(|at| members.get(at)) {
        Some((key, _)) => Err(duplicate_key("", key)),
        None => Ok(members),
    }
}

fn only_member(node: Node) -> Option<Node> {
    match node.value {
        Value::Object(mut members) if members.len() == 1 => members.pop().map(|(_, node)| node),
        _ => None,
    }
}

/// Folds `entrypoint.type: python` into `entrypoint: {type: python}`.
pub(super) fn fold(node: Node) -> Result<Node, Issue> {
    match node.value {
        Value::Object(members) => Ok(Node {
            value: Value::Object(fold_members(members, "", 1)?),
            ..node
        }),
        value => Ok(Node { value, ..node }),
    }
}

/// All members whose names share the first word.
struct Group {
    key: Key,
    whole: Option<Node>,
    parts: Vec<(Key, Node)>,
}

fn fold_members(
    members: Vec<(Key, Node)>,
    pointer: &str,
    depth: usize,
) -> Result<Vec<(Key, Node)>, Issue> {
    if !members.iter().any(|(key, _)| key.text.contains('.')) {
        return match first_repeated(&members).and_then(|at| members.get(at)) {
            Some((key, _)) => Err(duplicate_key(pointer, key)),
            None => Ok(members),
        };
    }
    check_depth(depth)?;
    let mut folded = Vec::new();
    for group in grouped(members, pointer)? {
        let Group { key, whole, parts } = group;
        let node = if parts.is_empty() {
            whole.unwrap_or_else(|| Node::new(Value::Null, key.line))
        } else {
            let inner = joined(&key, whole, parts, pointer)?;
            let pointer = format!("{pointer}/{}", key.text);
            let inner = fold_members(inner, &pointer, depth + 1)?;
            Node::new(Value::Object(inner), key.line)
        };
        folded.push((key, node));
    }
    Ok(folded)
}

fn grouped(members: Vec<(Key, Node)>, pointer: &str) -> Result<Vec<Group>, Issue> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (key, node) in members {
        let (first, rest) = match key.text.split_once('.') {
            Some((first, rest)) if !first.is_empty() && !rest.is_empty() => (first, Some(rest)),
            _ => (key.text.as_str(), None),
        };
        let at = *places.entry(first.to_owned()).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Group {
                key: Key::new(first.to_owned(), key.line),
                whole: None,
                parts: Vec::new(),
            });
        }
        let Some(group) = groups.get_mut(at) else {
            continue;
        };
        match rest {
            Some(rest) => group
                .parts
                .push((Key::new(rest.to_owned(), key.line), node)),
            None if group.whole.is_none() => group.whole = Some(node),
            None => return Err(duplicate_key(pointer, &key)),
        }
    }
    Ok(groups)
}

/// The members of an object given whole, then those given by dotted keys.
fn joined(
    key: &Key,
    whole: Option<Node>,
    parts: Vec<(Key, Node)>,
    pointer: &str,
) -> Result<Vec<(Key, Node)>, Issue> {
    match whole.map(|node| node.value) {
        None | Some(Value::Null) => Ok(parts),
        Some(Value::Object(mut members)) => {
            members.extend(parts);
            Ok(members)
        }
        Some(_) => Err(duplicate_key(pointer, key)),
    }
}
