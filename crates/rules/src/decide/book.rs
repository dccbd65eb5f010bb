//! The book's own record.

use deedbook_model::{Kind, Lineage, Verb};
use serde_json::value::to_raw_value;

use super::{Content, Outcome, Work, internal};
use crate::book_record::{BOOK_KEY, BookRecord, Parent};
use crate::refusal::Refusal;

impl Work<'_> {
    /// Makes the record, or begins a new lineage after a restore.
    pub(super) fn create_book(
        &mut self,
        lineage: Lineage,
        parent: Option<Parent>,
    ) -> Result<Outcome, Refusal> {
        let verb = if parent.is_some() {
            Verb::IMPORTED
        } else {
            Verb::CREATED
        };
        let known = self.state.book();
        let book = match known {
            // What the parent demanded of its writers still holds.
            Some(before) if parent.is_some() => BookRecord {
                lineage: lineage.to_string(),
                parent,
                ..before
            },
            Some(_) => return Err(super::unavailable("the book exists already".to_owned())),
            None => BookRecord::new(lineage, parent),
        };
        let failed = |error: serde_json::Error| internal(error.to_string());
        let data = to_raw_value(&book).map_err(failed)?;
        let none = to_raw_value(&serde_json::Map::new()).map_err(failed)?;
        let serde_json::Value::Object(map) = serde_json::to_value(&book).map_err(failed)? else {
            return Err(internal("a book's record is an object".to_owned()));
        };
        let checksum = deedbook_model::component::hash_of(&map);
        let content = Content {
            checksum: &checksum,
            created_at: None,
            annotations: &none,
            data: &data,
        };
        let record = self.put(Kind::BOOK, BOOK_KEY, verb, &content)?;
        Ok(Outcome {
            record,
            unchanged: false,
            warnings: Vec::new(),
        })
    }
}
