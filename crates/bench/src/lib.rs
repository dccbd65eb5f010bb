//! Measures a Deedbook: closed loops of clients that check their answers.
//!
//! ```text
//! Plan ─► fill ─► for each work and number of connections: warm up, measure, sum up ─► Report
//! ```
//!
//! A client sends its next request once the one before is answered, so throughput and latency are
//! those of so many clients and no more. A wrong answer counts as an error, as a refused one does.

mod clients;
mod documents;
mod grpc;
mod histogram;
mod http;
mod report;
mod shards;
mod target;
mod watching;

use std::time::Duration;

pub use report::{Comparison, Report, Row, Spread};
pub use target::{Protocol, Target};

use clients::Role;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Register new components.
    Register,
    /// Change components of one's own, each only if it is as it was left.
    Update,
    /// Get components by uuid.
    Get,
    /// Search by tag, a page of 20.
    Search,
    /// The time from sending a change to each watcher having it.
    Watch,
    /// Writers that update beside readers that get.
    Mixed,
    /// Get shards.
    ShardGet,
    /// Give shards of one's own to other nodes, each only if it is as it was left.
    Transfer,
    /// The same, [`BATCH`] of them a request.
    TransferMany,
}

/// How many shards a request of [`Work::TransferMany`] gives away.
pub const BATCH: usize = 64;

impl Work {
    /// All of them.
    pub const ALL: [Work; 9] = [
        Work::Register,
        Work::Update,
        Work::Get,
        Work::Search,
        Work::Watch,
        Work::Mixed,
        Work::ShardGet,
        Work::Transfer,
        Work::TransferMany,
    ];

    /// Whether it is about shards, and not about components.
    fn is_of_shards(self) -> bool {
        matches!(self, Work::ShardGet | Work::Transfer | Work::TransferMany)
    }

    /// Its name on the command line and in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Work::Register => "register",
            Work::Update => "update",
            Work::Get => "get",
            Work::Search => "search",
            Work::Watch => "watch",
            Work::Mixed => "mixed",
            Work::ShardGet => "shard-get",
            Work::Transfer => "transfer",
            Work::TransferMany => "transfer-many",
        }
    }
}

/// What to measure, and how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which works, in this order.
    pub works: Vec<Work>,
    /// Connections of all works but `watch` and `mixed`: each number is measured.
    pub connections: Vec<usize>,
    /// Requests at a time on each connection; more than one takes gRPC.
    pub in_flight: usize,
    /// Components, or shards, that are there before; those that are missing are made.
    pub components: usize,
    /// Bytes of a component's document.
    pub size: usize,
    /// How long each measurement lasts.
    pub time: Duration,
    /// How long before each the clients run without being counted.
    pub warm_up: Duration,
    /// How often each measurement is made.
    pub repeats: usize,
    /// Writers of `mixed`.
    pub writers: usize,
    /// Readers of `mixed`.
    pub readers: usize,
    /// Requests a second of all clients together; none: as fast as answers come.
    pub rate: Option<u32>,
    /// Watchers of `watch`: each number is measured.
    pub watchers: Vec<usize>,
    /// Changes that `watch` makes in each measurement.
    pub changes: usize,
    /// Threads of the clients.
    pub threads: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            works: Work::ALL.to_vec(),
            connections: vec![1, 64],
            in_flight: 1,
            components: 10_000,
            size: 1024,
            time: Duration::from_secs(4),
            warm_up: Duration::from_secs(1),
            repeats: 3,
            writers: 50,
            readers: 200,
            rate: None,
            watchers: vec![1, 100],
            changes: 200,
            threads: 1,
        }
    }
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The URL isn't one that is spoken here.
    #[error("{url}: {reason}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The Deedbook can't be reached, or went away.
    #[error("can't reach {0}")]
    Unreachable(String, #[source] std::io::Error),
    /// It refused what has to be there before.
    #[error("the components to measure with can't be registered: {0}")]
    Fill(String),
    /// It can't be done with this target.
    #[error("{0}")]
    NotHere(&'static str),
    /// The operating system has no threads or events to give.
    #[error("can't start")]
    System(#[source] std::io::Error),
}

/// Measures; `tell` hears what is done at the moment.
///
/// # Errors
/// [`BenchError`]; an answer that is wrong or refused is no error but a figure of the report.
pub fn run(plan: &Plan, target: &Target, mut tell: impl FnMut(&str)) -> Result<Report, BenchError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(plan.threads.max(1))
        .enable_all()
        .build()
        .map_err(BenchError::System)?;
    runtime.block_on(async {
        // Before anything is made that can't be measured then.
        target.connect().await?.shared(plan.in_flight)?;
        if plan.works.iter().any(|work| !work.is_of_shards()) {
            tell(&format!("registering {} components", plan.components));
            clients::fill(plan, target, clients::component).await?;
        }
        if plan.works.iter().any(|work| work.is_of_shards()) {
            tell(&format!("making {} shards", plan.components));
            clients::fill(plan, target, clients::shard).await?;
        }
        let mut rows = Vec::new();
        for work in &plan.works {
            for roles in roles(*work, plan) {
                tell(&title(*work, &roles));
                rows.extend(clients::measure(plan, target, *work, &roles).await?);
            }
            if *work == Work::Watch {
                for watchers in &plan.watchers {
                    tell(&format!("watch, {watchers} watchers"));
                    rows.push(watching::measure(plan, target, *watchers).await?);
                }
            }
        }
        Ok(Report {
            target: target.to_string(),
            components: plan.components,
            size: plan.size,
            in_flight: plan.in_flight.max(1),
            rows,
        })
    })
}

/// The clients of each measurement of a work.
fn roles(work: Work, plan: &Plan) -> Vec<Vec<(Role, usize)>> {
    let alone = |role| {
        let counts = plan.connections.iter();
        let clients = counts.map(|count| vec![(role, count * plan.in_flight.max(1))]);
        clients.collect()
    };
    match work {
        Work::Register => alone(Role::Register),
        Work::Update => alone(Role::Update),
        Work::Get => alone(Role::Get),
        Work::Search => alone(Role::Search),
        Work::ShardGet => alone(Role::ShardGet),
        Work::Transfer => alone(Role::Transfer),
        Work::TransferMany => alone(Role::TransferMany),
        Work::Watch => Vec::new(),
        Work::Mixed => vec![vec![
            (Role::Update, plan.writers),
            (Role::Get, plan.readers),
        ]],
    }
}

fn title(work: Work, roles: &[(Role, usize)]) -> String {
    let counts: Vec<String> = roles
        .iter()
        .map(|(role, count)| format!("{count} × {}", role.as_str()))
        .collect();
    format!("{}: {}", work.as_str(), counts.join(" + "))
}
