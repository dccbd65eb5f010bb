use super::*;

fn file(path: &str, text: &str) -> TextFile {
    TextFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn a_test_file_that_no_module_names_is_found() {
    let files = [
        file("crates/a/src/lib.rs", "mod b;\npub mod c;\n"),
        file(
            "crates/a/src/b.rs",
            "#[cfg(test)]\n#[path = \"b_test.rs\"]\nmod tests;\n",
        ),
        file("crates/a/src/b_test.rs", ""),
        file("crates/a/src/c.rs", "pub(crate) mod d;\n"),
        file("crates/a/src/c/d.rs", ""),
        file("crates/a/src/c/d_test.rs", ""),
        file("crates/a/tests/memory.rs", "mod help;"),
        file("crates/a/tests/help/mod.rs", ""),
        file("crates/a/tests/help/more.rs", ""),
    ];
    assert_eq!(
        forgotten_sources(&files),
        [
            "crates/a/src/c/d_test.rs: no module names this file, so nothing compiles it",
            "crates/a/tests/help/more.rs: no module names this file, so nothing compiles it",
        ]
    );
}

#[test]
fn a_long_file_is_found_unless_it_is_listed() {
    let long = "\n".repeat(MAX_LINES + 1);
    let files = [
        file("a.rs", &long),
        file("b.rs", &long),
        file("c.rs", &"\n".repeat(MAX_LINES)),
        file("d.md", &long),
        file("src/generated/e.rs", &long),
    ];
    assert_eq!(
        long_files(&files, &[("b.rs", "a table"), ("c.rs", "was long once")]),
        [
            "a.rs: 601 lines, more than 600",
            "c.rs: listed as long, but it is not"
        ]
    );
}

#[test]
fn unfinished_work_is_found_with_its_line() {
    let merge = concat!("<<<<", "<<< HEAD");
    let word = concat!("to", "do!(\"later\")");
    assert_eq!(
        unfinished_work(&file("a.rs", &format!("fine\n    {word};\n{merge}\n"))),
        [
            format!("a.rs:2: {}", concat!("to", "do!(")),
            format!("a.rs:3: {}", concat!("<<<<", "<<< "))
        ]
    );
    assert_eq!(unfinished_work(&file("a.md", word)), Vec::<String>::new());
    assert_eq!(
        unfinished_work(&file("tests/x.snap.new", "")),
        ["tests/x.snap.new: left behind by a tool"]
    );
}

#[test]
fn this_repository_can_be_read() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let files = read_all(repository).unwrap();
    assert!(files.iter().any(|file| file.path == "Cargo.toml"));
    assert!(
        files
            .iter()
            .any(|file| file.path == "xtask/src/leftovers.rs")
    );
    assert!(!files.iter().any(|file| file.path.starts_with("target/")));
}
