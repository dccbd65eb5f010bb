//! Text to tree: documents in JSON or YAML, alone or as a block in another file, read into a
//! [`Node`] that remembers lines.
//!
//! ```text
//! bytes ─ limits, UTF-8 ─┬─ .json ──────────────────── json ──┬─ Node
//!                        └─ .yaml .md .py ─ block ─┬─ yaml ───┤
//!                                                  └─ flat ───┘
//! ```
//!
//! Reading says nothing about what a document means; see [`crate::component`].

mod block;
pub(crate) mod budget;
mod flat;
mod json;
mod node;
mod scalar;
mod yaml;

use crate::issue::{Issue, IssueKind};
use crate::text::is_obeyed;

use budget::MAX_BYTES;
pub(crate) use node::unsigned_zero;
pub use node::{FIRST_EXPONENT, Key, Node, Unrepresentable, Value, json_kind_name};

/// The form a file's text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// JSON, strictly RFC 8259.
    Json,
    /// YAML 1.2, core schema; the document itself or a metadata block in comments.
    Yaml,
    /// A metadata block in a Markdown file.
    Markdown,
    /// A metadata block in a Python file.
    Python,
}

impl Syntax {
    /// The syntax a path's extension stands for, or `None` for any other.
    pub fn of_path(path: &str) -> Option<Self> {
        let (stem, extension) = path.rsplit_once('.')?;
        if stem.is_empty() {
            return None;
        }
        match extension.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "md" => Some(Self::Markdown),
            "py" => Some(Self::Python),
            _ => None,
        }
    }
}

/// Reads a document into a tree with lines.
///
/// At most 256 KiB, 32 levels of lists and objects, 20 000 values once aliases are expanded
/// (and 256 KiB of text in them), all checked while reading. Time is linear in the input and
/// the stack is bounded by the depth.
///
/// # Errors
///
/// The first fault of the text itself: `encoding`, `limit_exceeded`, `syntax`,
/// `duplicate_key` (with the member's pointer) or `missing_block`.
pub fn parse(bytes: &[u8], syntax: Syntax) -> Result<Node, Vec<Issue>> {
    parse_first(bytes, syntax).map_err(|issue| vec![issue])
}

fn parse_first(bytes: &[u8], syntax: Syntax) -> Result<Node, Issue> {
    if bytes.len() > MAX_BYTES {
        return Err(budget::too_large("the text", "256 KiB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match syntax {
        Syntax::Json => json::parse(text),
        Syntax::Yaml | Syntax::Markdown | Syntax::Python => block::parse(text, syntax),
    }
}

fn not_utf8(bytes: &[u8], error: std::str::Utf8Error) -> Issue {
    let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
    let breaks = valid.iter().filter(|byte| **byte == b'\n').count();
    Issue::error(
        IssueKind::Encoding,
        "",
        format!("the text isn't UTF-8 at byte {}", error.valid_up_to()),
    )
    .with_hint("save the file as UTF-8")
    .at_line(u32::try_from(breaks + 1).ok())
}

/// A text cut to what fits into a message; control characters, which could pass for the next line
/// of the output or drive a terminal, are escaped.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short = String::new();
    let mut length = 0;
    for c in text.chars() {
        if length >= LONGEST {
            short.push('…');
            break;
        }
        if is_obeyed(c) {
            let escaped = c.escape_default();
            length += escaped.len();
            short.extend(escaped);
        } else {
            length += 1;
            short.push(c);
        }
    }
    short
}

#[cfg(test)]
#[path = "document_test.rs"]
mod tests;
