//! Times as they stand in bodies: with the offset that they were written with.

use jiff::civil;

use crate::text::push_padded;
use crate::time::{self, Timestamp};

/// An instant and the offset from UTC that its text has; bodies repeat the offset they were given.
///
/// The one of a body that has none is 0001-01-01T00:00:00+00:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetTime {
    at: Timestamp,
    offset_minutes: i16,
}

/// Ticks in a second.
const TICKS: i64 = 10_000_000;
/// Ticks in a minute.
const MINUTE: i64 = 60 * TICKS;
/// 0001-01-01T00:00:00Z.
const YEAR_ONE: i64 = -62_135_596_800 * TICKS;
/// The offset furthest from UTC, either way.
const MAX_OFFSET_MINUTES: i16 = 14 * 60;
/// Digits of a fraction that are kept, and that may be written.
const FRACTION_DIGITS: (usize, usize) = (7, 16);

impl From<Timestamp> for OffsetTime {
    fn from(at: Timestamp) -> Self {
        OffsetTime {
            at,
            offset_minutes: 0,
        }
    }
}

impl Default for OffsetTime {
    fn default() -> Self {
        Timestamp::from_ticks(YEAR_ONE).unwrap_or_default().into()
    }
}

impl OffsetTime {
    /// The instant.
    #[must_use]
    pub fn at(self) -> Timestamp {
        self.at
    }

    /// The minutes that its clock is ahead of UTC.
    #[must_use]
    pub fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// Of ISO 8601 what bodies may have: `YYYY-MM-DD`, then `Thh:mm`, seconds and a fraction, then
    /// `Z` or an offset as `+hh:mm` or `+hh`. Without an offset it is UTC; digits past 100 ns are
    /// dropped.
    #[must_use]
    pub fn parse(text: &str) -> Option<OffsetTime> {
        let mut rest = Rest(text.as_bytes());
        let date = rest.date()?;
        if rest.0.is_empty() {
            return OffsetTime::of_clock(date.to_datetime(civil::Time::midnight()), 0, 0);
        }
        rest.byte(b'T')?;
        let (hour, minute) = (rest.digits(2)?, rest.byte(b':').and(rest.digits(2))?);
        let (mut second, mut fraction) = (0, 0);
        if rest.byte(b':').is_some() {
            second = rest.digits(2)?;
            if rest.byte(b'.').is_some() {
                fraction = rest.fraction()?;
            }
        }
        let offset = rest.offset()?;
        let [hour, minute, second] = [hour, minute, second].map(i8::try_from);
        let time = civil::Time::new(hour.ok()?, minute.ok()?, second.ok()?, 0).ok()?;
        OffsetTime::of_clock(date.to_datetime(time), fraction, offset)
    }

    fn of_clock(clock: civil::DateTime, fraction: i64, offset_minutes: i16) -> Option<OffsetTime> {
        let local = time::ticks_of(clock)?.checked_add(fraction)?;
        let ticks = local.checked_sub(i64::from(offset_minutes) * MINUTE)?;
        if local < YEAR_ONE || ticks < YEAR_ONE {
            return None;
        }
        let at = Timestamp::from_ticks(ticks).ok()?;
        Some(OffsetTime { at, offset_minutes })
    }

    /// `YYYY-MM-DDTHH:MM:SS[.fraction]±hh:mm`, the fraction without trailing zeros; `plus` stands
    /// for the `+`.
    pub(super) fn push_json(self, out: &mut String, plus: &str) {
        let fraction = self.push_clock(out, 'T');
        if fraction != 0 {
            out.push('.');
            push_padded(out, fraction, FRACTION_DIGITS.0);
            out.truncate(out.trim_end_matches('0').len());
        }
        self.push_offset(out, plus);
    }

    /// `YYYY-MM-DDTHH:MM:SS.fffffff±hh:mm`, always seven digits of a fraction.
    #[must_use]
    pub fn round_trip_text(self) -> String {
        let mut out = String::with_capacity(33);
        let fraction = self.push_clock(&mut out, 'T');
        out.push('.');
        push_padded(&mut out, fraction, FRACTION_DIGITS.0);
        self.push_offset(&mut out, "+");
        out
    }

    /// `YYYY-MM-DD HH:MM:SSZ`, in UTC.
    #[must_use]
    pub fn table_text(self) -> String {
        let mut out = String::with_capacity(20);
        OffsetTime::from(self.at).push_clock(&mut out, ' ');
        out.push('Z');
        out
    }

    /// Date and time of its clock to the second; the ticks after that are returned.
    fn push_clock(self, out: &mut String, between: char) -> u64 {
        let local = self.at.ticks() + i64::from(self.offset_minutes) * MINUTE;
        let clock = time::clock(local);
        push_padded(out, u64::from(clock.year().unsigned_abs()), 4);
        for (before, number) in [
            ('-', clock.month()),
            ('-', clock.day()),
            (between, clock.hour()),
            (':', clock.minute()),
            (':', clock.second()),
        ] {
            out.push(before);
            push_padded(out, u64::from(number.unsigned_abs()), 2);
        }
        local.rem_euclid(TICKS).unsigned_abs()
    }

    fn push_offset(self, out: &mut String, plus: &str) {
        let ahead = self.offset_minutes >= 0;
        out.push_str(if ahead { plus } else { "-" });
        let minutes = u64::from(self.offset_minutes.unsigned_abs());
        push_padded(out, minutes / 60, 2);
        out.push(':');
        push_padded(out, minutes % 60, 2);
    }
}

/// What is left of a time's text.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn byte(&mut self, expected: u8) -> Option<()> {
        let (&first, rest) = self.0.split_first()?;
        if first != expected {
            return None;
        }
        self.0 = rest;
        Some(())
    }

    fn digits(&mut self, count: usize) -> Option<i16> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0_i16, |number, digit| {
            let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
            number.checked_mul(10)?.checked_add(i16::from(digit))
        })
    }

    fn date(&mut self) -> Option<civil::Date> {
        let year = self.digits(4)?;
        let month = self.byte(b'-').and(self.digits(2))?;
        let day = self.byte(b'-').and(self.digits(2))?;
        civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    /// The ticks of 1 to 16 digits.
    fn fraction(&mut self) -> Option<i64> {
        let (kept, most) = FRACTION_DIGITS;
        let mut count = 0;
        let mut ticks = 0;
        while let Some((digit, rest)) = self.0.split_first().filter(|(d, _)| d.is_ascii_digit()) {
            if count < kept {
                ticks = ticks * 10 + i64::from(digit - b'0');
            }
            count += 1;
            self.0 = rest;
        }
        let missing = u32::try_from(kept.saturating_sub(count)).ok()?;
        (1..=most)
            .contains(&count)
            .then(|| ticks * 10_i64.pow(missing))
    }

    /// The minutes ahead of UTC; nothing may follow.
    fn offset(&mut self) -> Option<i16> {
        let Some((&sign, rest)) = self.0.split_first() else {
            return Some(0);
        };
        self.0 = rest;
        let mut minutes = 0;
        if sign != b'Z' {
            minutes = self.digits(2)?.checked_mul(60)?;
            if !self.0.is_empty() {
                let past_hour = self.byte(b':').and(self.digits(2))?;
                minutes += (past_hour < 60).then_some(past_hour)?;
            }
        }
        let known = self.0.is_empty() && minutes <= MAX_OFFSET_MINUTES;
        match sign {
            b'Z' | b'+' if known => Some(minutes),
            b'-' if known => Some(-minutes),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(time: OffsetTime) -> String {
        let mut out = String::new();
        time.push_json(&mut out, "+");
        out
    }

    #[test]
    fn times_are_read_as_bodies_may_have_them() {
        for (text, rewritten) in [
            ("2024-10-01", "2024-10-01T00:00:00+00:00"),
            ("2024-10-01T09:30Z", "2024-10-01T09:30:00+00:00"),
            ("2024-10-01T09:30:07", "2024-10-01T09:30:07+00:00"),
            ("2024-10-01T09:30:07.5-03:30", "2024-10-01T09:30:07.5-03:30"),
            ("2024-10-01T09:30:07+14", "2024-10-01T09:30:07+14:00"),
            (
                "2024-10-01T09:30:07.12345678Z",
                "2024-10-01T09:30:07.1234567+00:00",
            ),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
            (
                "9999-12-31T23:59:59.9999999Z",
                "9999-12-31T23:59:59.9999999+00:00",
            ),
            (
                "9999-12-31T23:59:59.9999999+14:00",
                "9999-12-31T23:59:59.9999999+14:00",
            ),
        ] {
            let time = OffsetTime::parse(text).unwrap();
            assert_eq!(json(time), rewritten);
            assert_eq!(OffsetTime::parse(rewritten), Some(time));
        }
        assert_eq!(json(OffsetTime::default()), "0001-01-01T00:00:00+00:00");
    }

    #[test]
    fn what_bodies_may_not_have_is_refused() {
        for bad in [
            "",
            "2024-10-01T",
            "2024-10-01T09",
            "2024-10-01t09:30Z",
            "2024-10-01T09:30z",
            "2024-10-01T09:30:07.Z",
            "2024-10-01T09:30:07.12345678901234567Z",
            "2024-10-01T24:00:00Z",
            "2024-10-01T09:60:00Z",
            "2024-10-01T09:30:60Z",
            "2024-02-30T09:30:00Z",
            "2024-10-01T09:30:00+14:01",
            "2024-10-01T09:30:00+1:00",
            "2024-10-01T09:30:00+01:60",
            "2024-10-01T09:30:00+01:00x",
            "0001-01-01T00:00:00+01:00",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-14:00",
        ] {
            assert_eq!(OffsetTime::parse(bad), None, "{bad}");
        }
    }
}
