//! The book's own record: whose history this is, and who may write to it.

use deedbook_model::batch::{FORMAT, FORMAT_SINCE};
use deedbook_model::{Envelope, Head, Kind, Lineage};
use serde::{Deserialize, Serialize};

use crate::state::State;

/// Key of the one record of kind `book`.
pub const BOOK_KEY: &str = "book";

/// What the book's own record says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookRecord {
    /// Identity of this history, 32 hex digits.
    pub lineage: String,
    /// The history that it was restored from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Lowest format that a writer must know.
    pub minimum_writer: u32,
    /// Lowest release that knows it.
    pub minimum_writer_since: String,
    /// Members that this version doesn't know.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// Where a restored book came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The lineage of the backup.
    pub lineage: String,
    /// Its last revision.
    pub revision: u64,
    /// Its chain, 64 hex digits.
    pub chain: String,
}

impl Parent {
    /// A history up to one head.
    #[must_use]
    pub fn at(lineage: &str, head: Head) -> Parent {
        Parent {
            lineage: lineage.to_owned(),
            revision: head.revision.0,
            chain: head.chain.to_string(),
        }
    }
}

impl BookRecord {
    /// The record of a book that this release makes.
    #[must_use]
    pub fn new(lineage: Lineage, parent: Option<Parent>) -> BookRecord {
        BookRecord {
            lineage: lineage.to_string(),
            parent,
            minimum_writer: FORMAT,
            minimum_writer_since: FORMAT_SINCE.to_owned(),
            other: serde_json::Map::new(),
        }
    }

    /// Reads the stored form of the record; `None` when only a later release can.
    #[must_use]
    pub fn read(stored: &[u8]) -> Option<BookRecord> {
        let envelope = Envelope::read(stored).ok()?;
        serde_json::from_str(envelope.data.get()).ok()
    }

    /// Whether this release may write to the book.
    #[must_use]
    pub fn is_writable_here(&self) -> bool {
        self.minimum_writer <= FORMAT
    }
}

impl State {
    /// The book's own record; `None` before it was made or when only a later release reads it.
    #[must_use]
    pub fn book(&self) -> Option<&BookRecord> {
        self.record(&Kind::BOOK, BOOK_KEY)?.book()
    }

    /// Identity of the history, 32 hex digits; empty before the book's own record was made.
    #[must_use]
    pub fn lineage(&self) -> &str {
        self.book().map_or("", |book| &book.lineage)
    }
}
