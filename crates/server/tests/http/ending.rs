//! The end of a server: what is in flight is finished, and nothing new is taken.

use std::net::TcpStream;
use std::time::Duration;

use deedbook_server::{Ended, Limits, Options, StartError, start};
use deedbook_testkit::http::Request;
use deedbook_testkit::wait;

use crate::sandbox::{Sandbox, document, options};

#[test]
fn writes_in_flight_are_finished() {
    let (log, sandbox) = Sandbox::faulty();
    let address = sandbox.running.address();
    log.hold();
    let mut writers: Vec<_> = (0..8).map(|_| sandbox.client()).collect();
    for (number, writer) in (1..).zip(&mut writers) {
        let request = Request::new("POST", "/v1/components")
            .content("application/json", document(&format!("c{number}"), number));
        writer.write(&request.to_bytes(address));
    }
    log.wait_until_held();
    let mut idle = sandbox.client();
    assert_eq!(idle.get("/readyz").status, 200);
    let Sandbox { running, .. } = sandbox;
    let ending = std::thread::spawn(move || running.end());
    wait::until("nothing new is taken", || {
        TcpStream::connect(address).is_err()
    });
    assert!(idle.is_closed());
    log.release();
    for mut writer in writers {
        let answer = writer.read(false).unwrap();
        assert_eq!(
            (answer.status, answer.header("connection")),
            (201, Some("close"))
        );
        assert!(writer.is_closed());
    }
    assert_eq!(ending.join().unwrap(), Ended::Drained);
}

#[test]
fn a_request_that_takes_too_long_is_cut_off() {
    let sandbox = Sandbox::limited(Limits {
        end_time: Duration::from_millis(50),
        ..Limits::default()
    });
    let mut slow = sandbox.client();
    slow.write(b"POST /v1/components HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{");
    assert_eq!(sandbox.get("/livez").status, 200);
    assert_eq!(sandbox.running.end(), Ended::Cut);
    assert!(slow.is_closed());
}

#[test]
fn an_open_server_stays_on_the_loopback() {
    let everywhere = Options {
        listen: ([0, 0, 0, 0], 0).into(),
        ..options()
    };
    let refused = start(deedbook_book::Book::in_memory().unwrap(), everywhere);
    assert!(matches!(refused.err(), Some(StartError::Open(_))));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let sandbox = Sandbox::new();
    let taken = Options {
        listen: sandbox.running.address(),
        ..options()
    };
    let refused = start(sandbox.book.clone(), taken);
    assert!(
        matches!(refused.err(), Some(StartError::Listen { address, .. }) if address == sandbox.running.address())
    );
}
