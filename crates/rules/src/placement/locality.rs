//! Rendezvous among the nodes that are near.

use super::fold::folded;
use super::rendezvous::{Score, highest, linear, proportional};
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

/// Nodes of the zone, else of the region, else all; among them by rendezvous.
pub(super) struct Locality {
    id: &'static str,
    score: Score,
}

impl Locality {
    pub(super) fn linear() -> Locality {
        Locality {
            id: "locality",
            score: linear,
        }
    }

    pub(super) fn proportional() -> Locality {
        Locality {
            id: "locality-weighted",
            score: proportional,
        }
    }
}

impl Strategy for Locality {
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
        let fold = |text: &Option<String>| text.as_deref().map(folded).unwrap_or_default();
        let places = nodes
            .iter()
            .map(|node| (fold(&node.zone), fold(&node.region)));
        let places: Vec<(String, String)> = places.collect();
        let owner = |shard: &PlacementShard| {
            let hint = shard
                .locality_hint
                .as_deref()
                .map(Hint::parse)
                .unwrap_or_default();
            let (zone, region) = (fold(&hint.zone), fold(&hint.region));
            let in_zone = |place: &(String, String)| !zone.is_empty() && place.0 == zone;
            let in_region = |place: &(String, String)| !region.is_empty() && place.1 == region;
            let near: &dyn Fn(&(String, String)) -> bool = if places.iter().any(in_zone) {
                &in_zone
            } else if places.iter().any(in_region) {
                &in_region
            } else {
                &|_| true
            };
            let candidates = nodes.iter().zip(&places);
            let candidates = candidates.filter(|(_, place)| near(place));
            let candidates = candidates.map(|(node, _)| *node);
            highest(namespace, shard, candidates, self.score)
        };
        shards.iter().filter_map(owner).collect()
    }
}
