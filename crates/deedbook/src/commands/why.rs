//! `why`: the change that last set a record or a field.

use serde::Serialize;
use serde_json::Value;

use super::component::{facts, find, tell_removed};
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::book::Why;
use crate::grammar::values::Format;
use crate::output::change::title;
use crate::output::{Output, human};

#[derive(Serialize)]
struct Answer<'a> {
    kind: &'static str,
    key: &'a str,
    pointer: &'a str,
    revision: u64,
    time: String,
    verb: &'a str,
    actor: &'a str,
    reason: &'a str,
    ticket: Option<&'a str>,
    before: Option<Value>,
    after: Option<Value>,
}

/// Says which change last set a field.
pub(crate) fn why(args: &Why, context: &mut Context) -> Result<(), Failure> {
    let (key, pointer) = match args.target.split_once('/') {
        Some((key, field)) => (key, format!("/{field}")),
        None => (args.target.as_str(), String::new()),
    };
    let mut source = context.source_to_read()?;
    let at = args.at.at;
    let asked = match find(key, &mut source, at, context) {
        Ok(found) => facts(&found.record)?.uuid().to_string(),
        Err(failure) if failure.is_lookup() => key.to_owned(),
        Err(failure) => return Err(failure),
    };
    let found = source.why(&asked, &pointer, at)?;
    tell_removed(&found.removed, &mut context.output);
    let Some(why) = found.why else {
        return Err(Failure::NotFound(format!("{key} never had a {pointer}")));
    };
    tell(why, "component", &pointer, &mut context.output)
}

/// Prints a change that set a field.
pub(super) fn tell(
    why: deedbook_book::Why,
    kind: &'static str,
    pointer: &str,
    output: &mut Output,
) -> Result<(), Failure> {
    let command = &why.change.command;
    // What a whole record was and is says `diff`; here it would only hide the answer.
    let (before, after) = if pointer.is_empty() {
        (None, None)
    } else {
        (why.before, why.after)
    };
    if output.format != Format::Human {
        return output.value(&Answer {
            kind,
            key: &why.change.key,
            pointer,
            revision: why.change.revision.0,
            time: command.time.to_string(),
            verb: why.change.verb.as_str(),
            actor: &command.actor,
            reason: &command.reason,
            ticket: command.ticket.as_deref(),
            before,
            after,
        });
    }
    let mut rows = vec![
        ("record", title(&why.change)),
        ("change", why.change.verb.to_string()),
        ("revision", why.change.revision.to_string()),
        ("time", command.time.to_string()),
        ("actor", command.actor.clone()),
        ("reason", command.reason.clone()),
    ];
    rows.extend(command.ticket.clone().map(|ticket| ("ticket", ticket)));
    if !pointer.is_empty() {
        let shown =
            |value: &Option<Value>| value.as_ref().map_or("(absent)".to_owned(), human::short);
        rows.push(("field", pointer.to_owned()));
        rows.push(("before", shown(&before)));
        rows.push(("after", shown(&after)));
    }
    for (name, value) in rows {
        output.line(&format!(
            "{:<10}{}",
            format!("{name}:"),
            human::one_line(&value)
        ))?;
    }
    Ok(())
}
