//! The code blocks of a page, pasted into a shell one after the other, and what they must print.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::sandbox::{Sandbox, ran};
use crate::serving::Serving;

/// Where the pages say that the server listens; here it is a port that is free.
const ADDRESS: &str = "127.0.0.1:8080";
const ENCRYPTED: &str = "localhost:8443";

/// A fenced block: its language and its text.
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
}

/// The blocks of a page of the repository, in order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for line in read(page).lines() {
        match (line.strip_prefix("```"), blocks.last_mut()) {
            (Some(_), _) if inside => inside = false,
            (Some(language), _) => {
                inside = true;
                blocks.push(Block {
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (None, Some(block)) if inside => block.text += &format!("{line}\n"),
            _ => {}
        }
    }
    blocks
}

pub(crate) fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

pub(crate) fn read(page: &str) -> String {
    std::fs::read_to_string(repository().join(page)).unwrap()
}

/// A checkout as far as the pages need one, and the server that was started last.
pub(crate) struct Shell {
    pub(crate) sandbox: Sandbox,
    serving: Option<Serving>,
    /// Where the server listens now.
    address: String,
    /// What was exported.
    exports: String,
}

impl Shell {
    pub(crate) fn new() -> Shell {
        let sandbox = Sandbox::new();
        let examples = sandbox.path("examples");
        std::fs::create_dir(&examples).unwrap();
        crate::sandbox::copy_folder(&repository().join("examples"), &examples);
        std::fs::create_dir_all(sandbox.path("target/debug")).unwrap();
        let program = sandbox.path("target/debug/deedbook");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_deedbook"), program).unwrap();
        Shell {
            sandbox,
            serving: None,
            address: ADDRESS.to_owned(),
            exports: String::new(),
        }
    }

    /// Starts the server of a block that is one `deedbook serve …` line, in place of the one before.
    pub(crate) fn serve(&mut self, line: &str) -> &Serving {
        self.stop();
        let mut words: Vec<&str> = line.split_whitespace().skip(1).collect();
        match words.iter().position(|word| *word == "--listen") {
            Some(place) => words[place + 1] = "127.0.0.1:0",
            None => words.extend(["--listen", "127.0.0.1:0"]),
        }
        let serving = Serving::of(self.sandbox.command(&words));
        self.address = serving.address.to_string();
        self.serving.insert(serving)
    }

    /// Where the server listens.
    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// Sets a variable for all that follows.
    pub(crate) fn export(&mut self, name: &str, value: &str) {
        self.exports += &format!("export {name}={value}\n");
    }

    /// Ends the server, as a signal does.
    pub(crate) fn stop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.end();
        }
    }

    /// Runs a block; what it prints. A `diff` that finds differences ends with 1, all else with 0.
    pub(crate) fn run(&mut self, text: &str) -> String {
        let text: String = text
            .replace(ADDRESS, &self.address)
            .replace(ENCRYPTED, &self.address.replace("127.0.0.1", "localhost"))
            .lines()
            .map(|line| match line {
                _ if line.starts_with("deedbook diff ") => format!("{line} || test $? = 1\n"),
                // There is no terminal to ask on.
                "deedbook doctor --accept-head" => format!("{line} --yes\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let mut command = Command::new("bash");
        let like = self.sandbox.command(&[]);
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let script = format!("exec 2>&1; set -eo pipefail\n{}{text}", self.exports);
        command
            .arg("-c")
            .arg(&script)
            .current_dir(self.sandbox.path(""));
        let ran = ran({
            command.stdin(Stdio::null());
            command
        });
        assert_eq!(ran.status, 0, "{text}\n{}\n{}", ran.stdout, ran.stderr);
        let keeps = |line: &&str| line.starts_with("export ") || line.starts_with("api=");
        for line in text.lines().filter(keeps) {
            self.exports += &format!("{line}\n");
        }
        ran.stdout
    }
}

/// Checks that a page's lines are in the output, in that order: word for word, but for times and
/// digests; `…` stands for any text.
pub(crate) fn must_print(expected: &str, output: &str) {
    let mut lines = output.lines();
    for line in expected.lines().filter(|line| line.trim() != "…") {
        assert!(
            lines.any(|printed| fits(line, printed)),
            "not printed, or not in this order: {line}\nin:\n{output}"
        );
    }
}

fn fits(expected: &str, printed: &str) -> bool {
    let expected = plain(expected);
    let printed = plain(printed);
    let mut rest = printed.as_str();
    let mut pieces = expected.split('…').map(str::trim);
    let first = pieces.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else {
        return false;
    };
    rest = after;
    let mut is_open = false;
    for piece in pieces {
        is_open = piece.is_empty();
        match rest.find(piece) {
            Some(place) => rest = &rest[place + piece.len()..],
            None => return false,
        }
    }
    is_open || rest.is_empty()
}

/// One space between words, and a sign for what differs from run to run.
fn plain(line: &str) -> String {
    let words: Vec<String> = line.split_whitespace().map(mask).collect();
    words.join(" ")
}

fn mask(word: &str) -> String {
    let mut text = String::new();
    let mut token = String::new();
    for sign in word.chars().chain(['\n']) {
        if sign.is_ascii_alphanumeric() || "-:.".contains(sign) && !token.is_empty() {
            token.push(sign);
            continue;
        }
        text += &masked(&token);
        token.clear();
        text.push(sign);
    }
    text.trim_end().to_owned()
}

fn masked(token: &str) -> String {
    let is_time = token.starts_with("20") && token.contains('T') && token.ends_with('Z');
    let is_hex = |text: &str| text.chars().all(|sign| sign.is_ascii_hexdigit());
    let is_digest = token.len() >= 32 && is_hex(token);
    if is_time {
        return "TIME".to_owned();
    }
    if is_digest {
        return "DIGEST".to_owned();
    }
    match token.split_once('-') {
        Some((revision, chain)) if chain.len() == 8 && is_hex(chain) && is_hex(revision) => {
            format!("{revision}-CHAIN")
        }
        _ => token.to_owned(),
    }
}

#[test]
fn lines_fit_but_for_what_differs_from_run_to_run() {
    let digest = "09b97485dc490abc8bbaf41ace1ab7ef2fa4b11bd88f60387c751d5032b4a15c";
    assert!(fits(
        "a  2026-01-02T03:04:05.6Z b",
        "a 2027-01-02T03:04:05Z  b"
    ));
    assert!(fits(
        &format!("root: {digest}"),
        &format!("root: {}", digest.replace('0', "1"))
    ));
    assert!(fits("{\"a\":1,…}", "{\"a\":1,\"b\":2}"));
    assert!(fits("id: 24-4c45bc9f", "id: 24-00000000"));
    assert!(!fits("id: 24-4c45bc9f", "id: 25-4c45bc9f"));
    assert!(!fits("geo_index", "geo_index@1"));
    assert!(fits("geo_index…", "geo_index@1"));
}
