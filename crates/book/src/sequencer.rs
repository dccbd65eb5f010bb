//! The one writer: drains a bounded queue, decides, appends once for all, publishes, answers.
//!
//! ```text
//! queue ─► decide each on the state that includes the ones before ─► append ─► publish ─► answer
//!               ▲                                                      │ Moved
//!               └────────── take what others appended ◄────────────────┘
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use deedbook_log::{Appended, LogError, ReadLimit};
use deedbook_model::batch::BatchBuilder;
use deedbook_model::code::Code;
use deedbook_model::{Batch, Change, Revision, StoredBatch, WriterId};
use deedbook_rules::{Command, Outcome, Repeat, State, decide_in_place};

use crate::clock::{Clock, Salts};
use crate::error::BookError;
use crate::load::{Fold, Tail};
use crate::metrics::{self, BookMetrics};
use crate::published::Published;
use crate::shared::{Displaced, Shared};
use crate::snapshots;
use crate::view::View;

/// A batch takes no further command once it holds this much.
const BATCH_BYTES: usize = 1 << 20;

/// Most commands of one batch.
const BATCH_COMMANDS: usize = 4096;

/// How often the same batch is tried after the log gave no answer.
const SETTLE_TRIES: usize = 3;

/// How many displaced views may wait to be taken apart; each may hold much memory.
const JANITOR_QUEUE: usize = 1;

/// Fewer changes displace less than waking a thread costs.
const WORTH_A_JANITOR: usize = 16;

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// What became of each write, in order. Nothing for a repeat, until
    /// [`Book::first_receipt`](crate::Book::first_receipt) has read it.
    pub outcomes: Vec<Outcome>,
    /// The book's revision once the command was done; everything up to it is durable.
    pub revision: Revision,
    /// Where the command was done before under its idempotency key, if it was.
    pub repeat: Option<Repeat>,
}

pub(crate) type Reply = Box<dyn FnOnce(Result<Receipt, BookError>) + Send>;

/// A command on its way, and who waits for it.
pub(crate) struct Job {
    /// Shared with its caller where that waits, so that taking it apart is the caller's work.
    pub(crate) command: Arc<Command>,
    pub(crate) reply: Reply,
}

/// The fold that decides; taken by the sequencer and by whoever follows other writers.
pub(crate) struct Core {
    pub(crate) fold: Mutex<Fold>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: BookMetrics,
    /// Held by whoever writes a snapshot or moves the floor: two at a time would write into each
    /// other's. Taken before the fold, never after it.
    pub(crate) upkeep: Mutex<()>,
}

impl Core {
    pub(crate) fn upkeep(&self) -> MutexGuard<'_, ()> {
        self.upkeep.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Fold> {
        self.fold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what other writers appended and makes it visible: all of it, or nothing where some
    /// can't be read or doesn't give its state root.
    pub(crate) fn catch_up(&self, fold: &mut Fold) -> Result<Vec<Arc<Batch>>, BookError> {
        let mut batches = Vec::new();
        let tail = fold.tail;
        if let Err(error) = fold.catch_up(&*self.shared.log, |batch| batches.push(batch)) {
            let View { state, head } = (*self.shared.view()).clone();
            *fold = Fold { state, head, tail };
            self.shared.note_fault(&error);
            return Err(error);
        }
        let seen = batches.iter().map(|published| Arc::clone(&published.batch));
        let seen = seen.collect();
        if !batches.is_empty() {
            drop(self.publish(fold, batches));
            self.shared.wake_followers();
        }
        Ok(seen)
    }

    fn publish(&self, fold: &Fold, batches: Vec<Published>) -> Displaced {
        let view = View {
            state: fold.state.clone(),
            head: fold.head,
        };
        self.shared.publish(view, batches)
    }
}

/// Runs until the queue's senders are gone.
pub(crate) struct Sequencer {
    pub(crate) core: Arc<Core>,
    pub(crate) writer: WriterId,
    pub(crate) counter: u64,
    /// How many bytes the records of the last batch had.
    pub(crate) last_batch_bytes: usize,
    pub(crate) salts: Salts,
    /// Whether the log may hold a batch of ours that the fold doesn't.
    pub(crate) unsettled: bool,
    /// The snapshot that is being taken, beside the writing; ends with the tail that it failed at.
    pub(crate) snapshot: Option<JoinHandle<Tail>>,
    /// The tail at which the last snapshot failed; none did while it is empty.
    pub(crate) failed_at: Tail,
    /// Takes apart what large batches displace, beside the writing.
    pub(crate) janitor: Option<Janitor>,
    /// What the last batch displaced, and how many changes it had.
    pub(crate) displaced: Option<(Displaced, usize)>,
}

/// A thread that drops what it is given.
pub(crate) struct Janitor {
    queue: SyncSender<Displaced>,
    thread: JoinHandle<()>,
}

/// A batch that was decided but not appended.
struct Decided {
    stored: StoredBatch,
    changes: Vec<Change>,
    before: Vec<Option<Bytes>>,
    state: State,
}

type Answer = Result<(Vec<Outcome>, Option<Repeat>), BookError>;

impl Sequencer {
    pub(crate) fn run(mut self, queue: &Receiver<Job>) {
        self.start_janitor();
        while let Ok(first) = queue.recv() {
            self.core.metrics.taken();
            let mut jobs = vec![first];
            let core = Arc::clone(&self.core);
            let mut fold = core.lock();
            let answers = self.commit(&mut fold, queue, &mut jobs);
            let revision = fold.head.revision;
            self.snapshot_if_due(&fold);
            drop(fold);
            let mut commands = Vec::new();
            for (job, answer) in jobs.into_iter().zip(answers) {
                // A caller that holds on to its command takes it apart itself.
                if Arc::strong_count(&job.command) == 1 {
                    commands.push(job.command);
                } else {
                    drop(job.command);
                }
                self.core.metrics.answered(&answer);
                let answer = answer.map(|(outcomes, repeat)| Receipt {
                    outcomes,
                    revision,
                    repeat,
                });
                // A caller whose reply panics must not take the others' answers with it.
                let _ = catch_unwind(AssertUnwindSafe(|| (job.reply)(answer)));
            }
            // What nobody waits for comes last.
            self.core.shared.wake_followers();
            self.take_apart();
        }
        if let Some(snapshot) = self.snapshot.take() {
            let _ = snapshot.join();
        }
        if let Some(Janitor { queue, thread }) = self.janitor.take() {
            drop(queue);
            let _ = thread.join();
        }
    }

    /// Drops what the last batch displaced.
    fn take_apart(&mut self) {
        let Some((displaced, changes)) = self.displaced.take() else {
            return;
        };
        if let Some(janitor) = self.janitor.as_ref().filter(|_| changes >= WORTH_A_JANITOR) {
            // Where that one is behind it is taken apart here.
            drop(janitor.queue.try_send(displaced));
        }
    }

    fn start_janitor(&mut self) {
        let (janitor, displaced) = sync_channel::<Displaced>(JANITOR_QUEUE);
        let name = "deedbook-janitor".to_owned();
        let thread = std::thread::Builder::new().name(name);
        let started = thread.spawn(move || displaced.into_iter().for_each(drop));
        self.janitor = started.ok().map(|thread| Janitor {
            queue: janitor,
            thread,
        });
    }

    /// Starts a snapshot of what is visible now, unless one is being taken. One that fails is
    /// tried again once the tail has doubled; until then the next start reads a longer tail.
    fn snapshot_if_due(&mut self, fold: &Fold) {
        let busy = self
            .snapshot
            .as_ref()
            .is_some_and(|snapshot| !snapshot.is_finished());
        if busy {
            return;
        }
        if let Some(ended) = self.snapshot.take() {
            self.failed_at = ended.join().unwrap_or(fold.tail);
        }
        let due = snapshots::is_due(fold.tail, fold.state.snapshot_bytes());
        if !due || !snapshots::may_retry(fold.tail, self.failed_at) {
            return;
        }
        let core = Arc::clone(&self.core);
        let covered = fold.tail;
        let take = move || {
            let upkeep = core.upkeep();
            let view = core.shared.view();
            if snapshots::take(&*core.shared.log, &view).is_err() {
                return covered;
            }
            drop(upkeep);
            core.lock().tail.cover(covered);
            Tail::default()
        };
        let name = "deedbook-snapshot".to_owned();
        self.snapshot = std::thread::Builder::new().name(name).spawn(take).ok();
    }

    /// Decides the jobs, taking more from the queue while the batch has room, and appends what
    /// they change. One answer a job; nothing of a job is durable when its answer is an error,
    /// but for [`BookError::UnknownOutcome`].
    fn commit(
        &mut self,
        fold: &mut Fold,
        queue: &Receiver<Job>,
        jobs: &mut Vec<Job>,
    ) -> Vec<Answer> {
        if self.unsettled {
            if let Err(error) = self.core.catch_up(fold) {
                return fail_all(&error, jobs.len());
            }
            self.unsettled = false;
        }
        loop {
            let (decided, answers) = self.decide(fold, queue, jobs);
            let Some(decided) = decided else {
                return answers;
            };
            match self.append(fold, decided) {
                Ok(true) => return answers,
                // Others were first: what was decided may not hold any more.
                Ok(false) => {}
                Err(error) => {
                    self.unsettled = matches!(error, BookError::UnknownOutcome);
                    return fail_all(&error, jobs.len());
                }
            }
        }
    }

    fn decide(
        &mut self,
        fold: &Fold,
        queue: &Receiver<Job>,
        jobs: &mut Vec<Job>,
    ) -> (Option<Decided>, Vec<Answer>) {
        self.counter += 1;
        let mut builder = BatchBuilder::new(fold.head, self.writer, self.counter)
            // Batches come in similar sizes; growing a buffer costs as much as filling it.
            .with_room(self.last_batch_bytes);
        let mut state = fold.state.clone();
        let mut changes = Vec::new();
        let mut before = Vec::new();
        let mut answers = Vec::new();
        while let Some(job) = jobs.get(answers.len()) {
            match decide_in_place(&mut state, &job.command, self.core.clock.now()) {
                Ok(done) => {
                    if let Some(change) = done.changes.first() {
                        builder.push(&change.command, &done.changes, || self.salts.next());
                    }
                    changes.extend(done.changes);
                    answers.push(Ok((done.outcomes, done.repeat)));
                    before.extend(done.before);
                }
                Err(refusals) => answers.push(Err(BookError::Refused(refusals))),
            }
            let has_room = builder.len() < BATCH_BYTES && answers.len() < BATCH_COMMANDS;
            if answers.len() == jobs.len() && has_room {
                match queue.try_recv() {
                    Ok(job) => {
                        self.core.metrics.taken();
                        jobs.push(job);
                    }
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
                }
            }
        }
        if changes.is_empty() {
            return (None, answers);
        }
        self.last_batch_bytes = builder.len();
        let stored = builder.finish(state.root(), state.live());
        let decided = Decided {
            stored,
            changes,
            before,
            state,
        };
        (Some(decided), answers)
    }

    /// Appends; `false` when others were first and their batches were taken.
    fn append(&mut self, fold: &mut Fold, decided: Decided) -> Result<bool, BookError> {
        let core = Arc::clone(&self.core);
        let log = &*core.shared.log;
        let mut unsettled = false;
        let (changes, begin) = (decided.changes.len(), metrics::now());
        for _ in 0..SETTLE_TRIES {
            match log.append(fold.head, &decided.stored) {
                Ok(Appended::Done) => {
                    self.core.metrics.appended(changes, begin);
                    self.take_own(fold, decided);
                    return Ok(true);
                }
                Ok(Appended::Moved(_)) => {
                    let seen = match self.core.catch_up(fold) {
                        Err(_) if unsettled => return Err(BookError::UnknownOutcome),
                        seen => seen?,
                    };
                    // After no answer, the batch that stands there says whose it is.
                    return Ok(seen.iter().any(|batch| {
                        batch.writer == self.writer && batch.counter == self.counter
                    }));
                }
                Err(LogError::Unknown { .. }) => unsettled = true,
                Err(error) if unsettled => {
                    drop(error);
                    return Err(BookError::UnknownOutcome);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(BookError::UnknownOutcome)
    }

    fn take_own(&mut self, fold: &mut Fold, decided: Decided) {
        let batch = Batch {
            previous: fold.head,
            head: decided.stored.head(),
            writer: self.writer,
            counter: self.counter,
            root: decided.state.root(),
            records: decided.state.live(),
            changes: decided.changes,
        };
        fold.head = batch.head;
        fold.state = decided.state;
        fold.tail.batches += 1;
        fold.tail.bytes += u64::try_from(decided.stored.bytes.len()).unwrap_or(u64::MAX);
        let changes = batch.changes.len();
        let published = vec![Published::new(batch, decided.before)];
        self.displaced = Some((self.core.publish(fold, published), changes));
    }
}

/// The log failed: nobody's command was done, whatever was decided for it.
fn fail_all(error: &BookError, jobs: usize) -> Vec<Answer> {
    (0..jobs).map(|_| Err(error.again())).collect()
}

/// Waits for other writers' batches until the book is closed, or until one turns out damaged:
/// then nothing after it is taken any more.
pub(crate) fn follow(core: &Core, is_closed: impl Fn() -> bool) {
    const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);
    while !is_closed() {
        let seen = core.shared.head().revision;
        let moved = match core.shared.log.wait_past(seen, PATIENCE) {
            Ok(head) => head.revision > seen,
            Err(_) => false,
        };
        if !moved || is_closed() {
            continue;
        }
        match core.catch_up(&mut core.lock()).map_err(|e| e.code()) {
            Ok(_) => {}
            Err(Code::Integrity) => return,
            // Whatever it was may be over soon.
            Err(_) => core.shared.pause(PATIENCE),
        }
    }
}

/// Batches after a position, as a watcher or projector reads them from the log: none after the
/// newest that gave its state root here.
pub(crate) fn read_checked(
    shared: &Shared,
    after: Revision,
    limit: ReadLimit,
) -> Result<Vec<Batch>, BookError> {
    let stored = shared.log.read(after, limit)?;
    let head = shared.head().revision;
    let seen = stored.iter().filter(|stored| stored.last <= head);
    let batches: Vec<Batch> = seen.map(Batch::open).collect::<Result<_, _>>()?;
    for pair in batches.windows(2) {
        if let [one, two] = pair
            && two.previous != one.head
        {
            let revision = two.previous.revision.next();
            let part = deedbook_log::Part::Revision(revision);
            return Err(BookError::damaged(
                part,
                "it doesn't follow what is before it",
            ));
        }
    }
    Ok(batches)
}
