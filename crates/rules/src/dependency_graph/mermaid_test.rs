use super::super::sample::{edge, graph, missing, node, optional, small};
use crate::components::Unresolved;

#[test]
fn a_graph_in_mermaid() {
    let graph = graph(
        vec![
            node(1, "doc_gate@2.1.0", "validator", 0),
            node(2, "line_index@1.2.0", "tool", 1),
            node(5, "spell_check@4.0.0", "tool", 1),
        ],
        vec![
            edge(1, 2, ">=1.1,<2"),
            optional(edge(1, 5, "^4")),
            edge(5, 2, ""),
        ],
        Vec::new(),
    );
    assert_eq!(
        graph.to_mermaid(false),
        "graph LR\n\
         \x20 n0[\"doc_gate@2.1.0\"]\n\
         \x20 n1[\"line_index@1.2.0\"]\n\
         \x20 n2[\"spell_check@4.0.0\"]\n\
         \x20 n0 -->|\"#gt;=1.1,#lt;2\"| n1\n\
         \x20 n0 -.->|\"^4\"| n2\n\
         \x20 n2 --> n1\n"
    );
}

#[test]
fn what_is_missing_is_drawn_only_on_request() {
    let graph = small();
    assert!(!graph.to_mermaid(false).contains("spell_check"));
    let mermaid = graph.to_mermaid(true);
    assert!(mermaid.contains("  m0[\"spell_check (not found)\"]\n"));
    assert!(mermaid.contains("  n0 -.->|\"^4\"| m0\n"));
    assert!(mermaid.contains("  n3 -->|\"#gt;=2.30\"| m1\n"));
}

#[test]
fn letters_with_a_meaning_are_escaped() {
    let graph = graph(
        vec![node(1, "a@1.0.0", "tool", 0)],
        Vec::new(),
        vec![missing(1, "\"#1\"\n<b>", "", Unresolved::External)],
    );
    let label = "[\"#quot;#35;1#quot; #lt;b#gt; (outside the book)\"]";
    assert!(graph.to_mermaid(true).contains(label));
}
