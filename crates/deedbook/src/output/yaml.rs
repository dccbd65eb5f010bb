//! YAML output: what it prints reads back as the same values.

use serde::Serialize;

use crate::error::Failure;

/// A value as one YAML document.
pub(crate) fn document(value: &(impl Serialize + ?Sized)) -> Result<String, Failure> {
    serde_saphyr::to_string(&value).map_err(|error| Failure::Internal(error.to_string()))
}
