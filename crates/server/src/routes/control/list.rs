//! `GET /control/shards`: a page of shards.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_book::View;
use deedbook_model::mesh::{MeshKey, MeshKind};
use deedbook_model::shard::control::{Candidate, Cursor, Filter, ShardList, Summary};
use deedbook_rules::Record;
use http::{HeaderValue, header};

use super::{answer, unreadable};
use crate::answer::{Answer, internal};
use crate::call::Call;
use crate::conditions::knows_tag;
use crate::control::scope::Reach;
use crate::control::{asked, position_of};

/// What an answer depends on beside its address.
const VARY: HeaderValue = HeaderValue::from_static("accept-encoding, x-mesh-scope");

pub(in crate::routes) fn list(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let wanted = Wanted {
        filter: asked::filter(call)?,
        reach: Reach::of(call.route, &call.headers),
    };
    let page_size = asked::page_size(call)?;
    let cursor = asked::cursor(call, &wanted.filter)?;
    let version = version(call, view, wanted.reach);
    let answer = match knows_tag(call, &format!("shards-{version}"))? {
        true => Answer::unchanged(),
        false => answer(&page(
            call,
            view,
            &wanted,
            cursor.as_ref(),
            page_size,
            version,
        )?),
    };
    Ok(Answer {
        shards_version: Some(version),
        header: Some((header::VARY, VARY)),
        ..answer
    })
}

/// Which shards a request is given.
struct Wanted {
    filter: Filter,
    reach: Reach,
}

/// The position of the last change to any shard: a list that has it is still the same, and a watch
/// that begins after it misses nothing. What somebody sees who may not see all changes with
/// principals as well.
fn version(call: &Call, view: &View, reach: Reach) -> i64 {
    let shards = view.shards_at();
    position_of(match reach.covers_all(call.caller.rights()) {
        true => shards,
        false => shards.max(view.principals_at()),
    })
}

fn page(
    call: &Call,
    view: &View,
    wanted: &Wanted,
    cursor: Option<&Cursor>,
    page_size: usize,
    version: i64,
) -> Result<ShardList, Problem> {
    let (namespace, id) = match cursor {
        Some(cursor) => (cursor.namespace(), cursor.shard_id()),
        None => ("", ""),
    };
    let mut namespaces = Namespaces::default();
    let found = view.shards_after(namespace, id);
    let mut found = found.filter(|record| namespaces.has(call, wanted, record));
    let items = found.by_ref().take(page_size).map(|record| summary(record));
    let items: Vec<Summary> = items.collect::<Result<_, _>>()?;
    let next = match (items.last(), found.next()) {
        (Some(last), Some(_)) => {
            let next = Cursor::new(&last.namespace, &last.shard_id);
            Some(next.map_err(|error| internal(&error))?.token())
        }
        _ => None,
    };
    Ok(ShardList {
        items,
        next_cursor: next,
        version,
    })
}

fn summary(record: &Record) -> Result<Summary, Problem> {
    let stored = record.bytes.as_deref().unwrap_or_default();
    Summary::of_stored(stored).map_err(|error| unreadable(&error))
}

/// Looks at each namespace once: its shards are neighbours.
#[derive(Default)]
struct Namespaces {
    /// How the keys of the last one begin, and whether it is wanted.
    last: Option<(String, bool)>,
}

impl Namespaces {
    /// Whether a shard is wanted.
    fn has(&mut self, call: &Call, wanted: &Wanted, record: &Record) -> bool {
        let begin = record.key.split_inclusive('/').next().unwrap_or_default();
        let known = self.last.as_ref().filter(|(last, _)| last == begin);
        let known = known.map(|(_, is_wanted)| *is_wanted);
        if known == Some(false) || known == Some(true) && wanted.filter.is_empty() {
            return known == Some(true);
        }
        let key = MeshKey::parse(MeshKind::Shard, &record.key);
        let (Ok(key), Some(shard)) = (key, record.shard()) else {
            return false;
        };
        let candidate = Candidate {
            namespace: key.namespace(),
            shard_id: key.id(),
            owner_node_id: &shard.owner_node_id,
            status: shard.status.into(),
        };
        let is_wanted = known.unwrap_or_else(|| {
            let namespaces = Filter::new().of_namespace(wanted.filter.namespace());
            let rights = call.caller.rights();
            let is_wanted =
                namespaces.matches(candidate) && wanted.reach.covers(rights, key.namespace());
            self.last = Some((begin.to_owned(), is_wanted));
            is_wanted
        });
        is_wanted && wanted.filter.matches(candidate)
    }
}
