//! Signed tokens of an issuer that this server trusts (RFC 7519), with keys from a file (RFC 7517).
//!
//! ```text
//! header.claims.signature ─► key by `kid` ─► signature by the key's own algorithm ─► issuer,
//! audience, times ─► name and grants
//! ```
//!
//! The algorithm follows from the key and never from the token: a token that names another is
//! refused, and so are `none` and secrets that both sides know. There is no way to take back such a
//! token before it expires, so one without an end is refused.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use deedbook_model::capability::MAX_GRANTS;
use deedbook_model::{Grant, Grants, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::stamp::Stamp;

/// Longest token that is looked at, in bytes.
const MAX_BYTES: usize = 16 << 10;

/// Longest name of a subject, in bytes.
const MAX_NAME: usize = 256;

/// How far the issuer's clock may be from ours, in seconds.
const SKEW: i64 = 30;

/// Which signed tokens a server trusts.
#[derive(Clone, Debug)]
pub struct JwtOptions {
    /// Who must have issued them: `iss`.
    pub issuer: String,
    /// For whom they must be: `aud`.
    pub audience: String,
    /// A file with the issuer's keys: a JSON Web Key Set.
    pub keys: PathBuf,
    /// Which claim says what the bearer may do: a list of grants, or one text with spaces between.
    pub claim: String,
}

/// Why a file of keys is of no use.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It can't be read.
    #[error("can't read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// It isn't a key set.
    #[error("{} isn't a JSON Web Key Set", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// It has no key that is taken here.
    #[error("{} has no public key for RS256, ES256 or EdDSA", .0.display())]
    Empty(PathBuf),
}

/// The issuer's keys, read again when their file changes.
pub(crate) struct Jwt {
    options: JwtOptions,
    current: RwLock<Current>,
}

struct Current {
    seen: Option<Stamp>,
    keys: Arc<[Key]>,
    /// What these keys have signed, as far as it was shown. Other keys begin without.
    known: Arc<Known>,
}

/// One public key.
struct Key {
    id: Option<String>,
    material: Material,
}

enum Material {
    Rs256 { n: Vec<u8>, e: Vec<u8> },
    Es256 { point: Vec<u8> },
    EdDsa { point: Vec<u8> },
}

/// Whose a token is and what it allows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verified {
    pub(crate) name: Arc<str>,
    pub(crate) grants: Arc<Grants>,
    /// When it says that it ends.
    pub(crate) end: Timestamp,
}

impl Verified {
    /// Up to when a long answer to it may go on: to its end. Whoever comes after that, while our
    /// clocks may still differ, has until it is refused.
    pub(crate) fn until(&self, now: Timestamp) -> Timestamp {
        if self.end > now {
            self.end
        } else {
            self.end.plus_seconds(SKEW)
        }
    }
}

/// Why a token is of no use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It isn't of the issuer, or not for us.
    Wrong(&'static str),
    /// It was good.
    Ended(Timestamp),
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<StoredKey>,
}

#[derive(Deserialize)]
struct StoredKey {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    sub: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Jwt {
    /// Reads the keys.
    pub(crate) fn load(options: JwtOptions) -> Result<Jwt, KeysError> {
        let seen = Stamp::of(&options.keys);
        let keys = read(&options.keys)?;
        Ok(Jwt {
            options,
            current: RwLock::new(Current {
                seen,
                keys,
                known: Arc::default(),
            }),
        })
    }

    /// Reads the keys again if their file changed; says whether it did. What is of no use isn't
    /// taken, and told once.
    pub(crate) fn reload(&self) -> Result<bool, KeysError> {
        let seen = Stamp::of(&self.options.keys);
        let known = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            current.seen
        };
        if seen == known {
            return Ok(false);
        }
        let keys = read(&self.options.keys);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.seen = seen;
        current.keys = keys?;
        current.known = Arc::default();
        Ok(true)
    }

    /// Whose a token is, now. A signature is checked once: most callers show the same token again
    /// and again.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Verified, Refused> {
        let (keys, known) = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            (Arc::clone(&current.keys), Arc::clone(&current.known))
        };
        let digest = Known::digest(token);
        if let Some(verified) = known.find(&digest, now) {
            return Ok(verified);
        }
        let verified = self.verify_with(&keys, token, now)?;
        known.keep(digest, &verified, now);
        Ok(verified)
    }

    fn verify_with(&self, keys: &[Key], token: &str, now: Timestamp) -> Result<Verified, Refused> {
        let claims = signed_claims(keys, token)?;
        let wrong = |why| Err(Refused::Wrong(why));
        if claims.iss.as_deref() != Some(&self.options.issuer) {
            return wrong("the token is of another issuer");
        }
        let is_ours = |one: &String| *one == self.options.audience;
        let is_for_us = match &claims.aud {
            Some(Audience::One(one)) => is_ours(one),
            Some(Audience::Several(several)) => several.iter().any(is_ours),
            None => false,
        };
        if !is_for_us {
            return wrong("the token is for another audience");
        }
        let Some(end) = claims.exp.and_then(instant) else {
            return wrong("the token doesn't say when it expires");
        };
        if has_ended(end, now) {
            return Err(Refused::Ended(end));
        }
        if let Some(begin) = claims.nbf
            && instant(begin).is_none_or(|begin| begin.plus_seconds(-SKEW) > now)
        {
            return wrong("the token isn't good yet");
        }
        let name = claims.sub.filter(|name| is_name(name));
        let Some(name) = name else {
            return wrong("the token doesn't say whose it is");
        };
        let grants = claims.other.get(&self.options.claim);
        Ok(Verified {
            name: name.into(),
            grants: Arc::new(grants.map(grants_of).unwrap_or_default()),
            end,
        })
    }
}

/// The claims of a token whose signature is right.
fn signed_claims(keys: &[Key], token: &str) -> Result<Claims, Refused> {
    let malformed = Refused::Wrong("this is no signed token");
    if token.len() > MAX_BYTES {
        return Err(malformed);
    }
    let Some((signed, signature)) = token.rsplit_once('.') else {
        return Err(malformed);
    };
    let parts = signed.split_once('.').and_then(|(header, claims)| {
        let header: Header = serde_json::from_slice(&BASE64.decode(header).ok()?).ok()?;
        Some((
            header,
            BASE64.decode(claims).ok()?,
            BASE64.decode(signature).ok()?,
        ))
    });
    let Some((header, claims, signature)) = parts else {
        return Err(malformed);
    };
    if header.crit.is_some() {
        return Err(Refused::Wrong("the token demands what isn't known here"));
    }
    let may_fit = |key: &&Key| {
        key.material.algorithm() == header.alg && (header.kid.is_none() || key.id == header.kid)
    };
    let mut fitting = keys.iter().filter(may_fit);
    if !fitting.any(|key| key.material.signed(signed.as_bytes(), &signature)) {
        return Err(Refused::Wrong(
            "no key of the issuer made this token's signature",
        ));
    }
    serde_json::from_slice(&claims).map_err(|_| malformed)
}

impl Material {
    fn of(stored: &StoredKey) -> Option<Material> {
        let bytes = |text: &Option<String>| BASE64.decode(text.as_deref()?).ok();
        let material = match (stored.kty.as_str(), stored.crv.as_deref()) {
            ("RSA", _) => Material::Rs256 {
                n: bytes(&stored.n)?,
                e: bytes(&stored.e)?,
            },
            ("EC", Some("P-256")) => {
                let (x, y) = (bytes(&stored.x)?, bytes(&stored.y)?);
                if (x.len(), y.len()) != (32, 32) {
                    return None;
                }
                Material::Es256 {
                    point: [&[4], &*x, &*y].concat(),
                }
            }
            ("OKP", Some("Ed25519")) => Material::EdDsa {
                point: bytes(&stored.x)?,
            },
            _ => return None,
        };
        let algorithm = stored.alg.as_deref();
        let is_meant = algorithm.is_none_or(|algorithm| algorithm == material.algorithm())
            && stored.usage.as_deref().is_none_or(|usage| usage == "sig");
        is_meant.then_some(material)
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Material::Rs256 { .. } => "RS256",
            Material::Es256 { .. } => "ES256",
            Material::EdDsa { .. } => "EdDSA",
        }
    }

    fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Material::Rs256 { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
            Material::Es256 { point } => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Material::EdDsa { point } => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
        };
        verified.is_ok()
    }
}

/// Tokens whose signature was found right, by their digest.
#[derive(Default)]
struct Known(Mutex<HashMap<TokenDigest, Verified>>);

type TokenDigest = [u8; 32];

/// Most tokens that are known at a time.
const MOST_KNOWN: usize = 4096;

impl Known {
    fn digest(token: &str) -> TokenDigest {
        let digest = digest(&SHA256, token.as_bytes());
        // It has 32 bytes.
        digest.as_ref().try_into().unwrap_or_default()
    }

    fn find(&self, digest: &TokenDigest, now: Timestamp) -> Option<Verified> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(digest).cloned();
        found.filter(|verified| !has_ended(verified.end, now))
    }

    fn keep(&self, digest: TokenDigest, verified: &Verified, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.retain(|_, verified| !has_ended(verified.end, now));
        }
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(digest, verified.clone());
    }
}

fn has_ended(end: Timestamp, now: Timestamp) -> bool {
    end.plus_seconds(SKEW) <= now
}

fn read(path: &Path) -> Result<Arc<[Key]>, KeysError> {
    let text = fs::read(path).map_err(|source| KeysError::Read {
        path: path.to_owned(),
        source,
    })?;
    let set: KeySet = serde_json::from_slice(&text).map_err(|source| KeysError::Form {
        path: path.to_owned(),
        source,
    })?;
    let keys = set.keys.into_iter().filter_map(|stored| {
        Some(Key {
            material: Material::of(&stored)?,
            id: stored.kid,
        })
    });
    let keys: Arc<[Key]> = keys.collect();
    if keys.is_empty() {
        return Err(KeysError::Empty(path.to_owned()));
    }
    Ok(keys)
}

/// An instant of seconds since 1970, as claims write it.
fn instant(seconds: f64) -> Option<Timestamp> {
    // What doesn't fit becomes the largest or smallest, which is no instant.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked after it"
    )]
    let seconds = seconds as i64;
    Timestamp::from_ticks(seconds.checked_mul(10_000_000)?).ok()
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control)
}

/// The grants that a claim lists. What other programs understand by it allows nothing here.
fn grants_of(claim: &Value) -> Grants {
    let words: Vec<&str> = match claim {
        Value::String(text) => text.split_whitespace().collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let grants = words
        .into_iter()
        .filter_map(|word| word.parse::<Grant>().ok());
    grants.take(MAX_GRANTS).collect()
}

#[cfg(test)]
#[path = "jwt_test.rs"]
mod tests;
