//! A normalised document as canonical text (RFC 8785), written once when its draft is made: to
//! finish it with its times and its hash is then a matter of joining pieces.

use std::ops::Range;

use serde_json::{Map, Value};

use super::hash::{NOT_HASHED, canonical, hash_of_bytes};

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
        // The order of RFC 8785: names by their UTF-16 code units.
        parts.sort_by(|one, two| one.0.encode_utf16().cmp(two.0.encode_utf16()));
        let mut all = StoredText {
            text: String::new(),
            members: Vec::with_capacity(parts.len()),
        };
        for (name, part) in parts {
            let member = match part {
                Err(added) => Member::Added(added),
                Ok(value) => all.write_member(name, value),
            };
            all.members.push(member);
        }
        all.text.shrink_to_fit();
        all
    }

    fn write_member(&mut self, name: &str, value: &Value) -> Member {
        let begin = self.text.len();
        self.push(&Value::from(name));
        self.text.push(':');
        let value_at = self.text.len();
        self.push(value);
        Member::Written {
            text: begin..self.text.len(),
            value: value_at,
            hashed: !NOT_HASHED.contains(&name),
        }
    }

    fn push(&mut self, value: &Value) {
        self.text
            .push_str(&String::from_utf8_lossy(&canonical(value)));
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
        let mut prefix = canonical(&Value::from(name));
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

/// What goes before the next member.
fn separator(text: &str) -> char {
    if text.is_empty() { '{' } else { ',' }
}

fn add(text: &mut String, added: Added, value: &str) {
    text.push(separator(text));
    text.push('"');
    text.push_str(added.name());
    text.push_str("\":");
    text.push_str(&String::from_utf8_lossy(&canonical(&Value::from(value))));
}
