//! The JSON Schema, printed from the field tables.

use serde_json::{Map, Value, json};

use super::fields::{ALIASES, FIELDS, NO_LIMIT};
use super::words;
use crate::judge::form::Form;
use crate::judge::shape::{self, Field, Shape, Text};

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

fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Any => json!({}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Number { min, max } => json!({"type": "number", "minimum": min, "maximum": max}),
        Shape::Integer { min: i64::MIN } => json!({"type": "integer"}),
        Shape::Integer { min } => json!({"type": "integer", "minimum": min}),
        Shape::Text(Text {
            form: Form::VersionSpec,
            ..
        }) => json!({"$ref": "#/$defs/version_spec"}),
        Shape::Text(rule) => text(rule),
        Shape::List { of: item, max } => {
            let mut schema = json!({"type": "array", "items": of(item)});
            limit(&mut schema, "maxItems", *max);
            schema
        }
        Shape::Map(map) => {
            let mut schema =
                json!({"type": "object", "additionalProperties": or_null(of(&map.of))});
            if map.max_key_chars != NO_LIMIT {
                insert(
                    &mut schema,
                    "propertyNames",
                    json!({"maxLength": map.max_key_chars}),
                );
            }
            schema
        }
        Shape::Object(object) => object_schema(object),
        Shape::TextOr { text: rule, object } => json!({
            "type": ["string", "object"],
            "if": {"type": "string"},
            "then": text(rule),
            "else": of(object),
        }),
        Shape::ByMember {
            member,
            equals,
            then,
            otherwise,
        } => json!({
            "if": {"properties": {*member: {"const": equals}}, "required": [member]},
            "then": of(then),
            "else": of(otherwise),
        }),
    }
}

fn object_schema(object: &shape::Object) -> Value {
    let mut schema = json!({"type": "object"});
    if object.members.is_empty() {
        return schema;
    }
    let property = |member: &shape::Member| {
        let schema = of(&member.shape);
        let schema = if member.required {
            schema
        } else {
            or_null(schema)
        };
        (member.name.to_owned(), schema)
    };
    let properties: Map<String, Value> = object.members.iter().map(property).collect();
    insert(&mut schema, "properties", Value::Object(properties));
    let required: Vec<&str> = object
        .members
        .iter()
        .filter(|member| member.required)
        .map(|member| member.name)
        .collect();
    if !required.is_empty() {
        insert(&mut schema, "required", json!(required));
    }
    if !object.one_of.is_empty() {
        let alternatives: Vec<Value> = object.one_of.iter().map(|name| given(name)).collect();
        insert(&mut schema, "anyOf", Value::Array(alternatives));
    }
    schema
}

fn text(rule: &Text) -> Value {
    let mut schema = match rule.form {
        Form::Choice(allowed) => return json!({"type": "string", "enum": allowed}),
        Form::Advice(usual) => json!({"type": "string", "examples": usual}),
        form => {
            let mut schema = json!({"type": "string"});
            if let Some(members) = schema.as_object_mut() {
                members.extend(form.keywords());
            }
            schema
        }
    };
    if rule.min > 0 {
        insert(&mut schema, "minLength", json!(rule.min));
    }
    limit(&mut schema, "maxLength", rule.max);
    schema
}

fn limit(schema: &mut Value, keyword: &str, max: usize) {
    if max != NO_LIMIT {
        insert(schema, keyword, json!(max));
    }
}

fn insert(schema: &mut Value, keyword: &str, value: Value) {
    if let Some(members) = schema.as_object_mut() {
        members.insert(keyword.to_owned(), value);
    }
}

/// Null counts as absent.
fn or_null(schema: Value) -> Value {
    match schema.as_object() {
        Some(any) if any.is_empty() => schema,
        _ => json!({"anyOf": [{"type": "null"}, schema]}),
    }
}

/// A member that is there and isn't null.
fn given(name: &str) -> Value {
    json!({"required": [name], "properties": {name: {"not": {"type": "null"}}}})
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
