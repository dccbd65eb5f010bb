//! Merge patches out of files. A patch keeps its nulls: they remove members.

use std::path::Path;

use deedbook_model::document::{self, Node};
use deedbook_model::issue::{Issue, IssueKind};
use serde_json::{Number, Value};

use crate::error::Failure;
use crate::files::Input;

/// How a member's value becomes JSON; the line of a number that JSON can't hold is the error.
pub(super) type ToJson = fn(&str, &Node) -> Result<Value, Option<u32>>;

/// Reads a patch whose members become JSON in that way.
pub(super) fn read(path: &Path, member: ToJson) -> Result<Value, Failure> {
    let input = Input::of(path);
    let text = input.read()?;
    let refused = |issues| Failure::Document {
        file: Some(input.label()),
        issues,
    };
    let node = document::parse(&text.bytes, text.syntax).map_err(refused)?;
    with_nulls(&node, member).map_err(|line| {
        let message = "the patch holds a number that JSON can't";
        refused(vec![
            Issue::error(IssueKind::InvalidValue, "", message).at_line(line),
        ])
    })
}

/// The tree as JSON with its nulls.
pub(super) fn with_nulls(node: &Node, member: ToJson) -> Result<Value, Option<u32>> {
    Ok(match &node.value {
        document::Value::Null => Value::Null,
        document::Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, node)| Ok((key.text.clone(), member(&key.text, node)?)))
                .collect::<Result<_, Option<u32>>>()?,
        ),
        document::Value::List(items) => {
            let items = items.iter().map(|item| with_nulls(item, member));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        document::Value::Number(number) => Value::Number(number.clone()),
        // Where it may be any double it is that; elsewhere the rules refuse it. Beyond that it would
        // be taken for a double everywhere.
        document::Value::Unrepresentable(document::Unrepresentable::TooLarge(nearest))
            if nearest.abs() < document::FIRST_EXPONENT =>
        {
            Number::from_f64(*nearest)
                .map(Value::Number)
                .ok_or(node.line)?
        }
        _ => node.to_json().ok_or(node.line)?,
    })
}

/// A member whose scalars are what YAML reads them as.
pub(super) fn plain(_: &str, node: &Node) -> Result<Value, Option<u32>> {
    with_nulls(node, plain)
}
