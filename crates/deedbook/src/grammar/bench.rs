//! `bench`: what to measure.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Measure a Deedbook: clients in a closed loop that check every answer
///
/// Without --url or --in-process it starts a server of its own in a temporary folder, with a token,
/// and ends it afterwards. It registers components whose names begin with `bench_`, and makes shards
/// in namespaces that begin with `bench-`: don't point it at a book that is in use.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook bench
  deedbook bench get --connections 1,16,64 --seconds 10
  deedbook bench mixed --rate 500
  deedbook bench get search --protocol grpc --connections 8 --in-flight 8
  deedbook bench -o json > before.json; deedbook bench --compare before.json")]
pub(crate) struct Bench {
    /// What to measure (default: all of it)
    #[arg(value_name = "WORK")]
    pub(crate) works: Vec<BenchWork>,
    /// Measure a book in this process, without a network
    #[arg(long, conflicts_with = "url")]
    pub(crate) in_process: bool,
    /// Where to make the book that is measured (default: the folder for temporary files)
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    pub(crate) dir: Option<PathBuf>,
    /// How the server is asked
    #[arg(
        long,
        value_name = "PROTOCOL",
        default_value = "http",
        conflicts_with = "in_process"
    )]
    pub(crate) protocol: BenchProtocol,
    /// Threads of the server that is started
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) server_threads: u8,
    /// Threads of the clients
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) client_threads: u8,
    /// Connections of all works but watch and mixed; several numbers are measured in turn
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,64",
          value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) connections: Vec<u16>,
    /// Requests at a time on each connection; more than one takes gRPC
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) in_flight: u16,
    /// Components, or shards, that are there before
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) components: u32,
    /// Bytes of a component's document
    #[arg(long, value_name = "BYTES", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(512..=4096))]
    pub(crate) size: u32,
    /// How long each measurement lasts
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) seconds: u32,
    /// How long before each the clients run without being counted
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub(crate) warm_up: u32,
    /// How often each is measured; the table shows the one in the middle
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) repeats: u8,
    /// Writers of mixed
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) writers: u16,
    /// Readers of mixed
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) readers: u16,
    /// Requests a second of all clients together (default: as fast as answers come)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Watchers of watch; several numbers are measured in turn
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,100",
          value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) watchers: Vec<u16>,
    /// Changes that watch makes, one after the other
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) changes: u32,
    /// Set it beside what an earlier `bench -o json` printed
    #[arg(long, value_name = "FILE")]
    pub(crate) compare: Option<PathBuf>,
}

/// How a server is asked.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum BenchProtocol {
    /// HTTP/1.1 and its JSON
    Http,
    /// gRPC, `deedbook.v1`
    Grpc,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum BenchWork {
    /// Register new components
    Register,
    /// Change components of one's own, each only if it is as it was left
    Update,
    /// Get components by uuid
    Get,
    /// Search by tag, a page of 20
    Search,
    /// From sending a change to the last watcher having it
    Watch,
    /// Writers that update beside readers that get
    Mixed,
    /// Get shards
    ShardGet,
    /// Give shards of one's own to other nodes, each only if it is as it was left
    Transfer,
    /// The same, 64 of them a request
    TransferMany,
}
