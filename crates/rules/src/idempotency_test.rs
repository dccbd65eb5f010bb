use deedbook_model::code::Code;
use deedbook_model::idempotency::{KEEP_SECONDS, MOST_KEPT};
use deedbook_model::{Keyed, RequestDigest};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::sample_test::{Sample, at_second, register, remove, update};
use crate::{Command, Decision, Refusal, Write, decide};

fn under(key: &str, request: &str, limits: KeyLimits) -> Idempotency {
    Idempotency {
        key: key.parse().unwrap(),
        digest: RequestDigest::of(&[request.as_bytes()]),
        limits,
    }
}

fn keyed(actor: &str, key: &str, request: &str, writes: Vec<Write>) -> Command {
    Command {
        writes,
        idempotency: Some(under(key, request, KeyLimits::default())),
        ..Command::of(actor, remove("nothing"))
    }
}

fn at(sample: &Sample, command: &Command, second: i64) -> Result<Decision, Vec<Refusal>> {
    decide(&sample.state, command, at_second(second))
}

#[track_caller]
fn done(sample: &mut Sample, command: &Command, second: i64) -> Decision {
    let decision = at(sample, command, second).unwrap();
    sample.state = decision.state.clone();
    decision
}

#[test]
fn the_same_request_is_done_once() {
    let mut sample = Sample::new();
    let command = keyed(
        "ada",
        "k",
        "two",
        vec![
            register("a@1.0.0", json!({})),
            register("b@1.0.0", json!({})),
        ],
    );
    let first = done(&mut sample, &command, 20);
    assert_eq!((first.changes.len(), first.repeat), (2, None));
    let kept = first.changes[0].command.keyed.clone().unwrap();
    assert_eq!(Some(&kept.idempotency), command.idempotency.as_ref());
    assert!(kept.outcomes.is_empty(), "each write made one change");
    for second in [20, 21, 19] {
        let again = at(&sample, &command, second).unwrap();
        assert!(again.changes.is_empty() && again.outcomes.is_empty());
        let repeat = Repeat {
            first: Revision(2),
            last: Revision(3),
        };
        assert_eq!(again.repeat, Some(repeat));
        assert_eq!(again.state.revision(), Revision(3));
    }
    // Whatever became of what it did.
    sample.done(vec![remove("a"), remove("b")]);
    assert!(at(&sample, &command, 30).unwrap().repeat.is_some());
}

#[test]
fn a_key_belongs_to_one_request_of_one_actor() {
    let mut sample = Sample::new();
    let register_a = vec![register("a@1.0.0", json!({}))];
    done(&mut sample, &keyed("ada", "k", "a", register_a), 20);
    let register_b = || vec![register("b@1.0.0", json!({}))];
    let refusals = at(&sample, &keyed("ada", "k", "b", register_b()), 20).unwrap_err();
    assert_eq!((refusals.len(), refusals[0].code), (1, Code::KeyReused));
    let message = "idempotency key `k` was given to another request, done at revision 2";
    assert_eq!(refusals[0].issues[0].message, message);
    for (actor, key) in [("grace", "k"), ("ada", "k2"), ("ad", "ak")] {
        let decision = at(&sample, &keyed(actor, key, "b", register_b()), 20).unwrap();
        assert_eq!(decision.changes.len(), 1, "{actor} {key}");
    }
}

#[test]
fn what_was_refused_or_changed_nothing_is_decided_again() {
    let mut sample = Sample::with(vec![register("a@1.0.0", json!({}))]);
    let nothing = keyed("ada", "k", "same", vec![register("a@1.0.0", json!({}))]);
    let unchanged = done(&mut sample, &nothing, 20);
    assert!(unchanged.changes.is_empty() && unchanged.repeat.is_none());
    let too_early = keyed("ada", "k2", "b", vec![update("b", json!({"tags": ["x"]}))]);
    at(&sample, &too_early, 20).unwrap_err();
    assert_eq!(sample.state.remembered(), 0);
    sample.done(vec![register("b@1.0.0", json!({}))]);
    assert_eq!(done(&mut sample, &too_early, 20).changes.len(), 1);
    // Under the key of what changed nothing something else may be asked.
    let other = keyed("ada", "k", "other", vec![remove("a")]);
    assert_eq!(done(&mut sample, &other, 20).changes.len(), 1);
}

#[test]
fn a_command_without_a_key_leaves_no_trace() {
    let mut sample = Sample::new();
    let made = sample.done(vec![register("a@1.0.0", json!({}))]);
    assert_eq!(made.changes[0].command.keyed, None);
    assert_eq!(sample.state.remembered(), 0);
}

#[test]
fn where_a_write_changed_nothing_the_log_says_which() {
    let mut sample = Sample::with(vec![register("a@1.0.0", json!({}))]);
    let writes = vec![
        register("b@1.0.0", json!({})),
        register("a@1.0.0", json!({})),
        update("b", json!({"tags": ["x"]})),
        register("b@1.0.0", json!({"tags": ["x"]})),
    ];
    let decision = done(&mut sample, &keyed("ada", "k", "four", writes), 20);
    let unchanged: Vec<bool> = decision.outcomes.iter().map(|o| o.unchanged).collect();
    assert_eq!(unchanged, [false, true, false, true]);
    let kept = decision.changes[0].command.keyed.clone().unwrap();
    assert_eq!(kept.outcomes, [3, 2, 4, 4].map(Revision));
}

#[test]
fn a_key_is_forgotten_after_its_time() {
    let mut sample = Sample::new();
    let day = i64::from(KEEP_SECONDS);
    let command = keyed("ada", "k", "a", vec![register("a@1.0.0", json!({}))]);
    done(&mut sample, &command, 20);
    assert!(at(&sample, &command, 19 + day).unwrap().repeat.is_some());
    // Decided again: the component is there already.
    let again = at(&sample, &command, 20 + day).unwrap();
    assert!(again.repeat.is_none() && again.outcomes[0].unchanged);
    // A day after it something else may be asked under it, and drives it out.
    let other = keyed("ada", "k", "b", vec![register("b@1.0.0", json!({}))]);
    at(&sample, &other, 19 + day).unwrap_err();
    done(&mut sample, &other, 20 + day);
    assert_eq!(sample.state.remembered(), 1);
    assert!(at(&sample, &other, 21 + day).unwrap().repeat.is_some());
    at(&sample, &command, 21 + day).unwrap_err();
}

#[test]
fn only_the_newest_are_remembered() {
    assert_eq!(MOST_KEPT, KeyLimits::default().most);
    let mut sample = Sample::new();
    let limits = KeyLimits {
        most: 3,
        ..KeyLimits::default()
    };
    let command = |number: usize| Command {
        idempotency: Some(under(&format!("k{number}"), "r", limits)),
        ..Command::of("ada", register(&format!("a@1.{number}.0"), json!({})))
    };
    for number in 0..5 {
        done(&mut sample, &command(number), 20);
    }
    assert_eq!(sample.state.remembered(), 3);
    for number in 0..5 {
        let decision = at(&sample, &command(number), 20).unwrap();
        assert_eq!(decision.repeat.is_some(), number >= 2, "{number}");
    }
}

/// A command as it stands in a log, and what is asked next.
#[derive(Clone, Debug)]
struct Asked {
    key: u8,
    seconds: i64,
    keep_seconds: u32,
    most: u32,
}

fn asked() -> impl Strategy<Value = Asked> {
    let often = prop_oneof![9 => 0..3i64, 1 => 0..60i64];
    (0..12u8, often, 1..20u32, 0..9u32).prop_map(|(key, seconds, keep_seconds, most)| Asked {
        key,
        seconds,
        keep_seconds,
        most,
    })
}

fn info(asked: &Asked, revision: u64, time: Timestamp) -> CommandInfo {
    let limits = KeyLimits {
        keep_seconds: asked.keep_seconds,
        most: asked.most,
    };
    CommandInfo {
        first: Revision(revision),
        last: Revision(revision),
        time,
        actor: "ada".to_owned(),
        reason: String::new(),
        ticket: None,
        request_id: None,
        keyed: Some(Keyed {
            idempotency: under(&format!("k{}", asked.key), "r", limits),
            outcomes: Vec::new(),
        }),
    }
}

/// The same without an index: everything is looked at, each time.
#[derive(Default)]
struct Plain(Vec<(u8, u64, Timestamp)>);

impl Plain {
    fn remember(&mut self, asked: &Asked, revision: u64, now: Timestamp) {
        self.0.push((asked.key, revision, now));
        let over = |time: &Timestamp| time.plus_seconds(i64::from(asked.keep_seconds)) <= now;
        self.0.retain(|(_, _, time)| !over(time));
        let most = usize::try_from(asked.most).unwrap();
        self.0.drain(..self.0.len().saturating_sub(most));
    }

    fn recall(&self, key: u8, keep_seconds: u32, now: Timestamp) -> Option<u64> {
        let mut fitting = self.0.iter().rev();
        let (_, revision, _) = fitting
            .find(|(known, _, _)| *known == key)
            .filter(|(_, _, time)| time.plus_seconds(i64::from(keep_seconds)) > now)?;
        Some(*revision)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_asked_the_memory_is_that_of_a_plain_list(
        history in vec(asked(), 1..120),
        snapshot in 0..120u64,
    ) {
        let mut plain = Plain::default();
        let mut whole = State::empty();
        let mut loaded = State::without_index();
        let mut now = at_second(0);
        for (asked, revision) in history.iter().zip(1..) {
            now = now.plus_seconds(asked.seconds);
            let info = info(asked, revision, now);
            plain.remember(asked, revision, now);
            whole.remember(&info);
            loaded.remember(&info);
            if revision == snapshot {
                // From here on as after a restart.
                let mut restarted = State::without_index();
                whole.remembered_keys().for_each(|key| restarted.put_key(*key));
                loaded = restarted;
            }
            let found: Vec<u64> = whole.remembered_keys().map(|key| key.first.0).collect();
            let wanted: Vec<u64> = plain.0.iter().map(|(_, revision, _)| *revision).collect();
            prop_assert_eq!(found, wanted);
        }
        loaded.index();
        prop_assert!(loaded.remembered_keys().eq(whole.remembered_keys()));
        for key in 0..12 {
            for keep_seconds in [1, 9, 100] {
                let limits = KeyLimits { keep_seconds, most: 1 };
                let asked = under(&format!("k{key}"), "r", limits);
                let wanted = match plain.recall(key, keep_seconds, now) {
                    Some(revision) => Recalled::Done(Repeat {
                        first: Revision(revision),
                        last: Revision(revision),
                    }),
                    None => Recalled::New,
                };
                prop_assert_eq!(whole.recall("ada", &asked, now), wanted);
                prop_assert_eq!(loaded.recall("ada", &asked, now), wanted);
            }
        }
    }
}

#[test]
fn a_folded_state_remembers_once_the_command_is_whole() {
    let mut sample = Sample::new();
    let writes = vec![
        register("a@1.0.0", json!({})),
        register("b@1.0.0", json!({})),
    ];
    let mut folded = sample.state.clone();
    let decision = done(&mut sample, &keyed("ada", "k", "two", writes), 20);
    folded.evolve(&decision.changes[0]);
    assert_eq!(folded.remembered(), 0);
    folded.evolve(&decision.changes[1]);
    assert!(folded.remembered_keys().eq(sample.state.remembered_keys()));
}
