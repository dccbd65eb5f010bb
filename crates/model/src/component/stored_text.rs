//! A normalised document as canonical text (RFC 8785), written once when its draft is made: to
//! finish it with its times and its hash is then a matter of joining pieces.

use std::ops::Range;

use serde_json::{Map, Value};

use super::canonical::{put, put_text};
use super::hash::{NOT_HASHED, hash_of_bytes};
use crate::text::utf16_order;

/// Room for the text of most documents.
const TYPICAL: usize = 2048;

/// What storing adds to a document that doesn't have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Added {
    CreatedAt,
    LastModifiedAt,
    Hash,
}

impl Added {
    const ALL: [Added; 3] = [Added::CreatedAt, Added::LastModifiedAt, Added::Hash];

    fn name(self) -> &'static str {
        match self {
            Added::CreatedAt => "created_at",
            Added::LastModifiedAt => "last_modified_at",
            Added::Hash => "hash",
        }
    }
}

/// One member of the document, or the place of one that storing adds.
#[derive(Clone, Debug)]
enum Member {
    Written {
        /// `"name":value` in the text.
        text: Range<usize>,
        /// Where in that the value begins.
        value: usize,
        /// Whether the hash covers it.
        hashed: bool,
    },
    Added(Added),
}

/// All members in canonical order. In a normalised document no member of an object is null, so
/// that the hash covers what is written.
#[derive(Clone, Debug)]
pub(super) struct StoredText {
    text: String,
    members: Vec<Member>,
}

impl StoredText {
    pub(super) fn of(document: &Map<String, Value>) -> StoredText {
        let added = Added::ALL.into_iter();
        let added = added.filter(|added| !document.contains_key(added.name()));
        let mut parts: Vec<(&str, Result<&Value, Added>)> = document
            .iter()
            .map(|(name, value)| (name.as_str(), Ok(value)))
            .chain(added.map(|added| (added.name(), Err(added))))
            .collect();
        parts.sort_by(|one, two| utf16_order(one.0, two.0));
        let mut text = Vec::with_capacity(TYPICAL);
        let mut members = Vec::with_capacity(parts.len());
        for (name, part) in parts {
            members.push(match part {
                Err(added) => Member::Added(added),
                Ok(value) => write_member(name, value, &mut text),
            });
        }
        text.shrink_to_fit();
        StoredText {
            // Canonical JSON is UTF-8.
            text: String::from_utf8(text).unwrap_or_default(),
            members,
        }
    }

    /// The hash of the document once it has that time of creation, unless it has one.
    pub(super) fn hash(&self, created_at: &str) -> String {
        let mut text = String::with_capacity(self.text.len() + 64);
        for member in &self.members {
            match member {
                Member::Written {
                    text: range,
                    hashed: true,
                    ..
                } => self.copy(range, &mut text),
                Member::Added(Added::CreatedAt) => add(&mut text, Added::CreatedAt, created_at),
                Member::Written { .. } | Member::Added(_) => {}
            }
        }
        text.push('}');
        hash_of_bytes(text.as_bytes())
    }

    /// The whole document.
    pub(super) fn write(&self, created_at: &str, last_modified_at: &str, hash: &str) -> Vec<u8> {
        let mut text = String::with_capacity(self.text.len() + 256);
        for member in &self.members {
            match member {
                Member::Written { text: range, .. } => self.copy(range, &mut text),
                Member::Added(added) => {
                    let value = match added {
                        Added::CreatedAt => created_at,
                        Added::LastModifiedAt => last_modified_at,
                        Added::Hash => hash,
                    };
                    add(&mut text, *added, value);
                }
            }
        }
        text.push('}');
        text.into_bytes()
    }

    fn copy(&self, range: &Range<usize>, into: &mut String) {
        into.push(separator(into));
        into.push_str(self.text.get(range.clone()).unwrap_or_default());
    }

    /// The text of one member's value.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut prefix = Vec::new();
        put_text(name, &mut prefix);
        prefix.push(b':');
        self.members.iter().find_map(|member| match member {
            Member::Written { text, value, .. } => {
                let named = self.text.get(text.start..*value)?;
                (named.as_bytes() == prefix).then(|| self.text.get(*value..text.end))?
            }
            Member::Added(_) => None,
        })
    }
}

fn write_member(name: &str, value: &Value, into: &mut Vec<u8>) -> Member {
    let begin = into.len();
    put_text(name, into);
    into.push(b':');
    let value_at = into.len();
    put(value, into);
    Member::Written {
        text: begin..into.len(),
        value: value_at,
        hashed: !NOT_HASHED.contains(&name),
    }
}

/// What goes before the next member.
fn separator(text: &str) -> char {
    if text.is_empty() { '{' } else { ',' }
}

fn add(text: &mut String, added: Added, value: &str) {
    text.push(separator(text));
    text.push('"');
    text.push_str(added.name());
    text.push_str("\":");
    let mut quoted = Vec::with_capacity(value.len() + 2);
    put_text(value, &mut quoted);
    text.push_str(str::from_utf8(&quoted).unwrap_or_default());
}
