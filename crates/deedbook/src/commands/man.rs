//! `man`: manual pages.

use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::Deedbook;
use crate::grammar::book;

/// Prints one page, or writes those of all commands into a folder.
pub(crate) fn man(args: &book::Man, context: &mut Context) -> Result<(), Failure> {
    context.output.fixed()?;
    let mut grammar = Deedbook::command().disable_help_subcommand(true);
    grammar.build();
    match &args.folder {
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|error| Failure::writing(folder, error))?;
            write_all(&grammar, "deedbook", folder)
        }
        None => {
            let command = find(&grammar, &args.command)?;
            let name = ["deedbook"]
                .into_iter()
                .chain(args.command.iter().map(String::as_str));
            let page = render(command, &name.collect::<Vec<_>>().join("-"))?;
            context.output.raw(&page)
        }
    }
}

fn find<'a>(grammar: &'a Command, names: &[String]) -> Result<&'a Command, Failure> {
    names.iter().try_fold(grammar, |command, name| {
        let found = command.find_subcommand(name);
        found.ok_or_else(|| {
            Failure::NotFound(format!("`{}` has no command `{name}`", command.get_name()))
        })
    })
}

fn write_all(command: &Command, name: &str, folder: &Path) -> Result<(), Failure> {
    let path = folder.join(format!("{name}.1"));
    fs::write(&path, render(command, name)?).map_err(|error| Failure::writing(&path, error))?;
    for subcommand in command.get_subcommands() {
        write_all(
            subcommand,
            &format!("{name}-{}", subcommand.get_name()),
            folder,
        )?;
    }
    Ok(())
}

fn render(command: &Command, name: &str) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let command = command
        .clone()
        .name(name.to_owned())
        .version(env!("CARGO_PKG_VERSION"));
    Man::new(command).render(&mut page)?;
    Ok(page)
}
