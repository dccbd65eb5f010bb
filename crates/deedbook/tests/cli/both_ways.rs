//! Every command, on the book in a folder and on a server: the same output, errors and status.

mod mesh;

use std::collections::BTreeSet;

use crate::sandbox::{Ran, Sandbox, document, ran};
use crate::serving::Serving;

/// How a command behaves where a server has the book.
enum Way {
    /// It reads; all lines run on one book.
    Reads(&'static [&'static [&'static str]]),
    /// It writes; each line begins with a copy of the same book.
    Writes(&'static [&'static [&'static str]]),
    /// The same, where the book has principals and an admin asks.
    Admins(&'static [&'static [&'static str]]),
    /// It works on a folder, and says so to who names a server.
    Local(&'static [&'static str]),
    /// It looks at no book.
    NoBook,
    /// It is tested on its own.
    Apart(&'static str),
}

use Way::{Admins, Apart, Local, NoBook, Reads, Writes};

/// Each command by the name of its manual page.
const TABLE: &[(&str, Way)] = &[
    (
        "component-add",
        Writes(&[
            &["registry", "add", "new.yaml"],
            &["registry", "add", "new.yaml", "-o", "json"],
            &["registry", "add", "bad.yaml"],
            &["registry", "add", "bad.yaml", "-o", "json"],
            &["registry", "add", "folder"],
            &[
                "registry",
                "add",
                "folder",
                "-o",
                "json",
                "-m",
                "für alle",
                "--ticket",
                "T 1",
            ],
            &["registry", "add", "folder", "-o", "jsonl"],
            &["registry", "add", "folder", "--all-or-none"],
            &[
                "registry",
                "add",
                "new.yaml",
                "needs.yaml",
                "--all-or-none",
                "-o",
                "json",
            ],
            &["registry", "add", "folder", "--dry-run"],
            &["registry", "add", "folder", "--dry-run", "-o", "json"],
            &["registry", "add", "folder", "--all-or-none", "--dry-run"],
            &["registry", "add", "needs.yaml", "--require-dependencies"],
            &["registry", "add", "used.yaml"],
            &["registry", "add", "used.yaml", "-o", "json"],
            &["registry", "add", "odd.yaml"],
            &["registry", "add", "odd.yaml", "--strict"],
            &["registry", "add", "cycle.yaml", "-o", "json"],
            &["registry", "add", "block.md"],
            &["registry", "add", "nowhere.yaml"],
        ]),
    ),
    (
        "component-get",
        Reads(&[
            &["registry", "get", "tool_a"],
            &["registry", "get", "tool_a", "-o", "json"],
            &["registry", "get", "tool_a", "-o", "yaml"],
            &["registry", "get", "tool_a@1.0.0"],
            &["registry", "get", "tool_a@^1", "--at", "3"],
            &["registry", "get", "tool_a@^7"],
            &["registry", "get", "tool_a@^7", "-o", "json"],
            &["registry", "get", "tool_a@x y"],
            &["registry", "get", "nobody"],
            &["registry", "get", "nobody", "-o", "json"],
            &["registry", "get", "old_one"],
            &["registry", "get", "tool_a", "--at", "999"],
            &["registry", "get", "tool_a", "--at", "2001-01-01T00:00:00Z"],
            &["registry", "get", "tool_a", "--at", "-7d"],
        ]),
    ),
    (
        "component-ls",
        Reads(&[
            &["registry", "ls"],
            &["registry", "ls", "-o", "json"],
            &["registry", "ls", "-o", "yaml"],
            &["registry", "ls", "-o", "jsonl"],
            &["registry", "ls", "--limit", "1"],
            &["registry", "ls", "--limit", "1", "-o", "json"],
            &["registry", "ls", "--all", "-o", "json"],
            &[
                "registry",
                "ls",
                "--tag",
                "x",
                "--any-tag",
                "x",
                "--any-tag",
                "y",
            ],
            &[
                "registry",
                "ls",
                "--type",
                "tool",
                "--lifecycle",
                "active,deprecated",
            ],
            &["registry", "ls", "--name", "tool_*", "--latest-only"],
            &["registry", "ls", "--name", "tool_{"],
            &["registry", "ls", "--cursor", "nonsense"],
            &["registry", "ls", "--at", "3", "-o", "json"],
        ]),
    ),
    (
        "component-search",
        Reads(&[
            &["registry", "search", "does"],
            &["registry", "search", "nothing", "like", "it"],
        ]),
    ),
    ("search", Reads(&[&["search", "does", "-o", "jsonl"]])),
    (
        "component-versions",
        Reads(&[
            &["registry", "versions", "tool_a"],
            &["registry", "versions", "tool_a", "-o", "json"],
            &[
                "registry",
                "versions",
                "00000000-0000-4000-8000-000000000001",
            ],
            &["registry", "versions", "nobody"],
        ]),
    ),
    (
        "component-graph",
        Reads(&[
            &["registry", "graph", "tool_b"],
            &["registry", "graph", "tool_b", "-o", "json"],
            &["registry", "graph", "tool_b", "-o", "yaml"],
            &["registry", "graph", "tool_b", "-o", "dot", "--missing"],
            &["registry", "graph", "tool_b", "-o", "mermaid"],
            &["registry", "graph", "tool_b", "-o", "svg"],
            &["registry", "graph", "nobody"],
            &["registry", "graph", "old_one"],
        ]),
    ),
    ("graph", Reads(&[&["graph", "tool_b", "--depth", "1"]])),
    (
        "component-dependents",
        Reads(&[
            &["registry", "dependents", "tool_a"],
            &["registry", "dependents", "tool_a", "-o", "json"],
            &["registry", "dependents", "tool_a", "-o", "jsonl"],
            &["registry", "dependents", "tool_b"],
        ]),
    ),
    (
        "component-history",
        Reads(&[
            &["registry", "history", "tool_a"],
            &["registry", "history", "tool_a@1.0.0", "-o", "json"],
            &["registry", "history", "tool_a@1.0.0", "-o", "jsonl"],
            &["registry", "history", "tool_a@1.0.0", "-n", "1"],
            &["registry", "history", "tool_a@1.0.0", "--since", "3"],
            &["registry", "history", "gone"],
            &["registry", "history", "nobody"],
        ]),
    ),
    (
        "component-diff",
        Reads(&[
            &["registry", "diff", "tool_a@1.0.0", "tool_a"],
            &["registry", "diff", "tool_a@1.0.0", "tool_a", "-o", "json"],
            &["registry", "diff", "tool_a", "tool_a"],
            &["registry", "diff", "tool_a", "old_one", "-o", "jsonl"],
        ]),
    ),
    (
        "component-update",
        Writes(&[
            &["registry", "update", "tool_a", "--patch", "patch.json"],
            &[
                "registry",
                "update",
                "tool_a@1.0.0",
                "--patch",
                "patch.json",
                "-o",
                "json",
            ],
            &[
                "registry",
                "update",
                "tool_a",
                "--patch",
                "patch.json",
                "--if-generation",
                "1",
            ],
            &[
                "registry",
                "update",
                "tool_a",
                "--patch",
                "patch.json",
                "--if-generation",
                "9",
            ],
            &[
                "registry",
                "update",
                "tool_a",
                "--patch",
                "patch.json",
                "--dry-run",
                "-o",
                "json",
            ],
            &["registry", "update", "tool_a", "--patch", "bad_patch.json"],
            &["registry", "update", "tool_a", "--patch", "nothing.json"],
            &["registry", "update", "nobody", "--patch", "patch.json"],
        ]),
    ),
    (
        "component-deprecate",
        Writes(&[
            &["registry", "deprecate", "tool_a", "-m", "enough"],
            &[
                "registry",
                "deprecate",
                "tool_a",
                "-m",
                "enough",
                "--dry-run",
            ],
        ]),
    ),
    (
        "component-archive",
        Writes(&[
            &["registry", "archive", "tool_a", "-m", "enough"],
            &[
                "registry", "archive", "old_one", "-m", "enough", "-o", "json",
            ],
        ]),
    ),
    (
        "component-rm",
        Writes(&[
            &["registry", "rm", "tool_a", "-m", "enough"],
            &["registry", "rm", "tool_b", "-m", "enough", "-o", "json"],
            &["registry", "rm", "tool_b", "-m", "enough", "--dry-run"],
            &[
                "registry",
                "rm",
                "tool_b",
                "-m",
                "enough",
                "--if-generation",
                "4",
            ],
            &["registry", "rm", "nobody", "-m", "enough"],
        ]),
    ),
    (
        "mesh-export",
        Reads(&[
            &["mesh", "export"],
            &["mesh", "export", "-n", "edge", "-o", "json"],
            &["mesh", "export", "--kind", "shard", "--at", "20"],
            &["mesh", "export", "-n", "nowhere"],
        ]),
    ),
    (
        "mesh-import",
        Writes(&[
            &["mesh", "import", "node.json", "shard.json"],
            &["mesh", "import", "nodes.yaml", "--kind", "node"],
            &["mesh", "import", "new.yaml"],
            &[
                "mesh",
                "import",
                "service.json",
                "other.json",
                "-o",
                "json",
                "--ticket",
                "T-6",
            ],
            &["mesh", "import", "other.json", "--dry-run", "-o", "json"],
        ]),
    ),
    (
        "component-watch",
        Reads(&[
            &["registry", "watch", "--after", "0", "--once"],
            &[
                "registry", "watch", "--after", "1", "-n", "2", "-o", "jsonl",
            ],
            &["registry", "watch", "--after", "0", "--once", "--by", "ada"],
        ]),
    ),
    (
        "watch",
        Reads(&[
            &["watch", "--after", "0", "--once"],
            &["watch", "--after", "0", "--once", "-o", "jsonl"],
            &[
                "watch",
                "--after",
                "3",
                "--once",
                "-o",
                "jsonl",
                "--kind",
                "component",
            ],
            &["watch", "--after", "900", "--once"],
            &["watch", "--after", "1-00000000", "--once", "-o", "jsonl"],
            &["watch", "--after", "x"],
            &["watch", "--once"],
            &["watch", "--after", "0", "--once", "-o", "yaml"],
        ]),
    ),
    (
        "log",
        Reads(&[
            &["log"],
            &["log", "-o", "json"],
            &["log", "-o", "jsonl", "-n", "2"],
            &["log", "--since", "3", "--kind", "component"],
            &["log", "--since", "-1h", "--all"],
            &["log", "--since", "2001-01-01T00:00:00Z"],
            &["log", "--by", "somebody"],
            &["log", "--key", "tool_a"],
            &["log", "--key", "gone"],
            &["log", "--key", "nobody"],
            &["log", "--key", "book", "-o", "json"],
        ]),
    ),
    (
        "why",
        Reads(&[
            &["why", "tool_a@1.0.0/description"],
            &["why", "tool_a@1.0.0/description", "-o", "json"],
            &["why", "tool_a@1.0.0/description", "--at", "3"],
            &["why", "tool_a"],
            &["why", "tool_a/nothing"],
            &["why", "old_one"],
            &["why", "gone"],
            &["why", "nobody"],
        ]),
    ),
    (
        "diff",
        Reads(&[
            &["diff", "2", "5"],
            &["diff", "2", "5", "-o", "json"],
            &["diff", "2", "-o", "jsonl"],
            &["diff", "5", "5"],
            &["diff", "900"],
            &["diff", "2001-01-01T00:00:00Z"],
        ]),
    ),
    (
        "audit-head",
        Reads(&[&["audit", "head"], &["audit", "head", "-o", "json"]]),
    ),
    (
        "audit-verify",
        Reads(&[
            &["audit", "verify"],
            &["audit", "verify", "-o", "json"],
            &["audit", "verify", "--anchor", "anchor.json"],
            &[
                "audit",
                "verify",
                "--anchor",
                "false_anchor.json",
                "-o",
                "json",
            ],
        ]),
    ),
    (
        "log-compact",
        Writes(&[
            &["log", "compact", "--before", "4"],
            &["log", "compact", "--before", "4", "-o", "json"],
            &["log", "compact", "--before", "900"],
        ]),
    ),
    (
        "snapshot",
        Writes(&[&["snapshot"], &["snapshot", "-o", "json"]]),
    ),
    (
        "backup",
        Writes(&[
            &["backup", "whole.deedbook"],
            &["backup", "whole.deedbook", "-o", "json"],
            &["backup", "new.yaml"],
            &["backup", "no/such/folder"],
        ]),
    ),
    (
        "principal-create",
        Writes(&[
            &["token", "create", "ci", "--capability", "REGISTRY_READ"],
            &[
                "token",
                "create",
                "ci",
                "--capability",
                "ADMIN",
                "-o",
                "json",
            ],
            &[
                "token",
                "create",
                "ci",
                "--capability",
                "ADMIN",
                "--dry-run",
            ],
            &["token", "create", "a b", "--capability", "ADMIN"],
        ]),
    ),
    (
        "principal-ls",
        Admins(&[
            &["principal", "ls"],
            &["principal", "ls", "-o", "json"],
            &["principal", "ls", "--at", "2"],
        ]),
    ),
    (
        "principal-get",
        Admins(&[
            &["principal", "get", "ci"],
            &["principal", "get", "ci", "-o", "json"],
            &["principal", "get", "nobody"],
        ]),
    ),
    (
        "principal-set",
        Admins(&[
            &[
                "principal",
                "set",
                "ci",
                "--capability",
                "REGISTRY_WRITE:tools/*",
            ],
            &[
                "principal",
                "set",
                "ci",
                "--capability",
                "ADMIN",
                "--if-generation",
                "9",
            ],
            &["principal", "set", "nobody", "--capability", "ADMIN"],
        ]),
    ),
    (
        "principal-rotate",
        Admins(&[
            &["token", "rotate", "ci"],
            &["token", "rotate", "ci", "--overlap", "1h", "-o", "json"],
            &["token", "rotate", "ci", "--dry-run", "-o", "json"],
            &["token", "rotate", "nobody"],
        ]),
    ),
    (
        "principal-revoke",
        Admins(&[
            &["token", "revoke", "ci"],
            &["token", "revoke", "ci", "--token", "0123456789abcdef"],
            &["token", "revoke", "nobody"],
        ]),
    ),
    (
        "principal-rm",
        Admins(&[
            &["principal", "rm", "ci"],
            &["principal", "rm", "ci", "-o", "json"],
            &["principal", "rm", "nobody"],
        ]),
    ),
    ("log-cat", Local(&["log", "cat"])),
    ("log-stats", Local(&["log", "stats"])),
    ("restore", Local(&["restore", "whole.deedbook"])),
    ("doctor", Local(&["doctor"])),
    ("component-new", NoBook),
    ("component-bump", NoBook),
    ("validate-metadata", NoBook),
    ("schema-ls", NoBook),
    ("schema-show", NoBook),
    ("schema-satisfies", NoBook),
    ("version-match", NoBook),
    ("shard-checksum", NoBook),
    ("config-show", NoBook),
    ("explain", NoBook),
    ("completions", NoBook),
    ("man", NoBook),
    (
        "login",
        Apart("a_token_is_kept_and_shown_to_its_server_only"),
    ),
    (
        "logout",
        Apart("a_token_is_kept_and_shown_to_its_server_only"),
    ),
    (
        "apply",
        Writes(&[
            &["apply", "plan.json", "--ticket", "T-6"],
            &["apply", "stale.json"],
        ]),
    ),
    (
        "undo",
        Writes(&[&["undo", "27"], &["undo", "27", "--json", "--yes"]]),
    ),
    ("serve", Apart("the server itself")),
    ("bench", Apart("every_work_is_measured_and_compared")),
];

#[test]
fn every_command_has_a_row() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["man", "--folder", "pages"]);
    let pages: BTreeSet<String> = std::fs::read_dir(sandbox.path("pages"))
        .unwrap()
        .filter_map(|page| {
            let name = page.unwrap().file_name().into_string().unwrap();
            let name = name.strip_prefix("deedbook-")?.strip_suffix(".1")?;
            Some(name.to_owned())
        })
        .collect();
    let named = TABLE.iter().map(|(name, _)| (*name).to_owned());
    let rows: BTreeSet<String> = named.chain(mesh::commands()).collect();
    let is_spelled = |name: &str| mesh::spelled(name).is_some_and(|name| rows.contains(&name));
    let is_group = |name: &str| {
        pages
            .iter()
            .any(|other| other.starts_with(&format!("{name}-")))
    };
    for page in &pages {
        assert!(
            rows.contains(page) || is_group(page) || is_spelled(page),
            "`{page}` has no row: does it do the same on a server?"
        );
    }
    for row in &rows {
        assert!(pages.contains(row), "`{row}` is no command any more");
    }
    let all = TABLE.len() + mesh::commands().len();
    assert_eq!(rows.len(), all, "a row for each, and one only");
}

/// A book with a history, and files to work with.
fn prepared() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in [
        (
            "a1.yaml",
            document("tool_a", "1.0.0", 1) + "description: Does a.\ntags: [x]\n",
        ),
        (
            "a2.yaml",
            document("tool_a", "1.1.0", 2) + "description: Does a better.\n",
        ),
        (
            "b.yaml",
            document("tool_b", "1.0.0", 3)
                + "dependencies:\n  - name: tool_a\n    version_spec: ^1\n  - name: absent\n",
        ),
        ("old.yaml", document("old_one", "1.0.0", 4)),
        ("gone.yaml", document("gone", "1.0.0", 5)),
    ] {
        sandbox.write(name, &text);
        sandbox.ok(&["registry", "add", name, "-q"]);
    }
    sandbox.write("first.json", r#"{"description": "Does it."}"#);
    let update = [
        "registry",
        "update",
        "tool_a@1.0.0",
        "--patch",
        "first.json",
    ];
    sandbox.ok(&[
        &update[..],
        &["-m", "clearer", "--ticket", "T-1", "--actor", "ada"],
    ]
    .concat());
    sandbox.ok(&["registry", "deprecate", "old_one", "-m", "tool_a is better"]);
    sandbox.ok(&["registry", "rm", "gone", "-m", "nobody used it"]);
    for file in [
        "a1.yaml",
        "a2.yaml",
        "b.yaml",
        "old.yaml",
        "gone.yaml",
        "first.json",
    ] {
        std::fs::remove_file(sandbox.path(file)).unwrap();
    }
    let used = document("tool_c", "1.0.0", 1);
    sandbox.write("new.yaml", &document("new_one", "1.0.0", 20));
    sandbox.write(
        "bad.yaml",
        "name: x y\nversion: 7\nmeta_type: tool\nnew_member: 1\n",
    );
    sandbox.write("used.yaml", &used);
    sandbox.write(
        "odd.yaml",
        &(document("odd", "1.0.0", 21) + "new_member: 1\n"),
    );
    let needs = "dependencies: [nowhere_to_be_found]\n";
    sandbox.write("needs.yaml", &(document("needs", "1.0.0", 22) + needs));
    sandbox.write(
        "cycle.yaml",
        &(document("absent", "1.0.0", 23) + "dependencies: [tool_b]\n"),
    );
    let block = document("blocked", "1.0.0", 24);
    sandbox.write("block.md", &format!("# A\n\n```yaml\n{block}```\n"));
    for (number, name) in (30..).zip(["c", "d", "e"]) {
        sandbox.write(
            &format!("folder/{name}.yaml"),
            &document(name, "1.0.0", number),
        );
    }
    sandbox.write("folder/bad.yaml", "name: z\n");
    sandbox.write("folder/used.yaml", &used);
    sandbox.write(
        "patch.json",
        r#"{"description": "Now this.", "tags": ["y"]}"#,
    );
    sandbox.write("bad_patch.json", r#"{"name": "other", "tags": 7}"#);
    sandbox.write("nothing.json", "{}");
    mesh::prepare(&sandbox);
    let head = sandbox.ok(&["audit", "head", "-o", "json"]);
    sandbox.write(
        "false_anchor.json",
        &head.replace("\"records\": ", "\"records\": 1"),
    );
    sandbox.write("anchor.json", &head);
    sandbox
}

#[test]
fn reading_is_the_same_on_a_server() {
    let sandbox = prepared();
    let of_table = TABLE.iter().flat_map(|(_, way)| match way {
        Reads(lines) => owned(lines),
        _ => Vec::new(),
    });
    let lines: Vec<Vec<String>> = of_table.chain(mesh::reads()).collect();
    let embedded: Vec<Ran> = lines
        .iter()
        .map(|line| sandbox.run(&borrowed(line)))
        .collect();
    let serving = Serving::start(&sandbox, "127.0.0.1:0");
    let mut different = Vec::new();
    for (line, here) in lines.iter().zip(&embedded) {
        let line = &borrowed(line);
        let there = sandbox.run_at(&serving.url(), line);
        compare("the network", line, here, &there, &mut different);
        let through_the_socket = sandbox.run(line);
        compare(
            "the socket",
            line,
            here,
            &through_the_socket,
            &mut different,
        );
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn writing_is_the_same_on_a_server() {
    let prepared = prepared();
    let mut different = Vec::new();
    let of_table = TABLE.iter().flat_map(|(_, way)| match way {
        Writes(lines) => owned(lines),
        _ => Vec::new(),
    });
    for line in of_table.chain(mesh::writes()) {
        let line = &borrowed(&line);
        let (one, two) = (prepared.copy(), prepared.copy());
        let here = one.run(line);
        let serving = Serving::start(&two, "127.0.0.1:0");
        let there = two.run_at(&serving.url(), line);
        compare("the network", line, &here, &there, &mut different);
        drop(serving);
        // What is in the book is the same as well, read without a server.
        let log = ["log", "--all", "-o", "json"];
        compare(
            "the log",
            line,
            &one.run(&log),
            &two.run(&log),
            &mut different,
        );
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn principals_are_the_same_on_a_server() {
    let prepared = Sandbox::with_samples();
    let create = |name, capability| {
        let line = ["token", "create", name, "--capability", capability, "-q"];
        prepared.ok(&line)
    };
    let token = create("root", "ADMIN");
    create("ci", "REGISTRY_READ");
    let mut different = Vec::new();
    let lines = TABLE.iter().flat_map(|(_, way)| match way {
        Admins(lines) => *lines,
        _ => &[],
    });
    for line in lines {
        let (one, two) = (prepared.copy(), prepared.copy());
        let here = one.run(line);
        let serving = Serving::start(&two, "127.0.0.1:0");
        let mut command = two.command(line);
        command.env("DEEDBOOK_URL", serving.url());
        command.env("DEEDBOOK_TOKEN", token.trim());
        let there = ran(command);
        compare("the network", line, &here, &there, &mut different);
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn what_is_local_says_so() {
    let sandbox = prepared();
    for (name, way) in TABLE {
        if let Local(line) = way {
            let line = [line, &["--url", "http://127.0.0.1:1"][..]].concat();
            let ran = sandbox.fails(64, &line);
            assert!(ran.stderr.contains("works on a folder"), "{name}: {ran:?}");
        }
    }
}

#[test]
fn rows_that_stand_apart_name_their_test() {
    for (name, way) in TABLE {
        if let Apart(test) = way {
            assert!(!test.is_empty(), "{name}");
        }
    }
}

fn owned(lines: &[&[&str]]) -> Vec<Vec<String>> {
    let owned = |line: &&[&str]| line.iter().map(|word| (*word).to_owned()).collect();
    lines.iter().map(owned).collect()
}

fn borrowed(line: &[String]) -> Vec<&str> {
    line.iter().map(String::as_str).collect()
}

fn compare(way: &str, line: &[&str], here: &Ran, there: &Ran, different: &mut Vec<String>) {
    for (what, one, two) in [
        ("stdout", &here.stdout, &there.stdout),
        ("stderr", &here.stderr, &there.stderr),
    ] {
        let (one, two) = (redacted(one), redacted(two));
        if one != two {
            different.push(format!("{way}: {line:?}: {what}\n--- {one}\n+++ {two}"));
        }
    }
    if here.status != there.status {
        let (one, two) = (here.status, there.status);
        different.push(format!("{way}: {line:?}: status {one} and {two}"));
    }
}

/// A text without what no two runs have in common: times, digests, tokens, request ids.
fn redacted(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-:.".contains(c);
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if is_word(c) {
            word.push(c);
            continue;
        }
        out.push_str(known_word(&word));
        word.clear();
        out.push(c);
    }
    let lines = out
        .lines()
        .map(|line| match line.split_once("\"requestId\": ") {
            Some((before, _)) => format!("{before}\"requestId\": …"),
            None => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

fn known_word(word: &str) -> &str {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let digits = word.chars().take(4).filter(char::is_ascii_digit).count();
    let is_time = word.len() >= 20 && digits == 4 && word.get(10..11) == Some("T");
    let is_beside = word.ends_with(".part") || word.ends_with(".part:");
    let is_digest = word.len() >= 16 && word.chars().all(is_hex) || word.starts_with("blake3:");
    if is_time {
        "TIME"
    } else if is_beside {
        "BESIDE"
    } else if is_digest {
        "DIGEST"
    } else if word.starts_with("deed_") {
        "TOKEN"
    } else {
        word
    }
}
