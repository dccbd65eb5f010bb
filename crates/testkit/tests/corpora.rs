//! Every input of every corpus, in an ordinary test.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use deedbook_testkit::fuzz::{TARGETS, Target};

/// What one corpus may hold, so that a checkout stays small.
const MOST_FILES: usize = 150;
const MOST_BYTES: u64 = 300 * 1024;

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn run(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let files = files(&corpora().join(name));
    assert!(!files.is_empty(), "the corpus of {name} is empty");
    let bytes: u64 = files
        .iter()
        .map(|file| file.metadata().unwrap().len())
        .sum();
    assert!(
        files.len() <= MOST_FILES && bytes <= MOST_BYTES,
        "{} files of {bytes} bytes: make the corpus of {name} smaller, see docs/FUZZING.md",
        files.len()
    );
    let failed: Vec<&PathBuf> = files.iter().filter(|file| !passes(target, file)).collect();
    assert!(failed.is_empty(), "findings in {failed:#?}");
    println!("{name}: {} inputs, {bytes} bytes", files.len());
}

/// All are tried, so that one run names every file that fails.
fn passes(target: &Target, file: &Path) -> bool {
    let input = std::fs::read(file).unwrap();
    catch_unwind(|| (target.run)(&input)).is_ok()
}

#[test]
fn documents() {
    run("documents");
}

#[test]
fn blocks() {
    run("blocks");
}

#[test]
fn version_specs() {
    run("version_specs");
}

#[test]
fn merge_patches() {
    run("merge_patches");
}

#[test]
fn batch_decoder() {
    run("batch_decoder");
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let folders: Vec<String> = files(&corpora())
        .iter()
        .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    let mut names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    names.sort_unstable();
    assert_eq!(folders, names);
}
