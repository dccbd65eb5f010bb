//! The hash of a document: SHA-256 over its canonical JSON.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::canonical::canonical;

/// Members that a document's hash doesn't cover, or that aren't part of the document.
pub(super) const NOT_HASHED: [&str; 5] = [
    "hash",
    "last_modified_at",
    "signature_block",
    "registered_at",
    "revision",
];

/// The hash of a stored document, as 64 lower-case hexadecimal digits.
///
/// It covers the RFC 8785 form of every member but `hash`, `last_modified_at`,
/// `signature_block`, `registered_at` and `revision`; null members of objects count as absent.
pub fn hash_of(document: &Map<String, Value>) -> String {
    let members = document
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), without_nulls(value)))
        .collect();
    hash_of_members(members)
}

/// The same for members that hold no null.
pub(super) fn hash_of_members(mut members: Map<String, Value>) -> String {
    for name in NOT_HASHED {
        members.remove(name);
    }
    hash_of_bytes(&canonical(&Value::Object(members)))
}

/// The hash of the RFC 8785 bytes of all that it covers.
pub(super) fn hash_of_bytes(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut text = String::with_capacity(64);
    for byte in digest {
        for digit in [byte >> 4, byte & 0xf] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    text
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), without_nulls(value)))
                .collect(),
        ),
        plain => plain.clone(),
    }
}
