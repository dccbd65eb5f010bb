//! A small HTTP/1.1 client over a plain socket: it sends what a test says, also what no library
//! would, and hides nothing of the answer.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::wait::PATIENCE;

/// A connection.
pub struct Client {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    content: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The content, of whatever transfer coding.
    pub body: Vec<u8>,
}

impl Request {
    /// A request of that method and target.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Request {
        Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            content: Vec::new(),
        }
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with content of that type.
    #[must_use]
    pub fn content(mut self, media_type: &str, content: impl Into<Vec<u8>>) -> Request {
        self.content = content.into();
        self.header("content-type", media_type)
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let has = |name: &str| {
            self.headers
                .iter()
                .any(|(own, _)| own.eq_ignore_ascii_case(name))
        };
        if !has("host") {
            write!(head, "host: {address}\r\n").unwrap();
        }
        let sends = !self.content.is_empty() || self.method != "GET";
        if sends && !has("content-length") && !has("transfer-encoding") {
            write!(head, "content-length: {}\r\n", self.content.len()).unwrap();
        }
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.content);
        bytes
    }
}

impl Client {
    /// Connects.
    ///
    /// # Panics
    /// When it can't.
    #[must_use]
    pub fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client {
            stream: BufReader::new(stream),
            address,
        }
    }

    /// Sends a request and reads its answer.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn send(&mut self, request: &Request) -> Response {
        // A server may answer before it has read all of a content that it won't take.
        let _ = self.try_write(&request.to_bytes(self.address));
        let without_body = request.method == "HEAD";
        self.read(without_body).expect("an answer")
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// When the server doesn't take them.
    pub fn write(&mut self, bytes: &[u8]) {
        self.stream
            .get_mut()
            .write_all(bytes)
            .expect("the server reads");
    }

    /// Sends bytes to a server that may have hung up already; says whether it took them.
    pub fn try_write(&mut self, bytes: &[u8]) -> bool {
        self.stream.get_mut().write_all(bytes).is_ok()
    }

    /// Gets a target.
    pub fn get(&mut self, target: &str) -> Response {
        self.send(&Request::new("GET", target))
    }

    /// Posts JSON.
    pub fn post(&mut self, target: &str, json: &str) -> Response {
        self.send(&Request::new("POST", target).content("application/json", json))
    }

    /// Reads an answer; `None`: the server hung up instead.
    ///
    /// # Panics
    /// When the answer isn't HTTP/1.1.
    pub fn read(&mut self, without_body: bool) -> Option<Response> {
        let mut response = self.head()?;
        if !without_body && response.status != 304 {
            response.body = self.body(&response);
        }
        Some(response)
    }

    /// Reads the head of an answer; its content is still to come.
    ///
    /// # Panics
    /// When the answer isn't HTTP/1.1.
    pub fn head(&mut self) -> Option<Response> {
        let line = self.line().filter(|line| !line.is_empty())?;
        let status = line.split(' ').nth(1).expect("a status").parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line().expect("a header");
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        Some(Response {
            status,
            headers,
            body: Vec::new(),
        })
    }

    /// Sends a request of which the answer's content is read bit by bit.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn open(&mut self, request: &Request) -> Response {
        self.write(&request.to_bytes(self.address));
        self.head().expect("an answer")
    }

    /// Reads whatever comes until the server hangs up.
    pub fn read_all(&mut self, into: &mut Vec<u8>) {
        // A reset is an end as well.
        let _ = self.stream.read_to_end(into);
    }

    /// Whether the server has hung up: waits until it does.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0)) || self.stream.get_ref().peek(&mut [0]).is_err()
    }

    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).ok()?;
        let text = String::from_utf8(line).expect("a head in ASCII");
        (!text.is_empty()).then(|| text.trim_end().to_owned())
    }

    fn body(&mut self, response: &Response) -> Vec<u8> {
        if response.header("transfer-encoding") == Some("chunked") {
            return self.chunks();
        }
        let mut body = Vec::new();
        match response.header("content-length") {
            Some(length) => {
                body.resize(length.parse().unwrap(), 0);
                self.stream
                    .read_exact(&mut body)
                    .expect("all of the content");
            }
            None => {
                // A server that has no room closes without reading what was sent: a reset, which
                // is an end as well.
                let _ = self.stream.read_to_end(&mut body);
            }
        }
        body
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        while let Some(mut chunk) = self.chunk() {
            body.append(&mut chunk);
        }
        body
    }

    /// The next chunk of content that is sent in chunks; `None`: that was all.
    ///
    /// # Panics
    /// When the content breaks off.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.line().expect("a chunk");
        let length = usize::from_str_radix(&line, 16).expect("its length");
        let mut chunk = vec![0; length + 2];
        self.stream.read_exact(&mut chunk).expect("the chunk");
        chunk.truncate(length);
        (length > 0).then_some(chunk)
    }
}

impl Response {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(own, _)| own == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// The content as text.
    ///
    /// # Panics
    /// When it isn't UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// The content as JSON.
    ///
    /// # Panics
    /// When it isn't.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a problem.
    ///
    /// # Panics
    /// When it isn't one.
    #[must_use]
    pub fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        assert_eq!(
            problem["requestId"].as_str(),
            self.header("x-request-id"),
            "{problem}"
        );
        problem["code"].as_str().expect("a code").to_owned()
    }
}
