//! Where a server is, as people write it.

use std::fmt;
use std::str::FromStr;

/// `http://host:port` or `https://host:port`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerUrl {
    secure: bool,
    /// An address of IPv6 is without its brackets.
    host: String,
    port: u16,
}

/// Why a text is no URL of a server. It never repeats the text, which may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// It doesn't begin with `http://` or `https://`.
    Scheme,
    /// It holds a user or a password.
    UserInfo,
    /// It has a path, a query or a fragment.
    Path,
    /// Its host isn't one.
    Host,
    /// Its port isn't one.
    Port,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UrlError::Scheme => "expected a URL such as http://127.0.0.1:8080",
            UrlError::UserInfo => {
                "a URL with a user or password isn't taken, as others may read it: \
                 `deedbook login` keeps a token"
            }
            UrlError::Path => "expected a URL without path, query and fragment",
            UrlError::Host => "the URL's host isn't one",
            UrlError::Port => "the URL's port isn't one",
        })
    }
}

impl std::error::Error for UrlError {}

impl ServerUrl {
    /// Whether it is reached over TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Name or address of the host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What a request says in `Host`.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        if self.port == default_port(self.secure) {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl FromStr for ServerUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<ServerUrl, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(UrlError::Scheme),
        };
        if rest.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '\\']) {
            return Err(UrlError::Path);
        }
        let (host, port) = split(authority)?;
        if host.is_empty() || !host.bytes().all(is_of_host) {
            return Err(UrlError::Host);
        }
        let port = match port {
            None => default_port(secure),
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                port.parse().map_err(|_| UrlError::Port)?
            }
            Some(_) => return Err(UrlError::Port),
        };
        Ok(ServerUrl {
            secure,
            host: host.to_ascii_lowercase(),
            port,
        })
    }
}

fn split(authority: &str) -> Result<(&str, Option<&str>), UrlError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(UrlError::Host)?;
        host.parse::<std::net::Ipv6Addr>()
            .map_err(|_| UrlError::Host)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(UrlError::Host),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

fn is_of_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_shown_in_one_form() {
        for (text, shown) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("HTTP://LocalHost:80/", "http://localhost"),
            ("https://deeds.example.org", "https://deeds.example.org"),
            ("https://[::1]:8443/", "https://[::1]:8443"),
            ("https://[::1]", "https://[::1]"),
        ] {
            assert_eq!(text.parse::<ServerUrl>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused_and_not_repeated() {
        for (text, error) in [
            ("127.0.0.1:8080", UrlError::Scheme),
            ("ftp://host", UrlError::Scheme),
            ("http://user:secret@host", UrlError::UserInfo),
            ("http://token@host", UrlError::UserInfo),
            ("http://host/v1", UrlError::Path),
            ("http://host?a=b", UrlError::Path),
            ("http://", UrlError::Host),
            ("http://a b", UrlError::Host),
            ("http://a:b:c", UrlError::Port),
            ("http://host:", UrlError::Port),
            ("http://host:70000", UrlError::Port),
            ("http://[::1", UrlError::Host),
            ("http://[zz]", UrlError::Host),
        ] {
            let refused = text.parse::<ServerUrl>().unwrap_err();
            assert_eq!(refused, error, "{text}");
            assert!(!refused.to_string().contains("secret"));
        }
    }
}
