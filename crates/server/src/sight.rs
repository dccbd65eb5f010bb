//! Which view a read looks at: the newest, one that holds a revision, or one of the past.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deedbook_api::problem::Problem;
use deedbook_book::{At, Clock, SystemClock, View};
use deedbook_model::code::Code;
use deedbook_model::time::seconds_of;
use deedbook_model::{Revision, Timestamp};

use crate::call::Call;
use crate::refuse;
use crate::server::Server;

/// A moment as requests name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(At);

const EXPECTED: &str =
    "expected a revision (1234), a time (2026-01-05T09:00:00Z) or so long ago (-30m, -2h, -7d)";

impl Moment {
    /// What it names.
    pub(crate) fn at(self) -> At {
        self.0
    }

    /// Reads the parameter of that name.
    pub(crate) fn of(call: &Call, name: &str) -> Result<Option<Moment>, Problem> {
        let Some(text) = call.query.text(name) else {
            return Ok(None);
        };
        match Moment::read(text, SystemClock.now()) {
            Some(moment) => Ok(Some(moment)),
            None => Err(Problem::parameter(name, EXPECTED)),
        }
    }

    fn read(text: &str, now: Timestamp) -> Option<Moment> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(|r| Moment(At::Revision(Revision(r))));
        }
        let time = match text.strip_prefix('-') {
            Some(ago) => now.plus_seconds(-seconds_of(ago)?),
            None => text.parse().ok()?,
        };
        Some(Moment(At::Time(time)))
    }
}

/// Whether the newest view will do, which needs no waiting.
pub(crate) fn is_newest(call: &Call) -> bool {
    let asks = ["at", "atLeast", "consistency"];
    asks.iter().all(|name| call.query.text(name).is_none())
}

/// The view that a read asks for.
pub(crate) async fn view(call: &Call) -> Result<Arc<View>, Problem> {
    let server = &call.server;
    wait(call).await?;
    match Moment::of(call, "at")? {
        None => Ok(server.book.view()),
        Some(moment) => past(server, moment).await.map_err(refuse::book),
    }
}

/// The two views that are compared: `from`, and `to` or what `at` says.
pub(crate) async fn two_views(call: &Call) -> Result<(Arc<View>, Arc<View>), Problem> {
    let server = &call.server;
    let (from, to) = (Moment::of(call, "from")?, Moment::of(call, "to")?);
    if to.is_some() && call.query.text("at").is_some() {
        return Err(Problem::parameter("at", "can't be combined with `to`"));
    }
    let after = view(call).await?;
    let past = async |moment: Option<Moment>, absent: &Arc<View>| match moment {
        None => Ok(Arc::clone(absent)),
        Some(moment) => past(server, moment).await.map_err(refuse::book),
    };
    Ok((past(from, &after).await?, past(to, &after).await?))
}

/// Waits until the newest view holds what a read asks for.
pub(crate) async fn wait(call: &Call) -> Result<(), Problem> {
    let server = &call.server;
    if call.query.text("consistency") == Some("strong") {
        let book = server.book.clone();
        let head = server
            .slow
            .run(move || book.log_revision().map_err(refuse::book));
        wait_for(server, head.await?).await?;
    }
    if let Some(revision) = call.query.number("atLeast") {
        wait_for(server, Revision(revision)).await?;
    }
    Ok(())
}

/// Waits until a revision is visible.
async fn wait_for(server: &Server, revision: Revision) -> Result<(), Problem> {
    if server.book.view().head().revision >= revision {
        return Ok(());
    }
    let mut revisions = server.revisions.subscribe();
    let seen = revisions.wait_for(|seen| *seen >= revision);
    let patience = server.options.wait;
    if tokio::time::timeout(patience, seen).await.is_ok() {
        return Ok(());
    }
    let head = server.book.view().head().revision;
    let detail = format!(
        "revision {revision} wasn't reached within {}; the book is at {head}",
        told(patience)
    );
    Err(Problem::new(Code::Unavailable, detail)
        .with_hint("ask again, or ask for a revision that some answer has named"))
}

fn told(time: Duration) -> String {
    format!("{time:?}")
}

/// The view of a moment; folded from the log on a thread of its own unless it is still known.
pub(crate) async fn past(
    server: &Arc<Server>,
    moment: Moment,
) -> Result<Arc<View>, deedbook_book::BookError> {
    let newest = server.book.view();
    if let At::Revision(revision) = moment.0 {
        if revision == newest.head().revision {
            return Ok(newest);
        }
        if let Some(view) = server.past.find(revision) {
            return Ok(view);
        }
    }
    let folding = Arc::clone(server);
    let folded = server.slow.run(move || Ok(folding.book.view_at(moment.0)));
    let view = folded.await.map_err(|_| deedbook_book::BookError::Busy)??;
    if let At::Revision(revision) = moment.0 {
        server.past.keep_folded(revision, &view);
    }
    Ok(view)
}

/// The view that a list began with.
pub(crate) async fn pinned(server: &Arc<Server>, revision: Revision) -> Result<Arc<View>, Problem> {
    let view = past(server, Moment(At::Revision(revision))).await;
    view.map_err(|error| refuse::cursor(error, revision))
}

/// Views that are asked for again. A view that was the newest once shares nearly all it holds with
/// the newest; one folded from the log shares nothing and is dear.
#[derive(Default)]
pub(crate) struct PastViews {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    shared: VecDeque<(Revision, Arc<View>)>,
    folded: VecDeque<(Revision, Arc<View>)>,
}

const MOST_SHARED: usize = 64;
const MOST_FOLDED: usize = 2;

impl PastViews {
    fn find(&self, revision: Revision) -> Option<Arc<View>> {
        let kept = self.lock();
        let mut all = kept.shared.iter().chain(&kept.folded);
        let found = all.find(|(own, _)| *own == revision);
        found.map(|(_, view)| Arc::clone(view))
    }

    /// Keeps a view that was the newest, for the pages that follow.
    pub(crate) fn keep_shared(&self, view: &Arc<View>) {
        let kept = &mut *self.lock();
        keep(&mut kept.shared, MOST_SHARED, view.head().revision, view);
    }

    fn keep_folded(&self, revision: Revision, view: &Arc<View>) {
        let kept = &mut *self.lock();
        keep(&mut kept.folded, MOST_FOLDED, revision, view);
    }

    /// Forgets them all: what was compacted away isn't answered any more.
    pub(crate) fn forget(&self) {
        *self.lock() = Kept::default();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep(
    views: &mut VecDeque<(Revision, Arc<View>)>,
    most: usize,
    revision: Revision,
    view: &Arc<View>,
) {
    if views.iter().any(|(own, _)| *own == revision) {
        return;
    }
    if views.len() >= most {
        views.pop_front();
    }
    views.push_back((revision, Arc::clone(view)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_revisions_times_or_ages() {
        let now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let read = |text| Moment::read(text, now).map(|moment| moment.0);
        assert_eq!(read("12"), Some(At::Revision(Revision(12))));
        assert_eq!(read("2026-01-05T09:00:00Z"), Some(At::Time(now)));
        assert_eq!(read("-1h"), Some(At::Time(now.plus_seconds(-3600))));
        for bad in [
            "",
            "-",
            "-m",
            "-3",
            "3m",
            "yesterday",
            "99999999999999999999",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
