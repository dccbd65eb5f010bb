//! Every way to watch × every way to be late, while eight write: each change once, in order, with
//! what was before and after it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deedbook_book::ChangeFilter;
use deedbook_model::{Kind, Revision};
use deedbook_server::Limits;
use deedbook_testkit::components::uuid_of_number;
use deedbook_testkit::wait;

use crate::sandbox::Sandbox;
use crate::watch_faces::{Face, Follower, Told, revision};
use crate::watch_oracle::{Oracle, Saw, WRITERS};

const COMMANDS: u64 = 12;

fn scopes() -> [ChangeFilter; 4] {
    let none = ChangeFilter::default();
    let prefix = uuid_of_number(0).to_string();
    [
        ChangeFilter {
            key: Some(uuid_of_number(1).to_string()),
            ..none.clone()
        },
        ChangeFilter {
            // The first sixteen.
            key_prefix: Some(prefix[..prefix.len() - 1].to_owned()),
            ..none.clone()
        },
        ChangeFilter {
            kind: Some(Kind::COMPONENT),
            ..none.clone()
        },
        none,
    ]
}

/// A book that eight write to, and a server on it.
struct Stage {
    sandbox: Sandbox,
    oracle: Oracle,
    is_written: AtomicBool,
}

impl Stage {
    fn new() -> Stage {
        let sandbox = Sandbox::limited(Limits {
            progress_time: Duration::from_millis(5),
            ..Limits::default()
        });
        let oracle = Oracle::of(&sandbox.book);
        oracle.prepare(&sandbox.book);
        Stage {
            sandbox,
            oracle,
            is_written: AtomicBool::new(false),
        }
    }

    /// Runs watchers while eight write.
    fn run(&self, watch: impl Fn(Face, &ChangeFilter) + Sync) {
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    scope.spawn(move || self.oracle.write(&self.sandbox.book, writer, COMMANDS))
                })
                .collect();
            for face in Face::ALL {
                for filter in scopes() {
                    let watch = &watch;
                    scope.spawn(move || watch(face, &filter));
                }
            }
            writers
                .into_iter()
                .for_each(|writer| writer.join().unwrap());
            self.is_written.store(true, Ordering::Release);
        });
    }

    fn wait_until_written(&self) {
        wait::until("all is written", || self.is_written.load(Ordering::Acquire));
    }

    fn open(&self, face: Face, filter: &ChangeFilter, after: &str) -> Watcher {
        Watcher {
            follower: face.open(&self.sandbox, filter, after),
            position: after.to_owned(),
            seen: Vec::new(),
            unfinished: 0,
            resync: None,
        }
    }

    /// Follows to the end of what is written.
    fn finish(&self, watcher: &mut Watcher) {
        loop {
            let is_written = self.is_written.load(Ordering::Acquire);
            if is_written && revision(&watcher.position) >= self.oracle.head() {
                return;
            }
            watcher.step();
        }
    }
}

struct Watcher {
    follower: Box<dyn Follower>,
    position: String,
    seen: Vec<Saw>,
    /// How many at the end belong to a command that wasn't told whole.
    unfinished: usize,
    resync: Option<String>,
}

impl Watcher {
    fn step(&mut self) {
        match self.follower.told() {
            Told::Change(saw, position) => {
                self.seen.push(saw);
                self.unfinished += 1;
                if let Some(position) = position {
                    self.advance(position);
                }
            }
            Told::Progress(position) => {
                assert_eq!(self.unfinished, 0, "a command was split");
                self.advance(position);
            }
            Told::Resync(position) => {
                assert!(self.seen.is_empty(), "it was of this history");
                self.resync = Some(position.clone());
                self.position = position;
            }
        }
    }

    fn advance(&mut self, position: String) {
        assert!(
            revision(&position) >= revision(&self.position),
            "it went back"
        );
        self.position = position;
        self.unfinished = 0;
    }

    /// Breaks off, as a client does that goes away: what wasn't told whole doesn't count.
    fn drop_here(mut self) -> (String, Vec<Saw>) {
        self.seen.truncate(self.seen.len() - self.unfinished);
        (self.position, self.seen)
    }
}

#[test]
fn slow() {
    let stage = Stage::new();
    stage.run(|face, filter| {
        let mut watcher = stage.open(face, filter, "0");
        stage.wait_until_written();
        stage.finish(&mut watcher);
        stage.oracle.check(0, filter, &watcher.seen);
    });
}

#[test]
fn stopped() {
    let stage = Stage::new();
    stage.run(|face, filter| {
        let mut watcher = stage.open(face, filter, "0");
        for _ in 0..5 {
            watcher.step();
        }
        stage.wait_until_written();
        stage.finish(&mut watcher);
        stage.oracle.check(0, filter, &watcher.seen);
    });
}

#[test]
fn resumed() {
    let stage = Stage::new();
    stage.run(|face, filter| {
        let (mut position, mut seen) = ("0".to_owned(), Vec::new());
        for events in (1..=7).cycle() {
            let mut watcher = stage.open(face, filter, &position);
            for _ in 0..events {
                watcher.step();
            }
            let (reached, some) = watcher.drop_here();
            position = reached;
            seen.extend(some);
            let is_written = stage.is_written.load(Ordering::Acquire);
            if is_written && revision(&position) >= stage.oracle.head() {
                break;
            }
        }
        stage.oracle.check(0, filter, &seen);
    });
}

#[test]
fn resumed_after_compaction() {
    let stage = Stage::new();
    let book = &stage.sandbox.book;
    let reached = Mutex::new(Vec::new());
    let watchers = Face::ALL.len() * scopes().len();
    stage.run(|face, filter| {
        let mut watcher = stage.open(face, filter, "0");
        for _ in 0..9 {
            watcher.step();
        }
        let (position, mut seen) = watcher.drop_here();
        // The floor rises as far as it may for all; the last to come lets it.
        let mut all = reached.lock().unwrap();
        all.push(revision(&position));
        if all.len() == watchers {
            let least = all.iter().min().copied().unwrap();
            book.compact(Revision(least)).unwrap();
        }
        drop(all);
        wait::until("the floor rose", || {
            book.stats().unwrap().floor > Revision(1)
        });
        let mut watcher = stage.open(face, filter, &position);
        stage.finish(&mut watcher);
        seen.append(&mut watcher.seen);
        stage.oracle.check(0, filter, &seen);
        // From the floor on all is there, and what was before the first change after it.
        let floor = book.stats().unwrap().floor;
        let mut watcher = stage.open(face, filter, &floor.to_string());
        stage.finish(&mut watcher);
        stage.oracle.check(floor.0, filter, &watcher.seen);
        // And from below it nothing is.
        starts_anew(&stage, face, filter, "1");
    });
}

#[test]
fn future_position() {
    let stage = Stage::new();
    stage.run(|face, filter| starts_anew(&stage, face, filter, "1000000"));
}

#[test]
fn other_lineage() {
    let stage = Stage::new();
    stage.run(|face, filter| starts_anew(&stage, face, filter, "3-00000000"));
}

fn starts_anew(stage: &Stage, face: Face, filter: &ChangeFilter, after: &str) {
    let mut watcher = stage.open(face, filter, after);
    watcher.step();
    let from = watcher.resync.clone().expect("a resync comes first");
    stage.finish(&mut watcher);
    stage.oracle.check(revision(&from), filter, &watcher.seen);
}
