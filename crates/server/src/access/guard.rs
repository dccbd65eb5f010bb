//! Keeps web pages of others away from a server that asks for no credential.

use deedbook_api::problem::Problem;
use deedbook_model::code::Code;
use http::uri::Authority;
use http::{HeaderMap, Uri, header};

/// The names of this computer on its loopback.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Refuses a request that was sent to another host's name, or by another host's page: a page may
/// send its visitor's browser here, but the browser then says where it came from.
pub(crate) fn check_own(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let named = uri.authority().map(http::uri::Authority::as_str);
    let host = named.or(text(headers, header::HOST).next().transpose()?);
    let host = host.unwrap_or_default();
    if !is_own(host) {
        return Err(foreign("Host", host));
    }
    // Of several each could be the one that somebody on the way went by.
    for other in text(headers, header::HOST) {
        let other = other?;
        if !is_own(other) {
            return Err(foreign("Host", other));
        }
    }
    for origin in text(headers, header::ORIGIN) {
        let origin = origin?;
        if !is_own_origin(origin, host) {
            return Err(foreign("Origin", origin));
        }
    }
    Ok(())
}

fn text(
    headers: &HeaderMap,
    name: header::HeaderName,
) -> impl Iterator<Item = Result<&str, Problem>> {
    let values = headers.get_all(&name).into_iter();
    values.map(move |value| {
        let text = value.to_str();
        text.map_err(|_| Problem::parameter(name.as_str(), "isn't plain text"))
    })
}

fn is_own(host: &str) -> bool {
    if let Some(port) = host.strip_prefix("127.0.0.1:") {
        return !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    }
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    !host.contains('@') && OWN_NAMES.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// A page of this very server: the same name and port.
fn is_own_origin(origin: &str, host: &str) -> bool {
    let own = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    own.is_some_and(|own| own.eq_ignore_ascii_case(host))
}

fn foreign(header: &str, value: &str) -> Problem {
    let shown: String = value.chars().take(100).collect();
    Problem::new(
        Code::Denied,
        format!("the request's {header} is `{shown}`, which isn't this server"),
    )
    .with_hint(
        "without principals the server answers only requests to localhost, 127.0.0.1 or [::1] \
         that no other page sends",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn checked(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        check_own(&Uri::from_static("/"), &headers).is_ok()
    }

    #[test]
    fn own_names_pass_and_foreign_ones_do_not() {
        for own in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:8080",
            "127.0.0.1",
            "[::1]:8080",
        ] {
            assert!(checked(own, None), "{own}");
        }
        for foreign in [
            "",
            "example.org",
            "example.org:8080",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "127.0.0.1:x",
            "127.0.0.1:",
            "user@localhost",
            "128.0.0.1",
            "localhost:8080, localhost",
        ] {
            assert!(!checked(foreign, None), "{foreign}");
        }
    }

    #[test]
    fn each_of_several_has_to_be_own() {
        let own = ("localhost:8080", "http://localhost:8080");
        let foreign = ("example.org", "http://example.org");
        for (one, other) in [(own, foreign), (foreign, own)] {
            for (name, values) in [
                (header::HOST, [one.0, other.0]),
                (header::ORIGIN, [one.1, other.1]),
            ] {
                let mut headers = HeaderMap::new();
                headers.insert(header::HOST, HeaderValue::from_static(own.0));
                headers.remove(&name);
                for value in values {
                    headers.append(&name, HeaderValue::from_static(value));
                }
                let checked = check_own(&Uri::from_static("/"), &headers);
                assert!(checked.is_err(), "{name} {values:?}");
            }
        }
        let named = Uri::from_static("http://localhost/");
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("example.org"));
        assert!(check_own(&named, &headers).is_err());
    }

    #[test]
    fn only_pages_of_this_server_may_ask() {
        assert!(checked("localhost:8080", Some("http://localhost:8080")));
        for foreign in [
            "http://localhost:3000",
            "http://example.org",
            "null",
            "",
            "file://",
        ] {
            assert!(!checked("localhost:8080", Some(foreign)), "{foreign}");
        }
    }
}
