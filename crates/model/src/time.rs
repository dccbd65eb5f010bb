//! Instants of the log: UTC, in steps of 100 ns.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{self, DateTime};
use jiff::fmt::temporal::Pieces;
use serde::{Deserialize, Serialize};

/// An instant as the log keeps it: 100 ns ticks since 1970-01-01T00:00:00Z.
///
/// Shown as RFC 3339 in UTC, without a fraction or with seven digits of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Ticks in a second.
const TICKS: i64 = 10_000_000;
/// 0000-01-01T00:00:00Z.
const FIRST: i64 = -62_167_219_200 * TICKS;
/// 9999-12-31T23:59:59.9999999Z.
const LAST: i64 = 253_402_300_800 * TICKS - 1;
/// Where the count of ticks begins.
const EPOCH: DateTime = civil::date(1970, 1, 1).at(0, 0, 0, 0);

/// Why a text or number isn't an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339 with an offset, or no date of the calendar.
    #[error("not an RFC 3339 time with an offset, such as 2026-01-05T09:00:00Z")]
    Format,
    /// Outside the years 0000 to 9999.
    #[error("outside the years 0000 to 9999")]
    Range,
}

impl Timestamp {
    /// From 100 ns ticks since the epoch.
    ///
    /// # Errors
    /// [`TimeError::Range`] outside the years 0000 to 9999.
    pub fn from_ticks(ticks: i64) -> Result<Timestamp, TimeError> {
        if (FIRST..=LAST).contains(&ticks) {
            Ok(Timestamp(ticks))
        } else {
            Err(TimeError::Range)
        }
    }

    /// 100 ns ticks since the epoch.
    #[must_use]
    pub fn ticks(self) -> i64 {
        self.0
    }

    /// This instant as a component document writes it: no fraction, or six digits of it.
    #[must_use]
    pub fn to_document_text(self) -> String {
        let micros = self.0.rem_euclid(TICKS) / 10;
        if micros == 0 {
            format!("{}Z", self.seconds_text())
        } else {
            format!("{}.{micros:06}Z", self.seconds_text())
        }
    }

    /// Moved by that many seconds, held within the years that can be shown.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Timestamp {
        Timestamp(
            self.0
                .saturating_add(seconds.saturating_mul(TICKS))
                .clamp(FIRST, LAST),
        )
    }

    fn seconds_text(self) -> String {
        clock(self.0).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }
}

/// Date and time in UTC, to the second. The library's own instants end a day before the year 9999
/// does: at the last that has a date in every time zone.
pub(crate) fn clock(ticks: i64) -> DateTime {
    let since = SignedDuration::from_secs(ticks.div_euclid(TICKS));
    EPOCH.checked_add(since).unwrap_or(EPOCH)
}

/// The ticks of a date and time in UTC.
pub(crate) fn ticks_of(clock: DateTime) -> Option<i64> {
    i64::try_from(clock.duration_since(EPOCH).as_nanos().div_euclid(100)).ok()
}

/// The ticks of a time that the library's own instants don't have: they end before the year 9999 does.
fn late_ticks(text: &str) -> Option<i64> {
    let pieces = Pieces::parse(text).ok()?;
    let clock = pieces.date().to_datetime(pieces.time()?);
    let offset = i64::from(pieces.to_numeric_offset()?.seconds());
    ticks_of(clock)?.checked_sub(offset * TICKS)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = self.0.rem_euclid(TICKS);
        if fraction == 0 {
            write!(f, "{}Z", self.seconds_text())
        } else {
            write!(f, "{}.{fraction:07}Z", self.seconds_text())
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    /// RFC 3339 with an offset; digits past 100 ns are dropped.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        // The library also reads ISO 8601 week dates, zone names and missing offsets.
        let strict = text.len() >= 20
            && text
                .get(10..11)
                .is_some_and(|t| matches!(t, "T" | "t" | " "))
            && !text.contains('[');
        if !strict {
            return Err(TimeError::Format);
        }
        let ticks = match text.parse::<jiff::Timestamp>() {
            Ok(time) => i64::try_from(time.as_nanosecond().div_euclid(100)).ok(),
            Err(_) => Some(late_ticks(text).ok_or(TimeError::Format)?),
        };
        Timestamp::from_ticks(ticks.ok_or(TimeError::Range)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// `90s`, `30m`, `2h`, `7d`, `2w` in seconds.
#[must_use]
pub fn seconds_of(text: &str) -> Option<i64> {
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    let plain = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| count.parse::<i64>().ok()?.checked_mul(unit))?
}

/// An instant to come, as people write it: so long from `now` (`90d`), or RFC 3339.
#[must_use]
pub fn instant_to_come(text: &str, now: Timestamp) -> Option<Timestamp> {
    match seconds_of(text) {
        Some(seconds) => Some(now.plus_seconds(seconds)),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_are_shown_as_they_are_read() {
        for (ticks, shown) in [
            (FIRST, "0000-01-01T00:00:00Z"),
            // The last of the library's own instants, and the one after it.
            (253_402_207_201 * TICKS - 1, "9999-12-30T22:00:00.9999999Z"),
            (253_402_207_201 * TICKS, "9999-12-30T22:00:01Z"),
            (LAST, "9999-12-31T23:59:59.9999999Z"),
        ] {
            let instant = Timestamp::from_ticks(ticks).unwrap();
            assert_eq!(instant.to_string(), shown);
            assert_eq!(shown.parse(), Ok(instant));
        }
        let ahead: Timestamp = "9999-12-31T23:59:59+02:00".parse().unwrap();
        assert_eq!(ahead.to_string(), "9999-12-31T21:59:59Z");
        let beyond = "9999-12-31T23:59:59-02:00".parse::<Timestamp>();
        assert_eq!(beyond, Err(TimeError::Range));
        assert!(Timestamp::from_ticks(LAST + 1).is_err());
        let now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let far = instant_to_come("99999999999999d", now).unwrap();
        assert_eq!(far.ticks(), LAST);
    }

    #[test]
    fn shows_what_it_reads() {
        for (text, shown, in_document) in [
            (
                "1970-01-01T00:00:00Z",
                "1970-01-01T00:00:00Z",
                "1970-01-01T00:00:00Z",
            ),
            (
                "2026-01-20T08:15:30+02:00",
                "2026-01-20T06:15:30Z",
                "2026-01-20T06:15:30Z",
            ),
            (
                "2026-02-11T16:30:12.25Z",
                "2026-02-11T16:30:12.2500000Z",
                "2026-02-11T16:30:12.250000Z",
            ),
            (
                "1969-12-31T23:59:59.9999999Z",
                "1969-12-31T23:59:59.9999999Z",
                "1969-12-31T23:59:59.999999Z",
            ),
        ] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(time.to_string(), shown);
            assert_eq!(time.to_document_text(), in_document);
            assert_eq!(shown.parse(), Ok(time));
        }
    }

    #[test]
    fn refuses_what_is_no_instant() {
        for bad in [
            "",
            "2026-02-30T00:00:00Z",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "yesterday",
        ] {
            assert_eq!(bad.parse::<Timestamp>(), Err(TimeError::Format), "{bad}");
        }
    }
}
