//! Graphs to draw in tests.

use deedbook_model::component::Lifecycle;
use uuid::Uuid;

use super::{DependencyGraph, Edge, Missing, Node, VersionConflict};
use crate::components::Unresolved;

pub(super) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(super) fn node(number: u128, title: &str, meta_type: &str, depth: u32) -> Node {
    let (name, version) = title.split_once('@').unwrap();
    Node {
        uuid: id(number),
        name: name.to_owned(),
        version: version.to_owned(),
        meta_type: meta_type.to_owned(),
        lifecycle: Lifecycle::Active,
        depth,
    }
}

pub(super) fn edge(from: u128, to: u128, spec: &str) -> Edge {
    Edge {
        from: id(from),
        to: id(to),
        version_spec: (!spec.is_empty()).then(|| spec.to_owned()),
        optional: false,
    }
}

pub(super) fn missing(from: u128, target: &str, spec: &str, reason: Unresolved) -> Missing {
    Missing {
        from: id(from),
        target: target.to_owned(),
        version_spec: (!spec.is_empty()).then(|| spec.to_owned()),
        optional: false,
        reason,
    }
}

pub(super) fn optional(mut edge: Edge) -> Edge {
    edge.optional = true;
    edge
}

/// `order`, `cycles` and `conflicts` are empty: the pictures draw what the graph says.
pub(super) fn graph(nodes: Vec<Node>, edges: Vec<Edge>, missing: Vec<Missing>) -> DependencyGraph {
    DependencyGraph {
        root: nodes[0].uuid,
        nodes,
        edges,
        missing,
        cycles: Vec::new(),
        conflicts: Vec::new(),
        order: Vec::new(),
        truncated: false,
    }
}

/// A root, three more, an optional edge, and one of each kind that is missing.
pub(super) fn small() -> DependencyGraph {
    let mut absent = missing(1, "spell_check", "^4", Unresolved::NotFound);
    absent.optional = true;
    graph(
        vec![
            node(1, "doc_gate@2.1.0", "validator", 0),
            node(2, "line_index@1.2.0", "tool", 1),
            node(3, "md_lint@1.0.0", "validator", 1),
            node(4, "text_split@0.3.1", "tool", 2),
        ],
        vec![
            edge(1, 2, ">=1.1,<2"),
            optional(edge(1, 3, "^1")),
            edge(2, 4, ""),
            edge(3, 4, "~0.3"),
        ],
        vec![
            absent,
            missing(4, "git", ">=2.30", Unresolved::External),
            missing(3, "tiff_reader", "^9", Unresolved::NoMatchingVersion),
        ],
    )
}

/// The platform of a small company: five levels, diamonds, every lifecycle, two versions of one family.
pub(super) fn platform() -> DependencyGraph {
    let mut nodes = vec![
        node(1, "parcel_api@3.2.0", "service", 0),
        node(2, "address_book@1.4.0", "service", 1),
        node(3, "label_printer@2.3.0", "tool", 1),
        node(4, "manifest_gate@1.5.2", "validator", 1),
        node(5, "route_planner@2.1.3", "service", 1),
        node(6, "barcode_kit@2.0.1", "tool", 2),
        node(7, "distance_matrix@1.2.0", "tool", 2),
        node(8, "geo_index@1.1.0", "tool", 2),
        node(9, "map_refresh@1.0.3", "task", 2),
        node(10, "parcel_manifest@1.2.0", "schema", 2),
        node(11, "postcode_check@2.1.0", "validator", 2),
        node(12, "zip_check@1.9.0", "validator", 2),
        node(13, "geo_index@0.9.0", "tool", 3),
        node(14, "tile_reader@0.9.4", "tool", 3),
        node(15, "tour_replay@0.1.0-rc.1", "test", 2),
    ];
    nodes[11].lifecycle = Lifecycle::Deprecated;
    nodes[12].lifecycle = Lifecycle::Archived;
    nodes[14].lifecycle = Lifecycle::Draft;
    let mut absent = missing(1, "sms_bridge", "^1", Unresolved::NotFound);
    absent.optional = true;
    let mut graph = graph(
        nodes,
        vec![
            edge(1, 2, "^1.2"),
            edge(1, 3, "^2"),
            edge(1, 5, "~2.1"),
            edge(1, 4, ">=1.4, <2"),
            edge(2, 11, "^2"),
            optional(edge(2, 12, ">=1.8, <2")),
            edge(3, 6, "^2"),
            edge(3, 2, "^1.2"),
            edge(4, 10, "^1"),
            edge(4, 2, "^1"),
            edge(5, 7, "^1.1"),
            edge(5, 8, "^1"),
            edge(5, 9, "1"),
            optional(edge(5, 15, "0.1.0-rc.1")),
            edge(7, 8, "^1"),
            edge(8, 14, ">=0.9, <1"),
            edge(9, 14, "^0.9"),
            edge(9, 8, "^1.1"),
            edge(11, 13, "~0.9"),
            edge(13, 14, "^0.9"),
        ],
        vec![
            absent,
            missing(1, "postgresql", ">=15", Unresolved::External),
            missing(14, "libdeflate>=1.18", "", Unresolved::External),
        ],
    );
    graph.conflicts = vec![VersionConflict {
        name: "geo_index".to_owned(),
        versions: vec!["0.9.0".to_owned(), "1.1.0".to_owned()],
    }];
    graph
}

/// A graph of many levels, from a simple sequence of numbers: each component needs up to `most`
/// others further on.
pub(super) fn large(size: usize, most: u64, reach: u64) -> DependencyGraph {
    let types = ["service", "tool", "validator", "task", "schema", "test"];
    let mut number = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |limit: u64| {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        number % limit
    };
    let nodes: Vec<Node> = (0..size)
        .map(|place| {
            let title = format!("part_{place}@{}.{}.0", next(3), next(10));
            node(place as u128 + 1, &title, types[next(6) as usize], 0)
        })
        .collect();
    let mut edges = Vec::new();
    for from in 0..size {
        for _ in 0..=next(most) {
            let to = from + 1 + next(reach.max(from as u64 / 4 + 2)) as usize;
            if to < size {
                edges.push(edge(from as u128 + 1, to as u128 + 1, "^1"));
            }
        }
    }
    for to in 1..size {
        if !edges.iter().any(|edge| edge.to == id(to as u128 + 1)) && size <= 1_000 {
            edges.push(edge(to as u128 / 3 + 1, to as u128 + 1, "~1.2"));
        }
    }
    graph(nodes, edges, Vec::new())
}
