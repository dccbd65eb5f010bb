//! `registry get`: one component.

use anstyle::Style;
use deedbook_model::Envelope;
use deedbook_rules::Record;
use serde_json::{Map, Value};

use crate::commands::component::{facts, find};
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::component::Get;
use crate::grammar::values::Format;
use crate::output::{human, record, yaml};
use crate::source::Seen;

const NAME: Style = Style::new().bold();

/// Shows one component.
pub(crate) fn get(args: &Get, context: &mut Context) -> Result<(), Failure> {
    let mut source = context.source_to_read()?;
    let Seen { record } = find(&args.key.key, &mut source, args.at.at, context)?;
    match context.output.format {
        Format::Human => {
            let author = source.last_author(&record, args.at.at);
            let page = page(&record, author.as_deref())?;
            context.output.text(&page)
        }
        Format::Yaml => context.output.value(&record::readable(&record)?),
        _ => context.output.value(record::stored(&record)?),
    }
}

/// A page for people: what it is, then the rest of the document as YAML.
fn page(record: &Record, author: Option<&str>) -> Result<String, Failure> {
    let envelope = record::envelope(record)?;
    let mut document: Map<String, Value> = serde_json::from_str(envelope.data.get())?;
    let mut page = format!("{NAME}{}{NAME:#}\n", facts(record)?.title());
    if let Some(Value::String(description)) = document.remove("description") {
        page.push_str(&format!("{}\n", human::plain(&description)));
    }
    page.push('\n');
    for (name, value) in head(&envelope, &mut document, author) {
        page.push_str(&format!(
            "{:<14}{}\n",
            format!("{name}:"),
            human::plain(&value)
        ));
    }
    for shown in [
        "uuid",
        "name",
        "version",
        "metadata_version",
        "last_modified_at",
    ] {
        document.remove(shown);
    }
    document.retain(|_, value| !is_empty(value));
    if !document.is_empty() {
        page.push('\n');
        page.push_str(&yaml::document(&record::InFieldOrder(&document))?);
    }
    Ok(page)
}

fn head(
    envelope: &Envelope<'_>,
    document: &mut Map<String, Value>,
    author: Option<&str>,
) -> Vec<(&'static str, String)> {
    let mut rows = vec![("uuid", envelope.key.to_string())];
    for (label, name) in [
        ("type", "meta_type"),
        ("lifecycle", "lifecycle"),
        ("namespace", "namespace"),
    ] {
        if let Some(Value::String(text)) = document.remove(name) {
            rows.push((label, text));
        }
    }
    if let Some(Value::Array(tags)) = document.remove("tags")
        && !tags.is_empty()
    {
        let tags: Vec<&str> = tags.iter().filter_map(Value::as_str).collect();
        rows.push(("tags", tags.join(", ")));
    }
    if let Some(dependencies) = dependencies(document) {
        rows.push(("needs", dependencies));
    }
    if let Some(Value::String(hash)) = document.remove("hash") {
        rows.push(("hash", hash));
    }
    rows.push(("generation", envelope.generation.to_string()));
    rows.push(("revision", envelope.revision.to_string()));
    let created = match document.remove("created_at") {
        Some(Value::String(text)) => text,
        _ => envelope.created_at.to_string(),
    };
    rows.push(("created", created));
    rows.push((
        "changed",
        author.map_or_else(|| envelope.updated_at.to_string(), str::to_owned),
    ));
    rows
}

/// `line_index >=1.1,<2, spell_check ^4 (optional)`; what says more stays in the YAML part.
fn dependencies(document: &mut Map<String, Value>) -> Option<String> {
    let entries = document.get("dependencies")?.as_array()?;
    if entries.is_empty() {
        return None;
    }
    let texts: Vec<String> = entries
        .iter()
        .map(|entry| {
            let text = |name: &str| entry.get(name).and_then(Value::as_str);
            let target = entry
                .as_str()
                .or_else(|| text("name"))
                .or_else(|| text("uuid"));
            let spec = text("version_spec")
                .map(|spec| format!(" {spec}"))
                .unwrap_or_default();
            let optional = entry.get("optional").and_then(Value::as_bool) == Some(true);
            let optional = if optional { " (optional)" } else { "" };
            format!("{}{spec}{optional}", target.unwrap_or_default())
        })
        .collect();
    document.remove("dependencies");
    Some(texts.join(", "))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
