//! What each command does: one module for each noun.

mod audit;
mod backup;
mod bench;
mod changes;
mod completions;
mod component;
mod config;
mod diff;
mod doctor;
mod explain;
mod listing;
mod log;
mod login;
mod man;
mod mesh;
pub(crate) mod omnirelay;
mod patch;
mod principal;
mod schema;
mod serve;
mod snapshot;
mod validate;
mod version;
mod watch;
mod why;
pub(crate) mod write;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::Command;
use crate::grammar::book::{Audit, Config, Schema, Validate, Version};
use crate::grammar::component::Component;
use crate::grammar::mesh::shard::Shard;
use crate::grammar::principal::Principal;

/// Runs one command.
pub(crate) fn run(command: Command, context: &mut Context) -> Result<(), Failure> {
    match command {
        Command::Component(command) => run_component(command, context),
        Command::Principal(command) => run_principal(command, context),
        Command::Namespace(verb) => mesh::run(verb, context),
        Command::Node(verb) => mesh::run(verb, context),
        Command::Service(verb) => mesh::run(verb, context),
        Command::Endpoint(verb) => mesh::run(verb, context),
        Command::Shard(command) => mesh::run_shard(command, context),
        Command::Mesh(command) => mesh::run_plural(command, context),
        Command::Apply(args) => mesh::run_shard(Shard::Apply(args), context),
        Command::Undo(args) => mesh::run_shard(Shard::Undo(args), context),
        Command::Search(args) => component::list::search(args, context),
        Command::Graph(args) => component::graph::graph(&args, context),
        Command::Log(args) => log::log(args, context),
        Command::Why(args) => why::why(&args, context),
        Command::Diff(args) => diff::diff_revisions(&args, context),
        Command::Watch(args) => watch::watch(&args, context),
        Command::Validate(Validate::Metadata(args)) => validate::metadata(&args, context),
        Command::Audit(Audit::Verify(args)) => audit::verify(&args, context),
        Command::Audit(Audit::Head) => audit::head(context),
        Command::Snapshot => snapshot::snapshot(context),
        Command::Backup(args) => backup::backup(&args, context),
        Command::Restore(args) => backup::restore(&args, context),
        Command::Login(args) => login::login(&args, context),
        Command::Logout(args) => login::logout(&args, context),
        Command::Serve(args) => serve::serve(&args, context),
        Command::Bench(args) => bench::bench(&args, context),
        Command::Schema(Schema::Ls) => schema::list(context),
        Command::Schema(Schema::Show(args)) => schema::show(&args, context),
        Command::Schema(Schema::Satisfies(args)) => version::satisfies(&args, context),
        Command::Version(Version::Match(args)) => version::satisfies(&args, context),
        Command::Config(Config::Show) => config::show(context),
        Command::Doctor(args) => doctor::doctor(&args, context),
        Command::Explain(args) => explain::explain(&args, context),
        Command::Completions(args) => completions::completions(&args, context),
        Command::Man(args) => man::man(&args, context),
    }
}

fn run_principal(command: Principal, context: &mut Context) -> Result<(), Failure> {
    match command {
        Principal::Create(args) => principal::create(&args, context),
        Principal::Ls(args) => principal::list(&args, context),
        Principal::Get(args) => principal::get(&args, context),
        Principal::Set(args) => principal::set(&args, context),
        Principal::Rotate(args) => principal::rotate(&args, context),
        Principal::Revoke(args) => principal::revoke(&args, context),
        Principal::Rm(args) => principal::remove(&args, context),
    }
}

fn run_component(command: Component, context: &mut Context) -> Result<(), Failure> {
    match command {
        Component::Add(args) => component::add::add(&args, context),
        Component::New(args) => component::new::new(&args, context),
        Component::Bump(args) => component::bump::bump(&args, context),
        Component::Get(args) => component::get::get(&args, context),
        Component::Ls(args) => component::list::list(args, context),
        Component::Search(args) => component::list::search(args, context),
        Component::Update(args) => component::change::update(&args, context),
        Component::Deprecate(args) => component::change::deprecate(&args, context),
        Component::Archive(args) => component::change::archive(&args, context),
        Component::Rm(args) => component::change::remove(&args, context),
        Component::Versions(args) => component::list::versions(&args, context),
        Component::History(args) => component::history::history(&args, context),
        Component::Diff(args) => diff::diff_components(&args, context),
        Component::Watch(args) => watch::watch_components(&args, context),
        Component::Graph(args) => component::graph::graph(&args, context),
        Component::Dependents(args) => component::dependents::dependents(&args, context),
    }
}
