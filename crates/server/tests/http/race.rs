//! Compare-and-set: many who change one record, each on what it has seen.

use std::thread;

use deedbook_testkit::http::{Request, Response};
use serde_json::{Value, json};

use crate::sandbox::{Sandbox, document};

const CLIENTS: u64 = 32;
const EACH: u64 = 8;
const RECORD: &str = "/v1/components/00000000-0000-4000-8000-000000000001";

/// Adds one to a number that the record holds, on what was seen; again until nobody was faster.
/// How often somebody was.
fn add_one(sandbox: &Sandbox, conditional: impl Fn(&Response, String) -> Response) -> u64 {
    let mut conflicts = 0;
    loop {
        let seen = sandbox.get(RECORD);
        let sum = seen.json()["data"]["annotations"]["sum"].clone();
        let sum: u64 = sum.as_str().unwrap_or("0").parse().unwrap();
        let patch = json!({"annotations": {"sum": (sum + 1).to_string()}}).to_string();
        let answer = conditional(&seen, patch);
        match answer.status {
            200 => return conflicts,
            409 | 412 => {
                let problem = answer.json();
                let said = problem["errors"][0]["message"].as_str().unwrap();
                assert!(names_both(said, &seen.json()), "{said}");
                conflicts += 1;
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
}

/// Whether a conflict says what was expected, and that something later is there.
fn names_both(said: &str, seen: &Value) -> bool {
    let numbers = said.split(|c: char| !c.is_ascii_digit());
    let numbers: Vec<u64> = numbers.filter_map(|digits| digits.parse().ok()).collect();
    let one_of = |name: &str| {
        let seen = seen[name].as_u64().unwrap();
        numbers.contains(&seen) && numbers.iter().any(|there| *there > seen)
    };
    one_of("generation") || one_of("revision")
}

fn race(conditional: impl Fn(&Sandbox, &Response, String) -> Response + Sync) {
    let sandbox = Sandbox::new();
    assert_eq!(
        sandbox.post("/v1/components", &document("a", 1)).status,
        201
    );
    let (sandbox, conditional) = (&sandbox, &conditional);
    let conflicts: u64 = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let set = |seen: &Response, patch| conditional(sandbox, seen, patch);
                scope.spawn(move || (0..EACH).map(|_| add_one(sandbox, set)).sum::<u64>())
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum()
    });
    assert!(conflicts > 0, "nobody was ever faster: nothing was tried");
    let left = sandbox.get(RECORD).json();
    assert_eq!(
        left["data"]["annotations"]["sum"],
        (CLIENTS * EACH).to_string()
    );
    assert_eq!(left["generation"], CLIENTS * EACH + 1);
}

fn patch(target: &str, content: String) -> Request {
    Request::new("PATCH", target).content("application/merge-patch+json", content)
}

#[test]
fn a_sum_is_right_by_etag() {
    race(|sandbox, seen, content| {
        let etag = seen.header("etag").unwrap();
        sandbox.send(&patch(RECORD, content).header("if-match", etag))
    });
}

#[test]
fn a_sum_is_right_by_generation() {
    race(|sandbox, seen, content| {
        let generation = &seen.json()["generation"];
        let target = format!("{RECORD}?expectedGeneration={generation}");
        sandbox.send(&patch(&target, content))
    });
}
