use proptest::prelude::*;
use serde_json::json;

use super::*;

fn refused(text: &str, syntax: Syntax) -> (IssueKind, String, Option<u32>) {
    let issues = parse(text.as_bytes(), syntax).unwrap_err();
    assert_eq!(issues.len(), 1, "{text:?}: {issues:?}");
    let issue = issues.into_iter().next().unwrap();
    (issue.kind, issue.pointer, issue.line)
}

fn json_of(text: &str, syntax: Syntax) -> serde_json::Value {
    match parse(text.as_bytes(), syntax) {
        Ok(node) => node
            .to_json()
            .unwrap_or_else(|| panic!("{text:?} has no JSON form")),
        Err(issues) => panic!("{text:?}: {issues:?}"),
    }
}

#[test]
fn texts_in_messages_are_short_and_on_one_line() {
    assert_eq!(shorten("a\nb\u{1b}[1m\0é"), "a\\nb\\u{1b}[1m\\u{0}é");
    assert_eq!(shorten(&"é".repeat(60)), "é".repeat(60));
    assert_eq!(shorten(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    let (.., line) = refused("a: !<\u{1b}> b", Syntax::Yaml);
    assert_eq!(line, Some(1));
}

#[test]
fn the_extension_tells_the_syntax() {
    for (path, syntax) in [
        ("a.json", Some(Syntax::Json)),
        ("x/y.YAML", Some(Syntax::Yaml)),
        ("x.metadata.yml", Some(Syntax::Yaml)),
        ("README.md", Some(Syntax::Markdown)),
        ("a/b.py", Some(Syntax::Python)),
        ("a.toml", None),
        ("json", None),
        (".json", None),
    ] {
        assert_eq!(Syntax::of_path(path), syntax, "{path}");
    }
}

#[test]
fn json_is_strict() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "'a'",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "-",
        "nul",
        "truex",
        "[1 2]",
        "{\"a\" 1}",
        "\"\t\"",
        "\"\n\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800x\"",
        "\"a",
        "1 2",
        "// c\n1",
        "NaN",
        "\u{a0}1",
        "\u{feff}\u{feff}1",
        "[\"a\\é\"]",
    ] {
        assert_eq!(refused(text, Syntax::Json).0, IssueKind::Syntax, "{text:?}");
    }
}

#[test]
fn json_texts_are_unescaped() {
    let text = r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#;
    assert_eq!(
        json_of(text, Syntax::Json),
        json!("\"\\/\u{8}\u{c}\n\r\té😀é")
    );
}

#[test]
fn json_nodes_know_their_lines() {
    let node = parse(b"{\n \"a\": [\n 1,\n {\"b\":\n  2}]}", Syntax::Json).unwrap();
    assert_eq!(node.line, Some(1));
    let list = node.get("a").unwrap();
    assert_eq!(list.line, Some(2));
    let Value::List(items) = &list.value else {
        panic!("{list:?}")
    };
    assert_eq!(items[0].line, Some(3));
    assert_eq!(items[1].get("b").unwrap().line, Some(5));
    assert_eq!(refused("{\n\n  x", Syntax::Json).2, Some(3));
}

#[test]
fn repeated_names_are_found_at_every_level() {
    for (text, syntax, pointer, line) in [
        ("{\"a\":1,\n\"a\":null}", Syntax::Json, "/a", 2),
        ("{\"a\":1,\"\\u0061\":2}", Syntax::Json, "/a", 1),
        (
            "{\"x\":[0,{\"y/z\":{\"~\":1,\"~\":2}}]}",
            Syntax::Json,
            "/x/1/y~1z/~0",
            1,
        ),
        ("a: 1\nb: 2\na: 3\n", Syntax::Yaml, "/a", 3),
        (
            "x:\n  - {y: {z: 1, \"z\": 2}}\n",
            Syntax::Yaml,
            "/x/0/y/z",
            2,
        ),
        ("&k a: 1\n*k : 2\n", Syntax::Yaml, "/a", 2),
    ] {
        let expected = (IssueKind::DuplicateKey, pointer.to_owned(), Some(line));
        assert_eq!(refused(text, syntax), expected, "{text}");
    }
    let many: String = (0..3000).map(|i| format!("\"k{i}\":0,")).collect();
    let text = format!("{{{many}\"k1500\":1}}");
    assert_eq!(refused(&text, Syntax::Json).1, "/k1500");
}

#[test]
fn numbers_without_a_canonical_form_are_told_apart() {
    let value = |text: &str, syntax| parse(text.as_bytes(), syntax).unwrap().value;
    let too_large = |nearest| Value::Unrepresentable(Unrepresentable::TooLarge(nearest));
    let not_finite = Value::Unrepresentable(Unrepresentable::NotFinite);
    for (text, nearest) in [
        ("9007199254740992", 9_007_199_254_740_992.0),
        ("-9007199254740993", -9_007_199_254_740_992.0),
        ("9007199254740995", 9_007_199_254_740_996.0),
        ("1e400", f64::INFINITY),
        ("-1e400", f64::NEG_INFINITY),
        ("1e20", 1e20),
        ("123456789012345678901234567890", 1.234_567_890_123_456_8e29),
    ] {
        assert_eq!(value(text, Syntax::Json), too_large(nearest), "{text}");
        assert_eq!(value(text, Syntax::Yaml), too_large(nearest), "{text}");
    }
    let hexadecimal = value("0x20000000000001", Syntax::Yaml);
    assert_eq!(hexadecimal, too_large(9_007_199_254_740_992.0));
    for text in [".inf", "-.Inf", "+.INF", ".nan", ".NaN"] {
        assert_eq!(value(text, Syntax::Yaml), not_finite, "{text}");
    }
    for (text, expected) in [
        ("9007199254740991", json!(9007199254740991i64)),
        ("-9007199254740991", json!(-9007199254740991i64)),
        ("1.0", json!(1)),
        ("-0", json!(0)),
        ("-0.0", json!(0)),
        ("1e3", json!(1000)),
        ("0.1", json!(0.1)),
        ("1e21", json!(1e21)),
        ("5e-324", json!(5e-324)),
    ] {
        assert_eq!(json_of(text, Syntax::Json), expected, "{text}");
        assert_eq!(json_of(text, Syntax::Yaml), expected, "{text}");
    }
}

#[test]
fn yaml_scalars_follow_the_core_schema() {
    for (text, expected) in [
        ("yes", json!("yes")),
        ("no", json!("no")),
        ("on", json!("on")),
        ("True", json!(true)),
        ("FALSE", json!(false)),
        ("tRUE", json!("tRUE")),
        ("~", json!(null)),
        ("Null", json!(null)),
        ("0o17", json!(15)),
        ("017", json!(17)),
        ("0x1f", json!(31)),
        ("0b1", json!("0b1")),
        ("1_000", json!("1_000")),
        ("+12", json!(12)),
        ("1.", json!(1)),
        (".5", json!(0.5)),
        (".", json!(".")),
        ("1.2.3", json!("1.2.3")),
        ("12:30:45", json!("12:30:45")),
        ("2025-06-10", json!("2025-06-10")),
        ("2025-06-10T12:00:00Z", json!("2025-06-10T12:00:00Z")),
        ("'12'", json!("12")),
        ("\"12\"", json!("12")),
        ("!!str 12", json!("12")),
        ("! 12", json!("12")),
        ("!!int \"12\"", json!(12)),
        ("!!float 1", json!(1)),
        ("!!bool 'true'", json!(true)),
        ("!!null ''", json!(null)),
        ("!<tag:yaml.org,2002:str> 1", json!("1")),
        ("-", json!([null])),
        ("e5", json!("e5")),
    ] {
        assert_eq!(json_of(text, Syntax::Yaml), expected, "{text}");
    }
}

#[test]
fn yaml_plain_scalars_keep_their_source() {
    let node = parse(b"a: 1.10\nb: 007\nc: '1.10'\nd: text\n", Syntax::Yaml).unwrap();
    let source = |name: &str| node.get(name).unwrap().source.clone();
    assert_eq!(source("a").as_deref(), Some("1.10"));
    assert_eq!(source("b").as_deref(), Some("007"));
    assert_eq!(source("c"), None);
    assert_eq!(source("d"), None);
}

#[test]
fn yaml_names_are_the_text_of_scalars() {
    assert_eq!(
        json_of("1: a\n1.0: b\n~: c\ntrue: d\n\"<<\": e\n", Syntax::Yaml),
        json!({"1": "a", "1.0": "b", "~": "c", "true": "d", "<<": "e"})
    );
}

#[test]
fn yaml_that_json_cannot_hold_is_a_syntax_error() {
    for (text, line) in [
        ("", 1),
        ("# only a comment\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: 1\n...\nb: 2\n", 3),
        ("x: {<<: 1}\n", 1),
        ("base: &b {a: 1}\nc:\n  <<: *b\n", 3),
        ("? [a]\n: 1\n", 1),
        ("a: 1\n{b: 1}: 2\n", 2),
        ("a: &x [1]\n*x : 2\n", 2),
        ("a: !mine 1\n", 1),
        ("a: !!timestamp 2025-06-10\n", 1),
        ("a: !!binary aGk=\n", 1),
        ("a: !!set {x}\n", 1),
        ("a: !!int x\n", 1),
        ("a: !!map [1]\n", 1),
        ("a: 1\nb: *nobody\n", 2),
        ("a: &a [*a]\n", 1),
        ("a: [1\n", 1),
        ("a: 'x\n", 1),
        ("a:\n\tb: 1\n", 2),
        ("a:\n\t- 1\n", 2),
        ("a:\n  \tb: 1\n", 2),
        ("\ta: 1\n", 1),
        ("a: [\n\tb]\n", 2),
        ("a: b\n\tc\n", 1),
        ("a: \"b\n\tc\"\n", 1),
        ("a: b: c\n", 1),
        ("@a: b\n", 1),
    ] {
        let expected = (IssueKind::Syntax, String::new(), Some(line));
        assert_eq!(refused(text, Syntax::Yaml), expected, "{text:?}");
    }
}

#[test]
fn tabs_that_indent_nothing_are_fine() {
    for (text, expected) in [
        ("a:\t1\n", json!({"a": 1})),
        ("a: 1\t# c\n", json!({"a": 1})),
        ("-\ta\n", json!(["a"])),
        ("a: |\n  b\n  \tc\n", json!({"a": "b\n\tc\n"})),
        ("a: 1\n\t\n\t# c\nb: 2\n", json!({"a": 1, "b": 2})),
        ("{\n\t\"a\": [\n\t\t1\n\t]\n}\n", json!({"a": [1]})),
        ("a: \"b\n  \tc\"\n", json!({"a": "b c"})),
    ] {
        assert_eq!(json_of(text, Syntax::Yaml), expected, "{text:?}");
    }
}

#[test]
fn aliases_are_copies_at_their_own_line() {
    let node = parse(b"a: &x [1, {b: 2}]\nc: *x\n", Syntax::Yaml).unwrap();
    assert_eq!(
        node.to_json(),
        Some(json!({"a": [1, {"b": 2}], "c": [1, {"b": 2}]}))
    );
    assert_eq!(node.get("c").unwrap().line, Some(2));
}

#[test]
fn limits_hold_while_reading() {
    let nested = |levels: usize, open: &str, close: &str| {
        format!("{}{}", open.repeat(levels), close.repeat(levels))
    };
    let limit = (IssueKind::LimitExceeded, String::new());
    let exceeds = |text: &str, syntax| {
        let (kind, pointer, _) = refused(text, syntax);
        assert_eq!((kind, pointer), limit, "{}", shorten(text));
    };
    for syntax in [Syntax::Json, Syntax::Yaml] {
        assert!(parse(nested(32, "[", "]").as_bytes(), syntax).is_ok());
        exceeds(&nested(33, "[", "]"), syntax);
        exceeds(&"[".repeat(200_000), syntax);
        let values = |count: usize| format!("[{}1]", "1,".repeat(count - 2));
        assert!(parse(values(20_000).as_bytes(), syntax).is_ok());
        exceeds(&values(20_001), syntax);
        let text = |bytes: usize| format!("\"{}\"", "a".repeat(bytes - 2));
        assert!(parse(text(256 * 1024).as_bytes(), syntax).is_ok());
        exceeds(&text(256 * 1024 + 1), syntax);
    }
    exceeds(&"- ".repeat(100_000), Syntax::Yaml);
    let long = "z".repeat(100_000);
    exceeds(&format!("a: &a {long}\nb: [*a, *a]\n"), Syntax::Yaml);
    let deep = format!(
        "a: &a {}\nb: [{}*a{}]\n",
        nested(20, "[", "]"),
        "[".repeat(12),
        "]".repeat(12)
    );
    exceeds(&deep, Syntax::Yaml);
    let levels: String = (1..8)
        .map(|i| format!("a{i}: &a{i} [{}]\n", format!("*a{}, ", i - 1).repeat(9)))
        .collect();
    exceeds(&format!("a0: &a0 [x]\n{levels}"), Syntax::Yaml);
}

#[test]
fn text_is_utf8_with_an_optional_bom() {
    assert_eq!(json_of("\u{feff}{\"a\":1}", Syntax::Json), json!({"a": 1}));
    assert_eq!(json_of("\u{feff}a: 1\n", Syntax::Yaml), json!({"a": 1}));
    for bytes in [
        &b"a: 1\nb: caf\xe9\n"[..],
        b"a\nb \xff\xfe",
        b"x\n\xed\xa0\x80",
    ] {
        let issues = parse(bytes, Syntax::Yaml).unwrap_err();
        assert_eq!(
            (issues[0].kind, issues[0].line),
            (IssueKind::Encoding, Some(2))
        );
    }
}

#[test]
fn blocks_are_found_and_keep_their_lines() {
    let python = "#!/usr/bin/env python\n# === OmniNode:Metadata ===\n# name: a\n#\n# version: 1.10\n# === /OmniNode:Metadata ===\n\nprint(1)\n";
    let node = parse(python.as_bytes(), Syntax::Python).unwrap();
    assert_eq!(node.get("version").unwrap().line, Some(5));
    assert_eq!(node.get("version").unwrap().source.as_deref(), Some("1.10"));

    let markdown = "# Title\n\n<!-- === OmniNode:Metadata ===\nname: a\nentrypoint.type: markdown\nentrypoint.target: x.md\n<!-- === /OmniNode:Metadata === -->\ntext\n";
    let crlf = markdown.replace('\n', "\r\n");
    for text in [markdown, &crlf] {
        assert_eq!(
            json_of(text, Syntax::Markdown),
            json!({"name": "a", "entrypoint": {"type": "markdown", "target": "x.md"}})
        );
    }
    let no_block = (IssueKind::MissingBlock, String::new(), None);
    assert_eq!(refused("# Title\n", Syntax::Markdown), no_block);
    assert_eq!(refused("name: a\n", Syntax::Python), no_block);
    let unclosed = "# === OmniNode:Metadata ===\n# name: a\n";
    assert_eq!(refused(unclosed, Syntax::Python), no_block);
    assert_eq!(refused("", Syntax::Markdown), no_block);
}

#[test]
fn a_yaml_file_is_its_block_unless_the_rest_is_a_component() {
    let block = |inside: &str, outside: &str| {
        format!("# === OmniNode:Metadata ===\n{inside}# === /OmniNode:Metadata ===\n{outside}")
    };
    let inner = json!({"name": "inner"});
    for text in [
        block("name: inner\n", "rules: []\n"),
        block("# name: inner\n", "rules: []\n"),
        block("#name: inner\n", ""),
        block("# name: inner\n\n", "a: [\n"),
        block("name: inner\n", "---\na: 1\n---\nb: 2\n"),
        block("# name: inner\n", "uuid: u\nname: outer\n"),
        block("# name: inner\n", "uuid: u\nname: outer\nversion: ~\n"),
    ] {
        assert_eq!(json_of(&text, Syntax::Yaml), inner, "{text}");
    }
    let outer = block("# name: inner\n", "uuid: u\nname: outer\nversion: 1.0.0\n");
    let node = parse(outer.as_bytes(), Syntax::Yaml).unwrap();
    assert_eq!(node.get("name").unwrap().as_text(), Some("outer"));
    assert_eq!(node.get("name").unwrap().line, Some(5));
    let before = format!(
        "uuid: u\nname: outer\n{}version: 1.0.0\n",
        block("# name: inner\n", "")
    );
    assert_eq!(json_of(&before, Syntax::Yaml)["name"], "outer");
    let unclosed = "# === OmniNode:Metadata ===\nname: a\n";
    assert_eq!(json_of(unclosed, Syntax::Yaml), json!({"name": "a"}));
}

#[test]
fn bare_lines_are_read_even_where_they_are_no_yaml() {
    let lines = [
        "name: a",
        "owner: Team: Samples",
        "author: @someone",
        "description: `code` and [brackets",
        "copyright: *star",
        "entrypoint: {'type': 'python', 'target': 'a.py'}",
        "hash: 00",
        "tags: [x, y]",
        "tools:",
        "  main:",
        "    type: function",
        "testing.minimum_coverage_percentage: 80",
        "testing.required_ci_tiers:",
        "- mock",
    ];
    let expected = json!({
        "name": "a",
        "owner": "Team: Samples",
        "author": "@someone",
        "description": "`code` and [brackets",
        "copyright": "*star",
        "entrypoint": {"type": "python", "target": "a.py"},
        "hash": 0,
        "tags": ["x", "y"],
        "tools": {"main": {"type": "function"}},
        "testing": {"minimum_coverage_percentage": 80, "required_ci_tiers": ["mock"]},
    });
    let commented: String = lines.iter().map(|line| format!("# {line}\n")).collect();
    let plain: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let hash = |inside: &str| {
        format!("# === OmniNode:Metadata ===\n{inside}# === /OmniNode:Metadata ===\n")
    };
    assert_eq!(json_of(&hash(&commented), Syntax::Python), expected);
    assert_eq!(json_of(&hash(&commented), Syntax::Yaml), expected);
    let markdown =
        format!("<!-- === OmniNode:Metadata ===\n{plain}<!-- === /OmniNode:Metadata === -->\n");
    assert_eq!(json_of(&markdown, Syntax::Markdown), expected);
    // Unprefixed YAML was written with quotes, so there is nothing to make up for.
    assert_eq!(refused(&hash(&plain), Syntax::Yaml).0, IssueKind::Syntax);
}

#[test]
fn bare_lines_keep_the_other_rules() {
    let python =
        |lines: &str| format!("# === OmniNode:Metadata ===\n{lines}# === /OmniNode:Metadata ===\n");
    for (lines, kind, pointer, line) in [
        (
            "# a: b: c\n# a: 1\n",
            IssueKind::DuplicateKey,
            "/a",
            Some(3),
        ),
        ("# a.b: 1\n# a: 2\n", IssueKind::DuplicateKey, "/a", Some(2)),
        (
            "# a.b: 1\n# a.b: 2\n",
            IssueKind::DuplicateKey,
            "/a.b",
            Some(3),
        ),
        (
            "# a.b.c: 1\n# a.b: 2\n",
            IssueKind::DuplicateKey,
            "/a/b",
            Some(2),
        ),
        (
            "# just words here\n# a: b: c\n",
            IssueKind::Syntax,
            "",
            Some(3),
        ),
        ("# a: b: c\n# d:\n#   - [\n", IssueKind::Syntax, "", Some(5)),
    ] {
        let found = refused(&python(lines), Syntax::Python);
        assert_eq!((found.0, found.1.as_str()), (kind, pointer), "{lines}");
        assert!(found.2.is_some() && line.is_some(), "{lines}");
    }
    let deep = python(&format!("# {}: 1\n", vec!["a"; 40].join(".")));
    assert_eq!(refused(&deep, Syntax::Python).0, IssueKind::LimitExceeded);
}

/// The value as `serde_json` has it, brought to this crate's form of numbers.
fn normal(value: &serde_json::Value) -> Option<serde_json::Value> {
    fn with_nulls(node: &Node) -> Option<serde_json::Value> {
        Some(match &node.value {
            Value::Object(members) => members
                .iter()
                .map(|(key, node)| Some((key.text.clone(), with_nulls(node)?)))
                .collect::<Option<serde_json::Map<_, _>>>()?
                .into(),
            Value::List(items) => items
                .iter()
                .map(with_nulls)
                .collect::<Option<Vec<_>>>()?
                .into(),
            _ => node.to_json()?,
        })
    }
    with_nulls(&Node::from(value))
}

fn json_like() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\"a\""),
        Just("\"b\""),
        Just("\"\\u00e9\""),
        Just("\"\\ud83d\\ude00\""),
        Just("\"\\ud83d\""),
        Just("1"),
        Just("-"),
        Just("0"),
        Just(".5"),
        Just("e3"),
        Just("E-2"),
        Just("true"),
        Just("false"),
        Just("null"),
        Just(" "),
        Just("\n"),
        Just("\\"),
        Just("\""),
        Just("é"),
        Just("12345678901234567890"),
    ];
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn json_is_accepted_and_understood_as_by_serde_json(text in json_like()) {
        let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
        match (parse(text.as_bytes(), Syntax::Json), theirs) {
            (Ok(ours), Ok(theirs)) => {
                // Theirs rounds an integer that no type of its holds; ours refuses it.
                let rounded = text.split(|c: char| !c.is_ascii_digit()).any(|n| n.len() > 19);
                let (theirs, ours) = (normal(&theirs).is_some(), ours.to_json().is_some());
                prop_assert!(theirs == ours || rounded && !ours, "{}", text)
            }
            (Err(_), Err(_)) => {}
            (Err(issues), Ok(_)) => {
                prop_assert_eq!(issues[0].kind, IssueKind::DuplicateKey, "{}: {:?}", text, issues)
            }
            (Ok(ours), Err(error)) => {
                // A float beyond the range is no fault of the text here.
                prop_assert!(ours.to_json().is_none(), "{}: {}", text, error)
            }
        }
    }

    #[test]
    fn json_written_by_serde_json_reads_back(value in any_json()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let node = parse(text.as_bytes(), Syntax::Json).unwrap();
            let mut again = Node::from(&value);
            forget_lines(&mut again);
            let mut node = node;
            forget_lines(&mut node);
            sort(&mut node);
            sort(&mut again);
            prop_assert_eq!(node, again);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for syntax in [Syntax::Json, Syntax::Yaml, Syntax::Markdown, Syntax::Python] {
            let _outcome = parse(&bytes, syntax);
        }
    }

    #[test]
    fn no_text_panics(text in "[-a-c:#'\"{}\\[\\],&*!|>%@`?. \t\n0-9~é\u{feff}<]{0,80}") {
        for (open, close) in [
            ("", ""),
            ("# === OmniNode:Metadata ===\n", "\n# === /OmniNode:Metadata ===\n"),
            ("<!-- === OmniNode:Metadata ===\n", "\n<!-- === /OmniNode:Metadata === -->\n"),
        ] {
            let text = format!("{open}{text}{close}");
            for syntax in [Syntax::Json, Syntax::Yaml, Syntax::Markdown, Syntax::Python] {
                let _outcome = parse(text.as_bytes(), syntax);
            }
        }
    }
}

fn forget_lines(node: &mut Node) {
    node.line = None;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(forget_lines),
        Value::Object(members) => {
            for (key, node) in members {
                key.line = None;
                forget_lines(node);
            }
        }
        _ => {}
    }
}

fn sort(node: &mut Node) {
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(sort),
        Value::Object(members) => {
            members.iter_mut().for_each(|(_, node)| sort(node));
            members.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
        }
        _ => {}
    }
}
