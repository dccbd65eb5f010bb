//! `diff`: two components, or two revisions of the book.

use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use deedbook_book::View;
use deedbook_rules::Record;
use deedbook_rules::diff::{Difference, RecordDifference, diff_documents, diff_states};
use serde::Serialize;
use serde_json::value::RawValue;

use super::component::find;
use crate::context::{Context, view_at};
use crate::error::Failure;
use crate::grammar::book::Diff;
use crate::grammar::component::DiffComponents;
use crate::grammar::values::{Format, Moment};
use crate::output::{human, record};

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
    let view = context.view(&args.at)?;
    let from = find(&args.before, &view, context)?;
    let to = find(&args.after, &view, context)?;
    let (before, after) = (record::document(from.record)?, record::document(to.record)?);
    let differences = diff_documents(&before, &after);
    let different = !differences.is_empty();
    match context.output.format {
        Format::Human => {
            for difference in &differences {
                context.output.text(&lines(difference))?;
            }
        }
        Format::Jsonl => {
            for difference in &differences {
                context.output.value(difference)?;
            }
        }
        _ => context.output.value(&Documents {
            from: from.facts.title(),
            to: to.facts.title(),
            differences,
        })?,
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

#[derive(Serialize)]
struct States<'a> {
    from: u64,
    to: u64,
    items: Vec<Item<'a>>,
}

/// One record that differs.
#[derive(Serialize)]
struct Item<'a> {
    change: &'static str,
    kind: &'a str,
    key: &'a str,
    before: Option<&'a RawValue>,
    after: Option<&'a RawValue>,
}

/// Shows which records differ between two moments of the book.
pub(crate) fn diff_revisions(args: &Diff, context: &mut Context) -> Result<(), Failure> {
    let book = context.open_to_read()?;
    let before = view_at(&book, Some(args.from))?;
    let after: Arc<View> = view_at(&book, args.to.or(None::<Moment>))?;
    let differences = diff_states(&before, &after);
    match context.output.format {
        Format::Human => {
            for difference in &differences {
                context.output.text(&record_lines(difference)?)?;
            }
        }
        Format::Jsonl => {
            for difference in &differences {
                if let Some(item) = item(difference)? {
                    context.output.value(&item)?;
                }
            }
        }
        _ => {
            let items: Result<Vec<_>, _> = differences.iter().map(item).collect();
            context.output.value(&States {
                from: before.head().revision.0,
                to: after.head().revision.0,
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

fn item(difference: &RecordDifference) -> Result<Option<Item<'_>>, Failure> {
    let RecordDifference { before, after } = difference;
    let Some(record) = after.as_ref().or(before.as_ref()) else {
        return Ok(None);
    };
    Ok(Some(Item {
        change: word(difference).0,
        kind: record.kind.as_str(),
        key: &record.key,
        before: before
            .as_ref()
            .map(|record| record::stored(record))
            .transpose()?,
        after: after
            .as_ref()
            .map(|record| record::stored(record))
            .transpose()?,
    }))
}

fn word(difference: &RecordDifference) -> (&'static str, char, Style) {
    match (&difference.before, &difference.after) {
        (None, _) => ("added", '+', ADDED),
        (Some(_), None) => ("removed", '-', REMOVED),
        (Some(_), Some(_)) => ("changed", '~', CHANGED),
    }
}

fn record_lines(difference: &RecordDifference) -> Result<String, Failure> {
    let RecordDifference { before, after } = difference;
    let Some(record) = after.as_ref().or(before.as_ref()) else {
        return Ok(String::new());
    };
    let (_, sign, style) = word(difference);
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
