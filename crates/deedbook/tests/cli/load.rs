//! `serve --load`: a new book is filled before the first request, or the server doesn't start.

use deedbook_testkit::http::Client;

use crate::sandbox::{Sandbox, document};
use crate::serving::Serving;

const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--load", "folder"];

#[test]
fn an_empty_book_is_filled_and_a_full_one_left_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/a.yaml", &document("a", "1.0.0", 1));
    sandbox.write("folder/deeper/b.yaml", &document("b", "1.0.0", 2));
    let serving = Serving::of(sandbox.command(&SERVE));
    let listed = serving.get("/v1/components", None).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let why = serving.get("/v1/components/b/history", None).json();
    assert_eq!(why["items"][0]["reason"], "load folder");
    serving.kill();

    sandbox.write("folder/c.yaml", &document("c", "1.0.0", 3));
    let serving = Serving::of(sandbox.command(&SERVE));
    assert_eq!(serving.get("/v1/components/c", None).status, 404);
    assert_eq!(serving.get("/v1/components/a", None).status, 200);
    let removed = Client::connect(serving.address).get("/v1/head").json();
    assert_eq!(removed["revision"], 3);
}

#[test]
fn every_broken_file_is_told_and_nothing_is_loaded() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/a.yaml", &document("a", "1.0.0", 1));
    sandbox.write("folder/broken.json", "[1");
    sandbox.write("folder/deeper/unsound.yaml", "name: a b\n");
    let ran = sandbox.fails(2, &SERVE);
    assert_eq!(ran.stdout, "", "it never listened");
    for file in ["folder/broken.json", "folder/deeper/unsound.yaml"] {
        assert!(ran.stderr.contains(file), "{}", ran.stderr);
    }
    // What only the rules refuse is told as well.
    std::fs::remove_file(sandbox.path("folder/broken.json")).unwrap();
    sandbox.write("folder/deeper/unsound.yaml", &document("b", "1.0.0", 1));
    let ran = sandbox.fails(4, &SERVE);
    assert!(ran.stderr.contains("folder/deeper/unsound.yaml"), "{ran:?}");
    sandbox.fails(
        3,
        &["serve", "--listen", "127.0.0.1:0", "--load", "nowhere"],
    );
    assert_eq!(
        sandbox.json(&["registry", "ls"])["items"],
        serde_json::json!([])
    );
}
