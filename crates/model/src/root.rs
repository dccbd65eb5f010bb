//! The state root: one number over all live records, kept incrementally.

use std::fmt;

use serde::Serialize;

use crate::position::to_hex;

/// Sum modulo 2²⁵⁶ (little-endian) of `BLAKE3(kind ‖ key ‖ record)`, each part after its length as
/// u32 little-endian, over all live records.
///
/// Two folds of one log that differ in a single record byte differ here. It finds divergence;
/// what makes tampering evident is the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateRoot([u64; 4]);

/// What one live record adds to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordDigest([u64; 4]);

impl RecordDigest {
    /// The digest of one record.
    #[must_use]
    pub fn of(kind: &str, key: &str, record: &[u8]) -> RecordDigest {
        let mut hasher = blake3::Hasher::new();
        for part in [kind.as_bytes(), key.as_bytes(), record] {
            // A record is at most 64 MiB (the limit of a command), so its length fits.
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            hasher.update(&length.to_le_bytes());
            hasher.update(part);
        }
        RecordDigest(words(hasher.finalize().as_bytes()))
    }
}

impl StateRoot {
    /// The root of a book without records.
    pub const EMPTY: StateRoot = StateRoot([0; 4]);

    /// Counts a record in.
    pub fn add(&mut self, digest: RecordDigest) {
        let mut carry = false;
        for (word, add) in self.0.iter_mut().zip(digest.0) {
            let (sum, first) = word.overflowing_add(add);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            *word = sum;
            carry = first || second;
        }
    }

    /// Counts a record out.
    pub fn remove(&mut self, digest: RecordDigest) {
        let mut borrow = false;
        for (word, take) in self.0.iter_mut().zip(digest.0) {
            let (rest, first) = word.overflowing_sub(take);
            let (rest, second) = rest.overflowing_sub(u64::from(borrow));
            *word = rest;
            borrow = first || second;
        }
    }

    /// The 32 bytes, little-endian.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// From the 32 bytes of [`StateRoot::to_bytes`].
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> StateRoot {
        StateRoot(words(bytes))
    }
}

fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        let mut eight = [0; 8];
        eight.copy_from_slice(chunk);
        *word = u64::from_le_bytes(eight);
    }
    words
}

impl fmt::Display for StateRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.to_bytes()))
    }
}

impl Serialize for StateRoot {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_removal_undoes() {
        let digests: Vec<_> = (0..50u8)
            .map(|n| RecordDigest::of("component", "k", &[n]))
            .collect();
        let mut forward = StateRoot::EMPTY;
        digests.iter().for_each(|d| forward.add(*d));
        let mut backward = StateRoot::EMPTY;
        digests.iter().rev().for_each(|d| backward.add(*d));
        assert_eq!(forward, backward);
        digests.iter().for_each(|d| forward.remove(*d));
        assert_eq!(forward, StateRoot::EMPTY);
        assert_eq!(StateRoot::from_bytes(&backward.to_bytes()), backward);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(
            RecordDigest::of("a", "bc", b""),
            RecordDigest::of("ab", "c", b"")
        );
    }

    #[test]
    fn carries_and_borrows_cross_words() {
        let mut root = StateRoot([u64::MAX, u64::MAX, u64::MAX, 0]);
        root.add(RecordDigest([1, 0, 0, 0]));
        assert_eq!(root, StateRoot([0, 0, 0, 1]));
        root.remove(RecordDigest([1, 0, 0, 0]));
        assert_eq!(root, StateRoot([u64::MAX, u64::MAX, u64::MAX, 0]));
    }
}
