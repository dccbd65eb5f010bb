//! `shard VERB`, also spelled `mesh shards VERB`: what shards have beside what all kinds have.

use clap::{Args, Subcommand};

use super::Verbs;
use super::kinds::Shards;
use crate::grammar::arguments::{IfGenerationArgs, WhyArgs};

/// What can be done with shards.
#[derive(Debug, Subcommand)]
pub(crate) enum Shard {
    #[command(flatten)]
    Verbs(Verbs<Shards>),
    Transfer(Transfer),
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
