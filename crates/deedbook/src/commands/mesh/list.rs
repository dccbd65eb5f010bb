//! `KIND ls`: lists of records.

use std::sync::Arc;

use deedbook_model::mesh::MeshKind;
use deedbook_rules::Record;
use serde_json::Value;

use crate::commands::listing;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::{Described, List};
use crate::output::table::Table;
use crate::output::{human, record};
use crate::source::MeshAsk;

/// Lists records of a kind.
pub(super) fn list<K: Described>(args: List<K>, context: &mut Context) -> Result<(), Failure> {
    let asked: MeshAsk = args.filter.into();
    let mut source = context.source_to_read()?;
    let fetch =
        |limit, cursor: Option<&str>, at| source.mesh_list(K::KIND, &asked, limit, cursor, at);
    let rows = |records: &[Arc<Record>]| table(K::KIND, records);
    listing::list(&args.page, args.at.at, rows, fetch, &mut context.output)
}

/// Members that a list shows beside the key: what the column is called, and what it holds.
fn columns(kind: MeshKind) -> &'static [(&'static str, &'static str)] {
    match kind {
        MeshKind::Namespace => &[
            ("NAMESPACE", ""),
            ("STRATEGY", "strategyId"),
            ("RANGES", "ranges"),
            ("DESCRIPTION", "description"),
        ],
        MeshKind::Node => &[
            ("NODE", ""),
            ("WEIGHT", "weight"),
            ("REGION", "region"),
            ("ZONE", "zone"),
            ("DRAINING", "draining"),
        ],
        MeshKind::Service => &[("SERVICE", ""), ("DESCRIPTION", "description")],
        MeshKind::Endpoint => &[
            ("ENDPOINT", ""),
            ("URI", "uri"),
            ("NODE", "nodeId"),
            ("WEIGHT", "weight"),
            ("ZONE", "zone"),
        ],
        MeshKind::Shard => &[
            ("SHARD", ""),
            ("OWNER", "ownerNodeId"),
            ("STATUS", "status"),
            ("STRATEGY", "strategyId"),
            ("LOCALITY", "localityHint"),
        ],
    }
}

fn table(kind: MeshKind, records: &[Arc<Record>]) -> Table {
    let columns = columns(kind);
    let header: Vec<&'static str> = columns.iter().map(|(name, _)| *name).collect();
    let mut table = Table::new(&header);
    for one in records {
        // What only a later release can read is listed by its key all the same.
        let data = record::document(one).unwrap_or_default();
        let cells = columns.iter().map(|(_, member)| match *member {
            "" => one.key.to_string(),
            member => cell(data.get(member)),
        });
        table.row(cells.collect::<Vec<_>>());
    }
    table
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Bool(is_so)) => if *is_so { "yes" } else { "no" }.to_owned(),
        Some(Value::String(text)) => human::cut(text, 60),
        Some(other) => other.to_string(),
    }
}
