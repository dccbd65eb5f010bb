//! `registry ls|search|versions`: lists of components.

use deedbook_book::{At, Book, View};
use deedbook_rules::Record;
use deedbook_rules::components::{Cursor, NameOrUuid, Page, Query};
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;

use crate::context::{Context, view_at};
use crate::error::Failure;
use crate::grammar::component::{FilterArgs, List, Search, Versions};
use crate::grammar::values::{Format, Moment};
use crate::output::record::{self, ReadableEnvelope};
use crate::output::table::Table;
use crate::output::{Output, human};

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
    let book = context.open_to_read()?;
    let cursor = args.page.cursor.as_deref().map(Cursor::parse).transpose()?;
    let view = view_of_list(&book, cursor.as_ref(), args.at.at)?;
    if args.page.all {
        return print_all(&view, &query, cursor, &mut context.output);
    }
    let limit = usize::try_from(args.page.limit).unwrap_or(usize::MAX);
    let page = view.search(&query, limit, cursor.as_ref())?;
    print_page(&page.items, page.next.as_ref(), &view, &mut context.output)?;
    if page.next.is_some() && context.output.format != Format::Json {
        tell_more(&page, &mut context.output);
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
    let view = context.view(&args.at)?;
    let key = NameOrUuid::of(&args.key);
    // A uuid stands for its family here.
    let family = match view.versions(&key) {
        [only] if matches!(key, NameOrUuid::Uuid(_)) => only
            .component()
            .map_or(key, |facts| NameOrUuid::Name(facts.name.to_string())),
        _ => key,
    };
    let records = view.versions(&family);
    if records.is_empty() {
        return Err(Failure::Lookup(
            deedbook_rules::components::LookupError::Unknown {
                key: args.key.clone(),
            },
        ));
    }
    print_page(records, None, &view, &mut context.output)
}

/// A cursor is pinned to a revision, which may be gone.
fn view_of_list(
    book: &Book,
    cursor: Option<&Cursor>,
    at: Option<Moment>,
) -> Result<Arc<View>, Failure> {
    let Some(cursor) = cursor else {
        return view_at(book, at);
    };
    let view = book
        .view_at(At::Revision(cursor.revision))
        .map_err(|error| match error.code() {
            deedbook_model::code::Code::Compacted => Failure::CursorExpired(cursor.revision),
            _ => Failure::Book(error),
        })?;
    Ok(view)
}

/// Prints page after page. JSON and YAML become one list.
fn print_all(
    view: &View,
    query: &Query,
    mut cursor: Option<Cursor>,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut items = Vec::new();
    loop {
        let page = view.search(
            query,
            deedbook_rules::components::MAX_LIMIT,
            cursor.as_ref(),
        )?;
        if output.format == Format::Jsonl {
            print_page(&page.items, None, view, output)?;
        } else {
            items.extend(page.items);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    match output.format {
        Format::Jsonl => Ok(()),
        _ => print_page(&items, None, view, output),
    }
}

fn print_page(
    records: &[Arc<Record>],
    next: Option<&Cursor>,
    view: &View,
    output: &mut Output,
) -> Result<(), Failure> {
    let next_cursor = next.map(Cursor::to_text);
    let revision = view.head().revision.0;
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
            facts.name.to_string(),
            facts.version.to_string(),
            facts.meta_type.to_string(),
            facts.lifecycle.to_string(),
            human::cut(&facts.tags.iter().collect::<Vec<_>>().join(","), 60),
        ]);
    }
    table
}

fn tell_more(page: &Page, output: &mut Output) {
    if let Some(next) = &page.next {
        output.note(&format!(
            "hint: there are more: go on with --cursor {}, or list all with --all",
            next.to_text()
        ));
    }
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
