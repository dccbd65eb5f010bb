//! Each document on its own, sent to a server: the next before the last is answered, told in the
//! order given.

use std::collections::VecDeque;
use std::sync::Arc;

use deedbook_api::client::Pipeline;
use deedbook_model::code::Code;
use deedbook_model::component::Draft;

use super::report::Reporter;
use super::{Candidate, Plan, refused};
use crate::commands::write::Title;
use crate::context::Context;
use crate::documents::read_ahead;
use crate::error::Failure;
use crate::files::Input;
use crate::output::Output;
use crate::source::Remote;

/// A document of which nothing is told yet.
struct Waiting {
    label: String,
    title: Title,
    /// What was sent, or why it wasn't.
    sent: Result<Arc<Draft>, Failure>,
}

/// Registers documents, each as a command of its own.
pub(super) fn add(
    inputs: &[Input],
    plan: &Plan,
    mut remote: Remote,
    context: &mut Context,
    mut reporter: Reporter,
) -> Result<(), Failure> {
    let has_token = remote.client().has_token();
    let mut sending = Sending {
        pipeline: remote.client().pipeline(),
        waiting: VecDeque::new(),
        reporter: &mut reporter,
        output: &mut context.output,
    };
    read_ahead(inputs, &plan.options, |label, document| {
        let Candidate {
            label,
            title,
            draft,
        } = Candidate::new(label, document);
        if let Ok(draft) = &draft {
            let request = Remote::registration(
                draft,
                plan.require_dependencies,
                &plan.authorship,
                has_token,
            )?;
            while !sending.pipeline.has_room(&request) {
                sending.take_answer()?;
            }
            sending.pipeline.push(request)?;
        }
        sending.waiting.push_back(Waiting {
            label,
            title,
            sent: draft,
        });
        sending.tell_unsent()
    })?;
    while !sending.waiting.is_empty() {
        sending.take_answer()?;
    }
    reporter.finish(&mut context.output)
}

/// Requests on their way and documents that wait for their turn.
struct Sending<'a> {
    pipeline: Pipeline<'a>,
    waiting: VecDeque<Waiting>,
    reporter: &'a mut Reporter,
    output: &'a mut Output,
}

impl Sending<'_> {
    /// Tells of the documents that were never sent, up to the next that was.
    fn tell_unsent(&mut self) -> Result<(), Failure> {
        while self.waiting.front().is_some_and(|next| next.sent.is_err()) {
            let Some(Waiting { label, title, sent }) = self.waiting.pop_front() else {
                break;
            };
            if let Err(failure) = sent {
                self.reporter.refused(&label, title, failure, self.output)?;
            }
        }
        Ok(())
    }

    /// Takes the next answer and tells it.
    fn take_answer(&mut self) -> Result<(), Failure> {
        self.tell_unsent()?;
        let answer = self.pipeline.next_answer()?;
        let (Some(answer), Some(next)) = (answer, self.waiting.pop_front()) else {
            return Ok(());
        };
        let Waiting { label, title, sent } = next;
        let done = sent.and_then(|draft| Remote::registered(answer, &draft));
        match done {
            Ok(done) => self
                .reporter
                .done(&label, title, &done, false, self.output)?,
            // It would be the same for all that follow.
            Err(failure) if is_for_all(&failure) => return Err(failure),
            Err(failure) => {
                let failure = refused(&label, failure);
                self.reporter.refused(&label, title, failure, self.output)?;
            }
        }
        self.tell_unsent()?;
        self.reporter.flush(self.output)
    }
}

fn is_for_all(failure: &Failure) -> bool {
    matches!(failure, Failure::Client(_)) || failure.code() == Some(Code::Unauthenticated)
}
