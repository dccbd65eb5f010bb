//! Groups of options that several commands share.

use std::path::PathBuf;

use clap::Args;

use super::values::Moment;

/// A component: uuid or name, and perhaps which versions would do.
#[derive(Args, Clone, Debug)]
pub(crate) struct KeyWithSpec {
    /// Uuid or name, with `@SPEC` for other than the latest version: `doc_gate@^2`
    #[arg(value_name = "KEY[@SPEC]")]
    pub(crate) key: String,
}

/// When a read looks at the book.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AtArgs {
    /// Look at the book as it was: a revision, an RFC 3339 time, or so long ago (-30m, -2h, -7d)
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) at: Option<Moment>,
}

/// How much of a list is printed.
#[derive(Args, Clone, Debug)]
pub(crate) struct PageArgs {
    /// Most items to print, 1 to 1000
    #[arg(
        long,
        alias = "page-size",
        value_name = "N",
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    pub(crate) limit: u32,
    /// Go on where a list ended: the `nextCursor` that it printed
    #[arg(long, value_name = "CURSOR", conflicts_with = "at")]
    pub(crate) cursor: Option<String>,
    /// Print all, page after page
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
}

/// Why a write is made.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct WhyArgs {
    /// Say why; it is kept with the change for good
    #[arg(short = 'm', long = "message", value_name = "REASON")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) who: WhoArgs,
}

/// Why a write is made, where that has to be said.
#[derive(Args, Clone, Debug)]
pub(crate) struct DemandedWhyArgs {
    /// Say why; it is kept with the change for good
    #[arg(short = 'm', long = "message", value_name = "REASON", required = true, value_parser = said)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) who: WhoArgs,
}

/// A text that says something.
fn said(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        return Err("it is empty");
    }
    Ok(text.to_owned())
}

/// Who makes a write, and for which ticket.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct WhoArgs {
    /// Change ticket, kept with the change
    #[arg(long, value_name = "TICKET")]
    pub(crate) ticket: Option<String>,
    /// Who is asking (default: the operating system's user)
    #[arg(long, value_name = "NAME")]
    pub(crate) actor: Option<String>,
    /// Decide and print the result, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Compare-and-set.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct IfGenerationArgs {
    /// Only if the record is still at this generation; conflict (4) otherwise
    #[arg(long, visible_alias = "if-version", value_name = "N")]
    pub(crate) if_generation: Option<u64>,
}

/// Which changes are meant.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ChangeFilterArgs {
    /// Only changes of this kind of record
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Only changes of the record with this key (a component's key is its uuid; its name does too)
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Only changes that this actor made
    #[arg(long = "by", value_name = "ACTOR")]
    pub(crate) actor: Option<String>,
}

/// Files to read documents from.
#[derive(Args, Clone, Debug)]
pub(crate) struct FileArgs {
    /// Documents: files, folders (searched for .yaml, .yml, .json, and .md and .py that hold a
    /// block), or `-` for stdin
    #[arg(value_name = "FILE|DIR|-", required = true)]
    pub(crate) files: Vec<PathBuf>,
}
