//! Where a list of records of the mesh goes on: opaque to its holder.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use deedbook_model::Revision;
use deedbook_model::mesh::MeshKind;
use serde::{Deserialize, Serialize};

/// Where a list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshCursor {
    /// The history that the list is of: another has other changes at the same revisions.
    pub lineage: String,
    /// What it lists.
    pub kind: MeshKind,
    /// The revision that it is pinned to.
    pub revision: Revision,
    /// The last key that was told.
    pub after: String,
}

/// A text that is no cursor of such a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeshCursorError {
    /// It is no cursor at all.
    #[error("not a cursor")]
    Unreadable,
    /// It is of another kind of list, or of a later release.
    #[error("is of another list")]
    OtherList,
}

/// Version, kind, revision, after, lineage.
#[derive(Serialize, Deserialize)]
struct Text {
    l: String,
    v: u32,
    k: String,
    r: Revision,
    a: String,
}

impl MeshCursor {
    /// The cursor as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let text = Text {
            l: self.lineage.clone(),
            v: 1,
            k: self.kind.as_str().to_owned(),
            r: self.revision,
            a: self.after.clone(),
        };
        BASE64.encode(serde_json::to_vec(&text).unwrap_or_default())
    }

    /// Reads [`MeshCursor::to_text`] of a list of that kind.
    ///
    /// # Errors
    /// [`MeshCursorError`] for any other text.
    pub fn parse(kind: MeshKind, text: &str) -> Result<MeshCursor, MeshCursorError> {
        let bytes = BASE64.decode(text).ok();
        let read = bytes.and_then(|bytes| serde_json::from_slice::<Text>(&bytes).ok());
        let read = read.ok_or(MeshCursorError::Unreadable)?;
        if (read.v, read.k.as_str()) != (1, kind.as_str()) {
            return Err(MeshCursorError::OtherList);
        }
        Ok(MeshCursor {
            lineage: read.l,
            kind,
            revision: read.r,
            after: read.a,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_from_its_text_and_by_its_own_kind_only() {
        let cursor = MeshCursor {
            lineage: "ab".to_owned(),
            kind: MeshKind::Node,
            revision: Revision(7),
            after: "a/ü".to_owned(),
        };
        let text = cursor.to_text();
        assert_eq!(MeshCursor::parse(MeshKind::Node, &text), Ok(cursor));
        let other = MeshCursor::parse(MeshKind::Shard, &text);
        assert_eq!(other, Err(MeshCursorError::OtherList));
        let none = MeshCursor::parse(MeshKind::Node, "nonsense");
        assert_eq!(none, Err(MeshCursorError::Unreadable));
    }
}
