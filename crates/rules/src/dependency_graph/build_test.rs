use serde_json::json;

use crate::Record;
use crate::sample_test::{Sample, key, needs, register};

#[test]
fn what_a_reader_may_not_see_is_left_out_with_what_is_behind_it() {
    let sample = Sample::with(vec![
        register("deep@1.0.0", json!({})),
        register("hidden@1.0.0", needs(&["deep"])),
        register("base@1.0.0", json!({})),
        register("root@1.0.0", needs(&["hidden", "base", "nobody"])),
    ]);
    let root = key("root");
    let root = sample.state.lookup(&root.name, None).unwrap();
    let sees = |record: &Record| record.component().unwrap().name() != "hidden";
    let graph = sample.state.dependency_graph_seen(root, 64, sees);
    let names: Vec<&str> = graph.nodes.iter().map(|node| &*node.name).collect();
    assert_eq!(names, ["root", "base"]);
    assert_eq!(graph.edges.len(), 1);
    // It is there, so it isn't missing either.
    let missing: Vec<&str> = graph.missing.iter().map(|one| &*one.target).collect();
    assert_eq!(missing, ["nobody"]);
}
