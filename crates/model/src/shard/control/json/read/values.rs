//! Reading what members hold.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor,
};

use super::JsonMode;
use crate::shard::ShardStatus;
use crate::shard::control::offset_time::OffsetTime;
use crate::shard::control::parameters::finite;
use crate::shard::control::status_number::StatusNumber;

/// A text; null is the empty one.
pub(super) fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<String, A::Error> {
    Ok(map.next_value::<Option<String>>()?.unwrap_or_default())
}

/// A finite number.
pub(super) struct Double(pub(super) f64);

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DoubleVisitor).map(Double)
    }
}

struct DoubleVisitor;

impl Visitor<'_> for DoubleVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a finite number")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
        Ok(number)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest double is what is wanted"
    )]
    fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
        Ok(number as f64)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest double is what is wanted"
    )]
    fn visit_u64<E: Error>(self, number: u64) -> Result<f64, E> {
        Ok(number as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        finite(text).ok_or_else(|| Error::invalid_value(Unexpected::Str(text), &self))
    }
}

/// A whole number.
pub(super) struct Integer(pub(super) i64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntegerVisitor).map(Integer)
    }
}

struct IntegerVisitor;

impl Visitor<'_> for IntegerVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of 64 bits")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        i64::try_from(number).map_err(|_| Error::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
        text.parse()
            .map_err(|_| Error::invalid_value(Unexpected::Str(text), &self))
    }
}

/// A time.
pub(super) struct Time(pub(super) OffsetTime);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TimeVisitor).map(Time)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = OffsetTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time such as 2026-01-05T09:00:00+00:00")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OffsetTime, E> {
        OffsetTime::parse(text).ok_or_else(|| Error::invalid_value(Unexpected::Str(text), &self))
    }
}

/// A status: any number of 32 bits, and from the command line a name.
pub(super) struct Status(pub(super) JsonMode);

impl<'de> DeserializeSeed<'de> for Status {
    type Value = StatusNumber;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<StatusNumber, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Status {
    type Value = StatusNumber;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            JsonMode::ControlPlane => "the number of a status",
            JsonMode::CommandLine | JsonMode::Indented => "the number or name of a status",
        })
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<StatusNumber, E> {
        match i32::try_from(number) {
            Ok(number) => Ok(StatusNumber::new(number)),
            Err(_) => Err(Error::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<StatusNumber, E> {
        match i32::try_from(number) {
            Ok(number) => Ok(StatusNumber::new(number)),
            Err(_) => Err(Error::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<StatusNumber, E> {
        let unknown = || Error::invalid_value(Unexpected::Str(text), &self);
        if self.0 == JsonMode::ControlPlane {
            return Err(unknown());
        }
        let text = text.trim();
        match ShardStatus::named(text) {
            Some(status) => Ok(status.into()),
            None => text.parse().map(StatusNumber::new).map_err(|_| unknown()),
        }
    }
}

/// What may be null.
#[derive(Clone)]
pub(super) struct Nullable<S>(pub(super) S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Nullable<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Nullable<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

/// A list of such values.
pub(super) struct List<S>(pub(super) S);

impl<'de, S: DeserializeSeed<'de> + Clone> DeserializeSeed<'de> for List<S> {
    type Value = Vec<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S: DeserializeSeed<'de> + Clone> Visitor<'de> for List<S> {
    type Value = Vec<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.0.clone())? {
            list.push(item);
        }
        Ok(list)
    }
}

/// Texts by any name; of values that are no text their JSON.
pub(super) struct Texts(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TextsVisitor).map(Texts)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some((name, value)) = map.next_entry::<Cow<'de, str>, serde_json::Value>()? {
            let value = match value {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            texts.push((name.into_owned(), value));
        }
        Ok(texts)
    }
}
