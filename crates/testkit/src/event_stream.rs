//! Reading server-sent events, as a browser does.

use std::collections::VecDeque;

use serde_json::Value;

use crate::http::{Client, Request, Response};

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Where to go on after it.
    pub id: Option<String>,
    /// What kind of event.
    pub name: String,
    /// What it says.
    pub data: Value,
}

/// Events as they come.
pub struct EventStream {
    client: Client,
    /// The head of the answer.
    pub response: Response,
    /// What came of a block that isn't whole yet.
    rest: Vec<u8>,
    whole: VecDeque<String>,
}

impl EventStream {
    /// Asks for a stream.
    #[must_use]
    pub fn open(mut client: Client, request: &Request) -> EventStream {
        let response = client.open(request);
        EventStream {
            client,
            response,
            rest: Vec::new(),
            whole: VecDeque::new(),
        }
    }

    /// The next event; `None`: the stream ended. Comments are passed over.
    ///
    /// # Panics
    /// When it breaks off, or isn't a stream of events.
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            let block = self.next_block()?;
            if let Some(event) = read(&block) {
                return Some(event);
            }
        }
    }

    /// The next block as it was sent, the empty line after it included: an event, or a comment.
    ///
    /// # Panics
    /// When it breaks off, or isn't text.
    pub fn next_block(&mut self) -> Option<String> {
        while self.whole.is_empty() {
            self.rest.append(&mut self.client.chunk()?);
            while let Some(end) = self.rest.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.rest.drain(..end + 2).collect();
                let block = String::from_utf8(block).expect("events are text");
                self.whole.push_back(block);
            }
        }
        self.whole.pop_front()
    }
}

/// The event of a block; `None`: it only says how to go on, or nothing.
fn read(text: &str) -> Option<Event> {
    let (mut id, mut name, mut data, mut retry) = (None, None, None, None);
    for line in text.trim_end().split('\n') {
        if line.starts_with(':') {
            continue;
        }
        let (field, value) = line.split_once(": ").expect("a field");
        let slot = match field {
            "id" => &mut id,
            "event" => &mut name,
            "data" => &mut data,
            "retry" => &mut retry,
            other => panic!("`{other}` in an event"),
        };
        assert!(slot.replace(value).is_none(), "two of {field}: {text}");
    }
    if (id, name, data) == (None, None, None) {
        return None;
    }
    Some(Event {
        id: id.map(str::to_owned),
        name: name.expect("a name").to_owned(),
        data: serde_json::from_str(data.expect("data")).expect("data is JSON"),
    })
}
