//! Shapes as JSON Schema, draft 2020-12.

use serde_json::{Map, Value, json};

use super::form::Form;
use super::shape::{self, Shape, Text};

/// No limit is stated.
const NO_LIMIT: usize = usize::MAX;

/// The schema of a value of that shape.
pub(crate) fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Any | Shape::AsWritten => json!({}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Number { min, max } => json!({"type": "number", "minimum": min, "maximum": max}),
        Shape::Double => json!({"type": "number", "minimum": f64::MIN, "maximum": f64::MAX}),
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

/// The schema of an object.
pub(crate) fn object_schema(object: &shape::Object) -> Value {
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

/// The schema of text.
pub(crate) fn text(rule: &Text) -> Value {
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
pub(crate) fn or_null(schema: Value) -> Value {
    match schema.as_object() {
        Some(any) if any.is_empty() => schema,
        _ => json!({"anyOf": [{"type": "null"}, schema]}),
    }
}

/// A member that is there and isn't null.
pub(crate) fn given(name: &str) -> Value {
    json!({"required": [name], "properties": {name: {"not": {"type": "null"}}}})
}
