//! Whether what a plan rests on is still as it was.

use std::collections::{BTreeMap, HashMap, HashSet};

use deedbook_model::Generation;

use super::{Plan, Present, PresentShard};

/// The first thing that moved on since a plan was made. A generation is missing where there was, or
/// is, no such thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Moved {
    /// The plan is for another namespace.
    #[error("the plan is for namespace `{planned}`, not for `{present}`")]
    OtherNamespace {
        /// Which one.
        planned: String,
        /// The one it was to be applied to.
        present: String,
    },
    /// The namespace's record changed; 0 is none.
    #[error("the namespace was at generation {planned} and is at {present}")]
    Namespace {
        /// What the plan rests on.
        planned: Generation,
        /// What is there.
        present: Generation,
    },
    /// A node changed, came or went.
    #[error("node `{id}` {}", change(*.planned, *.present))]
    Node {
        /// Which one.
        id: String,
        /// What the plan rests on.
        planned: Option<Generation>,
        /// What is there.
        present: Option<Generation>,
    },
    /// A shard changed, came or went.
    #[error("shard `{id}` {}", change(*.planned, *.present))]
    Shard {
        /// Which one.
        id: String,
        /// What the plan rests on.
        planned: Option<Generation>,
        /// What is there.
        present: Option<Generation>,
    },
    /// A shard is with another node than the plan says.
    #[error("shard `{id}` is with node `{present}`, not with `{planned}`")]
    Owner {
        /// Which one.
        id: String,
        /// What the plan says.
        planned: String,
        /// Who has it.
        present: String,
    },
}

fn change(planned: Option<Generation>, present: Option<Generation>) -> String {
    match (planned, present) {
        (Some(planned), Some(present)) => {
            format!("was at generation {planned} and is at {present}")
        }
        (Some(planned), None) => format!("was at generation {planned} and is gone"),
        (None, Some(present)) => format!("is new, at generation {present}"),
        (None, None) => "isn't there".to_owned(),
    }
}

impl Moved {
    /// The code of the error in answers.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Moved::OtherNamespace { .. } => "shards.plan.namespace_mismatch",
            Moved::Namespace { .. }
            | Moved::Node { .. }
            | Moved::Shard { .. }
            | Moved::Owner { .. } => "shards.plan.stale",
        }
    }
}

impl Plan {
    /// Whether all that the plan rests on is as it was: the namespace, then its nodes, then its
    /// shards, each by id.
    ///
    /// # Errors
    /// The first thing that isn't.
    pub fn stands(&self, present: &Present<'_>) -> Result<(), Moved> {
        if self.namespace() != present.namespace {
            return Err(Moved::OtherNamespace {
                planned: self.namespace().to_owned(),
                present: present.namespace.to_owned(),
            });
        }
        let rests_on = self.rests_on();
        if rests_on.namespace != present.generation {
            return Err(Moved::Namespace {
                planned: rests_on.namespace,
                present: present.generation,
            });
        }
        let nodes = present.nodes.iter();
        let nodes = nodes.map(|node| (&*node.node.id, node.generation));
        if let Some((id, planned, present)) = first_moved(&rests_on.nodes, nodes) {
            return Err(Moved::Node {
                id,
                planned,
                present,
            });
        }
        let shards = present.shards.iter();
        let shards = shards.map(|shard| (&*shard.shard.id, shard.generation));
        let shards =
            shards.filter(|(id, _)| rests_on.every_shard || rests_on.shards.contains_key(*id));
        if let Some((id, planned, present)) = first_moved(&rests_on.shards, shards) {
            return Err(Moved::Shard {
                id,
                planned,
                present,
            });
        }
        self.owners_are_as_told(present)
    }

    /// The generations fit, so this finds only what was never so.
    fn owners_are_as_told(&self, present: &Present<'_>) -> Result<(), Moved> {
        let from = self.moves().iter();
        let from: HashMap<&str, &str> = from.map(|one| (&*one.shard_id, &*one.from)).collect();
        let owner = |shard: &PresentShard| {
            let planned = *from.get(&*shard.shard.id)?;
            (planned != shard.owner).then(|| Moved::Owner {
                id: shard.shard.id.clone(),
                planned: planned.to_owned(),
                present: shard.owner.clone(),
            })
        };
        present.shards.iter().find_map(owner).map_or(Ok(()), Err)
    }
}

/// What differs first, by id: its generation in either. Each id is there once.
fn first_moved<'a>(
    planned: &'a BTreeMap<String, Generation>,
    present: impl Iterator<Item = (&'a str, Generation)> + Clone,
) -> Option<(String, Option<Generation>, Option<Generation>)> {
    let mut known = 0;
    let mut first: Option<(&str, Option<Generation>, Option<Generation>)> = None;
    let mut note = |id, planned, present| {
        if planned != present && first.is_none_or(|(earlier, _, _)| id < earlier) {
            first = Some((id, planned, present));
        }
    };
    for (id, generation) in present.clone() {
        let planned = planned.get(id).copied();
        known += usize::from(planned.is_some());
        note(id, planned, Some(generation));
    }
    if known < planned.len() {
        let present: HashSet<&str> = present.map(|(id, _)| id).collect();
        let mut gone = planned.iter().filter(|(id, _)| !present.contains(&***id));
        if let Some((id, generation)) = gone.next() {
            note(id, Some(*generation), None);
        }
    }
    first.map(|(id, planned, present)| (id.to_owned(), planned, present))
}
