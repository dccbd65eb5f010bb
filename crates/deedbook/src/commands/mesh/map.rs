//! `shard map`: who owns what, as a picture.

use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_rules::placement::picture::{Fate, OwnerMap, Owners, Row};
use serde::Serialize;

use super::export::records;
use super::plan::read;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::shard::Map;
use crate::grammar::values::{Format, Moment};
use crate::source::Source;

/// The same for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    namespace: &'a str,
    shards: usize,
    nodes: Vec<Node<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moves: Option<Vec<Moved<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Node<'a> {
    node_id: &'a str,
    /// Absent: it isn't one of the namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    draining: bool,
    shards: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Moved<'a> {
    shard_id: &'a str,
    /// Absent: it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    /// Absent: it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
}

/// Draws who owns what.
pub(super) fn map(args: &Map, context: &mut Context) -> Result<(), Failure> {
    let namespace = args.namespace.name()?;
    let plan = args.plan.as_deref().map(read).transpose()?;
    if let Some(plan) = plan.as_ref().filter(|plan| plan.namespace() != namespace) {
        let message = format!("the plan is for namespace {}", plan.namespace());
        return Err(Failure::Invalid(message));
    }
    let mut source = context.source_to_read()?;
    let now = owners(namespace, args.at.at, &mut source)?;
    let map = match (&plan, args.since) {
        (Some(plan), _) => OwnerMap::new(namespace, Some(&now), &now.after(plan.moves())),
        (None, Some(since)) => {
            let before = owners(namespace, Some(since), &mut source)?;
            OwnerMap::new(namespace, Some(&before), &now)
        }
        (None, None) => OwnerMap::new(namespace, None, &now),
    };
    if map.rows().is_empty() {
        // Nothing is in it: is there such a namespace?
        let key = MeshKey::of(MeshKind::Namespace, vec![namespace.to_owned()]);
        let key = key.map_err(|error| Failure::Invalid(error.to_string()))?;
        source.mesh_record(&key, args.at.at)?;
    }
    let output = &mut context.output;
    match output.format {
        Format::Human => output.text(&map.to_text()),
        Format::Svg => output.text(&map.to_svg()),
        Format::Json | Format::Yaml => output.value(&shown(namespace, &map)),
        _ => output.only(&[Format::Human, Format::Json, Format::Yaml, Format::Svg]),
    }
}

fn owners(namespace: &str, at: Option<Moment>, source: &mut Source) -> Result<Owners, Failure> {
    let kinds = [MeshKind::Node, MeshKind::Shard];
    let (records, _) = records(&kinds, Some(namespace), at, source)?;
    Ok(Owners::of(records.iter().map(|record| &**record)))
}

fn shown<'a>(namespace: &'a str, map: &'a OwnerMap) -> Shown<'a> {
    let node = |row: &'a Row| Node {
        node_id: &row.node,
        weight: row.weight,
        place: row.place.as_deref(),
        draining: row.is_draining,
        shards: row.after(),
        before: map.compares().then(|| row.before()),
    };
    // One that moved is in two rows, and told with the one that it comes to.
    let moved = map.rows().iter().flat_map(|row| {
        row.cells.iter().filter_map(|cell| {
            let (from, to) = match &cell.fate {
                Fate::Comes(from) => (from.as_deref(), Some(row.node.as_str())),
                Fate::Goes(None) => (Some(row.node.as_str()), None),
                Fate::Stays | Fate::Goes(Some(_)) => return None,
            };
            Some(Moved {
                shard_id: &cell.shard,
                from,
                to,
            })
        })
    });
    Shown {
        namespace,
        shards: map.shards(),
        nodes: map.rows().iter().map(node).collect(),
        moves: map.compares().then(|| moved.collect()),
    }
}
