//! Tokens: what a credential shows to prove whose it is. A book keeps only a hash of each.
//!
//! ```text
//! deed_ │ base32( secret, 32 random bytes │ checksum, 4 bytes ), 58 characters of a-z2-7
//! ```
//!
//! The prefix lets scanners find a token that leaked, the checksum lets a typo be refused before
//! anything is looked up. The secret is drawn at random, so its hash needs neither salt nor a slow
//! function: nobody guesses 256 bits. A token is looked up by its hash, so nothing that a caller
//! sent is compared with something secret, and time tells a guesser nothing of use.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::position::{NotHex, from_hex, to_hex};

/// What every token begins with.
pub const TOKEN_PREFIX: &str = "deed_";

/// Digits after the prefix: 36 bytes, 5 bits each, the last digit filled up with zeros.
const DIGITS: usize = 58;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const SECRET: usize = 32;
const CHECKSUM: usize = 4;

/// A token as its holder has it. It prints nothing of itself but by [`Token::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; SECRET]);

/// Why a text is no token; never repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAToken {
    /// Not the prefix and 58 digits.
    #[error("a token is `{TOKEN_PREFIX}` and 58 characters of a-z and 2-7")]
    Form,
    /// The characters don't fit each other.
    #[error("the token has a typo or is cut: its checksum doesn't fit")]
    Checksum,
}

impl Token {
    /// The token of 32 random bytes.
    #[must_use]
    pub fn of_secret(secret: [u8; SECRET]) -> Token {
        Token(secret)
    }

    /// Reads what [`Token::reveal`] gives.
    ///
    /// # Errors
    /// [`NotAToken`], for a typo too; whether anybody has the token is another question.
    pub fn parse(text: &str) -> Result<Token, NotAToken> {
        let digits = text.strip_prefix(TOKEN_PREFIX).ok_or(NotAToken::Form)?;
        let bytes = from_base32(digits).ok_or(NotAToken::Form)?;
        let (secret, checksum) = bytes.split_first_chunk().ok_or(NotAToken::Form)?;
        let token = Token(*secret);
        // 58 digits hold two bits more than 36 bytes: another last digit is a typo too.
        if *checksum != token.checksum() || to_base32(&bytes) != digits {
            return Err(NotAToken::Checksum);
        }
        Ok(token)
    }

    /// The text to hand to its holder, once.
    #[must_use]
    pub fn reveal(&self) -> String {
        let bytes = [&self.0[..], &self.checksum()].concat();
        format!("{TOKEN_PREFIX}{}", to_base32(&bytes))
    }

    /// What a book keeps of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(*blake3::hash(&self.0).as_bytes())
    }

    fn checksum(&self) -> [u8; CHECKSUM] {
        // With a context of its own, so that it is no part of the hash.
        let digest = blake3::derive_key("deedbook token checksum", &self.0);
        let [one, two, three, four, ..] = digest;
        [one, two, three, four]
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.hash().id())
    }
}

fn to_base32(bytes: &[u8]) -> String {
    let bits = bytes.len() * 8;
    let digit = |at: usize| {
        let value = (at..at + 5).fold(0, |value, bit| value << 1 | usize::from(bit_of(bytes, bit)));
        char::from(ALPHABET.get(value).copied().unwrap_or(b'a'))
    };
    (0..bits).step_by(5).map(digit).collect()
}

/// The bit at that place, most significant first; 0 past the end.
fn bit_of(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1)
}

fn from_base32(digits: &str) -> Option<[u8; SECRET + CHECKSUM]> {
    let mut bytes = [0; SECRET + CHECKSUM];
    if digits.len() != DIGITS {
        return None;
    }
    for (place, digit) in digits.bytes().enumerate() {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        for bit in 0..5 {
            let at = place * 5 + bit;
            if let Some(byte) = bytes.get_mut(at / 8)
                && value >> (4 - bit) & 1 == 1
            {
                *byte |= 1 << (7 - at % 8);
            }
        }
    }
    Some(bytes)
}

/// BLAKE3 of a token's secret: all that is kept of it. 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The token's name.
    #[must_use]
    pub fn id(&self) -> TokenId {
        TokenId(self.0.first_chunk().copied().unwrap_or_default())
    }
}

/// What a token is called in lists and logs: the first 8 bytes of its hash, as 16 hex digits. So
/// whoever finds a token can tell which one it is, and nobody can tell a token by its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub [u8; 8]);

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenId({self})")
    }
}

macro_rules! shown_as_hex {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_hex(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = NotHex;

            fn from_str(text: &str) -> Result<Self, NotHex> {
                from_hex(text).map($name)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

shown_as_hex!(TokenHash);
shown_as_hex!(TokenId);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "deed_aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dyp24mxogm";

    #[test]
    fn a_token_is_recognised_and_its_form_never_changes() {
        let token = Token::of_secret(std::array::from_fn(|n| u8::try_from(n).unwrap()));
        assert_eq!(token.reveal(), TEXT);
        assert_eq!(Token::parse(TEXT), Ok(token.clone()));
        assert_eq!(
            token.hash().to_string(),
            "e528e95798037df410543d9f31e396ecdd458d71b157d6014398bae32fb56c65"
        );
        assert_eq!(
            token.hash().id().to_string(),
            token.hash().to_string()[..16]
        );
        assert_eq!(
            format!("{token:?}"),
            format!("Token({})", token.hash().id())
        );
    }

    #[test]
    fn every_typo_of_one_character_is_refused() {
        for at in 0..TEXT.len() {
            for other in ALPHABET.iter().chain(b"A0_ ") {
                let mut text = TEXT.as_bytes().to_vec();
                text[at] = *other;
                let text = String::from_utf8(text).unwrap();
                assert_eq!(Token::parse(&text).is_ok(), text == TEXT, "{text}");
            }
            assert!(Token::parse(&TEXT[..at]).is_err());
        }
        assert_eq!(Token::parse(&format!("{TEXT}a")), Err(NotAToken::Form));
        assert_eq!(Token::parse("dééd_"), Err(NotAToken::Form));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_revealed_reads_back(secret in any::<[u8; 32]>()) {
            let token = Token::of_secret(secret);
            let text = token.reveal();
            prop_assert_eq!(text.len(), TOKEN_PREFIX.len() + DIGITS);
            prop_assert_eq!(Token::parse(&text), Ok(token));
        }

        #[test]
        fn nothing_else_is_a_token(text in "(deed_)?[a-z2-7é]{0,70}") {
            prop_assert!(Token::parse(&text).is_err());
        }
    }
}
