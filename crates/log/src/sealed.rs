//! What engines share about snapshots: a stored piece carries the digest of the rest of itself.

use bytes::Bytes;
use deedbook_model::Revision;
use deedbook_model::snapshot::{SnapshotError, SnapshotInfo, decode_chunk};

use crate::error::{LogError, Part};
use crate::log::Log;

/// Whether these bytes say of themselves that they are the chunk with that digest. Enough to tell
/// a chunk of another attempt; not a check of the bytes.
pub(crate) fn is_chunk(bytes: &[u8], digest: &[u8; 32]) -> bool {
    bytes.get(4..36) == Some(digest.as_slice())
}

/// Reads a stored finish; the error names its snapshot.
pub(crate) fn read_finish(revision: Revision, bytes: &Bytes) -> Result<SnapshotInfo, LogError> {
    let part = Part::Snapshot(revision);
    let info = SnapshotInfo::decode(bytes).map_err(|error| match error {
        SnapshotError::Damaged(what) => LogError::damaged(part.clone(), what),
        SnapshotError::NewerFormat { format, since } => LogError::NewerFormat {
            part: part.clone(),
            format,
            since,
        },
    })?;
    if info.head.revision != revision {
        return Err(LogError::damaged(part, "the finish of another snapshot"));
    }
    Ok(info)
}

/// The newest snapshot at or below `before` of which every byte is sound. History is never dropped
/// in favour of one that can't be read.
pub(crate) fn newest_sound(
    log: &dyn Log,
    before: Revision,
) -> Result<Option<SnapshotInfo>, LogError> {
    for revision in log.snapshots()?.into_iter().rev() {
        if revision <= before
            && let Some(info) = sound(log, revision)?
        {
            return Ok(Some(info));
        }
    }
    Ok(None)
}

fn sound(log: &dyn Log, revision: Revision) -> Result<Option<SnapshotInfo>, LogError> {
    let Some(info) = unless_unreadable(log.snapshot(revision))?.flatten() else {
        return Ok(None);
    };
    for (number, digest) in (0..).zip(&info.chunks) {
        let chunk = unless_unreadable(log.chunk(revision, number))?;
        if chunk.is_none_or(|bytes| decode_chunk(&bytes, digest).is_err()) {
            return Ok(None);
        }
    }
    Ok(Some(info))
}

fn unless_unreadable<T>(result: Result<T, LogError>) -> Result<Option<T>, LogError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(LogError::Damaged { .. } | LogError::NewerFormat { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
