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
    let host = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => text(headers, header::HOST)?.unwrap_or_default(),
    };
    if !is_own(host) {
        return Err(foreign("Host", host));
    }
    match text(headers, header::ORIGIN)? {
        Some(origin) if !is_own_origin(origin, host) => Err(foreign("Origin", origin)),
        _ => Ok(()),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(&name) else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Problem::parameter(name.as_str(), "isn't plain text")),
    }
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
