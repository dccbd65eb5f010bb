//! The components that are measured with.

use serde_json::{Value, json};
use uuid::Uuid;

/// Tags that a search asks for; each component has one.
pub(crate) const TEAMS: u64 = 97;

/// Which components: those that are there before, or new ones of one measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbering(pub(crate) u64);

impl Numbering {
    /// Those that are there before. The same in each run, so that they are registered once.
    pub(crate) const STANDING: Numbering = Numbering(0xbe9c);

    /// A random variant's uuid (RFC 9562), the same for the same number.
    pub(crate) fn uuid(self, number: u64) -> Uuid {
        let bits =
            u128::from(mix(self.0 ^ mix(number))) << 64 | u128::from(mix(number + 1) ^ self.0);
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }

    /// A document of about so many bytes.
    pub(crate) fn document(self, number: u64, size: usize) -> String {
        let name = format!("bench_{:x}_{number}", self.0);
        let mut document = json!({
            "metadata_version": "0.3.0",
            "uuid": self.uuid(number),
            "name": name,
            "version": "1.0.0",
            "meta_type": "tool",
            "namespace": format!("bench.team_{}.{name}", number % TEAMS),
            "description": "",
            "tags": ["bench", team(number)],
            "capabilities": ["measure"],
            "entrypoint": format!("python://bench/{name}.py"),
        });
        let bare = document.to_string().len();
        if let Some(description) = document.get_mut("description") {
            *description = Value::String(words(number, size.saturating_sub(bare)));
        }
        document.to_string()
    }
}

/// The tag by which a search finds a part of them.
pub(crate) fn team(number: u64) -> String {
    format!("team-{}", number % TEAMS)
}

/// Text of so many bytes, another for each number.
pub(crate) fn words(number: u64, length: usize) -> String {
    const WORDS: [&str; 8] = [
        "lines", "orders", "parcels", "ledgers", "routes", "labels", "sheets", "depots",
    ];
    let mut text = String::with_capacity(length + 16);
    let mut random = mix(number);
    while text.len() < length {
        let word = usize::try_from(random % 8).unwrap_or_default();
        text.push_str(WORDS.get(word).copied().unwrap_or_default());
        text.push(' ');
        random = mix(random);
    }
    text.truncate(length);
    text.trim_end().to_owned()
}

/// SplitMix64 (Steele, Lea, Flood 2014): well spread numbers that cost next to nothing.
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use deedbook_model::component::{ReadOptions, read};
    use deedbook_model::document::Syntax;

    use super::*;

    #[test]
    fn documents_are_sound_and_as_long_as_asked_for() {
        for number in [0, 1, 4711] {
            for size in [600, 1024, 4096] {
                let text = Numbering(7).document(number, size);
                assert!(text.len().abs_diff(size) < 16, "{}", text.len());
                let reading = read(text.as_bytes(), Syntax::Json, &ReadOptions::default());
                assert!(reading.draft.is_some(), "{:?}", reading.issues);
            }
        }
    }

    #[test]
    fn numbers_and_numberings_have_uuids_of_their_own() {
        let mut uuids: Vec<Uuid> = (0..10_000)
            .flat_map(|number| [Numbering(1).uuid(number), Numbering::STANDING.uuid(number)])
            .collect();
        uuids.sort_unstable();
        uuids.dedup();
        assert_eq!(uuids.len(), 20_000);
    }
}
