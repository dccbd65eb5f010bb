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
    /// What came of an event that isn't whole yet.
    rest: Vec<u8>,
    whole: VecDeque<Event>,
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

    /// The next event; `None`: the stream ended.
    ///
    /// # Panics
    /// When it breaks off, or isn't a stream of events.
    pub fn next_event(&mut self) -> Option<Event> {
        while self.whole.is_empty() {
            self.rest.append(&mut self.client.chunk()?);
            while let Some(end) = self.rest.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = self.rest.drain(..end + 2).collect();
                self.whole.push_back(read(&event));
            }
        }
        self.whole.pop_front()
    }
}

fn read(event: &[u8]) -> Event {
    let text = std::str::from_utf8(event).expect("events are text");
    let (mut id, mut name, mut data) = (None, None, None);
    for line in text.trim_end().split('\n') {
        let (field, value) = line.split_once(": ").expect("a field");
        let slot = match field {
            "id" => &mut id,
            "event" => &mut name,
            "data" => &mut data,
            other => panic!("`{other}` in an event"),
        };
        assert!(slot.replace(value).is_none(), "two of {field}: {text}");
    }
    Event {
        id: id.map(str::to_owned),
        name: name.expect("a name").to_owned(),
        data: serde_json::from_str(data.expect("data")).expect("data is JSON"),
    }
}
