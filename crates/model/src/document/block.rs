//! Metadata blocks: a document between two marked lines of another file.

use crate::issue::{Issue, IssueKind};

use super::{Node, Syntax, flat, yaml};

const OPEN: &str = "# === OmniNode:Metadata ===";
const CLOSE: &str = "# === /OmniNode:Metadata ===";
const MARKDOWN_OPEN: &str = "<!-- === OmniNode:Metadata ===";
const MARKDOWN_CLOSE: &str = "<!-- === /OmniNode:Metadata === -->";

/// Reads the document of a YAML, Markdown or Python file.
pub(super) fn parse(text: &str, syntax: Syntax) -> Result<Node, Issue> {
    let block = Block::find(text, syntax);
    if syntax != Syntax::Yaml {
        return block.ok_or_else(|| missing(syntax))?.parse();
    }
    let Some(block) = block else {
        return yaml::parse(text, 1);
    };
    match yaml::parse(&block.outside, 1) {
        Ok(node)
            if ["uuid", "name", "version"]
                .iter()
                .all(|name| node.get(name).is_some()) =>
        {
            Ok(node)
        }
        _ => block.parse(),
    }
}

fn missing(syntax: Syntax) -> Issue {
    let (open, close) = markers(syntax);
    Issue::error(
        IssueKind::MissingBlock,
        "",
        "the file holds no metadata block",
    )
    .with_hint(format!(
        "a block stands between the lines `{open}` and `{close}`"
    ))
}

fn markers(syntax: Syntax) -> (&'static str, &'static str) {
    match syntax {
        Syntax::Markdown => (MARKDOWN_OPEN, MARKDOWN_CLOSE),
        Syntax::Json | Syntax::Yaml | Syntax::Python => (OPEN, CLOSE),
    }
}

struct Block {
    text: String,
    /// 1-based line of the file that `text` starts on.
    first_line: u32,
    /// Whether the lines were written bare, without YAML's quoting.
    bare: bool,
    /// The file with the block's lines left empty.
    outside: String,
}

impl Block {
    /// The first block with both its lines.
    fn find(text: &str, syntax: Syntax) -> Option<Self> {
        let (open, close) = markers(syntax);
        let lines: Vec<&str> = text.lines().collect();
        let start = lines.iter().position(|line| is_marker(line, open))? + 1;
        let length = lines
            .iter()
            .skip(start)
            .position(|line| is_marker(line, close))?;
        let inside = lines.get(start..start + length)?;
        let commented = inside.iter().any(|line| line.starts_with('#'))
            && inside
                .iter()
                .all(|line| line.starts_with('#') || line.trim().is_empty());
        let mut outside = String::with_capacity(text.len());
        for (index, line) in lines.iter().enumerate() {
            if index + 1 < start || index > start + length {
                outside.push_str(line);
            }
            outside.push('\n');
        }
        Some(Self {
            text: joined(inside, commented),
            first_line: u32::try_from(start + 1).ok()?,
            bare: commented || syntax != Syntax::Yaml,
            outside,
        })
    }

    fn parse(&self) -> Result<Node, Issue> {
        let read = yaml::parse(&self.text, self.first_line);
        if !self.bare {
            return read;
        }
        match read {
            Ok(node) => flat::fold(node),
            Err(issue) if issue.kind == IssueKind::Syntax => {
                match flat::parse(&self.text, self.first_line) {
                    Some(node) => flat::fold(node?),
                    None => Err(issue),
                }
            }
            Err(issue) => Err(issue),
        }
    }
}

/// Markdown closes its comment with the block, but some hands close it on the first line too.
fn is_marker(line: &str, marker: &str) -> bool {
    let line = line.trim_end();
    line == marker
        || line
            .strip_suffix("-->")
            .is_some_and(|line| line.trim_end() == marker)
}

fn joined(lines: &[&str], commented: bool) -> String {
    let mut text = String::new();
    for line in lines {
        let line = match line.strip_prefix('#') {
            Some(rest) if commented => rest.strip_prefix(' ').unwrap_or(rest),
            _ => line,
        };
        text.push_str(line);
        text.push('\n');
    }
    text
}
