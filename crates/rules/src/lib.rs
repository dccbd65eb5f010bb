//! The rules of Deedbook, pure: no I/O, clock, randomness or async.
//!
//! ```text
//! command ─► decide(state, command, now) ─► changes ─► log ─► state.evolve(change)
//! ```
//!
//! | module | says |
//! |---|---|
//! | [`command`] | what callers ask for |
//! | [`decide()`] | what that does, or why not |
//! | [`state`] | what folding a log gives |
//! | [`components`] | look-up, search, what a dependency means |
//! | [`mesh`] | what is known of namespaces, nodes, services, endpoints and shards |
//! | [`idempotency`] | which requests were done already |
//! | [`principals`] | whose a token is |
//! | [`visible`] | what a reader may see |
//! | [`dependency_graph`] | what a component depends on, and how that looks |
//! | [`dependents`] | who would break |
//! | [`placement`] | which node each shard belongs to, what would have to move, which shard holds a key |
//! | [`sharding`] | what a configuration declares of namespaces, nodes and shards |
//! | [`diff`] | what differs between two documents or states |

pub mod book_record;
pub mod command;
pub mod components;
pub mod decide;
mod dense;
pub mod dependency_graph;
pub mod dependents;
pub mod diff;
pub mod idempotency;
pub mod mesh;
pub mod placement;
pub mod principals;
pub mod record;
pub mod refusal;
#[cfg(test)]
mod sample_test;
pub mod sharding;
pub mod state;
pub mod visible;

pub use book_record::{BookRecord, Parent};
pub use command::{Command, Expected, MeshWrite, NewToken, Write};
pub use decide::{Decision, Done, Outcome, decide, decide_in_place};
pub use idempotency::Repeat;
pub use principals::Bearer;
pub use record::Record;
pub use refusal::Refusal;
pub use state::State;
