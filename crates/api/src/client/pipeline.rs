//! Many writes on one connection, the next sent before the last is answered: done in the order in
//! which they were handed in, and answered in it.

use std::collections::VecDeque;
use std::io;

use super::answer::Answer;
use super::connection::Connection;
use super::error::ClientError;
use super::request::Request;
use super::send::{Client, Retry};

/// Most bytes of requests without an answer, but for a single one. So much fits into the buffers
/// between here and the server even while it waits to be read itself: neither waits for the other.
const WINDOW: usize = 32 << 10;

/// Requests on their way. Each must be repeatable: when the connection breaks, those that have no
/// answer are sent again.
pub struct Pipeline<'c> {
    client: &'c mut Client,
    connection: Option<Connection>,
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

struct Waiting {
    request: Request,
    bytes: Vec<u8>,
}

impl Client {
    /// Begins to send many requests.
    pub fn pipeline(&mut self) -> Pipeline<'_> {
        Pipeline {
            client: self,
            connection: None,
            waiting: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl Pipeline<'_> {
    /// Whether another request may be sent before an answer is taken.
    #[must_use]
    pub fn has_room(&self, request: &Request) -> bool {
        self.waiting.is_empty() || self.bytes + self.client.encode(request).len() <= WINDOW
    }

    /// How many requests have no answer yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Sends a request; its answer is taken later.
    ///
    /// # Errors
    /// When the server is away and stays away.
    pub fn push(&mut self, request: Request) -> Result<(), ClientError> {
        let bytes = self.client.encode(&request);
        self.bytes += bytes.len();
        let patience = request.patience;
        self.waiting.push_back(Waiting { request, bytes });
        let Some(connection) = &mut self.connection else {
            return self.send_all_again(None);
        };
        let bytes = self
            .waiting
            .back()
            .map_or(&[][..], |waiting| &waiting.bytes);
        match connection.write(bytes, patience) {
            Ok(()) => Ok(()),
            // What it still says is read first; then the rest is sent again.
            Err(_) => Ok(()),
        }
    }

    /// Takes the answer to the oldest request; `None`: all are answered.
    ///
    /// # Errors
    /// When the server is away and stays away.
    pub fn next_answer(&mut self) -> Result<Option<Answer>, ClientError> {
        let mut retry = Retry::new(self.client.options.patience);
        loop {
            if self.waiting.is_empty() {
                return Ok(None);
            }
            match self.read_one() {
                Ok(answer) => {
                    let Some(Waiting { request, bytes }) = self.waiting.pop_front() else {
                        return Ok(None);
                    };
                    self.bytes = self.bytes.saturating_sub(bytes.len());
                    if answer.retry_after().is_some() {
                        return self.client.send(&request).map(Some);
                    }
                    return Ok(Some(answer));
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    return Err(self.client.foreign(&error));
                }
                Err(error) => {
                    if !retry.wait() {
                        return Err(self.client.broken(error, true));
                    }
                    self.send_all_again(Some(&mut retry))?;
                }
            }
        }
    }

    fn read_one(&mut self) -> io::Result<Answer> {
        let connection = self.connection.as_mut();
        let connection = connection.ok_or(io::ErrorKind::NotConnected)?;
        let head = connection.read_head()?;
        let body = connection.read_body(&head)?;
        if head.closes() {
            self.connection = None;
        }
        Ok(self.client.answer(head, body))
    }

    /// Sends everything without an answer on a new connection; with `retry` it was sent before.
    fn send_all_again(&mut self, mut retry: Option<&mut Retry>) -> Result<(), ClientError> {
        self.connection = None;
        loop {
            match Connection::open(&self.client.options) {
                Ok(mut connection) => {
                    for Waiting { request, bytes } in &self.waiting {
                        // Whether it arrived is seen where its answer is read.
                        if connection.write(bytes, request.patience).is_err() {
                            break;
                        }
                    }
                    self.connection = Some(connection);
                    return Ok(());
                }
                Err(error) => {
                    let again = retry.as_mut().is_some_and(|retry| retry.wait());
                    match error {
                        _ if again => {}
                        ClientError::Connect { source, .. } if retry.is_some() => {
                            return Err(self.client.broken(source, true));
                        }
                        error => return Err(error),
                    }
                }
            }
        }
    }
}
