//! Writers and readers of different versions: what each gets of the other.
#![expect(
    clippy::unwrap_used,
    reason = "what isn't read as it should be ends the test"
)]

#[path = "schema_versions/messages.rs"]
mod messages;
#[path = "schema_versions/negotiation.rs"]
mod negotiation;
#[path = "schema_versions/records.rs"]
mod records;
#[path = "schema_versions/shapes.rs"]
mod shapes;
