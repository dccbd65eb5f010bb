//! `registry new`: a document to begin with.

use deedbook_model::component::{ReadOptions, read};
use deedbook_model::document::Syntax;
use deedbook_model::schema::METADATA_VERSION;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::component::New;
use crate::grammar::values::Format;
use crate::output::record::InFieldOrder;

/// Prints a new document that passes validation at once.
pub(crate) fn new(args: &New, context: &mut Context) -> Result<(), Failure> {
    context
        .output
        .only(&[Format::Human, Format::Yaml, Format::Json])?;
    let members = [
        ("metadata_version", json!(METADATA_VERSION.to_string())),
        ("uuid", json!(Uuid::new_v4().to_string())),
        ("name", json!(args.name)),
        ("version", json!("0.1.0")),
        ("meta_type", json!(args.meta_type.as_str())),
        ("lifecycle", json!("draft")),
        (
            "description",
            json!(format!("Say in one sentence what {} does.", args.name)),
        ),
        ("tags", json!([])),
        ("dependencies", json!([])),
    ];
    let document: Map<String, Value> = members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    print(&document, Format::Yaml, context)
}

/// Prints a document after the rules have seen it, for people in that form.
pub(super) fn print(
    document: &Map<String, Value>,
    human: Format,
    context: &mut Context,
) -> Result<(), Failure> {
    let text = serde_json::to_vec(document)?;
    let reading = read(&text, Syntax::Json, &ReadOptions::default());
    if reading.draft.is_none() {
        return Err(Failure::Document {
            file: None,
            issues: reading.issues,
        });
    }
    let format = match context.output.format {
        Format::Human => human,
        chosen => chosen,
    };
    context.output.value_as(format, &InFieldOrder(document))
}
