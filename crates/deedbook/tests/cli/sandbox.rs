//! A folder of its own, and the binary run in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The folder with the compatibility samples of components.
pub(crate) fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat/samples/components")
}

/// A folder and what to run in it.
pub(crate) struct Sandbox {
    folder: TempDir,
    program: PathBuf,
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Sandbox {
        Sandbox {
            folder: tempfile::tempdir().unwrap(),
            program: PathBuf::from(env!("CARGO_BIN_EXE_deedbook")),
        }
    }

    /// The same binary through a link with another name.
    pub(crate) fn linked(name: &str) -> Sandbox {
        let mut sandbox = Sandbox::new();
        let bin = sandbox.folder.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let link = bin.join(name);
        std::os::unix::fs::symlink(&sandbox.program, &link).unwrap();
        sandbox.program = link;
        sandbox
    }

    /// A sandbox whose book holds every valid sample.
    pub(crate) fn with_samples() -> Sandbox {
        let sandbox = Sandbox::new();
        let valid = samples().join("valid");
        sandbox.ok(&["registry", "add", valid.to_str().unwrap(), "--quiet"]);
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(self.folder.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DEEDBOOK_") {
                command.env_remove(name);
            }
        }
        command.env("XDG_CONFIG_HOME", self.folder.path().join("config"));
        command.env_remove("NO_COLOR").stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments))
    }

    /// Runs with text on stdin.
    pub(crate) fn feed(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that doesn't read its input closes it.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Ran::of(child.wait_with_output().unwrap())
    }

    /// Runs against the server of that URL.
    pub(crate) fn run_at(&self, url: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command.env("DEEDBOOK_URL", url);
        ran(command)
    }

    /// A sandbox with a copy of all that is in this one, sockets left out.
    pub(crate) fn copy(&self) -> Sandbox {
        let copy = Sandbox::new();
        copy_folder(self.folder.path(), copy.folder.path());
        copy
    }

    /// Runs what must succeed; its stdout.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.status, 0, "{arguments:?}: {ran:?}");
        ran.stdout
    }

    /// Runs what must succeed with `-o json`; its result.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["-o", "json"]).collect();
        let text = self.ok(&arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// Runs what must fail with that status; what it printed.
    pub(crate) fn fails(&self, status: i32, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.status, status, "{arguments:?}: {ran:?}");
        ran
    }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, to) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy_folder(&entry.path(), &to);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

impl Ran {
    fn of(output: std::process::Output) -> Ran {
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The one JSON object on stderr.
    pub(crate) fn error(&self) -> Value {
        serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub(crate) fn ran(mut command: Command) -> Ran {
    Ran::of(command.output().unwrap())
}

/// A document of that name, version and number, which makes its uuid.
pub(crate) fn document(name: &str, version: &str, number: u32) -> String {
    format!(
        "metadata_version: \"0.3.0\"\nuuid: 00000000-0000-4000-8000-{number:012x}\nname: {name}\n\
         version: \"{version}\"\nmeta_type: tool\n"
    )
}

/// The JSON values of lines.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
