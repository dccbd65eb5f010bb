//! Who sent a request, and what they may do.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_model::capability::NotAGrant;
use deedbook_model::code::Code;
use deedbook_model::{Capability, Grants, Resource, Rights, Timestamp, TokenHash};
use deedbook_rules::Record;
use deedbook_rules::visible::may_see;
use http::{HeaderMap, HeaderValue};

/// A header with which a request claims less than its credential has.
const CLAIM: &str = "deedbook-capabilities";

pub(super) const ASK_FOR_IT: &str =
    "ask whoever looks after the book for a token that has it (`deedbook token create`)";

/// What lets a request in; what it is worth can be asked again.
#[derive(Clone, Debug)]
pub(super) enum Shown {
    /// Nothing, as it asks for what everybody may have.
    Nothing,
    /// Nothing, as nobody has to say who they are.
    Open,
    /// That it came through the socket that only the book's user may open.
    Socket,
    /// A token of the book.
    Token(TokenHash),
    /// A signed token: the header that holds it.
    Signed(HeaderValue),
}

/// Who sent a request, once that was decided.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The credential's name; `None`: nobody had to say who they are.
    name: Option<Arc<str>>,
    rights: Rights,
    pub(super) shown: Shown,
    /// From when on the credential is of no use; `None`: it has no end.
    pub(super) until: Option<Timestamp>,
}

impl Caller {
    /// The bearer of a credential.
    pub(super) fn bearer(
        name: Arc<str>,
        grants: Arc<Grants>,
        shown: Shown,
        until: Option<Timestamp>,
    ) -> Caller {
        Caller {
            name: Some(name),
            rights: Rights::of(grants),
            shown,
            until,
        }
    }

    fn nameless(rights: Rights, shown: Shown) -> Caller {
        Caller {
            name: None,
            rights,
            shown,
            until: None,
        }
    }

    /// Anybody, where nobody has to say who they are.
    pub(crate) fn anybody() -> Caller {
        Caller::nameless(Rights::all(), Shown::Open)
    }

    /// Whoever may open the book's folder.
    pub(crate) fn owner() -> Caller {
        Caller::nameless(Rights::all(), Shown::Socket)
    }

    /// One who asks for what everybody may have.
    pub(crate) fn nobody() -> Caller {
        Caller::nameless(Rights::of(Grants::default()), Shown::Nothing)
    }

    /// The credential's name, where there is one.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The same, to be kept.
    pub(crate) fn shared_name(&self) -> Option<Arc<str>> {
        self.name.clone()
    }

    /// The book's token that was shown, if one was.
    pub(crate) fn token(&self) -> Option<TokenHash> {
        match self.shown {
            Shown::Token(hash) => Some(hash),
            Shown::Nothing | Shown::Open | Shown::Socket | Shown::Signed(_) => None,
        }
    }

    /// What the request may do.
    pub(crate) fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Whether the request may do everything, in anybody's name.
    pub(crate) fn is_admin(&self) -> bool {
        self.rights.allows(Capability::Admin, Resource::Book)
    }

    /// Whether that may be done to anything at all.
    pub(crate) fn holds(&self, capability: Capability) -> bool {
        self.rights.holds(capability)
    }

    /// Refuses what may not be done.
    pub(crate) fn demand(
        &self,
        capability: Capability,
        resource: Resource<'_>,
    ) -> Result<(), Problem> {
        let demanded = self.rights.demand(capability, resource);
        demanded
            .map_err(|denied| Problem::new(Code::Denied, denied.to_string()).with_hint(ASK_FOR_IT))
    }

    /// Whether a record may be seen.
    pub(crate) fn sees(&self, record: &Record) -> bool {
        may_see(&self.rights, record)
    }

    /// Refuses a record that may not be seen. That there is one is no secret, as registering under
    /// its name would tell; so it is refused and not denied. What else it is called isn't told.
    pub(crate) fn demand_sight(&self, record: &Record, asked_for: &str) -> Result<(), Problem> {
        if self.sees(record) {
            return Ok(());
        }
        Err(self.unseen(asked_for))
    }

    /// The refusal of what may not be seen.
    pub(crate) fn unseen(&self, asked_for: &str) -> Problem {
        let (needed, name) = (
            Capability::RegistryRead,
            self.name().unwrap_or("the caller"),
        );
        let detail = format!("{needed} is missing for `{asked_for}`: {name} doesn't have it");
        Problem::new(Code::Denied, detail).with_hint(ASK_FOR_IT)
    }

    /// Whose eyes a search looks with; `None`: all components may be seen.
    pub(crate) fn reader(&self) -> Option<Rights> {
        let sees_all = self.rights.allows(Capability::RegistryRead, Resource::Book);
        (!sees_all).then(|| self.rights.clone())
    }

    /// The same request's, with what its credential is worth by now.
    pub(super) fn anew(&self, now: Caller) -> Caller {
        Caller {
            rights: now.rights.claiming_as(&self.rights),
            ..now
        }
    }

    /// No more than the request claims.
    pub(crate) fn narrowed(self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let mut caller = self;
        for claim in headers.get_all(CLAIM) {
            let text = claim.to_str();
            let text = text.map_err(|_| Problem::parameter(CLAIM, "isn't plain text"))?;
            let claimed = claimed(text);
            let claimed = claimed.map_err(|error| Problem::parameter(CLAIM, error.to_string()))?;
            caller.rights = caller.rights.narrow(claimed);
        }
        Ok(caller)
    }
}

fn claimed(text: &str) -> Result<Grants, NotAGrant> {
    let words = text.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::parse)
        .collect()
}
