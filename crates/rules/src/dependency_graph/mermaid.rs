//! The graph in the language of Mermaid, which many wikis and forges draw.

use std::collections::HashMap;

use deedbook_model::text::is_obeyed;
use uuid::Uuid;

use super::DependencyGraph;
use super::ghosts::Ghosts;

impl DependencyGraph {
    /// The graph as Mermaid: `n0`, `n1`, … in the order of nodes, dashed means optional.
    /// `with_missing` also draws what leads to no component, as `m0`, `m1`, ….
    #[must_use]
    pub fn to_mermaid(&self, with_missing: bool) -> String {
        let mut text = String::from("graph LR\n");
        let mut places: HashMap<Uuid, usize> = HashMap::new();
        for (place, node) in self.nodes.iter().enumerate() {
            places.insert(node.uuid, place);
            text += &format!("  n{place}[\"{}\"]\n", escape(&node.title()));
        }
        for edge in &self.edges {
            if let (Some(from), Some(to)) = (places.get(&edge.from), places.get(&edge.to)) {
                let arrow = arrow(edge.version_spec.as_deref(), edge.optional);
                text += &format!("  n{from} {arrow} n{to}\n");
            }
        }
        if with_missing {
            let ghosts = Ghosts::of(self);
            for (place, ghost) in ghosts.all().iter().enumerate() {
                let label = escape(&format!("{} ({})", ghost.target, ghost.words()));
                text += &format!("  m{place}[\"{label}\"]\n");
                text += &format!("  style m{place} stroke-dasharray: 2 3\n");
            }
            for (missing, place) in ghosts.lines() {
                if let Some(from) = places.get(&missing.from) {
                    let arrow = arrow(missing.version_spec.as_deref(), missing.optional);
                    text += &format!("  n{from} {arrow} m{place}\n");
                }
            }
        }
        text
    }
}

fn arrow(version_spec: Option<&str>, optional: bool) -> String {
    let line = if optional { "-.->" } else { "-->" };
    match version_spec.filter(|spec| !spec.is_empty()) {
        Some(spec) => format!("{line}|\"{}\"|", escape(spec)),
        None => line.to_owned(),
    }
}

/// A line break would end the statement, so white space of any kind becomes a space.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' => escaped += "#quot;",
            '<' => escaped += "#lt;",
            '>' => escaped += "#gt;",
            '#' => escaped += "#35;",
            letter if letter.is_whitespace() || is_obeyed(letter) => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
#[path = "mermaid_test.rs"]
mod tests;
