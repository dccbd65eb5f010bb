//! Principals: who may use a book over the network. A record of kind `principal`, its key the name.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::capability::{Grant, Grants};
use crate::time::Timestamp;
use crate::token::{TokenHash, TokenId};

/// Longest name of a principal, in bytes.
pub const MAX_NAME_BYTES: usize = 128;

/// Most tokens of one principal, those that have ended and weren't cleared away included.
pub const MAX_TOKENS: usize = 16;

/// Why a text is no principal's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    /// Empty or too long.
    #[error("a name has 1 to {MAX_NAME_BYTES} characters")]
    Length,
    /// With other characters.
    #[error("a name is of letters, digits, `.`, `_`, `-` and `@`, the first a letter or digit")]
    Form,
}

/// Refuses what is no principal's name. A name is the actor of all that its credential does, so it
/// has only characters that look the same everywhere; case matters.
///
/// # Errors
/// [`NotAName`].
pub fn check_name(name: &str) -> Result<(), NotAName> {
    if !(1..=MAX_NAME_BYTES).contains(&name.len()) {
        return Err(NotAName::Length);
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    if !name.chars().all(fits) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(NotAName::Form);
    }
    Ok(())
}

/// The data of a principal's record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Principal {
    /// What it may do, as printed by [`Grant`]; grants of a later release stay and allow nothing
    /// here.
    pub grants: Vec<String>,
    /// Its tokens, oldest first.
    pub tokens: Vec<TokenEntry>,
    /// Members that this version doesn't know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What is kept of one token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenEntry {
    /// What it is called.
    pub id: TokenId,
    /// Its hash.
    pub hash: TokenHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it ends because another took its place; absent: none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// Members that this version doesn't know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Principal {
    /// The grants that this release knows.
    #[must_use]
    pub fn known_grants(&self) -> Grants {
        let known = |text: &String| text.parse::<Grant>().ok();
        self.grants.iter().filter_map(known).collect()
    }
}

impl TokenEntry {
    /// A token made now.
    #[must_use]
    pub fn new(hash: TokenHash, now: Timestamp, expires_at: Option<Timestamp>) -> TokenEntry {
        TokenEntry {
            id: hash.id(),
            hash,
            created_at: now,
            expires_at,
            ends_at: None,
            other: Map::new(),
        }
    }

    /// The instant from which on it is of no use; `None`: it has no end.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        self.expires_at.into_iter().chain(self.ends_at).min()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_plain() {
        for name in [
            "ada",
            "CI-bot_2",
            "0",
            "ada@larkpost.example",
            &"a".repeat(128),
        ] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", &"a".repeat(129)] {
            assert_eq!(check_name(name), Err(NotAName::Length), "{name}");
        }
        for name in [".ada", "@", "a b", "a/b", "ä", "a\n", "a:b"] {
            assert_eq!(check_name(name), Err(NotAName::Form), "{name}");
        }
    }

    #[test]
    fn what_a_later_release_noted_stays() {
        let stored = json!({
            "grants": ["REGISTRY_READ:tools/*", "MOON_WALK:tranquility/*"],
            "tokens": [{
                "id": "00".repeat(8),
                "hash": "00".repeat(32),
                "createdAt": "2026-03-02T10:00:00Z",
                "expiresAt": "2026-03-04T10:00:00Z",
                "endsAt": "2026-03-03T10:00:00Z",
                "boundTo": {"address": "10.0.0.0/8"},
            }],
            "twoFactor": true,
        });
        let principal: Principal = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(serde_json::to_value(&principal).unwrap(), stored);
        let known = ["REGISTRY_READ:tools/*".parse().unwrap()];
        assert_eq!(principal.known_grants(), known.into_iter().collect());
        let end = "2026-03-03T10:00:00Z".parse().unwrap();
        assert_eq!(principal.tokens[0].end(), Some(end));
    }
}
