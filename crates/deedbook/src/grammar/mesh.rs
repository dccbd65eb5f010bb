//! `KIND VERB` of namespaces, nodes, services, endpoints and shards: one grammar for all of them,
//! and what each kind adds to it.

pub(crate) mod fields;
pub(crate) mod files;
pub(crate) mod kinds;
pub(crate) mod shard;

use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use deedbook_model::Revision;
use deedbook_model::mesh::{MeshKey, MeshKind};
use serde::Serialize;

use super::arguments::{AtArgs, IfGenerationArgs, PageArgs, WhyArgs};
use super::values::Moment;
use crate::error::Failure;
use crate::source::MeshAsk;
use kinds::{Endpoints, Namespaces, Nodes, Services};
use shard::Shard;

/// What one kind's grammar has that others' don't.
pub(crate) trait Described: fmt::Debug + 'static {
    /// The kind.
    const KIND: MeshKind;
    /// One of it: `a node`.
    const ONE: &'static str;
    /// What a reference looks like.
    const REF: &'static str;
    /// Examples, by verb.
    const EXAMPLES: Examples;
    /// Filters of its list.
    type Filter: Args + Into<MeshAsk> + fmt::Debug;
    /// Members that have flags.
    type Fields: Args + Serialize + fmt::Debug;

    /// The examples of a verb, as help shows them.
    fn examples(of: &str) -> String {
        let lines = of.lines().map(|line| format!("\n  deedbook {line}"));
        format!("Examples:{}", lines.collect::<String>())
    }
}

/// Command lines of one kind, without the program's name.
pub(crate) struct Examples {
    pub(crate) ls: &'static str,
    pub(crate) get: &'static str,
    pub(crate) add: &'static str,
    pub(crate) set: &'static str,
    pub(crate) rm: &'static str,
    pub(crate) history: &'static str,
    pub(crate) why: &'static str,
    pub(crate) diff: &'static str,
    pub(crate) watch: &'static str,
}

/// `mesh …`: the kinds by their plural, and all of them together.
#[derive(Debug, Subcommand)]
pub(crate) enum Mesh {
    /// Namespaces: their policy, and what places their shards
    #[command(subcommand)]
    Namespaces(Verbs<Namespaces>),
    /// Nodes: what owns shards
    #[command(subcommand)]
    Nodes(Verbs<Nodes>),
    /// Services: what is offered at endpoints
    #[command(subcommand)]
    Services(Verbs<Services>),
    /// Endpoints: where to reach a service
    #[command(subcommand)]
    Endpoints(Verbs<Endpoints>),
    /// Shards: who owns what, since when, and what should move
    #[command(subcommand)]
    Shards(Shard),
    Export(files::Export),
    Import(files::Import),
}

/// What can be done with records of any kind of the mesh.
#[derive(Debug, Subcommand)]
pub(crate) enum Verbs<K: Described> {
    #[command(visible_alias = "list")]
    Ls(List<K>),
    Get(Get<K>),
    Add(Add<K>),
    Set(Set<K>),
    Rm(Remove<K>),
    History(History<K>),
    Why(Why<K>),
    Diff(Diff<K>),
    Watch(Watch<K>),
}

/// A record.
#[derive(Args, Debug)]
pub(crate) struct RefArgs<K: Described> {
    /// The namespace, where the reference doesn't begin with it
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Which one; a `/` or `%` within an id is written as %2F or %25
    #[arg(value_name = K::REF, required_unless_present = "namespace")]
    pub(crate) reference: Option<String>,
    #[arg(skip)]
    pub(crate) kind: PhantomData<K>,
}

impl<K: Described> RefArgs<K> {
    /// What it names.
    pub(crate) fn key(&self) -> Result<MeshKey, Failure> {
        key_of(
            K::KIND,
            self.namespace.as_deref(),
            self.reference.as_deref(),
        )
    }
}

/// The key that a reference names, within a namespace if one is given beside it.
pub(crate) fn key_of(
    kind: MeshKind,
    namespace: Option<&str>,
    reference: Option<&str>,
) -> Result<MeshKey, Failure> {
    let reference = reference.unwrap_or_default();
    let text = match namespace.map(MeshKey::prefix_of) {
        Some(prefix) if reference.is_empty() => prefix.trim_end_matches('/').to_owned(),
        Some(prefix) => prefix + reference,
        None => reference.to_owned(),
    };
    let is_sound = |key: &MeshKey| key.parts().iter().all(|part| !part.trim().is_empty());
    let key = MeshKey::parse(kind, &text).ok().filter(is_sound);
    key.ok_or_else(|| {
        let members = kind.key_members();
        let whole = members.join("/");
        let within = members.get(1..).unwrap_or_default().join("/");
        let within = match within.as_str() {
            "" => String::new(),
            within => format!(", or -n NAMESPACE {within}"),
        };
        let slash = match text.split('/').count() > members.len() {
            true => "; a `/` within an id is written as %2F",
            false => "",
        };
        Failure::Invalid(format!(
            "`{text}` is no {kind}: one is named as {whole}{within}{slash}"
        ))
    })
}

/// List records of the kind
#[derive(Args, Debug)]
#[command(about = format!("List {}s", K::KIND), after_help = K::examples(K::EXAMPLES.ls))]
pub(crate) struct List<K: Described> {
    #[command(flatten)]
    pub(crate) filter: K::Filter,
    #[command(flatten)]
    pub(crate) page: PageArgs,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Show one record
#[derive(Args, Debug)]
#[command(about = format!("Show one {}", K::KIND), after_help = K::examples(K::EXAMPLES.get))]
pub(crate) struct Get<K: Described> {
    #[command(flatten)]
    pub(crate) reference: RefArgs<K>,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Make records
#[derive(Args, Debug)]
#[command(
    about = format!("Make {}, or several out of files", K::ONE),
    long_about = format!(
        "Make {}, or several out of files\n\n\
         What ends in .yaml, .yml, .json or .jsonl, and `-`, is read as a file of one or several \
         documents; anything else is a reference, whose members are given by flags. One that is \
         there already is refused unless --replace is given. Each of several documents stands on \
         its own: the command ends with 0 if all are done, with 8 if some are, and with the code \
         of the first failure if none is.",
        K::ONE
    ),
    after_help = K::examples(K::EXAMPLES.add)
)]
pub(crate) struct Add<K: Described> {
    /// The namespace, where the reference or a document doesn't name it
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// A reference, or files
    #[arg(value_name = format!("{}|FILE|-", K::REF), required_unless_present_any = ["namespace", "file"])]
    pub(crate) names: Vec<String>,
    /// A file or folder of documents, whatever its name ends in; `-` for stdin
    #[arg(short, long, value_name = "FILE|DIR|-")]
    pub(crate) file: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) fields: K::Fields,
    /// Put it in the place of the one that is there, if there is one
    #[arg(long)]
    pub(crate) replace: bool,
    /// Refuse members that this release doesn't know
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// Change a record
#[derive(Args, Debug)]
#[command(
    about = format!("Change {}: what isn't named stays", K::ONE),
    after_help = K::examples(K::EXAMPLES.set)
)]
pub(crate) struct Set<K: Described> {
    #[command(flatten)]
    pub(crate) reference: RefArgs<K>,
    #[command(flatten)]
    pub(crate) fields: K::Fields,
    /// Take a member away; a `/` leads into it: `labels/tier`
    #[arg(long, value_name = "MEMBER")]
    pub(crate) unset: Vec<String>,
    /// A merge patch (RFC 7396), JSON or YAML, to which flags are added; `-` for stdin
    #[arg(long, value_name = "FILE|-")]
    pub(crate) patch: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// Remove a record
#[derive(Args, Debug)]
#[command(
    about = format!("Remove {}", K::ONE),
    long_about = format!(
        "Remove {}\n\n\
         One that others point to is refused unless --force is given: then they stay as they are, \
         and are told. History keeps what was removed. On a terminal it asks first.",
        K::ONE
    ),
    after_help = K::examples(K::EXAMPLES.rm)
)]
pub(crate) struct Remove<K: Described> {
    #[command(flatten)]
    pub(crate) reference: RefArgs<K>,
    /// Even if others point to it; says what it leaves
    #[arg(long)]
    pub(crate) force: bool,
    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) expected: IfGenerationArgs,
    #[command(flatten)]
    pub(crate) why: WhyArgs,
}

/// List the changes of a record
#[derive(Args, Debug)]
#[command(
    about = format!("List the changes of {}, newest first; also of a removed one", K::ONE),
    after_help = K::examples(K::EXAMPLES.history)
)]
pub(crate) struct History<K: Described> {
    #[command(flatten)]
    pub(crate) reference: RefArgs<K>,
    /// Only changes after this: a revision, an RFC 3339 time, or so long ago (-30m, -2h, -7d)
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) since: Option<Moment>,
    /// Most changes to print
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: u32,
    /// Print all
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
}

/// Say which change made a record what it is
#[derive(Args, Debug)]
#[command(
    about = format!("Say which change made {}, or a field of it, what it is; also of a removed one", K::ONE),
    after_help = K::examples(K::EXAMPLES.why)
)]
pub(crate) struct Why<K: Described> {
    #[command(flatten)]
    pub(crate) reference: RefArgs<K>,
    /// The field; a `/` leads into it: `labels/tier` (default: the record as a whole, of a shard its
    /// owner)
    #[arg(long, value_name = "FIELD")]
    pub(crate) field: Option<String>,
    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Show what differs between two moments
#[derive(Args, Debug)]
#[command(
    about = format!("Show what differs in {}, or in all {}s, between two moments", K::ONE, K::KIND),
    long_about = format!(
        "Show what differs in {1}, or in all {0}s, between two moments\n\n\
         Without --since it is what the last change of the {0} did. Ends with 1 where something \
         differs and 0 where nothing does.",
        K::KIND,
        K::ONE
    ),
    after_help = K::examples(K::EXAMPLES.diff)
)]
pub(crate) struct Diff<K: Described> {
    /// The namespace, where the reference doesn't begin with it; alone: all that is in it
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Which one; without it: all
    #[arg(value_name = K::REF, required_unless_present_any = ["since", "from_version"])]
    pub(crate) reference: Option<String>,
    /// The earlier moment: a revision, an RFC 3339 time, or so long ago (-30m, -2h, -7d)
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) since: Option<Moment>,
    /// The first revision that counts, in the words of the reference tool; a command that began
    /// before it doesn't
    #[arg(long, value_name = "REVISION", hide = true, conflicts_with = "since")]
    pub(crate) from_version: Option<u64>,
    /// The last revision that counts, in the words of the reference tool
    #[arg(long, value_name = "REVISION", hide = true, conflicts_with = "at")]
    pub(crate) to_version: Option<u64>,
    #[command(flatten)]
    pub(crate) at: AtArgs,
    #[arg(skip)]
    pub(crate) kind: PhantomData<K>,
}

impl<K: Described> Diff<K> {
    /// The earlier moment, if one is given.
    pub(crate) fn from(&self) -> Option<Moment> {
        let before = |first: u64| Moment::Revision(Revision(first.saturating_sub(1)));
        self.since.or(self.from_version.map(before))
    }

    /// The later moment; `None`: now.
    pub(crate) fn to(&self) -> Option<Moment> {
        let last = |last: u64| Moment::Revision(Revision(last));
        self.at.at.or(self.to_version.map(last))
    }
}

/// Follow changes
#[derive(Args, Debug)]
#[command(
    about = format!("Follow the changes of {0}s, or of one {0}", K::KIND),
    after_help = K::examples(K::EXAMPLES.watch)
)]
pub(crate) struct Watch<K: Described> {
    /// Only in this namespace
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Only this one
    #[arg(value_name = K::REF)]
    pub(crate) reference: Option<String>,
    /// Begin after this revision or position (`12` or `12-89abcdef`; 0: from the first change).
    /// Without it: with the next change
    #[arg(long, value_name = "POSITION")]
    pub(crate) after: Option<String>,
    /// Only changes that this actor made
    #[arg(long = "by", value_name = "ACTOR")]
    pub(crate) actor: Option<String>,
    /// End after so many changes
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// End when all changes up to now are printed
    #[arg(long)]
    pub(crate) once: bool,
    #[arg(skip)]
    pub(crate) kind: PhantomData<K>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_with_and_without_its_namespace() {
        let text = |kind, namespace, reference| {
            let key = key_of(kind, namespace, reference);
            key.map(|key| key.to_string())
                .map_err(|failure| failure.lines()[0].message.clone())
        };
        let node = MeshKind::Node;
        assert_eq!(text(node, None, Some("a/b")), Ok("a/b".to_owned()));
        assert_eq!(text(node, Some("a/x"), Some("b")), Ok("a%2Fx/b".to_owned()));
        assert_eq!(
            text(MeshKind::Namespace, Some("a"), None),
            Ok("a".to_owned())
        );
        assert_eq!(
            text(MeshKind::Endpoint, Some("a"), Some("b/c")),
            Ok("a/b/c".to_owned())
        );
        for (namespace, reference) in [(None, "b"), (Some("a"), "b/c"), (None, "a/ ")] {
            let message = text(node, namespace, Some(reference)).unwrap_err();
            assert!(
                message.contains("named as namespace/nodeId, or -n NAMESPACE nodeId"),
                "{message}"
            );
            let has_slash = reference == "b/c";
            assert_eq!(message.ends_with("written as %2F"), has_slash, "{message}");
        }
    }
}
