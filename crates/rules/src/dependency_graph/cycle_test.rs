use std::collections::BTreeMap;

use deedbook_model::issue::IssueKind;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::components::NameOrUuid;
use crate::sample_test::{Sample, id, needs, register, update};

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn title(number: usize) -> String {
    format!("{}@1.0.0", NAMES[number])
}

/// Entries that name others in each of the ways there are.
fn entries(edges: &[(u8, usize)], of: usize) -> Value {
    let edges = edges.iter().filter(|(_, to)| *to != of);
    let entries = edges.map(|(how, to)| match how {
        0 => json!({"name": NAMES[*to]}),
        1 => json!({"uuid": id(&title(*to)), "optional": true}),
        _ => json!(format!("tool://org.deed.{}", NAMES[*to])),
    });
    json!({
        "namespace": format!("org.deed.{}", NAMES[of]),
        "dependencies": entries.collect::<Vec<_>>(),
    })
}

/// Whether following the edges from `start` leads back to it.
fn leads_back(edges: &BTreeMap<usize, Vec<usize>>, start: usize) -> bool {
    let mut seen = vec![start];
    let mut open = vec![start];
    while let Some(from) = open.pop() {
        for to in edges.get(&from).into_iter().flatten() {
            if *to == start {
                return true;
            }
            if edges.contains_key(to) && !seen.contains(to) {
                seen.push(*to);
                open.push(*to);
            }
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_write_is_refused_exactly_when_it_closes_a_cycle(
        writes in vec((0..NAMES.len(), vec((0..3u8, 0..NAMES.len()), 0..3)), 1..20)
    ) {
        let mut sample = Sample::new();
        let mut edges: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (of, wanted) in writes {
            let document = entries(&wanted, of);
            let to = wanted.iter().map(|(_, to)| *to).filter(|to| *to != of).collect();
            let write = if edges.contains_key(&of) {
                let uuid = id(&title(of)).to_string();
                update(&uuid, json!({"dependencies": document["dependencies"]}))
            } else {
                register(&title(of), document)
            };
            let before = edges.insert(of, to);
            match sample.try_one(write.clone()) {
                Ok(_) => {
                    prop_assert!(!leads_back(&edges, of));
                    sample.done(vec![write]);
                }
                Err(refusal) => {
                    prop_assert!(leads_back(&edges, of));
                    prop_assert_eq!(refusal.issues[0].kind, IssueKind::DependencyCycle);
                    let cycle = refusal.cycle.unwrap();
                    prop_assert_eq!(&cycle[0], &title(of));
                    prop_assert_eq!(cycle.first(), cycle.last());
                    match before {
                        Some(before) => edges.insert(of, before),
                        None => edges.remove(&of),
                    };
                }
            }
            for name in NAMES {
                let Ok(root) = sample.state.lookup(&NameOrUuid::of(name), None) else { continue };
                let graph = sample.state.dependency_graph(root, 64);
                prop_assert!(graph.cycles.is_empty());
                prop_assert_eq!(graph.order.len(), graph.nodes.len());
                // Dependencies first.
                let place = |uuid| graph.order.iter().position(|one| *one == uuid).unwrap();
                prop_assert!(graph.edges.iter().all(|e| place(e.to) < place(e.from)));
            }
        }
    }
}

#[test]
fn the_cycle_and_its_first_dependency_are_named() {
    let sample = Sample::with(vec![
        register("a@1.0.0", needs(&["x", "b"])),
        register("x@1.0.0", json!({})),
        register("c@1.0.0", needs(&["a"])),
    ]);
    let refusal = sample
        .try_one(register("b@1.0.0", needs(&["x", "nothing", "c"])))
        .unwrap_err();
    assert_eq!(refusal.issues[0].pointer, "/dependencies/2");
    let titles = ["b@1.0.0", "c@1.0.0", "a@1.0.0", "b@1.0.0"];
    assert_eq!(refusal.cycle.unwrap(), titles);
}

#[test]
fn versions_are_resolved_as_if_the_new_one_were_there() {
    let mut sample = Sample::with(vec![
        register("a@1.0.0", json!({})),
        register("b@1.0.0", needs(&["a"])),
    ]);
    // b would mean the new version of a, which needs b.
    let closing = register("a@2.0.0", needs(&["b"]));
    let refusal = sample.try_one(closing).unwrap_err();
    assert_eq!(refusal.issues[0].kind, IssueKind::DependencyCycle);
    // With b bound to the old one it is fine.
    sample.done(vec![update("b", needs(&["a@^1"]))]);
    sample.done(vec![register("a@2.0.0", needs(&["b"]))]);
}

#[test]
fn a_cycle_that_came_about_is_cut_where_it_closes() {
    // Archiving b's new version lets a mean the old one again, which needs a.
    let mut sample = Sample::with(vec![
        register("b@2.0.0", json!({})),
        register("a@1.0.0", needs(&["b"])),
        register("b@1.0.0", needs(&["a"])),
    ]);
    let archive = json!({"lifecycle": "archived", "archived_reason": "gone"});
    sample.done(vec![update("b@2.0.0", archive)]);
    let root = sample.state.lookup(&NameOrUuid::of("a"), None).unwrap();
    let graph = sample.state.dependency_graph(root, 64);
    let (a, b) = (id("a@1.0.0"), id("b@1.0.0"));
    assert_eq!(graph.cycles, [[a, b, a]]);
    assert_eq!(graph.order, [b, a]);
    let edges: Vec<_> = graph
        .edges
        .iter()
        .map(|edge| (edge.from, edge.to))
        .collect();
    assert_eq!(edges, [(a, b)]);
    // Both can still be written to, as long as they don't stay on it.
    sample.done(vec![update("a", needs(&[]))]);
}

#[test]
fn a_graph_stops_at_its_depth_and_says_so() {
    let mut sample = Sample::new();
    sample.done(vec![register("a@1.0.0", json!({}))]);
    for pair in NAMES.windows(2) {
        sample.done(vec![register(
            &format!("{}@1.0.0", pair[1]),
            needs(&[pair[0]]),
        )]);
    }
    let root = sample.state.lookup(&NameOrUuid::of("f"), None).unwrap();
    for (depth, nodes) in [(0, 1), (1, 2), (4, 5), (5, 6), (64, 6)] {
        let graph = sample.state.dependency_graph(root, depth);
        assert_eq!(graph.nodes.len(), nodes);
        assert_eq!(graph.truncated, nodes < 6, "{depth}");
    }
}
