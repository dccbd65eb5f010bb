//! Commands on principals: who may use a book over the network.

use clap::{Args, Subcommand};
use deedbook_model::{Grant, TokenId};

use super::arguments::{AtArgs, IfGenerationArgs, WhyArgs};

/// `principal …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Principal {
    #[command(visible_alias = "add")]
    Create(Create),
    Ls(List),
    Get(Get),
    Set(Set),
    Rotate(Rotate),
    Revoke(Revoke),
    Rm(Remove),
}

/// Make a principal and its first token
///
/// The token is printed this once: the book keeps only a hash of it. From a book's first principal
/// on, whoever uses it over the network needs a token; whoever may open its folder doesn't.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook token create root --capability ADMIN
  deedbook token create ci --capability REGISTRY_READ --capability 'REGISTRY_WRITE:tools/geo_*'
  TOKEN=$(deedbook token create viewer --capability REGISTRY_READ --expires 90d --quiet)")]
pub(crate) struct Create {
    /// Its name: the actor of all that it does
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) grants: GrantArgs,
    #[command(flatten)]
    pub(crate) expires: ExpiresArgs,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// What a principal may do.
#[derive(Args, Clone, Debug)]
pub(crate) struct GrantArgs {
    /// What it may do, perhaps only to what a pattern of `<type>s/<name>` fits; several times for
    /// several: REGISTRY_READ, REGISTRY_WRITE, MESH_READ, MESH_OPERATE, LEASE_WORK,
    /// REPLICATION_READ, ADMIN
    #[arg(
        long = "capability",
        visible_alias = "grant",
        value_name = "CAPABILITY[:PATTERN]",
        required = true
    )]
    pub(crate) grants: Vec<Grant>,
}

/// How long a token is good.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExpiresArgs {
    /// When the token expires: so long from now (90d, 12h) or an RFC 3339 time (default: never)
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: Option<String>,
}

/// List principals: their grants and how many tokens they have
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Show one principal: its grants, and what is kept of its tokens
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Give a principal other capabilities, in place of all that it has
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook principal set ci --capability REGISTRY_READ -m 'it only reads now'")]
pub(crate) struct Set {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) grants: GrantArgs,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// Make another token for a principal; its others end, now or after an overlap
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook token rotate ci
  deedbook token rotate ci --overlap 1h --expires 90d")]
pub(crate) struct Rotate {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// How much longer the others are good (30m, 1h, at most 30d; default: not at all)
    #[arg(long, value_name = "TIME", value_parser = overlap)]
    pub(crate) overlap: Option<u32>,
    #[command(flatten)]
    pub(crate) expires: ExpiresArgs,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

fn overlap(text: &str) -> Result<u32, &'static str> {
    let seconds = deedbook_model::time::seconds_of(text);
    seconds
        .and_then(|seconds| u32::try_from(seconds).ok())
        .ok_or("expected a time such as 30m, 1h or 7d")
}

/// Take one token of a principal away, or all; the principal stays
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook token revoke ci -m 'it was in a log'
  deedbook token revoke ci --token 3f1c0de5a7b2469d")]
pub(crate) struct Revoke {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Only the token of this id; `principal get NAME` lists them
    #[arg(long, value_name = "ID")]
    pub(crate) token: Option<TokenId>,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// Remove a principal with its tokens
///
/// A book that had a principal keeps asking for tokens, also when the last one is gone.
#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}
