//! `registry update|deprecate|archive|rm`: writes to one component.

use deedbook_model::Generation;
use deedbook_model::document::{self, Node};
use deedbook_rules::components::ComponentKey;
use serde_json::{Value, json};

use crate::commands::component::facts;
use crate::commands::patch::{self, plain, with_nulls};
use crate::commands::write::{Authorship, Report, Title, confirm};
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::arguments::IfGenerationArgs;
use crate::grammar::component::{Archive, Deprecate, Remove, Update};
use crate::source::ChangeOf;

/// Changes a component by a merge patch.
pub(crate) fn update(args: &Update, context: &mut Context) -> Result<(), Failure> {
    ComponentKey::parse(&args.key.key)?;
    let asked = Asked {
        key: &args.key.key,
        change: ChangeOf::Patch(patch::read(&args.patch, member)?),
        expected: expected(&args.expected),
        dry_run: args.why.who.dry_run,
    };
    let authorship = Authorship::of(&args.why, &context.config);
    perform(asked, &authorship, context)
}

/// Marks a component as deprecated.
pub(crate) fn deprecate(args: &Deprecate, context: &mut Context) -> Result<(), Failure> {
    let mut patch = json!({"lifecycle": "deprecated", "deprecated_reason": args.why.reason});
    if let (Some(by), Value::Object(members)) = (&args.replaced_by, &mut patch) {
        members.insert("deprecated_by".to_owned(), Value::from(by.as_str()));
    }
    let asked = Asked {
        key: &args.key.key,
        change: ChangeOf::Patch(patch),
        expected: expected(&args.expected),
        dry_run: args.why.who.dry_run,
    };
    let authorship = Authorship::of_demanded(&args.why, &context.config);
    perform(asked, &authorship, context)
}

/// Archives a component.
pub(crate) fn archive(args: &Archive, context: &mut Context) -> Result<(), Failure> {
    let patch = json!({"lifecycle": "archived", "archived_reason": args.why.reason});
    let asked = Asked {
        key: &args.key.key,
        change: ChangeOf::Patch(patch),
        expected: expected(&args.expected),
        dry_run: args.why.who.dry_run,
    };
    let authorship = Authorship::of_demanded(&args.why, &context.config);
    perform(asked, &authorship, context)
}

/// Removes a component.
pub(crate) fn remove(args: &Remove, context: &mut Context) -> Result<(), Failure> {
    let key = ComponentKey::parse(&args.key.key)?;
    if !args.why.who.dry_run {
        confirm(&format!("Remove {key}? Its uuid never returns."), args.yes)?;
    }
    let asked = Asked {
        key: &args.key.key,
        change: ChangeOf::Removal,
        expected: expected(&args.expected),
        dry_run: args.why.who.dry_run,
    };
    let authorship = Authorship::of_demanded(&args.why, &context.config);
    perform(asked, &authorship, context)
}

fn expected(args: &IfGenerationArgs) -> Option<Generation> {
    args.if_generation.map(Generation)
}

/// What is asked of one component.
struct Asked<'a> {
    key: &'a str,
    change: ChangeOf,
    expected: Option<Generation>,
    dry_run: bool,
}

/// Decides on the newest state and prints what came of it. A book that isn't there isn't made:
/// there is nothing in it to change. The write means the very component that was looked up.
fn perform(
    asked: Asked<'_>,
    authorship: &Authorship,
    context: &mut Context,
) -> Result<(), Failure> {
    let Asked {
        key,
        change,
        expected,
        dry_run,
    } = asked;
    let mut source = context.source_to_change(dry_run)?;
    let seen = source.component(key, None)?;
    let facts = facts(&seen.record)?;
    let title = Title {
        uuid: Some(facts.uuid().to_string()),
        name: Some(facts.name().to_string()),
        version: Some(facts.version().to_string()),
    };
    let done = source.change(facts.uuid(), change, expected, authorship, dry_run)?;
    context.output.warnings(None, &done.warnings);
    Report::done(title, &done, dry_run).print(&mut context.output)?;
    context.output.flush()?;
    source.close()
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
        _ if FREE.contains(&name) => plain(name, node),
        _ => with_nulls(node, member),
    }
}
