//! Remembering idempotency keys: which requests were done, and at which revisions.
//!
//! The memory follows from the log alone. A key enters with the command that it names, and each that
//! enters drives out the ones that its own limits call over; the wall clock does nothing. So every
//! fold, from the start or from a snapshot, remembers the same.

use deedbook_model::idempotency::KeyName;
use deedbook_model::{CommandInfo, Idempotency, KeyLimits, RememberedKey, Revision, Timestamp};
use imbl::{OrdMap, Vector};

use crate::state::State;

/// A command that was done before, under the same key and for the same request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Revision of its first change.
    pub first: Revision,
    /// Revision of its last change.
    pub last: Revision,
}

/// What a key says of a command that is about to be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recalled {
    /// Nobody remembers it.
    New,
    /// That was done.
    Done(Repeat),
    /// Something else was done under it.
    Other(Repeat),
}

/// The keys that are remembered: about 100 bytes each.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyMemory {
    /// In the order of their commands.
    keys: Vector<RememberedKey>,
    /// How many stood before the first of `keys`: a key's number stays while others are forgotten.
    forgotten: u64,
    /// The number of the newest key of each name.
    by_name: OrdMap<KeyName, u64>,
    deferred: bool,
}

impl KeyMemory {
    /// One that finds nothing until [`KeyMemory::index`].
    pub(crate) fn deferred() -> KeyMemory {
        KeyMemory {
            deferred: true,
            ..KeyMemory::default()
        }
    }

    pub(crate) fn index(&mut self) {
        if self.deferred {
            self.deferred = false;
            self.by_name = self.numbered();
        }
    }

    /// In order of names each map grows at its end, where everything is warm.
    fn numbered(&self) -> OrdMap<KeyName, u64> {
        let names = self.keys.iter().map(|key| key.name);
        let mut numbered: Vec<(KeyName, u64)> = names.zip(self.forgotten..).collect();
        numbered.sort_unstable();
        // Of one name the last, and so the newest, is the one that stays.
        numbered.into_iter().collect()
    }

    pub(crate) fn push(&mut self, key: RememberedKey) {
        let number = self.forgotten + length_of(&self.keys);
        self.keys.push_back(key);
        if !self.deferred {
            self.by_name.insert(key.name, number);
        }
    }

    /// Forgets what the limits call over.
    fn forget(&mut self, now: Timestamp, limits: KeyLimits) {
        let most = usize::try_from(limits.most).unwrap_or(usize::MAX);
        let too_many = self.keys.len().saturating_sub(most);
        let over = self.keys.iter().take_while(|key| key.is_over(now, limits));
        let count = over.count().max(too_many);
        if count.saturating_mul(2) > self.keys.len() {
            // Most of them, as after a quiet day: making the rest anew is quicker.
            self.keys = self.keys.split_off(count);
            self.forgotten += u64::try_from(count).unwrap_or(u64::MAX);
            self.by_name = if self.deferred {
                OrdMap::new()
            } else {
                self.numbered()
            };
            return;
        }
        for _ in 0..count {
            if let Some(key) = self.keys.pop_front() {
                if self.by_name.get(&key.name) == Some(&self.forgotten) {
                    self.by_name.remove(&key.name);
                }
                self.forgotten += 1;
            }
        }
    }

    fn find(&self, name: &KeyName) -> Option<&RememberedKey> {
        let number = self.by_name.get(name)?;
        let place = number.checked_sub(self.forgotten)?;
        self.keys.get(usize::try_from(place).ok()?)
    }
}

fn length_of(keys: &Vector<RememberedKey>) -> u64 {
    u64::try_from(keys.len()).unwrap_or(u64::MAX)
}

impl State {
    /// Remembers the key of a command that is wholly in the state. Does nothing, and costs nothing,
    /// where there is none.
    pub fn remember(&mut self, command: &CommandInfo) {
        let Some(keyed) = &command.keyed else {
            return;
        };
        let Idempotency {
            key,
            digest,
            limits,
        } = &keyed.idempotency;
        self.keys.push(RememberedKey {
            name: KeyName::of(&command.actor, key),
            digest: digest.remembered(),
            first: command.first,
            last: command.last,
            time: command.time,
        });
        self.keys.forget(command.time, *limits);
    }

    /// Takes a key from a snapshot, after the ones before it.
    pub fn put_key(&mut self, key: RememberedKey) {
        self.keys.push(key);
    }

    /// The keys that are remembered, in the order of their commands: what a snapshot holds.
    pub fn remembered_keys(&self) -> impl Iterator<Item = &RememberedKey> {
        self.keys.keys.iter()
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.keys.keys.len()
    }

    /// What the state remembers of an actor's key at an instant.
    pub(crate) fn recall(
        &self,
        actor: &str,
        idempotency: &Idempotency,
        now: Timestamp,
    ) -> Recalled {
        let found = self.keys.find(&KeyName::of(actor, &idempotency.key));
        let Some(key) = found.filter(|key| !key.is_over(now, idempotency.limits)) else {
            return Recalled::New;
        };
        let repeat = Repeat {
            first: key.first,
            last: key.last,
        };
        if key.digest == idempotency.digest.remembered() {
            Recalled::Done(repeat)
        } else {
            Recalled::Other(repeat)
        }
    }
}

#[cfg(test)]
#[path = "idempotency_test.rs"]
mod tests;
