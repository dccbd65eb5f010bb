//! `diff`: two components, or two revisions of the book.

use anstyle::{AnsiColor, Style};
use deedbook_api::shapes::{RecordDiffShape, StatesDiffShape};
use deedbook_rules::Record;
use deedbook_rules::diff::{Difference, RecordDifference, diff_documents};
use serde::Serialize;

use super::component::{facts, tell_deprecated};
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::book::Diff;
use crate::grammar::component::DiffComponents;
use crate::grammar::values::Format;
use crate::output::{Output, human, record};
use crate::source::StatesDiff;

const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();

/// Status of a command that found differences.
const DIFFERENT: u8 = 1;

#[derive(Serialize)]
struct Documents {
    from: String,
    to: String,
    differences: Vec<Difference>,
}

/// Shows what differs between two components.
pub(crate) fn diff_components(args: &DiffComponents, context: &mut Context) -> Result<(), Failure> {
    let mut source = context.source_to_read()?;
    let [from, to] = source.two_components([&args.before, &args.after], args.at.at)?;
    for seen in [&from, &to] {
        tell_deprecated(seen, &mut context.output)?;
    }
    let (before, after) = (
        record::document(&from.record)?,
        record::document(&to.record)?,
    );
    let differences = diff_documents(&before, &after);
    let (from, to) = (facts(&from.record)?.title(), facts(&to.record)?.title());
    print_differences(differences, &mut context.output, |differences| Documents {
        from,
        to,
        differences,
    })
}

/// Prints where two documents differ; JSON and YAML as `whole` makes it. Ends with 1 where they do.
pub(super) fn print_differences<T: Serialize>(
    differences: Vec<Difference>,
    output: &mut Output,
    whole: impl FnOnce(Vec<Difference>) -> T,
) -> Result<(), Failure> {
    let different = !differences.is_empty();
    match output.format {
        Format::Human => {
            for difference in &differences {
                output.text(&lines(difference))?;
            }
        }
        Format::Jsonl => {
            for difference in &differences {
                output.value(difference)?;
            }
        }
        _ => output.value(&whole(differences))?,
    }
    if different {
        Err(Failure::Status(DIFFERENT))
    } else {
        Ok(())
    }
}

/// `- /pointer: before` and `+ /pointer: after`.
fn lines(difference: &Difference) -> String {
    let pointer = human::one_line(&difference.pointer);
    let mut text = String::new();
    if let Some(before) = &difference.before {
        text.push_str(&format!(
            "{REMOVED}- {pointer}: {}{REMOVED:#}\n",
            human::short(before)
        ));
    }
    if let Some(after) = &difference.after {
        text.push_str(&format!(
            "{ADDED}+ {pointer}: {}{ADDED:#}\n",
            human::short(after)
        ));
    }
    text
}

/// Shows which records differ between two moments of the book.
pub(crate) fn diff_revisions(args: &Diff, context: &mut Context) -> Result<(), Failure> {
    let found = context.source_to_read()?.diff(args.from, args.to)?;
    print_states(&found, &mut context.output)
}

/// Prints which records differ. Ends with 1 where any does.
pub(super) fn print_states(found: &StatesDiff, output: &mut Output) -> Result<(), Failure> {
    let differences = &found.items;
    match output.format {
        Format::Human => {
            for difference in differences {
                output.text(&record_lines(difference)?)?;
            }
        }
        Format::Jsonl => {
            for difference in differences {
                if let Some(item) = RecordDiffShape::of(difference)? {
                    output.value(&item)?;
                }
            }
        }
        _ => {
            let items: Result<Vec<_>, _> = differences.iter().map(RecordDiffShape::of).collect();
            output.value(&StatesDiffShape {
                from: found.from,
                to: found.to,
                items: items?.into_iter().flatten().collect(),
            })?;
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(Failure::Status(DIFFERENT))
    }
}

fn sign(difference: &RecordDifference) -> (char, Style) {
    match (&difference.before, &difference.after) {
        (None, _) => ('+', ADDED),
        (Some(_), None) => ('-', REMOVED),
        (Some(_), Some(_)) => ('~', CHANGED),
    }
}

fn record_lines(difference: &RecordDifference) -> Result<String, Failure> {
    let RecordDifference { before, after } = difference;
    let Some(record) = after.as_ref().or(before.as_ref()) else {
        return Ok(String::new());
    };
    let (sign, style) = sign(difference);
    let mut text = format!("{style}{sign} {} {}{style:#}\n", record.kind, title(record));
    if let (Some(before), Some(after)) = (before, after) {
        let (before, after) = (record::document(before)?, record::document(after)?);
        for inner in diff_documents(&before, &after) {
            for line in lines(&inner).lines() {
                text.push_str(&format!("    {line}\n"));
            }
        }
    }
    Ok(text)
}

fn title(record: &Record) -> String {
    match record.component() {
        Some(facts) => facts.title(),
        None => record.key.to_string(),
    }
}
