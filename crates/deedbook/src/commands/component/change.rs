//! `registry update|deprecate|archive|rm`: writes to one component.

use std::path::Path;

use deedbook_model::Generation;
use deedbook_model::document::{self, Syntax};
use deedbook_rules::components::{ComponentKey, NameOrUuid};
use deedbook_rules::{Command, State, Write};
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

fn expected(args: &IfGenerationArgs) -> Option<Generation> {
    args.if_generation.map(Generation)
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
    if text.syntax == Syntax::Json {
        let parsed = serde_json::from_slice(
            text.bytes
                .strip_prefix(b"\xef\xbb\xbf")
                .unwrap_or(&text.bytes),
        );
        return parsed.map_err(|error| Failure::Invalid(error.to_string()));
    }
    Ok(with_nulls(&node))
}

fn with_nulls(node: &document::Node) -> Value {
    match &node.value {
        document::Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, node)| (key.text.clone(), with_nulls(node)))
                .collect(),
        ),
        document::Value::List(items) => Value::Array(items.iter().map(with_nulls).collect()),
        _ => scalar(node),
    }
}

/// Text that looks like a number stays the text that was written where the field is text: a
/// version, a time, a hash.
fn scalar(node: &document::Node) -> Value {
    node.to_json().unwrap_or(Value::Null)
}
