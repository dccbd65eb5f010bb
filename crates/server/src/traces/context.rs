//! To which trace a request belongs: `traceparent` of the W3C.

use http::{HeaderMap, HeaderValue};

/// The header that names the caller's span.
const HEADER: &str = "traceparent";

/// Where a span stands in its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    pub(super) trace: [u8; 16],
    pub(super) span: [u8; 8],
    /// The caller's span.
    pub(super) parent: Option<[u8; 8]>,
}

impl Context {
    /// That of a request: in its caller's trace where it names one, else in a trace of its own.
    /// `None`: its caller doesn't want it recorded.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Context> {
        let mut random = [0; 24];
        // Without random bytes the ids are zeros, which a collector leaves out.
        let _ = getrandom::fill(&mut random);
        let (trace, span) = random.split_at(16);
        let own = Context {
            trace: trace.try_into().unwrap_or_default(),
            span: span.try_into().unwrap_or_default(),
            parent: None,
        };
        match parent(headers) {
            None => Some(own),
            Some(Parent { is_recorded, .. }) if !is_recorded => None,
            Some(Parent { trace, span, .. }) => Some(Context {
                trace,
                parent: Some(span),
                ..own
            }),
        }
    }
}

struct Parent {
    trace: [u8; 16],
    span: [u8; 8],
    is_recorded: bool,
}

/// What the header says, if there is one and it is well-formed.
fn parent(headers: &HeaderMap) -> Option<Parent> {
    let mut values = headers.get_all(HEADER).iter().map(HeaderValue::as_bytes);
    let text = values.next()?;
    if values.next().is_some() {
        return None;
    }
    let (version, rest) = field::<1>(text)?;
    let (trace, rest) = field::<16>(rest.strip_prefix(b"-")?)?;
    let (span, rest) = field::<8>(rest.strip_prefix(b"-")?)?;
    let (flags, rest) = field::<1>(rest.strip_prefix(b"-")?)?;
    // A later version may say more after a hyphen; the first says no more.
    let is_whole = match version {
        [0] => rest.is_empty(),
        [0xff] => false,
        _ => rest.is_empty() || rest.starts_with(b"-"),
    };
    let is_named = trace != [0; 16] && span != [0; 8];
    (is_whole && is_named).then_some(Parent {
        trace,
        span,
        is_recorded: flags[0] & 1 == 1,
    })
}

/// So many bytes in lower-case hex digits, and what follows them.
fn field<const N: usize>(text: &[u8]) -> Option<([u8; N], &[u8])> {
    let (digits, rest) = text.split_at_checked(2 * N)?;
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else {
            return None;
        };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some((bytes, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn context(text: &str) -> Option<Context> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_str(text).unwrap());
        Context::of(&headers)
    }

    #[test]
    fn a_well_formed_parent_is_taken_in() {
        for text in [
            format!("00-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-03"),
            format!("01-{TRACE}-{SPAN}-01"),
            format!("cc-{TRACE}-{SPAN}-01-more"),
        ] {
            let context = context(&text).unwrap();
            assert_eq!(context.trace[..2], [0x4b, 0xf9], "{text}");
            let parent = [0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7];
            assert_eq!(context.parent, Some(parent), "{text}");
            assert_ne!(context.span, parent);
        }
        assert_eq!(context(&format!("00-{TRACE}-{SPAN}-00")), None);
    }

    #[test]
    fn any_other_parent_is_none() {
        let zeros = "0".repeat(32);
        for text in [
            "",
            "00",
            &format!("00-{TRACE}-{SPAN}"),
            &format!("00-{TRACE}-{SPAN}-1"),
            &format!("00-{TRACE}-{SPAN}-01-"),
            &format!("ff-{TRACE}-{SPAN}-01"),
            &format!("01-{TRACE}-{SPAN}-01more"),
            &format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            &format!("00-{zeros}-{SPAN}-01"),
            &format!("00-{TRACE}-{}-01", &zeros[..16]),
            &format!("00-{}-{SPAN}-01", &TRACE[1..]),
            &format!("00_{TRACE}_{SPAN}_01"),
        ] {
            let context = context(text).unwrap();
            assert_eq!(context.parent, None, "{text}");
            assert_ne!(context.trace, [0; 16]);
        }
        let own = Context::of(&HeaderMap::new()).unwrap();
        assert_ne!(own, Context::of(&HeaderMap::new()).unwrap());
    }
}
