//! Shards in the SQL tables: the columns that tools know already.

use std::sync::Arc;

use deedbook_book::{Book, ManualClock, OpenOptions, PROJECTION_FILE};
use deedbook_model::mesh::{MeshKey, MeshKind, Shard};
use deedbook_model::shard::ShardStatus;
use deedbook_rules::{Command, MeshWrite, Write};
use rusqlite::{Connection, types::Value};
use serde_json::json;

use crate::{projector, scratch};

fn rows(tables: &Connection, sql: &str) -> (Vec<String>, Vec<Vec<Value>>) {
    let mut statement = tables.prepare(sql).unwrap();
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let count = names.len();
    let row = |row: &rusqlite::Row<'_>| (0..count).map(|place| row.get(place)).collect();
    let rows = statement.query_map([], row).unwrap();
    (names, rows.map(Result::unwrap).collect())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn shards_stand_in_the_columns_that_tools_know() {
    let folder = scratch::folder();
    let clock = Arc::new(ManualClock::at("2026-01-05T09:00:00Z".parse().unwrap()));
    let options = OpenOptions {
        clock: Arc::clone(&clock) as _,
        ..OpenOptions::default()
    };
    let book = Book::open(folder.path(), &options).unwrap();
    let run = |reason: &str, ticket: Option<&str>, write: MeshWrite| {
        let command = Command {
            reason: Some(reason.to_owned()),
            ticket: ticket.map(str::to_owned),
            ..Command::of("ada", Write::Mesh(write))
        };
        book.execute(command).unwrap();
    };
    let shard = Shard::new("or/ders", "s|1", "n1").with(|shard| {
        shard.capacity_hint = 1.5;
        shard.leader_id = Some("n9".to_owned());
    });
    let draft = Arc::new(shard.build().unwrap());
    run(
        "begin",
        None,
        MeshWrite::Put {
            draft,
            expected: None,
        },
    );
    clock.set("2026-01-05T09:00:01.5Z".parse().unwrap());
    let key = MeshKey::of(
        MeshKind::Shard,
        vec!["or/ders".to_owned(), "s|1".to_owned()],
    )
    .unwrap();
    let patch = json!({
        "ownerNodeId": "n2", "status": "paused", "ownershipDeltaPercent": 12.5, "metadata": "{}",
    });
    run(
        "rebalance",
        Some("CHG-1"),
        MeshWrite::Patch {
            key: key.clone(),
            patch,
            expected: None,
        },
    );
    let draft = Arc::new(
        Shard::new("other", "s", "n1")
            .status(ShardStatus::Draining)
            .build()
            .unwrap(),
    );
    run(
        "begin",
        None,
        MeshWrite::Put {
            draft,
            expected: None,
        },
    );
    let other = MeshKey::of(MeshKind::Shard, vec!["other".to_owned(), "s".to_owned()]).unwrap();
    run(
        "end",
        None,
        MeshWrite::Remove {
            key: other,
            expected: None,
            force: false,
        },
    );
    projector::wait_for_tables(&book);
    book.close().unwrap();

    let tables = Connection::open(folder.path().join(PROJECTION_FILE)).unwrap();
    let (names, records) = rows(&tables, "SELECT * FROM shard_records");
    assert_eq!(
        names.join(" "),
        "namespace shard_id strategy_id owner_node_id leader_id capacity_hint status version \
         checksum updated_at change_ticket"
    );
    let checksum = deedbook_model::shard::Checksummed {
        namespace: "or/ders",
        shard_id: "s|1",
        strategy_id: "rendezvous",
        owner_node_id: "n2",
        leader_id: Some("n9"),
        capacity_hint: 1.5,
        status: ShardStatus::Paused,
        change_ticket: Some("CHG-1"),
    };
    assert_eq!(
        records,
        [vec![
            text("or/ders"),
            text("s|1"),
            text("rendezvous"),
            text("n2"),
            text("n9"),
            Value::Real(1.5),
            Value::Integer(2),
            Value::Integer(2),
            text(&checksum.checksum()),
            text("2026-01-05T09:00:01.5000000+00:00"),
            text("CHG-1"),
        ]]
    );

    let (names, history) = rows(&tables, "SELECT * FROM shard_history ORDER BY id");
    assert_eq!(
        names.join(" "),
        "id namespace shard_id version strategy_id owner_node_id previous_owner_node_id actor \
         reason change_ticket ownership_delta_percent metadata created_at"
    );
    let none = || Value::Null;
    let later = "2026-01-05T09:00:01.5000000+00:00";
    #[rustfmt::skip]
    let wanted = [
        vec![Value::Integer(2), text("or/ders"), text("s|1"), Value::Integer(1), text("rendezvous"), text("n1"), none(), text("ada"), text("begin"), none(), none(), none(), text("2026-01-05T09:00:00.0000000+00:00")],
        vec![Value::Integer(3), text("or/ders"), text("s|1"), Value::Integer(2), text("rendezvous"), text("n2"), text("n1"), text("ada"), text("rebalance"), text("CHG-1"), Value::Real(12.5), text("{}"), text(later)],
        vec![Value::Integer(4), text("other"), text("s"), Value::Integer(1), text("rendezvous"), text("n1"), none(), text("ada"), text("begin"), none(), none(), none(), text(later)],
        vec![Value::Integer(5), text("other"), text("s"), Value::Integer(2), text(""), text(""), text("n1"), text("ada"), text("end"), none(), none(), none(), text(later)],
    ];
    assert_eq!(history, wanted);
}
