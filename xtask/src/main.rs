//! Checks and chores of the repository.
//!
//! ```text
//! cargo xtask verify    only reads: format, lints, docs, dependencies, leftovers
//! cargo xtask fix       writes: format, and the lints that mend themselves
//! cargo xtask outside   lets checkers of others look at a server; installs them into target/outside
//! ```
//!
//! Tests are not among them: the README's test command is one of its own.

mod leftovers;
mod outside;
mod step;
mod summary;
mod text_files;

use std::process::ExitCode;

use step::{Action, Step};

const USAGE: &str = "\
usage: cargo xtask <verify|fix|outside>

  verify   check format, lints, docs, dependencies and leftovers; changes no file
  fix      format, and let clippy mend what it can
  outside  let checkers of others look at a server (needs Python 3.11 and its package index)
";

const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["verify"] => summary::run(&verify()),
        ["fix"] => summary::run(&fix()),
        ["outside"] => summary::run(&outside()),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprint!("{USAGE}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

/// The cheap ones first, so that a slip shows early.
fn verify() -> Vec<Step> {
    vec![
        Step {
            name: "format",
            action: Action::cargo(&["fmt", "--all", "--check"]),
            mend: "cargo xtask fix",
        },
        Step {
            name: "leftovers",
            action: Action::Check(leftovers::check),
            mend: "see the lines above; a long file with a reason goes into LONG_FILES of xtask/src/leftovers.rs",
        },
        Step {
            name: "dependencies: allowed",
            action: Action::cargo(&["deny", "--locked", "check", "bans", "licenses", "sources"]),
            mend: "drop the crate or say why in deny.toml; \
                   if cargo-deny is missing: cargo install --locked cargo-deny@0.20.2",
        },
        Step {
            name: "dependencies: used",
            action: Action::cargo(&["machete", "--skip-target-dir"]),
            mend: "remove them from the Cargo.toml; \
                   if cargo-machete is missing: cargo install --locked cargo-machete@0.9.2",
        },
        Step {
            name: "lints",
            action: Action::cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ]),
            mend: "cargo xtask fix mends some; #[expect(…, reason = \"…\")] where the lint is wrong",
        },
        Step {
            name: "docs",
            action: Action::cargo(&[
                "doc",
                "--workspace",
                "--no-deps",
                "--document-private-items",
                "--locked",
            ])
            .with("RUSTDOCFLAGS", "-D warnings"),
            mend: "mend the links and the markup that rustdoc names",
        },
    ]
}

fn fix() -> Vec<Step> {
    vec![
        Step {
            name: "lints",
            action: Action::cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--fix",
                "--allow-dirty",
                "--allow-staged",
            ]),
            mend: "mend the errors that the compiler names, then again",
        },
        Step {
            name: "format",
            action: Action::cargo(&["fmt", "--all"]),
            mend: "mend the syntax error that rustfmt names, then again",
        },
    ]
}

fn outside() -> Vec<Step> {
    vec![
        Step {
            name: "build",
            action: Action::cargo(&["build", "--workspace", "--locked"]),
            mend: "mend the errors that the compiler names, then again",
        },
        Step {
            name: "outside checkers",
            action: Action::Check(outside::check),
            mend: "see above; mend the server or its OpenAPI document, not the checker",
        },
    ]
}
