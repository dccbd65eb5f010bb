//! Who may ask: foreign hosts and origins, and the decision of the route table.

use std::net::SocketAddr;

use deedbook_api::problem::Problem;
use deedbook_api::route::Decision;
use deedbook_model::code::Code;
use http::uri::Authority;
use http::{HeaderMap, Uri, header};

/// Keeps web pages of others away from a server that asks for no credential: a page may send its
/// visitor's browser here, but the browser then says where it came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    /// Whether only the loopback's own names are taken.
    loopback_only: bool,
}

/// The names of this computer on its loopback.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl Guard {
    /// The guard of a server without principals that listens there.
    pub(crate) fn of(address: SocketAddr) -> Guard {
        Guard {
            loopback_only: address.ip().is_loopback(),
        }
    }

    /// Refuses a request that was sent to another host's name, or by another host's page.
    pub(crate) fn check(self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.loopback_only {
            return Ok(());
        }
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

/// Which way a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Over the network, from anybody.
    Network,
    /// Through the socket in the book's folder, from somebody who may open that folder: an admin.
    Socket,
}

/// Who sent a request, once that was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Anybody who reaches the open loopback: may do everything, in anybody's name.
    Open,
}

/// Decides whether a request may go on.
pub(crate) fn decide(decision: Decision) -> Result<Caller, Problem> {
    match decision {
        // A book without principals asks nobody for a credential; it only listens on the loopback.
        Decision::Public | Decision::AnyCredential | Decision::Needs(..) => Ok(Caller::Open),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn checked(host: &str, origin: Option<&str>) -> bool {
        let guard = Guard::of(SocketAddr::from(([127, 0, 0, 1], 1)));
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        guard.check(&Uri::from_static("/"), &headers).is_ok()
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
