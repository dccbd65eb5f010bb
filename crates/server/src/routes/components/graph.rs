//! What a component depends on.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_book::View;
use deedbook_rules::Record;
use deedbook_rules::dependency_graph::MAX_DEPTH;

use super::find;
use crate::answer::Answer;
use crate::call::Call;

pub(in crate::routes) fn graph(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let missing = call.query.flag("missing");
    let sees = |record: &Record| call.caller.sees(record);
    let graph = view.dependency_graph_seen(find(call, view)?, depth(call), sees);
    match call.query.text("format") {
        Some("dot") => Ok(Answer::of("text/vnd.graphviz", graph.to_dot(missing))),
        Some("mermaid") => Ok(Answer::of("text/vnd.mermaid", graph.to_mermaid(missing))),
        Some("tree") => Ok(Answer::of("text/plain; charset=utf-8", graph.to_tree())),
        Some("svg") => Ok(Answer::of("image/svg+xml", graph.to_svg(missing))),
        _ => Answer::json(&graph),
    }
}

/// How many edges are followed.
pub(super) fn depth(call: &Call) -> u32 {
    let depth = call.query.number("depth");
    depth
        .and_then(|depth| u32::try_from(depth).ok())
        .unwrap_or(MAX_DEPTH)
}
