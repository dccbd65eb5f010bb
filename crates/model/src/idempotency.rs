//! Idempotency keys: a caller's name for one request, so that the request is done once however often
//! it is sent.
//!
//! A key means something together with its actor. It travels in the log with the command that it
//! names, and so do the limits of remembering it: what is forgotten when follows from the log alone,
//! and every fold of it forgets the same.

use std::fmt;
use std::str::FromStr;

use crate::position::{Revision, to_hex};
use crate::time::Timestamp;

/// Longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 255;

/// How long a key is remembered unless its command says otherwise: 24 hours. Never changes, as
/// stored commands that say nothing mean this.
pub const KEEP_SECONDS: u32 = 86_400;

/// How many keys are remembered unless a command says otherwise. Never changes either.
pub const MOST_KEPT: u32 = 250_000;

/// A caller's name for one request: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Box<str>);

/// A text that is no idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to {MAX_KEY_BYTES} visible ASCII characters")]
pub struct NotAKey;

impl IdempotencyKey {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a log holds; a later release may allow more.
    pub(crate) fn stored(text: &str) -> IdempotencyKey {
        IdempotencyKey(Box::from(text))
    }
}

impl FromStr for IdempotencyKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_visible && (1..=MAX_KEY_BYTES).contains(&text.len()) {
            Ok(IdempotencyKey::stored(text))
        } else {
            Err(NotAKey)
        }
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Digest of what was asked: two requests under one key are the same if this is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestDigest(pub [u8; 32]);

impl RequestDigest {
    /// The digest of a request's parts, each after its length: method, route, parameters, body.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> RequestDigest {
        RequestDigest(digest_of(parts))
    }
}

impl fmt::Debug for RequestDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestDigest({})", to_hex(&self.0))
    }
}

fn digest_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        // 64 bits, as a body may be longer than 32 can say.
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        hasher.update(&length.to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// Asks that a command be done once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The caller's name for the request.
    pub key: IdempotencyKey,
    /// What is asked.
    pub digest: RequestDigest,
    /// How long the key is remembered; the shell's setting, not the caller's.
    pub limits: KeyLimits,
}

/// How long keys are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLimits {
    /// For how many seconds after the command.
    pub keep_seconds: u32,
    /// How many at most, the newest.
    pub most: u32,
}

impl Default for KeyLimits {
    fn default() -> Self {
        KeyLimits {
            keep_seconds: KEEP_SECONDS,
            most: MOST_KEPT,
        }
    }
}

/// What a log holds of a command that was asked for under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// The key, what was asked, and how long that is remembered.
    pub idempotency: Idempotency,
    /// For each write the revision at which it left its record. Empty where each write made one
    /// change: then they are the command's own revisions in order.
    pub outcomes: Vec<Revision>,
}

/// A key as it is remembered: what is needed to know a repeat, and where its answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RememberedKey {
    /// Which key of which actor.
    pub name: KeyName,
    /// The first 16 bytes of the request's digest.
    pub digest: [u8; 16],
    /// Revision of the command's first change.
    pub first: Revision,
    /// Revision of its last change.
    pub last: Revision,
    /// Its stamp.
    pub time: Timestamp,
}

/// Which key of which actor: the first 16 bytes of BLAKE3 over both, each after its length. Nobody
/// who isn't that actor gets a key of this name, but by finding a second preimage of 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(pub [u8; 16]);

impl KeyName {
    /// The name of an actor's key.
    #[must_use]
    pub fn of(actor: &str, key: &IdempotencyKey) -> KeyName {
        let digest = digest_of(&[actor.as_bytes(), key.as_str().as_bytes()]);
        KeyName(half(&digest))
    }
}

impl RequestDigest {
    /// What is remembered of it.
    #[must_use]
    pub fn remembered(&self) -> [u8; 16] {
        half(&self.0)
    }
}

fn half(digest: &[u8; 32]) -> [u8; 16] {
    digest.first_chunk().copied().unwrap_or_default()
}

impl RememberedKey {
    /// Whether it is forgotten at that instant, by the limits in force.
    #[must_use]
    pub fn is_over(&self, now: Timestamp, limits: KeyLimits) -> bool {
        self.time.plus_seconds(i64::from(limits.keep_seconds)) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_and_not_too_long() {
        let long = "k".repeat(MAX_KEY_BYTES);
        for key in ["a", "2f1c-11", "!~", &long] {
            assert_eq!(key.parse::<IdempotencyKey>().unwrap().as_str(), key);
        }
        let longer = format!("{long}k");
        for key in ["", "a b", "a\n", "ä", "\u{7f}", &longer] {
            assert_eq!(key.parse::<IdempotencyKey>(), Err(NotAKey), "{key}");
        }
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = |text: &str| text.parse().unwrap();
        assert_ne!(
            KeyName::of("ada", &key("x1")),
            KeyName::of("adax", &key("1"))
        );
        assert_ne!(
            KeyName::of("ada", &key("x")),
            KeyName::of("grace", &key("x"))
        );
        assert_ne!(
            RequestDigest::of(&[b"ab", b"c"]),
            RequestDigest::of(&[b"a", b"bc"])
        );
        assert_ne!(RequestDigest::of(&[b"a"]), RequestDigest::of(&[b"a", b""]));
    }
}
