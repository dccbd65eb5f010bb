//! What the link named `omnirelay` takes: that tool's commands on shards, with its options.

use clap::{Args, Parser, Subcommand};
use deedbook_model::shard::control::cli::DEFAULT_ADDRESS;

/// Ask a control plane about shards, as OmniRelay's own tool does
#[derive(Debug, Parser)]
#[command(name = "omnirelay", version, styles = super::STYLES, max_term_width = 100)]
pub(crate) struct Omnirelay {
    #[command(subcommand)]
    pub(crate) command: OmnirelayCommand,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// Address of the control plane; a path of its own is kept
    #[arg(long, value_name = "URL", global = true, default_value = DEFAULT_ADDRESS)]
    pub(crate) url: String,
    /// Print the answer as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// `mesh …`.
#[derive(Debug, Subcommand)]
pub(crate) enum OmnirelayCommand {
    /// What runs where
    #[command(subcommand)]
    Mesh(OmnirelayMesh),
}

/// `mesh shards …`.
#[derive(Debug, Subcommand)]
pub(crate) enum OmnirelayMesh {
    /// Who owns what
    #[command(subcommand)]
    Shards(OmnirelayShards),
}

/// What it does.
#[derive(Debug, Subcommand)]
pub(crate) enum OmnirelayShards {
    List(List),
    Diff(Diff),
    Simulate(Simulate),
}

/// Which shards.
#[derive(Args, Debug)]
pub(crate) struct Filter {
    /// Only of this namespace
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Only those that this node owns
    #[arg(long, value_name = "NODE")]
    pub(crate) owner: Option<String>,
    /// Only with this status; several times or between commas
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Vec<String>,
    /// Only those whose id contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
}

/// Print a page of shards
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Where the page begins: what the page before printed
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
    /// Shards on the page
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) page_size: Option<i32>,
}

/// Print the changes between two positions
#[derive(Args, Debug)]
pub(crate) struct Diff {
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// The first position
    #[arg(long, value_name = "POSITION", allow_negative_numbers = true)]
    pub(crate) from_version: Option<i64>,
    /// The last position
    #[arg(long, value_name = "POSITION", allow_negative_numbers = true)]
    pub(crate) to_version: Option<i64>,
}

/// Print where a strategy would place the shards of a namespace
#[derive(Args, Debug)]
pub(crate) struct Simulate {
    /// The namespace
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// The strategy (default: the control plane's)
    #[arg(long, value_name = "ID")]
    pub(crate) strategy: Option<String>,
    /// A node; several times or between commas
    #[arg(long, value_name = "ID[:WEIGHT[:REGION[:ZONE]]]")]
    pub(crate) node: Vec<String>,
}
