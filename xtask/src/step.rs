//! One thing to check or to do.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// A step of `verify` or `fix`.
pub(crate) struct Step {
    /// What the summary calls it.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) action: Action,
    /// What to do when it fails.
    pub(crate) mend: &'static str,
}

/// What a step does.
pub(crate) enum Action {
    /// A cargo command.
    Cargo {
        /// Its arguments.
        arguments: &'static [&'static str],
        /// An environment variable it needs.
        variable: Option<(&'static str, &'static str)>,
    },
    /// A check of our own: the findings, none when all is well.
    Check(fn(&Path) -> std::io::Result<Vec<String>>),
}

impl Action {
    pub(crate) const fn cargo(arguments: &'static [&'static str]) -> Action {
        Action::Cargo {
            arguments,
            variable: None,
        }
    }

    pub(crate) fn with(self, name: &'static str, value: &'static str) -> Action {
        match self {
            Action::Cargo { arguments, .. } => Action::Cargo {
                arguments,
                variable: Some((name, value)),
            },
            check @ Action::Check(_) => check,
        }
    }
}

impl Step {
    /// Runs it in the repository's folder, its output going to the terminal; whether all is well.
    pub(crate) fn run(&self, repository: &Path) -> bool {
        match &self.action {
            Action::Cargo {
                arguments,
                variable,
            } => run_cargo(repository, arguments, *variable),
            Action::Check(check) => report(check(repository)),
        }
    }
}

fn run_cargo(
    repository: &Path,
    arguments: &[&str],
    variable: Option<(&'static str, &'static str)>,
) -> bool {
    println!("$ cargo {}", arguments.join(" "));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command
        .args(arguments)
        .envs(variable)
        .current_dir(repository);
    // `cargo run` describes xtask in these; cargo-machete reads its arguments otherwise then.
    for (name, _) in std::env::vars_os() {
        let is_ours =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(is_ours) {
            command.env_remove(name);
        }
    }
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("failed to start cargo: {error}");
            false
        }
    }
}

fn report(findings: std::io::Result<Vec<String>>) -> bool {
    match findings {
        Ok(findings) => {
            for finding in &findings {
                println!("{finding}");
            }
            findings.is_empty()
        }
        Err(error) => {
            println!("failed to read the repository: {error}");
            false
        }
    }
}
