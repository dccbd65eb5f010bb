//! `shard plan|apply|undo`: what would have to move, moving it, and the way back.

use std::path::Path;
use std::sync::Arc;

use deedbook_model::Revision;
use deedbook_model::document::{self, Syntax};
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_rules::placement::plan::{Plan, PlanError};

use super::offline::plan_offline;
use crate::commands::write::{Authorship, confirm};
use crate::context::Context;
use crate::error::Failure;
use crate::files::Input;
use crate::grammar::arguments::WhyArgs;
use crate::grammar::mesh::shard;
use crate::grammar::values::Format;
use crate::output::table::Table;
use crate::output::{Output, human};
use crate::source::{PlanAsk, Source};

/// Status of a command that did a part.
const PARTLY: u8 = 8;

/// Prints a plan.
pub(super) fn plan(args: &shard::Plan, context: &mut Context) -> Result<(), Failure> {
    if let Some(request) = &args.request {
        return plan_offline(request, args.strategy.as_deref(), context);
    }
    let asked = PlanAsk {
        strategy: args.strategy.clone(),
        max_moves: args.max_moves,
        at: args.at.at,
    };
    let namespace = args.namespace.name()?;
    let plan = context.source_to_read()?.plan(namespace, &asked)?;
    print(&plan, &mut context.output)
}

/// Does the moves of a plan.
pub(super) fn apply(args: &shard::Apply, context: &mut Context) -> Result<(), Failure> {
    let plan = read(&args.file)?;
    let mut source = context.source_to_change(args.why.who.dry_run)?;
    perform(plan, args.yes, &args.why, &mut source, context)?;
    close(source, &args.why)
}

/// Reads a plan out of a file.
pub(super) fn read(file: &Path) -> Result<Plan, Failure> {
    let input = Input::of(file);
    let text = input.read()?;
    let refused = |issues: Vec<Issue>| {
        let hint = "give it as `deedbook shard plan NAMESPACE -o json` printed it";
        let issues = issues.into_iter();
        Failure::Document {
            file: Some(input.label()),
            issues: issues.map(|issue| issue.with_hint(hint)).collect(),
        }
    };
    let read = match (Plan::read(&text.bytes), text.syntax) {
        // JSON is a plan whatever the file is called, and however long it is.
        (Err(PlanError::Json(_)), Syntax::Yaml) => {
            let node = document::parse(&text.bytes, Syntax::Yaml).map_err(refused)?;
            Plan::read(&serde_json::to_vec(&node.to_json())?)
        }
        (read, _) => read,
    };
    read.map_err(|error| {
        let issue = Issue::error(IssueKind::InvalidFormat, "", error.to_string());
        refused(vec![issue.with_code(error.code())])
    })
}

/// Plans how what a command moved comes back; with what is said of a change it is made as well.
pub(super) fn undo(args: &shard::Undo, context: &mut Context) -> Result<(), Failure> {
    let revision = Revision(args.revision);
    let who = &args.why.who;
    let is_meant = args.yes || who.dry_run || who.ticket.is_some() || args.why.reason.is_some();
    let mut source = match is_meant {
        true => context.source_to_change(who.dry_run)?,
        false => context.source_to_read()?,
    };
    let namespace = match &args.namespace {
        Some(namespace) => namespace.clone(),
        None => only_namespace(revision, &mut source)?,
    };
    let plan = source.plan_undo(&namespace, revision)?;
    if !is_meant {
        let output = &mut context.output;
        print(&plan, output)?;
        if output.format == Format::Human && !plan.moves().is_empty() {
            output.flush()?;
            let hint = format!("hint: `deedbook shard undo {revision} --yes` makes these moves");
            let hint = output.hint_here(hint);
            output.note(&hint);
        }
        return Ok(());
    }
    for stay in plan.stays() {
        let (shard, reason) = (&stay.shard_id, stay.reason.as_str());
        let at = stay
            .at
            .as_ref()
            .map_or(String::new(), |at| format!(" at {at}"));
        let note = format!("warning: shard {namespace}/{shard} stays{at}: {reason}");
        context.output.note(&human::one_line(&note));
    }
    let stays = !plan.stays().is_empty();
    if stays && plan.moves().is_empty() {
        let message = format!("nothing of revision {revision} can be brought back");
        let issue = Issue::error(IssueKind::Conflict, "", message);
        let refusal = deedbook_rules::Refusal::of(0, vec![issue]);
        return Err(Failure::Refused {
            file: None,
            refusal,
        });
    }
    perform(plan, args.yes, &args.why, &mut source, context)?;
    close(source, &args.why)?;
    if stays {
        Err(Failure::Status(PARTLY))
    } else {
        Ok(())
    }
}

/// The namespace in which a command moved shards, if it is one.
fn only_namespace(revision: Revision, source: &mut Source) -> Result<String, Failure> {
    let moved = source.moved_namespaces(revision)?;
    match moved.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Failure::MovedNothing(revision, None)),
        several => Err(Failure::Usage(format!(
            "revision {revision} moved shards of {}: choose one with --namespace",
            several.join(", ")
        ))),
    }
}

fn perform(
    plan: Plan,
    yes: bool,
    why: &WhyArgs,
    source: &mut Source,
    context: &mut Context,
) -> Result<(), Failure> {
    let dry_run = why.who.dry_run;
    let moves = human::count(plan.moves().len(), "shard");
    let namespace = human::one_line(plan.namespace());
    if !dry_run {
        confirm(&format!("Move {moves} of {namespace}?"), yes)?;
    }
    let authorship = Authorship::of(why, &context.config);
    let applied = source.apply_plan(&Arc::new(plan), &authorship, dry_run)?;
    let output = &mut context.output;
    if output.format != Format::Human {
        return output.value(&applied);
    }
    let what = if dry_run { "would move" } else { "moved" };
    match applied.first {
        None => output.line(&format!("{what} nothing of {namespace}")),
        Some(_) if dry_run => output.line(&format!("{what} {moves} of {namespace}")),
        Some(_) => {
            let revision = applied.revision;
            output.line(&format!(
                "{what} {moves} of {namespace} at revision {revision}"
            ))?;
            output.flush()?;
            let hint = format!("hint: `deedbook shard undo {revision}` brings them back");
            let hint = output.hint_here(hint);
            output.note(&hint);
            Ok(())
        }
    }
}

fn close(source: Source, why: &WhyArgs) -> Result<(), Failure> {
    if why.who.dry_run {
        Ok(())
    } else {
        source.close()
    }
}

fn print(plan: &Plan, output: &mut Output) -> Result<(), Failure> {
    if output.format != Format::Human {
        return output.value(plan);
    }
    let mut moves = Table::new(&["SHARD", "FROM", "TO", "BECAUSE"]);
    for one in plan.moves() {
        let reason = one.reason.as_str().to_owned();
        moves.row([
            one.shard_id.clone(),
            one.from.clone(),
            one.to.clone(),
            reason,
        ]);
    }
    output.text(&moves.render())?;
    let mut stays = Table::new(&["STAYS", "AT", "NOT", "BECAUSE"]);
    for one in plan.stays() {
        let (at, reason) = (
            one.at.clone().unwrap_or_default(),
            one.reason.as_str().to_owned(),
        );
        stays.row([one.shard_id.clone(), at, one.to.clone(), reason]);
    }
    output.text(&stays.render())?;
    let moves = human::count(plan.moves().len(), "move");
    let held_back = match plan.held_back() {
        0 => String::new(),
        more => format!(", {more} more held back"),
    };
    let by = match plan.undoes() {
        Some(revision) => format!("undo revision {revision}"),
        None => format!("by {}", human::one_line(plan.strategy_id())),
    };
    let digest = plan.digest();
    output.line(&format!("{moves} {by}{held_back}; plan {digest}"))
}
