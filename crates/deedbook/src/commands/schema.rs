//! `schema`: the documents that this program reads, and their JSON Schemas.

use deedbook_model::component::json_schema;
use deedbook_model::schema::METADATA_VERSION;
use serde::Serialize;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::book::SchemaShow;
use crate::grammar::values::Format;
use crate::output::table::Table;

/// One kind of document.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    version: String,
    reads: &'static [&'static str],
    writes: &'static str,
}

#[derive(Serialize)]
struct List {
    items: Vec<Listed>,
}

fn component() -> Listed {
    Listed {
        name: "component",
        version: METADATA_VERSION.to_string(),
        reads: &["0.1", "0.2", "0.3"],
        writes: "0.3",
    }
}

/// Lists the schemas.
pub(crate) fn list(context: &mut Context) -> Result<(), Failure> {
    let item = component();
    match context.output.format {
        Format::Human => {
            let mut table = Table::new(&["NAME", "VERSION", "READS", "WRITES"]);
            table.row([
                item.name.to_owned(),
                item.version,
                item.reads.join(", "),
                item.writes.to_owned(),
            ]);
            context.output.text(&table.render())
        }
        Format::Jsonl => context.output.value(&item),
        _ => context.output.value(&List { items: vec![item] }),
    }
}

/// Prints a JSON Schema.
pub(crate) fn show(args: &SchemaShow, context: &mut Context) -> Result<(), Failure> {
    if args.name != component().name {
        let message = format!("no schema `{}`; there is `{}`", args.name, component().name);
        return Err(Failure::NotFound(message));
    }
    let schema = json_schema();
    match context.output.format {
        // A schema is JSON, for people too.
        Format::Human => {
            let text = crate::output::json::line(&schema)?;
            context.output.line(&crate::output::json::pretty(&text))
        }
        _ => context.output.value(&schema),
    }
}
