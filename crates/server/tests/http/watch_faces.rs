//! The faces of a watch, as one: what a follower is told, whoever tells it.

use std::time::Duration;

use deedbook_book::{ChangeFilter, Event, Position, Watch, WatchError, WatchOptions};
use deedbook_testkit::event_stream::EventStream;

use crate::sandbox::Sandbox;
use crate::watch_oracle::Saw;

/// What a follower is told; positions as text.
#[derive(Debug)]
pub(crate) enum Told {
    /// A change, and the position after its command where it is the last of it.
    Change(Saw, Option<String>),
    /// Nothing else up to here.
    Progress(String),
    /// It starts anew here.
    Resync(String),
}

/// A watch that is open.
pub(crate) trait Follower: Send {
    fn told(&mut self) -> Told;
}

/// A way to watch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Face {
    Library,
    EventStream,
}

impl Face {
    pub(crate) const ALL: [Face; 2] = [Face::Library, Face::EventStream];

    pub(crate) fn open(
        self,
        sandbox: &Sandbox,
        filter: &ChangeFilter,
        after: &str,
    ) -> Box<dyn Follower> {
        match self {
            Face::Library => {
                let options = WatchOptions {
                    after: Some(after.parse().unwrap()),
                    filter: filter.clone(),
                    ..WatchOptions::default()
                };
                Box::new(sandbox.book.watch(options).unwrap())
            }
            Face::EventStream => {
                let mut query = format!("?after={after}");
                let kind = filter.kind.as_ref().map(ToString::to_string);
                for (name, value) in [
                    ("kind", &kind),
                    ("key", &filter.key),
                    ("keyPrefix", &filter.key_prefix),
                ] {
                    if let Some(value) = value {
                        query.push_str(&format!("&{name}={value}"));
                    }
                }
                Box::new(sandbox.watch(&query))
            }
        }
    }
}

impl Follower for Watch {
    fn told(&mut self) -> Told {
        match self.next(Duration::from_millis(5)) {
            Ok(Event::Change(change)) => {
                let value = |stored: &[u8]| serde_json::from_slice(stored).unwrap();
                let saw = Saw {
                    revision: change.revision.0,
                    record: change.record.as_deref().map(value),
                    previous: change.before().map(|before| value(before)),
                };
                let position = self.position();
                let ends = position.revision >= change.command.last;
                Told::Change(saw, ends.then(|| position.to_string()))
            }
            Ok(Event::Progress(position)) => Told::Progress(position.to_string()),
            Ok(Event::Resync { from, .. }) => Told::Resync(from.to_string()),
            Err(WatchError::TooSlow { position, .. }) => Told::Progress(position.to_string()),
            Err(error) => panic!("{error}"),
        }
    }
}

impl Follower for EventStream {
    fn told(&mut self) -> Told {
        let event = self.next_event().expect("it goes on");
        let whole = |name: &str| Some(event.data[name].clone()).filter(|value| !value.is_null());
        match event.name.as_str() {
            "change" => {
                let saw = Saw {
                    revision: event.data["revision"].as_u64().unwrap(),
                    record: whole("record"),
                    previous: whole("previous"),
                };
                Told::Change(saw, event.id)
            }
            "progress" => Told::Progress(event.id.unwrap()),
            "resync" => Told::Resync(event.id.unwrap()),
            other => panic!("{other}"),
        }
    }
}

/// The revision of a position.
pub(crate) fn revision(position: &str) -> u64 {
    position.parse::<Position>().unwrap().revision.0
}
