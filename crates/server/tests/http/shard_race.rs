//! Many who give the same shards away, each on what it has seen: nothing is lost, and nothing is done
//! twice.

use std::collections::BTreeMap;
use std::thread;

use deedbook_book::{Book, ChangeFilter, ChangeQuery, OpenOptions};
use deedbook_model::mesh::Shard;
use deedbook_model::shard::Checksummed;
use deedbook_model::{Change, Envelope, Kind};
use deedbook_testkit::check::number;
use deedbook_testkit::http::Request;
use serde_json::{Value, json};

use crate::sandbox::{Sandbox, options};

const WRITERS: usize = 32;
const SHARDS: usize = 100;

/// How often each writer tries; `DEEDTEST_ROUNDS` tries more.
const ROUNDS: usize = 60;

/// What a writer was told.
#[derive(Default)]
struct Told {
    /// Key, generation and owner of each accepted write.
    done: Vec<(String, u64, String)>,
    conflicts: u64,
}

/// Gives shards away, on what was seen before others may have.
fn write(sandbox: &Sandbox, writer: usize, rounds: usize) -> Told {
    let mut told = Told::default();
    let mut client = sandbox.client();
    for round in 0..rounds {
        // Neighbours want the same shards.
        let shard = (writer / 8 * 3 + round * 7) % SHARDS;
        let key = format!("orders/s-{shard:02}");
        let seen = client.get(&format!("/v1/shards/{key}")).json();
        let generation = seen["generation"].as_u64().unwrap();
        let owner = format!("node-{writer}");
        let target = format!("/v1/shards/{key}/transfer?expectedGeneration={generation}");
        let content = json!({"ownerNodeId": owner}).to_string();
        let answer = client.send(
            &Request::new("POST", &target)
                .header("Deedbook-Actor", &owner)
                .header("Deedbook-Ticket", &format!("T-{round}"))
                .content("application/json", content),
        );
        match answer.status {
            200 => {
                let left = answer.json();
                assert_eq!(left["generation"], generation + 1);
                assert_eq!(left["data"]["ownerNodeId"], owner);
                told.done.push((key, generation + 1, owner));
            }
            409 => {
                let said = answer.json()["errors"][0]["message"].clone();
                assert_conflict_is_clear(&said, generation, &key);
                told.conflicts += 1;
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    told
}

/// It says which shard, what was expected, and what later one is there.
fn assert_conflict_is_clear(said: &Value, expected: u64, key: &str) {
    let said = said.as_str().unwrap();
    let begin = format!("expected generation {expected}, but shard {key} is at ");
    let actual = said
        .strip_prefix(&begin)
        .unwrap_or_else(|| panic!("{said}"));
    assert!(actual.parse::<u64>().unwrap() > expected, "{said}");
}

fn shard_of(change: &Change) -> (String, Shard) {
    let envelope = Envelope::read(change.record.as_deref().unwrap()).unwrap();
    let shard = serde_json::from_str(envelope.data.get()).unwrap();
    (envelope.checksum.into_owned(), shard)
}

fn assert_history_is_whole(changes: &[Change], told: &[Told]) {
    let mut done: BTreeMap<(&str, u64), &str> = BTreeMap::new();
    for (key, generation, owner) in told.iter().flat_map(|told| &told.done) {
        let twice = done.insert((key, *generation), owner);
        assert_eq!(twice, None, "{key} {generation} was given to two");
    }
    let mut last: BTreeMap<&str, (&Change, Shard)> = BTreeMap::new();
    let mut accepted = 0;
    for change in changes {
        let (checksum, shard) = shard_of(change);
        let own = Checksummed {
            namespace: &shard.namespace,
            shard_id: &shard.shard_id,
            strategy_id: shard.strategy_id.as_deref().unwrap(),
            owner_node_id: &shard.owner_node_id,
            leader_id: None,
            capacity_hint: shard.capacity_hint,
            status: shard.status,
            change_ticket: shard.change_ticket.as_deref(),
        };
        assert_eq!(checksum, own.checksum());
        match last.get(&*change.key) {
            None => assert_eq!(change.generation.0, 1),
            Some((before, had)) => {
                accepted += 1;
                assert_eq!(change.generation.0, before.generation.0 + 1);
                assert_eq!(change.previous, Some(before.revision));
                assert_eq!(
                    shard.previous_owner_node_id.as_ref(),
                    Some(&had.owner_node_id)
                );
                assert_eq!(change.command.actor, shard.owner_node_id);
                assert_eq!(change.command.ticket, shard.change_ticket);
                let told = done.get(&(&*change.key, change.generation.0));
                assert_eq!(told, Some(&&*shard.owner_node_id), "{}", change.key);
            }
        }
        last.insert(&change.key, (change, shard));
    }
    // Each that was told is there, and each that is there was told.
    assert_eq!(accepted, done.len());
    assert_eq!(last.len(), SHARDS);
}

#[test]
fn writers_race_for_shards() {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::open(folder.path(), &OpenOptions::default()).unwrap();
    let sandbox = Sandbox::of(book, options());
    for shard in 0..SHARDS {
        let path = format!("/v1/shards/orders/s-{shard:02}");
        let made =
            Request::new("PUT", &path).content("application/json", r#"{"ownerNodeId":"nobody"}"#);
        assert_eq!(sandbox.send(&made).status, 201);
    }
    let rounds = number("DEEDTEST_ROUNDS").unwrap_or(ROUNDS);
    let told: Vec<Told> = thread::scope(|scope| {
        let sandbox = &sandbox;
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || write(sandbox, writer, rounds)))
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect()
    });
    let conflicts: u64 = told.iter().map(|told| told.conflicts).sum();
    let accepted: usize = told.iter().map(|told| told.done.len()).sum();
    println!("{accepted} accepted, {conflicts} conflicts");
    assert!(conflicts > 0, "nobody was ever faster: nothing was tried");

    let query = ChangeQuery {
        filter: ChangeFilter {
            kind: Some(Kind::SHARD),
            ..ChangeFilter::default()
        },
        limit: usize::MAX,
        ..ChangeQuery::default()
    };
    let changes = sandbox.book.changes(&query).unwrap();
    assert_history_is_whole(&changes, &told);
    let verified = sandbox.book.verify(None).unwrap();
    assert!(verified.ok, "{verified:?}");
    // The same after a restart.
    let head = sandbox.book.view().head();
    drop(sandbox);
    let book = Book::open(folder.path(), &OpenOptions::default()).unwrap();
    assert_eq!(book.view().head(), head);
    assert_history_is_whole(&book.changes(&query).unwrap(), &told);
}
