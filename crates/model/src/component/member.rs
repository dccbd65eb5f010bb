//! Single members, for the rules of patches.

use serde_json::Value;

use crate::document::Node;

use super::fields::field_named;
use crate::judge::Judge;
use crate::judge::Profile;
use crate::judge::shape::Mutability;

/// Who may change a member; one that isn't known is [`Mutability::Mutable`].
pub fn field_mutability(name: &str) -> Mutability {
    field_named(name).map_or(Mutability::Mutable, |field| field.mutability)
}

/// The stored form of one member's value, or `None` if it isn't valid.
///
/// For comparing an immutable member "equal after normalisation": a uuid in lower case, a
/// time as UTC text. The value of a member that isn't known is kept as it is.
pub fn normalised_member(name: &str, value: &Value) -> Option<Value> {
    let Some(field) = field_named(name) else {
        return Some(value.clone());
    };
    if value.is_null() {
        return None;
    }
    Judge::new(Profile::Current).check(&Node::from(value), &field.shape)
}
