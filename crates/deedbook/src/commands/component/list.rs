//! `registry ls|search|versions`: lists of components.

use std::sync::Arc;

use deedbook_rules::Record;
use deedbook_rules::components::Query;

use crate::commands::listing;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::component::{FilterArgs, List, Search, Versions};
use crate::output::human;
use crate::output::table::Table;

/// Lists components.
pub(crate) fn list(args: List, context: &mut Context) -> Result<(), Failure> {
    let query = query(args.filter, args.text);
    let mut source = context.source_to_read()?;
    let fetch = |limit, cursor: Option<&str>, at| source.list(&query, limit, cursor, at);
    listing::list(&args.page, args.at.at, table, fetch, &mut context.output)
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
    listing::print(&found, table, &mut context.output)
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
