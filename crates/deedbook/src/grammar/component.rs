//! `component VERB`, also spelled `registry VERB`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use deedbook_model::component::{Lifecycle, MetaType};

use super::arguments::{
    AtArgs, DemandedWhyArgs, FileArgs, IfGenerationArgs, KeyWithSpec, PageArgs, WhyArgs,
};
use super::book::{ChangeLimitArgs, WatchArgs};
use super::values::{self, Format, Moment};

/// What can be done with components.
#[derive(Debug, Subcommand)]
pub(crate) enum Component {
    Add(Add),
    New(New),
    Bump(Bump),
    Get(Get),
    Ls(List),
    Search(Search),
    #[command(visible_alias = "set")]
    Update(Update),
    Deprecate(Deprecate),
    Archive(Archive),
    Rm(Remove),
    Versions(Versions),
    History(History),
    Diff(DiffComponents),
    Watch(WatchComponents),
    Graph(Graph),
    Dependents(Dependents),
}

/// Register documents, in the order given
///
/// Each of several files stands on its own: the command ends with 0 if all are registered, with 8
/// if some are, and with the code of the first failure if none is. A document that is in the book
/// already is `unchanged`. What `get -o json` or `ls -o json` printed can be added as well.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry add validator.yml
  deedbook registry add components/ -o jsonl
  deedbook registry add a.yaml b.yaml --all-or-none -m 'first import' --ticket OPS-17
  deedbook registry get doc_gate -o json --data old | deedbook registry add -")]
pub(crate) struct Add {
    #[command(flatten)]
    pub(crate) files: FileArgs,
    /// Register all documents as one command, or none of them
    #[arg(long)]
    pub(crate) all_or_none: bool,
    /// Refuse members that version 0.3 doesn't know
    #[arg(long)]
    pub(crate) strict: bool,
    /// Refuse dependencies that lead to no component
    #[arg(long)]
    pub(crate) require_dependencies: bool,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// Print a new document that passes validation at once
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry new validator header_check > header_check.yaml
  deedbook registry new tool trim_ws -o json > trim_ws.json")]
pub(crate) struct New {
    /// What it is: validator, tool, test, task, service, …
    #[arg(value_name = "TYPE", value_parser = meta_type)]
    pub(crate) meta_type: MetaType,
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Print the next version of a document, with a fresh uuid
///
/// Hash and times are left out, as the book sets them, and so is a signature of the old content.
/// Nothing is written to the file.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry bump header_check.yaml minor > header_check_1_1_0.yaml
  deedbook registry bump header_check.yaml patch | deedbook registry add -")]
pub(crate) struct Bump {
    /// The document; `-` for stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Which part of the version to raise
    #[arg(value_name = "PART")]
    pub(crate) part: Part,
}

/// A part of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// 1.2.3 to 2.0.0
    Major,
    /// 1.2.3 to 1.3.0
    Minor,
    /// 1.2.3 to 1.2.4, or 1.2.3-rc.1 to 1.2.3
    Patch,
}

/// Show one component
///
/// A name means its highest active or deprecated version that fits; an archived one only by its
/// exact version.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry get doc_gate
  deedbook registry get doc_gate@'>=1.1,<2' -o json
  deedbook registry get 3394543f-e6ca-4a1e-9a1f-05aa765c8f6f --at -7d")]
pub(crate) struct Get {
    #[command(flatten)]
    pub(crate) key: KeyWithSpec,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Which components are asked for; all given filters must hold.
#[derive(Args, Debug)]
pub(crate) struct FilterArgs {
    /// Has this tag; given several times, all of them
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// Has this tag; given several times, one of them
    #[arg(long = "any-tag", value_name = "TAG")]
    pub(crate) any_tags: Vec<String>,
    /// Is of this type
    #[arg(long = "type", value_name = "TYPE", value_parser = meta_type)]
    pub(crate) meta_type: Option<MetaType>,
    /// Is in this state (draft, active, deprecated, archived); given several times, one of them.
    /// Without it: any but archived
    #[arg(
        long = "lifecycle",
        value_name = "STATE",
        value_delimiter = ',',
        value_parser = lifecycle
    )]
    pub(crate) lifecycles: Vec<Lifecycle>,
    /// Offers this
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) capability: Option<String>,
    /// Its namespace begins with this
    #[arg(long, value_name = "PREFIX")]
    pub(crate) namespace: Option<String>,
    /// Its name fits this pattern of `*`, `?`, `[…]` and `{…,…}`
    #[arg(long, value_name = "GLOB")]
    pub(crate) name: Option<String>,
    /// Only the highest fitting version of each name
    #[arg(long)]
    pub(crate) latest_only: bool,
}

/// List components
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry ls --tag canary --type validator
  deedbook registry ls --name 'doc_*' --latest-only -o json
  deedbook registry ls --lifecycle draft,deprecated --at -30m")]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Each of these words is part of name, namespace, description or a tag, ignoring case
    #[arg(long, value_name = "WORDS")]
    pub(crate) text: Option<String>,
    #[command(flatten)]
    pub(crate) page: PageArgs,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Find components by words in name, namespace, description and tags
///
/// Every word must be found, ignoring case. Nothing found is no error.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook search line numbers
  deedbook search markdown --type validator -o jsonl --all")]
pub(crate) struct Search {
    /// Words to find
    #[arg(value_name = "WORD", conflicts_with = "text")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) list: List,
}

/// Change a component by a merge patch (RFC 7396)
///
/// Members of the patch replace those of the document, null removes one, lists are replaced
/// whole. What identifies a component (uuid, name, version, type) never changes.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  echo '{\"description\": \"Checks headers.\"}' | deedbook registry update header_check --patch -
  deedbook registry update header_check@1.0.0 --patch p.yaml --if-generation 3 -m 'new owner'")]
pub(crate) struct Update {
    #[command(flatten)]
    pub(crate) key: KeyWithSpec,
    /// The patch, JSON or YAML; `-` for stdin
    #[arg(long, value_name = "FILE|-")]
    pub(crate) patch: PathBuf,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// Mark a component as deprecated
///
/// The reason also becomes the document's `deprecated_reason`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry deprecate old_lint@0.9.0 -m 'use md_lint' --replaced-by md_lint@^1")]
pub(crate) struct Deprecate {
    #[command(flatten)]
    pub(crate) key: KeyWithSpec,
    /// What takes its place: a uuid, or a name with `@SPEC`
    #[arg(long, value_name = "KEY[@SPEC]")]
    pub(crate) replaced_by: Option<String>,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: DemandedWhyArgs,
}

/// Archive a component: kept, but left out of lists
///
/// The reason also becomes the document's `archived_reason`. Archived is final.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry archive old_lint@0.9.0 -m 'gone since spring' --ticket OPS-17")]
pub(crate) struct Archive {
    #[command(flatten)]
    pub(crate) key: KeyWithSpec,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: DemandedWhyArgs,
}

/// Remove a component; its uuid never returns
///
/// History keeps it, and its name and version may be registered again. On a terminal it asks
/// first.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry dependents header_check
  deedbook registry rm header_check@1.0.0 -m 'never used' --yes")]
pub(crate) struct Remove {
    #[command(flatten)]
    pub(crate) key: KeyWithSpec,
    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: DemandedWhyArgs,
}

/// List all versions of a component, highest first
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry versions line_index")]
pub(crate) struct Versions {
    /// Name of the component, or the uuid of one version
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// List the changes of a component, newest first
///
/// A removed one is found by its uuid, or by its name while no other goes by it. Of several
/// removed ones it is the one removed last.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry history header_check
  deedbook registry history header_check@1.0.0 --since -7d -o jsonl")]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) key: KeyWithSpec,
    /// Only changes after this: a revision, an RFC 3339 time, or so long ago (-30m, -2h, -7d)
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) since: Option<Moment>,
    #[command(flatten)]
    pub(crate) page: ChangeLimitArgs,
}

/// Show what differs between two components
///
/// Ends with 1 where they differ and 0 where they don't.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry diff line_index@1.0.0 line_index@1.2.0
  deedbook registry diff line_index line_index --at 12 -o json")]
pub(crate) struct DiffComponents {
    /// The first component
    #[arg(value_name = "A[@SPEC]")]
    pub(crate) before: String,
    /// The second component
    #[arg(value_name = "B[@SPEC]")]
    pub(crate) after: String,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Follow the changes of components
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry watch
  deedbook registry watch --after 0 --limit 10 -o jsonl")]
pub(crate) struct WatchComponents {
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
}

/// Show what a component depends on
///
/// Each dependency is resolved on its own to the highest version that fits. Dependencies that
/// lead nowhere and families that occur in several versions are reported, not errors.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry graph doc_gate
  deedbook graph doc_gate@^2 -o svg --missing > doc_gate.svg
  deedbook graph doc_gate --depth 1 -o mermaid")]
pub(crate) struct Graph {
    #[command(flatten)]
    pub(crate) key: KeyWithSpec,
    /// Follow dependencies this deep, 0 to 64
    #[arg(
        long,
        value_name = "N",
        default_value_t = 64,
        value_parser = clap::value_parser!(u32).range(0..=64)
    )]
    pub(crate) depth: u32,
    /// Draw dependencies that lead nowhere as well (dot, mermaid, svg)
    #[arg(long)]
    pub(crate) missing: bool,
    #[command(flatten)]
    pub(crate) at: AtArgs,
    /// Print the graph in this form (default: human, a tree)
    #[arg(
        short = 'o',
        long = "output",
        visible_alias = "format",
        id = "output",
        value_name = "FORMAT",
        value_parser = values::graph_formats(),
        help_heading = "Global options"
    )]
    pub(crate) output: Option<Format>,
}

/// Show what depends on a component, and what would break without it
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook registry dependents line_index
  deedbook registry dependents line_index@1.0.0 --depth 1 -o json")]
pub(crate) struct Dependents {
    #[command(flatten)]
    pub(crate) key: KeyWithSpec,
    /// Look this many steps up, 1 to 64
    #[arg(
        long,
        value_name = "N",
        default_value_t = 64,
        value_parser = clap::value_parser!(u32).range(1..=64)
    )]
    pub(crate) depth: u32,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

fn meta_type(text: &str) -> Result<MetaType, String> {
    text.parse()
        .map_err(|error: deedbook_model::component::UnknownWord| error.to_string())
}

fn lifecycle(text: &str) -> Result<Lifecycle, String> {
    text.parse()
        .map_err(|error: deedbook_model::component::UnknownWord| error.to_string())
}
