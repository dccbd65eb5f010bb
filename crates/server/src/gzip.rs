//! Compressing answers, for those who ask and where it pays.

use std::io::Write;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, header};

use crate::body::{Body, Broken};

/// Shorter content isn't worth the work: it fits into a packet or two anyway.
const LEAST: usize = 2048;

/// Content up to this is compressed at once; more is compressed as it is sent, a step at a time, so
/// that others get their turn.
const STEP: usize = 64 << 10;

/// Whether a client takes gzip.
pub(crate) fn is_accepted(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let refused = |part: &str| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        };
        named && !parts.any(refused)
    })
}

/// Compresses content where it pays; says whether it did.
pub(crate) fn compress(body: Body) -> (Body, bool) {
    match body {
        Body::Full(bytes) if bytes.len() < LEAST => (Body::Full(bytes), false),
        Body::Full(bytes) if bytes.len() <= STEP => match at_once(&bytes) {
            Some(packed) if packed.len() < bytes.len() => (Body::Full(packed), true),
            _ => (Body::Full(bytes), false),
        },
        // An event isn't to wait for the next, which would make it worth compressing.
        Body::Empty | Body::Events(_) | Body::Grpc(_) | Body::Gzip(_) => (body, false),
        longer => (Body::Gzip(Box::new(Gzip::of(longer))), true),
    }
}

fn at_once(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = encoder();
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::fast())
}

/// Content that is compressed as it is sent.
pub(crate) struct Gzip {
    inner: Body,
    /// `None`: its end was sent.
    encoder: Option<GzEncoder<Vec<u8>>>,
    /// What the inner body gave and wasn't compressed yet.
    rest: Bytes,
}

impl Gzip {
    fn of(inner: Body) -> Gzip {
        Gzip {
            inner,
            encoder: Some(encoder()),
            rest: Bytes::new(),
        }
    }

    /// The next part.
    pub(crate) fn poll_part(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        loop {
            let Some(encoder) = &mut self.encoder else {
                return Poll::Ready(None);
            };
            if self.rest.is_empty() {
                match self.inner.poll_part(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Ok(bytes))) => self.rest = bytes,
                    Poll::Ready(Some(Err(broken))) => return Poll::Ready(Some(Err(broken))),
                    Poll::Ready(None) => return Poll::Ready(self.last_part()),
                }
            }
            let step = self.rest.split_to(self.rest.len().min(STEP));
            if encoder.write_all(&step).is_err() {
                return Poll::Ready(Some(Err(Broken)));
            }
            let packed = std::mem::take(encoder.get_mut());
            if !packed.is_empty() {
                return Poll::Ready(Some(Ok(Bytes::from(packed))));
            }
        }
    }

    fn last_part(&mut self) -> Option<Result<Bytes, Broken>> {
        let packed = self.encoder.take()?.finish();
        Some(packed.map(Bytes::from).map_err(|_| Broken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn gzip_is_used_only_for_those_who_take_it() {
        for (text, accepted) in [
            ("gzip", true),
            ("br;q=1, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("identity", false),
            ("*", false),
            ("xgzip", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
            assert_eq!(is_accepted(&headers), accepted, "{text}");
        }
    }
}
