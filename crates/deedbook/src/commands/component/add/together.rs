//! All documents as one command, and dry runs.

use deedbook_model::Lineage;
use deedbook_model::code::Code;
use deedbook_rules::{Command, Decision, Refusal, State, Write, decide};

use super::report::Reporter;
use super::{Candidate, Plan, refused};
use crate::context::{Context, now};
use crate::documents::read_ahead;
use crate::error::Failure;
use crate::files::Input;
use crate::source::{Done, Remote, Source, Together, TogetherDone};

/// Registers all documents or none.
pub(super) fn add(
    inputs: &[Input],
    plan: &Plan,
    context: &mut Context,
    reporter: Reporter,
) -> Result<(), Failure> {
    let candidates = read_all(inputs, plan)?;
    if candidates.is_empty() {
        return reporter.finish(&mut context.output);
    }
    let drafts = candidates
        .iter()
        .map(|candidate| candidate.draft.as_ref().ok().cloned());
    let Some(drafts) = drafts.collect::<Option<Vec<_>>>() else {
        return tell_none(candidates, Vec::new(), reporter, context);
    };
    let together = Together {
        drafts,
        require_dependencies: plan.require_dependencies,
        dry_run: plan.dry_run,
    };
    match register(&together, plan, context)? {
        Ok(done) => tell_all(candidates, &done, plan, reporter, context),
        Err(blamed) => tell_none(candidates, blamed, reporter, context),
    }
}

fn register(
    together: &Together,
    plan: &Plan,
    context: &mut Context,
) -> Result<TogetherDone, Failure> {
    if let Some(mut remote) = context.remote()? {
        return remote.register_together(together, &plan.authorship);
    }
    if plan.dry_run {
        let state = state_to_try(context)?;
        let drafts = together.drafts.iter().cloned();
        let command = plan
            .authorship
            .command(drafts.map(|d| plan.write(d)).collect());
        return Ok(match decide(&state, &command, now()) {
            Ok(decision) => Ok(decision.outcomes.iter().map(Done::of).collect()),
            Err(refusals) => Err(refusals.into_iter().map(blamed).collect()),
        });
    }
    let mut source = Source::Local(context.open_to_write()?);
    let result = source.register_together(together, &plan.authorship)?;
    source.close()?;
    Ok(result)
}

fn blamed(refusal: Refusal) -> (usize, Failure) {
    let file = None;
    (refusal.write, Failure::Refused { file, refusal })
}

/// Tries each document on its own, on the state that those before it would leave.
pub(super) fn try_each(
    inputs: &[Input],
    plan: &Plan,
    context: &mut Context,
    mut reporter: Reporter,
) -> Result<(), Failure> {
    if let Some(remote) = context.remote()? {
        return try_each_there(inputs, plan, remote, context, reporter);
    }
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
                    reporter.done(&label, title.clone(), &Done::of(outcome), true, output)?;
                }
            }
            Err(failure) => reporter.refused(&label, title, failure, output)?,
        }
    }
    reporter.finish(&mut context.output)
}

/// The same on a server: those that are refused are left out until the others go together.
fn try_each_there(
    inputs: &[Input],
    plan: &Plan,
    mut remote: Remote,
    context: &mut Context,
    mut reporter: Reporter,
) -> Result<(), Failure> {
    let mut candidates = read_all(inputs, plan)?;
    let mut done: Vec<Done> = Vec::new();
    loop {
        let drafts = candidates.iter().filter_map(|one| one.draft.as_ref().ok());
        let together = Together {
            drafts: drafts.cloned().collect(),
            require_dependencies: plan.require_dependencies,
            dry_run: true,
        };
        if together.drafts.is_empty() {
            break;
        }
        match remote.register_together(&together, &plan.authorship)? {
            Ok(all) => {
                done = all;
                break;
            }
            Err(blamed) => {
                let tried = candidates.iter_mut().filter(|one| one.draft.is_ok());
                let mut tried: Vec<&mut Candidate> = tried.collect();
                for (place, failure) in blamed {
                    if let Some(candidate) = tried.get_mut(place) {
                        candidate.draft = Err(refused(&candidate.label, failure));
                    }
                }
            }
        }
    }
    let mut done = done.into_iter();
    let output = &mut context.output;
    for candidate in candidates {
        let (label, title) = (candidate.label, candidate.title);
        match candidate.draft {
            Err(failure) => reporter.refused(&label, title, failure, output)?,
            Ok(_) => {
                if let Some(done) = done.next() {
                    reporter.done(&label, title, &done, true, output)?;
                }
            }
        }
    }
    reporter.finish(output)
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
    done: &[Done],
    plan: &Plan,
    mut reporter: Reporter,
    context: &mut Context,
) -> Result<(), Failure> {
    let output = &mut context.output;
    for (candidate, done) in candidates.into_iter().zip(done) {
        reporter.done(
            &candidate.label,
            candidate.title,
            done,
            plan.dry_run,
            output,
        )?;
    }
    reporter.finish(output)
}

/// Tells what is wrong with those that are to blame, and that the others weren't registered.
fn tell_none(
    candidates: Vec<Candidate>,
    mut blamed: Vec<(usize, Failure)>,
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
        let at = blamed.iter().position(|(own, _)| *own == place);
        match (draft, at) {
            (Err(failure), _) => reporter.refused(&label, title, failure, output)?,
            (Ok(_), Some(at)) => {
                let failure = refused(&label, blamed.swap_remove(at).1);
                reporter.refused(&label, title, failure, output)?;
            }
            (Ok(_), None) => reporter.left_out(&label, title, output)?,
        }
    }
    reporter.finish(output)
}

fn first_of(label: &str, refusals: Vec<Refusal>) -> Failure {
    match refusals.into_iter().next() {
        Some(refusal) => refused(label, blamed(refusal).1),
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
