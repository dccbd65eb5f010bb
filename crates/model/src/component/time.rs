//! Times: RFC 3339 in, UTC with `Z` and no fraction or six digits out.

use jiff::civil::DateTime;
use jiff::{SignedDuration, ToSpan};

/// Why a text isn't a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotATime {
    Form,
    NoOffset,
    NoSuchTime,
}

/// The UTC text of a time; `naive` takes one without offset as UTC, with `T` or a blank.
pub(crate) fn utc(text: &str, naive: bool) -> Result<String, NotATime> {
    let (civil, micros, rest) = civil(text, naive)?;
    let offset = match offset(rest) {
        Some(offset) => offset,
        None if rest.is_empty() && naive => SignedDuration::ZERO,
        None if rest.is_empty() => return Err(NotATime::NoOffset),
        None => return Err(NotATime::Form),
    };
    let utc = civil
        .time
        .checked_sub(offset)
        .map_err(|_| NotATime::NoSuchTime)?;
    // A leap second exists at the end of a UTC minute 23:59 only; it is kept as the second before.
    if utc.year() < 0 || civil.leap && (utc.hour(), utc.minute()) != (23, 59) {
        return Err(NotATime::NoSuchTime);
    }
    let mut text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        utc.year(),
        utc.month(),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second()
    );
    if micros > 0 {
        text.push_str(&format!(".{micros:06}"));
    }
    text.push('Z');
    Ok(text)
}

struct Civil {
    time: DateTime,
    leap: bool,
}

/// Reads `YYYY-MM-DDTHH:MM:SS[.fraction]` and returns what follows.
fn civil(text: &str, blank: bool) -> Result<(Civil, u32, &str), NotATime> {
    let head: &[u8; 19] = text.as_bytes().first_chunk().ok_or(NotATime::Form)?;
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        t,
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
    ] = *head
    else {
        return Err(NotATime::Form);
    };
    if !(matches!(t, b'T' | b't') || blank && t == b' ') {
        return Err(NotATime::Form);
    }
    let two = |tens: u8, ones: u8| Some(digit(tens)? * 10 + digit(ones)?);
    let numbers = || {
        let year = i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?);
        Some((
            year,
            two(m1, m2)?,
            two(d1, d2)?,
            two(h1, h2)?,
            two(n1, n2)?,
            two(s1, s2)?,
        ))
    };
    let (year, month, day, hour, minute, second) = numbers().ok_or(NotATime::Form)?;
    let leap = second == 60;
    let time = DateTime::new(
        year,
        month,
        day,
        hour,
        minute,
        if leap { 59 } else { second },
        0,
    )
    .map_err(|_| NotATime::NoSuchTime)?;
    let rest = text.get(19..).ok_or(NotATime::Form)?;
    let (micros, rest) = fraction(rest)?;
    Ok((Civil { time, leap }, micros, rest))
}

/// The first six digits of a fraction of any length.
fn fraction(text: &str) -> Result<(u32, &str), NotATime> {
    let Some(digits) = text.strip_prefix('.') else {
        return Ok((0, text));
    };
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(end).ok_or(NotATime::Form)?;
    if digits.is_empty() {
        return Err(NotATime::Form);
    }
    let micros = digits
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(6)
        .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Ok((micros, rest))
}

fn offset(text: &str) -> Option<SignedDuration> {
    let (sign, [h1, h2, b':', m1, m2]) = (match text.as_bytes() {
        [b'Z' | b'z'] => return Some(SignedDuration::ZERO),
        [sign @ (b'+' | b'-'), rest @ ..] => (*sign, <[u8; 5]>::try_from(rest).ok()?),
        _ => return None,
    }) else {
        return None;
    };
    let hours = digit(h1)? * 10 + digit(h2)?;
    let minutes = digit(m1)? * 10 + digit(m2)?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let span = i64::from(hours).hours().minutes(i64::from(minutes));
    let offset = SignedDuration::try_from(span).ok()?;
    Some(if sign == b'-' { -offset } else { offset })
}

fn digit(byte: u8) -> Option<i8> {
    byte.is_ascii_digit().then(|| byte as i8 - b'0' as i8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_utc_with_no_fraction_or_six_digits() {
        for (text, expected) in [
            ("2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z"),
            ("2026-01-05t09:00:00z", "2026-01-05T09:00:00Z"),
            ("2026-01-20T08:15:30+02:00", "2026-01-20T06:15:30Z"),
            ("2026-02-11T16:30:12.250Z", "2026-02-11T16:30:12.250000Z"),
            ("2026-02-11T16:30:12.000Z", "2026-02-11T16:30:12Z"),
            (
                "2026-02-11T16:30:12.1234567899Z",
                "2026-02-11T16:30:12.123456Z",
            ),
            ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00Z"),
            ("2023-12-31T23:30:00-01:45", "2024-01-01T01:15:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
            ("2017-01-01T00:59:60+01:00", "2016-12-31T23:59:59Z"),
        ] {
            assert_eq!(utc(text, false).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_says_why() {
        for (text, expected) in [
            ("yesterday", NotATime::Form),
            ("", NotATime::Form),
            ("2026-01-05", NotATime::Form),
            ("2026-01-05 09:00:00Z", NotATime::Form),
            ("2026-01-05T09:00Z", NotATime::Form),
            ("2026-01-05T09:00:00.Z", NotATime::Form),
            ("2026-01-05T09:00:00+0200", NotATime::Form),
            ("2026-01-05T09:00:00+02:00 ", NotATime::Form),
            ("2026-01-05T09:00:00é", NotATime::Form),
            ("2026-1-5T09:00:00Z", NotATime::Form),
            ("2026-01-05T09:00:00+24:00", NotATime::Form),
            ("2026-01-05T09:00:00", NotATime::NoOffset),
            ("2026-02-29T09:00:00Z", NotATime::NoSuchTime),
            ("2026-13-01T09:00:00Z", NotATime::NoSuchTime),
            ("2026-01-05T24:00:00Z", NotATime::NoSuchTime),
            ("2026-01-05T09:00:61Z", NotATime::NoSuchTime),
            ("2026-01-05T09:00:60Z", NotATime::NoSuchTime),
            ("0000-01-01T00:00:00+01:00", NotATime::NoSuchTime),
        ] {
            assert_eq!(utc(text, false), Err(expected), "{text}");
        }
    }

    #[test]
    fn older_documents_may_leave_the_offset_out() {
        assert_eq!(
            utc("2025-05-31T07:08:09.5", true).as_deref(),
            Ok("2025-05-31T07:08:09.500000Z")
        );
        assert_eq!(
            utc("2025-05-31 07:08:09", true).as_deref(),
            Ok("2025-05-31T07:08:09Z")
        );
        assert_eq!(utc("2025-05-31", true), Err(NotATime::Form));
    }
}
