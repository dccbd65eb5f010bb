//! Places in one history, as watchers keep them.

use std::fmt;
use std::str::FromStr;

use deedbook_model::{Head, Revision};

/// A place in one history: a revision, and the first eight hex digits of the chain of the batch
/// that holds it, where they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Everything up to this was seen.
    pub revision: Revision,
    /// First eight hex digits of the chain.
    pub chain: Option<String>,
}

impl Position {
    /// Before the first change.
    pub const START: Position = Position {
        revision: Revision::ZERO,
        chain: None,
    };
}

impl From<Head> for Position {
    fn from(head: Head) -> Self {
        Position {
            revision: head.revision,
            chain: (head.revision > Revision::ZERO).then(|| head.chain.short()),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.chain {
            Some(chain) => write!(f, "{}-{chain}", self.revision),
            None => self.revision.fmt(f),
        }
    }
}

/// Text that is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a position is a revision, or a revision, `-` and eight hex digits")]
pub struct NotAPosition;

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (revision, chain) = match text.split_once('-') {
            Some((revision, chain)) => (revision, Some(chain)),
            None => (text, None),
        };
        let is_chain = |c: &str| c.len() == 8 && c.bytes().all(|b| b.is_ascii_hexdigit());
        if chain.is_some_and(|chain| !is_chain(chain))
            || !revision.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(NotAPosition);
        }
        Ok(Position {
            revision: Revision(revision.parse().map_err(|_| NotAPosition)?),
            chain: chain.map(str::to_ascii_lowercase),
        })
    }
}
