//! Statuses as they stand in bodies.

use std::fmt;

use crate::shard::ShardStatus;

/// The status of a shard as a body gives it: a number, be there a status of that number or not.
/// Who reads a body repeats what it was given; who is asked to write a shard refuses the unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusNumber(i32);

impl StatusNumber {
    /// Of any number.
    #[must_use]
    pub fn new(number: i32) -> StatusNumber {
        StatusNumber(number)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// The status of that number, if there is one.
    #[must_use]
    pub fn known(self) -> Option<ShardStatus> {
        ShardStatus::of_number(self.0.into())
    }
}

impl From<ShardStatus> for StatusNumber {
    fn from(status: ShardStatus) -> Self {
        StatusNumber(status.number().into())
    }
}

impl fmt::Display for StatusNumber {
    /// The name, or the number of what has none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Some(status) => f.pad(status.name()),
            None => self.0.fmt(f),
        }
    }
}
