//! Which shards and changes are asked for.

use std::borrow::Cow;

use super::shapes::{DiffEntry, Summary};
use super::status_number::StatusNumber;
use crate::shard::ShardStatus;
use crate::text::folded;

/// Which shards are asked for. It means the same in a list, a diff and a watch: texts are compared
/// literally and without case, as [`folded`] does, and all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    namespace: Option<Needle>,
    owner: Option<Needle>,
    search: Option<Needle>,
    statuses: Vec<ShardStatus>,
}

/// A text that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Needle {
    given: String,
    folded: String,
}

/// What a filter looks at.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// The shard's id within it.
    pub shard_id: &'a str,
    /// The node that owns it.
    pub owner_node_id: &'a str,
    /// What may be done with it.
    pub status: StatusNumber,
}

impl Needle {
    fn of(text: Option<&str>) -> Option<Needle> {
        let given = text?.trim();
        (!given.is_empty()).then(|| Needle {
            given: given.to_owned(),
            folded: folded(given),
        })
    }

    fn is(&self, text: &str) -> bool {
        // No letter beyond ASCII is one of ASCII in another case.
        if text.is_ascii() {
            return text.eq_ignore_ascii_case(&self.given);
        }
        folded(text) == self.folded
    }

    fn is_within(&self, text: &str) -> bool {
        let text = match text
            .bytes()
            .any(|byte| byte.is_ascii_lowercase() || !byte.is_ascii())
        {
            true => Cow::Owned(folded(text)),
            false => Cow::Borrowed(text),
        };
        text.contains(&self.folded)
    }
}

impl Filter {
    /// Everything.
    #[must_use]
    pub fn new() -> Filter {
        Filter::default()
    }

    /// Only of that namespace; blank or absent: of any.
    #[must_use]
    pub fn of_namespace(mut self, namespace: Option<&str>) -> Filter {
        self.namespace = Needle::of(namespace);
        self
    }

    /// Only those that this node owns; blank or absent: any does.
    #[must_use]
    pub fn of_owner(mut self, owner: Option<&str>) -> Filter {
        self.owner = Needle::of(owner);
        self
    }

    /// Only those whose id contains the text; blank or absent: all.
    #[must_use]
    pub fn searching(mut self, text: Option<&str>) -> Filter {
        self.search = Needle::of(text);
        self
    }

    /// Only with one of these statuses; none: with any.
    #[must_use]
    pub fn with_statuses(mut self, statuses: Vec<ShardStatus>) -> Filter {
        self.statuses = statuses;
        self
    }

    /// The namespace as it was given, trimmed.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_ref().map(|needle| &*needle.given)
    }

    /// The owner as it was given, trimmed.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_ref().map(|needle| &*needle.given)
    }

    /// What is searched for as it was given, trimmed.
    #[must_use]
    pub fn search(&self) -> Option<&str> {
        self.search.as_ref().map(|needle| &*needle.given)
    }

    /// The statuses; none: any.
    #[must_use]
    pub fn statuses(&self) -> &[ShardStatus] {
        &self.statuses
    }

    /// Whether everything is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// Whether that shard is asked for; of a change this looks at the shard after it.
    #[must_use]
    pub fn matches(&self, shard: Candidate<'_>) -> bool {
        let is = |needle: &Option<Needle>, text| needle.as_ref().is_none_or(|n| n.is(text));
        let status_is_asked_for = || {
            let status = shard.status.known();
            self.statuses.is_empty() || status.is_some_and(|status| self.statuses.contains(&status))
        };
        let search = self.search.as_ref();
        status_is_asked_for()
            && is(&self.namespace, shard.namespace)
            && is(&self.owner, shard.owner_node_id)
            && search.is_none_or(|needle| needle.is_within(shard.shard_id))
    }
}

impl Filter {
    /// Whether that change is asked for: the shard after it is. A removal also is where the shard as
    /// it was is, so that nobody waits for more of a shard that is gone.
    #[must_use]
    pub fn selects(&self, entry: &DiffEntry) -> bool {
        let former = entry.previous.as_ref().filter(|_| entry.removed);
        self.matches(entry.current.candidate())
            || former.is_some_and(|former| self.matches(former.candidate()))
    }
}

impl Summary {
    /// What a filter looks at.
    #[must_use]
    pub fn candidate(&self) -> Candidate<'_> {
        Candidate {
            namespace: &self.namespace,
            shard_id: &self.shard_id,
            owner_node_id: &self.owner_node_id,
            status: self.status,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidate<'a>(namespace: &'a str, shard_id: &'a str) -> Candidate<'a> {
        Candidate {
            namespace,
            shard_id,
            owner_node_id: "n",
            status: StatusNumber::default(),
        }
    }

    proptest! {
        /// The ways past [`folded`] answer as it does.
        #[test]
        fn short_cuts_change_nothing(
            one in "[aAkKsSßſéÉσς%_1]{1,3}",
            two in "[aAkKsSßſéÉσς%_1]{0,6}",
        ) {
            let is = Filter::new().of_namespace(Some(&one));
            prop_assert_eq!(is.matches(candidate(&two, "s")), folded(&one) == folded(&two));
            let within = Filter::new().searching(Some(&one));
            let contained = folded(&two).contains(&folded(&one));
            prop_assert_eq!(within.matches(candidate("n", &two)), contained);
        }
    }

    #[test]
    fn an_unknown_status_is_found_only_when_any_is_asked_for() {
        let mut shard = candidate("n", "s");
        shard.status = StatusNumber::new(9);
        assert!(Filter::new().matches(shard));
        assert!(
            !Filter::new()
                .with_statuses(ShardStatus::ALL.to_vec())
                .matches(shard)
        );
    }
}
