//! `kill -9` of the server under writers and watchers: nothing acknowledged is lost, nothing that
//! was asked twice is done twice, and those who watch see one dense history.
//! `DEEDTEST_KILLS=50` kills so often instead of 4 times.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use deedbook_testkit::wait::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::sandbox::{Sandbox, lines};
use crate::serving::Serving;

const WRITERS: usize = 16;
const WATCHERS: usize = 4;

fn kills() -> u32 {
    let wanted = std::env::var("DEEDTEST_KILLS").ok();
    wanted.map_or(4, |wanted| wanted.parse().unwrap())
}

/// Where the server is now, and how much was acknowledged.
#[derive(Default)]
struct Scene {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    /// How often a server was started, and where the last one listens.
    server: Option<(u32, SocketAddr)>,
    acknowledged: u64,
    /// Writers finish what they began and end.
    enough: bool,
    /// The book's last revision, once nobody writes any more.
    end: Option<u64>,
}

impl Scene {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.moved.notify_all();
    }

    /// Waits until what is asked for is there.
    fn wait<T>(&self, mut ask: impl FnMut(&State) -> Option<T>) -> T {
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(answer) = ask(&state) {
                return answer;
            }
            let (next, timed_out) = self.moved.wait_timeout(state, PATIENCE).unwrap();
            assert!(!timed_out.timed_out(), "nothing moves any more");
            state = next;
        }
    }

    /// A server other than the one of that number.
    fn server_after(&self, number: u32) -> (u32, SocketAddr) {
        self.wait(|state| state.server.filter(|(started, _)| *started > number))
    }
}

/// A connection to whichever server there is; broken ones are made again.
struct Connection {
    scene: Arc<Scene>,
    server: u32,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    fn new(scene: &Arc<Scene>) -> Connection {
        Connection {
            scene: Arc::clone(scene),
            server: 0,
            stream: None,
        }
    }

    /// Asks until there is an answer, whatever becomes of the server.
    fn ask(&mut self, request: &str) -> (u16, Value) {
        loop {
            match self.try_ask(request) {
                Some((503, _)) | None => self.stream = None,
                Some(answer) => return answer,
            }
        }
    }

    fn try_ask(&mut self, request: &str) -> Option<(u16, Value)> {
        if self.stream.is_none() {
            self.stream = Some(self.connect());
        }
        let stream = self.stream.as_mut()?;
        stream.get_mut().write_all(request.as_bytes()).ok()?;
        let (status, length) = read_head(stream)?;
        let mut body = vec![0; length?];
        stream.read_exact(&mut body).ok()?;
        Some((status, serde_json::from_slice(&body).unwrap()))
    }

    /// The server of now, or the next one if that is gone.
    fn connect(&mut self) -> BufReader<TcpStream> {
        loop {
            let (number, address) = self.scene.server_after(self.server.saturating_sub(1));
            match TcpStream::connect(address) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    self.server = number;
                    return BufReader::new(stream);
                }
                Err(_) => self.server = self.scene.server_after(number).0,
            }
        }
    }
}

/// Status and length of an answer; `None`: it broke off.
fn read_head(stream: &mut BufReader<TcpStream>) -> Option<(u16, Option<usize>)> {
    let mut status = None;
    let mut length = None;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 || !line.ends_with('\n') {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            return Some((status?, length));
        }
        match line.strip_prefix("http/1.1 ") {
            Some(rest) => status = rest.get(..3)?.parse().ok(),
            None => {
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().ok();
                }
            }
        }
    }
}

/// What one writer was told: revision and verb, by uuid.
type Told = BTreeMap<String, Vec<(u64, &'static str)>>;

/// Registers, changes and removes components of its own, each request under a key, until there are
/// enough. None of the three can be done twice with the same answer.
fn write(scene: &Arc<Scene>, writer: usize) -> Told {
    let mut told = Told::new();
    let mut connection = Connection::new(scene);
    for number in 0.. {
        if scene.state.lock().unwrap().enough {
            break;
        }
        let uuid = format!("00000000-0000-4000-8000-{writer:04x}{number:08x}");
        let document = json!({
            "metadata_version": "0.3.0", "uuid": uuid, "name": format!("part_{writer}_{number}"),
            "version": "1.0.0", "meta_type": "tool",
        });
        let patch = json!({"description": format!("{number}")});
        let mut revision = 0;
        for (verb, method, status, content) in [
            ("registered", "POST", 201, Some(document)),
            ("updated", "PATCH", 200, Some(patch)),
            ("removed", "DELETE", 200, None),
        ] {
            let path = match method {
                "POST" => "/v1/components".to_owned(),
                _ => format!("/v1/components/{uuid}"),
            };
            let content = content
                .map(|content| content.to_string())
                .unwrap_or_default();
            let media_type = match method {
                "PATCH" => "application/merge-patch+json",
                _ => "application/json",
            };
            let condition = match method {
                "PATCH" => format!("if-match: \"{revision}\"\r\n"),
                _ => String::new(),
            };
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: localhost\r\nidempotency-key: {writer}-{number}-{verb}\r\n\
                 content-type: {media_type}\r\ncontent-length: {}\r\n{condition}\r\n{content}",
                content.len()
            );
            let (answered, body) = connection.ask(&request);
            assert_eq!(answered, status, "{request}: {body}");
            revision = body["revision"].as_u64().unwrap();
            told.entry(uuid.clone()).or_default().push((revision, verb));
            scene.change(|state| state.acknowledged += 1);
        }
    }
    told
}

/// Watches everything from the start, going on where a connection broke off: the revisions that it
/// was told, in order.
fn watch(scene: &Arc<Scene>) -> Vec<u64> {
    let mut seen = Vec::new();
    let mut position = String::new();
    let mut connection = Connection::new(scene);
    loop {
        let mut stream = connection.connect();
        let request = format!(
            "GET /v1/watch?after=0 HTTP/1.1\r\nhost: localhost\r\nlast-event-id: {position}\r\n\r\n"
        );
        if stream.get_mut().write_all(request.as_bytes()).is_err() {
            continue;
        }
        let Some((200, _)) = read_head(&mut stream) else {
            continue;
        };
        let mut line = String::new();
        // The sizes of chunks are lines of their own and look like nothing that is read here.
        while stream.read_line(&mut line).is_ok_and(|read| read > 0) && line.ends_with('\n') {
            if let Some(id) = line.strip_prefix("id: ") {
                position = id.trim_end().to_owned();
            }
            if let Some(data) = line.strip_prefix("data: ") {
                let data: Value = serde_json::from_str(data.trim_end()).unwrap();
                if data["kind"].is_string() {
                    seen.push(data["revision"].as_u64().unwrap());
                }
            }
            line.clear();
            let end = scene.state.lock().unwrap().end;
            if end.is_some() && seen.last().copied() >= end {
                return seen;
            }
        }
    }
}

#[test]
fn a_killed_server_loses_nothing_and_repeats_nothing() {
    let sandbox = Sandbox::new();
    let scene = Arc::new(Scene::default());
    let spawn = |scene: &Arc<Scene>| Arc::clone(scene);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let scene = spawn(&scene);
            thread::spawn(move || write(&scene, writer))
        })
        .collect();
    let watchers: Vec<_> = (0..WATCHERS)
        .map(|_| {
            let scene = spawn(&scene);
            thread::spawn(move || watch(&scene))
        })
        .collect();
    let start = |number: u32| {
        let serving = Serving::start(&sandbox, "127.0.0.1:0");
        scene.change(|state| state.server = Some((number, serving.address)));
        serving
    };
    for kill in 1..=kills() {
        let mut serving = start(kill);
        let before = scene.state.lock().unwrap().acknowledged;
        // Another moment each time, in the midst of the writing.
        let wanted = before + 20 + u64::from(kill * 37 % 200);
        scene.wait(|state| (state.acknowledged >= wanted).then_some(()));
        serving.process.kill().unwrap();
        serving.process.wait().unwrap();
    }
    // One more ends in good order while they write, and answers all that it took.
    let mut serving = start(kills() + 1);
    let wanted = scene.state.lock().unwrap().acknowledged + 100;
    scene.wait(|state| (state.acknowledged >= wanted).then_some(()));
    let pid = Pid::from_raw(serving.process.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let status = serving.process.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(0), None));
    let serving = start(kills() + 2);
    scene.change(|state| state.enough = true);
    let told: Vec<Told> = writers
        .into_iter()
        .map(|writer| writer.join().unwrap())
        .collect();
    let head = serving.get("/v1/head", None).json();
    let end = head["revision"].as_u64().unwrap();
    scene.change(|state| state.end = Some(end));
    // Whoever is up to date already is told by one more change.
    let last = json!({"metadata_version": "0.3.0", "uuid": "00000000-0000-4000-8000-ffffffffffff",
        "name": "last", "version": "1.0.0", "meta_type": "tool"});
    let created = deedbook_testkit::http::Client::connect(serving.address)
        .post("/v1/components", &last.to_string());
    assert_eq!(created.status, 201);
    for watcher in watchers {
        let seen = watcher.join().unwrap();
        assert!(
            seen.iter().copied().eq(1..=seen.len() as u64),
            "one dense history: {seen:?}"
        );
        assert!(seen.len() as u64 >= end);
    }
    drop(serving);
    let verified = sandbox.json(&["audit", "verify"]);
    assert_eq!(verified["ok"], true, "{verified}");
    let log = lines(&sandbox.ok(&["log", "--all", "-o", "jsonl"]));
    let mut done: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for change in log.iter().rev() {
        let key = change["key"].as_str().unwrap().to_owned();
        let verb = change["verb"].as_str().unwrap().to_owned();
        let revision = change["revision"].as_u64().unwrap();
        done.entry(key).or_default().push((revision, verb));
    }
    let mut acknowledged = 0;
    for (uuid, told) in told.iter().flatten() {
        let told: Vec<(u64, String)> = told
            .iter()
            .map(|(revision, verb)| (*revision, (*verb).to_owned()))
            .collect();
        assert_eq!(done.get(uuid), Some(&told), "{uuid}");
        acknowledged += told.len();
    }
    println!("{} kills, {acknowledged} acknowledged", kills());
}
