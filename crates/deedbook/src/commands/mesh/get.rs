//! `KIND get`: one record.

use anstyle::Style;
use deedbook_model::mesh::MeshKey;
use deedbook_rules::Record;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::{Described, Get};
use crate::grammar::values::Format;
use crate::output::{human, record, yaml};

const NAME: Style = Style::new().bold();

/// Shows one record.
pub(super) fn get<K: Described>(args: &Get<K>, context: &mut Context) -> Result<(), Failure> {
    let key = args.reference.key()?;
    let mut source = context.source_to_read()?;
    let seen = source.mesh_record(&key, args.at.at)?;
    match context.output.format {
        Format::Human => {
            let author = source.last_author(&seen.record, args.at.at);
            let page = page(&key, &seen.record, author)?;
            context.output.text(&page)
        }
        Format::Yaml => context.output.value(&record::readable(&seen.record)?),
        _ => context.output.value(record::stored(&seen.record)?),
    }
}

/// A page for people: what it is and since when, then its members as YAML.
fn page(key: &MeshKey, record: &Record, author: Option<String>) -> Result<String, Failure> {
    let envelope = record::envelope(record)?;
    let mut page = format!(
        "{NAME}{} {}{NAME:#}\n\n",
        key.kind(),
        human::one_line(&key.to_string())
    );
    for (name, value) in [
        ("generation", envelope.generation.to_string()),
        ("revision", envelope.revision.to_string()),
        ("checksum", envelope.checksum.to_string()),
        ("created", envelope.created_at.to_string()),
        (
            "changed",
            author.unwrap_or_else(|| envelope.updated_at.to_string()),
        ),
    ] {
        let value = human::one_line(&value);
        page.push_str(&format!("{:<14}{value}\n", format!("{name}:")));
    }
    let mut members: Map<String, Value> = serde_json::from_str(envelope.data.get())?;
    for part in key.kind().key_members() {
        members.remove(*part);
    }
    let annotations: Value = serde_json::from_str(envelope.annotations.get())?;
    if annotations
        .as_object()
        .is_some_and(|texts| !texts.is_empty())
    {
        members.insert("annotations".to_owned(), annotations);
    }
    if !members.is_empty() {
        page.push('\n');
        page.push_str(&yaml::document(&members)?);
    }
    Ok(page)
}
