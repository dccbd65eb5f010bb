//! Which shard of a namespace holds a key, kept as shards come and go.

use std::cmp::Reverse;
use std::sync::Arc;

use deedbook_model::shard::{ShardRange, xxh64_bytes};
use imbl::OrdMap;

/// Ranges by where they begin; of those that begin together the one of the smallest id comes last.
type Starts<B> = OrdMap<(B, Reverse<Arc<str>>), Option<B>>;

/// The ranges that shards hold.
#[derive(Clone, Debug, Default)]
pub struct HeldKeys {
    keys: Starts<Arc<[u8]>>,
    hashes: Starts<u64>,
}

impl HeldKeys {
    /// Takes a shard's range in.
    pub fn insert(&mut self, id: &Arc<str>, range: &ShardRange) {
        let id = Reverse(Arc::clone(id));
        match range {
            ShardRange::Key(range) => {
                let end = range.end().map(Arc::from);
                self.keys.insert((Arc::from(range.start()), id), end);
            }
            ShardRange::Hash(range) => {
                self.hashes.insert((range.start(), id), range.end());
            }
        }
    }

    /// Takes a shard's range out.
    pub fn remove(&mut self, id: &str, range: &ShardRange) {
        let id = Reverse(Arc::from(id));
        match range {
            ShardRange::Key(range) => {
                self.keys.remove(&(Arc::from(range.start()), id));
            }
            ShardRange::Hash(range) => {
                self.hashes.remove(&(range.start(), id));
            }
        }
    }

    /// The shard that holds a key. Where several do, that whose range begins last, and of those the
    /// one of the smallest id; one of keys before one of hashes.
    ///
    /// One step where ranges neither overlap nor leave a gap; otherwise a step for each range that
    /// begins between that shard's and the key, or for each that begins before the gap.
    #[must_use]
    pub fn locate(&self, key: &[u8]) -> Option<&Arc<str>> {
        let by_key = held(&self.keys, &Arc::from(key));
        by_key.or_else(|| held(&self.hashes, &xxh64_bytes(key)))
    }
}

fn held<'a, B: Ord + Clone>(starts: &'a Starts<B>, at: &B) -> Option<&'a Arc<str>> {
    // No id is smaller than the empty text, so none of those that begin there is left out.
    let last = (at.clone(), Reverse(Arc::from("")));
    let mut before = starts.range(..=last).rev();
    let holds = |end: &Option<B>| end.as_ref().is_none_or(|end| at < end);
    let ((_, Reverse(id)), _) = before.find(|(_, end)| holds(end))?;
    Some(id)
}
