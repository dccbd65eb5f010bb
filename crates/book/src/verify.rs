//! Proving that nobody touched the past: every stored byte against chain, digests and roots.

use std::path::Path;

use deedbook_log::{Access, Log, LogError, Part, ReadLimit, SqliteLog};
use deedbook_model::{Chain, Head, Revision, StateRoot};
use serde::{Deserialize, Serialize};

use crate::error::BookError;
use crate::load::Fold;

/// What an auditor notes down: a later `verify` against it finds a rewritten past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditHead {
    /// Last revision.
    pub revision: Revision,
    /// Chain after it, 64 hex digits.
    pub chain: String,
    /// Number of live records.
    pub records: u64,
    /// State root, 64 hex digits.
    pub state_root: String,
    /// Identity of the history.
    pub lineage: String,
}

/// What verifying found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Last revision that fits.
    pub revision: Revision,
    /// Live records there.
    pub records: u64,
    /// State root there.
    pub state_root: StateRoot,
    /// Chain there.
    pub chain: Chain,
    /// Whether everything fits.
    pub ok: bool,
    /// The first thing that doesn't.
    pub broken: Option<Broken>,
}

/// A stored thing that doesn't fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// First revision that doesn't fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// Revision of the snapshot that doesn't fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Revision>,
    /// File, artifact or mark that doesn't fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What doesn't fit.
    pub message: String,
}

impl Verification {
    /// The result for a book that can't even be opened.
    ///
    /// # Errors
    /// The error itself, when it isn't damage.
    pub(crate) fn of_broken(error: BookError) -> Result<Verification, BookError> {
        let broken = Broken::of(&error).ok_or(error)?;
        Ok(Verification {
            revision: Revision::ZERO,
            records: 0,
            state_root: StateRoot::EMPTY,
            chain: Chain::ZERO,
            ok: false,
            broken: Some(broken),
        })
    }
}

impl Broken {
    /// What a refusal says is broken; `None` when it is no damage but, say, a full disk: that
    /// couldn't be checked, which is not the same as sound.
    #[must_use]
    pub fn of(error: &BookError) -> Option<Broken> {
        match error {
            BookError::Divergent { revision } => Some(Broken {
                revision: Some(*revision),
                message: "folding the log gives another state than its writer had".to_owned(),
                ..Broken::default()
            }),
            BookError::Log(LogError::Damaged { part, message, .. }) => {
                let mut broken = Broken {
                    message: message.clone(),
                    ..Broken::default()
                };
                match part {
                    Part::Revision(revision) => broken.revision = Some(*revision),
                    Part::Snapshot(revision) => broken.snapshot = Some(*revision),
                    other => broken.file = Some(other.to_string()),
                }
                Some(broken)
            }
            _ => None,
        }
    }
}

/// Checks all of a log.
///
/// # Errors
/// When something couldn't be checked; what was checked and doesn't fit is in the result.
pub fn verify(log: &dyn Log, anchor: Option<&AuditHead>) -> Result<Verification, BookError> {
    let mut walk = Walk {
        fold: Fold::empty(),
        anchor,
        anchor_seen: false,
    };
    let result = walk.all(log);
    let broken = match result {
        Ok(()) => None,
        Err(error) => Some(Broken::of(&error).ok_or(error)?),
    };
    Ok(Verification {
        revision: walk.fold.head.revision,
        records: walk.fold.state.live(),
        state_root: walk.fold.state.root(),
        chain: walk.fold.head.chain,
        ok: broken.is_none(),
        broken,
    })
}

/// Checks every stored byte of the book in a folder, also of one that can't be opened as a book.
///
/// # Errors
/// When something couldn't be checked.
pub fn verify_folder(dir: &Path, anchor: Option<&AuditHead>) -> Result<Verification, BookError> {
    let opened = SqliteLog::open(dir, Access::Read).map_err(BookError::from);
    match opened {
        Ok(log) => verify(&log, anchor),
        Err(error) => Verification::of_broken(error),
    }
}

struct Walk<'a> {
    fold: Fold,
    anchor: Option<&'a AuditHead>,
    anchor_seen: bool,
}

impl Walk<'_> {
    fn all(&mut self, log: &dyn Log) -> Result<(), BookError> {
        let floor = log.floor()?;
        if let Some(anchor) = self.anchor.filter(|anchor| anchor.revision < floor) {
            // Not damage: what the anchor speaks of was compacted away, so it can't be checked.
            let wanted = anchor.revision;
            return Err(LogError::Compacted { wanted, floor }.into());
        }
        let mut snapshots = log.snapshots()?;
        if floor > Revision::ZERO {
            self.fold = Fold::read_snapshot(log, floor)?;
            snapshots.retain(|revision| *revision > floor);
        }
        self.check_floor(log, floor)?;
        self.check_anchor()?;
        let mut snapshots = snapshots.into_iter().peekable();
        loop {
            let stored = log.read(self.fold.head.revision, ReadLimit::default())?;
            if stored.is_empty() {
                break;
            }
            for batch in &stored {
                self.fold.take_stored(batch)?;
                self.check_anchor()?;
                while let Some(at) = snapshots.next_if(|at| *at <= self.fold.head.revision) {
                    self.check_snapshot(log, at)?;
                }
            }
        }
        if let Some(beyond) = snapshots.next() {
            let message = "the log doesn't reach it";
            return Err(BookError::damaged(Part::Snapshot(beyond), message));
        }
        self.check_end(log)
    }

    /// The batch that a compaction left standing belongs to the floor's snapshot.
    fn check_floor(&self, log: &dyn Log, floor: Revision) -> Result<(), BookError> {
        let Some(last) = log.last_batch()?.filter(|last| last.last <= floor) else {
            return Ok(());
        };
        let batch = deedbook_model::Batch::open(&last)?;
        let fits = last.last < floor
            || (batch.head == self.fold.head
                && (batch.root, batch.records) == (self.fold.state.root(), self.fold.state.live()));
        if fits {
            return Ok(());
        }
        let part = Part::Revision(last.first);
        Err(BookError::damaged(
            part,
            "it doesn't lead to the snapshot at the floor",
        ))
    }

    fn check_snapshot(&self, log: &dyn Log, at: Revision) -> Result<(), BookError> {
        let snapshot = Fold::read_snapshot(log, at)?;
        // The root covers what is live; removed records and remembered keys have to be the same too.
        let same = snapshot.head == self.fold.head
            && snapshot.state.time() == self.fold.state.time()
            && snapshot.state.records().eq(self.fold.state.records())
            && (snapshot.state.remembered_keys()).eq(self.fold.state.remembered_keys());
        if !same {
            let message = "it isn't the state that the log gives there";
            return Err(BookError::damaged(Part::Snapshot(at), message));
        }
        Ok(())
    }

    fn check_anchor(&mut self) -> Result<(), BookError> {
        let Some(anchor) = self.anchor else {
            return Ok(());
        };
        if self.anchor_seen || anchor.revision > self.fold.head.revision {
            return Ok(());
        }
        self.anchor_seen = true;
        let here = audit_head(&self.fold.state, self.fold.head);
        let same = here.revision == anchor.revision
            && here.chain == anchor.chain
            && here.state_root == anchor.state_root
            && here.records == anchor.records;
        if same {
            return Ok(());
        }
        let message = if here.revision == anchor.revision {
            "the history up to here isn't the one that was noted in the anchor"
        } else {
            "no commit ends at the anchor's revision, so this isn't the history that it was noted of"
        };
        Err(BookError::damaged(Part::Revision(anchor.revision), message))
    }

    fn check_end(&self, log: &dyn Log) -> Result<(), BookError> {
        if log.head()? != self.fold.head {
            let revision = self.fold.head.revision.next();
            return Err(BookError::damaged(
                Part::Revision(revision),
                "the log ends elsewhere",
            ));
        }
        if let Some(anchor) = self.anchor.filter(|_| !self.anchor_seen) {
            let message = format!(
                "the anchor is at revision {}, the log ends at {}: its end was cut off",
                anchor.revision, self.fold.head.revision
            );
            return Err(BookError::damaged(
                Part::Revision(self.fold.head.revision.next()),
                message,
            ));
        }
        for id in log.artifacts()? {
            log.artifact(id)?;
        }
        for name in log.marks()? {
            log.mark(&name)?;
        }
        Ok(())
    }
}

/// What an auditor notes down of a state.
pub(crate) fn audit_head(state: &deedbook_rules::State, head: Head) -> AuditHead {
    AuditHead {
        revision: head.revision,
        chain: head.chain.to_string(),
        records: state.live(),
        state_root: state.root().to_string(),
        lineage: state.lineage().to_owned(),
    }
}
