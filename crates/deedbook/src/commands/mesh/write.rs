//! `KIND set|rm` and `shard transfer`: writes to one record that is there.

use deedbook_model::Generation;
use deedbook_model::mesh::{MeshKey, MeshKind};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::report;
use crate::commands::patch;
use crate::commands::write::{Authorship, confirm};
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::arguments::{IfGenerationArgs, WhyArgs};
use crate::grammar::mesh::shard::Transfer;
use crate::grammar::mesh::{Described, Remove, Set, key_of};
use crate::output::human;
use crate::source::{MeshAsked, MeshChange};

/// Changes a record.
pub(super) fn set<K: Described>(args: &Set<K>, context: &mut Context) -> Result<(), Failure> {
    let key = args.reference.key()?;
    let mut patch = match &args.patch {
        Some(path) => patch::read(path, patch::plain)?,
        None => json!({}),
    };
    let Value::Object(members) = &mut patch else {
        return Err(Failure::Invalid("the patch isn't an object".to_owned()));
    };
    for (name, value) in members_of(&args.fields)? {
        merge(members, name, value);
    }
    for member in &args.unset {
        unset(members, member);
    }
    if members.is_empty() {
        let message = "nothing to change: give a flag of a member, --unset or --patch";
        return Err(Failure::Usage(message.to_owned()));
    }
    perform(
        key,
        MeshChange::Patch(patch),
        &args.expected,
        &args.why,
        context,
    )
}

/// Removes a record.
pub(super) fn remove<K: Described>(args: &Remove<K>, context: &mut Context) -> Result<(), Failure> {
    let key = args.reference.key()?;
    if !args.why.who.dry_run {
        let shown = human::one_line(&key.to_string());
        confirm(&format!("Remove {} {shown}?", K::KIND), args.yes)?;
    }
    let change = MeshChange::Remove { force: args.force };
    perform(key, change, &args.expected, &args.why, context)
}

/// Gives a shard to another node.
pub(super) fn transfer(args: &Transfer, context: &mut Context) -> Result<(), Failure> {
    let namespace = args.namespace.as_deref();
    let key = key_of(MeshKind::Shard, namespace, Some(&args.reference))?;
    let mut patch = Map::new();
    patch.insert("ownerNodeId".to_owned(), args.node.clone().into());
    if let Some(percent) = args.delta_percent.clone() {
        patch.insert("ownershipDeltaPercent".to_owned(), percent.into());
    }
    if let Some(metadata) = args.metadata.clone() {
        patch.insert("metadata".to_owned(), metadata.into());
    }
    let change = MeshChange::Patch(Value::Object(patch));
    perform(key, change, &args.expected, &args.why, context)
}

fn perform(
    key: MeshKey,
    change: MeshChange,
    expected: &IfGenerationArgs,
    why: &WhyArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let authorship = Authorship::of(why, &context.config);
    let asked = MeshAsked {
        key,
        change,
        expected: expected.if_generation.map(Generation),
        dry_run: why.who.dry_run,
    };
    let mut source = context.source_to_change(asked.dry_run)?;
    let done = source.write_mesh(&asked, &authorship)?;
    context.output.warnings(None, &done.warnings);
    report::print(&done, asked.dry_run, &mut context.output)?;
    context.output.flush()?;
    if asked.dry_run {
        Ok(())
    } else {
        source.close()
    }
}

/// The members that were given by flags.
pub(super) fn members_of(fields: &impl Serialize) -> Result<Map<String, Value>, Failure> {
    match serde_json::to_value(fields)? {
        Value::Object(members) => Ok(members),
        _ => Ok(Map::new()),
    }
}

/// A member beside those of the patch; of maps each entry.
fn merge(members: &mut Map<String, Value>, name: String, value: Value) {
    match (members.get_mut(&name), value) {
        (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
        (_, value) => {
            members.insert(name, value);
        }
    }
}

/// Null takes a member away.
fn unset(members: &mut Map<String, Value>, member: &str) {
    let Some((name, below)) = member.split_once('/') else {
        members.insert(member.to_owned(), Value::Null);
        return;
    };
    let inner = members.entry(name).or_insert_with(|| json!({}));
    if !inner.is_object() {
        *inner = json!({});
    }
    if let Value::Object(inner) = inner {
        unset(inner, below);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_taken_away_where_they_are() {
        let mut patch = Map::new();
        merge(&mut patch, "labels".to_owned(), json!({"a": "1"}));
        merge(&mut patch, "labels".to_owned(), json!({"b": "2"}));
        unset(&mut patch, "labels/c");
        unset(&mut patch, "zone");
        let expected = json!({"labels": {"a": "1", "b": "2", "c": null}, "zone": null});
        assert_eq!(Value::Object(patch), expected);
    }
}
