//! Component documents out of files: alone, in an envelope, or in a list of envelopes, so that
//! what `get -o json` and `ls -o json` print can be read again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use deedbook_model::component::{ReadOptions, Reading, read, read_node};
use deedbook_model::document::{self, Node, Syntax, Value};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Failure;
use crate::files::{Input, Text};

/// A document and what came of reading it.
pub(crate) struct Document {
    /// The file it came from, and where in it.
    pub(crate) label: String,
    /// What came of it.
    pub(crate) reading: Reading,
}

/// An envelope or a list, as far as it matters here.
#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    uuid: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    checksum: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

/// Reads the documents of an input: one, or those of a list.
pub(crate) fn read_input(input: &Input, options: &ReadOptions) -> Result<Vec<Document>, Failure> {
    let text = input.read()?;
    Ok(read_text(&input.label(), &text, options))
}

/// Reads the documents of a text.
pub(crate) fn read_text(label: &str, text: &Text, options: &ReadOptions) -> Vec<Document> {
    let wrapped = match text.syntax {
        Syntax::Json => wrapped_json(label, &text.bytes, options),
        Syntax::Yaml => wrapped_yaml(label, &text.bytes, options),
        Syntax::Markdown | Syntax::Python => None,
    };
    wrapped.unwrap_or_else(|| {
        vec![Document {
            label: label.to_owned(),
            reading: read(&text.bytes, text.syntax, options),
        }]
    })
}

fn wrapped_json(label: &str, bytes: &[u8], options: &ReadOptions) -> Option<Vec<Document>> {
    if !contains(bytes, b"\"checksum\"") && !contains(bytes, b"\"items\"") {
        return None;
    }
    let wrapped: Wrapped<'_> = serde_json::from_slice(bytes).ok()?;
    if wrapped.uuid.is_some() || wrapped.name.is_some() {
        // A component, with members of its own that are called like those of a list.
        return None;
    }
    let mut lines = Lines::of(bytes);
    if let Some(data) = data_of(&wrapped) {
        return Some(vec![read_raw(label.to_owned(), data, &mut lines, options)]);
    }
    let items = wrapped.items?.into_iter().enumerate();
    items
        .map(|(index, item)| {
            let wrapped: Wrapped<'_> = serde_json::from_str(item.get()).ok()?;
            let data = data_of(&wrapped)?;
            Some(read_raw(
                format!("{label}#/items/{index}"),
                data,
                &mut lines,
                options,
            ))
        })
        .collect()
}

/// Whether a label is that of an item of a list.
pub(crate) fn is_item(label: &str) -> bool {
    label.contains("#/items/")
}

fn data_of<'a>(wrapped: &Wrapped<'a>) -> Option<&'a RawValue> {
    let component = wrapped
        .kind
        .is_some_and(|kind| kind.get() == "\"component\"");
    wrapped
        .data
        .filter(|_| component && wrapped.checksum.is_some())
}

/// Reads a part of a text; lines are those of the text.
fn read_raw(
    label: String,
    part: &RawValue,
    lines: &mut Lines<'_>,
    options: &ReadOptions,
) -> Document {
    let part = part.get();
    let mut reading = read(part.as_bytes(), Syntax::Json, options);
    let before = lines.before(part);
    for issue in &mut reading.issues {
        issue.line = issue.line.map(|line| line.saturating_add(before));
    }
    Document { label, reading }
}

/// Counts the lines of a text once, for parts of it that come in order.
pub(crate) struct Lines<'a> {
    whole: &'a [u8],
    seen: usize,
    lines: u32,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(whole: &'a [u8]) -> Lines<'a> {
        Lines {
            whole,
            seen: 0,
            lines: 0,
        }
    }

    /// How many lines end before a part begins.
    pub(crate) fn before(&mut self, part: &str) -> u32 {
        let begin = (part.as_ptr() as usize).saturating_sub(self.whole.as_ptr() as usize);
        let passed = self.whole.get(self.seen..begin).unwrap_or_default();
        let ends = passed.iter().filter(|byte| **byte == b'\n').count();
        self.lines = self
            .lines
            .saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
        self.seen = self.seen.max(begin);
        self.lines
    }
}

fn wrapped_yaml(label: &str, bytes: &[u8], options: &ReadOptions) -> Option<Vec<Document>> {
    if !contains(bytes, b"checksum:") {
        return None;
    }
    let node = document::parse(bytes, Syntax::Yaml).ok()?;
    if node.get("uuid").is_some() || node.get("name").is_some() {
        return None;
    }
    if let Some(data) = data_node(&node) {
        return Some(vec![Document {
            label: label.to_owned(),
            reading: read_node(data.clone(), options),
        }]);
    }
    let Value::List(items) = &node.get("items")?.value else {
        return None;
    };
    items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            Some(Document {
                label: format!("{label}#/items/{index}"),
                reading: read_node(data_node(item)?.clone(), options),
            })
        })
        .collect()
}

fn data_node(node: &Node) -> Option<&Node> {
    let kind = node.get("kind")?.as_text()?;
    node.get("checksum")?;
    node.get("data").filter(|_| kind == "component")
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

impl Document {
    /// The document, or why it isn't one.
    pub(crate) fn into_draft(self) -> Result<deedbook_model::component::Draft, Failure> {
        self.reading.draft.ok_or(Failure::Document {
            file: Some(self.label),
            issues: self.reading.issues,
        })
    }
}

/// Threads that read files ahead.
const READERS: usize = 2;

/// How many files may be read ahead.
const AHEAD: usize = 512;

/// What an input holds, or why it can't be read.
type Read = (String, Result<Vec<Document>, Failure>);

/// Reads inputs on threads of their own, and hands each document over on this one, in order.
pub(crate) fn read_ahead(
    inputs: &[Input],
    options: &ReadOptions,
    mut take: impl FnMut(&str, Result<Document, Failure>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<(usize, Read)>(AHEAD);
        for _ in 0..READERS.min(inputs.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(input) = inputs.get(index) else {
                        break;
                    };
                    let read = (input.label(), read_input(input, options));
                    if sender.send((index, read)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut turn = 0;
        for (index, read) in receiver {
            early.insert(index, read);
            while let Some((label, read)) = early.remove(&turn) {
                turn += 1;
                match read {
                    Ok(documents) => {
                        for document in documents {
                            take(&label, Ok(document))?;
                        }
                    }
                    Err(failure) => take(&label, Err(failure))?,
                }
            }
        }
        Ok(())
    })
}
