//! What all connections of one server share.

use std::sync::Arc;

use deedbook_api::matcher::Matcher;
use deedbook_book::Book;
use deedbook_model::Revision;
use tokio::sync::{Semaphore, watch};

use crate::access::{Caller, Guesses, Jwt, Principals};
use crate::grpc::StandardServices;
use crate::health::Health;
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::net::Tls;
use crate::options::Options;
use crate::refuse;
use crate::request_id::RequestIds;
use crate::routes::pages::Pages;
use crate::sight::PastViews;
use crate::slow::Slow;
use crate::start::StartError;
use crate::traces::Traces;
use crate::watch::Watchers;

/// How far a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// It takes requests.
    Serving,
    /// It finishes what it has and takes no more.
    Ending,
}

/// One book on the network.
pub(crate) struct Server {
    pub(crate) book: Book,
    pub(crate) options: Options,
    pub(crate) matcher: Matcher,
    /// Who calls where nobody has to say who they are.
    pub(crate) anybody: Caller,
    /// Who calls through the socket.
    pub(crate) owner: Caller,
    /// Who calls what needs no credential.
    pub(crate) nobody: Caller,
    pub(crate) guesses: Guesses,
    pub(crate) metrics: Metrics,
    /// Where spans go, if anybody collects them.
    pub(crate) traces: Option<Traces>,
    /// What tells whose signed tokens are, where some are taken.
    pub(crate) jwt: Option<Jwt>,
    /// What takes connections, where they are encrypted.
    pub(crate) tls: Option<Tls>,
    pub(crate) health: Health,
    pub(crate) request_ids: RequestIds,
    pub(crate) past: PastViews,
    pub(crate) slow: Slow,
    /// The turns of backups: each lasts as long as its client takes.
    pub(crate) backups: Arc<Semaphore>,
    pub(crate) watchers: Watchers,
    pub(crate) standard_services: StandardServices,
    pub(crate) pages: Pages,
    /// Tells waiting reads of each new revision; nobody's waiting costs nothing.
    pub(crate) revisions: watch::Sender<Revision>,
    /// Tells long answers of each change to what credentials are worth.
    pub(crate) principals: watch::Sender<Principals>,
    /// Streams and connections listen to it to end in good order.
    pub(crate) phase: watch::Sender<Phase>,
}

impl Server {
    pub(crate) fn new(book: Book, options: Options) -> Result<Server, StartError> {
        let jwt = options.jwt.clone().map(Jwt::load).transpose()?;
        let tls = options.tls.clone().map(Tls::load).transpose()?;
        let traces = options.traces.clone();
        let traces = traces.map(|collector| Traces::to(collector, options.journal.clone()));
        let traces = traces.transpose().map_err(StartError::System)?;
        let view = book.view();
        let revisions = watch::Sender::new(view.head().revision);
        let principals = watch::Sender::new(Principals::of(&view));
        let (published, judged) = (revisions.clone(), principals.clone());
        book.on_publish(move |view| {
            let revision = view.head().revision;
            judged.send_if_modified(|known| known.follow(view));
            published.send_if_modified(|seen| {
                let is_new = revision > *seen;
                *seen = revision.max(*seen);
                is_new
            });
        });
        Ok(Server {
            matcher: Matcher::new(),
            anybody: Caller::anybody(),
            owner: Caller::owner(),
            nobody: Caller::nobody(),
            guesses: Guesses::default(),
            metrics: Metrics::new(),
            traces,
            health: Health::default(),
            request_ids: RequestIds::new(),
            past: PastViews::default(),
            slow: Slow::new(&options.limits),
            backups: Arc::new(Semaphore::new(options.limits.backups)),
            watchers: Watchers::new(&options.limits),
            standard_services: StandardServices::new(),
            pages: Pages::new(),
            revisions,
            principals,
            phase: watch::Sender::new(Phase::Serving),
            options,
            jwt,
            tls,
            book,
        })
    }

    /// Begins the end: no new connection, no new request, and streams end where they are.
    pub(crate) fn end(&self) {
        self.phase.send_replace(Phase::Ending);
        self.journal()
            .note("ending: requests in flight are finished");
    }

    /// Where the server says what it does.
    pub(crate) fn journal(&self) -> &Journal {
        &self.options.journal
    }

    /// Whether nobody has to say who they are: until the book has its first principal, or the server
    /// an issuer that it trusts.
    pub(crate) fn is_open(&self) -> bool {
        self.jwt.is_none() && !self.book.view().has_principals()
    }

    /// Reads files again that changed.
    pub(crate) fn reload(&self) {
        let tls = self.tls.as_ref().map(Tls::reload);
        self.tell_reload("certificate and key", tls);
        let jwt = self.jwt.as_ref().map(Jwt::reload);
        if let Some(Ok(true)) = jwt {
            self.principals.send_modify(Principals::note_new_keys);
        }
        self.tell_reload("keys of signed tokens", jwt);
    }

    fn tell_reload<E: std::error::Error>(&self, what: &str, reload: Option<Result<bool, E>>) {
        let journal = self.journal();
        match reload {
            None | Some(Ok(false)) => {}
            Some(Ok(true)) => journal.note(&format!("the {what} were read again")),
            Some(Err(error)) => {
                let error = refuse::with_causes(&error);
                journal.warn(&format!("the {what} that were before stay: {error}"));
            }
        }
    }

    pub(crate) fn is_ending(&self) -> bool {
        *self.phase.borrow() == Phase::Ending
    }
}
