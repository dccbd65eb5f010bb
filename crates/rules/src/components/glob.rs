//! Patterns that a query gives.

use super::search::SearchError;

/// Refuses a text that is no pattern.
pub(super) fn check(glob: &str) -> Result<(), SearchError> {
    deedbook_model::glob::check(glob).map_err(|error| SearchError::Glob {
        glob: glob.to_owned(),
        why: error.0,
    })
}
