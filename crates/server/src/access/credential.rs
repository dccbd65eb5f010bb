//! What a request shows to prove whose it is.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use deedbook_api::problem::Problem;
use deedbook_model::code::Code;
use deedbook_model::token::TOKEN_PREFIX;
use deedbook_model::{Kind, Timestamp, Token, TokenHash};
use deedbook_rules::Bearer;
use http::{HeaderMap, HeaderValue, header};

use super::Caller;
use super::caller::Shown;
use super::jwt::{Jwt, Refused, Verified};
use crate::server::Server;

/// The other end of one connection.
pub(crate) struct Peer {
    /// Where it is; `None`: on this computer, behind the socket that only the book's user may open.
    pub(crate) address: Option<IpAddr>,
    /// The token that it showed last, read: most connections show the same again and again.
    shown: Mutex<Option<(HeaderValue, TokenHash)>>,
}

impl Peer {
    pub(crate) fn new(address: Option<IpAddr>) -> Peer {
        Peer {
            address,
            shown: Mutex::default(),
        }
    }

    /// The hash of the token that a header shows.
    fn token_of(&self, shown: &HeaderValue) -> Result<TokenHash, Useless> {
        let mut last = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, hash)) = last.as_ref().filter(|(known, _)| known == shown) {
            return Ok(*hash);
        }
        let token = Token::parse(bearer(shown)?);
        let hash = token
            .map_err(|error| Useless::Wrong(error.to_string()))?
            .hash();
        *last = Some((shown.clone(), hash));
        Ok(hash)
    }
}

/// Why a credential is of no use.
pub(super) enum Useless {
    /// Nobody has it.
    Wrong(String),
    /// Somebody had it.
    Ended(String),
}

pub(super) const HOW: &str =
    "send `Authorization: Bearer TOKEN`; `deedbook token create` makes a token";

const RENEW: &str = "get another: `deedbook token rotate`, or from whoever issued it";

/// Who bears the credential that a request shows.
pub(super) fn caller(server: &Server, peer: &Peer, headers: &HeaderMap) -> Result<Caller, Problem> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = shown.next() else {
        return Err(refused("this needs a credential", HOW));
    };
    if shown.next().is_some() {
        return Err(refused("there are several Authorization headers", HOW));
    }
    let found = match server.jwt.as_ref().zip(signed(first)) {
        Some((jwt, token)) => subject_of(server, jwt, first, token),
        None => peer
            .token_of(first)
            .and_then(|hash| bearer_of(server, &hash)),
    };
    found.map_err(|useless| told(useless, server, peer))
}

/// Who bears, by now, what a caller showed.
pub(super) fn again(server: &Server, caller: &Caller) -> Result<Caller, Useless> {
    if let Some(until) = caller.until.filter(|until| *until <= server.book.now()) {
        return Err(Useless::ended(until));
    }
    match &caller.shown {
        Shown::Token(hash) => bearer_of(server, hash),
        Shown::Signed(shown) => match server.jwt.as_ref().zip(signed(shown)) {
            Some((jwt, token)) => {
                let mut now = subject_of(server, jwt, shown, token)?;
                now.until = caller.until;
                Ok(now)
            }
            None => Err(Useless::Wrong("this is no signed token".to_owned())),
        },
        Shown::Open if !server.is_open() => {
            Err(Useless::Wrong("this needs a credential by now".to_owned()))
        }
        Shown::Open => Ok(server.anybody.clone()),
        Shown::Socket => Ok(server.owner.clone()),
        Shown::Nothing => Ok(server.nobody.clone()),
    }
}

impl Useless {
    fn ended(since: Timestamp) -> Useless {
        Useless::Ended(format!("the token ended at {since}"))
    }

    /// The refusal; nobody guessed.
    pub(super) fn refusal(self) -> Problem {
        match self {
            Useless::Wrong(detail) => refused(detail, HOW),
            Useless::Ended(detail) => refused(detail, RENEW),
        }
    }
}

fn bearer_of(server: &Server, hash: &TokenHash) -> Result<Caller, Useless> {
    match server.book.view().principal_of(hash, server.book.now()) {
        Bearer::Principal {
            name,
            grants,
            until,
        } => {
            let (name, grants) = (Arc::clone(name), Arc::clone(grants));
            Ok(Caller::bearer(name, grants, Shown::Token(*hash), until))
        }
        Bearer::Expired { since, .. } => Err(Useless::ended(since)),
        Bearer::Unknown => Err(Useless::Wrong(
            "nobody has this token: it was never made, or revoked".to_owned(),
        )),
    }
}

/// The signed token that a header shows, if it shows one.
fn signed(shown: &HeaderValue) -> Option<&str> {
    let credential = bearer(shown).ok()?;
    let is_opaque = credential.starts_with(TOKEN_PREFIX);
    (!is_opaque && credential.contains('.')).then_some(credential)
}

fn subject_of(
    server: &Server,
    jwt: &Jwt,
    shown: &HeaderValue,
    token: &str,
) -> Result<Caller, Useless> {
    let now = server.book.now();
    let verified = jwt.verify(token, now).map_err(|refused| match refused {
        Refused::Wrong(why) => Useless::Wrong(why.to_owned()),
        Refused::Ended(since) => Useless::ended(since),
    })?;
    let until = verified.until(now);
    let Verified { name, grants, .. } = verified;
    // Whoever reads the history couldn't tell the two apart.
    let view = server.book.view();
    let principal = view.record(&Kind::PRINCIPAL, &name);
    if principal.is_some_and(|principal| principal.is_live()) {
        let detail = format!("the token's subject `{name}` is a principal of this book");
        return Err(Useless::Wrong(detail));
    }
    let shown = Shown::Signed(shown.clone());
    Ok(Caller::bearer(name, grants, shown, Some(until)))
}

/// The credential in `Bearer CREDENTIAL`.
fn bearer(shown: &HeaderValue) -> Result<&str, Useless> {
    let text = shown.to_str().unwrap_or_default();
    let (scheme, credential) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        let detail = "the Authorization header isn't `Bearer TOKEN`";
        return Err(Useless::Wrong(detail.to_owned()));
    }
    Ok(credential.trim())
}

/// A wrong credential counts against its sender; after too many they are no longer told apart.
fn told(useless: Useless, server: &Server, peer: &Peer) -> Problem {
    let detail = match useless {
        Useless::Ended(_) => return useless.refusal(),
        Useless::Wrong(detail) => detail,
    };
    let counted = peer.address.map(|address| server.guesses.count(address));
    let Some(Err(seconds)) = counted else {
        return refused(detail, HOW);
    };
    let detail = "too many wrong credentials came from this address";
    let mut problem = Problem::new(Code::RateLimited, detail)
        .with_hint("wait for as long as Retry-After says, and send one that is right");
    problem.retry_after = Some(seconds);
    problem
}

fn refused(detail: impl Into<String>, hint: &str) -> Problem {
    Problem::new(Code::Unauthenticated, detail).with_hint(hint)
}
