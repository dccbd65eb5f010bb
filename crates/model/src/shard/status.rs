//! What may be done with a shard.

use serde::{Deserialize, Serialize};

/// What may be done with a shard. Its number is the one in JSON bodies, SQL columns and checksums;
/// Protobuf has 0 for a status that isn't given, and each of these one higher. Records have it as a
/// word in lower case.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum ShardStatus {
    /// It is served.
    #[default]
    Active,
    /// It is served until another node has it.
    Draining,
    /// It stays where it is and isn't served for a while.
    Paused,
    /// It stays where it is and isn't served.
    Disabled,
}

impl ShardStatus {
    /// All of them, by number.
    pub const ALL: [ShardStatus; 4] = [
        ShardStatus::Active,
        ShardStatus::Draining,
        ShardStatus::Paused,
        ShardStatus::Disabled,
    ];

    /// Whether nothing moves a shard of that status to another node by itself.
    #[must_use]
    pub fn stays(self) -> bool {
        match self {
            ShardStatus::Active | ShardStatus::Draining => false,
            ShardStatus::Paused | ShardStatus::Disabled => true,
        }
    }

    /// 0 to 3.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            ShardStatus::Active => 0,
            ShardStatus::Draining => 1,
            ShardStatus::Paused => 2,
            ShardStatus::Disabled => 3,
        }
    }

    /// The status of that number.
    #[must_use]
    pub fn of_number(number: i64) -> Option<ShardStatus> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// `Active`, `Draining`, `Paused` or `Disabled`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ShardStatus::Active => "Active",
            ShardStatus::Draining => "Draining",
            ShardStatus::Paused => "Paused",
            ShardStatus::Disabled => "Disabled",
        }
    }

    /// The status of that name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<ShardStatus> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.name().eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_read_as_they_are_written() {
        for status in ShardStatus::ALL {
            let number = i64::from(status.number());
            assert_eq!(ShardStatus::of_number(number), Some(status));
            assert_eq!(ShardStatus::named(status.name()), Some(status));
            assert_eq!(
                ShardStatus::named(&status.name().to_uppercase()),
                Some(status)
            );
        }
        assert_eq!(ShardStatus::of_number(-1), None);
        assert_eq!(ShardStatus::of_number(4), None);
        assert_eq!(ShardStatus::named("Active "), None);
    }
}
