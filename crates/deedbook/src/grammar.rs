//! The grammar of the command line: `deedbook KIND VERB [REF]`, and the whole-book commands.

pub(crate) mod arguments;
pub(crate) mod bench;
pub(crate) mod book;
pub(crate) mod component;
pub(crate) mod login;
pub(crate) mod mesh;
pub(crate) mod omnirelay;
pub(crate) mod principal;
pub(crate) mod serve;
pub(crate) mod values;

use std::path::PathBuf;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{ArgAction, Args, Parser, Subcommand};
use deedbook_api::client::ServerUrl;

use values::{ColorChoice, Format};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "\
Examples:
  deedbook registry add validators/           register every document in a folder
  deedbook registry ls --tag canary           list components by tag
  deedbook registry get doc_gate@^2           show one component
  deedbook registry graph doc_gate            show what it depends on
  deedbook node add edge/n1 --zone z1         say where shards may be
  deedbook shard ls -n edge --owner n1        list what a node has
  deedbook why doc_gate/description           say who set a field, when and why
  deedbook registry ls --at -7d               list what there was a week ago
  deedbook audit verify                       prove that nobody touched the past

Exit status: 0 done, 1 differences or nothing matched, 2 invalid input, 3 not found, 4 conflict,
5 denied, 6 unavailable, 7 integrity broken, 8 partly done, 9 compacted away, 64 usage,
70 internal. `deedbook explain CODE` says more.";

/// Keep what exists in your system in one book: who added it, what needs it, how it looked.
#[derive(Debug, Parser)]
#[command(
    name = "deedbook",
    version,
    styles = STYLES,
    max_term_width = 100,
    after_help = EXAMPLES,
    subcommand_required = true,
    arg_required_else_help = false,
    infer_long_args = false
)]
pub(crate) struct Deedbook {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the link named `omnibase` takes.
#[derive(Debug, Parser)]
#[command(name = "omnibase", version, styles = STYLES, max_term_width = 100)]
pub(crate) struct Omnibase {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: OmnibaseCommand,
}

/// Options that every command has.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Print the result in this form (default: human)
    #[arg(
        short = 'o',
        long = "output",
        visible_alias = "format",
        id = "output",
        value_name = "FORMAT",
        global = true,
        value_parser = values::plain_formats()
    )]
    pub(crate) output: Option<Format>,

    /// As `--output json`, in the words of the reference tools
    #[arg(long, global = true, hide = true, conflicts_with = "output")]
    pub(crate) json: bool,

    /// Folder of the book (default: `.deedbook` here or in a parent)
    #[arg(long, value_name = "FOLDER", global = true)]
    pub(crate) data: Option<PathBuf>,

    /// Server that has the book, instead of a folder: http://HOST:PORT or https://HOST:PORT
    #[arg(long, value_name = "URL", global = true, conflicts_with = "data")]
    pub(crate) url: Option<ServerUrl>,

    /// File with the token for the server (default: what `deedbook login` keeps)
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) token_file: Option<PathBuf>,

    /// File with certificates of authorities that vouch for the server (default: the system's)
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) ca_file: Option<PathBuf>,

    /// Print no warnings, hints, progress or summary
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// Say on stderr which book is used and how long things took
    #[arg(short, long, global = true, action = ArgAction::SetTrue, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// Colour the output (default: on a terminal, unless NO_COLOR is set)
    #[arg(long, value_name = "WHEN", global = true)]
    pub(crate) color: Option<ColorChoice>,
}

/// Everything that `deedbook` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register, find and change components
    #[command(subcommand, visible_alias = "registry")]
    Component(component::Component),
    /// Say who may use the book over the network
    #[command(subcommand, visible_alias = "token")]
    Principal(principal::Principal),
    /// Namespaces: the units of isolation, with their policy
    #[command(subcommand)]
    Namespace(mesh::Verbs<mesh::kinds::Namespaces>),
    /// Nodes: what owns shards
    #[command(subcommand)]
    Node(mesh::Verbs<mesh::kinds::Nodes>),
    /// Services: what is offered at endpoints
    #[command(subcommand)]
    Service(mesh::Verbs<mesh::kinds::Services>),
    /// Endpoints: where to reach a service
    #[command(subcommand)]
    Endpoint(mesh::Verbs<mesh::kinds::Endpoints>),
    /// Shards: who owns what, since when, and what should move
    #[command(subcommand)]
    Shard(mesh::shard::Shard),
    /// The same by their plurals: `mesh nodes ls` is `node ls`
    #[command(subcommand)]
    Mesh(mesh::Mesh),
    Apply(mesh::shard::Apply),
    Undo(mesh::shard::Undo),
    Search(component::Search),
    Graph(component::Graph),
    Log(book::Log),
    Why(book::Why),
    Diff(book::Diff),
    Watch(book::Watch),
    /// Check documents without a book
    #[command(subcommand)]
    Validate(book::Validate),
    /// Prove that the past is what was written
    #[command(subcommand)]
    Audit(book::Audit),
    /// Write a snapshot, so that the next start is quick
    Snapshot,
    Backup(book::Backup),
    Restore(book::Restore),
    Login(login::Login),
    Logout(login::Logout),
    Serve(serve::Serve),
    Bench(bench::Bench),
    /// Show document schemas and version rules
    #[command(subcommand)]
    Schema(book::Schema),
    /// Compare versions
    #[command(subcommand)]
    Version(book::Version),
    /// Show the configuration
    #[command(subcommand)]
    Config(book::Config),
    Doctor(book::Doctor),
    Explain(book::Explain),
    Completions(book::Completions),
    Man(book::Man),
}

/// The commands of the reference tool that exist here.
#[derive(Debug, Subcommand)]
pub(crate) enum OmnibaseCommand {
    /// Register, list and show components
    #[command(subcommand)]
    Registry(OmnibaseRegistry),
    /// Check documents without a book
    #[command(subcommand)]
    Validate(book::Validate),
}

/// What `omnibase registry` takes.
#[derive(Debug, Subcommand)]
pub(crate) enum OmnibaseRegistry {
    Add(component::Add),
    Ls(component::List),
    Get(component::Get),
}

impl From<OmnibaseCommand> for Command {
    fn from(command: OmnibaseCommand) -> Command {
        use component::Component;
        match command {
            OmnibaseCommand::Registry(OmnibaseRegistry::Add(args)) => {
                Command::Component(Component::Add(args))
            }
            OmnibaseCommand::Registry(OmnibaseRegistry::Ls(args)) => {
                Command::Component(Component::Ls(args))
            }
            OmnibaseCommand::Registry(OmnibaseRegistry::Get(args)) => {
                Command::Component(Component::Get(args))
            }
            OmnibaseCommand::Validate(args) => Command::Validate(args),
        }
    }
}
