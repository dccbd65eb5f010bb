//! The files that a command line means: `FILE`, `DIR` or `-`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use deedbook_model::document::Syntax;
use deedbook_model::issue::{Issue, IssueKind};

use crate::error::Failure;
use crate::output::Output;

/// Most bytes of one file: a list of many documents may be longer than one document.
const MAX_BYTES: u64 = 64 << 20;

/// Most bytes of a file of records: what `mesh export` prints of a large book is one.
pub(crate) const MAX_BYTES_OF_RECORDS: u64 = 4 << 30;

/// What some editors put in front of UTF-8; it isn't part of the text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The line that opens a metadata block, in whatever comment.
const BLOCK: &[u8] = b"=== OmniNode:Metadata ===";

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// What a file says, and how.
pub(crate) struct Text {
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// Its form.
    pub(crate) syntax: Syntax,
}

impl Input {
    /// The input that an argument means.
    pub(crate) fn of(argument: &Path) -> Input {
        if argument.as_os_str() == "-" {
            Input::Stdin
        } else {
            Input::File(argument.to_owned())
        }
    }

    /// What people call it.
    pub(crate) fn label(&self) -> String {
        match self {
            Input::File(path) => path.display().to_string(),
            Input::Stdin => "-".to_owned(),
        }
    }

    /// Reads it. A file's form goes by its name; without a telling one, and on stdin, what begins
    /// like JSON is JSON, anything else YAML.
    pub(crate) fn read(&self) -> Result<Text, Failure> {
        self.read_up_to(MAX_BYTES)
    }

    /// The same of a text of at most so many bytes.
    pub(crate) fn read_up_to(&self, most: u64) -> Result<Text, Failure> {
        let (mut bytes, named) = match self {
            Input::File(path) => {
                let read = File::open(path).and_then(|file| read_limited(file, most));
                let bytes = read.map_err(|error| Failure::reading(path, error))?;
                (bytes, syntax(path))
            }
            Input::Stdin => {
                let read = read_limited(io::stdin().lock(), most);
                (
                    read.map_err(|error| Failure::reading(Path::new("-"), error))?,
                    None,
                )
            }
        };
        if bytes.len() as u64 > most {
            let message = format!("the text is longer than {} MiB", most >> 20);
            return Err(Failure::Document {
                file: Some(self.label()),
                issues: vec![Issue::error(IssueKind::LimitExceeded, "", message)],
            });
        }
        if bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        let syntax = named.unwrap_or_else(|| syntax_of(&bytes));
        Ok(Text { bytes, syntax })
    }
}

fn read_limited(source: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn syntax_of(bytes: &[u8]) -> Syntax {
    match bytes.trim_ascii_start().first() {
        Some(b'{' | b'[') => Syntax::Json,
        _ => Syntax::Yaml,
    }
}

/// The inputs that arguments mean, in their order; folders are replaced by what they hold, in byte
/// order of paths. What a caller names is read whatever it is, pipes too, as by any other tool; in a
/// folder only files are, as nobody may ever write into the pipe.
pub(crate) fn collect(arguments: &[PathBuf], output: &mut Output) -> Result<Vec<Input>, Failure> {
    let mut inputs = Vec::new();
    for argument in arguments {
        match Input::of(argument) {
            Input::File(path) if path.is_dir() => {
                let mut found = Vec::new();
                search(&path, &mut found, output)?;
                found.sort_unstable_by(|one, two| {
                    one.as_os_str().as_bytes().cmp(two.as_os_str().as_bytes())
                });
                inputs.extend(found.into_iter().map(Input::File));
            }
            input => inputs.push(input),
        }
    }
    let stdin = inputs
        .iter()
        .filter(|input| **input == Input::Stdin)
        .count();
    if stdin > 1 {
        return Err(Failure::Usage("`-` can be read only once".to_owned()));
    }
    Ok(inputs)
}

/// Adds the documents below a folder; hidden files and links are skipped.
fn search(folder: &Path, found: &mut Vec<PathBuf>, output: &mut Output) -> Result<(), Failure> {
    let failed = |error| Failure::reading(folder, error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().as_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            search(&path, found, output)?;
        } else if kind.is_file() && is_document(&path) {
            found.push(path);
        } else if !kind.is_file() && !kind.is_symlink() && syntax(&path).is_some() {
            let path = path.display();
            output.note(&format!(
                "warning: {path} was skipped: it is no regular file"
            ));
        }
    }
    Ok(())
}

/// A file that can't be read counts: whoever reads it says why.
fn is_document(path: &Path) -> bool {
    match syntax(path) {
        Some(Syntax::Json | Syntax::Yaml) => true,
        Some(Syntax::Markdown | Syntax::Python) => {
            let bytes = File::open(path).and_then(|file| read_limited(file, MAX_BYTES));
            bytes.map_or(true, |bytes| holds_block(&bytes))
        }
        None => false,
    }
}

fn syntax(path: &Path) -> Option<Syntax> {
    path.to_str().and_then(Syntax::of_path)
}

fn holds_block(bytes: &[u8]) -> bool {
    bytes.windows(BLOCK.len()).any(|window| window == BLOCK)
}
