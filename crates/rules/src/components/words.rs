//! Many short texts in one allocation.
//!
//! ```text
//! lists: (length, list)*    list: (length, text)*
//! ```
//!
//! A length is in bytes, seven bits a byte, the lowest first, the eighth set where another follows
//! (LEB128).

use std::collections::HashSet;

/// Lists of distinct texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WordLists(Box<[u8]>);

impl WordLists {
    /// Lists of those texts, in order, each text once in its list.
    pub(crate) fn of<'a>(lists: impl IntoIterator<Item = Vec<&'a str>>) -> WordLists {
        let (mut bytes, mut packed) = (Vec::new(), Vec::new());
        for list in lists {
            let mut seen = Seen::default();
            packed.clear();
            for word in list.into_iter().filter(|word| seen.is_first(word)) {
                push(word.as_bytes(), &mut packed);
            }
            push(&packed, &mut bytes);
        }
        // A copy has no room to spare. Shrinking may leave all of it.
        WordLists(Box::from(bytes.as_slice()))
    }

    /// One of the lists; empty when there are fewer.
    pub(crate) fn list(&self, place: usize) -> Words<'_> {
        Words(Packed(&self.0).nth(place).unwrap_or_default())
    }
}

/// A few distinct texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    /// The texts, in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        Packed(self.0).filter_map(|word| std::str::from_utf8(word).ok())
    }

    /// Whether that text is one of them.
    #[must_use]
    pub fn contains(self, text: &str) -> bool {
        Packed(self.0).any(|word| word == text.as_bytes())
    }
}

fn push(item: &[u8], into: &mut Vec<u8>) {
    let mut length = item.len();
    while length > 0x7f {
        into.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    into.push(u8::try_from(length).unwrap_or_default());
    into.extend_from_slice(item);
}

/// What follows of items with their lengths.
struct Packed<'a>(&'a [u8]);

impl<'a> Iterator for Packed<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (mut length, mut shift) = (0, 0);
        loop {
            let (byte, after) = self.0.split_first()?;
            self.0 = after;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (item, after) = self.0.split_at_checked(length)?;
        self.0 = after;
        Some(item)
    }
}

/// Texts that came already: a few are compared, many are hashed.
#[derive(Default)]
struct Seen<'a> {
    few: Vec<&'a str>,
    many: HashSet<&'a str>,
}

impl<'a> Seen<'a> {
    const FEW: usize = 16;

    fn is_first(&mut self, text: &'a str) -> bool {
        if self.few.contains(&text) {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push(text);
            return true;
        }
        self.many.insert(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_whatever_their_length() {
        let texts: Vec<String> = [0, 1, 127, 128, 129, 16_383, 16_384, 70_000]
            .iter()
            .map(|length| "é".repeat(length / 2) + &"x".repeat(length % 2))
            .chain((0..100).map(|number| number.to_string()))
            .collect();
        let twice = texts.iter().chain(&texts).map(String::as_str).collect();
        let lists = WordLists::of([vec!["xx"], vec![], twice]);
        let words = lists.list(2);
        assert!(words.iter().eq(texts.iter().map(String::as_str)));
        assert!(texts.iter().all(|text| words.contains(text)));
        assert!(!words.contains("xx"));
        assert!(lists.list(0).iter().eq(["xx"]));
        assert!(
            [1, 3]
                .iter()
                .all(|&place| lists.list(place).iter().next().is_none())
        );
    }
}
