//! `KIND watch`: changes of records as they come.

use deedbook_book::ChangeFilter;
use deedbook_model::mesh::{MeshKey, MeshKind};

use crate::commands::watch::{follow, position};
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::{Described, Watch, key_of};
use crate::source::FollowAsk;

/// Follows the changes of records of a kind, or of one.
pub(super) fn watch<K: Described>(args: &Watch<K>, context: &mut Context) -> Result<(), Failure> {
    let (namespace, reference) = (args.namespace.as_deref(), args.reference.as_deref());
    let one = match (K::KIND, namespace, reference) {
        (MeshKind::Namespace, None, None) => None,
        (kind, _, Some(_)) | (kind @ MeshKind::Namespace, Some(_), None) => {
            Some(key_of(kind, namespace, reference)?.to_string())
        }
        (_, _, None) => None,
    };
    let filter = ChangeFilter {
        kind: Some(K::KIND.kind()),
        key_prefix: namespace.filter(|_| one.is_none()).map(MeshKey::prefix_of),
        key: one,
        actor: args.actor.clone(),
    };
    let asked = FollowAsk {
        after: position(args.after.as_deref())?,
        filter,
        once: args.once,
    };
    follow(asked, args.limit, context)
}
