//! Which component a key means where its history counts.

use deedbook_model::Kind;
use deedbook_rules::components::{ComponentFacts, ComponentKey, LookupError, NameOrUuid};

use crate::book::Book;
use crate::error::BookError;
use crate::removed::RemovedComponent;
use crate::view::View;

/// What a key means where history counts.
#[derive(Debug)]
pub struct Meant {
    /// The component's uuid, the key of its record.
    pub uuid: String,
    /// The components of that name that are gone, if one of them is meant; that one first.
    pub removed: Vec<RemovedComponent>,
}

impl Meant {
    fn of(uuid: String) -> Meant {
        Meant {
            uuid,
            removed: Vec::new(),
        }
    }
}

impl Book {
    /// The component that a key means where history counts: one that is there, archived or not, else
    /// the one that was removed last. Nothing fits: the look-up's own error.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn meant_in_history(
        &self,
        view: &View,
        key: &ComponentKey,
    ) -> Result<Result<Meant, LookupError>, BookError> {
        let error = match view.lookup(&key.name, key.spec.as_ref()) {
            Ok(found) => return Ok(Ok(Meant::of(found.facts.uuid().to_string()))),
            Err(error) => error,
        };
        let spec = key.spec.as_ref().filter(|spec| !spec.is_latest());
        let fits = |facts: &ComponentFacts| spec.is_none_or(|spec| spec.matches(facts.version()));
        let name = match &key.name {
            NameOrUuid::Name(name) => name,
            // Known by its key alone: removed, or of a form that only a later release reads.
            NameOrUuid::Uuid(uuid) => {
                let uuid = uuid.to_string();
                let is_known = view.record(&Kind::COMPONENT, &uuid).is_some();
                return Ok(match error {
                    LookupError::Unknown { .. } if is_known => Ok(Meant::of(uuid)),
                    error => Err(error),
                });
            }
        };
        let mut there = view.versions(&key.name).iter();
        let archived = there.find_map(|record| record.component().filter(|facts| fits(facts)));
        if let Some(facts) = archived {
            return Ok(Ok(Meant::of(facts.uuid().to_string())));
        }
        let mut removed = self.removed_components(view, name)?;
        removed.retain(|removed| fits(&removed.facts));
        Ok(match removed.first() {
            Some(newest) => Ok(Meant {
                uuid: newest.facts.uuid().to_string(),
                removed,
            }),
            None => Err(error),
        })
    }
}
