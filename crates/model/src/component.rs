//! Component documents of version 0.3: what is valid, what is stored, and what older ones mean.
//!
//! ```text
//! bytes ─ document ─ Node ─ [legacy] ─ judge ─┬─ Draft ─ finish ─ Stored
//!                                 ▲           └─ issues
//!                     fields, shape, form ─ json_schema
//! ```
//!
//! ```
//! use deedbook_model::component::{ReadOptions, read};
//! use deedbook_model::document::Syntax;
//!
//! let text = b"metadata_version: 0.3.0\nname: a\nversion: 1.0\nmeta_type: tol\n";
//! let reading = read(text, Syntax::Yaml, &ReadOptions::default());
//! let found: Vec<&str> = reading.errors().map(|issue| issue.pointer.as_str()).collect();
//! assert_eq!(found, ["/version", "/meta_type", "/uuid"]);
//! ```
//!
//! The tables in `fields` are the only place that says what a member may be. The reader judges
//! by them, the JSON Schema is printed from them, and the typed [`Component`] is built through
//! the reader, so none of the three can disagree.

mod builder;
mod canonical;
mod cross_checks;
pub(crate) mod dependency;
mod draft;
pub(crate) mod entrypoint;
mod fields;
mod hash;
mod json_schema;
mod legacy;
mod limits;
mod member;
mod read;
mod stored_text;
pub(crate) mod time;
mod types;
pub(crate) mod words;

pub use crate::judge::shape::Mutability;
pub use builder::ComponentBuilder;
pub use dependency::{DependencyRef, DependencyTarget};
pub use draft::{Draft, Stored, same_content};
pub use hash::hash_of;
pub use json_schema::json_schema;
pub use member::{field_mutability, normalised_member};
pub use read::{ReadOptions, Reading, read, read_node};
pub use types::{
    CapabilityRequirement, Component, DataHandling, Dependency, DependencyEntry, Entrypoint,
    LoggingConfig, Port, PortEntry, SignatureBlock, SourceRepository, TestMatrixRow, Testing,
    ToolFunction,
};
pub use words::{ExecutionMode, ExpectedResult, Lifecycle, MetaType, TestType, UnknownWord};

#[cfg(test)]
#[path = "component/compat_test.rs"]
mod compat_test;
#[cfg(test)]
#[path = "component/draft_test.rs"]
mod draft_test;
#[cfg(test)]
#[path = "component/legacy_test.rs"]
mod legacy_test;
#[cfg(test)]
#[path = "component/reading_test.rs"]
mod reading_test;
#[cfg(test)]
#[path = "component/schema_test.rs"]
mod schema_test;
#[cfg(test)]
#[path = "component/values_test.rs"]
mod values_test;
