//! Texts as version_specs.

use deedbook_model::issue::IssueKind;
use deedbook_model::version_spec::{MAX_CHARS, MAX_COMPARATORS, VersionSpec};
use semver::{Version, VersionReq};

/// Reads the input as a version_spec and asks it about the versions around its numbers.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let spec = match VersionSpec::parse(text) {
        Ok(spec) => spec,
        Err(error) => {
            let kind = error.kind();
            assert!(matches!(
                kind,
                IssueKind::OutOfRange | IssueKind::InvalidFormat
            ));
            assert!(error.to_string().len() < 400, "{error}");
            return;
        }
    };
    assert!(text.chars().count() <= MAX_CHARS);
    let versions = versions_around(text);
    check_text(text, &spec, &versions);
    for version in &versions {
        check_match(&spec, version);
    }
    check_selection(&spec, &versions);
    check_against_library(text, &spec, &versions);
}

/// The text is the spec, and white space and commas don't matter.
fn check_text(text: &str, spec: &VersionSpec, versions: &[Version]) {
    assert_eq!(spec.to_string(), text);
    assert_eq!(spec.as_str(), text);
    assert_eq!(text.parse().as_ref(), Ok(spec));
    let json = serde_json::to_value(spec).ok();
    assert_eq!(json, Some(serde_json::Value::from(text)));
    let back = json.and_then(|json| serde_json::from_value::<VersionSpec>(json).ok());
    assert_eq!(back.as_ref(), Some(spec));

    let spaced = format!(" {}\t", text.trim().replace(',', " , "));
    let plain = text.replace(',', " ");
    for other in [spaced, plain] {
        if other.chars().count() <= MAX_CHARS {
            assert_same(text, &other, spec, versions);
        }
    }
}

fn assert_same(text: &str, other: &str, spec: &VersionSpec, versions: &[Version]) {
    let parsed = VersionSpec::parse(other)
        .unwrap_or_else(|error| panic!("{text:?} is a spec, but {other:?} {error}"));
    assert_eq!(parsed.is_exact(), spec.is_exact(), "{text:?} {other:?}");
    assert_eq!(parsed.is_latest(), spec.is_latest(), "{text:?} {other:?}");
    for version in versions {
        let same = parsed.matches(version) == spec.matches(version);
        assert!(same, "{text:?} and {other:?} differ on {version}");
    }
}

fn check_match(spec: &VersionSpec, version: &Version) {
    let matches = spec.matches(version);
    assert!(matches || !spec.is_latest());
    let rebuilt = Version {
        build: semver::BuildMetadata::new("other.9").unwrap_or_default(),
        ..version.clone()
    };
    assert_eq!(
        spec.matches(&rebuilt),
        matches,
        "{spec} {version} and its build"
    );
    let exact = VersionSpec::parse(&version.to_string())
        .unwrap_or_else(|error| panic!("the version {version} {error}"));
    assert!(exact.is_exact() && exact.matches(version), "{version}");
    if spec.is_exact() && matches {
        assert!(!version.pre.is_empty() || !spec.matches(&with_pre(version, "0")));
    }
}

fn with_pre(version: &Version, pre: &str) -> Version {
    Version {
        pre: semver::Prerelease::new(pre).unwrap_or_default(),
        ..version.clone()
    }
}

/// What is selected is admitted, and nothing admitted stands above it, in any order.
fn check_selection(spec: &VersionSpec, versions: &[Version]) {
    let selected = spec.select(versions.iter());
    assert_eq!(spec.select(versions.iter().rev()), selected);
    let admitted: Vec<&Version> = versions.iter().filter(|v| spec.matches(v)).collect();
    let Some(selected) = selected else {
        assert!(admitted.is_empty(), "{spec} admits {admitted:?}");
        return;
    };
    assert!(spec.matches(selected), "{spec} selects {selected}");
    let stable = admitted.iter().any(|version| version.pre.is_empty());
    if spec.is_latest() && stable {
        assert!(selected.pre.is_empty(), "{spec} selects {selected}");
    }
    let above = admitted.into_iter().find(|version| {
        let counts = !spec.is_latest() || version.pre.is_empty() == selected.pre.is_empty();
        counts && version.cmp_precedence(selected).is_gt()
    });
    assert_eq!(above, None, "{spec} selects {selected}");
}

/// For stable versions each comparator is what the library of that name takes it for, once a
/// bare one has its `=`.
fn check_against_library(text: &str, spec: &VersionSpec, versions: &[Version]) {
    let Some(comparators) = library_comparators(text) else {
        return;
    };
    assert!(comparators.len() <= MAX_COMPARATORS);
    let full = comparators
        .iter()
        .flat_map(|req| &req.comparators)
        .all(|one| one.patch.is_some());
    let together = VersionReq {
        comparators: comparators
            .iter()
            .flat_map(|req| req.comparators.clone())
            .collect(),
    };
    for version in versions {
        let theirs = if full && !together.comparators.is_empty() {
            together.matches(version)
        } else if version.pre.is_empty() {
            comparators.iter().all(|req| req.matches(version))
        } else {
            continue;
        };
        assert_eq!(spec.matches(version), theirs, "{text:?} {version}");
    }
}

/// `None` for `latest`, directory names and what the library can't read.
fn library_comparators(text: &str) -> Option<Vec<VersionReq>> {
    let text = text.trim();
    if text.is_empty() || text == "latest" || text.contains('_') {
        return None;
    }
    let mut words: Vec<String> = Vec::new();
    let is_operator = |word: &String| word.ends_with(['=', '<', '>', '^', '~']);
    for word in text.split(|c: char| c == ',' || c.is_whitespace()) {
        match words.last_mut().filter(|last| is_operator(last)) {
            Some(operator) => operator.push_str(word),
            None if word.is_empty() => {}
            None => words.push(word.to_owned()),
        }
    }
    words.iter().map(|word| library_comparator(word)).collect()
}

fn library_comparator(word: &str) -> Option<VersionReq> {
    let version = word.trim_start_matches(['=', '<', '>', '^', '~']);
    let operator = word.strip_suffix(version)?;
    let version = version.strip_prefix('v').unwrap_or(version);
    let wild = version.starts_with(['x', 'X', '*']);
    let operator = match operator {
        "" | "=" | "==" if wild => "",
        "" | "==" => "=",
        other => other,
    };
    VersionReq::parse(&format!("{operator}{version}")).ok()
}

/// Versions at and beside every number of a text.
fn versions_around(text: &str) -> Vec<Version> {
    let mut versions = vec![Version::new(0, 0, 0), Version::new(1, 2, 3)];
    let start = |c: char| c == ',' || c.is_whitespace() || matches!(c, '<' | '>' | '=' | '^' | '~');
    for word in text.split(start).take(MAX_COMPARATORS * 2) {
        let word = word.strip_prefix('v').unwrap_or(word);
        versions.extend(Version::parse(word));
        let (numbers, _) = word.split_once(['-', '+']).unwrap_or((word, ""));
        let mut numbers = numbers
            .split(['.', '_'])
            .map(|part| part.parse::<u64>().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        add_neighbours(next(), next(), next(), &mut versions);
    }
    let pre: Vec<Version> = versions
        .iter()
        .flat_map(|version| ["0", "rc.1"].map(|pre| with_pre(version, pre)))
        .collect();
    versions.extend(pre);
    // Longer ones can't be asked for exactly.
    versions.retain(|version| version.to_string().len() <= MAX_CHARS);
    versions
}

fn add_neighbours(major: u64, minor: u64, patch: u64, versions: &mut Vec<Version>) {
    for (major, minor, patch) in [
        (major, minor, patch),
        (major, minor, patch.saturating_add(1)),
        (major, minor, patch.saturating_sub(1)),
        (major, minor.saturating_add(1), 0),
        (major, minor.saturating_sub(1), u64::MAX),
        (major.saturating_add(1), 0, 0),
        (major.saturating_sub(1), u64::MAX, u64::MAX),
    ] {
        versions.push(Version::new(major, minor, patch));
    }
}
