//! Reading the vectors of `tests/compat/vectors`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a vector that isn't what it should be ends the test"
)]

use std::path::Path;

use serde_json::Value;

/// The vectors of one suite. A file without a single case would pass whatever it is held against.
pub(crate) fn vectors(suite: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat/vectors");
    let path = folder.join(format!("shards-{suite}.json"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let vectors: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(vectors["format"], "omnirelay-shards-vectors/1");
    assert_eq!(vectors["suite"], suite);
    let lists = vectors.as_object().unwrap().values();
    let has_cases = lists
        .filter_map(Value::as_array)
        .any(|list| !list.is_empty());
    assert!(has_cases, "{} has no case", path.display());
    vectors
}

/// The cases of one list. A set needn't have every list.
pub(crate) fn cases<'a>(vectors: &'a Value, list: &str) -> &'a [Value] {
    match &vectors[list] {
        Value::Null => &[],
        cases => cases.as_array().unwrap(),
    }
}

/// A member that is text.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The double of those bits.
pub(crate) fn double(bits: &Value) -> f64 {
    f64::from_bits(u64::from_str_radix(text(bits), 16).unwrap())
}

/// The double of a member; the bits beside it win.
pub(crate) fn number(value: &Value, name: &str) -> Option<f64> {
    match value.get(format!("{name}Bits")) {
        None | Some(Value::Null) => value[name].as_f64(),
        Some(bits) => Some(double(bits)),
    }
}

/// The number of a status; that of an active one where none is given.
pub(crate) fn status_number(value: &Value) -> i64 {
    match &value["status"] {
        Value::Null => 0,
        status => status.as_i64().unwrap(),
    }
}
