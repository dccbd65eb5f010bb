//! Request ids: the caller's own where it is well-formed, else a new one.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderValue};

/// The header that carries them.
pub(crate) const HEADER: &str = "x-request-id";

/// Longest id that is taken over.
const LONGEST: usize = 128;

/// Makes ids that differ between servers and starts.
pub(crate) struct RequestIds {
    start: u32,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> RequestIds {
        let mut random = [0; 4];
        // Without random bytes ids of two servers may be the same; nothing rests on them.
        let _ = getrandom::fill(&mut random);
        RequestIds {
            start: u32::from_le_bytes(random),
            next: AtomicU64::new(1),
        }
    }

    /// The id of a request with those headers.
    pub(crate) fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let given = headers.get(HEADER);
        match given.filter(|given| is_well_formed(given.as_bytes())) {
            Some(given) => given.clone(),
            None => self.new_id(),
        }
    }

    fn new_id(&self) -> HeaderValue {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = [0; 32];
        let mut rest = text.as_mut_slice();
        // It fits: eight digits, a hyphen and at most sixteen more.
        let _ = write!(rest, "{:08x}-{number:x}", self.start);
        let left = rest.len();
        let length = text.len() - left;
        let id = text.get(..length).unwrap_or_default();
        HeaderValue::from_bytes(id).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    }
}

fn is_well_formed(id: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(byte);
    (1..=LONGEST).contains(&id.len()) && id.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_formed_id_is_taken_over_and_others_are_replaced() {
        let ids = RequestIds::new();
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_bytes(text.as_bytes()).unwrap());
            ids.of(&headers)
        };
        assert_eq!(of("deploy-7/a.b"), "deploy-7/a.b");
        for bad in ["", "two words", "x\ty", &"a".repeat(129), "ü"] {
            assert_ne!(of(bad), bad);
        }
        assert_ne!(ids.of(&HeaderMap::new()), ids.of(&HeaderMap::new()));
    }
}
