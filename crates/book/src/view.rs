//! A book's state at one revision, for any number of readers.

use std::ops::Deref;

use deedbook_model::Head;
use deedbook_rules::State;

/// The state at one revision and where in the log that is. Reading it blocks nobody.
#[derive(Clone, Debug)]
pub struct View {
    pub(crate) state: State,
    pub(crate) head: Head,
}

impl View {
    /// Where in the log this is.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }
}

impl Deref for View {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}
