//! `deedbook`: what exists in a system, from the command line.

mod commands;
mod config;
mod context;
mod data_folder;
mod documents;
mod error;
mod files;
mod grammar;
mod invocation;
mod output;
mod server;
mod socket;
mod source;

use std::process::ExitCode;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(invocation::run(std::env::args_os().collect()))
}
