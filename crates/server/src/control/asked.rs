//! What a request asks for, out of its query.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_book::Position;
use deedbook_model::Revision;
use deedbook_model::code::Code;
use deedbook_model::shard::control::parameters::{
    DiffRange, page_size_parameter, position_parameter, resume_position, statuses,
};
use deedbook_model::shard::control::{Candidate, Cursor, Filter, StatusNumber};

use super::{coded, compacted};
use crate::call::Call;
use crate::refuse;

/// Which shards.
pub(crate) fn filter(call: &Call) -> Result<Filter, Problem> {
    let query = &call.query;
    let statuses = statuses(query.texts("status")).map_err(|error| wrong("status", error))?;
    Ok(Filter::new()
        .of_namespace(query.text("namespace"))
        .of_owner(query.text("owner"))
        .searching(query.text("search"))
        .with_statuses(statuses))
}

/// How many shards a page has.
pub(crate) fn page_size(call: &Call) -> Result<usize, Problem> {
    let size = page_size_parameter(call.query.text("pageSize"));
    size.map(usize::from)
        .map_err(|error| wrong("pageSize", error))
}

/// After which shard a page begins. It must be one that the list could have ended a page with.
pub(crate) fn cursor(call: &Call, filter: &Filter) -> Result<Option<Cursor>, Problem> {
    let text = call.query.text("cursor");
    let refused = |detail: String| {
        let metadata = vec![("cursor", text.unwrap_or_default().to_owned())];
        let code = "shards.control.cursor.invalid";
        coded(Code::Invalid, code, detail, metadata)
    };
    let cursor = Cursor::of_parameter(text).map_err(|error| refused(error.to_string()))?;
    let namespaces = Filter::new().of_namespace(filter.namespace());
    let is_of_list = |cursor: &Cursor| {
        namespaces.matches(Candidate {
            namespace: cursor.namespace(),
            shard_id: cursor.shard_id(),
            owner_node_id: "",
            status: StatusNumber::default(),
        })
    };
    match cursor {
        Some(cursor) if !is_of_list(&cursor) => {
            Err(refused("the cursor is of another namespace".to_owned()))
        }
        cursor => Ok(cursor),
    }
}

/// Which positions of a diff.
pub(crate) fn range(call: &Call) -> Result<DiffRange, Problem> {
    let read = |name: &str| {
        let position = position_parameter(call.query.text(name));
        position.map_err(|error| wrong(name, error))
    };
    Ok(DiffRange {
        from: read("fromVersion")?,
        to: read("toVersion")?,
    })
}

/// The position that a watch goes on after; that of the oldest change that is kept unless one is
/// given.
pub(crate) async fn resume(call: &Call) -> Result<Position, Problem> {
    let told = call.header("last-event-id")?;
    let given = resume_position(told, call.query.text("resumeToken"));
    let given = given.map_err(|error| {
        wrong(
            if told.is_some() {
                "Last-Event-ID"
            } else {
                "resumeToken"
            },
            error,
        )
    })?;
    let server = Arc::clone(&call.server);
    let floor = call.server.slow.run(move || {
        let stats = server.book.stats();
        Ok(stats.map_err(refuse::book)?.floor)
    });
    let given = given.filter(|position| *position > 0);
    let revision = after(given, floor.await?)?;
    Ok(Position {
        revision,
        chain: None,
    })
}

/// The revision after which changes are wanted, given the position after which they were asked for;
/// none: from the oldest that is kept.
pub(crate) fn after(asked: Option<i64>, floor: Revision) -> Result<Revision, Problem> {
    let Some(position) = asked else {
        return Ok(floor);
    };
    let revision = Revision(u64::try_from(position).unwrap_or_default());
    match revision < floor {
        true => Err(compacted(position, floor)),
        false => Ok(revision),
    }
}

fn wrong(name: &str, error: impl std::fmt::Display) -> Problem {
    Problem::parameter(name, error.to_string())
}
