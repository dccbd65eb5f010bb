//! The tree a document is read into.

use std::collections::HashMap;

use serde_json::Number;

use crate::issue::{Issue, IssueKind, push_segment};

/// The largest integer whose canonical JSON form every reader agrees on: 2^53 − 1.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
/// From here on canonical JSON writes an exponent, so the text can't be taken for an integer.
pub const FIRST_EXPONENT: f64 = 1e21;

/// One value of a document and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// 1-based line of the file; `None` for a document that came from memory.
    pub line: Option<u32>,
    /// The text of a YAML plain scalar that was read as something else than text.
    pub source: Option<Box<str>>,
}

/// A value in document order.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing; as a member of an object the same as an absent one.
    Null,
    /// True or false.
    Bool(bool),
    /// A number that has a canonical JSON form; a zero keeps its sign, which that form has not.
    Number(Number),
    /// A number without one.
    Unrepresentable(Unrepresentable),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object; no name occurs twice.
    Object(Vec<(Key, Node)>),
}

/// Why a number can't be stored where it may be an integer as well as a double.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unrepresentable {
    /// Infinite or not a number, which JSON doesn't have.
    NotFinite,
    /// An integer beyond ±(2^53 − 1), or a float beyond the range of a double; with the nearest
    /// double, infinite beyond their range.
    TooLarge(f64),
}

/// The name of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name, for YAML the scalar's own text.
    pub text: String,
    /// 1-based line of the file.
    pub line: Option<u32>,
    /// The name in the document, where a reader put another one in its place.
    pub(crate) written: Option<Box<str>>,
}

impl Node {
    /// A node at a line, without source text.
    pub(crate) fn new(value: Value, line: Option<u32>) -> Self {
        Self {
            value,
            line,
            source: None,
        }
    }

    /// The value of the member `name`, if this is an object that has it and it isn't null.
    pub fn get(&self, name: &str) -> Option<&Node> {
        let Value::Object(members) = &self.value else {
            return None;
        };
        members
            .iter()
            .find(|(key, node)| key.text == name && node.value != Value::Null)
            .map(|(_, node)| node)
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The JSON value in canonical form: without null members of objects and without the sign of a
    /// zero; `None` if some number in it has no such form.
    pub fn to_json(&self) -> Option<serde_json::Value> {
        Some(match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(flag) => serde_json::Value::Bool(*flag),
            Value::Number(number) => serde_json::Value::Number(unsigned_zero(number)),
            Value::Unrepresentable(_) => return None,
            Value::Text(text) => serde_json::Value::String(text.clone()),
            Value::List(items) => {
                serde_json::Value::Array(items.iter().map(Node::to_json).collect::<Option<_>>()?)
            }
            Value::Object(members) => serde_json::Value::Object(
                members
                    .iter()
                    .filter(|(_, node)| node.value != Value::Null)
                    .map(|(key, node)| Some((key.text.clone(), node.to_json()?)))
                    .collect::<Option<_>>()?,
            ),
        })
    }
}

/// What a JSON value is, for messages: `a list`.
#[must_use]
pub fn json_kind_name(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "text",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "an object",
    }
}

impl Value {
    /// What it is, for messages: `a list`.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) | Self::Unrepresentable(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// A float as the number JSON has for it: an integer where it is one.
    pub(crate) fn of_float(float: f64) -> Self {
        let magnitude = float.abs();
        if !float.is_finite() {
            return Self::Unrepresentable(Unrepresentable::TooLarge(float));
        }
        if float.fract() == 0.0 && magnitude < FIRST_EXPONENT && !is_negative_zero(float) {
            if magnitude > MAX_SAFE_INTEGER {
                return Self::Unrepresentable(Unrepresentable::TooLarge(float));
            }
            // Exact: the magnitude is below 2^53.
            return Self::Number(Number::from(float as i64));
        }
        Number::from_f64(float).map_or(
            Self::Unrepresentable(Unrepresentable::NotFinite),
            Self::Number,
        )
    }

    /// An integer's digits, with an optional sign, as a number.
    pub(crate) fn of_integer(digits: &str) -> Self {
        match digits.parse::<i64>() {
            Ok(0) if digits.starts_with('-') => Self::of_float(-0.0),
            Ok(integer) if integer.unsigned_abs() <= MAX_SAFE_INTEGER as u64 => {
                Self::Number(Number::from(integer))
            }
            _ => {
                let nearest = digits.parse().unwrap_or(f64::INFINITY);
                Self::Unrepresentable(Unrepresentable::TooLarge(nearest))
            }
        }
    }
}

fn is_negative_zero(float: f64) -> bool {
    float == 0.0 && float.is_sign_negative()
}

/// The number in canonical form, which writes −0 as 0.
pub(crate) fn unsigned_zero(number: &Number) -> Number {
    match number.as_f64() {
        Some(float) if is_negative_zero(float) => Number::from(0),
        _ => number.clone(),
    }
}

impl From<&serde_json::Value> for Node {
    /// The same tree, without lines.
    ///
    /// Recursion is as deep as the value: hand in what was read under a depth limit, such as
    /// that of `serde_json` itself.
    fn from(value: &serde_json::Value) -> Self {
        let value = match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(flag) => Value::Bool(*flag),
            serde_json::Value::Number(number) => of_number(number),
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Array(items) => Value::List(items.iter().map(Node::from).collect()),
            serde_json::Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| (Key::new(name.clone(), None), Node::from(value)))
                    .collect(),
            ),
        };
        Self::new(value, None)
    }
}

fn of_number(number: &Number) -> Value {
    if number.is_f64() {
        number.as_f64().map_or(
            Value::Unrepresentable(Unrepresentable::NotFinite),
            Value::of_float,
        )
    } else {
        Value::of_integer(&number.to_string())
    }
}

impl Key {
    pub(crate) fn new(text: String, line: Option<u32>) -> Self {
        Self {
            text,
            line,
            written: None,
        }
    }

    /// The name as the document has it, for pointers.
    pub(crate) fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.text)
    }

    /// Puts another name in its place.
    pub(crate) fn rename(&mut self, text: &str) {
        let written = std::mem::replace(&mut self.text, text.to_owned());
        self.written.get_or_insert(written.into());
    }
}

/// The first member that repeats an earlier name, as its index.
pub(super) fn first_repeated(members: &[(Key, Node)]) -> Option<usize> {
    // Most objects are small, and a table for each would cost more than it saves.
    if members.len() <= 8 {
        return (1..members.len()).find(|index| {
            let (earlier, rest) = members.split_at(*index);
            rest.first()
                .is_some_and(|(key, _)| earlier.iter().any(|(other, _)| other.text == key.text))
        });
    }
    let mut seen = HashMap::with_capacity(members.len());
    members
        .iter()
        .enumerate()
        .find(|(index, (key, _))| seen.insert(key.text.as_str(), *index).is_some())
        .map(|(index, _)| index)
}

/// The issue for a repeated name below `pointer`.
pub(super) fn duplicate_key(pointer: &str, key: &Key) -> Issue {
    let mut pointer = pointer.to_owned();
    push_segment(&mut pointer, &key.text);
    Issue::error(
        IssueKind::DuplicateKey,
        pointer,
        format!(
            "the name `{}` occurs twice in one object",
            super::shorten(&key.text)
        ),
    )
    .with_hint("keep one of the two")
    .at_line(key.line)
}
