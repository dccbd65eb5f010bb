//! Who asks for a change, why, and for which ticket.

use deedbook_api::problem::Problem;
use deedbook_model::Rights;
use deedbook_rules::{Command, Write};

use crate::access::Caller;
use crate::call::Call;

/// Most bytes of an actor's name or a ticket.
const NAME_BYTES: usize = 256;

/// Most bytes of a reason.
const REASON_BYTES: usize = 1024;

/// What goes into the log beside the writes.
pub(crate) struct Authorship {
    actor: String,
    reason: Option<String>,
    ticket: Option<String>,
    request_id: Option<String>,
}

impl Authorship {
    /// The authorship of a request.
    pub(crate) fn of(call: &Call) -> Result<Authorship, Problem> {
        let named = text(call, "deedbook-actor", NAME_BYTES)?;
        let actor = match call.caller {
            Caller::Open => named.unwrap_or_else(|| call.server.options.actor.clone()),
        };
        Ok(Authorship {
            actor,
            reason: text(call, "deedbook-reason", REASON_BYTES)?,
            ticket: text(call, "deedbook-ticket", NAME_BYTES)?,
            request_id: call.request_id.to_str().ok().map(str::to_owned),
        })
    }

    /// The command of those writes.
    pub(crate) fn command(self, writes: Vec<Write>) -> Command {
        Command {
            writes,
            actor: self.actor,
            rights: Rights::all(),
            reason: self.reason,
            ticket: self.ticket,
            request_id: self.request_id,
            idempotency: None,
        }
    }
}

fn text(call: &Call, name: &'static str, most: usize) -> Result<Option<String>, Problem> {
    let Some(text) = call.decoded_header(name)? else {
        return Ok(None);
    };
    if text.is_empty() || text.len() > most {
        return Err(Problem::parameter(
            name,
            format!("must have 1 to {most} bytes"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::parameter(name, "must not hold control characters"));
    }
    Ok(Some(text))
}
