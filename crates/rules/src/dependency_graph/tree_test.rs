use super::super::sample::{edge, graph, node, platform, small};

#[test]
fn a_small_tree() {
    assert_eq!(
        small().to_tree(),
        "\
doc_gate@2.1.0
├── line_index@1.2.0  (>=1.1,<2)
│   └── text_split@0.3.1
│       └── git  (>=2.30)  outside the book
├── md_lint@1.0.0  (^1)  optional
│   ├── text_split@0.3.1  (~0.3)  (see above)
│   └── tiff_reader  (^9)  missing: no version fits
└── spell_check  (^4)  optional, missing: not found

4 components, 4 edges, 2 missing, 1 outside the book
"
    );
}

#[test]
fn every_subtree_is_drawn_once_and_the_rest_is_marked() {
    assert_eq!(
        platform().to_tree(),
        "\
parcel_api@3.2.0
├── address_book@1.4.0  (^1.2)
│   ├── postcode_check@2.1.0  (^2)
│   │   └── geo_index@0.9.0  (~0.9)  archived
│   │       └── tile_reader@0.9.4  (^0.9)
│   │           └── libdeflate>=1.18  outside the book
│   └── zip_check@1.9.0  (>=1.8, <2)  optional, deprecated
├── label_printer@2.3.0  (^2)
│   ├── barcode_kit@2.0.1  (^2)
│   └── address_book@1.4.0  (^1.2)  (see above)
├── route_planner@2.1.3  (~2.1)
│   ├── distance_matrix@1.2.0  (^1.1)
│   │   └── geo_index@1.1.0  (^1)
│   │       └── tile_reader@0.9.4  (>=0.9, <1)  (see above)
│   ├── geo_index@1.1.0  (^1)  (see above)
│   ├── map_refresh@1.0.3  (1)
│   │   ├── tile_reader@0.9.4  (^0.9)  (see above)
│   │   └── geo_index@1.1.0  (^1.1)  (see above)
│   └── tour_replay@0.1.0-rc.1  (0.1.0-rc.1)  optional, draft
├── manifest_gate@1.5.2  (>=1.4, <2)
│   ├── parcel_manifest@1.2.0  (^1)
│   └── address_book@1.4.0  (^1)  (see above)
├── sms_bridge  (^1)  optional, missing: not found
└── postgresql  (>=15)  outside the book

15 components, 20 edges, 1 missing, 2 outside the book; geo_index in versions 0.9.0 and 1.1.0
"
    );
}

#[test]
fn the_last_line_tells_what_was_left_out() {
    let mut graph = graph(vec![node(1, "a@1.0.0", "tool", 0)], Vec::new(), Vec::new());
    graph.cycles = vec![vec![graph.root, graph.root]];
    graph.truncated = true;
    assert_eq!(
        graph.to_tree(),
        "a@1.0.0\n\n1 component, 0 edges, 0 missing; 1 cycle cut; truncated: not everything was \
         followed\n"
    );
}

#[test]
fn a_very_long_way_stays_readable() {
    let length = 5_000;
    let name = |number: u128| format!("part_{number}@1.0.0");
    let nodes = (1..=length).map(|number| node(number, &name(number), "tool", 0));
    let edges = (1..length).map(|number| edge(number, number + 1, ""));
    let tree = graph(nodes.collect(), edges.collect(), Vec::new()).to_tree();
    assert!(tree.contains("part_65@1.0.0  (goes on)\n"));
    assert_eq!(tree.lines().count(), 65 + 2);
}
