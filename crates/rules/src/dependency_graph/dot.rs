//! The graph in the language of Graphviz.

use super::DependencyGraph;
use super::ghosts::Ghosts;

impl DependencyGraph {
    /// The graph as DOT: uuids are the ids, dashed means optional. `with_missing` also draws what
    /// leads to no component.
    #[must_use]
    pub fn to_dot(&self, with_missing: bool) -> String {
        let mut text = String::from("digraph components {\n  rankdir=LR;\n");
        for node in &self.nodes {
            let label = escape(&node.title());
            text += &format!("  \"{}\" [label=\"{label}\"];\n", node.uuid);
        }
        for edge in &self.edges {
            let attributes = attributes(edge.version_spec.as_deref(), edge.optional);
            text += &format!("  \"{}\" -> \"{}\"{attributes};\n", edge.from, edge.to);
        }
        if with_missing {
            let ghosts = Ghosts::of(self);
            for (place, ghost) in ghosts.all().iter().enumerate() {
                let label = escape(&format!("{} ({})", ghost.target, ghost.words()));
                text += &format!("  \"missing{place}\" [label=\"{label}\", style=dotted];\n");
            }
            for (missing, place) in ghosts.lines() {
                let attributes = attributes(missing.version_spec.as_deref(), missing.optional);
                text += &format!(
                    "  \"{}\" -> \"missing{place}\"{attributes};\n",
                    missing.from
                );
            }
        }
        text + "}\n"
    }
}

fn attributes(version_spec: Option<&str>, optional: bool) -> String {
    let spec = version_spec.filter(|spec| !spec.is_empty());
    let label = spec.map(|spec| format!("label=\"{}\"", escape(spec)));
    let style = optional.then(|| "style=dashed".to_owned());
    let all: Vec<String> = label.into_iter().chain(style).collect();
    if all.is_empty() {
        String::new()
    } else {
        format!(" [{}]", all.join(", "))
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
#[path = "dot_test.rs"]
mod tests;
