use super::super::sample::{edge, graph, id, missing, node, optional, small};
use crate::components::Unresolved;

#[test]
fn a_graph_in_dot() {
    let graph = graph(
        vec![
            node(1, "doc_gate@2.1.0", "validator", 0),
            node(2, "line_index@1.2.0", "tool", 1),
            node(5, "spell_check@4.0.0", "tool", 1),
        ],
        vec![edge(1, 2, ">=1.1,<2"), optional(edge(1, 5, "^4"))],
        Vec::new(),
    );
    let (one, two, five) = (id(1), id(2), id(5));
    assert_eq!(
        graph.to_dot(false),
        format!(
            "digraph components {{\n\
             \x20 rankdir=LR;\n\
             \x20 \"{one}\" [label=\"doc_gate@2.1.0\"];\n\
             \x20 \"{two}\" [label=\"line_index@1.2.0\"];\n\
             \x20 \"{five}\" [label=\"spell_check@4.0.0\"];\n\
             \x20 \"{one}\" -> \"{two}\" [label=\">=1.1,<2\"];\n\
             \x20 \"{one}\" -> \"{five}\" [label=\"^4\", style=dashed];\n\
             }}\n"
        )
    );
}

#[test]
fn an_edge_without_a_spec_has_no_label() {
    let nodes = || vec![node(1, "a@1.0.0", "tool", 0), node(2, "b@1.0.0", "tool", 1)];
    let plain = graph(nodes(), vec![edge(1, 2, "")], Vec::new());
    let line = format!("  \"{}\" -> \"{}\"", id(1), id(2));
    assert!(plain.to_dot(false).contains(&format!("{line};\n")));
    let dashed = graph(nodes(), vec![optional(edge(1, 2, ""))], Vec::new());
    let line = format!("{line} [style=dashed];\n");
    assert!(dashed.to_dot(false).contains(&line));
}

#[test]
fn what_is_missing_is_drawn_only_on_request_and_once() {
    let mut graph = small();
    assert!(!graph.to_dot(false).contains("missing"));
    graph
        .missing
        .push(missing(2, "spell_check", "^5", Unresolved::NotFound));
    let dot = graph.to_dot(true);
    let ghost = "\"missing0\" [label=\"spell_check (not found)\", style=dotted];";
    assert_eq!(dot.matches(ghost).count(), 1);
    let first = format!(
        "\"{}\" -> \"missing0\" [label=\"^4\", style=dashed];",
        id(1)
    );
    assert!(dot.contains(&first), "{dot}");
    let second = format!("\"{}\" -> \"missing0\" [label=\"^5\"];", id(2));
    assert!(dot.contains(&second), "{dot}");
}

#[test]
fn quotes_and_backslashes_are_escaped() {
    let graph = graph(
        vec![node(1, "a@1.0.0", "tool", 0)],
        Vec::new(),
        vec![missing(1, r#"say "hi" to C:\"#, "", Unresolved::External)],
    );
    let label = r#"label="say \"hi\" to C:\\ (outside the book)""#;
    assert!(graph.to_dot(true).contains(label));
}
