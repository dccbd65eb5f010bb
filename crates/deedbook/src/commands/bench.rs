//! `bench`: measures a Deedbook.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::time::Duration;

use deedbook_bench::{BenchError, Comparison, Plan, Protocol, Report, Row, Target, Work, run};
use deedbook_book::{Book, OpenOptions};
use deedbook_model::{Capability, Grant, Token};
use deedbook_rules::command::NewToken;
use deedbook_rules::{Command, Write};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;

use crate::config::{Config, Source};
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::bench::{Bench, BenchProtocol, BenchWork};
use crate::grammar::values::Format;
use crate::output::stderr_is_terminal;
use crate::output::table::Table;
use crate::server;

/// Status of a measurement in which answers were wrong.
const PARTLY: u8 = 8;

#[derive(Serialize)]
struct Compared<'a> {
    #[serde(flatten)]
    report: &'a Report,
    compared: Vec<Comparison>,
}

/// Measures, and prints a row for each work.
pub(crate) fn bench(args: &Bench, context: &mut Context) -> Result<(), Failure> {
    let earlier = args.compare.as_deref().map(read_report).transpose()?;
    let plan = plan(args);
    let (target, own) = target(args, &context.config)?;
    let output = &mut context.output;
    let is_watched = stderr_is_terminal();
    let report = run(&plan, &target, |text| {
        if is_watched {
            output.note(text);
        }
    });
    drop(own);
    let report = report.map_err(failure)?;
    let compared = earlier.map(|earlier| report.compare(&earlier));
    print(&report, compared, context)?;
    if report.has_errors() {
        return Err(Failure::Status(PARTLY));
    }
    Ok(())
}

fn plan(args: &Bench) -> Plan {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let counts = |counts: &[u16]| counts.iter().map(|count| usize::from(*count)).collect();
    Plan {
        works: if args.works.is_empty() {
            let over_network = |work: &Work| !(args.in_process && *work == Work::Watch);
            Work::ALL.into_iter().filter(over_network).collect()
        } else {
            args.works.iter().copied().map(work).collect()
        },
        connections: counts(&args.connections),
        in_flight: args.in_flight.into(),
        components: args.components as usize,
        size: args.size as usize,
        time: seconds(args.seconds),
        warm_up: seconds(args.warm_up),
        repeats: args.repeats.into(),
        writers: args.writers.into(),
        readers: args.readers.into(),
        rate: args.rate,
        watchers: counts(&args.watchers),
        changes: args.changes as usize,
        threads: args.client_threads.into(),
    }
}

fn work(work: BenchWork) -> Work {
    match work {
        BenchWork::Register => Work::Register,
        BenchWork::Update => Work::Update,
        BenchWork::Get => Work::Get,
        BenchWork::Search => Work::Search,
        BenchWork::Watch => Work::Watch,
        BenchWork::Mixed => Work::Mixed,
        BenchWork::ShardGet => Work::ShardGet,
        BenchWork::Transfer => Work::Transfer,
        BenchWork::TransferMany => Work::TransferMany,
    }
}

fn protocol(args: &Bench) -> Protocol {
    match args.protocol {
        BenchProtocol::Http => Protocol::Http,
        BenchProtocol::Grpc => Protocol::Grpc,
    }
}

/// What is measured, and what was made for it.
fn target(args: &Bench, config: &Config) -> Result<(Target, Option<Own>), Failure> {
    // What fills a book with its own components has to be sent there by a word of its own.
    if let (Some(url), Source::Flag(_)) = (&config.url.value, &config.url.source) {
        let token = server::token_for(url, config)?;
        let token = token.map(|token| token.reveal().to_owned());
        let target = Target::server(&url.to_string(), protocol(args), token).map_err(failure)?;
        return Ok((target, None));
    }
    let mut own = Own::new(args.dir.clone().unwrap_or_else(std::env::temp_dir))?;
    let target = if args.in_process {
        Target::book(Book::open(&own.folder, &OpenOptions::default())?)
    } else {
        let token = own.make_token()?;
        let url = own.serve(args.server_threads)?;
        Target::server(&url, protocol(args), Some(token)).map_err(failure)?
    };
    Ok((target, Some(own)))
}

fn read_report(path: &Path) -> Result<Report, Failure> {
    let text = fs::read(path).map_err(|error| Failure::reading(path, error))?;
    serde_json::from_slice(&text).map_err(|error| {
        let path = path.display();
        Failure::Invalid(format!("{path} isn't what `bench -o json` prints: {error}"))
    })
}

/// A book made to be measured, and its server.
struct Own {
    folder: PathBuf,
    server: Option<Child>,
}

impl Own {
    fn new(parent: PathBuf) -> Result<Own, Failure> {
        let name = format!("deedbook-bench-{}", std::process::id());
        let folder = parent.join(name);
        fs::create_dir(&folder).map_err(|error| Failure::writing(&folder, error))?;
        Ok(Own {
            folder,
            server: None,
        })
    }

    /// Whoever shows it may do all that is measured.
    fn make_token(&self) -> Result<String, Failure> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| Failure::Internal(error.to_string()))?;
        let token = Token::of_secret(secret);
        let book = Book::open(&self.folder, &OpenOptions::default())?;
        let grants = [
            Capability::RegistryRead,
            Capability::RegistryWrite,
            Capability::MeshRead,
            Capability::MeshOperate,
            Capability::Admin,
        ];
        let write = Write::CreatePrincipal {
            name: "bench".to_owned(),
            grants: grants.map(Grant::of_all).into_iter().collect(),
            token: NewToken {
                hash: token.hash(),
                expires_at: None,
            },
        };
        book.execute(Command::of("bench", write))?;
        book.close()?;
        Ok(token.reveal())
    }

    /// Starts a server; its URL.
    fn serve(&mut self, threads: u8) -> Result<String, Failure> {
        let failed = |error| Failure::File {
            path: PathBuf::from("deedbook"),
            action: "run",
            source: error,
        };
        let program = std::env::current_exe().map_err(failed)?;
        let server = Process::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--quiet", "--threads"])
            .arg(threads.to_string())
            .arg("--data")
            .arg(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let server = self.server.insert(server);
        let mut line = String::new();
        if let Some(stdout) = &mut server.stdout {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(failed)?;
        }
        match line.trim().strip_prefix("listening: ") {
            Some(url) => Ok(url.to_owned()),
            None => Err(Failure::Internal("the server didn't start".to_owned())),
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let pid = i32::try_from(server.id()).ok().and_then(Pid::from_raw);
            if pid.is_none_or(|pid| kill_process(pid, Signal::TERM).is_err()) {
                let _ = server.kill();
            }
            let _ = server.wait();
        }
        // Nothing in it is of use to anybody.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn failure(error: BenchError) -> Failure {
    match error {
        BenchError::Url { .. } | BenchError::NotHere(_) => Failure::Invalid(error.to_string()),
        other => {
            let source = std::error::Error::source(&other);
            let source = source
                .map(|source| format!(": {source}"))
                .unwrap_or_default();
            Failure::Interrupted(format!("{other}{source}"))
        }
    }
}

fn print(
    report: &Report,
    compared: Option<Vec<Comparison>>,
    context: &mut Context,
) -> Result<(), Failure> {
    let output = &mut context.output;
    if output.format == Format::Human {
        output.text(&table(&report.rows).render())?;
        for row in &report.rows {
            if let Some(error) = &row.first_error {
                output.note(&format!("{}: {error}", row.work));
            }
        }
        return match compared {
            Some(compared) => output.text(&format!("\n{}", comparison(&compared).render())),
            None => Ok(()),
        };
    }
    match compared {
        Some(compared) => output.value(&Compared { report, compared }),
        None => output.value(report),
    }
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&[
        "WORK",
        "CLIENTS",
        "PER SECOND",
        "LEAST",
        "MOST",
        "P50",
        "P95",
        "P99",
        "P99.9",
        "ERRORS",
    ]);
    for row in rows {
        table.row([
            row.work.clone(),
            row.clients.to_string(),
            format!("{:.0}", row.per_second.median),
            format!("{:.0}", row.per_second.min),
            format!("{:.0}", row.per_second.max),
            latency(row.p50_us),
            latency(row.p95_us),
            latency(row.p99_us),
            latency(row.p999_us),
            row.errors.to_string(),
        ]);
    }
    table
}

fn comparison(rows: &[Comparison]) -> Table {
    let mut table = Table::new(&["WORK", "CLIENTS", "PER SECOND", "P99", "IS IT SO"]);
    for row in rows {
        table.row([
            row.work.clone(),
            row.clients.to_string(),
            format!("× {:.2}", row.per_second),
            format!("× {:.2}", row.p99),
            if row.is_clear {
                "clearly"
            } else {
                "within the spread"
            }
            .to_owned(),
        ]);
    }
    table
}

fn latency(micros: f64) -> String {
    match micros {
        ..1000.0 => format!("{micros:.0} µs"),
        ..100_000.0 => format!("{:.1} ms", micros / 1000.0),
        _ => format!("{:.0} ms", micros / 1000.0),
    }
}
