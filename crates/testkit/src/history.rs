//! Random histories, and a plain fold of them to compare with.

use std::sync::Arc;

use bytes::Bytes;
use deedbook_log::{Appended, Log, MemoryLog};
use deedbook_model::batch::BatchBuilder;
use deedbook_model::{
    Change, CommandInfo, Head, Idempotency, KeyLimits, Kind, Lineage, RequestDigest, Revision,
    Rights, StoredBatch, Timestamp, Verb, WriterId,
};
use deedbook_rules::book_record::BOOK_KEY;
use deedbook_rules::components::{ComponentKey, NameOrUuid};
use deedbook_rules::{Command, State, Write, decide};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::components::{FAMILIES, Need, Sketch, needs, sketches, uuid_of};
use crate::later_release::with_unknown_fields;

/// What somebody does to one component.
#[derive(Clone, Debug)]
pub enum Act {
    /// Registers it.
    Register(Sketch),
    /// Changes one.
    Patch(Target, Patch),
    /// Removes one.
    Remove(Target),
}

/// Which component is meant; often none.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its family.
    pub family: usize,
    /// Its version; `None`: the latest, by name.
    pub version: Option<usize>,
    /// A generation that it has to have.
    pub expected: Option<u64>,
}

/// What becomes of a component.
#[derive(Clone, Debug)]
pub enum Patch {
    /// Another description; `None` takes it away.
    Description(Option<u8>),
    /// Other dependencies: sometimes a cycle.
    Needs(Vec<Need>),
    /// Another lifecycle, with its reason.
    Lifecycle(u8),
    /// What must not change.
    Name,
}

/// What a later release does.
#[derive(Clone, Debug)]
pub enum Foreign {
    /// Puts a record of a kind that nobody knows, of any bytes.
    Put(u8, Vec<u8>),
    /// Takes such a record out.
    Remove(u8),
    /// Does to a component what nobody knows, and leaves members in it that nobody knows.
    Bless(usize, usize),
    /// Adds a member to the book's own record.
    Book,
}

/// One command.
#[derive(Clone, Debug)]
pub enum Step {
    /// Of this release.
    Ours(Vec<Act>),
    /// Of a later one.
    Foreign(Vec<Foreign>),
}

/// Commands that are committed together.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The commands.
    pub steps: Vec<Step>,
    /// How far the clock moves before each; it may be set back.
    pub seconds: i64,
    /// Whether a later release writes it, with fields that nobody knows.
    pub by_later_release: bool,
}

/// A history before it happened.
pub type Plan = Vec<Commit>;

/// A command as it was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The command.
    pub command: Command,
    /// What the clock showed.
    pub now: Timestamp,
    /// Its first and last revision; `None`: it was refused or changed nothing.
    pub revisions: Option<(Revision, Revision)>,
}

/// A history that happened, and what it should be.
pub struct Past {
    /// The log.
    pub log: MemoryLog,
    /// Where it ends.
    pub head: Head,
    /// Its batches.
    pub batches: Vec<StoredBatch>,
    /// Its changes, by revision from 1.
    pub changes: Vec<Change>,
    /// The state after each change, by revision from 0.
    pub states: Vec<State>,
    /// Its commands of this release.
    pub taken: Vec<Taken>,
}

/// The instant so many seconds after the tests' beginning of time.
///
/// # Panics
/// Beyond year 9999.
#[must_use]
pub fn at_second(second: i64) -> Timestamp {
    let start: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    start.plus_seconds(second)
}

impl Past {
    /// Lives through a plan: decides, encodes and folds without any part of a running book.
    #[must_use]
    pub fn of(plan: &Plan) -> Past {
        let mut past = Past {
            log: MemoryLog::default(),
            head: Head::EMPTY,
            batches: Vec::new(),
            changes: Vec::new(),
            states: vec![State::empty()],
            taken: Vec::new(),
        };
        let lineage = Lineage([7; 16]);
        let mut batch = past.begin();
        let create = Command::of("deedbook", Write::CreateBook { lineage });
        past.take(&mut batch, create, at_second(0));
        past.commit(batch, false);
        let mut second = 0;
        for commit in plan {
            let mut batch = past.begin();
            for step in &commit.steps {
                second += commit.seconds;
                match step {
                    Step::Ours(acts) => {
                        if let Some(command) = command_of(acts, second) {
                            past.take(&mut batch, command, at_second(second));
                        }
                    }
                    Step::Foreign(acts) => past.take_foreign(&mut batch, acts, at_second(second)),
                }
            }
            past.commit(batch, commit.by_later_release);
        }
        past
    }

    /// The state after the last change.
    #[must_use]
    pub fn newest(&self) -> &State {
        self.states.last().expect("it begins with the empty one")
    }

    /// The state once the command that holds a revision was done.
    #[must_use]
    pub fn state_at(&self, revision: Revision) -> &State {
        let end = match self.change(revision) {
            Some(change) => change.command.last,
            None => revision,
        };
        &self.states[usize::try_from(end.0).unwrap()]
    }

    /// The change of a revision.
    #[must_use]
    pub fn change(&self, revision: Revision) -> Option<&Change> {
        let place = usize::try_from(revision.0).unwrap().checked_sub(1)?;
        self.changes.get(place)
    }

    /// The ends of its batches, from 0.
    #[must_use]
    pub fn commits(&self) -> Vec<Head> {
        let ends = self.batches.iter().map(StoredBatch::head);
        std::iter::once(Head::EMPTY).chain(ends).collect()
    }

    fn begin(&self) -> BatchBuilder {
        let counter = u64::try_from(self.batches.len()).unwrap() + 1;
        BatchBuilder::new(self.head, WriterId([9; 16]), counter)
    }

    fn take(&mut self, batch: &mut BatchBuilder, command: Command, now: Timestamp) {
        let revisions = match decide(self.newest(), &command, now) {
            Ok(decision) if !decision.changes.is_empty() => {
                let info = Arc::clone(&decision.changes[0].command);
                self.add(batch, decision.changes);
                assert_eq!(self.newest().root(), decision.state.root());
                Some((info.first, info.last))
            }
            _ => None,
        };
        self.taken.push(Taken {
            command,
            now,
            revisions,
        });
    }

    fn take_foreign(&mut self, batch: &mut BatchBuilder, acts: &[Foreign], now: Timestamp) {
        let first = self.newest().revision().next();
        let mut state = self.newest().clone();
        let mut changes: Vec<Change> = Vec::new();
        let info = Arc::new(CommandInfo {
            first,
            last: first,
            time: now.max(state.time()),
            actor: "later".to_owned(),
            reason: String::new(),
            ticket: Some("T-1".to_owned()),
            request_id: None,
            keyed: None,
        });
        for act in acts {
            if let Some(change) = foreign_change(act, &state, &info) {
                state.evolve(&change);
                changes.push(change);
            }
        }
        let info = Arc::new(CommandInfo {
            last: state.revision(),
            ..(*info).clone()
        });
        for change in &mut changes {
            change.command = Arc::clone(&info);
        }
        self.add(batch, changes);
    }

    fn add(&mut self, batch: &mut BatchBuilder, changes: Vec<Change>) {
        let Some(first) = changes.first() else {
            return;
        };
        let salt = u8::try_from(first.revision.0 % 251).unwrap();
        batch.push(&first.command, &changes, || [salt; 16]);
        for change in changes {
            let mut state = self.newest().clone();
            state.evolve(&change);
            self.states.push(state);
            self.changes.push(change);
        }
    }

    fn commit(&mut self, batch: BatchBuilder, by_later_release: bool) {
        if batch.is_empty() {
            return;
        }
        let state = self.newest();
        let mut stored = batch.finish(state.root(), state.live());
        if by_later_release {
            stored = with_unknown_fields(&stored);
        }
        assert_eq!(self.log.append(self.head, &stored).unwrap(), Appended::Done);
        self.head = stored.head();
        self.batches.push(stored);
    }
}

/// Appends batches to another log.
///
/// # Panics
/// When it doesn't take them.
pub fn replay(batches: &[StoredBatch], log: &dyn Log) {
    for batch in batches {
        let head = log.head().unwrap();
        assert_eq!(log.append(head, batch).unwrap(), Appended::Done);
    }
}

/// The command of some acts; `None` where no act gives a write.
#[must_use]
pub fn command_of(acts: &[Act], number: i64) -> Option<Command> {
    let writes: Vec<Write> = acts.iter().filter_map(write_of).collect();
    let actor = ["ada", "grace", "linus"][usize::try_from(number.rem_euclid(3)).unwrap()];
    (!writes.is_empty()).then(|| Command {
        writes,
        actor: actor.to_owned(),
        rights: Rights::all(),
        token: None,
        reason: (number % 2 == 0).then(|| format!("reason {number}")),
        ticket: None,
        request_id: Some(format!("r{number}")),
        idempotency: (number % 4 != 0).then(|| idempotency_of(acts, number)),
        plan: None,
    })
}

/// One of a few keys, which are soon forgotten: they are repeated, given to other requests, and come
/// anew.
fn idempotency_of(acts: &[Act], number: i64) -> Idempotency {
    let key = format!("k{}", number.rem_euclid(5));
    let limits = match number.rem_euclid(3) {
        0 => KeyLimits::default(),
        1 => KeyLimits {
            keep_seconds: 4,
            most: 6,
        },
        _ => KeyLimits {
            keep_seconds: 9,
            most: 3,
        },
    };
    Idempotency {
        key: key.parse().expect("it is visible and short"),
        digest: RequestDigest::of(&[format!("{acts:?}").as_bytes()]),
        limits,
    }
}

fn write_of(act: &Act) -> Option<Write> {
    Some(match act {
        Act::Register(sketch) => sketch.register()?,
        Act::Patch(target, patch) => Write::Update {
            key: target.key(),
            patch: patch.value(),
            expected: target
                .expected
                .map(|seen| deedbook_model::Generation(seen).into()),
        },
        Act::Remove(target) => Write::Remove {
            key: target.key(),
            expected: target
                .expected
                .map(|seen| deedbook_model::Generation(seen).into()),
        },
    })
}

impl Target {
    fn key(&self) -> ComponentKey {
        match self.version {
            Some(version) => uuid_of(self.family, version, 0).into(),
            None => ComponentKey {
                name: NameOrUuid::of(FAMILIES[self.family].0),
                spec: None,
            },
        }
    }
}

impl Patch {
    fn value(&self) -> Value {
        match self {
            Patch::Description(None) => json!({"description": null}),
            Patch::Description(Some(number)) => json!({"description": format!("Číslo {number}")}),
            Patch::Needs(needs) => {
                json!({"dependencies": needs.iter().map(Need::entry).collect::<Vec<_>>()})
            }
            Patch::Lifecycle(0) => json!({"lifecycle": "active"}),
            Patch::Lifecycle(1) => json!({"lifecycle": "deprecated", "deprecated_reason": "old"}),
            Patch::Lifecycle(_) => json!({"lifecycle": "archived", "archived_reason": "gone"}),
            Patch::Name => json!({"name": "another"}),
        }
    }
}

fn foreign_change(act: &Foreign, state: &State, info: &Arc<CommandInfo>) -> Option<Change> {
    let unknown = |number: &u8| (Kind::named("moon_phase"), format!("phase {}", number % 3));
    let (kind, key, verb, record) = match act {
        Foreign::Put(number, bytes) => {
            let (kind, key) = unknown(number);
            (kind, key, "waxed", Some(Bytes::from(bytes.clone())))
        }
        Foreign::Remove(number) => {
            let (kind, key) = unknown(number);
            (kind, key, "eclipsed", None)
        }
        Foreign::Bless(family, version) => {
            let key = uuid_of(*family, *version, 0).to_string();
            let record = with_more(state, &Kind::COMPONENT, &key)?;
            (Kind::COMPONENT, key, "blessed", Some(record))
        }
        Foreign::Book => {
            let record = with_more(state, &Kind::BOOK, BOOK_KEY)?;
            (Kind::BOOK, BOOK_KEY.to_owned(), "tuned", Some(record))
        }
    };
    let (generation, previous) = state.next_generation(&kind, &key);
    Some(Change {
        revision: state.revision().next(),
        command: Arc::clone(info),
        kind,
        key: Arc::from(key),
        verb: Verb::named(verb),
        generation,
        previous,
        record,
    })
}

/// A live record with members that only a later release knows, as its next generation.
fn with_more(state: &State, kind: &Kind, key: &str) -> Option<Bytes> {
    let stored = state.record(kind, key)?.bytes.as_deref()?;
    let mut envelope: Value = serde_json::from_slice(stored).unwrap();
    envelope["generation"] = json!(state.next_generation(kind, key).0);
    envelope["revision"] = json!(state.revision().next());
    envelope["phases"] = json!([1, {"of": "the moon"}]);
    envelope["data"]["x_later"] = json!({"z": 1, "a": [null]});
    Some(Bytes::from(serde_json::to_vec(&envelope).unwrap()))
}

/// Random histories of up to `commits` commits.
pub fn plans(commits: usize) -> impl Strategy<Value = Plan> {
    vec(one_commit(), 1..=commits)
}

fn one_commit() -> impl Strategy<Value = Commit> {
    let seconds = prop_oneof![Just(0i64), 1..4i64, -3..0i64];
    let later = prop::bool::weighted(0.25);
    (vec(steps(), 1..4), seconds, later).prop_map(|(steps, seconds, by_later_release)| Commit {
        steps,
        seconds,
        by_later_release,
    })
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => vec(acts(), 1..2).prop_map(Step::Ours),
        3 => vec(acts(), 2..4).prop_map(Step::Ours),
        2 => vec(foreign(), 1..3).prop_map(Step::Foreign),
    ]
}

/// Random commands of this release alone.
pub fn commands() -> impl Strategy<Value = Vec<Act>> {
    vec(acts(), 1..3)
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => sketches().prop_map(Act::Register),
        4 => (targets(), patches()).prop_map(|(target, patch)| Act::Patch(target, patch)),
        1 => targets().prop_map(Act::Remove),
    ]
}

fn targets() -> impl Strategy<Value = Target> {
    let version = prop_oneof![3 => Just(None), 1 => (0..3usize).prop_map(Some)];
    let expected = prop_oneof![5 => Just(None), 1 => (1..4u64).prop_map(Some)];
    (0..FAMILIES.len(), version, expected).prop_map(|(family, version, expected)| Target {
        family,
        version,
        expected,
    })
}

fn patches() -> impl Strategy<Value = Patch> {
    prop_oneof![
        4 => option::of(0..5u8).prop_map(Patch::Description),
        2 => vec(needs(), 0..3).prop_map(Patch::Needs),
        3 => (0..3u8).prop_map(Patch::Lifecycle),
        1 => Just(Patch::Name),
    ]
}

fn foreign() -> impl Strategy<Value = Foreign> {
    prop_oneof![
        3 => (any::<u8>(), vec(any::<u8>(), 0..40)).prop_map(|(n, bytes)| Foreign::Put(n, bytes)),
        1 => any::<u8>().prop_map(Foreign::Remove),
        2 => (0..FAMILIES.len(), 0..3usize).prop_map(|(f, v)| Foreign::Bless(f, v)),
        1 => Just(Foreign::Book),
    ]
}
