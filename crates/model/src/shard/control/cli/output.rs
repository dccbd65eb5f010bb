//! What is printed. Texts from the server stand in it as they are: what a terminal would obey is
//! the caller's to replace, who knows whether there is one.

use std::fmt::{Display, Write as _};

use crate::shard::control::json::{JsonMode, ToJson};
use crate::shard::control::shapes::{Diff, DiffEntry, ShardList, SimulateResponse};
use crate::text::folded;

/// Bytes of JSON from which on it isn't indented.
const MOST_INDENTED: usize = 512 * 1024;

/// A column: its heading and the UTF-16 units it has at least.
type Column = (&'static str, usize);

const NAMESPACE: Column = ("Namespace", 24);
const SHARD: Column = ("Shard", 18);
const OWNER: Column = ("Owner", 18);
const STATUS: Column = ("Status", 10);
const VERSION: Column = ("Version", 8);
const UPDATED: Column = ("Updated", 24);
const CURRENT: Column = ("Current", 18);
const PROPOSED: Column = ("Proposed", 18);

/// The answer as JSON: indented, or on one line when it is long.
#[must_use]
pub fn json_text(answer: &impl ToJson) -> String {
    let mut out = answer.to_json(JsonMode::CommandLine);
    if out.len() <= MOST_INDENTED {
        out.clear();
        answer.write_json(JsonMode::Indented, &mut out);
    }
    out.push('\n');
    out
}

/// A page of shards, by namespace and id.
#[must_use]
pub fn list_text(list: &ShardList) -> String {
    let mut out = String::new();
    line(&mut out, format_args!("Shard version : {}", list.version));
    let cursor = list.next_cursor.as_deref().unwrap_or("(none)");
    line(&mut out, format_args!("Next cursor   : {cursor}\n"));
    if list.items.is_empty() {
        line(&mut out, "No shard matches.");
        return out;
    }
    row(
        &mut out,
        [NAMESPACE, SHARD, OWNER, STATUS].map(|column| (column, column.0)),
        Some((VERSION, VERSION.0)),
        (UPDATED, UPDATED.0),
    );
    for shard in sorted(&list.items, |shard| (&shard.namespace, &shard.shard_id)) {
        row(
            &mut out,
            [
                (NAMESPACE, &*shard.namespace),
                (SHARD, &shard.shard_id),
                (OWNER, &shard.owner_node_id),
                (STATUS, &shard.status.to_string()),
            ],
            Some((VERSION, &shard.version.to_string())),
            (UPDATED, &shard.updated_at.table_text()),
        );
    }
    out
}

/// Changes, by position.
#[must_use]
pub fn diff_text(diff: &Diff) -> String {
    let mut out = String::new();
    let mut entries: Vec<&DiffEntry> = diff.items.iter().collect();
    entries.sort_by_key(|entry| entry.position);
    for entry in &entries {
        push_entry(&mut out, entry);
    }
    if entries.is_empty() {
        line(&mut out, "No change is in that range.");
    }
    match diff.last_position {
        Some(position) => line(&mut out, format_args!("\nLast position: {position}")),
        None => line(&mut out, "\nLast position: (none)"),
    }
    out
}

fn push_entry(out: &mut String, entry: &DiffEntry) {
    let shard = &entry.current;
    let former = entry
        .previous
        .as_ref()
        .map_or("(new)", |previous| &previous.owner_node_id);
    let (namespace, id, owner) = (&shard.namespace, &shard.shard_id, &shard.owner_node_id);
    line(out, format_args!("[{}] {namespace}/{id}", entry.position));
    match entry.removed {
        true => line(out, format_args!("  owner : {former} -> (removed)")),
        false => {
            let status = shard.status;
            line(
                out,
                format_args!("  owner : {former} -> {owner} ({status})"),
            );
        }
    }
    line(out, format_args!("  version: {}", shard.version));
    if let Some(ticket) = shard
        .change_ticket
        .as_ref()
        .filter(|text| !text.trim().is_empty())
    {
        line(out, format_args!("  ticket : {ticket}"));
    }
    if let Some(history) = &entry.history {
        let (actor, reason) = (&history.actor, &history.reason);
        line(out, format_args!("  actor  : {actor} reason={reason}"));
    }
}

/// A placement that was tried, and the shards it would move, by id.
#[must_use]
pub fn simulate_text(tried: &SimulateResponse) -> String {
    let mut out = String::new();
    line(&mut out, format_args!("Namespace : {}", tried.namespace));
    line(&mut out, format_args!("Strategy  : {}", tried.strategy_id));
    line(
        &mut out,
        format_args!("Generated : {}", tried.generated_at.round_trip_text()),
    );
    line(
        &mut out,
        format_args!("Assignments: {}", tried.assignments.len()),
    );
    line(
        &mut out,
        format_args!("Changes    : {}\n", tried.changes.len()),
    );
    if tried.changes.is_empty() {
        line(&mut out, "Every shard has the node it would be given.");
        return out;
    }
    let headings = [SHARD, CURRENT].map(|column| (column, column.0));
    row(&mut out, headings, None, (PROPOSED, PROPOSED.0));
    for change in sorted(&tried.changes, |change| {
        (&change.namespace, &change.shard_id)
    }) {
        let owners = [(SHARD, &*change.shard_id), (CURRENT, &change.current_owner)];
        row(&mut out, owners, None, (PROPOSED, &change.proposed_owner));
    }
    out
}

/// Sorted by namespace and id, without case; those that are equal so stay as they were.
fn sorted<T>(items: &[T], key: impl Fn(&T) -> (&String, &String)) -> Vec<&T> {
    let units = |text: &str| folded(text).encode_utf16().collect::<Vec<u16>>();
    let mut sorted: Vec<&T> = items.iter().collect();
    sorted.sort_by_cached_key(|item| {
        let (namespace, id) = key(item);
        (units(namespace), units(id))
    });
    sorted
}

/// Cells to the left of their columns, then perhaps one to the right, then the last.
fn row<const N: usize>(
    out: &mut String,
    left: [(Column, &str); N],
    right: Option<(Column, &str)>,
    last: (Column, &str),
) {
    for ((_, width), text) in left {
        out.push_str(text);
        pad(out, text, width);
        out.push(' ');
    }
    if let Some(((_, width), text)) = right {
        pad(out, text, width);
        out.push_str(text);
        out.push(' ');
    }
    out.push_str(last.1);
    pad(out, last.1, last.0.1);
    out.push('\n');
}

fn pad(out: &mut String, text: &str, width: usize) {
    let missing = width.saturating_sub(text.encode_utf16().count());
    out.extend(std::iter::repeat_n(' ', missing));
}

fn line(out: &mut String, text: impl Display) {
    // Writing to a text doesn't fail.
    let _ = writeln!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::control::Summary;

    #[test]
    fn nothing_is_said_in_a_line() {
        assert_eq!(
            list_text(&ShardList::default()),
            "Shard version : 0\nNext cursor   : (none)\n\nNo shard matches.\n"
        );
        assert_eq!(
            diff_text(&Diff::default()),
            "No change is in that range.\n\nLast position: (none)\n"
        );
        let tried = simulate_text(&SimulateResponse::default());
        assert!(
            tried.ends_with("\n\nEvery shard has the node it would be given.\n"),
            "{tried}"
        );
    }

    #[test]
    fn long_json_is_on_one_line() {
        let item = Summary {
            shard_id: "x".repeat(600),
            ..Summary::default()
        };
        let list = |count| ShardList {
            items: vec![item.clone(); count],
            ..ShardList::default()
        };
        assert!(json_text(&list(1)).starts_with("{\n  \"items\": [\n"));
        let long = json_text(&list(1000));
        assert_eq!(long.matches('\n').count(), 1);
        assert!(long.contains("+00:00") && long.ends_with("\"version\":0}\n"));
    }
}
