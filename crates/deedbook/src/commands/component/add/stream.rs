//! Each document on its own: read ahead, handed in without waiting, told in the order given.

use std::collections::BTreeMap;
use std::iter;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use deedbook_book::{Book, BookError, Receipt};

use super::report::Reporter;
use super::{Candidate, Plan, refused};
use crate::commands::write::Title;
use crate::context::{Context, Opener};
use crate::documents::read_ahead;
use crate::error::Failure;
use crate::files::Input;
use crate::output::Output;
use crate::source::Done;

/// What became of the document of that number.
struct Answer {
    number: usize,
    label: String,
    title: Title,
    result: Result<Done, Failure>,
}

/// Registers documents, each as a command of its own.
pub(super) fn add(
    inputs: &[Input],
    plan: &Plan,
    context: &mut Context,
    mut reporter: Reporter,
) -> Result<(), Failure> {
    let opener = context.opener();
    let output = &mut context.output;
    let (sender, receiver) = channel();
    let handed_in = thread::scope(|scope| {
        // Stdout belongs to this thread, so another one hands in.
        let submitter = scope.spawn(move || submit_all(inputs, plan, &opener, &sender));
        tell_in_order(&receiver, &mut reporter, output)?;
        submitter
            .join()
            .unwrap_or_else(|_| Err(Failure::Internal("a thread broke".to_owned())))
    });
    let book = handed_in?;
    let finished = reporter.finish(output);
    if let Some(book) = book {
        book.close()?;
    }
    finished
}

/// Tells answers in the order of their documents, each as soon as it and those before it are in.
fn tell_in_order(
    answers: &Receiver<Answer>,
    reporter: &mut Reporter,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut early = BTreeMap::new();
    let mut turn = 0;
    while let Ok(answer) = answers.recv() {
        // What came in meanwhile goes out in one write.
        for answer in iter::once(answer).chain(answers.try_iter()) {
            early.insert(answer.number, answer);
            while let Some(answer) = early.remove(&turn) {
                turn += 1;
                tell(answer, reporter, output)?;
            }
        }
        reporter.flush(output)?;
    }
    Ok(())
}

fn tell(answer: Answer, reporter: &mut Reporter, output: &mut Output) -> Result<(), Failure> {
    let Answer {
        label,
        title,
        result,
        ..
    } = answer;
    match result {
        Ok(done) => reporter.done(&label, title, &done, false, output),
        Err(failure) => reporter.refused(&label, title, failure, output),
    }
}

/// Hands in every document; the book is opened for the first that is one.
fn submit_all(
    inputs: &[Input],
    plan: &Plan,
    opener: &Opener,
    answers: &Sender<Answer>,
) -> Result<Option<Book>, Failure> {
    let mut book: Option<Book> = None;
    let mut number = 0;
    read_ahead(inputs, &plan.options, |label, document| {
        let Candidate {
            label,
            title,
            draft,
        } = Candidate::new(label, document);
        let answer = move |result| Answer {
            number,
            label,
            title,
            result,
        };
        number += 1;
        match draft {
            Ok(draft) => {
                let open = match &book {
                    Some(book) => book.clone(),
                    None => book.insert(opener.to_write()?).clone(),
                };
                let command = plan
                    .authorship
                    .command(vec![plan.write(Arc::clone(&draft))]);
                let answers = answers.clone();
                open.submit(command, move |result| {
                    let mut answer = answer(Err(Failure::Closed));
                    answer.result = done_of(&answer.label, result);
                    // The receiver is gone only when the command has failed as a whole.
                    let _ = answers.send(answer);
                })?;
            }
            Err(failure) => {
                let _ = answers.send(answer(Err(failure)));
            }
        }
        Ok(())
    })?;
    Ok(book)
}

fn done_of(label: &str, result: Result<Receipt, BookError>) -> Result<Done, Failure> {
    let receipt = result.map_err(|error| refused(label, error.into()))?;
    let outcome = receipt.outcomes.first();
    outcome
        .map(Done::of)
        .ok_or_else(|| Failure::Internal("a receipt without an outcome".to_owned()))
}
