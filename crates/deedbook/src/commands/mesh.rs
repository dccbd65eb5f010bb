//! Namespaces, nodes, services, endpoints and shards: each verb is written once for all kinds.

mod add;
mod checksum;
mod diff;
mod documents;
mod export;
mod get;
mod history;
mod import;
mod list;
mod locate;
mod map;
mod offline;
mod plan;
mod report;
mod request;
mod simulate;
mod watch;
mod why;
mod write;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::shard::Shard;
use crate::grammar::mesh::{Described, Mesh, Verbs};

/// Runs a verb of any kind.
pub(super) fn run<K: Described>(verb: Verbs<K>, context: &mut Context) -> Result<(), Failure> {
    match verb {
        Verbs::Ls(args) => list::list(args, context),
        Verbs::Get(args) => get::get(&args, context),
        Verbs::Add(args) => add::add(&args, context),
        Verbs::Set(args) => write::set(&args, context),
        Verbs::Rm(args) => write::remove(&args, context),
        Verbs::History(args) => history::history(&args, context),
        Verbs::Why(args) => why::why(&args, context),
        Verbs::Diff(args) => diff::diff(&args, context),
        Verbs::Watch(args) => watch::watch(&args, context),
    }
}

/// Runs a command on shards.
pub(super) fn run_shard(command: Shard, context: &mut Context) -> Result<(), Failure> {
    match command {
        Shard::Verbs(verb) => run(*verb, context),
        Shard::Plan(args) => plan::plan(&args, context),
        Shard::Apply(args) => plan::apply(&args, context),
        Shard::Undo(args) => plan::undo(&args, context),
        Shard::Locate(args) => locate::locate(&args, context),
        Shard::Map(args) => map::map(&args, context),
        Shard::Simulate(args) => simulate::simulate(&args, context),
        Shard::Checksum(args) => checksum::checksum(&args, context),
        Shard::Transfer(args) => write::transfer(&args, context),
    }
}

/// Runs what was spelled with the plural of a kind.
pub(super) fn run_plural(command: Mesh, context: &mut Context) -> Result<(), Failure> {
    match command {
        Mesh::Namespaces(verb) => run(verb, context),
        Mesh::Nodes(verb) => run(verb, context),
        Mesh::Services(verb) => run(verb, context),
        Mesh::Endpoints(verb) => run(verb, context),
        Mesh::Shards(command) => run_shard(command, context),
        Mesh::Export(args) => export::export(&args, context),
        Mesh::Import(args) => import::import(&args, context),
    }
}
