//! The part of a namespace's keys that a shard holds.

use std::cmp::Ordering;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hash::xxh64_bytes;

/// Why a range isn't one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// It ends where it starts.
    #[error("the range is empty: it ends where it starts")]
    Empty,
    /// It ends before it starts.
    #[error("the range ends before it starts")]
    Inverted,
}

/// Refuses a range that holds nothing.
fn check<B: Ord + ?Sized>(start: &B, end: Option<&B>) -> Result<(), RangeError> {
    match end.map_or(Ordering::Less, |end| start.cmp(end)) {
        Ordering::Less => Ok(()),
        Ordering::Equal => Err(RangeError::Empty),
        Ordering::Greater => Err(RangeError::Inverted),
    }
}

/// Keys from `start` to before `end`, in the order of their bytes. It always holds a key.
///
/// In JSON `{"start", "end"}`, each in standard Base64 with padding. Without a start it begins with
/// the empty key, the first of all; without an end it goes on to the last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "KeyRangeText", into = "KeyRangeText")]
pub struct KeyRange {
    start: Vec<u8>,
    end: Option<Vec<u8>>,
}

impl KeyRange {
    /// Keys from `start` to before `end`, or to the last.
    ///
    /// # Errors
    /// [`RangeError`] when no key is in it.
    pub fn new(start: Vec<u8>, end: Option<Vec<u8>>) -> Result<KeyRange, RangeError> {
        check(&start, end.as_ref())?;
        Ok(KeyRange { start, end })
    }

    /// The first key in it; of all, the empty one.
    #[must_use]
    pub fn start(&self) -> &[u8] {
        &self.start
    }

    /// The first key after it, if it ends.
    #[must_use]
    pub fn end(&self) -> Option<&[u8]> {
        self.end.as_deref()
    }

    /// Whether a key is in it.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        self.start() <= key && self.end().is_none_or(|end| key < end)
    }
}

/// Hashes from `start` to before `end`, a key's hash being its XXH64 of seed 0. It always holds one.
///
/// In JSON `{"start", "end"}`, as decimal texts, since many readers round numbers above 2⁵³; numbers
/// are read too. Without a start it begins at 0; without an end it goes on to the last hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "HashRangeText", into = "HashRangeText")]
pub struct HashRange {
    start: u64,
    end: Option<u64>,
}

impl HashRange {
    /// Hashes from `start` to before `end`, or to the last.
    ///
    /// # Errors
    /// [`RangeError`] when no hash is in it.
    pub fn new(start: u64, end: Option<u64>) -> Result<HashRange, RangeError> {
        check(&start, end.as_ref())?;
        Ok(HashRange { start, end })
    }

    /// The first hash in it.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The first hash after it, if it ends.
    #[must_use]
    pub fn end(&self) -> Option<u64> {
        self.end
    }

    /// Whether a hash is in it.
    #[must_use]
    pub fn contains(&self, hash: u64) -> bool {
        self.start <= hash && self.end.is_none_or(|end| hash < end)
    }
}

/// The keys that a shard holds; in JSON one member, `keyRange` or `hashRange`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ShardRange {
    /// By their bytes.
    #[serde(rename = "keyRange")]
    Key(KeyRange),
    /// By their hashes.
    #[serde(rename = "hashRange")]
    Hash(HashRange),
}

impl ShardRange {
    /// Whether a key is in it.
    #[must_use]
    pub fn contains_key(&self, key: &[u8]) -> bool {
        match self {
            ShardRange::Key(range) => range.contains(key),
            ShardRange::Hash(range) => range.contains(xxh64_bytes(key)),
        }
    }
}

/// `[start, end)` as in JSON, nothing for a bound that it doesn't have.
impl fmt::Display for ShardRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShardRange::Key(range) => {
                let text = KeyRangeText::from(range.clone());
                let (start, end) = (text.start.as_deref(), text.end.as_deref());
                let shown = |bound: Option<&str>| bound.unwrap_or_default().to_owned();
                write!(f, "keys [{}, {})", shown(start), shown(end))
            }
            ShardRange::Hash(range) => {
                let end = range.end.map(|end| end.to_string());
                write!(f, "hashes [{}, {})", range.start, end.unwrap_or_default())
            }
        }
    }
}

/// A key range in JSON.
#[derive(Serialize, Deserialize)]
struct KeyRangeText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

/// Why the JSON of a key range isn't one.
#[derive(Debug, thiserror::Error)]
enum KeyRangeError {
    #[error("a bound of the range isn't standard Base64: {0}")]
    Base64(#[from] base64::DecodeError),
    #[error(transparent)]
    Range(#[from] RangeError),
}

impl TryFrom<KeyRangeText> for KeyRange {
    type Error = KeyRangeError;

    fn try_from(text: KeyRangeText) -> Result<KeyRange, KeyRangeError> {
        let bytes = |text: String| BASE64_STANDARD.decode(text);
        let start = text.start.map(bytes).transpose()?.unwrap_or_default();
        let end = text.end.map(bytes).transpose()?;
        Ok(KeyRange::new(start, end)?)
    }
}

impl From<KeyRange> for KeyRangeText {
    fn from(range: KeyRange) -> KeyRangeText {
        let text = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
        let start = Some(range.start()).filter(|start| !start.is_empty());
        KeyRangeText {
            start: start.map(text),
            end: range.end().map(text),
        }
    }
}

/// A hash range in JSON.
#[derive(Serialize, Deserialize)]
struct HashRangeText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<Decimal>,
}

impl TryFrom<HashRangeText> for HashRange {
    type Error = RangeError;

    fn try_from(text: HashRangeText) -> Result<HashRange, RangeError> {
        let number = |decimal: Decimal| decimal.0;
        HashRange::new(
            text.start.map(number).unwrap_or_default(),
            text.end.map(number),
        )
    }
}

impl From<HashRange> for HashRangeText {
    fn from(range: HashRange) -> HashRangeText {
        let start = Some(range.start).filter(|start| *start > 0);
        HashRangeText {
            start: start.map(Decimal),
            end: range.end.map(Decimal),
        }
    }
}

/// Written as a text; read as a text of digits or a number.
struct Decimal(u64);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        deserializer.deserialize_any(DecimalVisitor)
    }
}

struct DecimalVisitor;

impl serde::de::Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a whole number from 0 to 18446744073709551615, as a text of digits or a number",
        )
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Decimal, E> {
        Ok(Decimal(number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Decimal, E> {
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_digits);
        let number =
            number.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self));
        number.map(Decimal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ShardRange, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn is_read_and_written() {
        for (json, written) in [
            (r#"{"keyRange":{}}"#, ""),
            (
                r#"{"keyRange":{"start":"","end":"YQ=="}}"#,
                r#"{"keyRange":{"end":"YQ=="}}"#,
            ),
            (r#"{"keyRange":{"start":"YQ==","end":"Yf8="}}"#, ""),
            (
                r#"{"keyRange":{"start":"/+8=","later":1}}"#,
                r#"{"keyRange":{"start":"/+8="}}"#,
            ),
            (
                r#"{"keyRange":{"start":null,"end":null}}"#,
                r#"{"keyRange":{}}"#,
            ),
            (r#"{"hashRange":{}}"#, ""),
            (
                r#"{"hashRange":{"start":0,"end":"1"}}"#,
                r#"{"hashRange":{"end":"1"}}"#,
            ),
            (
                r#"{"hashRange":{"start":9007199254740993,"end":18446744073709551615}}"#,
                r#"{"hashRange":{"start":"9007199254740993","end":"18446744073709551615"}}"#,
            ),
        ] {
            let range = read(json).unwrap();
            let text = serde_json::to_string(&range).unwrap();
            assert_eq!(text, if written.is_empty() { json } else { written });
            assert_eq!(read(&text), Ok(range));
        }
    }

    #[test]
    fn what_holds_nothing_or_cannot_be_read_is_refused() {
        for (json, wanted) in [
            (r#"{"keyRange":{"end":""}}"#, "empty"),
            (r#"{"keyRange":{"start":"YQ==","end":"YQ=="}}"#, "empty"),
            (
                r#"{"keyRange":{"start":"Yg==","end":"YQ=="}}"#,
                "ends before",
            ),
            (r#"{"keyRange":{"start":"YQ"}}"#, "Base64"),
            (r#"{"keyRange":{"start":"YR=="}}"#, "Base64"),
            (r#"{"keyRange":{"start":"_-8="}}"#, "Base64"),
            (r#"{"keyRange":{"start":"Y Q=="}}"#, "Base64"),
            (r#"{"hashRange":{"end":0}}"#, "empty"),
            (r#"{"hashRange":{"start":"7","end":7}}"#, "empty"),
            (r#"{"hashRange":{"start":"8","end":"7"}}"#, "ends before"),
            (r#"{"hashRange":{"start":"+8"}}"#, "a whole number"),
            (r#"{"hashRange":{"start":""}}"#, "a whole number"),
            (r#"{"hashRange":{"start":" 8"}}"#, "a whole number"),
            (
                r#"{"hashRange":{"start":"18446744073709551616"}}"#,
                "a whole number",
            ),
            (
                r#"{"hashRange":{"start":18446744073709551616}}"#,
                "a whole number",
            ),
            (r#"{"hashRange":{"start":-1}}"#, "a whole number"),
            (r#"{"hashRange":{"start":1.0}}"#, "a whole number"),
            (r#"{"range":{}}"#, "unknown variant"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(wanted), "{json}: {error}");
        }
    }

    #[test]
    fn holds_its_start_and_not_its_end() {
        let range = KeyRange::new(b"b".to_vec(), Some(b"c".to_vec())).unwrap();
        for (key, is_in) in [
            ("", false),
            ("az", false),
            ("b", true),
            ("bz", true),
            ("c", false),
        ] {
            assert_eq!(range.contains(key.as_bytes()), is_in, "{key}");
        }
        assert!(KeyRange::default().contains(b""));
        assert!(KeyRange::default().contains(&[0xff; 9]));
        let range = HashRange::new(1, Some(3)).unwrap();
        assert_eq!(
            [0, 1, 2, 3].map(|hash| range.contains(hash)),
            [false, true, true, false]
        );
        assert!(HashRange::default().contains(u64::MAX));
        // XXH64 of the empty key.
        let hash = 0xef46_db37_51d8_e999;
        let only = HashRange::new(hash, Some(hash + 1)).unwrap();
        assert!(ShardRange::Hash(only).contains_key(b""));
        assert!(!ShardRange::Hash(only).contains_key(b"a"));
    }

    #[test]
    fn is_shown_with_the_bounds_that_it_has() {
        let shown = |json| read(json).unwrap().to_string();
        assert_eq!(shown(r#"{"keyRange":{"start":"YQ=="}}"#), "keys [YQ==, )");
        assert_eq!(shown(r#"{"hashRange":{"end":"9"}}"#), "hashes [0, 9)");
    }
}
