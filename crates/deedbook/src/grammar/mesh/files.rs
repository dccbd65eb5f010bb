//! `mesh export` and `mesh import`.

use std::path::PathBuf;

use clap::Args;
use deedbook_model::mesh::MeshKind;

use crate::grammar::arguments::{AtArgs, WhyArgs};
use crate::grammar::values::{self, Format};

/// Print records of all kinds, of one revision: what `mesh import` takes
///
/// Without -o it is JSON lines.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook mesh export > mesh.jsonl
  deedbook mesh export -n edge --at -1d -o json > edge.json
  deedbook mesh export --kind node --kind shard -o protobuf > some.pb")]
pub(crate) struct Export {
    /// Only what is in this namespace, and the namespace itself
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Only records of this kind; given several times, of one of them
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Vec<MeshKind>,
    #[command(flatten)]
    pub(crate) at: AtArgs,
    /// Print the records in this form (default: jsonl)
    #[arg(
        short = 'o',
        long = "output",
        visible_alias = "format",
        id = "output",
        value_name = "FORMAT",
        value_parser = values::export_formats(),
        help_heading = "Global options"
    )]
    pub(crate) output: Option<Format>,
}

/// Write records of all kinds out of files, as one command
///
/// A record that is there is put in its place, one that is the same already is left as it is. If
/// any record isn't valid none is written, and each is told. More than one command can hold
/// (100,000 records or 48 MiB) become several, tried before the first is done; if one is refused all
/// the same, because somebody else wrote meanwhile, the command ends with 8 and says what is written.
/// A file has 4 GiB at most.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook mesh import mesh.jsonl --ticket OPS-17
  deedbook mesh export --url https://old:8080 -o protobuf | deedbook mesh import -
  deedbook mesh import edge/ --dry-run")]
pub(crate) struct Import {
    /// Records as `mesh export` or `ls` prints them, in JSON, JSON lines, YAML or Protobuf (.pb):
    /// files, folders, or `-` for stdin
    #[arg(value_name = "FILE|DIR|-", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The namespace of records that name none
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// What records are that don't say it
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Option<MeshKind>,
    /// Refuse members that this release doesn't know
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// A kind by its word or its plural.
fn kind(text: &str) -> Result<MeshKind, &'static str> {
    let named = MeshKind::named(text.strip_suffix('s').unwrap_or(text));
    named.ok_or("expected namespace, node, service, endpoint or shard")
}
