//! `registry ls|search|versions`: lists of components.

use deedbook_rules::Record;
use deedbook_rules::components::{MAX_LIMIT, Query};
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::component::{FilterArgs, List, Search, Versions};
use crate::grammar::values::{Format, Moment};
use crate::output::record::{self, ReadableEnvelope};
use crate::output::table::Table;
use crate::output::{Output, human};
use crate::source::{Records, Source};

/// One page of a list, as programs read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listing<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
    revision: u64,
}

/// Lists components.
pub(crate) fn list(args: List, context: &mut Context) -> Result<(), Failure> {
    let query = query(args.filter, args.text);
    let mut source = context.source_to_read()?;
    let cursor = args.page.cursor.as_deref();
    let output = &mut context.output;
    if args.page.all {
        return print_all(&mut source, &query, cursor, args.at.at, output);
    }
    let limit = usize::try_from(args.page.limit).unwrap_or(usize::MAX);
    let page = source.list(&query, limit, cursor, args.at.at)?;
    print_page(&page, output)?;
    if let Some(next) = page.next.filter(|_| output.format != Format::Json) {
        tell_more(&next, output);
    }
    Ok(())
}

/// Finds components by words.
pub(crate) fn search(args: Search, context: &mut Context) -> Result<(), Failure> {
    let mut list_args = args.list;
    if !args.words.is_empty() {
        list_args.text = Some(args.words.join(" "));
    }
    list(list_args, context)
}

/// Lists all versions of a component.
pub(crate) fn versions(args: &Versions, context: &mut Context) -> Result<(), Failure> {
    let found = context.source_to_read()?.versions(&args.key, args.at.at)?;
    print_page(&found, &mut context.output)
}

/// Prints page after page. JSON and YAML become one list.
fn print_all(
    source: &mut Source,
    query: &Query,
    cursor: Option<&str>,
    at: Option<Moment>,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut all = source.list(query, MAX_LIMIT, cursor, at)?;
    while let Some(next) = all.next.take() {
        if output.format == Format::Jsonl {
            print_page(&all, output)?;
            all.items.clear();
        }
        let page = source.list(query, MAX_LIMIT, Some(&next), None)?;
        all.items.extend(page.items);
        all.next = page.next;
    }
    print_page(&all, output)
}

fn print_page(page: &Records, output: &mut Output) -> Result<(), Failure> {
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

fn table(records: &[Arc<Record>]) -> Table {
    let mut table = Table::new(&["NAME", "VERSION", "TYPE", "LIFECYCLE", "TAGS"]);
    for facts in records.iter().filter_map(|record| record.component()) {
        table.row([
            facts.name().to_string(),
            facts.version().to_string(),
            facts.meta_type().to_owned(),
            facts.lifecycle.to_string(),
            human::cut(&facts.tags().iter().collect::<Vec<_>>().join(","), 60),
        ]);
    }
    table
}

fn tell_more(next: &str, output: &mut Output) {
    output.note(&format!(
        "hint: there are more: go on with --cursor {next}, or list all with --all"
    ));
}

fn query(filter: FilterArgs, text: Option<String>) -> Query {
    Query {
        tags: filter.tags,
        any_tags: filter.any_tags,
        meta_type: filter.meta_type.map(|one| one.as_str().to_owned()),
        lifecycles: filter.lifecycles,
        capability: filter.capability,
        namespace: filter.namespace,
        name: filter.name,
        text,
        latest_only: filter.latest_only,
        reader: None,
    }
}
