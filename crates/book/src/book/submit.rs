//! Handing commands to the sequencer, and what came of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};

use deedbook_rules::{Command, decide};

use super::Book;
use crate::error::BookError;
use crate::repeat;
use crate::sequencer::{Job, Receipt, Reply};

impl Book {
    /// Does a command; durable when it returns. One with an idempotency key that was done already
    /// gets the receipt that it got then.
    ///
    /// # Errors
    /// [`BookError::Refused`] by the rules; what the log says; [`BookError::UnknownOutcome`] when
    /// the log gave no answer. Nothing was done but perhaps in the last case. For a repeat also what
    /// [`Book::first_receipt`] says.
    pub fn execute(&self, command: Command) -> Result<Receipt, BookError> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let command = Arc::new(command);
        self.submit(Arc::clone(&command), move |result| {
            // Nobody waits any more only if the caller's thread is gone.
            let _ = sender.send(result);
        })?;
        // A reply that is dropped unsaid says nothing about what was done.
        let receipt = receiver.recv().unwrap_or(Err(BookError::UnknownOutcome))?;
        self.first_receipt(receipt)
    }

    /// The receipt that a command got when it was done, for one that turned out to be a repeat; its
    /// warnings were told then and aren't stored. Any other receipt as it is. A repeat reads the log,
    /// so this isn't for a `reply` of [`Book::submit`] to call, but for whoever it hands on to.
    ///
    /// # Errors
    /// [`BookError::DoneBefore`] when compaction took what the command did; when the log can't be
    /// read. The command was done all the same.
    pub fn first_receipt(&self, receipt: Receipt) -> Result<Receipt, BookError> {
        match receipt.repeat {
            Some(repeat) => repeat::first_receipt(&self.running.core.shared, repeat),
            None => Ok(receipt),
        }
    }

    /// Hands a command in and returns; `reply` is called once, by the sequencer's thread, when the
    /// command is durable or refused, so it must not block. Waits while the queue is full. The
    /// receipt of a repeat has no outcomes: [`Book::first_receipt`] reads them.
    ///
    /// # Errors
    /// [`BookError::Closed`], or a log that is only read; `reply` isn't called then.
    pub fn submit(
        &self,
        command: impl Into<Arc<Command>>,
        reply: impl FnOnce(Result<Receipt, BookError>) + Send + 'static,
    ) -> Result<(), BookError> {
        let (command, reply): (_, Reply) = (command.into(), Box::new(reply));
        let sent = self.hand_in(|queue| queue.send(Job { command, reply }))?;
        sent.map_err(|_| BookError::Closed)
    }

    /// [`Book::submit`] for callers that must not wait.
    ///
    /// # Errors
    /// [`BookError::Busy`] when the queue is full, otherwise as [`Book::submit`]; `reply` isn't
    /// called then.
    pub fn try_submit(
        &self,
        command: impl Into<Arc<Command>>,
        reply: impl FnOnce(Result<Receipt, BookError>) + Send + 'static,
    ) -> Result<(), BookError> {
        let (command, reply): (_, Reply) = (command.into(), Box::new(reply));
        let sent = self.hand_in(|queue| queue.try_send(Job { command, reply }))?;
        sent.map_err(|error| match error {
            TrySendError::Full(_) => BookError::Busy,
            TrySendError::Disconnected(_) => BookError::Closed,
        })
    }

    /// Sends to the sequencer. What waits is counted before, as it may be taken at once.
    fn hand_in<E>(
        &self,
        send: impl FnOnce(SyncSender<Job>) -> Result<(), E>,
    ) -> Result<Result<(), E>, BookError> {
        let queue = self.queue()?;
        let waiting = &self.metrics().waiting;
        waiting.fetch_add(1, Ordering::Relaxed);
        let sent = send(queue);
        if sent.is_err() {
            waiting.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(sent)
    }

    /// What a command would do now; nothing is written.
    ///
    /// # Errors
    /// [`BookError::Refused`].
    pub fn check(&self, command: &Command) -> Result<Receipt, BookError> {
        let view = self.view();
        let decision = decide(&view, command, self.running.core.clock.now());
        let decision = decision.map_err(BookError::Refused)?;
        self.first_receipt(Receipt {
            outcomes: decision.outcomes,
            revision: view.head().revision,
            repeat: decision.repeat,
        })
    }
}
