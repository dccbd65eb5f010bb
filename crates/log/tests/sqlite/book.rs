//! A small book with something of everything, and all that can be read from one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use deedbook_log::conformance::sample;
use deedbook_log::{Access, ArtifactId, Log, LogError, Part, ReadLimit, SqliteLog};
use deedbook_model::snapshot::{SnapshotInfo, decode_chunk};
use deedbook_model::{Batch, Head, Revision, StoredBatch};

/// Waits a little: a process that another test is just starting holds a copy of each open file,
/// and so of a lock that was given back, until it has become the other program.
pub(crate) const WRITE: Access = Access::Write {
    wait: Duration::from_secs(2),
    create: true,
};

pub(crate) fn create(dir: &Path) -> SqliteLog {
    SqliteLog::open(dir, WRITE).unwrap()
}

pub(crate) fn read(dir: &Path) -> Result<SqliteLog, LogError> {
    SqliteLog::open(dir, Access::Read)
}

/// Writes something of everything; some of it spans several pages. Each table has several rows, so
/// that one can vanish.
pub(crate) fn fill(log: &dyn Log) {
    let stored = sample::fill(log, &[1, 3, 40, 2]);
    for batch in [&stored[1], &stored[2]] {
        sample::snapshot(log, batch.head());
    }
    for text in ["one", "two"] {
        log.put_artifact(&Bytes::from_static(text.as_bytes()))
            .unwrap();
    }
    log.put_artifact(&Bytes::from(vec![b'x'; 6000])).unwrap();
    for (name, value) in [("projector", b"5"), ("sink/a", b"1"), ("sink/b", b"9")] {
        log.set_mark(name, None, value).unwrap();
    }
    sample::fill(log, &[2]);
    // The last commits aren't batches: the head alone wouldn't notice that they are gone.
    log.set_mark("sink/a", Some(b"1"), b"2").unwrap();
    log.put_artifact(&Bytes::from_static(b"three")).unwrap();
}

/// Everything that a log says.
#[derive(Debug, PartialEq)]
pub(crate) struct Content {
    head: Head,
    floor: Revision,
    batches: Vec<StoredBatch>,
    snapshots: Vec<(SnapshotInfo, Vec<Bytes>)>,
    artifacts: Vec<(ArtifactId, Bytes)>,
    marks: Vec<(String, Bytes)>,
    absent: bool,
}

/// Reads everything and checks it as the crates above do.
pub(crate) fn content(log: &dyn Log) -> Result<Content, LogError> {
    let floor = log.floor()?;
    let head = log.head()?;
    let small = ReadLimit {
        batches: 2,
        bytes: usize::MAX,
    };
    let mut batches: Vec<StoredBatch> = Vec::new();
    let mut at = floor;
    loop {
        let page = log.read(at, small)?;
        let Some(last) = page.last() else { break };
        at = last.last;
        for batch in &page {
            Batch::open(batch).map_err(|error| damaged(Part::Revision(batch.first), error))?;
        }
        batches.extend(page);
    }
    let mut snapshots = Vec::new();
    for revision in log.snapshots()? {
        snapshots.push(snapshot(log, revision)?);
    }
    let mut artifacts = Vec::new();
    for id in log.artifacts()? {
        artifacts.push((id, log.artifact(id)?.ok_or_else(|| lost(&id.to_string()))?));
    }
    let mut marks = Vec::new();
    for name in log.marks()? {
        let value = log.mark(&name)?.ok_or_else(|| lost(&name))?;
        marks.push((name, value));
    }
    let absent = log.mark("nobody")?.is_none()
        && log.artifact(ArtifactId::of(b"nothing"))?.is_none()
        && log.snapshot(Revision(1))?.is_none();
    log.stats()?;
    Ok(Content {
        head,
        floor,
        batches,
        snapshots,
        artifacts,
        marks,
        absent,
    })
}

fn snapshot(log: &dyn Log, revision: Revision) -> Result<(SnapshotInfo, Vec<Bytes>), LogError> {
    let info = log
        .snapshot(revision)?
        .ok_or_else(|| lost(&revision.to_string()))?;
    let chunks = (0..)
        .zip(&info.chunks)
        .map(|(number, digest)| {
            let bytes = log.chunk(revision, number)?;
            decode_chunk(&bytes, digest)
                .map_err(|error| damaged(Part::Snapshot(revision), error))?;
            Ok(bytes)
        })
        .collect::<Result<_, LogError>>()?;
    Ok((info, chunks))
}

fn damaged(part: Part, error: impl std::fmt::Display) -> LogError {
    LogError::Damaged {
        part,
        message: error.to_string(),
        hint: None,
    }
}

/// Listed, but not there when asked for: the engine must not say that.
fn lost(name: &str) -> ! {
    panic!("{name} is listed and isn't there")
}

/// The bytes of a data folder's files.
#[derive(Clone)]
pub(crate) struct Frozen(pub(crate) Vec<(String, Vec<u8>)>);

impl Frozen {
    /// As the folder is, while nobody in this process has it open.
    pub(crate) fn of(dir: &Path) -> Frozen {
        let mut files: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        Frozen(files)
    }

    /// As a crash would leave it: copied by another process, since reading the files in this one
    /// would give up SQLite's locks.
    pub(crate) fn of_live(dir: &Path) -> Frozen {
        let copy = tempfile::tempdir().unwrap();
        let to: PathBuf = copy.path().join("copy");
        let copied = std::process::Command::new("cp")
            .arg("-r")
            .args([dir, &to])
            .status()
            .unwrap();
        assert!(copied.success());
        Frozen::of(&to)
    }

    /// Puts exactly these files there.
    pub(crate) fn thaw(&self, dir: &Path) {
        fs::create_dir_all(dir).unwrap();
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        for (name, bytes) in &self.0 {
            fs::write(dir.join(name), bytes).unwrap();
        }
    }

    pub(crate) fn without(mut self, name: &str) -> Frozen {
        self.0.retain(|(file, _)| file != name);
        self
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|(file, bytes)| file == name && !bytes.is_empty())
    }
}
