//! Reading the vectors of `tests/compat/vectors`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a vector that isn't what it should be ends the test"
)]

use std::path::Path;

use serde_json::Value;

/// The vectors of one suite.
pub(crate) fn vectors(suite: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat/vectors");
    let path = folder.join(format!("shards-{suite}.json"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let vectors: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(vectors["format"], "omnirelay-shards-vectors/1");
    assert_eq!(vectors["suite"], suite);
    vectors
}

/// The cases of one list.
pub(crate) fn cases<'a>(vectors: &'a Value, list: &str) -> &'a [Value] {
    let cases = vectors[list].as_array().unwrap();
    assert!(!cases.is_empty(), "{list}");
    cases
}

/// A member that is text.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The double of those bits.
pub(crate) fn double(bits: &Value) -> f64 {
    f64::from_bits(u64::from_str_radix(text(bits), 16).unwrap())
}
