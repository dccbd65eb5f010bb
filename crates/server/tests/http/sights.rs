//! Which state a read sees.

use deedbook_testkit::http::Request;

use crate::sandbox::{Sandbox, document};

#[test]
fn the_past_can_be_read_and_the_future_can_not() {
    let sandbox = Sandbox::with_samples();
    let at = |at: &str| sandbox.get(&format!("/v1/components?at={at}"));
    assert_eq!(at("3").json()["items"].as_array().unwrap().len(), 2);
    assert_eq!(at("-1h").code(), "not_found");
    assert_eq!(at("4").header("deedbook-revision"), Some("4"));
    let future = at("5");
    assert_eq!((future.status, future.code().as_str()), (400, "invalid"));
    for bad in ["yesterday", "-3", "", "99999999999999999999"] {
        assert_eq!(at(bad).code(), "invalid", "{bad}");
    }
    let both = sandbox.get("/v1/components?at=2&cursor=abc");
    assert_eq!(both.code(), "invalid");
}

#[test]
fn a_read_waits_for_the_revision_that_it_asks_for() {
    let (log, sandbox) = Sandbox::faulty();
    assert_eq!(sandbox.get("/v1/head?atLeast=1").status, 200);
    let late = sandbox.get("/v1/head?atLeast=2");
    assert_eq!((late.status, late.header("retry-after")), (503, Some("1")));
    log.hold();
    let mut writer = sandbox.client();
    let request =
        Request::new("POST", "/v1/components").content("application/json", document("a", 1));
    writer.write(&request.to_bytes(sandbox.running.address()));
    log.wait_until_held();
    std::thread::scope(|scope| {
        // It asks again until the writer is done, each time waiting a moment.
        let reader = scope.spawn(|| {
            (0..1000).find_map(|_| {
                let answer = sandbox.get("/v1/head?atLeast=2");
                (answer.status == 200).then(|| answer.json())
            })
        });
        log.release();
        assert_eq!(reader.join().unwrap().unwrap()["revision"], 2);
    });
    assert_eq!(writer.read(false).unwrap().status, 201);
}

#[test]
fn a_strong_read_sees_what_another_writer_appended() {
    let log: std::sync::Arc<dyn deedbook_log::Log> =
        std::sync::Arc::new(deedbook_log::MemoryLog::default());
    let options = deedbook_book::OpenOptions::default();
    let book = deedbook_book::Book::with_log(std::sync::Arc::clone(&log), &options).unwrap();
    let other = deedbook_book::Book::with_log(log, &options).unwrap();
    let mut served = crate::sandbox::options();
    served.wait = deedbook_testkit::wait::PATIENCE;
    let sandbox = Sandbox::of(book, served.clone());
    let writer = Sandbox::of(other, served);
    for number in 1..=20 {
        let made = writer.post("/v1/components", &document(&format!("c{number}"), number));
        let revision = made.header("deedbook-revision").unwrap().to_owned();
        let seen = sandbox.get("/v1/head?consistency=strong").json();
        assert_eq!(seen["revision"].to_string(), revision);
    }
}
