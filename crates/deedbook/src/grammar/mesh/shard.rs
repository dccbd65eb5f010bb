//! `shard VERB`, also spelled `mesh shards VERB`: what shards have beside what all kinds have.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Verbs;
use super::kinds::Shards;
use crate::grammar::arguments::{IfGenerationArgs, WhyArgs};

/// What can be done with shards.
#[derive(Debug, Subcommand)]
pub(crate) enum Shard {
    #[command(flatten)]
    Verbs(Box<Verbs<Shards>>),
    Transfer(Transfer),
    Plan(Plan),
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
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// Say what would have to move so that shards are where their strategy would have them
///
/// With --offline the question stands in a file, and no book is looked at: an object with
/// `namespace`, `nodes` (`nodeId`, and perhaps `weight`, `region`, `zone`) and `shards` (`shardId`,
/// and perhaps `localityHint`, and `ownerNodeId`: where it is now).
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook mesh shards plan --offline --request request.json --strategy ring -o json")]
pub(crate) struct Plan {
    /// Ask about what stands in a file, without a book
    #[arg(long, requires = "request", required = true)]
    pub(crate) offline: bool,
    /// The question, as JSON; `-` for stdin
    #[arg(long, value_name = "FILE|-", requires = "offline")]
    pub(crate) request: Option<PathBuf>,
    /// What places the shards (default: what the question names, else rendezvous)
    #[arg(long, value_name = "ID")]
    pub(crate) strategy: Option<String>,
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
