//! Persistent maps that are made at once.

use imbl::OrdMap;

/// A map of pairs in ascending order.
///
/// Inserted one after another, each node would be split once it is full, and its first half would
/// stay half empty for good: nothing comes to it any more. So first only a part of the pairs makes
/// such halves, and the others then fill them.
pub(crate) fn dense<K: Ord + Clone, V: Clone>(
    pairs: impl IntoIterator<Item = (K, V)>,
) -> OrdMap<K, V> {
    // A half holds 32, of 64: with the others it has at most 58.
    let makes_halves = |place: usize| place % 16 < 9;
    let mut map = OrdMap::new();
    let mut others = Vec::new();
    for (place, (key, value)) in pairs.into_iter().enumerate() {
        if makes_halves(place) {
            map.insert(key, value);
        } else {
            others.push((key, value));
        }
    }
    map.extend(others);
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_every_pair_in_order() {
        for count in [0, 1, 2, 15, 16, 17, 63, 64, 65, 128, 5000] {
            let map = dense((0..count).map(|number| (number, number * 2)));
            assert!(
                map.into_iter()
                    .eq((0..count).map(|number| (number, number * 2)))
            );
        }
    }
}
