//! Which versions of a component are wanted: `^1.2`, `>=1.1, <2`, `latest`.
//!
//! A bare version is exact, a partial one a range, and every comparator is rewritten to
//! bounds with full versions before anything is compared, so that no library's own idea of
//! `1.2` gets a say.

use std::cmp::Ordering;
use std::fmt;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::issue::IssueKind;

mod parse;

/// The longest text, in characters.
pub const MAX_CHARS: usize = 256;
/// The most comparators in one text.
pub const MAX_COMPARATORS: usize = 16;

/// A parsed version_spec. Equal when the texts are.
///
/// ```
/// use deedbook_model::version_spec::VersionSpec;
///
/// let spec = VersionSpec::parse(">=1.2, <1.10").unwrap();
/// assert!(spec.matches(&"1.2.3".parse().unwrap()));
/// assert!(!spec.matches(&"1.10.0".parse().unwrap()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct VersionSpec {
    text: Box<str>,
    rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Rule {
    Latest,
    Exact(Version),
    /// All must hold; none at all is `*`.
    All(Box<[Bound]>),
    /// A bound beyond the largest version there is.
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Bound {
    relation: Relation,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Relation {
    Equal,
    Greater,
    AtLeast,
    Less,
    AtMost,
}

/// Why a text isn't a version_spec.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionSpecError {
    /// More than [`MAX_CHARS`] characters.
    #[error("has more than 256 characters")]
    TooLong,
    /// More than [`MAX_COMPARATORS`] comparators.
    #[error("has more than 16 comparators")]
    TooMany,
    /// A comma with nothing before or after it.
    #[error("has an empty comparator")]
    Empty,
    /// A comparator that isn't one.
    #[error("`{comparator}` is no comparator: {reason}")]
    Comparator {
        /// The comparator as written, shortened.
        comparator: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl VersionSpecError {
    /// The kind of issue this is in a document.
    pub fn kind(&self) -> IssueKind {
        match self {
            Self::TooLong | Self::TooMany => IssueKind::OutOfRange,
            Self::Empty | Self::Comparator { .. } => IssueKind::InvalidFormat,
        }
    }
}

impl VersionSpec {
    /// Reads a text; an empty one is `latest`.
    ///
    /// # Errors
    ///
    /// A text outside the grammar, too long, or with too many comparators.
    pub fn parse(text: &str) -> Result<Self, VersionSpecError> {
        Ok(Self {
            rule: parse::rule(text)?,
            text: text.into(),
        })
    }

    /// The highest version there is, `latest`: what an absent text means.
    pub fn latest() -> Self {
        Self {
            text: "latest".into(),
            rule: Rule::Latest,
        }
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it asks for the highest version, whatever that is.
    pub fn is_latest(&self) -> bool {
        self.rule == Rule::Latest
    }

    /// Whether it names one full version; only such a spec finds archived components.
    pub fn is_exact(&self) -> bool {
        matches!(self.rule, Rule::Exact(_))
    }

    /// Whether a version is admitted. Build metadata doesn't count.
    ///
    /// `latest` admits every version by itself; which one it means depends on the others, see
    /// [`Self::select`]. A pre-release is admitted only if a comparator names a pre-release of
    /// the same major, minor and patch.
    pub fn matches(&self, version: &Version) -> bool {
        match &self.rule {
            Rule::Latest => true,
            Rule::Exact(wanted) => wanted.cmp_precedence(version) == Ordering::Equal,
            Rule::All(bounds) => {
                bounds.iter().all(|bound| bound.admits(version))
                    && (version.pre.is_empty() || bounds.iter().any(|bound| bound.names(version)))
            }
            Rule::Nothing => false,
        }
    }

    /// The version to take: the highest admitted; for `latest` the highest stable one, or the
    /// highest pre-release where no version is stable.
    pub fn select<'a>(&self, versions: impl Iterator<Item = &'a Version>) -> Option<&'a Version> {
        let admitted = versions.filter(|version| self.matches(version));
        let latest = self.is_latest();
        admitted.max_by(|a, b| {
            let stable = |version: &Version| latest && version.pre.is_empty();
            stable(a)
                .cmp(&stable(b))
                .then_with(|| a.cmp_precedence(b))
                .then_with(|| a.cmp(b))
        })
    }
}

impl Bound {
    fn admits(&self, version: &Version) -> bool {
        let order = version.cmp_precedence(&self.version);
        match self.relation {
            Relation::Equal => order == Ordering::Equal,
            Relation::Greater => order == Ordering::Greater,
            Relation::AtLeast => order != Ordering::Less,
            Relation::Less => order == Ordering::Less,
            Relation::AtMost => order != Ordering::Greater,
        }
    }

    /// Whether it is a pre-release of the same full version.
    fn names(&self, version: &Version) -> bool {
        let triple = |version: &Version| (version.major, version.minor, version.patch);
        !self.version.pre.is_empty() && triple(&self.version) == triple(version)
    }
}

impl fmt::Display for VersionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for VersionSpec {
    type Err = VersionSpecError;

    fn from_str(text: &str) -> Result<Self, VersionSpecError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for VersionSpec {
    type Error = VersionSpecError;

    fn try_from(text: String) -> Result<Self, VersionSpecError> {
        Self::parse(&text)
    }
}

impl From<VersionSpec> for String {
    fn from(spec: VersionSpec) -> Self {
        spec.text.into()
    }
}

#[cfg(test)]
#[path = "version_spec_test.rs"]
mod tests;
