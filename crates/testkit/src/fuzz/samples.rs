//! Valid component documents to begin with.

use std::fs;
use std::path::Path;

use deedbook_model::document::Syntax;

const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/compat/samples/components/valid"
);

/// All there are, in the order of their names. They are read when a target begins, so that others may
/// lie there without another build.
pub(super) fn samples() -> Vec<(Vec<u8>, Syntax)> {
    let mut names = names().unwrap_or_else(|error| panic!("{FOLDER}: {error}"));
    names.sort();
    names.iter().map(|name| sample(name)).collect()
}

fn names() -> std::io::Result<Vec<String>> {
    let entries = fs::read_dir(FOLDER)?;
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    entries.map(|entry| entry.map(name)).collect()
}

fn sample(name: &str) -> (Vec<u8>, Syntax) {
    let path = Path::new(FOLDER).join(name);
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let Some(syntax) = Syntax::of_path(name) else {
        panic!("{name} is neither JSON nor YAML");
    };
    (text, syntax)
}
