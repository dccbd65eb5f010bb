//! What requests say beside their body.

use crate::shard::ShardStatus;

/// Shards on a page when nothing is asked for.
pub const DEFAULT_PAGE_SIZE: u16 = 100;
/// Shards on a page at most.
pub const MAX_PAGE_SIZE: u16 = 500;

/// A parameter that can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// No status has that name or number.
    #[error("a status is Active, Draining, Paused or Disabled, or its number from 0 to 3")]
    Status,
    /// Not a whole number of 32 bits.
    #[error("a page size is a whole number")]
    PageSize,
    /// Not a whole number of 64 bits.
    #[error("a position is a whole number")]
    Position,
}

/// The statuses of a parameter that may be repeated; each has any number of them, by name in any
/// case or by number, between spaces, commas and semicolons.
///
/// # Errors
/// [`ParameterError::Status`] when one of them isn't a status.
pub fn statuses<'a>(
    values: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<ShardStatus>, ParameterError> {
    let pieces = values
        .into_iter()
        .flat_map(|value| value.split([' ', ',', ';']));
    let given = pieces.map(str::trim).filter(|piece| !piece.is_empty());
    given
        .map(|piece| status(piece).ok_or(ParameterError::Status))
        .collect()
}

/// The status of that name or number, without a sign.
pub(super) fn status(text: &str) -> Option<ShardStatus> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return ShardStatus::of_number(text.parse().ok()?);
    }
    ShardStatus::named(text)
}

/// How many shards a page has: 100 unless more than none are asked for, 500 at most.
#[must_use]
pub fn page_size(asked: Option<i32>) -> u16 {
    match u16::try_from(asked.unwrap_or_default().min(MAX_PAGE_SIZE.into())) {
        Ok(0) | Err(_) => DEFAULT_PAGE_SIZE,
        Ok(size) => size,
    }
}

/// The page size of a parameter.
///
/// # Errors
/// [`ParameterError::PageSize`] when it is given and isn't a number, an empty text included.
pub fn page_size_parameter(raw: Option<&str>) -> Result<u16, ParameterError> {
    let asked = raw.map(|raw| unpadded(raw).parse().map_err(|_| ParameterError::PageSize));
    Ok(page_size(asked.transpose()?))
}

/// The position of a parameter; none when it is absent or blank.
///
/// # Errors
/// [`ParameterError::Position`] when it isn't a number.
pub fn position_parameter(raw: Option<&str>) -> Result<Option<i64>, ParameterError> {
    let given = raw.filter(|raw| !raw.trim().is_empty());
    given
        .map(|raw| unpadded(raw).parse().map_err(|_| ParameterError::Position))
        .transpose()
}

/// Without the white space that may stand around a number.
pub(super) fn unpadded(text: &str) -> &str {
    text.trim_matches(|c| matches!(c, '\t'..='\r' | ' '))
}

/// The number of a text of digits, with or without sign, point and exponent.
pub(super) fn finite(text: &str) -> Option<f64> {
    let plain =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    let number = text
        .bytes()
        .all(plain)
        .then(|| text.parse::<f64>().ok())??;
    number.is_finite().then_some(number)
}

/// Which positions a diff has, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffRange {
    /// The first; absent: from the beginning.
    pub from: Option<i64>,
    /// The last; absent: up to the end.
    pub to: Option<i64>,
}

impl DiffRange {
    /// Whether the position is one of them; none is when the range is turned round.
    #[must_use]
    pub fn contains(self, position: i64) -> bool {
        self.from.is_none_or(|from| from <= position) && self.to.is_none_or(|to| position <= to)
    }
}

/// The position that a watch goes on after. What the client was told last counts before the token
/// in its address, which a client that comes back by itself repeats.
///
/// # Errors
/// [`ParameterError::Position`] when the one that counts isn't a number.
pub fn resume_position(
    last_event_id: Option<&str>,
    resume_token: Option<&str>,
) -> Result<Option<i64>, ParameterError> {
    match position_parameter(last_event_id)? {
        Some(told) => Ok(Some(told)),
        None => position_parameter(resume_token),
    }
}

/// Whether a watch that goes on after `resume` tells the change at that position.
#[must_use]
pub fn follows(position: i64, resume: Option<i64>) -> bool {
    resume.is_none_or(|resume| position > resume)
}

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To read: `mesh.read` or `mesh.operate`.
    Read,
    /// To operate: `mesh.operate`.
    Operate,
}

impl Need {
    /// The header that scopes are in.
    pub const HEADER: &'static str = "x-mesh-scope";

    /// The scopes of which any is enough.
    #[must_use]
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Need::Read => &["mesh.read", "mesh.operate"],
            Need::Operate => &["mesh.operate"],
        }
    }

    /// Whether these headers, each with any number of scopes between spaces, commas and semicolons,
    /// have one that is enough.
    ///
    /// The caller wrote them: they say something only behind something that checked who it is.
    #[must_use]
    pub fn is_met_by<'a>(self, headers: impl IntoIterator<Item = &'a str>) -> bool {
        Scopes::of(headers).meet(self)
    }
}

/// What a caller says that it may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// It has `mesh.read`.
    pub read: bool,
    /// It has `mesh.operate`.
    pub operate: bool,
}

impl Scopes {
    /// What these headers say: each any number of scopes between spaces, commas and semicolons, in
    /// any case.
    #[must_use]
    pub fn of<'a>(headers: impl IntoIterator<Item = &'a str>) -> Scopes {
        let headers = headers.into_iter();
        let mut scopes = Scopes::default();
        for given in headers.flat_map(|header| header.split([' ', ',', ';'])) {
            let is = |scope: &str| scope.eq_ignore_ascii_case(given.trim());
            scopes.read |= is("mesh.read");
            scopes.operate |= is("mesh.operate");
        }
        scopes
    }

    /// Whether they are enough.
    #[must_use]
    pub fn meet(self, need: Need) -> bool {
        match need {
            Need::Read => self.read || self.operate,
            Need::Operate => self.operate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_last_counts_before_the_address() {
        for (told, token, after) in [
            (Some("7"), Some("3"), Ok(Some(7))),
            (Some(" "), Some("3"), Ok(Some(3))),
            (None, None, Ok(None)),
            (Some("7"), Some("x"), Ok(Some(7))),
            (Some("x"), Some("3"), Err(ParameterError::Position)),
        ] {
            assert_eq!(resume_position(told, token), after);
        }
    }

    #[test]
    fn only_digits_are_a_number_without_a_sign() {
        for bad in ["+1", "-1", "4", "99999999999999999999", "0x1", "\u{663}"] {
            assert_eq!(statuses([bad]), Err(ParameterError::Status), "{bad}");
        }
        assert_eq!(statuses(["01"]), Ok(vec![ShardStatus::Draining]));
    }
}
