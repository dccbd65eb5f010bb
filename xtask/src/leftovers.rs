//! What neither compiler nor linter sees: source that nothing compiles, files that grew too
//! long, and traces of unfinished work.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::text_files::{TextFile, read_all};

/// Above this a file is looked at again: split it, or list it with the reason.
const MAX_LINES: usize = 600;

/// Long files that read better whole: path, reason.
const LONG_FILES: &[(&str, &str)] = &[
    (
        "crates/api/src/routes.rs",
        "the one table of routes, with their examples",
    ),
    (
        "crates/api/src/schemas.rs",
        "the one list of JSON Schemas, a function each",
    ),
    (
        "crates/deedbook/tests/cli/both_ways.rs",
        "one table of command lines for all commands",
    ),
    (
        "crates/model/src/component/values_test.rs",
        "one table of values for each field",
    ),
    (
        "crates/model/src/document_test.rs",
        "one table of texts for each syntax",
    ),
];

/// Words of unfinished work in Rust source. Written in two halves, so that this file has none.
const UNFINISHED: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimplemen", "ted!("),
    concat!("db", "g!("),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
];

/// What a merge that was not finished leaves at the start of a line.
const MERGE_MARKS: &[&str] = &[concat!("<<<<", "<<< "), concat!(">>>>", ">>> ")];

/// Ends of names that tools and editors leave behind.
const STRAY_FILES: &[&str] = &[".snap.new", ".pending-snap", ".orig", ".rej", ".swp", "~"];

/// Everything found, one line each; empty when all is well.
pub(crate) fn check(repository: &Path) -> io::Result<Vec<String>> {
    let files = read_all(repository)?;
    let mut findings = Vec::new();
    findings.extend(forgotten_sources(&files));
    findings.extend(long_files(&files, LONG_FILES));
    findings.extend(files.iter().flat_map(unfinished_work));
    Ok(findings)
}

/// Rust files, above all tests, that no module names: cargo would pass them over in silence.
fn forgotten_sources(files: &[TextFile]) -> Vec<String> {
    let sources: BTreeMap<&str, &str> = files
        .iter()
        .filter(|file| is_rust(file))
        .map(|file| (file.path.as_str(), file.text.as_str()))
        .collect();
    let mut named: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, text) in &sources {
        let names = text.lines().filter_map(declared_module);
        named.entry(folder(path)).or_default().extend(names);
    }
    sources
        .keys()
        .filter(|path| !is_crate_root(path) && !is_named(path, &named))
        .map(|path| format!("{path}: no module names this file, so nothing compiles it"))
        .collect()
}

fn is_rust(file: &TextFile) -> bool {
    file.path.ends_with(".rs")
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The `x` of `mod x;`, or the file name of `#[path = "…/x.rs"]` and `include!("…/x.rs");`.
fn declared_module(line: &str) -> Option<&str> {
    let line = line.trim();
    for (begin, end) in [("#[path = \"", "\"]"), ("include!(\"", "\");")] {
        if let Some(path) = line.strip_prefix(begin) {
            return path.strip_suffix(end).map(file_name);
        }
    }
    let declaration = line.strip_suffix(';')?;
    let (before, name) = declaration.rsplit_once(' ')?;
    (before == "mod" || (before.starts_with("pub") && before.ends_with(" mod"))).then_some(name)
}

/// Whether cargo itself knows the file: the root of a crate, test, bench, example or binary.
fn is_crate_root(path: &str) -> bool {
    let parent = file_name(folder(path));
    match file_name(path) {
        "lib.rs" | "main.rs" | "build.rs" => true,
        _ => matches!(
            parent,
            "tests" | "benches" | "examples" | "bin" | "fuzz_targets"
        ),
    }
}

/// Whether a file beside it or a level higher names it.
fn is_named(path: &str, named: &BTreeMap<&str, Vec<&str>>) -> bool {
    let (own, above) = (folder(path), folder(folder(path)));
    let (at, name) = match file_name(path) {
        "mod.rs" => (vec![above], file_name(own)),
        name => (vec![own, above], name),
    };
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    at.iter()
        .filter_map(|folder| named.get(folder))
        .flatten()
        .any(|declared| *declared == name || *declared == stem)
}

/// Source beyond the limit that is not listed, and listed files that no longer need to be.
fn long_files(files: &[TextFile], listed: &[(&str, &str)]) -> Vec<String> {
    let is_listed = |path: &str| listed.iter().any(|(known, _)| *known == path);
    let lengths: BTreeMap<&str, usize> = files
        .iter()
        .filter(|file| is_rust(file) && !file.path.contains("/generated/"))
        .map(|file| (file.path.as_str(), file.text.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .collect();
    let long = lengths
        .iter()
        .filter(|(path, _)| !is_listed(path))
        .map(|(path, lines)| format!("{path}: {lines} lines, more than {MAX_LINES}"));
    let stale = listed
        .iter()
        .filter(|(path, _)| !lengths.contains_key(path))
        .map(|(path, _)| format!("{path}: listed as long, but it is not"));
    long.chain(stale).collect()
}

fn unfinished_work(file: &TextFile) -> Vec<String> {
    let mut findings = Vec::new();
    if STRAY_FILES.iter().any(|end| file.path.ends_with(end)) {
        findings.push(format!("{}: left behind by a tool", file.path));
    }
    for (number, line) in file.text.lines().enumerate() {
        let mut marks = MERGE_MARKS.iter();
        let mark = marks.find(|mark| line.starts_with(**mark));
        let mut words = UNFINISHED.iter();
        let word = words.find(|word| is_rust(file) && line.contains(**word));
        if let Some(found) = mark.or(word) {
            findings.push(format!("{}:{}: {found}", file.path, number + 1));
        }
    }
    findings
}

#[cfg(test)]
#[path = "leftovers_test.rs"]
mod tests;
