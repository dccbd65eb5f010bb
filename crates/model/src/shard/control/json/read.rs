//! Reading the bodies: names in any case, unknown members ignored, of duplicates the last.

mod members;
mod values;

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::JsonMode;

/// Why bytes aren't the body asked for, and where.
#[derive(Debug, thiserror::Error)]
pub struct ReadError(#[from] serde_json::Error);

/// Characters of a reason that are shown; it may repeat what was sent.
const MOST_SHOWN: usize = 160;

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = format!(" at line {} column {}", self.0.line(), self.0.column());
        let whole = self.0.to_string();
        let reason = whole.strip_suffix(&place).unwrap_or(&whole);
        write!(f, "not the JSON asked for: ")?;
        match reason.char_indices().nth(MOST_SHOWN) {
            Some((end, _)) => write!(f, "{}…{place}", reason.get(..end).unwrap_or_default()),
            None => write!(f, "{reason}{place}"),
        }
    }
}

/// A body that is read from JSON.
///
/// Null is read as an absent or empty text, and refused for a number. A number may stand as a text
/// too; one that isn't finite is refused.
pub trait FromJson: Sized {
    /// Reads the whole of the bytes.
    ///
    /// # Errors
    /// [`ReadError`] when they are no JSON or not this body.
    fn from_json(bytes: &[u8], mode: JsonMode) -> Result<Self, ReadError>;
}

/// A body and its members.
trait Members: Default {
    /// Their names.
    const NAMES: &'static [&'static str];
    /// The names of those that must be there.
    const REQUIRED: &'static [&'static str] = &[];

    /// Reads the value of the member of that name, one of the names above.
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
        mode: JsonMode,
    ) -> Result<(), A::Error>;
}

impl<T: Members> FromJson for T {
    fn from_json(bytes: &[u8], mode: JsonMode) -> Result<Self, ReadError> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let body = Body::new(mode).deserialize(&mut reader)?;
        reader.end()?;
        Ok(body)
    }
}

/// Reads one object.
struct Body<T>(JsonMode, PhantomData<T>);

impl<T> Body<T> {
    fn new(mode: JsonMode) -> Self {
        Body(mode, PhantomData)
    }
}

impl<T> Clone for Body<T> {
    fn clone(&self) -> Self {
        Body::new(self.0)
    }
}

impl<'de, T: Members> DeserializeSeed<'de> for Body<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Members> Visitor<'de> for Body<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut body = T::default();
        let mut seen = 0_u32;
        let mut expected = 0;
        while let Some(known) = map.next_key_seed(Name(T::NAMES, expected))? {
            let Some((at, name)) = known else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            seen |= 1 << at;
            expected = at + 1;
            body.member(name, &mut map, self.0)?;
        }
        for (at, name) in T::NAMES.iter().enumerate() {
            if seen & (1 << at) == 0 && T::REQUIRED.contains(name) {
                return Err(Error::missing_field(name));
            }
        }
        Ok(body)
    }
}

/// Finds a member's name and its place among the known ones, whatever its case. Bodies mostly have
/// them in order, so the place where it is expected comes first.
struct Name(&'static [&'static str], usize);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<(usize, &'static str)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<(usize, &'static str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, given: &str) -> Result<Self::Value, E> {
        if let Some(name) = self.0.get(self.1).filter(|name| **name == given) {
            return Ok(Some((self.1, name)));
        }
        // No letter beyond ASCII is one of ASCII in another case.
        let mut names = self.0.iter().copied().enumerate();
        Ok(names.find(|(_, name)| name.eq_ignore_ascii_case(given)))
    }
}
