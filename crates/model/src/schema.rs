//! Versions of the encoded forms, and what two sides that know different ones can do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The version this crate writes component documents in.
pub const METADATA_VERSION: SchemaVersion = SchemaVersion::new(0, 3, 0);

/// The versions of component documents that this crate knows: 0.1 and 0.2 are rewritten when read.
pub const METADATA_VERSIONS: KnownVersions = KnownVersions::new(1, METADATA_VERSION);

/// The version of an encoded form: three numbers, nothing else.
///
/// Another patch is the same form with more optional members; a newer minor has new values
/// or required members and is read but not written; another major isn't read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SchemaVersion {
    /// Raised when old readers must refuse.
    pub major: u32,
    /// Raised when old readers may read but not write.
    pub minor: u32,
    /// Raised when old readers needn't care.
    pub patch: u32,
}

/// The versions of one form that a reader knows: of one major, the minors from an oldest up to that
/// of the current version, and any patch of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownVersions {
    oldest_minor: u32,
    current: SchemaVersion,
}

/// What a reader may do with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Readable {
    /// Read and write it.
    Full,
    /// Read it with a warning and keep what isn't known: what only the later version demands isn't
    /// judged. A component of such a version isn't changed, a record of the mesh keeps all of it.
    ReadOnly,
    /// Don't read it.
    Refused,
}

/// A text that isn't a schema version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a schema version is three numbers without leading zeros, such as 0.3.0")]
pub struct NotASchemaVersion;

/// No version that both sides read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no common schema version: this side reads {}, the other {}", list(.ours), list(.theirs))]
pub struct Incompatible {
    /// The versions that would do here.
    pub ours: Vec<SchemaVersion>,
    /// The versions the other side offered.
    pub theirs: Vec<SchemaVersion>,
}

impl KnownVersions {
    /// The minors of `current`'s major from `oldest_minor` up to its own.
    pub const fn new(oldest_minor: u32, current: SchemaVersion) -> Self {
        Self {
            oldest_minor,
            current,
        }
    }

    /// The version that is written.
    pub const fn current(self) -> SchemaVersion {
        self.current
    }

    /// What may be done with a document of `version`.
    pub const fn readability(self, version: SchemaVersion) -> Readable {
        if version.major != self.current.major || version.minor < self.oldest_minor {
            Readable::Refused
        } else if version.minor > self.current.minor {
            Readable::ReadOnly
        } else {
            Readable::Full
        }
    }
}

impl fmt::Display for KnownVersions {
    /// `1.0.x`, or `0.1.x to 0.3.x`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SchemaVersion { major, minor, .. } = self.current;
        if self.oldest_minor < minor {
            write!(f, "{major}.{}.x to ", self.oldest_minor)?;
        }
        write!(f, "{major}.{minor}.x")
    }
}

/// Picks the version for two sides, each given by the versions it reads and writes.
///
/// The highest form that both write wins, at the lower of the two patches. Where there is
/// none, one side reads the other's newer minor without writing it: then the lowest such
/// version is taken, as it loses least.
///
/// # Errors
///
/// [`Incompatible`], naming the versions of either side, if the majors have nothing in common.
pub fn negotiate(
    ours: &[SchemaVersion],
    theirs: &[SchemaVersion],
) -> Result<SchemaVersion, Incompatible> {
    let pairs = || {
        ours.iter()
            .flat_map(|our| theirs.iter().map(move |their| (*our, *their)))
            .filter(|(our, their)| our.major == their.major)
    };
    let written_by_both = pairs()
        .filter(|(our, their)| our.minor == their.minor)
        .map(|(our, their)| our.min(their))
        .max();
    let highest_major = || pairs().map(|(our, _)| our.major).max();
    written_by_both
        .or_else(|| {
            let major = highest_major()?;
            pairs()
                .filter(|(our, _)| our.major == major)
                .map(|(our, their)| our.max(their))
                .min()
        })
        .ok_or_else(|| Incompatible {
            ours: ours.to_vec(),
            theirs: theirs.to_vec(),
        })
}

impl SchemaVersion {
    /// The version of these numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for SchemaVersion {
    type Err = NotASchemaVersion;

    fn from_str(text: &str) -> Result<Self, NotASchemaVersion> {
        let mut numbers = text.split('.').map(number);
        let mut next = || numbers.next().flatten().ok_or(NotASchemaVersion);
        let version = Self::new(next()?, next()?, next()?);
        match numbers.next() {
            None => Ok(version),
            Some(_) => Err(NotASchemaVersion),
        }
    }
}

impl TryFrom<String> for SchemaVersion {
    type Error = NotASchemaVersion;

    fn try_from(text: String) -> Result<Self, NotASchemaVersion> {
        text.parse()
    }
}

impl From<SchemaVersion> for String {
    fn from(version: SchemaVersion) -> Self {
        version.to_string()
    }
}

fn number(digits: &str) -> Option<u32> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    let padded = digits.len() > 1 && digits.starts_with('0');
    if plain && !padded {
        digits.parse().ok()
    } else {
        None
    }
}

fn list(versions: &[SchemaVersion]) -> String {
    if versions.is_empty() {
        return "none".to_owned();
    }
    let texts: Vec<String> = versions.iter().map(SchemaVersion::to_string).collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(texts: &[&str]) -> Vec<SchemaVersion> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn agreed(ours: &[&str], theirs: &[&str]) -> Option<String> {
        negotiate(&versions(ours), &versions(theirs))
            .ok()
            .map(|version| version.to_string())
    }

    #[test]
    fn the_highest_form_both_write_wins_at_the_lower_patch() {
        assert_eq!(agreed(&["0.3.0"], &["0.3.0"]).as_deref(), Some("0.3.0"));
        assert_eq!(agreed(&["0.3.4"], &["0.3.1"]).as_deref(), Some("0.3.1"));
        assert_eq!(
            agreed(&["0.3.0", "0.4.0"], &["0.3.2"]).as_deref(),
            Some("0.3.0")
        );
        assert_eq!(
            agreed(&["0.3.0"], &["0.3.2", "0.4.0"]).as_deref(),
            Some("0.3.0")
        );
        assert_eq!(
            agreed(&["0.3.0", "1.0.0"], &["0.3.0", "1.0.0"]).as_deref(),
            Some("1.0.0")
        );
        assert_eq!(
            agreed(&["0.3.0", "1.0.0"], &["0.3.0", "2.0.0"]).as_deref(),
            Some("0.3.0")
        );
    }

    #[test]
    fn a_newer_minor_is_read_by_the_older_side_whichever_that_is() {
        assert_eq!(agreed(&["0.3.0"], &["0.4.0"]).as_deref(), Some("0.4.0"));
        assert_eq!(agreed(&["0.4.0"], &["0.3.0"]).as_deref(), Some("0.4.0"));
        assert_eq!(
            agreed(&["0.3.0"], &["0.4.0", "0.5.0"]).as_deref(),
            Some("0.4.0")
        );
    }

    #[test]
    fn other_majors_are_refused_with_the_versions_that_would_do() {
        let refused = negotiate(&versions(&["0.2.1", "0.3.0"]), &versions(&["1.0.0"]));
        assert_eq!(
            refused.unwrap_err().to_string(),
            "no common schema version: this side reads 0.2.1, 0.3.0, the other 1.0.0"
        );
        assert!(agreed(&["0.3.0"], &[]).is_none());
        assert!(agreed(&[], &["0.3.0"]).is_none());
    }

    #[test]
    fn readability_goes_by_major_and_minor() {
        let readable = |text: &str| METADATA_VERSIONS.readability(text.parse().unwrap());
        for version in ["0.1.0", "0.2.1", "0.3.0", "0.3.9"] {
            assert_eq!(readable(version), Readable::Full, "{version}");
        }
        assert_eq!(readable("0.4.0"), Readable::ReadOnly);
        assert_eq!(readable("0.99.1"), Readable::ReadOnly);
        assert_eq!(readable("0.0.1"), Readable::Refused);
        assert_eq!(readable("1.0.0"), Readable::Refused);
        assert_eq!(readable("9.0.0"), Readable::Refused);
        assert_eq!(METADATA_VERSIONS.to_string(), "0.1.x to 0.3.x");
        let one = KnownVersions::new(2, SchemaVersion::new(1, 2, 3));
        assert_eq!(one.to_string(), "1.2.x");
        assert_eq!(
            one.readability(SchemaVersion::new(1, 1, 9)),
            Readable::Refused
        );
        assert_eq!(one.readability(SchemaVersion::new(1, 2, 9)), Readable::Full);
    }

    #[test]
    fn only_three_plain_numbers_are_a_version() {
        for text in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "1.2.x",
            "1.2.-3",
            "1.2.3 ",
            "99999999999.0.0",
        ] {
            assert_eq!(
                text.parse::<SchemaVersion>(),
                Err(NotASchemaVersion),
                "{text}"
            );
        }
    }
}
