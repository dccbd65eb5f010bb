//! Sorted lists of components that share most of what they hold with their earlier versions.

use std::iter::Peekable;
use std::sync::Arc;

use imbl::OrdSet;

use super::facts::Identity;

/// Changes that a list gathers beside its base before the base is made anew.
const LOOSE_CHANGES: usize = 64;

/// Components in list order. Most namespaces and many tags occur once: then it is no list at all.
#[derive(Clone, Debug)]
pub(crate) enum Listing {
    One(Arc<Identity>),
    Many(Box<Sorted>),
}

impl Listing {
    /// The list of components that are in list order already; `None` without any.
    pub(crate) fn of_sorted(mut listed: Vec<Arc<Identity>>) -> Option<Listing> {
        match listed.len() {
            0 => None,
            1 => listed.pop().map(Listing::One),
            _ => Some(Listing::Many(Box::new(Sorted::of(listed)))),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Listing::One(_) => 1,
            Listing::Many(sorted) => sorted.len(),
        }
    }

    pub(crate) fn insert(&mut self, listed: Arc<Identity>) {
        match self {
            Listing::Many(sorted) => sorted.insert(listed),
            Listing::One(one) => {
                let mut sorted = Sorted::of(vec![one.clone()]);
                sorted.insert(listed);
                *self = Listing::Many(Box::new(sorted));
            }
        }
    }

    /// Takes one out; says whether it was the last.
    pub(crate) fn remove(&mut self, listed: &Arc<Identity>) -> bool {
        match self {
            Listing::One(one) => one == listed,
            Listing::Many(sorted) => {
                sorted.remove(listed);
                sorted.len() == 0
            }
        }
    }

    /// Those after `from`, in order; all where none is given.
    pub(crate) fn iter_after<'a>(
        &'a self,
        from: Option<&'a Arc<Identity>>,
    ) -> Box<dyn Iterator<Item = &'a Arc<Identity>> + 'a> {
        match self {
            Listing::One(one) => {
                Box::new(std::iter::once(one).filter(move |one| is_after(one, from)))
            }
            Listing::Many(sorted) => Box::new(sorted.iter_after(from)),
        }
    }
}

fn is_after(one: &Arc<Identity>, from: Option<&Arc<Identity>>) -> bool {
    from.is_none_or(|from| one > from)
}

/// A base as one piece, and what changed since.
///
/// Made at once from a sorted vector it costs a pointer a component, where a tree costs several
/// times that and a comparison for each level of each insertion. A change goes into two small
/// trees; once they hold a quarter of the base, the base is made anew.
#[derive(Clone, Debug)]
pub(crate) struct Sorted {
    base: Arc<[Arc<Identity>]>,
    added: OrdSet<Arc<Identity>>,
    removed: OrdSet<Arc<Identity>>,
}

impl Sorted {
    fn of(listed: Vec<Arc<Identity>>) -> Sorted {
        Sorted {
            base: listed.into(),
            added: OrdSet::new(),
            removed: OrdSet::new(),
        }
    }

    fn len(&self) -> usize {
        self.base.len() + self.added.len() - self.removed.len()
    }

    fn insert(&mut self, listed: Arc<Identity>) {
        self.added.insert(listed);
        self.tidy();
    }

    fn remove(&mut self, listed: &Arc<Identity>) {
        if self.added.remove(listed).is_none() && self.base.binary_search(listed).is_ok() {
            self.removed.insert(listed.clone());
            self.tidy();
        }
    }

    fn iter_after<'a>(
        &'a self,
        from: Option<&'a Arc<Identity>>,
    ) -> impl Iterator<Item = &'a Arc<Identity>> {
        let begin = self.base.partition_point(|one| !is_after(one, from));
        let base = self.base.get(begin..).unwrap_or_default().iter();
        let kept = base.filter(|one| self.removed.is_empty() || !self.removed.contains(*one));
        let added = self.added.iter().filter(move |one| is_after(one, from));
        Merged {
            one: kept.peekable(),
            two: added.peekable(),
        }
    }

    fn tidy(&mut self) {
        let loose = self.added.len() + self.removed.len();
        if loose > LOOSE_CHANGES + self.base.len() / 4 {
            *self = Sorted::of(self.iter_after(None).cloned().collect());
        }
    }
}

/// Two sorted iterators as one.
struct Merged<A: Iterator, B: Iterator> {
    one: Peekable<A>,
    two: Peekable<B>,
}

impl<'a, A, B> Iterator for Merged<A, B>
where
    A: Iterator<Item = &'a Arc<Identity>>,
    B: Iterator<Item = &'a Arc<Identity>>,
{
    type Item = &'a Arc<Identity>;

    fn next(&mut self) -> Option<&'a Arc<Identity>> {
        match (self.one.peek(), self.two.peek()) {
            (Some(one), Some(two)) if two < one => self.two.next(),
            (Some(_), _) => self.one.next(),
            (None, _) => self.two.next(),
        }
    }
}
