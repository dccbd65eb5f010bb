//! The grammar of a version_spec, and its rewriting to bounds with full versions.
//!
//! ```text
//! spec       = "" | "latest" | list | "v" num "_" num "_" num
//! list       = comparator *( ("," | white space) comparator )
//! comparator = [ "=" | "==" | ">" | ">=" | "<" | "<=" | "^" | "~" ] partial
//! partial    = ["v"] num|wild [ "." num|wild [ "." num|wild [ "-" pre ] [ "+" build ] ] ]
//! wild       = "x" | "X" | "*"
//! ```

use semver::{BuildMetadata, Prerelease, Version};

use super::{Bound, MAX_CHARS, MAX_COMPARATORS, Relation, Rule, VersionSpecError};
use crate::document::shorten;

type Parsed<T> = Result<T, &'static str>;

pub(super) fn rule(text: &str) -> Result<Rule, VersionSpecError> {
    if text.len() > MAX_CHARS && text.chars().count() > MAX_CHARS {
        return Err(VersionSpecError::TooLong);
    }
    let text = text.trim();
    if text.is_empty() || text == "latest" {
        return Ok(Rule::Latest);
    }
    if let Some(version) = directory_version(text) {
        return Ok(Rule::Exact(version));
    }
    let comparators = comparators(text)?;
    if let [comparator] = comparators.as_slice()
        && let Some(version) = exact(comparator)
    {
        return Ok(Rule::Exact(version));
    }
    let mut bounds = Vec::new();
    for comparator in &comparators {
        if desugar(comparator, &mut bounds).is_none() {
            return Ok(Rule::Nothing);
        }
    }
    Ok(Rule::All(bounds.into_boxed_slice()))
}

/// `v1_2_3`, as directories are named.
fn directory_version(text: &str) -> Option<Version> {
    let mut numbers = text.strip_prefix('v')?.split('_').map(number);
    let mut next = || numbers.next()?.ok();
    let version = Version::new(next()?, next()?, next()?);
    numbers.next().is_none().then_some(version)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Caret,
    Tilde,
    Other(Relation),
}

struct Comparator {
    operator: Operator,
    partial: Partial,
}

/// A version with its tail left out.
enum Partial {
    Any,
    Major(u64),
    Minor(u64, u64),
    Full(Version),
}

fn comparators(text: &str) -> Result<Vec<Comparator>, VersionSpecError> {
    let mut comparators = Vec::new();
    let mut rest = text;
    loop {
        if comparators.len() == MAX_COMPARATORS {
            return Err(VersionSpecError::TooMany);
        }
        let (operator, after) = operator(rest);
        let after = after.trim_start();
        let end = after
            .find(|c: char| c == ',' || c.is_whitespace())
            .unwrap_or(after.len());
        let (word, tail) = after.split_at_checked(end).unwrap_or((after, ""));
        let written = || shorten(rest.strip_suffix(tail).unwrap_or(rest));
        if written().is_empty() {
            return Err(VersionSpecError::Empty);
        }
        let comparator =
            comparator(operator, word).map_err(|reason| VersionSpecError::Comparator {
                comparator: written(),
                reason,
            })?;
        comparators.push(comparator);
        let tail = tail.trim_start();
        rest = match tail.strip_prefix(',') {
            Some(tail) => tail.trim_start(),
            None if tail.is_empty() => return Ok(comparators),
            None => tail,
        };
    }
}

fn operator(text: &str) -> (Operator, &str) {
    const OPERATORS: [(&str, Operator); 8] = [
        ("==", Operator::Equal),
        ("=", Operator::Equal),
        (">=", Operator::Other(Relation::AtLeast)),
        (">", Operator::Other(Relation::Greater)),
        ("<=", Operator::Other(Relation::AtMost)),
        ("<", Operator::Other(Relation::Less)),
        ("^", Operator::Caret),
        ("~", Operator::Tilde),
    ];
    OPERATORS
        .iter()
        .find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)))
        .unwrap_or((Operator::Equal, text))
}

fn comparator(operator: Operator, word: &str) -> Parsed<Comparator> {
    if word.is_empty() {
        return Err("a version is missing");
    }
    let partial = partial(word.strip_prefix('v').unwrap_or(word))?;
    if matches!(partial, Partial::Any) && operator != Operator::Equal {
        return Err("only `=` goes with a leading wildcard");
    }
    Ok(Comparator { operator, partial })
}

fn partial(word: &str) -> Parsed<Partial> {
    let mut parts = word.splitn(3, '.');
    let major = part(parts.next())?;
    let minor = part(parts.next())?;
    let (numbers, pre, build) = split_tail(parts.next());
    let patch = part(numbers)?;
    match (major, minor, patch) {
        (Some(major), Some(minor), Some(patch)) => Ok(Partial::Full(Version {
            major,
            minor,
            patch,
            pre: pre
                .map_or(Ok(Prerelease::EMPTY), Prerelease::new)
                .ok()
                .filter(|parsed| pre.is_none() || !parsed.is_empty())
                .ok_or("its pre-release is malformed")?,
            build: build
                .map_or(Ok(BuildMetadata::EMPTY), BuildMetadata::new)
                .ok()
                .filter(|parsed| build.is_none() || !parsed.is_empty())
                .ok_or("its build metadata is malformed")?,
        })),
        _ if pre.is_some() || build.is_some() => {
            Err("a pre-release or build needs all three numbers")
        }
        (Some(major), Some(minor), None) => Ok(Partial::Minor(major, minor)),
        (Some(major), None, None) => Ok(Partial::Major(major)),
        (None, None, None) => Ok(Partial::Any),
        _ => Err("a number after a wildcard"),
    }
}

/// Splits the last part at the first `-` and `+`.
fn split_tail(part: Option<&str>) -> (Option<&str>, Option<&str>, Option<&str>) {
    let Some(part) = part else {
        return (None, None, None);
    };
    let (rest, build) = match part.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (part, None),
    };
    match rest.split_once('-') {
        Some((number, pre)) => (Some(number), Some(pre), build),
        None => (Some(rest), None, build),
    }
}

/// A number; `None` for a wildcard or an absent part.
fn part(part: Option<&str>) -> Parsed<Option<u64>> {
    match part {
        None | Some("x" | "X" | "*") => Ok(None),
        Some(digits) => number(digits).map(Some),
    }
}

fn number(digits: &str) -> Parsed<u64> {
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err("expected one to three numbers with dots, such as `1.2.3`");
    }
    if digits.len() > 1 && digits.starts_with('0') {
        return Err("a number has a leading zero");
    }
    digits.parse().map_err(|_| "a number is beyond 64 bits")
}

fn exact(comparator: &Comparator) -> Option<Version> {
    match (&comparator.operator, &comparator.partial) {
        (Operator::Equal, Partial::Full(version)) => Some(version.clone()),
        _ => None,
    }
}

/// Adds the bounds of one comparator; `None` if no version can satisfy it.
fn desugar(comparator: &Comparator, bounds: &mut Vec<Bound>) -> Option<()> {
    let mut bound = |relation, version| bounds.push(Bound { relation, version });
    let (lower, upper) = span(comparator.operator, &comparator.partial)?;
    match (comparator.operator, &comparator.partial) {
        (Operator::Equal, Partial::Full(version)) => bound(Relation::Equal, version.clone()),
        (Operator::Other(relation), Partial::Full(version)) => bound(relation, version.clone()),
        (Operator::Other(Relation::Greater), _) => bound(Relation::AtLeast, upper?),
        (Operator::Other(Relation::AtLeast), _) => bound(Relation::AtLeast, lower),
        (Operator::Other(Relation::Less), _) => bound(Relation::Less, lower),
        (Operator::Other(Relation::AtMost), _) => {
            if let Some(upper) = upper {
                bound(Relation::Less, upper);
            }
        }
        (_, Partial::Any) => {}
        _ => {
            bound(Relation::AtLeast, lower);
            if let Some(upper) = upper {
                bound(Relation::Less, upper);
            }
        }
    }
    Some(())
}

/// What a partial version covers: from the first up to the second, which is `None` where no
/// version lies beyond.
fn span(operator: Operator, partial: &Partial) -> Option<(Version, Option<Version>)> {
    let next_minor = |major: u64, minor: u64| match minor.checked_add(1) {
        Some(minor) => Some(Version::new(major, minor, 0)),
        None => next_major(major),
    };
    let caret = operator == Operator::Caret;
    Some(match partial {
        Partial::Any => (Version::new(0, 0, 0), None),
        Partial::Major(major) => (Version::new(*major, 0, 0), next_major(*major)),
        Partial::Minor(major, minor) if caret && *major > 0 => {
            (Version::new(*major, *minor, 0), next_major(*major))
        }
        Partial::Minor(major, minor) => {
            (Version::new(*major, *minor, 0), next_minor(*major, *minor))
        }
        Partial::Full(version) => {
            let upper = match (version.major, version.minor) {
                (major, _) if caret && major > 0 => next_major(major),
                (0, 0) if caret => match version.patch.checked_add(1) {
                    Some(patch) => Some(Version::new(0, 0, patch)),
                    None => next_minor(0, 0),
                },
                (major, minor) => next_minor(major, minor),
            };
            (version.clone(), upper)
        }
    })
}

fn next_major(major: u64) -> Option<Version> {
    Some(Version::new(major.checked_add(1)?, 0, 0))
}
