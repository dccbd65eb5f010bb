//! Whose a token is: an index from hashes to principals, and what it answers.

use std::sync::Arc;

use deedbook_model::principal::Principal;
use deedbook_model::{Envelope, Grants, Kind, Timestamp, TokenHash};
use imbl::OrdMap;

use crate::record::Record;
use crate::state::State;

/// What rules need of a principal, read once when its record enters the state.
#[derive(Debug)]
pub struct PrincipalFacts {
    /// What it may do.
    pub grants: Arc<Grants>,
    /// Each of its tokens, and from when on it is of no use.
    pub tokens: Box<[(TokenHash, Option<Timestamp>)]>,
}

impl PrincipalFacts {
    /// Reads the stored form of a principal; `None` when only a later release can read it.
    #[must_use]
    pub fn read(stored: &[u8]) -> Option<PrincipalFacts> {
        let envelope = Envelope::read(stored).ok()?;
        let principal: Principal = serde_json::from_str(envelope.data.get()).ok()?;
        let tokens = principal.tokens.iter();
        Some(PrincipalFacts {
            grants: Arc::new(principal.known_grants()),
            tokens: tokens.map(|token| (token.hash, token.end())).collect(),
        })
    }

    fn end_of(&self, hash: &TokenHash) -> Option<Timestamp> {
        let found = self.tokens.iter().find(|(known, _)| known == hash);
        found.and_then(|(_, end)| *end)
    }
}

/// Who bears a token: what showing it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer<'a> {
    /// A principal's.
    Principal {
        /// Its name: the actor of what it does.
        name: &'a Arc<str>,
        /// What it may do.
        grants: &'a Arc<Grants>,
        /// From when on the token is of no use; `None`: it has no end.
        until: Option<Timestamp>,
    },
    /// It was a principal's, and is of no use any more.
    Expired {
        /// Whose it was.
        name: &'a Arc<str>,
        /// Since when.
        since: Timestamp,
    },
    /// Nobody's: never made, revoked, cleared away, or of a principal that is gone.
    Unknown,
}

/// All tokens of live principals, by hash.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenIndex(OrdMap<TokenHash, Arc<Record>>);

impl TokenIndex {
    pub(crate) fn insert(&mut self, record: &Arc<Record>) {
        for (hash, _) in tokens_of(record) {
            self.0.insert(*hash, Arc::clone(record));
        }
    }

    pub(crate) fn remove(&mut self, record: &Record) {
        for (hash, _) in tokens_of(record) {
            self.0.remove(hash);
        }
    }

    /// Whether no live principal has a token.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn holder(&self, hash: &TokenHash) -> Option<&Arc<Record>> {
        self.0.get(hash)
    }
}

fn tokens_of(record: &Record) -> &[(TokenHash, Option<Timestamp>)] {
    record.principal().map_or(&[], |facts| &*facts.tokens)
}

impl State {
    /// Who bears a token, now. One look into a map of all tokens.
    #[must_use]
    pub fn principal_of(&self, hash: &TokenHash, now: Timestamp) -> Bearer<'_> {
        let holder = self.tokens.holder(hash);
        let Some((record, facts)) = holder.and_then(|record| Some((record, record.principal()?)))
        else {
            return Bearer::Unknown;
        };
        let name = &record.key;
        match facts.end_of(hash) {
            Some(since) if since <= now => Bearer::Expired { name, since },
            until => Bearer::Principal {
                name,
                grants: &facts.grants,
                until,
            },
        }
    }

    /// Whether a credential is required: from the first principal on, and for good. When the last
    /// one is removed the book doesn't fall open; whoever may open its folder makes another.
    #[must_use]
    pub fn has_principals(&self) -> bool {
        !self.tokens.is_empty() || self.knows_kind(&Kind::PRINCIPAL)
    }
}

#[cfg(test)]
#[path = "principals_test.rs"]
mod tests;
