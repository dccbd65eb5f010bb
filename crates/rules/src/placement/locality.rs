//! Rendezvous among the nodes that are near.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use deedbook_model::text::folded;

use super::rendezvous::{PairTexts, Score};
use super::{PlacementNode, PlacementShard, Policy, Strategy};

/// Where a shard should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// In that region.
    pub region: Option<String>,
    /// In that zone, whatever its region.
    pub zone: Option<String>,
}

impl Hint {
    /// Reads `zone:ZONE`, `region:REGION`, `REGION/ZONE` or `REGION`; the words in any case.
    #[must_use]
    pub fn parse(text: &str) -> Hint {
        let text = text.trim();
        if let Some(zone) = after(text, "zone:") {
            return Hint {
                region: None,
                zone: Some(zone.trim().to_owned()),
            };
        }
        if let Some(region) = after(text, "region:") {
            return Hint {
                region: Some(region.trim().to_owned()),
                zone: None,
            };
        }
        let (region, rest) = first_piece(text);
        let (zone, _) = first_piece(rest);
        // The zone begins with its first piece and has the rest as it is.
        let zone = zone
            .and_then(|zone| rest.find(zone))
            .and_then(|at| rest.get(at..));
        Hint {
            region: region.map(str::to_owned),
            zone: zone.map(|zone| zone.trim().to_owned()),
        }
    }
}

/// The first piece between slashes that isn't blank, trimmed, and what comes after it.
fn first_piece(text: &str) -> (Option<&str>, &str) {
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_once('/').unwrap_or((rest, ""));
        if !piece.trim().is_empty() {
            return (Some(piece.trim()), after);
        }
        rest = after;
    }
    (None, "")
}

fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (begin, rest) = text.split_at_checked(word.len())?;
    begin.eq_ignore_ascii_case(word).then_some(rest)
}

/// Nodes of the zone, else of the region, else all; among them by rendezvous. `locality` and
/// `locality-weighted`.
pub(super) struct Locality<S> {
    id: &'static str,
    score: PhantomData<S>,
}

impl<S> Locality<S> {
    pub(super) const fn of(id: &'static str) -> Locality<S> {
        let score = PhantomData;
        Locality { id, score }
    }
}

impl<S: Score> Strategy for Locality<S> {
    fn id(&self) -> &str {
        self.id
    }

    fn is_independent(&self) -> bool {
        true
    }

    fn place<'a>(
        &self,
        namespace: &str,
        nodes: &[&'a PlacementNode],
        shards: &[PlacementShard],
        _: &Policy,
    ) -> Vec<&'a PlacementNode> {
        let zones = by_place(nodes, |node| node.zone.as_deref());
        let regions = by_place(nodes, |node| node.region.as_deref());
        let mut text = PairTexts::of(namespace);
        let owner = |shard: &PlacementShard| {
            let hint = shard.locality_hint.as_deref().map(Hint::parse);
            let hint = hint.unwrap_or_default();
            let in_zone = hint.zone.and_then(|zone| zones.get(&folded(&zone)));
            let in_region = || regions.get(&folded(&hint.region?));
            let near = in_zone.or_else(in_region).map_or(nodes, Vec::as_slice);
            text.highest::<S>(shard, near)
        };
        shards.iter().filter_map(owner).collect()
    }
}

/// Nodes by the place where they are, folded.
type ByPlace<'a> = BTreeMap<String, Vec<&'a PlacementNode>>;

/// A node of an empty place is nowhere.
fn by_place<'a>(
    nodes: &[&'a PlacementNode],
    place: impl Fn(&PlacementNode) -> Option<&str>,
) -> ByPlace<'a> {
    let mut places = ByPlace::new();
    for node in nodes {
        if let Some(place) = place(node).filter(|place| !place.is_empty()) {
            places.entry(folded(place)).or_default().push(*node);
        }
    }
    places
}
