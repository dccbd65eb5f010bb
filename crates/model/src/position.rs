//! Positions in a log and counters of a record: what is compared or counted has a type of its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Position of one change in its log: 1, 2, 3, … dense, never reused. 0 is before the first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// Before the first change.
    pub const ZERO: Revision = Revision(0);

    /// The revision right after this one.
    #[must_use]
    pub fn next(self) -> Revision {
        Revision(self.0.saturating_add(1))
    }

    /// How many changes lie between `earlier` and this revision; 0 when it isn't earlier.
    #[must_use]
    pub fn since(self, earlier: Revision) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A record's own counter: 1 when it is first made, +1 with each committed change, going on
/// when a removed record is made again.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(pub u64);

impl Generation {
    /// The generation right after this one.
    #[must_use]
    pub fn next(self) -> Generation {
        Generation(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The BLAKE3 chain over all batch headers up to and including one batch.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chain(pub [u8; 32]);

impl Chain {
    /// What the first batch follows: 32 zero bytes.
    pub const ZERO: Chain = Chain([0; 32]);

    /// `BLAKE3(self ‖ header)`.
    #[must_use]
    pub fn over(&self, header: &[u8]) -> Chain {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(header);
        Chain(*hasher.finalize().as_bytes())
    }

    /// The first eight hex digits: what a position carries to tell histories apart.
    #[must_use]
    pub fn short(&self) -> String {
        to_hex(self.0.get(..4).unwrap_or_default())
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chain({})", self.short())
    }
}

impl FromStr for Chain {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        from_hex(text).map(Chain)
    }
}

impl Serialize for Chain {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The end of a log: its last revision, and the chain after the batch that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Last revision; 0 for an empty log.
    pub revision: Revision,
    /// Chain after the last batch; zero for an empty log.
    pub chain: Chain,
}

impl Head {
    /// The head of a log without batches.
    pub const EMPTY: Head = Head {
        revision: Revision::ZERO,
        chain: Chain::ZERO,
    };
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.revision, self.chain.short())
    }
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotHex;

            fn from_str(text: &str) -> Result<Self, NotHex> {
                from_hex(text).map($name)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

random_id! {
    /// Identity of one history. A restored backup starts a new one. 16 random bytes, shown as 32
    /// hex digits.
    Lineage
}

random_id! {
    /// Identity of one running writer: with its counter it says whose a batch is. 16 random bytes.
    WriterId
}

/// Text that isn't the wanted number of hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {digits} hex digits")]
pub struct NotHex {
    /// How many hex digits were wanted.
    pub digits: usize,
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

pub(crate) fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], NotHex> {
    let wrong = NotHex { digits: N * 2 };
    if text.len() != N * 2 {
        return Err(wrong);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        for digit in pair {
            let nibble = char::from(*digit).to_digit(16).ok_or(wrong)?;
            *byte = (*byte << 4) | u8::try_from(nibble).map_err(|_| wrong)?;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trips_and_refuses_anything_else() {
        let chain = Chain::ZERO.over(b"header");
        assert_eq!(chain.to_string().parse::<Chain>(), Ok(chain));
        for bad in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(bad.parse::<Chain>(), Err(NotHex { digits: 64 }), "{bad}");
        }
    }

    #[test]
    fn chain_depends_on_what_came_before() {
        let first = Chain::ZERO.over(b"a");
        assert_ne!(first.over(b"b"), Chain::ZERO.over(b"b"));
        assert_eq!(first.short(), first.to_string()[..8]);
    }
}
