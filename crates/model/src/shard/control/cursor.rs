//! Where a page of shards ends.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

/// Standard, padded, and lenient about bits that are of no use.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// What parts the two names.
const SEPARATOR: char = '|';

/// The last shard of a page; the next page begins after it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    namespace: String,
    shard_id: String,
}

/// Why there is no such cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// The text isn't the Base64 of two names.
    #[error("not a cursor that was given out here")]
    Token,
    /// A name is blank.
    #[error("a cursor has a namespace and a shard id, and neither is blank")]
    Blank,
    /// The namespace would be read back as another one.
    #[error("a namespace with `|` can't stand in a cursor")]
    Separator,
}

impl Cursor {
    /// After that shard.
    ///
    /// # Errors
    /// [`CursorError`] when the token couldn't be read back as these names.
    pub fn new(namespace: &str, shard_id: &str) -> Result<Cursor, CursorError> {
        if namespace.trim().is_empty() || shard_id.trim().is_empty() {
            return Err(CursorError::Blank);
        }
        if namespace.contains(SEPARATOR) {
            return Err(CursorError::Separator);
        }
        Ok(Cursor {
            namespace: namespace.to_owned(),
            shard_id: shard_id.to_owned(),
        })
    }

    /// The namespace of that shard.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The id of that shard.
    #[must_use]
    pub fn shard_id(&self) -> &str {
        &self.shard_id
    }

    /// The text that callers are given.
    #[must_use]
    pub fn token(&self) -> String {
        BASE64.encode(format!("{}{SEPARATOR}{}", self.namespace, self.shard_id))
    }

    /// The cursor of that text; white space around and within it doesn't count.
    ///
    /// # Errors
    /// [`CursorError::Token`] and [`CursorError::Blank`].
    pub fn of_token(token: &str) -> Result<Cursor, CursorError> {
        let kept = |c: &char| !matches!(c, ' ' | '\t' | '\r' | '\n');
        let token: String = token.trim().chars().filter(kept).collect();
        let bytes = BASE64.decode(token).map_err(|_| CursorError::Token)?;
        let names: Cow<'_, str> = String::from_utf8_lossy(&bytes);
        let (namespace, shard_id) = names.split_once(SEPARATOR).ok_or(CursorError::Token)?;
        Cursor::new(namespace, shard_id)
    }

    /// The cursor of a parameter: none when it is absent or blank.
    ///
    /// # Errors
    /// As [`Cursor::of_token`].
    pub fn of_parameter(raw: Option<&str>) -> Result<Option<Cursor>, CursorError> {
        let given = raw.filter(|raw| !raw.trim().is_empty());
        given.map(Cursor::of_token).transpose()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_is_read_back(namespace in ".*", shard_id in ".*") {
            if let Ok(cursor) = Cursor::new(&namespace, &shard_id) {
                prop_assert_eq!(Cursor::of_token(&cursor.token()), Ok(cursor));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(token in ".*") {
            let _ = Cursor::of_token(&token);
        }
    }

    #[test]
    fn a_blank_parameter_is_none() {
        for blank in [None, Some(""), Some(" \u{a0}\n")] {
            assert_eq!(Cursor::of_parameter(blank), Ok(None));
        }
        assert_eq!(Cursor::of_parameter(Some("x")), Err(CursorError::Token));
        assert_eq!(Cursor::new("a|b", "c"), Err(CursorError::Separator));
        assert_eq!(Cursor::new("a", "\u{2003}"), Err(CursorError::Blank));
    }
}
