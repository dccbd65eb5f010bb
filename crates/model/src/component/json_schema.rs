//! The JSON Schema, printed from the field tables.

use serde_json::{Map, Value, json};

use super::fields::{ALIASES, FIELDS};
use super::words;
use crate::judge::form::Form;
use crate::judge::schema::{given, of, or_null, text};
use crate::judge::shape::{Field, Text};

/// The JSON Schema of version 0.3, draft 2020-12.
///
/// It describes what the reader judges, but for what a schema can't say: syntax, encoding,
/// size and depth, repeated names, hashes, a component that depends on itself, dates that no
/// calendar has, numbers of versions beyond 64 bits.
pub fn json_schema() -> Value {
    let mut properties: Map<String, Value> = FIELDS.iter().map(property).collect();
    for (alias, name) in ALIASES {
        if let Some(same) = properties.get(*name).cloned() {
            properties.insert((*alias).to_owned(), same);
        }
    }
    let required: Vec<&str> = FIELDS
        .iter()
        .filter(|field| field.required && field.name != "meta_type")
        .map(|field| field.name)
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:deedbook:schema:component:0.3",
        "title": "Deedbook component, metadata version 0.3",
        "type": "object",
        "required": required,
        "properties": properties,
        "allOf": [one_meta_type(), same_meta_type(), deprecation(), archival()],
        "$defs": { "version_spec": text(&Text::new(0, 256, Form::VersionSpec)) },
    })
}

fn property(field: &Field) -> (String, Value) {
    let mut schema = of(&field.shape);
    if !field.required {
        schema = or_null(schema);
    } else if field.name == "meta_type" {
        // Null counts as absent, and the other spelling may be there.
        schema = or_null(schema);
    }
    if let (Some(default), Some(members)) = (field.default.value(), schema.as_object_mut()) {
        members.insert("default".to_owned(), default);
    }
    (field.name.to_owned(), schema)
}

fn one_meta_type() -> Value {
    json!({"anyOf": [given("meta_type"), given("type")]})
}

/// Where both spellings are there, they say the same.
fn same_meta_type() -> Value {
    let same: Vec<Value> = words::META_TYPES
        .iter()
        .map(|word| json!({"properties": {"meta_type": {"const": word}, "type": {"const": word}}}))
        .collect();
    json!({"if": {"allOf": [given("meta_type"), given("type")]}, "then": {"anyOf": same}})
}

fn deprecation() -> Value {
    json!({
        "if": {"required": ["lifecycle"], "properties": {"lifecycle": {"const": "deprecated"}}},
        "then": {"anyOf": [given("deprecated_by"), given("deprecated_reason")]},
    })
}

fn archival() -> Value {
    json!({
        "if": {"required": ["lifecycle"], "properties": {"lifecycle": {"const": "archived"}}},
        "then": given("archived_reason"),
    })
}
