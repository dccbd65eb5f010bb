//! Server-sent events, one after another.
//! Source: HTML Living Standard, section 9.2 (of its fields: `id`, `event`, `data`).

use std::io::{self, BufRead, BufReader};

use super::connection::OwnBody;
use super::error::ClientError;
use super::request::Request;
use super::send::{Client, Retry};

/// Most bytes of one line.
const LINE: u64 = 64 << 20;

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerEvent {
    /// The position after it; a server of ours gives one to the last change of a command.
    pub id: Option<String>,
    /// What it is.
    pub name: String,
    /// What it says.
    pub data: String,
}

/// Events as they come.
pub struct EventStream {
    body: BufReader<OwnBody>,
    place: String,
}

impl Client {
    /// Asks for a stream of events.
    ///
    /// # Errors
    /// [`ClientError::Refused`], and when there is no answer.
    pub fn events(&self, request: &Request) -> Result<EventStream, ClientError> {
        Ok(EventStream {
            body: BufReader::with_capacity(64 << 10, self.open(request)?),
            place: self.endpoint().to_string(),
        })
    }

    /// Asks again for a stream that broke, as long as patience lasts.
    ///
    /// # Errors
    /// [`ClientError::Refused`], and when there is no answer until then.
    pub fn events_again(&self, request: &Request) -> Result<EventStream, ClientError> {
        let mut retry = Retry::new(self.options.patience);
        loop {
            // Also before the first attempt: a stream that ends as soon as it begins isn't to keep
            // both ends busy.
            let is_last = !retry.wait();
            let error = match self.events(request) {
                Ok(events) => return Ok(events),
                Err(error) => error,
            };
            let may_pass = match &error {
                ClientError::Connect { .. } | ClientError::Broken { .. } => true,
                ClientError::Refused(problem) => problem.status == 503,
                _ => false,
            };
            if !may_pass || is_last {
                return Err(error);
            }
        }
    }
}

impl EventStream {
    /// Waits for the next event; `None`: the server has ended the stream.
    ///
    /// # Errors
    /// [`ClientError::Broken`].
    pub fn next_event(&mut self) -> Result<Option<ServerEvent>, ClientError> {
        let read = read_event(&mut self.body);
        read.map_err(|source| ClientError::Broken {
            place: self.place.clone(),
            source,
        })
    }

    /// Whether all that came is read.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.body.buffer().is_empty()
    }
}

fn read_event(from: &mut impl BufRead) -> io::Result<Option<ServerEvent>> {
    let mut event = ServerEvent::default();
    let mut is_begun = false;
    let mut line = Vec::new();
    loop {
        line.clear();
        io::Read::take(&mut *from, LINE).read_until(b'\n', &mut line)?;
        match line.pop() {
            None if !is_begun => return Ok(None),
            Some(b'\n') => {}
            // Half an event is none.
            _ => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let text = str::from_utf8(&line)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it isn't UTF-8"))?;
        if text.is_empty() {
            if is_begun {
                return Ok(Some(event));
            }
            continue;
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut event.name),
            "data" if event.data.is_empty() => value.clone_into(&mut event.data),
            "data" => {
                event.data.push('\n');
                event.data.push_str(value);
            }
            // A comment, or a field of a later release.
            _ => continue,
        }
        is_begun = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_whole() {
        let mut text: &[u8] = b": hello\n\nid: 3-0a\r\nevent: change\r\ndata: {\ndata:1}\n\n\n\
            event: progress\n\nid: 4";
        let first = read_event(&mut text).unwrap().unwrap();
        assert_eq!(first.id.as_deref(), Some("3-0a"));
        assert_eq!((&*first.name, &*first.data), ("change", "{\n1}"));
        let second = read_event(&mut text).unwrap().unwrap();
        assert_eq!((second.id, &*second.name), (None, "progress"));
        let half = read_event(&mut text).unwrap_err();
        assert_eq!(half.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(read_event(&mut &b"\n\n"[..]).unwrap(), None);
    }
}
