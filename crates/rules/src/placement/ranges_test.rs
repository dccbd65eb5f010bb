use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::placement::held_keys::HeldKeys;

/// `id start-end`, each bound a key, or a number for a hash; `id` alone for no range.
fn parsed(text: &str) -> (&str, Option<ShardRange>) {
    let Some((id, range)) = text.split_once(' ') else {
        return (text, None);
    };
    let (start, end) = range.split_once('-').unwrap();
    let some_end = Some(end).filter(|end| !end.is_empty());
    if let Ok(start) = start.parse() {
        let end = some_end.map(|end| end.parse().unwrap());
        let range = HashRange::new(start, end).unwrap();
        return (id, Some(ShardRange::Hash(range)));
    }
    let end = some_end.map(|end| end.as_bytes().to_vec());
    let range = KeyRange::new(start.as_bytes().to_vec(), end).unwrap();
    (id, Some(ShardRange::Key(range)))
}

fn with_shards<T>(texts: &[&str], run: impl FnOnce(&[RangedShard<'_>]) -> T) -> T {
    let parsed: Vec<_> = texts.iter().map(|text| parsed(text)).collect();
    let shards = parsed.iter().map(|(id, range)| RangedShard {
        id,
        range: range.as_ref(),
    });
    run(&shards.collect::<Vec<_>>())
}

fn violations(texts: &[&str], demand: Demand) -> Vec<String> {
    with_shards(texts, |shards| {
        let found = check_cover(shards, demand, 100);
        let told = found.iter().map(|one| match one {
            CoverViolation::Gap { after, before, .. } => {
                let name = |id: &Option<String>| id.clone().unwrap_or("nothing".to_owned());
                format!("{one} between {} and {}", name(after), name(before))
            }
            other => other.to_string(),
        });
        told.collect()
    })
}

#[test]
fn what_holds_every_key_once_is_in_order() {
    for texts in [
        &["a 0-"][..],
        &["b 10-", "a 0-10"],
        &["a -k", "c t-", "b k-t"],
        &[
            "a 0-10",
            "b 10-18446744073709551615",
            "c 18446744073709551615-",
        ],
        &[],
        &["without"],
    ] {
        assert_eq!(violations(texts, Demand::Nothing), [""; 0], "{texts:?}");
    }
    assert_eq!(violations(&[], Demand::Ranges), [""; 0]);
}

#[test]
fn a_gap_is_told_with_its_neighbours() {
    assert_eq!(
        violations(&["c 30-40", "a 5-20", "b 6-9"], Demand::Nothing),
        [
            "no shard holds hashes [0, 5) between nothing and a",
            "no shard holds hashes [20, 30) between a and c",
            "no shard holds hashes [40, ) between c and nothing",
            "shards `a` and `b` both hold hashes [6, 9)",
        ]
    );
    // `Yg==` is b, `Yw==` is c.
    assert_eq!(
        violations(&["one -b", "two c-"], Demand::Ranges),
        ["no shard holds keys [Yg==, Yw==) between one and two"]
    );
}

#[test]
fn each_overlap_is_told_once() {
    assert_eq!(
        violations(&["a 0-", "b 5-10", "c 9-", "d 5-10"], Demand::Nothing),
        [
            "shards `a` and `d` both hold hashes [5, 10)",
            "shards `a` and `b` both hold hashes [5, 10)",
            "shards `a` and `c` both hold hashes [9, )",
            "shards `d` and `b` both hold hashes [5, 10)",
            "shards `d` and `c` both hold hashes [9, 10)",
            "shards `b` and `c` both hold hashes [9, 10)",
        ]
    );
}

#[test]
fn kinds_are_not_mixed_and_ranges_are_there_where_demanded() {
    let texts = ["b", "k2 -", "k1 -", "h 0-", "a"];
    assert_eq!(
        violations(&texts, Demand::Ranges),
        [
            "shard `a` has no range",
            "shard `b` has no range",
            "shard `k1` has a range of keys, and shard `h` one of hashes",
            "shards `k2` and `k1` both hold keys [, )",
        ]
    );
    assert_eq!(violations(&texts, Demand::Nothing).len(), 2);
}

#[test]
fn no_more_are_told_than_are_wanted() {
    let ids: Vec<String> = (0..1000).map(|number| format!("s{number} 0-")).collect();
    let texts: Vec<&str> = ids.iter().map(String::as_str).collect();
    with_shards(&texts, |shards| {
        assert_eq!(check_cover(shards, Demand::Ranges, 7).len(), 7);
        assert_eq!(check_cover(shards, Demand::Ranges, 0).len(), 0);
        let all = check_cover(shards, Demand::Ranges, usize::MAX);
        assert_eq!(all.len(), 1000 * 999 / 2);
    });
}

/// The shard that holds a key.
fn locate<'a>(shards: &[RangedShard<'a>], key: &[u8]) -> Option<&'a str> {
    let mut held = HeldKeys::default();
    // What comes and goes again leaves nothing behind.
    let elsewhere = ShardRange::Key(KeyRange::new(vec![0], None).unwrap());
    for shard in shards {
        let id = Arc::from(shard.id);
        held.insert(&id, &elsewhere);
        held.remove(&id, &elsewhere);
        held.insert(&id, shard.range.unwrap());
    }
    let found = held.locate(key)?;
    shards
        .iter()
        .map(|shard| shard.id)
        .find(|id| **id == **found)
}

#[test]
fn a_key_is_located() {
    with_shards(&["a b-d", "b d-m", "c m-"], |shards| {
        for (key, wanted) in [
            ("", None),
            ("az", None),
            ("b", Some("a")),
            ("czz", Some("a")),
            ("d", Some("b")),
            ("zzz", Some("c")),
        ] {
            assert_eq!(locate(shards, key.as_bytes()), wanted, "{key}");
        }
    });
    // XXH64 of the empty key is 0xef46db3751d8e999.
    with_shards(
        &["a 0-17241709254077376921", "b 17241709254077376921-"],
        |shards| {
            assert_eq!(locate(shards, b""), Some("b"));
        },
    );
    // Overlaps: the range that begins last, and of those the smallest id.
    with_shards(&["long -", "x c-d", "y c-d", "z d-f"], |shards| {
        let located = ["b", "c", "d", "g"].map(|key| locate(shards, key.as_bytes()));
        assert_eq!(located, [Some("long"), Some("x"), Some("z"), Some("long")]);
    });
}

/// Ranges over few keys, so that they meet.
fn key_ranges() -> impl Strategy<Value = Vec<ShardRange>> {
    let key = || prop::collection::vec(select(vec![0_u8, 1, 255]), 0..3);
    let range = (key(), prop::option::of(key()));
    let range = range.prop_filter_map("empty", |(start, end)| KeyRange::new(start, end).ok());
    prop::collection::vec(range.prop_map(ShardRange::Key), 0..6)
}

fn hash_ranges() -> impl Strategy<Value = Vec<ShardRange>> {
    let range = (0..16_u64, prop::option::of(1..18_u64));
    let range = range.prop_filter_map("empty", |(start, end)| HashRange::new(start, end).ok());
    prop::collection::vec(range.prop_map(ShardRange::Hash), 0..6)
}

/// Ranges that begin where the others end, in any order.
fn partition() -> impl Strategy<Value = Vec<ShardRange>> {
    prop::collection::btree_set(any::<u64>(), 0..8)
        .prop_map(|cuts| {
            let starts: BTreeSet<u64> = cuts.into_iter().chain([0]).collect();
            let ends = starts.iter().skip(1).copied().map(Some).chain([None]);
            let pairs = starts.iter().copied().zip(ends);
            pairs
                .map(|(start, end)| ShardRange::Hash(HashRange::new(start, end).unwrap()))
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn ranged<'a>(ids: &'a [String], ranges: &'a [ShardRange]) -> Vec<RangedShard<'a>> {
    let pairs = ids.iter().zip(ranges);
    pairs
        .map(|(id, range)| RangedShard {
            id,
            range: Some(range),
        })
        .collect()
}

/// In any order, to be given to ranges.
fn ids() -> impl Strategy<Value = Vec<String>> {
    let ids: Vec<String> = (0..10).map(|number| format!("s{number}")).collect();
    Just(ids).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) })]

    #[test]
    fn locating_agrees_with_looking_at_all(
        ids in ids(),
        ranges in prop_oneof![key_ranges(), partition()],
        keys in prop::collection::vec(prop::collection::vec(select(vec![0_u8, 1, 2, 255]), 0..4), 10),
    ) {
        let shards = ranged(&ids, &ranges);
        for key in keys {
            let start = |shard: &RangedShard<'_>| match shard.range.unwrap() {
                ShardRange::Key(range) => range.start().to_vec(),
                ShardRange::Hash(range) => range.start().to_be_bytes().to_vec(),
            };
            let holds = |shard: &&RangedShard<'_>| shard.range.unwrap().contains_key(&key);
            let holders = shards.iter().filter(holds);
            let last = holders.max_by(|one, two| start(one).cmp(&start(two)).then(two.id.cmp(one.id)));
            prop_assert_eq!(locate(&shards, &key), last.map(|shard| shard.id), "{:?}", key);
        }
    }

    #[test]
    fn what_is_told_of_a_cover_is_what_each_hash_sees(ids in ids(), ranges in hash_ranges()) {
        let shards = ranged(&ids, &ranges);
        let violations = check_cover(&shards, Demand::Ranges, usize::MAX);
        for hash in (0..20).chain([u64::MAX]) {
            let holds = |range: &ShardRange| match range {
                ShardRange::Hash(range) => range.contains(hash),
                ShardRange::Key(_) => false,
            };
            let holders = shards.iter().filter(|shard| holds(shard.range.unwrap()));
            let holders: BTreeSet<&str> = holders.map(|shard| shard.id).collect();
            let (mut pairs, mut gaps) = (0, 0);
            for violation in &violations {
                match violation {
                    CoverViolation::Gap { range, .. } if holds(range) => gaps += 1,
                    CoverViolation::Overlap { first, second, range } if holds(range) => {
                        prop_assert!(holders.contains(&**first) && holders.contains(&**second));
                        pairs += 1;
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(gaps, usize::from(holders.is_empty() && !ranges.is_empty()));
            prop_assert_eq!(pairs, holders.len() * holders.len().saturating_sub(1) / 2);
        }
    }

    #[test]
    fn a_partition_holds_every_key_once(ids in ids(), ranges in partition()) {
        prop_assert_eq!(check_cover(&ranged(&ids, &ranges), Demand::Ranges, 9), []);
    }
}
