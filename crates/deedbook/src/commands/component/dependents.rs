//! `registry dependents`: what depends on a component.

use std::collections::HashMap;

use deedbook_rules::dependents::Dependent;
use serde::Serialize;
use uuid::Uuid;

use crate::commands::component::{facts, find};
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::component::Dependents;
use crate::grammar::values::Format;
use crate::output::human;
use crate::output::table::Table;

#[derive(Serialize)]
struct Listing {
    uuid: String,
    items: Vec<Dependent>,
    revision: u64,
}

/// Shows what depends on a component, and what would break without it.
pub(crate) fn dependents(args: &Dependents, context: &mut Context) -> Result<(), Failure> {
    let mut source = context.source_to_read()?;
    let seen = find(&args.key.key, &mut source, args.at.at, context)?;
    let facts = facts(&seen.record)?;
    let found = source.dependents(facts.uuid(), args.depth, args.at.at)?;
    let items = found.items;
    let output = &mut context.output;
    match output.format {
        Format::Human => {
            let breaking = items.iter().filter(|dependent| dependent.breaks).count();
            let title = facts.title();
            output.text(&table(&items, found.uuid, &title).render())?;
            output.note(&match items.len() {
                0 => format!("nothing depends on {title}"),
                all => format!(
                    "{} on {title}; {breaking} would break without it",
                    human::count(all, "component") + if all == 1 { " depends" } else { " depend" },
                ),
            });
            Ok(())
        }
        Format::Jsonl => {
            for dependent in &items {
                output.value(dependent)?;
            }
            Ok(())
        }
        _ => output.value(&Listing {
            uuid: found.uuid.to_string(),
            items,
            revision: found.revision.0,
        }),
    }
}

fn table(items: &[Dependent], asked: Uuid, title: &str) -> Table {
    let own = |one: &Dependent| (one.uuid, format!("{}@{}", one.name, one.version));
    let mut titles: HashMap<Uuid, String> = items.iter().map(own).collect();
    titles.insert(asked, title.to_owned());
    let mut table = Table::new(&[
        "DEPTH",
        "NAME",
        "VERSION",
        "TYPE",
        "NEEDS",
        "WANTS",
        "WITHOUT IT",
    ]);
    for one in items {
        let without = match (one.breaks, one.optional) {
            (true, _) => "breaks",
            (false, true) => "goes on (optional)",
            (false, false) => "goes on",
        };
        table.row([
            one.depth.to_string(),
            one.name.clone(),
            one.version.clone(),
            one.meta_type.clone(),
            titles
                .get(&one.on)
                .cloned()
                .unwrap_or_else(|| one.on.to_string()),
            one.version_spec
                .clone()
                .unwrap_or_else(|| "latest".to_owned()),
            without.to_owned(),
        ]);
    }
    table
}
