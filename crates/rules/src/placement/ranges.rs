//! Whether shards that hold ranges hold every key once.

use std::cmp::Ordering;

use deedbook_model::shard::{HashRange, KeyRange, ShardRange};

/// A shard and the keys that it holds.
#[derive(Clone, Copy, Debug)]
pub struct RangedShard<'a> {
    /// Its id within the namespace.
    pub id: &'a str,
    /// Its keys, if it is one of those that hold a range.
    pub range: Option<&'a ShardRange>,
}

/// Whether a shard of the namespace may be without a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// It may.
    #[default]
    Nothing,
    /// It may not.
    Ranges,
}

/// What keeps shards from holding every key once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoverViolation {
    /// Each shard of the namespace must hold a range.
    #[error("shard `{shard}` has no range")]
    WithoutRange {
        /// The one that doesn't.
        shard: String,
    },
    /// Some shards hold keys by their bytes, others by their hashes.
    #[error("shard `{keys}` has a range of keys, and shard `{hashes}` one of hashes")]
    Mixed {
        /// The first by id of those that hold keys.
        keys: String,
        /// The first by id of those that hold hashes.
        hashes: String,
    },
    /// Two shards hold the same keys.
    #[error("shards `{first}` and `{second}` both hold {range}")]
    Overlap {
        /// The one that begins first.
        first: String,
        /// The other.
        second: String,
        /// What both hold.
        range: ShardRange,
    },
    /// No shard holds these keys.
    #[error("no shard holds {range}")]
    Gap {
        /// What is held by none.
        range: ShardRange,
        /// The shard that ends where the gap begins.
        after: Option<String>,
        /// The shard that begins where the gap ends.
        before: Option<String>,
    },
}

impl CoverViolation {
    /// The code of the violation in answers.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            CoverViolation::WithoutRange { .. } => "shards.ranges.missing",
            CoverViolation::Mixed { .. } => "shards.ranges.mixed",
            CoverViolation::Overlap { .. } => "shards.ranges.overlap",
            CoverViolation::Gap { .. } => "shards.ranges.gap",
        }
    }
}

/// What keeps the shards of a namespace from holding every key once: shards without a range, by id;
/// kinds that are mixed; then for keys and for hashes each gap and each overlap, in their order.
/// Nothing when they do.
///
/// Every two shards that overlap are told, of `n` shards perhaps `n²/2`, so there are at most `most`
/// in the answer. Where no shard holds a range there is no gap either.
#[must_use]
pub fn check_cover(shards: &[RangedShard<'_>], demand: Demand, most: usize) -> Vec<CoverViolation> {
    let without = shards.iter().filter(|shard| shard.range.is_none());
    let mut without: Vec<&str> = without.map(|shard| shard.id).collect();
    without.sort_unstable();
    if demand == Demand::Nothing {
        without.clear();
    }
    let without = without.into_iter().map(|id| CoverViolation::WithoutRange {
        shard: id.to_owned(),
    });
    let (keys, hashes) = by_ranges(shards);
    let mixed = keys.first_id().zip(hashes.first_id());
    let mixed = mixed.map(|(keys, hashes)| CoverViolation::Mixed {
        keys: keys.to_owned(),
        hashes: hashes.to_owned(),
    });
    (without.chain(mixed))
        .chain(keys.gaps())
        .chain(keys.overlaps())
        .chain(hashes.gaps())
        .chain(hashes.overlaps())
        .take(most)
        .collect()
}

/// Shards by the ranges that they hold.
fn by_ranges<'a>(shards: &[RangedShard<'a>]) -> (Spans<'a, &'a [u8]>, Spans<'a, u64>) {
    let (mut keys, mut hashes) = (Vec::new(), Vec::new());
    for shard in shards {
        let id = shard.id;
        match shard.range {
            None => {}
            Some(ShardRange::Key(range)) => keys.push(Span {
                start: range.start(),
                end: range.end(),
                id,
            }),
            Some(ShardRange::Hash(range)) => hashes.push(Span {
                start: range.start(),
                end: range.end(),
                id,
            }),
        }
    }
    (Spans::of(keys), Spans::of(hashes))
}

/// From `start` to before `end`, or to the last.
#[derive(Clone, Copy, Debug)]
struct Span<'a, B> {
    start: B,
    end: Option<B>,
    id: &'a str,
}

/// A place in the order of keys or of hashes.
trait Bound: Ord + Copy + Default {
    /// Nothing where that would be empty.
    fn range(start: Self, end: Option<Self>) -> Option<ShardRange>;
}

impl Bound for &[u8] {
    fn range(start: Self, end: Option<Self>) -> Option<ShardRange> {
        let range = KeyRange::new(start.to_vec(), end.map(<[u8]>::to_vec));
        range.ok().map(ShardRange::Key)
    }
}

impl Bound for u64 {
    fn range(start: Self, end: Option<Self>) -> Option<ShardRange> {
        HashRange::new(start, end).ok().map(ShardRange::Hash)
    }
}

/// The order of ends: none is after all.
fn end_order<B: Bound>(one: Option<B>, two: Option<B>) -> Ordering {
    match (one, two) {
        (Some(one), Some(two)) => one.cmp(&two),
        (one, two) => two.is_some().cmp(&one.is_some()),
    }
}

/// Ranges of one kind by their starts; of equal ones the smallest id comes last.
#[derive(Clone, Debug)]
struct Spans<'a, B> {
    spans: Vec<Span<'a, B>>,
    /// For each of them the place of that which ends last of those up to it.
    furthest: Vec<usize>,
}

impl<'a, B: Bound> Spans<'a, B> {
    fn of(mut spans: Vec<Span<'a, B>>) -> Spans<'a, B> {
        spans.sort_by(|one, two| one.start.cmp(&two.start).then_with(|| two.id.cmp(one.id)));
        let mut furthest: Vec<usize> = Vec::with_capacity(spans.len());
        let mut last: Option<(usize, Option<B>)> = None;
        for (place, span) in spans.iter().enumerate() {
            if last.is_none_or(|(_, end)| end_order(span.end, end).is_gt()) {
                last = Some((place, span.end));
            }
            furthest.extend(last.map(|(place, _)| place));
        }
        Spans { spans, furthest }
    }

    /// That which ends last of those before a place.
    fn furthest_before(&self, place: usize) -> Option<&Span<'a, B>> {
        let furthest = self.furthest.get(place.checked_sub(1)?)?;
        self.spans.get(*furthest)
    }

    fn first_id(&self) -> Option<&'a str> {
        self.spans.iter().map(|span| span.id).min()
    }

    fn gaps(&self) -> impl Iterator<Item = CoverViolation> {
        let places = 0..=self.spans.len();
        places.filter_map(|place| {
            let before = self.spans.get(place);
            let after = self.furthest_before(place);
            if before.is_none() && after.is_none() {
                return None;
            }
            let start = match after {
                Some(after) => after.end?,
                None => B::default(),
            };
            Some(CoverViolation::Gap {
                // Nothing if the next begins where those before it end, or earlier.
                range: B::range(start, before.map(|span| span.start))?,
                after: after.map(|span| span.id.to_owned()),
                before: before.map(|span| span.id.to_owned()),
            })
        })
    }

    fn overlaps(&self) -> impl Iterator<Item = CoverViolation> {
        let later = |place| self.spans.get(place + 1..).unwrap_or_default();
        let spans = self.spans.iter().enumerate();
        spans.flat_map(move |(place, first)| {
            (later(place).iter()).map_while(|second| overlap(first, second))
        })
    }
}

/// What two ranges share, of which the second doesn't begin before the first.
fn overlap<B: Bound>(first: &Span<'_, B>, second: &Span<'_, B>) -> Option<CoverViolation> {
    let end = if end_order(first.end, second.end).is_lt() {
        first.end
    } else {
        second.end
    };
    Some(CoverViolation::Overlap {
        range: B::range(second.start, end)?,
        first: first.id.to_owned(),
        second: second.id.to_owned(),
    })
}

#[cfg(test)]
#[path = "ranges_test.rs"]
mod tests;
