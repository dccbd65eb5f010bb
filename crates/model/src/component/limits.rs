//! How large a stored document may be: no larger than one that is read, or what was stored could
//! not be registered elsewhere.
//!
//! It can outgrow the text it came from: defaults are written out, aliases expanded, characters
//! escaped, and a patch adds to what is there.

use serde_json::{Map, Value};

use crate::document::budget::{MAX_BYTES, MAX_DEPTH, MAX_NODES, too_large};
use crate::issue::Issue;

use super::canonical::canonical;

/// What storing adds, and more bytes than any of them takes, name included.
const ADDED: [&str; 3] = ["created_at", "last_modified_at", "hash"];
const ADDED_BYTES: usize = 80;

/// Refuses a normalised document that, once stored, would be too large to be read.
pub(super) fn check(document: &Map<String, Value>) -> Result<(), Issue> {
    let mut size = Size::of_object(document);
    for _ in ADDED.iter().filter(|name| !document.contains_key(**name)) {
        size.nodes += 1;
        size.bytes += ADDED_BYTES;
    }
    let exceeded = [
        (size.depth > MAX_DEPTH, "nesting", "32 levels"),
        (size.nodes > MAX_NODES, "number of values", "20 000"),
        (size.bytes > MAX_BYTES, "text", "256 KiB"),
    ];
    match exceeded.iter().find(|(exceeded, ..)| *exceeded) {
        Some((_, what, limit)) => Err(too_large(
            &format!("with all that is stored of it the document's {what}"),
            limit,
        )),
        None => Ok(()),
    }
}

/// Counted like the reader does, and the length of the canonical text.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    depth: usize,
    bytes: usize,
}

impl Size {
    fn of(value: &Value) -> Self {
        let bytes = match value {
            Value::Array(items) => {
                // Brackets and the commas in between; an empty list has none.
                let start = Self::container(items.len());
                return items.iter().fold(start, |sum, item| sum.with(item, 0));
            }
            Value::Object(members) => return Self::of_object(members),
            Value::String(text) => text_bytes(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => canonical(value).len(),
        };
        Self {
            nodes: 1,
            depth: 0,
            bytes,
        }
    }

    fn of_object(members: &Map<String, Value>) -> Self {
        let start = Self::container(members.len());
        members.iter().fold(start, |sum, (name, value)| {
            sum.with(value, text_bytes(name) + 1)
        })
    }

    fn container(entries: usize) -> Self {
        Self {
            nodes: 1,
            depth: 1,
            bytes: 2 + entries.saturating_sub(1),
        }
    }

    fn with(self, inner: &Value, name: usize) -> Self {
        let inner = Self::of(inner);
        Self {
            nodes: self.nodes + inner.nodes,
            depth: self.depth.max(inner.depth + 1),
            bytes: self.bytes + inner.bytes + name,
        }
    }
}

/// The bytes of a text in canonical JSON, quotes included.
fn text_bytes(text: &str) -> usize {
    let escaped = |byte| match byte {
        b'"' | b'\\' | 8..=10 | 12 | 13 => 2,
        0..=0x1f => 6,
        _ => 1,
    };
    2 + text.bytes().map(escaped).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::component::{ReadOptions, read, read_node};
    use crate::document::{Node, Syntax};

    const NOW: &str = "2026-03-02T10:00:00Z";

    fn minimal(extensions: Value) -> Value {
        json!({
            "metadata_version": "0.3.0",
            "uuid": "3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11",
            "name": "alpha",
            "version": "1.0.0",
            "meta_type": "tool",
            "x_extensions": extensions,
        })
    }

    /// The kinds of errors, and what is stored where there is none.
    fn taken(document: &Value) -> Result<Vec<u8>, String> {
        let reading = read_node(Node::from(document), &ReadOptions::default());
        match reading.draft {
            Some(draft) => Ok(draft.finish(NOW, NOW).bytes),
            None => Err(reading.errors().map(ToString::to_string).collect()),
        }
    }

    #[test]
    fn lengths_are_those_of_the_canonical_text() {
        let value = json!({
            "é\"\\": [null, true, 1, -1.5e-300, 1e21, "\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f}\u{7f}😀"],
            "": {}, "a": [], "b": {"c": [[1], 2]},
        });
        let size = Size::of(&value);
        assert_eq!(size.bytes, canonical(&value).len());
        assert_eq!((size.nodes, size.depth), (15, 4));
    }

    #[test]
    fn a_document_that_would_outgrow_a_limit_is_refused() {
        let deep = (0..32).fold(json!(1), |inner, _| json!({ "a": inner }));
        let refused = taken(&minimal(deep.clone())).unwrap_err();
        assert!(refused.contains("nesting exceeds 32 levels"), "{refused}");
        assert!(taken(&minimal(deep["a"].clone())).is_ok());

        let refused = taken(&minimal(json!({"a": vec![0; 20_000]}))).unwrap_err();
        assert!(refused.contains("number of values exceeds"), "{refused}");

        let refused = taken(&minimal(json!({"a": "\u{1}".repeat(50_000)}))).unwrap_err();
        assert!(refused.contains("text exceeds 256 KiB"), "{refused}");
    }

    #[test]
    fn what_is_taken_just_below_a_limit_reads_back() {
        let mut ended = [false, false];
        for more in 0..40 {
            let many = minimal(json!({"a": vec![0; 19_960 + more]}));
            let long = minimal(json!({"a": "\u{1}".repeat(43_572 + more)}));
            for (document, ended) in [many, long].iter().zip(&mut ended) {
                match taken(document) {
                    Ok(bytes) => {
                        let reading = read(&bytes, Syntax::Json, &ReadOptions::default());
                        assert!(reading.draft.is_some(), "{more} {:?}", reading.issues);
                        assert!(!*ended);
                    }
                    Err(_) => *ended = true,
                }
            }
        }
        assert_eq!(ended, [true, true]);
    }
}
