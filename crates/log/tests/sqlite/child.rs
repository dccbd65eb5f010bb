//! This test binary as a process of its own, so that it can be killed or be another user.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use deedbook_log::conformance::sample;
use deedbook_log::{Appended, Log, LogError};

use crate::book::{content, create, read};

const TASK: &str = "DEEDTEST_TASK";
const DIR: &str = "DEEDTEST_DIR";

/// A child at work: it answers in lines.
pub(crate) struct Worker {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    pub(crate) fn start(task: &str, dir: &Path) -> Worker {
        Worker::spawn(Command::new(std::env::current_exe().unwrap()), task, dir)
    }

    /// As a user who owns nothing here. `program` is a copy of this binary that he may run.
    #[cfg(unix)]
    pub(crate) fn start_as_nobody(program: &Path, task: &str, dir: &Path) -> Worker {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(program);
        command.uid(65_534).gid(65_534).current_dir("/");
        Worker::spawn(command, task, dir)
    }

    fn spawn(mut command: Command, task: &str, dir: &Path) -> Worker {
        let mut child = command
            .args(["--exact", "child::works", "--ignored", "--nocapture", "-q"])
            .env(TASK, task)
            .env(DIR, dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Worker {
            stdin: child.stdin.take().unwrap(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    /// The next answer; `None`: it is gone.
    pub(crate) fn answer(&mut self) -> Option<String> {
        loop {
            let line = self.lines.next()?.ok()?;
            if let Some(answer) = line.split_once("answer: ").map(|(_, answer)| answer) {
                return Some(answer.to_owned());
            }
        }
    }

    pub(crate) fn tell(&mut self) {
        writeln!(self.stdin, "go on").unwrap();
    }

    /// Kills it and gives the answers that it had written before.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        let answers = std::iter::from_fn(|| self.answer()).collect();
        self.child.wait().unwrap();
        answers
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "started by other tests as a process of its own"]
fn works() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else {
        return;
    };
    match std::env::var(TASK).unwrap().as_str() {
        "append" => append_for_ever(&dir),
        "hold" => hold(&dir),
        "read" => answer(&said(read(&dir).and_then(|log| content(&log)).map(|_| ()))),
        "write" => answer(&said(
            deedbook_log::SqliteLog::open(&dir, crate::book::WRITE).map(|_| ()),
        )),
        "follow" => follow(&dir),
        task => panic!("{task}"),
    }
}

fn answer(text: &str) {
    println!("answer: {text}");
}

fn wait_to_be_told() {
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

fn said(outcome: Result<(), LogError>) -> String {
    match outcome {
        Ok(()) => "ok".to_owned(),
        Err(LogError::Denied { action, reason, .. }) => format!("denied {action}: {reason}"),
        Err(error) => format!("{error:?}"),
    }
}

/// Says each head after it was acknowledged, until it is killed.
fn append_for_ever(dir: &Path) {
    answer("started");
    let log = create(dir);
    let mut head = log.head().unwrap();
    answer(&head.revision.to_string());
    loop {
        let batch = sample::batch(head, 1 + head.revision.0 % 40, "until killed");
        assert_eq!(log.append(head, &batch).unwrap(), Appended::Done);
        head = batch.head();
        answer(&head.revision.to_string());
    }
}

/// Keeps the book open for writing until told otherwise.
fn hold(dir: &Path) {
    let log = create(dir);
    sample::fill(&log, &[2]);
    answer("held");
    wait_to_be_told();
    sample::fill(&log, &[2]);
    answer("appended");
    wait_to_be_told();
}

/// Says the head each time it is told to.
fn follow(dir: &Path) {
    let log = match read(dir) {
        Ok(log) => log,
        Err(error) => return answer(&said(Err(error))),
    };
    loop {
        answer(&log.head().unwrap().to_string());
        content(&log).unwrap();
        wait_to_be_told();
    }
}
