//! Components: what is known of each, how one is found, and what depends on what.

mod facts;
mod glob;
pub(crate) mod index;
mod listing;
mod lookup;
mod resolve;
mod search;
mod texts;
mod words;

pub use facts::{ComponentFacts, fold_case};
pub use lookup::{ComponentKey, Found, LookupError, NameOrUuid};
pub use resolve::Unresolved;
pub use search::{Cursor, DEFAULT_LIMIT, MAX_LIMIT, Page, Query, SearchError};
pub use words::Words;
