//! `shard VERB`, also spelled `mesh shards VERB`: what shards have beside what all kinds have.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::Number;

use super::Verbs;
use super::fields::number;
use super::kinds::Shards;
use crate::error::Failure;
use crate::grammar::arguments::{AtArgs, IfGenerationArgs, WhyArgs};
use crate::grammar::values::{self, Format, Moment};

/// What can be done with shards.
#[derive(Debug, Subcommand)]
pub(crate) enum Shard {
    #[command(flatten)]
    Verbs(Box<Verbs<Shards>>),
    Transfer(Transfer),
    Plan(Plan),
    Apply(Apply),
    Undo(Undo),
    Locate(Locate),
    Map(Map),
    Simulate(Simulate),
    Checksum(Checksum),
}

/// Give a shard to another node
///
/// Its history keeps who had it before.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook shard transfer edge/s-01 n2 -m 'n1 goes away' --ticket OPS-17
  deedbook mesh shards transfer -n edge s-01 n2 --if-generation 4")]
pub(crate) struct Transfer {
    /// The namespace, where the reference doesn't begin with it
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Which shard
    #[arg(value_name = "[NAMESPACE/]SHARD")]
    pub(crate) reference: String,
    /// The node that gets it
    #[arg(value_name = "NODE")]
    pub(crate) node: String,
    /// What the change moves, in percent, as whoever asks for it says
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub(crate) delta_percent: Option<Number>,
    /// What is noted of the change
    #[arg(long, value_name = "TEXT")]
    pub(crate) metadata: Option<String>,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// Which namespace.
#[derive(Args, Clone, Debug)]
pub(crate) struct InNamespace {
    /// The namespace
    #[arg(value_name = "NAMESPACE", conflicts_with = "in_namespace")]
    pub(crate) namespace: Option<String>,
    /// The same
    #[arg(
        short = 'n',
        long = "namespace",
        id = "in_namespace",
        value_name = "NAMESPACE"
    )]
    pub(crate) in_namespace: Option<String>,
}

impl InNamespace {
    /// Its name.
    pub(crate) fn name(&self) -> Result<&str, Failure> {
        let name = self.namespace.as_deref().or(self.in_namespace.as_deref());
        let name = name.filter(|name| !name.trim().is_empty());
        name.ok_or_else(|| Failure::Usage("name a namespace".to_owned()))
    }
}

/// Say what would have to move so that shards are where their strategy would have them
///
/// Nothing moves: what is printed as JSON is what `shard apply` takes, as long as nothing that it
/// rests on moved on.
///
/// With --offline the question stands in a file, and no book is looked at: an object with
/// `namespace`, `nodes` (`nodeId`, and perhaps `weight`, `region`, `zone`) and `shards` (`shardId`,
/// and perhaps `localityHint`, and `ownerNodeId`: where it is now).
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook mesh shards plan edge
  deedbook mesh shards plan edge --max-moves 10 -o json > plan.json
  deedbook mesh shards plan edge --strategy bounded-load --at -7d
  deedbook mesh shards plan --offline --request request.json --strategy ring -o json")]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) namespace: InNamespace,
    /// What places the shards (default: what the namespace or the question says)
    #[arg(long, value_name = "ID")]
    pub(crate) strategy: Option<String>,
    /// Most moves of the plan; the most needed are taken (default: all)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(crate) max_moves: Option<u32>,
    #[command(flatten)]
    pub(crate) at: AtArgs,
    /// Ask about what stands in a file, without a book
    #[arg(long, requires = "request", conflicts_with_all = ["namespace", "in_namespace", "max_moves", "at"])]
    pub(crate) offline: bool,
    /// The question, as JSON; `-` for stdin
    #[arg(long, value_name = "FILE|-", requires = "offline")]
    pub(crate) request: Option<PathBuf>,
}

/// Do exactly the moves of a plan, as one command, as long as the plan stands
///
/// A plan that rests on what has changed since is refused as a whole. On a terminal it asks first.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook mesh shards plan edge -o json > plan.json
  deedbook mesh shards apply plan.json --ticket OPS-17
  deedbook mesh shards apply plan.json --dry-run")]
pub(crate) struct Apply {
    /// The plan, as `plan -o json` or `-o yaml` printed it; `-` for stdin
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,
    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// Plan how the shards come back that a command moved, and bring them back if told to
///
/// By itself it prints the plan, as `shard plan` does, and nothing moves; as JSON it is what `shard
/// apply` takes. With --yes, a reason or a ticket the moves are made at once. Those that moved again
/// or were removed since stay, and are told: the command ends with 8 then, and with 4 if none can be
/// brought back.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook log --kind shard
  deedbook mesh shards undo 1234
  deedbook mesh shards undo 1234 -o json > back.json
  deedbook mesh shards undo 1234 --ticket OPS-17
  deedbook mesh shards undo 1234 --dry-run")]
pub(crate) struct Undo {
    /// A revision of the command
    #[arg(value_name = "REVISION", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) revision: u64,
    /// Only in this namespace; needed where the command moved shards of several
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Make the moves, without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// Say which shard holds a key by its range, and who owns that shard
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook shard locate edge parcel-7
  deedbook shard locate -n edge parcel-7 --at -1d -o json
  deedbook shard locate edge --base64 AP8=")]
pub(crate) struct Locate {
    /// The namespace, where it isn't the first argument
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// The namespace, and a key
    #[arg(value_name = "NAMESPACE KEY", required = true, num_args = 1..=2)]
    pub(crate) names: Vec<String>,
    /// The key is written in Base64
    #[arg(long)]
    pub(crate) base64: bool,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Draw who owns what in a namespace, and what a plan or the time between two moments changes
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook shard map edge
  deedbook shard map edge --since -1d
  deedbook shard plan edge -o json > plan.json
  deedbook shard map edge --plan plan.json -o svg > plan.svg")]
pub(crate) struct Map {
    #[command(flatten)]
    pub(crate) namespace: InNamespace,
    /// Compare with how it would be once this plan is applied; `-` for stdin
    #[arg(long, value_name = "FILE|-", conflicts_with = "since")]
    pub(crate) plan: Option<PathBuf>,
    /// Compare with how it was: a revision, an RFC 3339 time, or so long ago (-30m, -2h, -7d)
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) since: Option<Moment>,
    #[command(flatten)]
    pub(crate) at: AtArgs,
    /// Print it in this form (default: human, bars)
    #[arg(
        short = 'o',
        long = "output",
        visible_alias = "format",
        id = "output",
        value_name = "FORMAT",
        value_parser = values::map_formats(),
        help_heading = "Global options"
    )]
    pub(crate) output: Option<Format>,
}

/// Say where the shards of a namespace would be on other nodes; nothing moves
///
/// The nodes are those that are given, whatever nodes the namespace has. Paused and disabled
/// shards stay where they are.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook mesh shards simulate edge --node n1,n2,n3
  deedbook mesh shards simulate -n edge --strategy ring --node n1:2:eu:z1 --node n2 -o json")]
pub(crate) struct Simulate {
    #[command(flatten)]
    pub(crate) namespace: InNamespace,
    /// What places the shards (default: what the namespace says, else rendezvous)
    #[arg(long, value_name = "ID")]
    pub(crate) strategy: Option<String>,
    /// A node, perhaps with its weight, region and zone; several times or between commas
    #[arg(long, value_name = "ID[:WEIGHT[:REGION[:ZONE]]]", required = true)]
    pub(crate) node: Vec<String>,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Print the checksums of shards in a file, one a line
///
/// The file holds a record, a list of them or one on each line, bare or as `shard get -o json`
/// prints them. Only types are checked: what `shard add` would refuse has a checksum too.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook mesh shards checksum shard.json
  deedbook shard ls --all -o jsonl | deedbook mesh shards checksum -")]
pub(crate) struct Checksum {
    /// The records, as JSON; `-` for stdin
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,
}
