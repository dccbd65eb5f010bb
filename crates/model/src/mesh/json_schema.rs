//! The JSON Schema of each kind's data, printed from the tables of fields.

use serde_json::{Value, json};

use super::MeshKind;
use super::fields::{computed_of, defaults_of, object_of};
use crate::judge::schema::object_schema;

/// The JSON Schema of a kind's data, draft 2020-12. It describes what the reader judges, but for
/// lengths in bytes, blank ids, numbers beyond a type's size, and ranges that hold nothing or are two.
#[must_use]
pub fn json_schema(kind: MeshKind) -> Value {
    let mut schema = object_schema(object_of(kind));
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (name, default) in defaults_of(kind) {
            if let Some(Value::Object(property)) = properties.get_mut(*name) {
                property.insert("default".to_owned(), (*default).into());
            }
        }
        for name in computed_of(kind) {
            let written = json!({"description": "Written by the book.", "readOnly": true});
            properties.insert((*name).to_owned(), written);
        }
    }
    schema
}
