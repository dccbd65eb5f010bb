//! Bytes as files with metadata blocks.

use std::borrow::Cow;

use deedbook_model::component::{Draft, Reading};
use deedbook_model::document::Syntax;

use super::reading::check;

/// In a text of its own it may end the block.
const MARK: &str = "OmniNode:Metadata";
const OPEN: &str = "# === OmniNode:Metadata ===";
const CLOSE: &str = "# === /OmniNode:Metadata ===";
const MARKDOWN_OPEN: &str = "<!-- === OmniNode:Metadata ===";
const MARKDOWN_CLOSE: &str = "<!-- === /OmniNode:Metadata === -->";

/// A document that stands in a block beside the input.
const OTHER: &str = "\
uuid: 3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11
name: other
version: 1.0.0
";

/// Reads the input as whole files, then as what stands in a block of one.
pub fn run(input: &[u8]) {
    let bytes = super::document(input);
    let repeated = matches!(bytes, Cow::Owned(_));
    for syntax in [Syntax::Markdown, Syntax::Python, Syntax::Yaml] {
        check(&bytes, syntax);
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return;
    };
    let commented: String = text.lines().map(|line| format!("# {line}\n")).collect();
    let mut bare = vec![(block(MARKDOWN_OPEN, text, MARKDOWN_CLOSE), Syntax::Markdown)];
    let mut comments = vec![(block(OPEN, &commented, CLOSE), Syntax::Python)];
    // What is large is tried for its time, and that is the same in each of these.
    if !repeated {
        let closed = format!("{MARKDOWN_OPEN} -->");
        bare.push((block(&closed, text, MARKDOWN_CLOSE), Syntax::Markdown));
        bare.push((block(OPEN, text, CLOSE), Syntax::Python));
        let markdown = block(MARKDOWN_OPEN, &commented, MARKDOWN_CLOSE);
        comments.push((markdown, Syntax::Markdown));
        check_beside(text);
    }
    for files in [bare, comments] {
        let readings: Vec<Reading> = files
            .iter()
            .map(|(file, syntax)| check(file.as_bytes(), *syntax))
            .collect();
        assert!(text.contains(MARK) || same(&readings), "{readings:?}");
    }
}

fn block(open: &str, text: &str, close: &str) -> String {
    format!("first\n{open}\n{text}\n{close}\nlast\n")
}

/// How a block is marked doesn't change what it says.
fn same(readings: &[Reading]) -> bool {
    let mut documents = readings
        .iter()
        .map(|reading| reading.draft.as_ref().map(Draft::document));
    let first = documents.next();
    documents.all(|other| Some(other) == first)
}

/// In a YAML file a document beside the block is the document.
fn check_beside(text: &str) {
    let alone = check(text.as_bytes(), Syntax::Yaml);
    let file = format!("{OPEN}\n{OTHER}{CLOSE}\n{text}\n");
    let beside = check(file.as_bytes(), Syntax::Yaml);
    let is_document = alone.draft.is_some() && !text.contains(MARK);
    if is_document && !text.starts_with('\u{feff}') && !text.starts_with('%') {
        assert_eq!(beside.uuid, alone.uuid);
    }
}
