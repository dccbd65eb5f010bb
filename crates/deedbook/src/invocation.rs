//! From arguments to an exit status: which program's grammar, what it says, how it ends.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory, FromArgMatches};

use crate::commands;
use crate::config::Config;
use crate::context::Context;
use crate::error::{Failure, USAGE};
use crate::grammar::omnirelay::Omnirelay;
use crate::grammar::values::{ColorChoice, Format};
use crate::grammar::{Command, Deedbook, Global, Omnibase};
use crate::output::Output;

/// Runs one command line and tells its exit status.
pub(crate) fn run(arguments: Vec<OsString>) -> u8 {
    if is_called(&arguments, "omnirelay") {
        return match parse::<Omnirelay>(&arguments) {
            Ok(line) => commands::omnirelay::run(line),
            // That tool's status of bad input.
            Err(error) => tell_usage(&error, &arguments).min(1),
        };
    }
    let parsed = if is_called(&arguments, "omnibase") {
        parse::<Omnibase>(&arguments).map(|line| (line.global, line.command.into()))
    } else {
        parse::<Deedbook>(&arguments)
            .map(|line| (line.global, line.command))
            .map_err(|error| as_typed(error, &arguments))
    };
    match parsed {
        Ok((global, command)) => execute(&global, command),
        Err(error) => tell_usage(&error, &arguments),
    }
}

/// A link of that name takes that tool's commands.
fn is_called(arguments: &[OsString], tool: &str) -> bool {
    let name = arguments.first().map(Path::new).and_then(Path::file_stem);
    name.is_some_and(|name| name == tool)
}

fn parse<T: CommandFactory + FromArgMatches>(arguments: &[OsString]) -> Result<T, clap::Error> {
    let mut grammar = T::command();
    let mut matches = grammar.try_get_matches_from_mut(arguments)?;
    T::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut grammar))
}

/// The same answer, with `registry` in it where that was typed: clap puts a command's own name
/// there.
fn as_typed(error: clap::Error, arguments: &[OsString]) -> clap::Error {
    let mut words = arguments.iter();
    let typed = words.find(|word| *word == "registry" || *word == "component");
    if typed.is_none_or(|word| word != "registry") {
        return error;
    }
    let grammar = Deedbook::command().mut_subcommand("component", |command| {
        command
            .name("registry")
            .visible_alias(None)
            .visible_alias("component")
    });
    let answer = grammar.try_get_matches_from(arguments);
    answer.err().unwrap_or(error)
}

fn execute(global: &Global, command: Command) -> u8 {
    let (config, failure) = match Config::load(global) {
        Ok(config) => (config, None),
        Err(failure) => (Config::of_flags(global), Some(failure)),
    };
    let mut context = Context::new(config, global);
    let result = match failure {
        Some(failure) => Err(failure),
        None => commands::run(command, &mut context),
    };
    // What was printed before a failure is part of the result.
    let result = result.and_then(|()| context.output.flush());
    match result {
        Ok(()) => {
            context.tell_parents();
            0
        }
        Err(failure) => {
            let _ = context.output.flush();
            context.output.failure(&failure);
            failure.status()
        }
    }
}

/// Help and version are results; anything else is a usage error.
fn tell_usage(error: &clap::Error, arguments: &[OsString]) -> u8 {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let _ = error.print();
        return 0;
    }
    if wants_json(arguments) {
        let mut output = Output::new(Format::Json, ColorChoice::Never);
        output.failure(&Failure::Usage(in_one_line(error)));
    } else {
        let text = error.render().ansi().to_string();
        // A closed stderr is no reason to break.
        let mut stderr = anstream::stderr();
        match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                let _ = write!(stderr, "UsageError: a command is missing\n\n{text}");
            }
            _ => {
                let text = text.split_once("error:").map_or(&*text, |(_, rest)| rest);
                // The label's colour ends right after it.
                let text = text.trim_start_matches("\u{1b}[0m").trim_start();
                let _ = write!(stderr, "UsageError: {text}");
            }
        }
    }
    USAGE
}

fn in_one_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing".to_owned();
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let message = text.split("\n\n").next().unwrap_or_default();
    let suggested = error.get(ContextKind::SuggestedSubcommand);
    let suggested = suggested.or_else(|| error.get(ContextKind::SuggestedArg));
    let words: Vec<&str> = message.split_whitespace().collect();
    match suggested {
        Some(suggested) => format!("{}; did you mean `{suggested}`?", words.join(" ")),
        None => words.join(" "),
    }
}

/// The grammar failed, so its own answer isn't to be had.
fn wants_json(arguments: &[OsString]) -> bool {
    let texts: Vec<&str> = arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .collect();
    let joined = |text: &&str| {
        [
            "-ojson",
            "-o=json",
            "--output=json",
            "--format=json",
            "-ojsonl",
            "-o=jsonl",
        ]
        .contains(text)
            || ["--output=jsonl", "--format=jsonl"].contains(text)
    };
    let pairs = texts.iter().zip(texts.iter().skip(1));
    let mut flags = pairs.filter(|(flag, _)| ["-o", "--output", "--format"].contains(flag));
    texts.iter().any(joined) || flags.any(|(_, value)| ["json", "jsonl"].contains(value))
}
