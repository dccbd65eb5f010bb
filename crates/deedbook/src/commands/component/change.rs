//! `registry update|deprecate|archive|rm`: writes to one component.

use std::path::Path;

use deedbook_model::Generation;
use deedbook_model::document::{self, Node};
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_rules::components::{ComponentKey, NameOrUuid};
use deedbook_rules::{Command, Expected, State, Write};
use serde_json::{Value, json};

use crate::commands::write::{Authorship, Report, Title, confirm};
use crate::context::Context;
use crate::error::Failure;
use crate::files::Input;
use crate::grammar::arguments::IfGenerationArgs;
use crate::grammar::component::{Archive, Deprecate, Remove, Update};

/// Changes a component by a merge patch.
pub(crate) fn update(args: &Update, context: &mut Context) -> Result<(), Failure> {
    let write = Write::Update {
        key: ComponentKey::parse(&args.key.key)?,
        patch: read_patch(&args.patch)?,
        expected: expected(&args.expected),
    };
    let authorship = Authorship::of(&args.why, &context.config);
    perform(write, &authorship, args.why.who.dry_run, context)
}

/// Marks a component as deprecated.
pub(crate) fn deprecate(args: &Deprecate, context: &mut Context) -> Result<(), Failure> {
    let mut patch = json!({"lifecycle": "deprecated", "deprecated_reason": args.why.reason});
    if let (Some(by), Value::Object(members)) = (&args.replaced_by, &mut patch) {
        members.insert("deprecated_by".to_owned(), Value::from(by.as_str()));
    }
    let write = Write::Update {
        key: ComponentKey::parse(&args.key.key)?,
        patch,
        expected: expected(&args.expected),
    };
    let authorship = Authorship::of_demanded(&args.why, &context.config);
    perform(write, &authorship, args.why.who.dry_run, context)
}

/// Archives a component.
pub(crate) fn archive(args: &Archive, context: &mut Context) -> Result<(), Failure> {
    let write = Write::Update {
        key: ComponentKey::parse(&args.key.key)?,
        patch: json!({"lifecycle": "archived", "archived_reason": args.why.reason}),
        expected: expected(&args.expected),
    };
    let authorship = Authorship::of_demanded(&args.why, &context.config);
    perform(write, &authorship, args.why.who.dry_run, context)
}

/// Removes a component.
pub(crate) fn remove(args: &Remove, context: &mut Context) -> Result<(), Failure> {
    let key = ComponentKey::parse(&args.key.key)?;
    if !args.why.who.dry_run {
        confirm(&format!("Remove {key}? Its uuid never returns."), args.yes)?;
    }
    let write = Write::Remove {
        key,
        expected: expected(&args.expected),
    };
    let authorship = Authorship::of_demanded(&args.why, &context.config);
    perform(write, &authorship, args.why.who.dry_run, context)
}

fn expected(args: &IfGenerationArgs) -> Option<Expected> {
    args.if_generation.map(|seen| Generation(seen).into())
}

/// Decides on the newest state and prints what came of it. A book that isn't there isn't made:
/// there is nothing in it to change.
fn perform(
    mut write: Write,
    authorship: &Authorship,
    dry_run: bool,
    context: &mut Context,
) -> Result<(), Failure> {
    let book = if dry_run {
        context.open_to_read()?
    } else {
        context.open_existing()?
    };
    let title = pin(&mut write, &book.view())?;
    let command: Command = authorship.command(vec![write]);
    let receipt = if dry_run {
        book.check(&command)
    } else {
        book.execute(command)
    };
    let receipt = receipt?;
    let Some(outcome) = receipt.outcomes.first() else {
        return Err(Failure::Internal("a receipt without an outcome".to_owned()));
    };
    context.output.warnings(None, &outcome.warnings);
    Report::done(title, outcome, dry_run).print(&mut context.output)?;
    context.output.flush()?;
    Ok(book.close()?)
}

/// Makes a write mean the very component that was looked up, and tells what that is called.
fn pin(write: &mut Write, state: &State) -> Result<Title, Failure> {
    let (Write::Update { key, .. } | Write::Remove { key, .. }) = write else {
        return Ok(Title::default());
    };
    let facts = state.lookup(&key.name, key.spec.as_ref())?.facts;
    key.name = NameOrUuid::Uuid(facts.uuid);
    Ok(Title {
        uuid: Some(facts.uuid.to_string()),
        name: Some(facts.name.to_string()),
        version: Some(facts.version.to_string()),
    })
}

/// A patch keeps its nulls: they remove members.
fn read_patch(path: &Path) -> Result<Value, Failure> {
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

/// How a member's value becomes JSON; the line of a number that JSON can't hold is the error.
type ToJson = fn(&str, &Node) -> Result<Value, Option<u32>>;

/// The tree as JSON with its nulls.
fn with_nulls(node: &Node, member: ToJson) -> Result<Value, Option<u32>> {
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
        _ => node.to_json().ok_or(node.line)?,
    })
}

/// YAML takes `1.10` for a number; where the document has a text, it is what was written. Free
/// objects have no such members.
fn member(name: &str, node: &Node) -> Result<Value, Option<u32>> {
    const TEXTS: [&str; 7] = [
        "metadata_version",
        "protocol_version",
        "schema_version",
        "version",
        "version_spec",
        "hash",
        "commit_hash",
    ];
    const FREE: [&str; 4] = [
        "spec",
        "x_extensions",
        "execution_constraints",
        "security_context",
    ];
    match &node.source {
        Some(source) if TEXTS.contains(&name) || name.ends_with("_at") => {
            let is_null = node.value == document::Value::Null;
            Ok(if is_null {
                Value::Null
            } else {
                Value::from(&**source)
            })
        }
        _ if FREE.contains(&name) => free(name, node),
        _ => with_nulls(node, member),
    }
}

/// A member of a free object, every scalar as YAML reads it.
fn free(_: &str, node: &Node) -> Result<Value, Option<u32>> {
    with_nulls(node, free)
}
