//! A request before it is sent.

use std::fmt::Write as _;
use std::time::Duration;

use deedbook_model::mesh::{MeshKey, MeshKind};

use crate::route::Method;

use super::secret::Secret;

/// How long an ordinary request may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long one may take that looks at the whole book.
const LONG_PATIENCE: Duration = Duration::from_secs(3600);

/// A path and its query, percent-encoded.
#[derive(Clone, Debug)]
pub struct Target(String);

impl Target {
    /// A path as it stands in the route table, without a key.
    #[must_use]
    pub fn new(path: &str) -> Target {
        Target(path.to_owned())
    }

    /// A component's path, or one below it (`/history`).
    #[must_use]
    pub fn component(key: &str, below: &str) -> Target {
        let mut path = "/v1/components/".to_owned();
        put_encoded(&mut path, key);
        path.push_str(below);
        Target(path)
    }

    /// A principal's path, or one below it (`/rotate`).
    #[must_use]
    pub fn principal(name: &str, below: &str) -> Target {
        let mut path = "/v1/principals/".to_owned();
        put_encoded(&mut path, name);
        path.push_str(below);
        Target(path)
    }

    /// The list of a kind of records of the mesh.
    #[must_use]
    pub fn mesh_list(kind: MeshKind) -> Target {
        Target(format!("/v1/{kind}s"))
    }

    /// The path of a record of the mesh, or one below it (`/history`).
    #[must_use]
    pub fn mesh(key: &MeshKey, below: &str) -> Target {
        let Target(mut path) = Target::mesh_list(key.kind());
        for part in key.parts() {
            path.push('/');
            put_encoded(&mut path, part);
        }
        path.push_str(below);
        Target(path)
    }

    /// The same with a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Target {
        self.0.push(if self.0.contains('?') { '&' } else { '?' });
        self.0.push_str(name);
        self.0.push('=');
        put_encoded(&mut self.0, value);
        self
    }

    /// The same with a parameter, if there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<&str>) -> Target {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with a flag, if it is set.
    #[must_use]
    pub fn flag(self, name: &str, is_set: bool) -> Target {
        self.maybe(name, is_set.then_some("true"))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Appends a text, percent-encoded but for what no part of a URL or header minds.
fn put_encoded(into: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a text can't fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    target: Target,
    headers: Vec<(&'static str, String)>,
    content: Option<(&'static str, Vec<u8>)>,
    pub(super) patience: Duration,
}

impl Request {
    /// A request of that method and target.
    #[must_use]
    pub fn new(method: Method, target: Target) -> Request {
        Request {
            method,
            target,
            headers: Vec::new(),
            content: None,
            patience: PATIENCE,
        }
    }

    /// A read.
    #[must_use]
    pub fn get(target: Target) -> Request {
        Request::new(Method::Get, target)
    }

    /// The same with a header; the value is percent-encoded.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Request {
        let mut encoded = String::new();
        put_encoded(&mut encoded, value);
        self.headers.push((name, encoded));
        self
    }

    /// The same with content of that type.
    #[must_use]
    pub fn content(mut self, media_type: &'static str, content: Vec<u8>) -> Request {
        self.content = Some((media_type, content));
        self
    }

    /// The same under a key that asks for it to be done once, however often it is sent.
    #[must_use]
    pub fn keyed(self, key: &str) -> Request {
        self.header("idempotency-key", key)
    }

    /// The same, but it may take long.
    #[must_use]
    pub fn patient(mut self) -> Request {
        self.patience = LONG_PATIENCE;
        self
    }

    /// The same, but its answer has to come within that time.
    #[must_use]
    pub fn within(mut self, patience: Duration) -> Request {
        self.patience = patience;
        self
    }

    /// Whether sending it twice does no more than sending it once.
    pub(super) fn is_repeatable(&self) -> bool {
        self.method == Method::Get
            || self
                .headers
                .iter()
                .any(|(name, _)| *name == "idempotency-key")
    }

    /// Whether it changes something.
    pub(super) fn writes(&self) -> bool {
        self.method != Method::Get
    }

    /// Its bytes.
    pub(super) fn to_bytes(&self, host: &str, token: Option<&Secret>) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: {host}\r\n",
            self.method.as_str(),
            self.target.as_str()
        );
        let agent = concat!("user-agent: deedbook/", env!("CARGO_PKG_VERSION"), "\r\n");
        head.push_str(agent);
        let mut put = |name: &str, value: &str| {
            // Writing to a text can't fail.
            let _ = write!(head, "{name}: {value}\r\n");
        };
        if let Some(token) = token {
            put("authorization", &format!("Bearer {}", token.reveal()));
        }
        for (name, value) in &self.headers {
            put(name, value);
        }
        let content = self.content.as_ref();
        if let Some((media_type, _)) = content {
            put("content-type", media_type);
        }
        if content.is_some() || self.writes() {
            let length = content.map_or(0, |(_, content)| content.len());
            put("content-length", &length.to_string());
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if let Some((_, content)) = content {
            bytes.extend_from_slice(content);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_encoded() {
        let target = Target::component("a/b ä", "/why")
            .with("pointer", "/x&y")
            .maybe("at", None)
            .flag("missing", true);
        assert_eq!(
            target.as_str(),
            "/v1/components/a%2Fb%20%C3%A4/why?pointer=%2Fx%26y&missing=true"
        );
    }

    #[test]
    fn a_request_is_written_whole() {
        let request = Request::new(Method::Post, Target::new("/v1/components"))
            .header("deedbook-reason", "für x\r\n")
            .content("application/json", b"{}".to_vec());
        let text = String::from_utf8(request.to_bytes("localhost", None)).unwrap();
        assert!(text.starts_with("POST /v1/components HTTP/1.1\r\nhost: localhost\r\n"));
        assert!(text.contains("\r\ndeedbook-reason: f%C3%BCr%20x%0D%0A\r\n"));
        assert!(text.ends_with("content-length: 2\r\n\r\n{}"));
    }
}
