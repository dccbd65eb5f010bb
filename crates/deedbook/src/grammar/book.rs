//! Commands of the whole book, and those that need none.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use super::arguments::{AtArgs, ChangeFilterArgs, FileArgs};
use super::values::Moment;

/// How many changes are printed.
#[derive(Args, Clone, Debug)]
pub(crate) struct ChangeLimitArgs {
    /// Most changes to print
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: u32,
    /// Print all
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
}

/// List all changes, newest first; or look after the log itself
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  deedbook log -n 20
  deedbook log --since -2h --by alice -o jsonl
  deedbook log cat > changes.jsonl
  deedbook log compact --before 5000"
)]
pub(crate) struct Log {
    #[command(subcommand)]
    pub(crate) command: Option<LogCommand>,
    #[command(flatten)]
    pub(crate) list: LogList,
}

/// Which changes `log` lists.
#[derive(Args, Debug)]
pub(crate) struct LogList {
    #[command(flatten)]
    pub(crate) filter: ChangeFilterArgs,
    /// Only changes after this: a revision, an RFC 3339 time, or so long ago (-30m, -2h, -7d)
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) since: Option<Moment>,
    #[command(flatten)]
    pub(crate) page: ChangeLimitArgs,
}

/// What can be done with the log itself.
#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    Cat(LogCat),
    /// Say how large the log is
    Stats,
    Compact(LogCompact),
}

/// Print whole changes with their records as JSON lines, oldest first
#[derive(Args, Debug)]
pub(crate) struct LogCat {
    #[command(flatten)]
    pub(crate) filter: ChangeFilterArgs,
    /// Only changes after this: a revision, an RFC 3339 time, or so long ago (-30m, -2h, -7d)
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) since: Option<Moment>,
    /// Most changes to print (default: all)
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) limit: Option<u32>,
}

/// Drop changes that a snapshot covers; reads from the floor on still work
///
/// The floor becomes the revision, or a lower one where that is in the middle of what was written
/// together. On a terminal it asks first.
#[derive(Args, Debug)]
pub(crate) struct LogCompact {
    /// Keep everything from this revision on
    #[arg(long, value_name = "REVISION")]
    pub(crate) before: u64,
    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Say which change last set a record or a field of it
///
/// Of a component that was removed it is the removal.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook why doc_gate
  deedbook why doc_gate@2.1.0/description
  deedbook why doc_gate/entrypoint/target --at -7d -o json")]
pub(crate) struct Why {
    /// A component and perhaps a JSON pointer into its document
    #[arg(value_name = "KEY[@SPEC][/FIELD]")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Show which records differ between two revisions
///
/// Ends with 1 where the book differs and 0 where it doesn't.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook diff 10 20
  deedbook diff -- -7d
  deedbook diff 2026-01-05T09:00:00Z -o json")]
pub(crate) struct Diff {
    /// The earlier point: a revision, an RFC 3339 time, or so long ago (-30m, -2h, -7d)
    #[arg(value_name = "FROM", allow_hyphen_values = true)]
    pub(crate) from: Moment,
    /// The later point (default: now)
    #[arg(value_name = "TO", allow_hyphen_values = true)]
    pub(crate) to: Option<Moment>,
}

/// Follow all changes
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook watch
  deedbook watch --after 0 --once -o jsonl
  deedbook watch --kind component --by alice --limit 5")]
pub(crate) struct Watch {
    /// Only changes of this kind of record
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
}

/// How changes are followed.
#[derive(Args, Clone, Debug)]
pub(crate) struct WatchArgs {
    /// Begin after this revision or position (`12` or `12-89abcdef`; 0: from the first change).
    /// Without it: with the next change
    #[arg(long, value_name = "POSITION")]
    pub(crate) after: Option<String>,
    /// Only records whose key begins with this
    #[arg(long, value_name = "PREFIX")]
    pub(crate) key_prefix: Option<String>,
    /// Only changes that this actor made
    #[arg(long = "by", value_name = "ACTOR")]
    pub(crate) actor: Option<String>,
    /// End after so many changes
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// End when all changes up to now are printed
    #[arg(long)]
    pub(crate) once: bool,
}

/// What can be checked without a book.
#[derive(Debug, Subcommand)]
pub(crate) enum Validate {
    Metadata(ValidateMetadata),
}

/// Check component documents by the rules that `registry add` applies
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook validate metadata validator.yml
  deedbook validate metadata components/ -o json --strict")]
pub(crate) struct ValidateMetadata {
    #[command(flatten)]
    pub(crate) files: FileArgs,
    /// Refuse members that version 0.3 doesn't know
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Proofs.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    Verify(AuditVerify),
    /// Print revision, chain, record count and state root: keep it elsewhere as an anchor
    Head,
}

/// Check every stored byte against the chain; ends with 7 where something doesn't fit
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook audit head -o json > anchor.json
  deedbook audit verify --anchor anchor.json")]
pub(crate) struct AuditVerify {
    /// Also check that this earlier output of `audit head -o json` is part of the history
    #[arg(long, value_name = "FILE")]
    pub(crate) anchor: Option<PathBuf>,
}

/// Write the whole book into one file
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook backup monday.deedbook
  deedbook backup - | ssh elsewhere 'cat > monday.deedbook'")]
pub(crate) struct Backup {
    /// File to make, which must not exist; `-` for stdout
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,
}

/// Make a new book from a backup
///
/// Revisions and chain are kept; the new book begins a lineage of its own. The folder is
/// `--data`, or `.deedbook` here; it must be new or empty.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook restore monday.deedbook --data restored")]
pub(crate) struct Restore {
    /// The backup; `-` for stdin
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,
}

/// Document schemas.
#[derive(Debug, Subcommand)]
pub(crate) enum Schema {
    /// List schemas and the versions that this program reads and writes
    Ls,
    Show(SchemaShow),
    Satisfies(Satisfies),
}

/// Print a JSON Schema
#[derive(Args, Debug)]
pub(crate) struct SchemaShow {
    /// Which one; see `schema ls`
    #[arg(value_name = "NAME", default_value = "component")]
    pub(crate) name: String,
}

/// Versions.
#[derive(Debug, Subcommand)]
pub(crate) enum Version {
    Match(Satisfies),
}

/// Print the versions that satisfy a version spec, highest first
///
/// `latest` and an empty spec print the one that they choose. Nothing satisfies: no output, and
/// it ends with 1.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook version match '^1.2' 1.1.0 1.2.0 1.10.0 2.0.0
  deedbook schema satisfies latest 1.0.0 2.0.0-rc.1")]
pub(crate) struct Satisfies {
    /// The version spec: `^1.2`, `>=1.1,<2`, `latest`, …
    #[arg(value_name = "SPEC", allow_hyphen_values = true)]
    pub(crate) spec: String,
    /// The versions to try
    #[arg(value_name = "VERSION", required = true)]
    pub(crate) versions: Vec<String>,
}

/// Configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show each value and where it came from
    ///
    /// Flags win over DEEDBOOK_* variables, those over deedbook.toml in this folder or a parent,
    /// that over defaults.
    Show,
}

/// Check the health of the book and its folder
///
/// Ends with 0 if all is well, else with the code of the worst finding.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// Take the log's head as true after the head file was lost or broken
    ///
    /// Only after `audit verify --anchor` or a look at the history: a head file that is ahead of
    /// the log says that acknowledged changes are gone.
    #[arg(long)]
    pub(crate) accept_head: bool,
    /// Don't ask
    #[arg(short, long, requires = "accept_head")]
    pub(crate) yes: bool,
}

/// Tell what an error code means and what to do
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook explain conflict
  deedbook explain SC003
  deedbook explain")]
pub(crate) struct Explain {
    /// A code (`conflict`), an issue's kind (`missing_field`) or its code (`SC003`); without one,
    /// all are listed
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook completions bash > ~/.local/share/bash-completion/completions/deedbook
  deedbook completions zsh > ~/.zfunc/_deedbook")]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// Print the manual page
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook man | man -l -
  deedbook man registry add
  deedbook man --folder share/man/man1")]
pub(crate) struct Man {
    /// The command (default: deedbook itself)
    #[arg(value_name = "COMMAND", conflicts_with = "folder")]
    pub(crate) command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}
