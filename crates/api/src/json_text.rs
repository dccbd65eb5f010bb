//! JSON that is handed on as text, byte for byte.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Any value.
pub(crate) fn any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value: &RawValue = Deserialize::deserialize(deserializer)?;
    Ok(value.get().to_owned())
}

/// A value that is there, be it null.
pub(crate) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    any(deserializer).map(Some)
}
