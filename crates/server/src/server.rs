//! What all connections of one server share.

use deedbook_api::matcher::Matcher;
use deedbook_book::Book;
use deedbook_model::Revision;
use tokio::sync::watch;

use crate::access::{Caller, Guesses};
use crate::health::Health;
use crate::journal::Journal;
use crate::options::Options;
use crate::request_id::RequestIds;
use crate::routes::pages::Pages;
use crate::sight::PastViews;
use crate::slow::Slow;

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
    /// Who calls what needs no credential.
    pub(crate) nobody: Caller,
    pub(crate) guesses: Guesses,
    pub(crate) health: Health,
    pub(crate) request_ids: RequestIds,
    pub(crate) past: PastViews,
    pub(crate) slow: Slow,
    pub(crate) pages: Pages,
    /// Tells waiting reads of each new revision; nobody's waiting costs nothing.
    pub(crate) revisions: watch::Sender<Revision>,
    /// Streams and connections listen to it to end in good order.
    pub(crate) phase: watch::Sender<Phase>,
}

impl Server {
    pub(crate) fn new(book: Book, options: Options) -> Server {
        let revisions = watch::Sender::new(book.view().head().revision);
        let published = revisions.clone();
        book.on_publish(move |revision| {
            published.send_if_modified(|seen| {
                let is_new = revision > *seen;
                *seen = revision.max(*seen);
                is_new
            });
        });
        Server {
            matcher: Matcher::new(),
            anybody: Caller::anybody(),
            nobody: Caller::nobody(),
            guesses: Guesses::default(),
            health: Health::default(),
            request_ids: RequestIds::new(),
            past: PastViews::default(),
            slow: Slow::new(&options.limits),
            pages: Pages::new(),
            revisions,
            phase: watch::Sender::new(Phase::Serving),
            options,
            book,
        }
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

    /// Whether nobody has to say who they are: until the book has its first principal.
    pub(crate) fn is_open(&self) -> bool {
        !self.book.view().has_principals()
    }

    pub(crate) fn is_ending(&self) -> bool {
        *self.phase.borrow() == Phase::Ending
    }
}
