//! Who asks for a change, why, and for which ticket.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_model::code::Code;
use deedbook_model::{Idempotency, IdempotencyKey, RequestDigest, Rights, TokenHash};
use deedbook_rules::placement::plan::Plan;
use deedbook_rules::{Command, Write};

use crate::call::Call;

/// Most bytes of an actor's name or a ticket.
const NAME_BYTES: usize = 256;

/// Most bytes of a reason.
const REASON_BYTES: usize = 1024;

/// What goes into the log beside the writes.
pub(crate) struct Authorship {
    actor: String,
    rights: Rights,
    token: Option<TokenHash>,
    reason: Option<String>,
    ticket: Option<String>,
    request_id: Option<String>,
    idempotency: Option<Idempotency>,
}

impl Authorship {
    /// The authorship of a request with that content.
    pub(crate) fn of(call: &Call, content: &[u8]) -> Result<Authorship, Problem> {
        let named = text(call, "deedbook-actor", NAME_BYTES)?;
        let own = call.caller.name().unwrap_or(&call.server.options.actor);
        let actor = match named {
            None => own.to_owned(),
            Some(named) if named == own || call.caller.is_admin() => named,
            Some(_) => {
                let detail = "ADMIN is missing for Deedbook-Actor, which names somebody else";
                return Err(Problem::new(Code::Denied, detail)
                    .with_hint("leave it out: the actor is the credential's name"));
            }
        };
        Ok(Authorship {
            actor,
            rights: call.caller.rights().clone(),
            token: call.caller.token(),
            reason: text(call, "deedbook-reason", REASON_BYTES)?,
            ticket: text(call, "deedbook-ticket", NAME_BYTES)?,
            request_id: call.request_id.to_str().ok().map(str::to_owned),
            idempotency: idempotency(call, content)?,
        })
    }

    /// The command of those writes.
    pub(crate) fn command(self, writes: Vec<Write>) -> Command {
        Command {
            writes,
            actor: self.actor,
            rights: self.rights,
            token: self.token,
            reason: self.reason,
            ticket: self.ticket,
            request_id: self.request_id,
            idempotency: self.idempotency,
            plan: None,
        }
    }

    /// The command that does exactly the moves of a plan.
    pub(crate) fn applying(self, plan: Arc<Plan>) -> Command {
        let applying = Command::applying(&self.actor, plan);
        let reason = self.reason.clone().or(applying.reason);
        Command {
            plan: applying.plan,
            reason,
            ..self.command(applying.writes)
        }
    }
}

/// What asks that the request be done once.
fn idempotency(call: &Call, content: &[u8]) -> Result<Option<Idempotency>, Problem> {
    const NAME: &str = "idempotency-key";
    let Some(key) = call.header(NAME)? else {
        return Ok(None);
    };
    let key = key.parse::<IdempotencyKey>();
    let key = key.map_err(|error| Problem::parameter(NAME, error.to_string()))?;
    let target = call
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str());
    let method = call.route.method.as_str();
    Ok(Some(Idempotency {
        key,
        digest: RequestDigest::of(&[method.as_bytes(), target.as_bytes(), content]),
        limits: call.server.options.remember,
    }))
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
