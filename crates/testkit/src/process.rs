//! The test binary once more, as another process.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

/// Begins the lines that a child says to its parent; the test harness prints others.
const MARK: &str = "@ ";

/// Set for a child; its value is what the parent has to tell it.
const TASK: &str = "DEEDTEST_CHILD_TASK";

/// Another process that runs one test of this binary. Dropping it kills it.
pub struct Other {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    stdin: Option<ChildStdin>,
}

impl Other {
    /// Starts the test of that full name with a task; `as_user` before it is started.
    ///
    /// # Panics
    /// When it can't be started.
    #[must_use]
    pub fn start(test: &str, task: &str, as_user: Option<u32>) -> Other {
        let program = std::env::current_exe().expect("the test binary's own path");
        let mut command = Command::new(program);
        command
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(TASK, task)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        #[cfg(unix)]
        if let Some(user) = as_user {
            use std::os::unix::process::CommandExt;
            command.uid(user).gid(user);
        }
        let mut child = command.spawn().expect("the test binary starts");
        let stdout = child.stdout.take().expect("a pipe");
        let stdin = child.stdin.take();
        Other {
            child,
            lines: BufReader::new(stdout).lines(),
            stdin,
        }
    }

    /// What it says next; `None`: it ended.
    pub fn heard(&mut self) -> Option<String> {
        loop {
            let line = self.lines.next()?.ok()?;
            if let Some(at) = line.find(MARK) {
                return Some(line[at + MARK.len()..].to_owned());
            }
        }
    }

    /// Tells it that it may go on.
    ///
    /// # Panics
    /// When it doesn't listen any more.
    pub fn go_on(&mut self) {
        let stdin = self.stdin.as_mut().expect("a pipe");
        writeln!(stdin).expect("the child listens");
    }

    /// Kills it at once, as `kill -9` does, and returns what it had said but nobody had heard.
    ///
    /// # Panics
    /// When it can't be killed.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
        std::iter::from_fn(|| self.heard()).collect()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it can't be waited for.
    pub fn ended(mut self) -> ExitStatus {
        self.stdin = None;
        while self.heard().is_some() {}
        self.child.wait().expect("it ends")
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the parent wants done; `None` in an ordinary run, where a child's test has nothing to do.
#[must_use]
pub fn task() -> Option<String> {
    std::env::var(TASK).ok()
}

/// Says something to the parent.
///
/// # Panics
/// When nobody reads it.
pub fn say(line: &str) {
    // One write, so that a kill can't leave half a line in the pipe.
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{MARK}{line}\n").as_bytes())
        .and_then(|()| out.flush())
        .expect("the parent reads");
}

/// Waits until the parent says to go on.
///
/// # Panics
/// When the parent is gone.
pub fn wait_for_parent() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a parent");
}

/// Whether this process is the superuser's, who may mount and become others.
#[must_use]
pub fn is_root() -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
    }
    #[cfg(not(target_os = "linux"))]
    false
}
