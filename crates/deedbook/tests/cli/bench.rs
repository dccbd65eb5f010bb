//! `bench`: what it measures is checked, and compared.

use serde_json::Value;

use crate::sandbox::Sandbox;

const SHORT: [&str; 14] = [
    "--components",
    "200",
    "--connections",
    "1,4",
    "--seconds",
    "1",
    "--warm-up",
    "0",
    "--repeats",
    "1",
    "--changes",
    "5",
    "--watchers",
    "2",
];

/// Measures every work and looks at what is reported.
fn measured(sandbox: &Sandbox, protocol: &str) -> Value {
    let mut arguments = vec!["bench", "--protocol", protocol];
    arguments.extend(["--writers", "3", "--readers", "3", "--dir", "."]);
    arguments.extend(SHORT);
    let report = sandbox.json(&arguments);
    let rows = report["rows"].as_array().unwrap();
    let works: Vec<(&str, u64)> = rows
        .iter()
        .map(|row| {
            (
                row["work"].as_str().unwrap(),
                row["clients"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        works,
        [
            ("register", 1),
            ("register", 4),
            ("update", 1),
            ("update", 4),
            ("get", 1),
            ("get", 4),
            ("search", 1),
            ("search", 4),
            ("watch", 2),
            ("mixed: update", 3),
            ("mixed: get", 3),
            ("shard-get", 1),
            ("shard-get", 4),
            ("transfer", 1),
            ("transfer", 4),
            ("transfer-many", 1),
            ("transfer-many", 4),
        ]
    );
    for row in rows {
        assert_eq!(row["errors"], 0, "{row}");
        assert!(row["perSecond"]["median"].as_f64() > Some(0.0), "{row}");
        assert!(row["p50Us"].as_f64() <= row["p999Us"].as_f64(), "{row}");
    }
    // The book that was measured is gone.
    let left = std::fs::read_dir(sandbox.path("")).unwrap().count();
    assert_eq!(left, 0);
    report
}

#[test]
fn every_work_is_measured_over_grpc() {
    let report = measured(&Sandbox::new(), "grpc");
    let target = report["target"].as_str().unwrap();
    assert!(target.ends_with(" (gRPC)"), "{target}");
}

#[test]
fn clients_share_connections_where_those_take_several_requests() {
    let sandbox = Sandbox::new();
    let shared = ["bench", "shard-get", "--dir", ".", "--in-flight", "3"];
    let over = |protocol| [&shared[..], &["--protocol", protocol], &SHORT[..]].concat();
    let report = sandbox.json(&over("grpc"));
    let clients = report["rows"].as_array().unwrap().iter();
    let clients: Vec<u64> = clients
        .map(|row| row["clients"].as_u64().unwrap())
        .collect();
    assert_eq!(
        (report["inFlight"].as_u64(), clients),
        (Some(3), vec![3, 12])
    );
    assert_eq!(report["rows"][1]["errors"], 0, "{report}");
    let refused = sandbox.fails(2, &over("http"));
    assert!(refused.stderr.contains("over gRPC"), "{refused:?}");
}

#[test]
fn every_work_is_measured_and_compared() {
    let sandbox = Sandbox::new();
    let report = measured(&sandbox, "http");
    sandbox.write("before.json", &report.to_string());
    let compared = sandbox.json(
        &[
            &["bench", "get", "--dir", ".", "--compare", "before.json"],
            &SHORT[..],
        ]
        .concat(),
    );
    assert_eq!(compared["compared"].as_array().unwrap().len(), 2);
    sandbox.fails(3, &["bench", "get", "--compare", "nothing.json"]);
}

#[test]
fn a_book_in_this_process_is_measured_too() {
    let sandbox = Sandbox::new();
    let shown = sandbox.ok(&[
        &["bench", "update", "search", "--in-process", "--dir", "."],
        &SHORT[..],
    ]
    .concat());
    assert!(shown.starts_with("WORK    CLIENTS  PER SECOND"), "{shown}");
    sandbox.fails(
        2,
        &[
            &["bench", "watch", "--in-process", "--dir", "."],
            &SHORT[..],
        ]
        .concat(),
    );
}

#[test]
fn wrong_answers_are_errors_and_no_server_is_one() {
    let sandbox = Sandbox::new();
    for protocol in ["http", "grpc"] {
        let nobody = ["--url", "http://127.0.0.1:1", "--protocol", protocol];
        let ran = sandbox.run(&[&["bench", "get"], &nobody[..]].concat());
        assert_eq!(ran.status, 6, "{ran:?}");
    }
    let no_protocol = ["--in-process", "--protocol", "grpc"];
    sandbox.fails(64, &[&["bench", "get"], &no_protocol[..]].concat());
    sandbox.fails(2, &["bench", "get", "--url", "https://localhost"]);
    let both = ["--in-process", "--url", "http://localhost"];
    sandbox.fails(64, &[&["bench", "get"], &both[..]].concat());
}
