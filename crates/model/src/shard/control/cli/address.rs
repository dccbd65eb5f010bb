//! What is asked, and where.

use std::time::Duration;

use super::options::OptionError;
use crate::shard::ShardStatus;
use crate::shard::control::parameters::Need;

/// The address when none is given.
pub const DEFAULT_ADDRESS: &str = "http://127.0.0.1:8080";

/// Not an address to send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address such as http://host:8080 or https://host/path")]
pub struct AddressError;

/// What a command asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// A page of shards.
    List,
    /// The changes between two positions.
    Diff,
    /// Where a strategy would place the shards of a namespace.
    Simulate,
}

impl Route {
    /// Its path, below that of the address.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Route::List => "/control/shards",
            Route::Diff => "/control/shards/diff",
            Route::Simulate => "/control/shards/simulate",
        }
    }

    /// The scope that is sent along.
    #[must_use]
    pub fn scope(self) -> &'static str {
        match self {
            Route::List => "mesh.read",
            Route::Diff | Route::Simulate => "mesh.operate",
        }
    }

    /// What it asks of its caller.
    #[must_use]
    pub fn need(self) -> Need {
        match self {
            Route::List => Need::Read,
            Route::Diff | Route::Simulate => Need::Operate,
        }
    }

    /// How long an answer is waited for.
    #[must_use]
    pub fn time_limit(self) -> Duration {
        Duration::from_secs(match self {
            Route::List => 10,
            Route::Diff => 15,
            Route::Simulate => 30,
        })
    }
}

/// What a command asks for; blank texts count as absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a> {
    /// Only of that namespace.
    pub namespace: Option<&'a str>,
    /// Only those that this node owns.
    pub owner: Option<&'a str>,
    /// Only those whose id contains the text.
    pub search: Option<&'a str>,
    /// Where the page begins.
    pub cursor: Option<&'a str>,
    /// Shards on the page.
    pub page_size: Option<i32>,
    /// The first position.
    pub from_version: Option<i64>,
    /// The last position.
    pub to_version: Option<i64>,
    /// Only with one of these statuses; none: with any.
    pub statuses: &'a [ShardStatus],
}

impl Query<'_> {
    /// Whether the numbers are such as can be asked for.
    ///
    /// # Errors
    /// [`OptionError::PageSize`], [`OptionError::Version`] and [`OptionError::Range`].
    pub fn check(&self) -> Result<(), OptionError> {
        if self.page_size.is_some_and(|size| size < 1) {
            return Err(OptionError::PageSize);
        }
        let (from, to) = (self.from_version, self.to_version);
        if from.into_iter().chain(to).any(|version| version < 0) {
            return Err(OptionError::Version);
        }
        match (from, to) {
            (Some(from), Some(to)) if from > to => Err(OptionError::Range),
            _ => Ok(()),
        }
    }

    /// The parameters that are given, in the order they are sent in.
    fn parameters(&self) -> impl Iterator<Item = (&'static str, String)> {
        let text = |text: Option<&str>| {
            let given = text.filter(|text| !text.trim().is_empty());
            given.map(ToOwned::to_owned)
        };
        let names: Vec<&str> = self.statuses.iter().map(|status| status.name()).collect();
        [
            ("namespace", text(self.namespace)),
            ("owner", text(self.owner)),
            ("search", text(self.search)),
            ("cursor", text(self.cursor)),
            ("pageSize", self.page_size.map(|size| size.to_string())),
            (
                "fromVersion",
                self.from_version.map(|version| version.to_string()),
            ),
            (
                "toVersion",
                self.to_version.map(|version| version.to_string()),
            ),
            ("status", text(Some(&names.join(",")))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

/// The address of a request: that of the server, its own path kept, with the route and the query.
///
/// # Errors
/// [`AddressError`] when the server's isn't an absolute one for HTTP, or has a query itself.
pub fn address(server: &str, route: Route, query: &Query<'_>) -> Result<String, AddressError> {
    let server = server.trim();
    let (scheme, rest) = server.split_once("://").ok_or(AddressError)?;
    let known = ["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    let host = rest.split('/').next().unwrap_or_default();
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '\\');
    if !known || host.is_empty() || host.starts_with(':') || rest.contains(odd) {
        return Err(AddressError);
    }
    let mut out = format!("{}{}", server.trim_end_matches('/'), route.path());
    let mut before = '?';
    for (name, value) in query.parameters() {
        out.push(before);
        out.push_str(name);
        out.push('=');
        push_percent_encoded(&mut out, &value);
        before = '&';
    }
    Ok(out)
}

fn push_percent_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_path_is_kept() {
        for (server, expected) in [
            ("http://h", Ok("http://h/control/shards/diff")),
            ("HTTPS://h:1/", Ok("HTTPS://h:1/control/shards/diff")),
            (" http://h/x/y/ ", Ok("http://h/x/y/control/shards/diff")),
            ("h:8080", Err(AddressError)),
            ("ftp://h", Err(AddressError)),
            ("http://", Err(AddressError)),
            ("http://:80", Err(AddressError)),
            ("http:///x", Err(AddressError)),
            ("http://h/?a=b", Err(AddressError)),
            ("http://h h", Err(AddressError)),
        ] {
            let built = address(server, Route::Diff, &Query::default());
            assert_eq!(built.as_deref(), expected.as_ref().copied(), "{server}");
        }
    }

    #[test]
    fn numbers_that_cannot_be_asked_for_are_found_first() {
        let query = Query::default();
        for (query, expected) in [
            (query, Ok(())),
            (
                Query {
                    page_size: Some(0),
                    ..query
                },
                Err(OptionError::PageSize),
            ),
            (
                Query {
                    to_version: Some(-1),
                    ..query
                },
                Err(OptionError::Version),
            ),
            (
                Query {
                    from_version: Some(3),
                    to_version: Some(2),
                    ..query
                },
                Err(OptionError::Range),
            ),
            (
                Query {
                    from_version: Some(2),
                    to_version: Some(2),
                    ..query
                },
                Ok(()),
            ),
        ] {
            assert_eq!(query.check(), expected);
        }
    }
}
