//! The thread that sends spans.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use deedbook_api::client::{Client, ClientOptions, Endpoint, Request, ServerUrl, Target};
use deedbook_api::route::Method;

use super::{Shared, Span, span};
use crate::instant;
use crate::journal::Journal;

/// Where collectors take traces.
const PATH: &str = "/v1/traces";

/// The first pause before spans are sent again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest.
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// How often it is told that spans don't arrive.
const TELL: Duration = Duration::from_secs(60);

pub(super) struct Exporter {
    shared: Arc<Shared>,
    client: Client,
    journal: Journal,
    told: Option<Told>,
}

/// What was told last.
#[derive(Clone, Copy)]
struct Told {
    at: Instant,
    dropped: u64,
}

/// What became of spans that were sent.
enum Sent {
    Taken,
    /// The collector is away or busy.
    Later(String),
    /// It will never take them.
    Never(String),
}

impl Exporter {
    pub(super) fn new(shared: Arc<Shared>, collector: ServerUrl, journal: Journal) -> Exporter {
        let options = ClientOptions {
            patience: Duration::ZERO,
            ..ClientOptions::new(Endpoint::Url(collector))
        };
        Exporter {
            shared,
            client: Client::new(options),
            journal,
            told: None,
        }
    }

    /// Sends what comes until there is nothing more.
    pub(super) fn run(mut self) {
        while let Some(spans) = self.shared.take() {
            self.deliver(&spans);
        }
        self.shared.end();
    }

    /// Sends spans until they are taken, or it ends.
    fn deliver(&mut self, spans: &[Span]) {
        let Ok(content) = serde_json::to_vec(&span::request(spans)) else {
            // Texts and numbers can't fail to encode.
            return;
        };
        let request = Request::new(Method::Post, Target::new(PATH));
        let request = request.content("application/json", content);
        let mut pause = FIRST_PAUSE;
        let why = loop {
            match self.send(&request) {
                Sent::Taken => {
                    let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
                    self.shared.sent.fetch_add(count, Ordering::Relaxed);
                    return;
                }
                Sent::Never(why) => break why,
                Sent::Later(why) => {
                    self.tell(&why);
                    if self.shared.pause(pause) {
                        break why;
                    }
                    pause = (pause * 2).min(LAST_PAUSE);
                }
            }
        };
        self.shared.drop_spans(spans.len());
        self.tell(&why);
    }

    fn send(&mut self, request: &Request) -> Sent {
        // A connection that was kept may have been hung up meanwhile: that says nothing of the
        // collector.
        let answer = self.client.send(request);
        match answer.or_else(|_| self.client.send(request)) {
            Ok(answer) => match answer.status {
                200..=299 => Sent::Taken,
                status @ (429 | 502 | 503 | 504) => Sent::Later(format!("it answers {status}")),
                status => Sent::Never(format!("it answers {status}")),
            },
            Err(error) => Sent::Later(crate::refuse::with_causes(&error)),
        }
    }

    /// Tells now and then that spans don't arrive.
    fn tell(&mut self, why: &str) {
        if self.told.is_some_and(|told| instant::since(told.at) < TELL) {
            return;
        }
        let dropped = self.shared.dropped.load(Ordering::Relaxed);
        let before = self.told.map_or(0, |told| told.dropped);
        let collector = self.client.endpoint();
        let lost = dropped.saturating_sub(before);
        self.journal.warn(&format!(
            "spans don't reach {collector}: {why}; {lost} were dropped"
        ));
        self.told = Some(Told {
            at: instant::now(),
            dropped,
        });
    }
}
