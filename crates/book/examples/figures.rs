//! Measures what `docs/BENCHMARKS.md` states: medians of three runs, with the least and most.
//!
//! ```sh
//! cargo build --release --workspace
//! cargo run --release -p deedbook-book --example figures            # all of it
//! cargo run --release -p deedbook-book --example figures -- search  # some of it
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measuring program: it stops at the first surprise, and it reads the clock"
)]

use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use bytes::Bytes;
use deedbook_book::{Book, OpenOptions};
use deedbook_log::{Access, Appended, Log, SqliteLog};
use deedbook_model::batch::BatchBuilder;
use deedbook_model::component::{Component, Draft, MetaType};
use deedbook_model::version_spec::VersionSpec;
use deedbook_model::{
    Change, CommandInfo, Generation, Head, Kind, Revision, StateRoot, Timestamp, Verb, WriterId,
};
use deedbook_rules::components::{NameOrUuid, Query};
use deedbook_rules::{Command, Write};

const RUNS: usize = 3;
const COMPONENTS: u64 = 100_000;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [word, dir] = args.as_slice()
        && word == "open-child"
    {
        return open_child(Path::new(dir));
    }
    if let [word, dir] = args.as_slice()
        && word == "fill"
    {
        let book = Book::open(Path::new(dir), &OpenOptions::default()).unwrap();
        return fill(&book, COMPONENTS);
    }
    let wanted = |name: &str| args.is_empty() || args.iter().any(|arg| arg == name);
    println!("| what | min | **median** | max |\n|---|---|---|---|");
    if wanted("log") {
        log_rate();
    }
    if wanted("callers") {
        callers();
    }
    if wanted("lookup") || wanted("search") || wanted("open") {
        large_book(&wanted);
    }
    if wanted("cli") {
        cli();
    }
}

fn report(what: &str, unit: &str, mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let (min, median, max) = (
        figures[0],
        figures[figures.len() / 2],
        figures[figures.len() - 1],
    );
    println!("| {what} | {min:.3} {unit} | **{median:.3} {unit}** | {max:.3} {unit} |");
    median
}

fn seconds(run: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    run();
    begin.elapsed().as_secs_f64()
}

/// A component of about 1.1 KB as it is stored.
fn component(n: u64) -> Draft {
    let tags = [
        "pre-commit",
        "canary",
        "nightly",
        "storage",
        "network",
        "parser",
        "frontend",
    ];
    let words = [
        "lines",
        "orders",
        "parcels",
        "ledgers",
        "routes",
        "labels",
        "addresses",
    ];
    let mut builder = Component::builder(format!("component_{n}"), "1.0.0", MetaType::Validator)
        .uuid(uuid_of(n))
        .namespace(format!("example.team_{}.component_{n}", n % 97))
        .description(format!(
            "Checks that {} and {} agree before a release is cut; number {n}.",
            words[(n % 7) as usize],
            words[(n / 7 % 7) as usize],
        ))
        .entrypoint("python", format!("checks/component_{n}.py"))
        .tag(tags[(n % 7) as usize])
        .tag(format!("team-{}", n % 97))
        .capability("validate")
        .annotation("example.dev/reviewer", "ada")
        .annotation("example.dev/cost-centre", format!("cc-{}", n % 13));
    if n >= 10 {
        builder = builder.depends_on(format!("component_{}", n / 10), "^1");
    }
    builder.build().expect("a valid component")
}

fn uuid_of(n: u64) -> uuid::Uuid {
    let spread = u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    uuid::Builder::from_random_bytes(spread.to_be_bytes()).into_uuid()
}

fn register(n: u64) -> Write {
    Write::Register {
        draft: Arc::new(component(n)),
        require_dependencies: false,
    }
}

fn fill(book: &Book, count: u64) {
    for begin in (0..count).step_by(1000) {
        let writes = (begin..count.min(begin + 1000)).map(register).collect();
        book.execute(Command {
            writes,
            ..Command::of("bench", register(begin))
        })
        .expect("registered");
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(std::env::var_os("FIGURES_DIR").unwrap_or(".".into())).unwrap()
}

/// Durable appends of 256 changes of 300 bytes.
fn log_rate() {
    const BATCHES: u64 = 400;
    let mut rates = Vec::new();
    for _ in 0..RUNS {
        let folder = folder();
        let access = Access::Write {
            wait: Duration::ZERO,
            create: true,
        };
        let log = SqliteLog::open(&folder.path().join("book"), access).unwrap();
        let mut head = Head::EMPTY;
        let mut batches = Vec::new();
        for counter in 0..BATCHES {
            let mut builder = BatchBuilder::new(head, WriterId([1; 16]), counter);
            for _ in 0..256 {
                let revision = builder.next_revision();
                let info = CommandInfo {
                    first: revision,
                    last: revision,
                    time: Timestamp::default(),
                    actor: "bench".into(),
                    reason: "register".into(),
                    ticket: None,
                    request_id: None,
                    keyed: None,
                };
                let change = Change {
                    revision,
                    command: Arc::new(info.clone()),
                    kind: Kind::COMPONENT,
                    key: uuid_of(revision.0).to_string().into(),
                    verb: Verb::REGISTERED,
                    generation: Generation(1),
                    previous: None,
                    record: Some(Bytes::from(vec![b'x'; 300])),
                };
                builder.push(&info, &[change], || [7; 16]);
            }
            let batch = builder.finish(StateRoot::EMPTY, 0);
            head = batch.head();
            batches.push(batch);
        }
        let mut at = Head::EMPTY;
        let took = seconds(|| {
            for batch in &batches {
                assert_eq!(log.append(at, batch).unwrap(), Appended::Done);
                at = batch.head();
            }
        });
        rates.push(BATCHES as f64 * 256.0 / took / 1000.0);
    }
    report(
        "SQLite log alone, 256 changes of 300 bytes a batch",
        "k changes/s",
        rates,
    );
}

/// One caller and 64, each waiting for its answer.
fn callers() {
    let rate = |callers: u64, each: u64| {
        let folder = folder();
        let book = Book::open(&folder.path().join("book"), &OpenOptions::default()).unwrap();
        let drafts: Vec<Vec<Write>> = (0..callers)
            .map(|c| (0..each).map(|n| register(c * each + n)).collect())
            .collect();
        let begin = Arc::new(Barrier::new(callers as usize + 1));
        let threads: Vec<_> = drafts
            .into_iter()
            .map(|writes| {
                let (book, begin) = (book.clone(), Arc::clone(&begin));
                std::thread::spawn(move || {
                    begin.wait();
                    for write in writes {
                        book.execute(Command::of("bench", write)).unwrap();
                    }
                })
            })
            .collect();
        begin.wait();
        let took = seconds(|| {
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap())
        });
        (callers * each) as f64 / took / 1000.0
    };
    let one = (0..RUNS).map(|_| rate(1, 2000)).collect();
    let one = report("registrations by one caller", "k/s", one);
    let many = (0..RUNS).map(|_| rate(64, 500)).collect();
    let many = report("registrations by 64 concurrent callers", "k/s", many);
    println!("| 64 callers against one | | **{:.1} ×** | |", many / one);
}

fn large_book(wanted: &dyn Fn(&str) -> bool) {
    let folder = folder();
    let dir = folder.path().join("book");
    let options = OpenOptions {
        projection: false,
        ..OpenOptions::default()
    };
    let book = Book::open(&dir, &options).unwrap();
    fill(&book, COMPONENTS);
    let view = book.view();
    let stored = view.stored_bytes() / COMPONENTS;
    println!("| (100,000 components, {stored} bytes each as stored) | | | |");
    if wanted("lookup") {
        lookups(&view);
    }
    if wanted("search") {
        searches(&view);
    }
    drop(view);
    book.close().unwrap();
    drop(book);
    if wanted("open") {
        opens(&dir);
        serves(&dir);
        let book = Book::open(&dir, &options).unwrap();
        book.snapshot().unwrap();
        drop(book);
        println!("| (the same with a snapshot at the end) | | | |");
        opens(&dir);
    }
}

fn lookups(view: &deedbook_book::View) {
    const LOOKUPS: u64 = 1_000_000;
    let places: Vec<u64> = (0..LOOKUPS)
        .map(|n| n.wrapping_mul(6_364_136_223_846_793_005) >> 20)
        .map(|n| n % COMPONENTS)
        .collect();
    let uuids: Vec<NameOrUuid> = (0..COMPONENTS)
        .map(|n| NameOrUuid::of(&uuid_of(n).to_string()))
        .collect();
    let names: Vec<NameOrUuid> = (0..COMPONENTS)
        .map(|n| NameOrUuid::of(&format!("component_{n}")))
        .collect();
    let spec = VersionSpec::parse("^1").unwrap();
    let each = |took: f64| took * 1e6 / LOOKUPS as f64;
    let by_uuid = (0..RUNS).map(|_| {
        each(seconds(|| {
            for place in &places {
                black_box(view.lookup(&uuids[*place as usize], None).unwrap());
            }
        }))
    });
    report("look-up by uuid, random", "µs", by_uuid.collect());
    let by_name = (0..RUNS).map(|_| {
        each(seconds(|| {
            for place in &places {
                let name = &names[*place as usize];
                black_box(view.lookup(name, Some(&spec)).unwrap());
            }
        }))
    });
    report("look-up by name and `^1`, random", "µs", by_name.collect());
}

fn searches(view: &deedbook_book::View) {
    let search = |query: Query| {
        let times = (0..RUNS).map(|_| {
            let count = 20;
            1e3 * seconds(|| {
                for _ in 0..count {
                    black_box(view.search(black_box(&query), 20, None).unwrap());
                }
            }) / f64::from(count)
        });
        times.collect::<Vec<_>>()
    };
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
    let query = Query {
        tags: tags(&["canary", "team-13"]),
        ..Query::default()
    };
    report("search by two tags, a page of 20", "ms", search(query));
    let query = Query {
        tags: tags(&["canary"]),
        ..Query::default()
    };
    report("search by tag, a page of 20", "ms", search(query));
    let query = Query {
        text: Some("ledgers release".into()),
        ..Query::default()
    };
    report(
        "search by text that many match, a page of 20",
        "ms",
        search(query),
    );
    let query = Query {
        text: Some("number 99999".into()),
        ..Query::default()
    };
    report(
        "search by text that few match (all is looked at)",
        "ms",
        search(query),
    );
}

fn opens(dir: &Path) {
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let child = Process::new(std::env::current_exe().unwrap())
            .args(["open-child".as_ref(), dir.as_os_str()])
            .output()
            .unwrap();
        let text = String::from_utf8(child.stdout).unwrap();
        let mut figures = text
            .split_whitespace()
            .map(|figure| figure.parse::<f64>().unwrap());
        times.push(figures.next().unwrap());
        sizes.push(figures.next().unwrap());
    }
    report("opening it, a fresh process", "s", times);
    report("memory once open (resident)", "MiB", sizes);
}

fn open_child(dir: &Path) {
    let begin = Instant::now();
    let book = Book::open_read_only(dir).unwrap();
    let took = begin.elapsed().as_secs_f64();
    assert_eq!(book.view().component_count() as u64, COMPONENTS);
    assert!(book.view().head().revision > Revision(COMPONENTS));
    println!("{took} {}", resident("self"));
}

/// Memory of a process in MiB.
fn resident(process: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let resident = status.lines().find(|line| line.starts_with("VmRSS:"));
    let resident = resident
        .and_then(|line| line.split_whitespace().nth(1))
        .unwrap_or("0");
    resident.parse::<f64>().unwrap() / 1024.0
}

/// The server, until it says where it listens.
fn serves(dir: &Path) {
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let begin = Instant::now();
        let mut server = Process::new(program())
            .args(["serve", "--listen", "127.0.0.1:0", "--quiet", "--data"])
            .arg(dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("build it first: cargo build --release --workspace");
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        times.push(begin.elapsed().as_secs_f64());
        assert!(line.contains("http://"), "{line}");
        sizes.push(resident(&server.id().to_string()));
        server.kill().unwrap();
        server.wait().unwrap();
    }
    report("`serve` until it listens", "s", times);
    report("memory of the server then (resident)", "MiB", sizes);
}

fn program() -> PathBuf {
    let program = std::env::var_os("FIGURES_BIN")
        .map_or_else(|| PathBuf::from("target/release/deedbook"), PathBuf::from);
    std::path::absolute(program).unwrap()
}

/// Whole processes of the command line.
fn cli() {
    let program = program();
    let run = |dir: &Path, args: &[&str]| {
        let status = Process::new(&program)
            .args(args)
            .current_dir(dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("build it first: cargo build --release --workspace");
        assert!(status.success(), "{args:?}: {status}");
    };
    let (mut adds, mut gets, mut threes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let folder = folder();
        let dir = folder.path();
        let small = dir.join("small");
        std::fs::create_dir(&small).unwrap();
        let document = serde_json::to_vec_pretty(component(5).document()).unwrap();
        std::fs::write(small.join("one.json"), document).unwrap();
        // Before the many files: a disk that is still writing those makes every sync wait.
        threes.push(
            1e3 * seconds(|| {
                run(&small, &["registry", "add", "one.json"]);
                run(&small, &["registry", "get", "component_5"]);
                run(&small, &["registry", "graph", "component_5"]);
            }),
        );
        std::fs::create_dir(dir.join("components")).unwrap();
        for n in 0..10_000 {
            let document = serde_json::to_vec_pretty(component(n).document()).unwrap();
            std::fs::write(dir.join(format!("components/{n:05}.json")), document).unwrap();
        }
        adds.push(seconds(|| run(dir, &["registry", "add", "components"])));
        gets.push(1e3 * seconds(|| run(dir, &["registry", "get", "component_4321"])));
    }
    report("`registry add` of a folder of 10,000 files", "s", adds);
    report("`registry get` on a book of 10,000", "ms", gets);
    report(
        "register, look up, graph: three commands in a new book",
        "ms",
        threes,
    );
}
