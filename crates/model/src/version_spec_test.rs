use proptest::prelude::*;

use super::*;

fn spec(text: &str) -> VersionSpec {
    VersionSpec::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

#[test]
fn comparators_admit_what_they_say() {
    for (text, admitted, refused) in [
        ("1.2.3", "1.2.3 1.2.3+build", "1.2.4 1.2.3-rc.1"),
        ("1.2.3-rc.1", "1.2.3-rc.1", "1.2.3 1.2.3-rc.2"),
        ("1", "1.0.0 1.99.0", "0.9.9 2.0.0 1.0.0-a 2.0.0-a"),
        ("=1.2", "1.2.0 1.2.9", "1.1.9 1.3.0"),
        ("1.2.x", "1.2.0 1.2.9", "1.1.9 1.3.0"),
        ("1.X.*", "1.0.0 1.9.0", "2.0.0"),
        ("v1.x", "1.0.0", "2.0.0"),
        ("*", "0.0.0 99.0.0", "1.0.0-rc.1"),
        ("=*", "1.0.0", "1.0.0-rc.1"),
        ("X.x", "1.0.0", "1.0.0-rc.1"),
        ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 1.3.0-rc.1 2.0.0-rc.1"),
        (
            "^1.2.3-rc.1",
            "1.2.3-rc.1 1.2.3-rc.2 1.2.3 1.3.0",
            "1.2.3-beta 1.2.4-rc.1 2.0.0",
        ),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
        ("^0.0.3", "0.0.3", "0.0.4 0.0.2"),
        ("^0.0", "0.0.0 0.0.9", "0.1.0"),
        ("^0", "0.0.0 0.9.0", "1.0.0"),
        ("^1.2", "1.2.0 1.9.0", "1.1.9 2.0.0"),
        ("^1.x", "1.0.0 1.9.0", "2.0.0"),
        ("^0.0.x", "0.0.0 0.0.9", "0.1.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"),
        ("~1.2", "1.2.0 1.2.9", "1.3.0"),
        ("~1", "1.0.0 1.9.0", "2.0.0"),
        ("~0.0.3", "0.0.3 0.0.9", "0.1.0"),
        (">1.2", "1.3.0 2.0.0", "1.2.9"),
        (">1", "2.0.0", "1.9.9"),
        (">1.2.3", "1.2.4", "1.2.3 1.2.3+b"),
        ("<=1.2", "1.2.9 0.0.0", "1.3.0"),
        ("<=1.2.3", "1.2.3", "1.2.4"),
        (">=1.2", "1.2.0", "1.1.9"),
        ("<1.2", "1.1.9", "1.2.0"),
        ("<1", "0.9.9", "1.0.0 1.0.0-rc.1"),
        (
            "<2.0.0-rc.2",
            "1.0.0 2.0.0-rc.1",
            "2.0.0-rc.2 2.0.0 1.0.0-rc.1",
        ),
        (">=1.1, <2", "1.1.0 1.9.9", "1.0.9 2.0.0"),
        (" >= 1.1\t<2 ", "1.1.0", "2.0.0"),
        (">=1 , !ignored", "", ""),
        ("^1.2.0+x", "1.2.0 1.9.0", "2.0.0"),
        ("v1_2_3", "1.2.3", "1.2.4"),
        (">18446744073709551615", "", "18446744073709551615.0.0"),
        ("^18446744073709551615", "18446744073709551615.7.0", "1.0.0"),
        (
            "~1.18446744073709551615",
            "1.18446744073709551615.7",
            "2.0.0",
        ),
        ("", "1.0.0 1.0.0-rc.1", ""),
        ("latest", "1.0.0 1.0.0-rc.1", ""),
    ] {
        if text.contains('!') {
            assert!(VersionSpec::parse(text).is_err());
            continue;
        }
        let spec = spec(text);
        for good in admitted.split_whitespace() {
            assert!(spec.matches(&version(good)), "{text} should admit {good}");
        }
        for bad in refused.split_whitespace() {
            assert!(!spec.matches(&version(bad)), "{text} should refuse {bad}");
        }
    }
}

#[test]
fn what_is_outside_the_grammar_is_refused() {
    for text in [
        "^1 || ^2",
        "1.2.3 - 1.10.0",
        "!=1.2.3",
        "~>1.2",
        "LATEST",
        "Latest",
        ">*",
        "^x",
        "~X",
        "<*.1",
        "01.2.3",
        "1.02",
        "1.2.03",
        "^",
        "=",
        ">= ",
        "1.2.3.4",
        "1.x.3",
        "*.1",
        "x.x.1",
        ">=1.0.0,,<2",
        ",1",
        "1,",
        ",",
        "one",
        "about one",
        "===1",
        "=>1",
        "> =1",
        "1.",
        ".1",
        "1..2",
        "1.2-rc",
        "1.2+b",
        "1.x-rc",
        "1.2.x-rc",
        "1.2.x+b",
        "1.2.3-",
        "1.2.3+",
        "1.2.3-01",
        "1.2.3-a..b",
        "1.2.3-é",
        "V1",
        "vv1",
        "v",
        ">=v1_2_3",
        "v1_2",
        "v1_2_3_4",
        "v01_2_3",
        "1_2_3",
        "latest, 1",
        "18446744073709551616",
        "1.18446744073709551616",
        "-1",
        "+1",
        "1.+2",
        "^ ^1",
        "٣",
    ] {
        let error = VersionSpec::parse(text).expect_err(text);
        assert_eq!(error.kind(), IssueKind::InvalidFormat, "{text}");
    }
}

#[test]
fn length_and_number_of_comparators_are_limited() {
    let list = |count: usize| vec![">=1"; count].join(" ");
    assert!(VersionSpec::parse(&list(16)).is_ok());
    assert_eq!(
        VersionSpec::parse(&list(17)),
        Err(VersionSpecError::TooMany)
    );
    let padded = |chars: usize| format!("{:chars$}", "1.2.3");
    assert!(VersionSpec::parse(&padded(256)).is_ok());
    let error = VersionSpec::parse(&padded(257)).unwrap_err();
    assert_eq!(
        (error.clone(), error.kind()),
        (VersionSpecError::TooLong, IssueKind::OutOfRange)
    );
}

#[test]
fn only_one_full_version_is_exact() {
    for text in [
        "1.2.3",
        "=1.2.3",
        "== 1.2.3-rc.1",
        "v1.2.3",
        "v1_2_3",
        "1.2.3+b",
    ] {
        assert!(spec(text).is_exact(), "{text}");
    }
    for text in [
        "",
        "latest",
        "1.2",
        "1.2.x",
        "^1.2.3",
        ">=1.2.3",
        "1.2.3 1.2.3",
        "*",
    ] {
        assert!(!spec(text).is_exact(), "{text}");
    }
    assert!(spec("").is_latest() && spec("latest").is_latest() && !spec("*").is_latest());
}

#[test]
fn latest_takes_a_pre_release_only_where_nothing_is_stable() {
    let versions = |texts: &[&str]| texts.iter().map(|text| version(text)).collect::<Vec<_>>();
    let stable = versions(&["1.0.0", "2.0.0-rc.2", "0.9.0"]);
    let unstable = versions(&["1.0.0-rc.2", "1.0.0-rc.10", "1.0.0-alpha"]);
    let select = |text: &str, versions: &[Version]| {
        spec(text).select(versions.iter()).map(Version::to_string)
    };
    assert_eq!(select("latest", &stable).as_deref(), Some("1.0.0"));
    assert_eq!(select("", &unstable).as_deref(), Some("1.0.0-rc.10"));
    assert_eq!(select("*", &unstable), None);
    assert_eq!(
        select("^2.0.0-rc.1", &stable).as_deref(),
        Some("2.0.0-rc.2")
    );
    assert_eq!(select("latest", &[]), None);
}

#[test]
fn the_text_survives() {
    let text = " >= 1.1 , <2 ";
    assert_eq!(spec(text).to_string(), text);
    assert_eq!(
        serde_json::to_value(spec(text)).unwrap(),
        serde_json::json!(text)
    );
    assert!(serde_json::from_value::<VersionSpec>(serde_json::json!("one")).is_err());
    assert!(
        size_of::<VersionSpec>() <= 64,
        "{}",
        size_of::<VersionSpec>()
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        let _outcome = VersionSpec::parse(&text);
    }

    #[test]
    fn full_comparators_agree_with_the_library(
        operator in prop::sample::select(vec!["=", ">", ">=", "<", "<=", "^", "~"]),
        wanted in version_near(),
        found in version_near(),
    ) {
        let text = format!("{operator}{wanted}");
        let library = semver::VersionReq::parse(&text).unwrap();
        prop_assert_eq!(spec(&text).matches(&found), library.matches(&found), "{} {}", text, found);
    }
}

fn version_near() -> impl Strategy<Value = Version> {
    let pre = prop::sample::select(vec!["", "", "-a", "-rc.2", "-rc.10"]);
    (0u64..3, 0u64..3, 0u64..3, pre)
        .prop_map(|(major, minor, patch, pre)| version(&format!("{major}.{minor}.{patch}{pre}")))
}
