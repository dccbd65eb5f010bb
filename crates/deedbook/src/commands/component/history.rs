//! `registry history`: the changes of a component.

use deedbook_model::Kind;
use deedbook_rules::components::{ComponentKey, NameOrUuid};

use crate::commands::changes;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::component::History;

/// Lists the changes of a component, newest first.
pub(crate) fn history(args: &History, context: &mut Context) -> Result<(), Failure> {
    let book = context.open_to_read()?;
    let view = book.view();
    let key = ComponentKey::parse(&args.key.key)?;
    let uuid = match (&key.name, view.lookup(&key.name, key.spec.as_ref())) {
        (_, Ok(found)) => found.facts.uuid.to_string(),
        // A removed one is still known by its uuid.
        (NameOrUuid::Uuid(uuid), Err(error)) => {
            let uuid = uuid.to_string();
            view.record(&Kind::COMPONENT, &uuid).ok_or(error)?;
            uuid
        }
        (NameOrUuid::Name(_), Err(error)) => return Err(error.into()),
    };
    let after = changes::since(&book, args.since)?;
    let limit = changes::limit(&args.page);
    let mut found = book.history(&view, &Kind::COMPONENT, &uuid, limit)?;
    found.retain(|change| change.revision > after);
    let floor = book.stats()?.floor;
    if found.len() < limit && found.last().is_some_and(|oldest| oldest.previous.is_some())
        || found.is_empty() && floor > after
    {
        context.output.note(&format!(
            "changes up to revision {floor} were compacted away"
        ));
    }
    changes::print(&found, view.head().revision, &mut context.output)
}
