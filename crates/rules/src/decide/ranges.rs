//! Whether the shards of a namespace still hold every key once, after a whole command.

use std::collections::BTreeMap;

use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::mesh::{MeshKind, RangeDemand};
use deedbook_model::shard::ShardRange;

use super::Work;
use crate::command::Write;
use crate::mesh::MeshFacts;
use crate::mesh::index::Members;
use crate::placement::ranges::{CoverViolation, Demand, RangedShard, check_cover};
use crate::refusal::Refusal;

/// Most faults that are told of one namespace.
const MOST: usize = 16;

impl Work<'_> {
    /// A refusal for each namespace whose demand isn't met any more, of the last write that touched
    /// it: in between ranges may overlap and leave gaps.
    pub(super) fn check_ranges(&self, writes: &[Write]) -> Vec<Refusal> {
        let mut touched = BTreeMap::new();
        for (place, write) in writes.iter().enumerate() {
            if let Write::Mesh(write) = write
                && matches!(write.key().kind(), MeshKind::Shard | MeshKind::Namespace)
            {
                let key = write.key();
                touched.insert(key.namespace(), (place, key.kind()));
            }
        }
        let faults = touched
            .into_iter()
            .filter_map(|(namespace, (place, kind))| {
                let mut issues = self.uncovered(namespace);
                if kind == MeshKind::Namespace {
                    // The demand is what doesn't fit the shards.
                    let demand = |issue: &mut Issue| "/ranges".clone_into(&mut issue.pointer);
                    issues.iter_mut().for_each(demand);
                }
                (!issues.is_empty()).then(|| Refusal::of(place, issues))
            });
        faults.collect()
    }

    fn uncovered(&self, namespace: &str) -> Vec<Issue> {
        let own = self.state.members(namespace).and_then(Members::own);
        let Some(MeshFacts::Namespace(facts)) = own.and_then(|own| own.mesh()) else {
            return Vec::new();
        };
        let Some(demand) = facts.ranges else {
            return Vec::new();
        };
        let shards: Vec<RangedShard<'_>> = self
            .state
            .shards_of(namespace)
            .map(|(id, record)| RangedShard {
                id,
                range: record.shard().and_then(|facts| facts.range.as_deref()),
            })
            .collect();
        let pointer = match demand {
            RangeDemand::Key => "/keyRange",
            RangeDemand::Hash => "/hashRange",
        };
        let foreign = shards.iter().filter(|shard| !is_demanded(shard, demand));
        let foreign = foreign.map(|shard| {
            let message = format!("shard `{}` has a range of another kind", shard.id);
            Issue::error(IssueKind::Conflict, pointer, message)
                .with_code("shards.ranges.mixed")
                .with_hint(format!("namespace {namespace} demands `{}`", word(demand)))
        });
        let foreign: Vec<Issue> = foreign.take(MOST).collect();
        if !foreign.is_empty() {
            return foreign;
        }
        let violations = check_cover(&shards, Demand::Ranges, MOST);
        violations
            .iter()
            .map(|violation| told(violation, pointer))
            .collect()
    }
}

fn told(violation: &CoverViolation, pointer: &str) -> Issue {
    let mut message = violation.to_string();
    if let CoverViolation::Gap { after, before, .. } = violation {
        let sides = [("after", after), ("before", before)];
        for (side, shard) in sides {
            if let Some(shard) = shard {
                message.push_str(&format!(", {side} shard `{shard}`"));
            }
        }
    }
    Issue::error(IssueKind::Conflict, pointer, message)
        .with_code(violation.code())
        .with_hint("change all shards whose ranges are to change by one command, as a batch")
}

fn is_demanded(shard: &RangedShard<'_>, demand: RangeDemand) -> bool {
    match (shard.range, demand) {
        // A shard without a range is told as such.
        (None, _)
        | (Some(ShardRange::Key(_)), RangeDemand::Key)
        | (Some(ShardRange::Hash(_)), RangeDemand::Hash) => true,
        (Some(_), _) => false,
    }
}

fn word(demand: RangeDemand) -> &'static str {
    match demand {
        RangeDemand::Key => "key",
        RangeDemand::Hash => "hash",
    }
}
