//! A token that is never printed.

use std::fmt;

/// A bearer token on its way into a header.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The text can't be a token. It isn't repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASecret;

impl fmt::Display for NotASecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("isn't a token: one word of letters, digits and -._~+/=")
    }
}

impl std::error::Error for NotASecret {}

/// Longest token.
const MOST: usize = 16 << 10;

impl Secret {
    /// Reads a token; white space around it doesn't count.
    ///
    /// # Errors
    /// [`NotASecret`] for what couldn't be sent as one.
    pub fn read(text: &str) -> Result<Secret, NotASecret> {
        let text = text.trim();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if text.is_empty() || text.len() > MOST || !text.bytes().all(fits) {
            return Err(NotASecret);
        }
        Ok(Secret(text.to_owned()))
    }

    /// The token itself, for where it is sent or kept.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_word_and_is_not_shown() {
        let secret = Secret::read(" deed_abc-1 \n").unwrap();
        assert_eq!(secret.reveal(), "deed_abc-1");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for bad in ["", " ", "a b", "a\r\nx: y", "ä"] {
            assert!(Secret::read(bad).is_err(), "{bad:?}");
        }
    }
}
