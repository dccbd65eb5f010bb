//! The examples of the repository: all valid, and the first graph that a newcomer sees.

#![expect(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deedbook_model::component::{ReadOptions, read};
use deedbook_model::document::Syntax;
use deedbook_model::{Lineage, Timestamp};
use deedbook_rules::components::NameOrUuid;
use deedbook_rules::{Command, State, Write, decide};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// All documents below the folder, in byte order of their paths.
fn documents() -> Vec<PathBuf> {
    let mut folders = vec![examples()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "README.md" {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn run(state: &State, write: Write) -> (State, Vec<String>) {
    let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    let decision = decide(state, &Command::of("ada", write), now).unwrap();
    let warnings = decision
        .outcomes
        .iter()
        .flat_map(|outcome| &outcome.warnings);
    let warnings = warnings.map(|warning| warning.message.clone()).collect();
    (decision.state, warnings)
}

/// The book with all examples, and what it warned of.
fn book() -> (State, Vec<String>) {
    let lineage = Lineage([1; 16]);
    let (mut state, mut all_warnings) = run(&State::empty(), Write::CreateBook { lineage });
    for path in documents() {
        let syntax = Syntax::of_path(path.to_str().unwrap()).unwrap();
        let reading = read(&fs::read(&path).unwrap(), syntax, &ReadOptions::default());
        assert_eq!(reading.issues, [], "{}", path.display());
        let write = Write::Register {
            draft: Arc::new(reading.draft.unwrap()),
            require_dependencies: false,
        };
        let (next, warnings) = run(&state, write);
        state = next;
        all_warnings.extend(warnings);
    }
    (state, all_warnings)
}

#[test]
fn all_examples_are_registered_and_only_what_nobody_has_is_missing() {
    let (_, warnings) = book();
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(warnings.iter().any(|text| text.contains("sms_bridge")));
    assert!(warnings.iter().any(|text| text.contains("traffic_feed")));
}

#[test]
fn the_main_service_has_a_graph_worth_looking_at() {
    let (state, _) = book();
    let root = state.lookup(&NameOrUuid::of("parcel_api"), None).unwrap();
    assert_eq!(
        state.dependency_graph(root, 64).to_tree(),
        "\
parcel_api@3.2.0
├── address_book@1.4.0  (^1.2)
│   ├── postcode_check@2.1.0  (^2)
│   │   └── geo_index@0.9.0  (~0.9)
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
│   └── traffic_feed  (^4)  optional, missing: not found
├── manifest_gate@1.5.2  (>=1.4, <2)
│   ├── parcel_manifest@1.2.0  (^1)
│   └── address_book@1.4.0  (^1)  (see above)
├── sms_bridge  (^1)  optional, missing: not found
└── postgresql  (>=15)  outside the book

14 components, 19 edges, 2 missing, 2 outside the book; geo_index in versions 0.9.0 and 1.1.0
"
    );
}
