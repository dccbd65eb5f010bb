//! Batches as readers see them: with what each change replaced, and with the form in which a
//! change is sent, made once for everybody who watches.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use deedbook_model::{Batch, Change};

use crate::position::Position;

/// What a change costs beside its records.
const CHANGE_BYTES: usize = 256;

/// A batch and what its changes replaced.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) batch: Arc<Batch>,
    /// One for each change.
    before: Vec<Option<Bytes>>,
    /// One for each change, once any is asked for.
    encoded: OnceLock<Box<[Encoded]>>,
}

/// A form in which changes are sent. Each is made once for all who are sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text, as events.
    Text,
    /// Binary, as messages.
    Binary,
}

/// The forms of a change that were made.
#[derive(Debug, Default)]
struct Encoded {
    text: OnceLock<Bytes>,
    binary: OnceLock<Bytes>,
}

impl Published {
    /// A batch, and the stored form of the record that each of its changes replaced.
    pub(crate) fn new(batch: Batch, before: Vec<Option<Bytes>>) -> Published {
        Published {
            batch: Arc::new(batch),
            before,
            encoded: OnceLock::new(),
        }
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let after = self.batch.changes.iter().map(|change| &change.record);
        let records = after.chain(&self.before).flatten();
        self.batch.changes.len() * CHANGE_BYTES + records.map(Bytes::len).sum::<usize>()
    }

    fn encoded(&self, index: usize, form: Form) -> Option<&OnceLock<Bytes>> {
        let all = self.encoded.get_or_init(|| {
            let each = self.batch.changes.iter();
            each.map(|_| Encoded::default()).collect()
        });
        let encoded = all.get(index)?;
        Some(match form {
            Form::Text => &encoded.text,
            Form::Binary => &encoded.binary,
        })
    }
}

/// A change as watchers see it. Copies are cheap: they share it.
#[derive(Clone)]
pub struct WatchedChange {
    published: Arc<Published>,
    index: usize,
}

impl WatchedChange {
    /// The change of that index, if there is one.
    pub(crate) fn of(published: &Arc<Published>, index: usize) -> Option<WatchedChange> {
        published.batch.changes.get(index)?;
        Some(WatchedChange {
            published: Arc::clone(published),
            index,
        })
    }

    /// The whole record as it was before, in stored form; `None`: it wasn't there.
    #[must_use]
    pub fn before(&self) -> Option<&Bytes> {
        self.published.before.get(self.index)?.as_ref()
    }

    /// The position after its command: whoever has seen all of that goes on from here.
    #[must_use]
    pub fn end(&self) -> Position {
        Position {
            revision: self.command.last,
            ..Position::from(self.published.batch.head)
        }
    }

    /// The change in a form in which it is sent: made by the first who asks and shared with all
    /// others, so all of a process must mean the same by a form.
    ///
    /// # Errors
    /// What `make` fails with.
    pub fn encoded<E>(
        &self,
        form: Form,
        make: impl FnOnce(&WatchedChange) -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        let slot = self.published.encoded(self.index, form);
        if let Some(made) = slot.and_then(OnceLock::get) {
            return Ok(made.clone());
        }
        let made = make(self)?;
        Ok(slot.map_or(made.clone(), |slot| slot.get_or_init(|| made).clone()))
    }
}

impl Deref for WatchedChange {
    type Target = Change;

    #[expect(
        clippy::indexing_slicing,
        reason = "whoever makes one has looked that the change is there"
    )]
    fn deref(&self) -> &Change {
        &self.published.batch.changes[self.index]
    }
}

impl fmt::Debug for WatchedChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedChange")
            .field("change", &**self)
            .field("before", &self.before())
            .finish()
    }
}
