//! Which server a command goes to, what it shows there, and what it says when that fails.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::json;

use crate::sandbox::{Sandbox, document};
use crate::serving::Serving;

#[test]
fn a_token_is_kept_and_shown_to_its_server_only() {
    let sandbox = Sandbox::with_samples();
    let token = sandbox.ok(&["token", "create", "ci", "--capability", "ADMIN", "-q"]);
    let serving = Serving::start(&sandbox, "127.0.0.1:0");
    let elsewhere = Sandbox::new();
    let url = serving.url();
    let ls = ["registry", "ls", "--url", &url];
    let ran = elsewhere.fails(5, &ls);
    assert!(ran.stderr.contains("deedbook login"), "{}", ran.stderr);
    let wrong = elsewhere.feed(&["login", &url], "deed_wrong\n");
    assert_eq!(wrong.status, 5, "{wrong:?}");
    let none = elsewhere.feed(&["login", &url], "two words\n");
    assert_eq!(none.status, 2, "{none:?}");
    assert!(!none.stderr.contains("two words"), "{none:?}");

    let login = elsewhere.feed(&["login", &url, "-v"], &token);
    assert_eq!(login.status, 0, "{login:?}");
    let told = format!("{}{}", login.stdout, login.stderr);
    assert!(!told.contains(token.trim()), "a secret is never printed");
    let kept = elsewhere.path("config/deedbook/tokens.json");
    let mode = std::fs::metadata(&kept).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    elsewhere.ok(&ls);
    let shown = elsewhere.ok(&["config", "show", "--url", &url]);
    assert!(!shown.contains(token.trim()), "{shown}");

    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = elsewhere.fails(2, &ls);
    assert!(open.stderr.contains("chmod 600"), "{open:?}");
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o600)).unwrap();

    elsewhere.ok(&["logout", &url]);
    elsewhere.fails(5, &ls);
    elsewhere.fails(3, &["logout", &url]);
    let file = elsewhere.write("token", &token);
    let named = [&ls[..], &["--token-file", file.to_str().unwrap()]].concat();
    elsewhere.ok(&named);
    let mut command = elsewhere.command(&ls);
    command.env("DEEDBOOK_TOKEN", token.trim());
    assert_eq!(crate::sandbox::ran(command).status, 0);
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let sandbox = Sandbox::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let ran = sandbox.fails(6, &["registry", "ls", "--url", &url]);
    assert!(
        ran.stderr.starts_with("RegistryUnavailableError: ") && ran.stderr.contains(&url),
        "{}",
        ran.stderr
    );
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    sandbox.fails(6, &["registry", "add", "a.yaml", "--url", &url]);
    assert!(!sandbox.path(".deedbook").exists());
}

#[test]
fn what_is_no_deedbook_is_not_believed() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answers = std::thread::spawn(move || {
        use std::io::{Read, Write};
        for answer in [
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        ] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    for _ in 0..2 {
        let ran = sandbox.fails(6, &["audit", "head", "--url", &url]);
        assert!(
            ran.stderr.contains("doesn't answer as a Deedbook"),
            "{ran:?}"
        );
    }
    answers.join().unwrap();
}

#[test]
fn watch_goes_on_where_a_killed_server_left_it() {
    let sandbox = Sandbox::new();
    let serving = Serving::start(&sandbox, "127.0.0.1:0");
    let (url, listen) = (serving.url(), serving.address.to_string());
    let mut command = sandbox.command(&["watch", "--after", "0", "-n", "3", "-o", "jsonl"]);
    command
        .args(["--url", &url])
        .env("DEEDBOOK_WAIT_SECONDS", "30");
    let mut watcher = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watcher.stdout.take().unwrap()).lines();
    let mut revision = || {
        let line = lines.next().unwrap().unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        told["revision"].as_u64().unwrap()
    };
    let add = |name: &str, number| {
        sandbox.write("one.yaml", &document(name, "1.0.0", number));
        sandbox.ok(&["registry", "add", "one.yaml", "--url", &url]);
    };
    add("a", 1);
    let first = revision();
    serving.kill();
    let _again = Serving::start(&sandbox, &listen);
    add("b", 2);
    assert_eq!(revision(), first + 1);
    add("c", 3);
    assert_eq!(revision(), first + 2);
    assert!(watcher.wait().unwrap().success());
}

#[test]
fn a_url_with_a_secret_is_refused_and_not_repeated() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run_at("http://user:secret@127.0.0.1:1", &["registry", "ls"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(!ran.stderr.contains("secret"), "{ran:?}");
    let by_flag = ["registry", "ls", "--url", "ftp://127.0.0.1"];
    sandbox.fails(64, &by_flag);
    sandbox.fails(64, &["registry", "ls", "--url", "http://a", "--data", "b"]);
}

#[test]
fn the_nearest_of_folder_and_server_wins() {
    let sandbox = Sandbox::with_samples();
    let url = "http://127.0.0.1:1";
    let by_flag = ["registry", "ls", "--data", ".deedbook"];
    assert_eq!(sandbox.run_at(url, &by_flag).status, 0);
    assert_eq!(sandbox.run_at(url, &["registry", "ls"]).status, 6);
    sandbox.write("deedbook.toml", &format!("url = \"{url}\"\n"));
    sandbox.fails(6, &["registry", "ls"]);
    let mut command = sandbox.command(&["registry", "ls"]);
    command.env("DEEDBOOK_DATA", sandbox.path(".deedbook"));
    assert_eq!(crate::sandbox::ran(command).status, 0);
}

#[test]
fn the_server_that_holds_the_book_is_found_and_a_killed_one_is_not_missed() {
    let sandbox = Sandbox::with_samples();
    let serving = Serving::start(&sandbox, "127.0.0.1:0");
    let socket = sandbox.path(".deedbook/server.sock");
    let mode = std::fs::symlink_metadata(&socket)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    let added = sandbox.run(&["registry", "add", "a.yaml", "-v"]);
    assert_eq!(added.status, 0, "{added:?}");
    assert!(added.stderr.contains("server.sock"), "{added:?}");
    assert_eq!(serving.get("/v1/components/a", None).status, 200);

    serving.kill();
    assert!(socket.exists(), "nobody took it away");
    sandbox.write("b.yaml", &document("b", "1.0.0", 2));
    sandbox.ok(&["registry", "add", "b.yaml"]);
    let again = Serving::start(&sandbox, "127.0.0.1:0");
    assert_eq!(again.get("/v1/components/b", None).status, 200);
    sandbox.ok(&["registry", "get", "b"]);
}

#[test]
fn a_socket_is_an_admins_also_where_others_need_tokens() {
    let sandbox = Sandbox::with_samples();
    sandbox.ok(&[
        "token",
        "create",
        "ci",
        "--capability",
        "REGISTRY_READ",
        "-q",
    ]);
    let serving = Serving::start(&sandbox, "127.0.0.1:0");
    assert_eq!(serving.get("/v1/components", None).status, 401);
    let listed = sandbox.json(&["principal", "ls"]);
    assert_eq!(listed["items"][0]["key"], json!("ci"));
    let rotated = sandbox.ok(&["token", "rotate", "ci", "-q"]);
    let status = serving.get("/v1/components", Some(rotated.trim())).status;
    assert_eq!(status, 200);
}

#[test]
fn a_path_too_long_for_a_socket_is_named_in_a_file() {
    let sandbox = Sandbox::new();
    let deep = format!("{}/book", "long_folder_name_".repeat(8));
    let runtime = sandbox.path("run");
    std::fs::create_dir(&runtime).unwrap();
    std::fs::create_dir_all(sandbox.path(&deep)).unwrap();
    let mut command = sandbox.command(&["serve", "--listen", "127.0.0.1:0", "--data", &deep]);
    command.env("XDG_RUNTIME_DIR", &runtime);
    let serving = Serving::of(command);
    sandbox.write("a.yaml", &document("a", "1.0.0", 1));
    let added = sandbox.run(&["registry", "add", "a.yaml", "-v", "--data", &deep]);
    assert_eq!(added.status, 0, "{added:?}");
    assert!(added.stderr.contains("/run/deedbook/"), "{added:?}");
    assert_eq!(serving.get("/v1/components/a", None).status, 200);
    // A copy of the folder isn't the server's.
    let other = format!("{}/copy", "long_folder_name_".repeat(8));
    std::fs::create_dir(sandbox.path(&other)).unwrap();
    let named = sandbox.path(&format!("{deep}/server.sock.path"));
    std::fs::copy(named, sandbox.path(&format!("{other}/server.sock.path"))).unwrap();
    let ran = sandbox.run(&["registry", "ls", "--data", &other]);
    assert_eq!(ran.status, 3, "{ran:?}");
}

#[test]
fn many_files_go_through_in_their_order() {
    let sandbox = Sandbox::new();
    let serving = Serving::start(&sandbox, "127.0.0.1:0");
    let elsewhere = Sandbox::new();
    for number in 0..300 {
        let name = format!("c{number:03}");
        let text = document(&name, "1.0.0", number) + "description: >\n  " + &"word ".repeat(200);
        elsewhere.write(&format!("folder/{name}.yaml"), &text);
    }
    let added = elsewhere.run_at(
        &serving.url(),
        &["registry", "add", "folder", "-o", "jsonl"],
    );
    assert_eq!(added.status, 0, "{added:?}");
    let reports = crate::sandbox::lines(&added.stdout);
    assert_eq!(reports.len(), 300);
    for (number, report) in reports.iter().enumerate() {
        assert_eq!(report["name"], json!(format!("c{number:03}")));
        assert_eq!(report["revision"], json!(number + 2));
    }
}

#[test]
fn a_signal_right_after_the_first_line_ends_the_server_in_good_order() {
    let sandbox = Sandbox::new();
    for _ in 0..20 {
        Serving::start(&sandbox, "127.0.0.1:0").end();
    }
}
