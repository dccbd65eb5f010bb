//! `completions`: what a shell needs to complete command lines.

use clap::CommandFactory;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::Deedbook;
use crate::grammar::book::Completions;

/// Prints completions for a shell.
pub(crate) fn completions(args: &Completions, context: &mut Context) -> Result<(), Failure> {
    context.output.fixed()?;
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut Deedbook::command(),
        "deedbook",
        &mut script,
    );
    context.output.raw(&script)
}
