//! Who may ask: what a request shows to prove whose it is, and the decision of the route table.
//!
//! ```text
//! nobody has to say who they are ─► guard (own host, own pages) ─► anybody: everything
//! otherwise ─► credential ─► the principal's grants ─► what the request claims ─► decision
//! ```
//!
//! Where a route is about components that only it knows, the decision here is whether the
//! capability is held for anything at all; the route, or the rules, judge the rest.

mod caller;
mod credential;
mod guard;
mod guesses;
mod jwt;
mod standing;

use deedbook_api::problem::Problem;
use deedbook_api::route::{Decision, Resource as Scope};
use deedbook_model::code::Code;
use deedbook_model::{Capability, Resource};
use http::{HeaderMap, Uri};

use crate::server::Server;

pub(crate) use caller::Caller;
pub(crate) use credential::Peer;
pub(crate) use guesses::Guesses;
pub(crate) use jwt::Jwt;
pub use jwt::{JwtOptions, KeysError};
pub(crate) use standing::{Principals, Standing};

/// Decides whether a request may go on.
pub(crate) fn decide(
    server: &Server,
    peer: &Peer,
    decision: Decision,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Caller, Problem> {
    // Whoever may open the book's folder is an admin, and no page of a browser reaches a socket.
    let is_local = peer.address.is_none();
    let is_open = is_local || server.is_open();
    if is_open && !is_local {
        guard::check_own(uri, headers)?;
    }
    if decision == Decision::Public {
        return Ok(server.nobody.clone());
    }
    let caller = if is_local {
        server.owner.clone()
    } else if is_open {
        server.anybody.clone()
    } else {
        credential::caller(server, peer, headers)?
    };
    let caller = caller.narrowed(headers)?;
    judge(&caller, decision)?;
    Ok(caller)
}

/// Decides it again for a request that was let in: who calls by now.
fn decide_again(server: &Server, caller: &Caller, decision: Decision) -> Result<Caller, Problem> {
    let now = credential::again(server, caller).map_err(credential::Useless::refusal)?;
    let now = caller.anew(now);
    judge(&now, decision)?;
    Ok(now)
}

/// Whether a caller may do what a route needs.
fn judge(caller: &Caller, decision: Decision) -> Result<(), Problem> {
    match decision {
        Decision::Public | Decision::AnyCredential => Ok(()),
        Decision::Needs(capability, Scope::Book) => caller.demand(capability, Resource::Book),
        Decision::Needs(capability, _) if caller.holds(capability) => Ok(()),
        Decision::Needs(capability, _) => Err(missing(caller, &[capability])),
        Decision::NeedsOne(some) if some.iter().any(|one| caller.holds(*one)) => Ok(()),
        Decision::NeedsOne(capabilities) => Err(missing(caller, capabilities)),
    }
}

/// Capabilities of which a caller has none for anything.
fn missing(caller: &Caller, capabilities: &[Capability]) -> Problem {
    let names: Vec<&str> = capabilities.iter().map(|one| one.as_str()).collect();
    let capability = names.join(" or ");
    let name = caller.name().unwrap_or("the caller");
    Problem::new(
        Code::Denied,
        format!("{capability} is missing: {name} has it for nothing"),
    )
    .with_hint(caller::ASK_FOR_IT)
}
