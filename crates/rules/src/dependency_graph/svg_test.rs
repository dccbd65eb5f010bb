use super::super::sample::{edge, graph, large, missing, node, platform, small};
use crate::components::Unresolved;

/// Every element is closed, in the right order.
fn assert_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.split([' ', '/']).find(|part| !part.is_empty());
        if tag.starts_with('/') {
            assert_eq!(open.pop(), name, "in {tag}");
        } else if !tag.ends_with('/') {
            open.extend(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn a_picture_stands_alone() {
    for svg in [platform().to_svg(true), small().to_svg(false)] {
        assert_well_formed(&svg);
        for foreign in [
            "<script",
            "<image",
            "<foreignObject",
            "href=",
            "@import",
            "onload=",
        ] {
            assert!(!svg.contains(foreign), "{foreign}");
        }
        assert_eq!(svg.matches("http").count(), 1, "the name space only");
        assert_eq!(
            svg.matches("url(").count(),
            svg.matches("url(#tip-").count()
        );
    }
}

#[test]
fn the_same_graph_gives_the_same_bytes() {
    assert_eq!(platform().to_svg(true), platform().to_svg(true));
    assert_eq!(large(200, 3, 9).to_svg(true), large(200, 3, 9).to_svg(true));
}

#[test]
fn it_says_what_it_shows() {
    let svg = platform().to_svg(true);
    assert!(svg.contains("aria-label=\"Dependency graph of parcel_api@3.2.0\""));
    assert!(svg.contains("<title>Dependency graph of parcel_api@3.2.0</title>"));
    assert!(svg.contains(
        "<desc>15 components · 20 dependencies · 1 missing · 2 outside the book · \
         geo_index in versions 0.9.0 and 1.1.0</desc>"
    ));
    assert!(svg.contains(
        "<title>address_book@1.4.0 needs zip_check@1.9.0 (&gt;=1.8, &lt;2), optional</title>"
    ));
    for class in ["active root", "deprecated", "draft", "archived", "ghost"] {
        assert!(svg.contains(&format!("<g class=\"{class}\">")), "{class}");
    }
}

#[test]
fn what_is_missing_is_drawn_only_on_request() {
    let graph = small();
    let without = graph.to_svg(false);
    assert!(!without.contains("spell_check"));
    assert!(!without.contains("class=\"ghost\""));
    let with = graph.to_svg(true);
    assert!(with.contains(">spell_check</text>"));
    assert!(with.contains(">no version fits</text>"));
}

#[test]
fn names_are_escaped_and_shortened() {
    let evil = "</title><script>alert(1)</script>&\"'";
    let mut graph = graph(
        vec![node(1, "a@1.0.0", "tool", 0), node(2, "b@1.0.0", "tool", 1)],
        vec![edge(1, 2, evil)],
        vec![missing(1, &evil.repeat(9), evil, Unresolved::External)],
    );
    graph.nodes[0].name = format!("{evil}_{}", "long_".repeat(40));
    graph.nodes[1].meta_type = evil.to_owned();
    let svg = graph.to_svg(true);
    assert_well_formed(&svg);
    assert!(!svg.contains("<script"));
    assert!(svg.contains("…"));
}

#[test]
fn a_lone_component_is_a_picture_too() {
    let graph = graph(vec![node(1, "a@1.0.0", "tool", 0)], Vec::new(), Vec::new());
    let svg = graph.to_svg(true);
    assert_well_formed(&svg);
    assert!(svg.contains(">a</text>"));
    assert!(svg.contains("1 component · 0 dependencies"));
}

#[test]
fn an_edge_that_leads_out_of_the_graph_is_left_out() {
    let nodes = vec![node(1, "a@1.0.0", "tool", 0)];
    let graph = graph(nodes, vec![edge(1, 9, ""), edge(9, 1, "")], Vec::new());
    assert!(!graph.to_svg(true).contains("class=\"line"));
}
