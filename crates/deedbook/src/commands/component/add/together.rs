//! All documents as one command, and dry runs.

use deedbook_model::Lineage;
use deedbook_model::code::Code;
use deedbook_rules::{Command, Decision, Outcome, Refusal, State, Write, decide};

use super::report::Reporter;
use super::{Candidate, Plan, refused};
use crate::context::{Context, now};
use crate::documents::read_ahead;
use crate::error::Failure;
use crate::files::Input;

/// Registers all documents or none.
pub(super) fn add(
    inputs: &[Input],
    plan: &Plan,
    context: &mut Context,
    reporter: Reporter,
) -> Result<(), Failure> {
    let candidates = read_all(inputs, plan)?;
    let drafts = candidates
        .iter()
        .map(|candidate| candidate.draft.as_ref().ok().cloned());
    let Some(drafts) = drafts.collect::<Option<Vec<_>>>() else {
        return tell_none(candidates, Vec::new(), reporter, context);
    };
    let command = plan
        .authorship
        .command(drafts.into_iter().map(|d| plan.write(d)).collect());
    let result = if plan.dry_run {
        let state = state_to_try(context)?;
        decide(&state, &command, now()).map(|decision| decision.outcomes)
    } else {
        let book = context.open_to_write()?;
        let result = match book.execute(command) {
            Ok(receipt) => Ok(receipt.outcomes),
            Err(deedbook_book::BookError::Refused(refusals)) => Err(refusals),
            Err(error) => return Err(error.into()),
        };
        book.close()?;
        result
    };
    match result {
        Ok(outcomes) => tell_all(candidates, &outcomes, plan, reporter, context),
        Err(refusals) => tell_none(candidates, refusals, reporter, context),
    }
}

/// Tries each document on its own, on the state that those before it would leave.
pub(super) fn try_each(
    inputs: &[Input],
    plan: &Plan,
    context: &mut Context,
    mut reporter: Reporter,
) -> Result<(), Failure> {
    let mut state = state_to_try(context)?;
    for candidate in read_all(inputs, plan)? {
        let Candidate {
            label,
            title,
            draft,
        } = candidate;
        let output = &mut context.output;
        let decided = draft.and_then(|draft| {
            let command = plan.authorship.command(vec![plan.write(draft)]);
            decide(&state, &command, now()).map_err(|refusals| first_of(&label, refusals))
        });
        match decided {
            Ok(Decision {
                outcomes,
                state: after,
                ..
            }) => {
                state = after;
                for outcome in &outcomes {
                    reporter.done(&label, title.clone(), outcome, true, output)?;
                }
            }
            Err(failure) => reporter.refused(&label, title, failure, output)?,
        }
    }
    reporter.finish(&mut context.output)
}

fn read_all(inputs: &[Input], plan: &Plan) -> Result<Vec<Candidate>, Failure> {
    let mut candidates = Vec::new();
    read_ahead(inputs, &plan.options, |label, document| {
        candidates.push(Candidate::new(label, document));
        Ok(())
    })?;
    Ok(candidates)
}

fn tell_all(
    candidates: Vec<Candidate>,
    outcomes: &[Outcome],
    plan: &Plan,
    mut reporter: Reporter,
    context: &mut Context,
) -> Result<(), Failure> {
    let output = &mut context.output;
    for (candidate, outcome) in candidates.into_iter().zip(outcomes) {
        reporter.done(
            &candidate.label,
            candidate.title,
            outcome,
            plan.dry_run,
            output,
        )?;
    }
    reporter.finish(output)
}

/// Tells what is wrong with those that are to blame, and that the others weren't registered.
fn tell_none(
    candidates: Vec<Candidate>,
    mut refusals: Vec<Refusal>,
    mut reporter: Reporter,
    context: &mut Context,
) -> Result<(), Failure> {
    let output = &mut context.output;
    for (place, candidate) in candidates.into_iter().enumerate() {
        let Candidate {
            label,
            title,
            draft,
        } = candidate;
        let blamed = refusals.iter().position(|refusal| refusal.write == place);
        match (draft, blamed) {
            (Err(failure), _) => reporter.refused(&label, title, failure, output)?,
            (Ok(_), Some(at)) => {
                let failure = refused(&label, refusals.swap_remove(at));
                reporter.refused(&label, title, failure, output)?;
            }
            (Ok(_), None) => reporter.left_out(&label, title, output)?,
        }
    }
    reporter.finish(output)
}

fn first_of(label: &str, refusals: Vec<Refusal>) -> Failure {
    match refusals.into_iter().next() {
        Some(refusal) => refused(label, refusal),
        None => Failure::Internal("a refusal without a reason".to_owned()),
    }
}

/// The state that a dry run begins with: the book's, or that of a new one.
fn state_to_try(context: &mut Context) -> Result<State, Failure> {
    let view = match context.open_to_read() {
        Ok(book) => return Ok((**book.view()).clone()),
        Err(failure) if failure.code() == Some(Code::NotFound) => State::empty(),
        Err(failure) => return Err(failure),
    };
    let lineage = Lineage([0; 16]);
    let create = Command::of("deedbook", Write::CreateBook { lineage });
    let decided = decide(&view, &create, now());
    let state = decided.map(|decision| decision.state);
    state.map_err(|refusals| first_of("", refusals))
}
