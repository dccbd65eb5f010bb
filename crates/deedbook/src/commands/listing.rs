//! Lists of records, whatever their kind: a page, or page after page.

use std::sync::Arc;

use deedbook_rules::Record;
use deedbook_rules::components::MAX_LIMIT;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::Failure;
use crate::grammar::arguments::PageArgs;
use crate::grammar::values::{Format, Moment};
use crate::output::Output;
use crate::output::record::{self, ReadableEnvelope};
use crate::output::table::Table;
use crate::source::Records;

/// One page of a list, as programs read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listing<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
    revision: u64,
}

/// Prints the records that `fetch` gives for a limit, a cursor and a moment.
pub(super) fn list(
    page: &PageArgs,
    at: Option<Moment>,
    table: impl Fn(&[Arc<Record>]) -> Table,
    mut fetch: impl FnMut(usize, Option<&str>, Option<Moment>) -> Result<Records, Failure>,
    output: &mut Output,
) -> Result<(), Failure> {
    let cursor = page.cursor.as_deref();
    if page.all {
        return print_all(at, table, fetch, cursor, output);
    }
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let found = fetch(limit, cursor, at)?;
    print(&found, table, output)?;
    if let Some(next) = found.next.filter(|_| output.format != Format::Json) {
        tell_more(&next, output);
    }
    Ok(())
}

/// Prints page after page. JSON and YAML become one list.
fn print_all(
    at: Option<Moment>,
    table: impl Fn(&[Arc<Record>]) -> Table,
    mut fetch: impl FnMut(usize, Option<&str>, Option<Moment>) -> Result<Records, Failure>,
    cursor: Option<&str>,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut all = fetch(MAX_LIMIT, cursor, at)?;
    while let Some(next) = all.next.take() {
        if output.format == Format::Jsonl {
            print(&all, &table, output)?;
            all.items.clear();
        }
        let page = fetch(MAX_LIMIT, Some(&next), None)?;
        all.items.extend(page.items);
        all.next = page.next;
    }
    print(&all, table, output)
}

/// Prints a page.
pub(super) fn print(
    page: &Records,
    table: impl Fn(&[Arc<Record>]) -> Table,
    output: &mut Output,
) -> Result<(), Failure> {
    let records = &page.items;
    let next_cursor = page.next.clone();
    let revision = page.revision.0;
    match output.format {
        Format::Human => output.text(&table(records).render()),
        Format::Jsonl => {
            for one in records {
                output.value(record::stored(one)?)?;
            }
            Ok(())
        }
        Format::Yaml => {
            let items: Result<Vec<ReadableEnvelope<'_>>, Failure> =
                records.iter().map(|one| record::readable(one)).collect();
            output.value(&Listing {
                items: items?,
                next_cursor,
                revision,
            })
        }
        _ => {
            let items: Result<Vec<&RawValue>, Failure> =
                records.iter().map(|one| record::stored(one)).collect();
            output.value(&Listing {
                items: items?,
                next_cursor,
                revision,
            })
        }
    }
}

fn tell_more(next: &str, output: &mut Output) {
    output.note(&format!(
        "hint: there are more: go on with --cursor {next}, or list all with --all"
    ));
}
