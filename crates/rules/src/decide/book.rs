//! The book's own record.

use deedbook_model::{Kind, Lineage, Verb};

use super::{Outcome, Work};
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
        let known = self.state.book().cloned();
        let created = known.is_none();
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
        let record = self.put_data(Kind::BOOK, BOOK_KEY, verb, &book)?;
        Ok(Outcome {
            record,
            created,
            unchanged: false,
            warnings: Vec::new(),
        })
    }
}
