//! What callers ask for.

use std::sync::Arc;

use deedbook_model::component::Draft;
use deedbook_model::mesh::{self, MeshKey, MeshKind};
use deedbook_model::{
    Generation, Grants, Idempotency, Lineage, Revision, Rights, Timestamp, TokenHash, TokenId,
};

use crate::book_record::Parent;
use crate::components::ComponentKey;
use crate::placement::plan::Plan;

/// Writes that are decided together: all of them or none, neighbours in the log.
#[derive(Clone, Debug)]
pub struct Command {
    /// What to do, in order; each sees the ones before it.
    pub writes: Vec<Write>,
    /// Who asks.
    pub actor: String,
    /// What whoever asks may do.
    pub rights: Rights,
    /// The token that let it in, if one did: it has to be good still when the command is decided,
    /// and allows what its principal is granted by then.
    pub token: Option<TokenHash>,
    /// Why; unless given, the name of its writes, or `batch` where they are of several.
    pub reason: Option<String>,
    /// Change ticket.
    pub ticket: Option<String>,
    /// The caller's id of the request.
    pub request_id: Option<String>,
    /// Asks that it be done once, however often it is sent.
    pub idempotency: Option<Idempotency>,
    /// The plan whose moves the writes are: they are done only while it stands.
    pub plan: Option<Arc<Plan>>,
}

impl Command {
    /// A command of one write by one who may do everything, with nothing that may be left out.
    #[must_use]
    pub fn of(actor: &str, write: Write) -> Command {
        Command {
            writes: vec![write],
            actor: actor.to_owned(),
            rights: Rights::all(),
            token: None,
            reason: None,
            ticket: None,
            request_id: None,
            idempotency: None,
            plan: None,
        }
    }

    /// What it is called: the reason of one that gives none.
    pub(crate) fn name(&self) -> &'static str {
        let mut names = self.writes.iter().map(Write::name);
        match names.next() {
            Some(name) if names.all(|other| other == name) => name,
            Some(_) => "batch",
            None => "",
        }
    }

    /// Exactly the moves of a plan, by one who may do everything. Without moves nothing is done.
    #[must_use]
    pub fn applying(actor: &str, plan: Arc<Plan>) -> Command {
        let namespace = plan.namespace();
        // The way back isn't where a strategy would have them.
        let strategy = plan.undoes().is_none().then(|| plan.strategy_id());
        let moves = plan.moves().iter().filter_map(|one| {
            let parts = vec![namespace.to_owned(), one.shard_id.clone()];
            Some(Write::Mesh(MeshWrite::Patch {
                key: MeshKey::of(MeshKind::Shard, parts).ok()?,
                patch: match strategy {
                    Some(strategy) => {
                        serde_json::json!({"ownerNodeId": one.to, "strategyId": strategy})
                    }
                    None => serde_json::json!({"ownerNodeId": one.to}),
                },
                expected: None,
            }))
        });
        Command {
            writes: moves.collect(),
            actor: actor.to_owned(),
            rights: Rights::all(),
            token: None,
            reason: Some(match plan.undoes() {
                Some(revision) => format!("undo revision {revision}"),
                None => "apply plan".to_owned(),
            }),
            ticket: None,
            request_id: None,
            idempotency: None,
            plan: Some(plan),
        }
    }
}

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Write {
    /// Make the book's own record: the first change of every book.
    CreateBook {
        /// Identity of its history.
        lineage: Lineage,
    },
    /// Begin a new lineage after a backup was restored.
    Import {
        /// Identity of the history from here on.
        lineage: Lineage,
        /// What was restored.
        parent: Parent,
    },
    /// Register one version of a component.
    Register {
        /// The validated document.
        draft: Arc<Draft>,
        /// Refuse dependencies that lead nowhere, instead of a warning.
        require_dependencies: bool,
    },
    /// Change a component by a merge patch (RFC 7396).
    Update {
        /// Which component.
        key: ComponentKey,
        /// The patch.
        patch: serde_json::Value,
        /// Only if the record is as its caller saw it.
        expected: Option<Expected>,
    },
    /// Remove a component; its uuid never returns.
    Remove {
        /// Which component.
        key: ComponentKey,
        /// Only if the record is as its caller saw it.
        expected: Option<Expected>,
    },
    /// Make, change or remove what runs where.
    Mesh(MeshWrite),
    /// Make a principal with its first token.
    CreatePrincipal {
        /// Its name.
        name: String,
        /// What it may do.
        grants: Grants,
        /// Its token.
        token: NewToken,
    },
    /// Give a principal other grants, in place of all that it has.
    SetGrants {
        /// Which principal.
        name: String,
        /// What it may do from now on.
        grants: Grants,
        /// Only if the record is at this generation.
        expected: Option<Generation>,
    },
    /// Give a principal a new token; its others end after an overlap.
    RotateToken {
        /// Which principal.
        name: String,
        /// Its new token.
        token: NewToken,
        /// How many seconds longer the others are good for, at most [`MAX_OVERLAP_SECONDS`].
        overlap_seconds: u32,
        /// Only if the record is at this generation.
        expected: Option<Generation>,
    },
    /// Take a principal's tokens away; the principal stays.
    RevokeTokens {
        /// Which principal.
        name: String,
        /// Which token; `None`: all that it has.
        token: Option<TokenId>,
        /// Only if the record is at this generation.
        expected: Option<Generation>,
    },
    /// Remove a principal with its tokens.
    RemovePrincipal {
        /// Which principal.
        name: String,
        /// Only if the record is at this generation.
        expected: Option<Generation>,
    },
}

/// One thing to do to a namespace, node, service, endpoint or shard.
#[derive(Clone, Debug)]
pub enum MeshWrite {
    /// Make the record, or put this one in its place.
    Put {
        /// The validated record.
        draft: Arc<mesh::Draft>,
        /// Only if the record is as its caller saw it; generation 0: only if there is none.
        expected: Option<Expected>,
    },
    /// Change the record by a merge patch (RFC 7396) of its data, with `annotations` beside it.
    Patch {
        /// Which record.
        key: MeshKey,
        /// The patch.
        patch: serde_json::Value,
        /// Only if the record is as its caller saw it.
        expected: Option<Expected>,
    },
    /// Remove the record.
    Remove {
        /// Which record.
        key: MeshKey,
        /// Only if the record is as its caller saw it.
        expected: Option<Expected>,
        /// Even if others point to it: those stay as they are, and the outcome says which.
        force: bool,
    },
}

impl MeshWrite {
    /// The write's name: the reason of a command that gives none.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let [put, remove] = match self.key().kind() {
            MeshKind::Namespace => ["set namespace", "remove namespace"],
            MeshKind::Node => ["set node", "remove node"],
            MeshKind::Service => ["set service", "remove service"],
            MeshKind::Endpoint => ["set endpoint", "remove endpoint"],
            MeshKind::Shard => ["set shard", "remove shard"],
        };
        match self {
            MeshWrite::Patch { patch, .. }
                if self.key().kind() == MeshKind::Shard && patch.get("ownerNodeId").is_some() =>
            {
                "transfer shard"
            }
            MeshWrite::Put { .. } | MeshWrite::Patch { .. } => put,
            MeshWrite::Remove { .. } => remove,
        }
    }

    /// The record that it is about.
    #[must_use]
    pub fn key(&self) -> &MeshKey {
        match self {
            MeshWrite::Put { draft, .. } => draft.key(),
            MeshWrite::Patch { key, .. } | MeshWrite::Remove { key, .. } => key,
        }
    }
}

/// Longest overlap of a rotation: 30 days.
pub const MAX_OVERLAP_SECONDS: u32 = 30 * 24 * 60 * 60;

/// A token as the rules get it; only its holder has the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// Its hash.
    pub hash: TokenHash,
    /// When it expires; `None`: never.
    pub expires_at: Option<Timestamp>,
}

/// What a caller saw of a record that it wants to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The record's own counter.
    Generation(Generation),
    /// The revision of its last change, or one of several.
    Revisions(Vec<Revision>),
    /// That it is there.
    Present,
    /// That it isn't.
    Absent,
}

impl From<Generation> for Expected {
    fn from(generation: Generation) -> Expected {
        Expected::Generation(generation)
    }
}

impl Write {
    /// Whether it is about principals or the book itself, which `ADMIN` alone may change.
    #[must_use]
    pub fn is_for_admins(&self) -> bool {
        match self {
            Write::Register { .. }
            | Write::Update { .. }
            | Write::Remove { .. }
            | Write::Mesh(_) => false,
            Write::CreateBook { .. }
            | Write::Import { .. }
            | Write::CreatePrincipal { .. }
            | Write::SetGrants { .. }
            | Write::RotateToken { .. }
            | Write::RevokeTokens { .. }
            | Write::RemovePrincipal { .. } => true,
        }
    }

    /// The write's name: the reason of a command that gives none.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Write::CreateBook { .. } => "create book",
            Write::Import { .. } => "restore",
            Write::Register { .. } => "register",
            Write::Update { .. } => "update",
            Write::Remove { .. } => "remove",
            Write::Mesh(write) => write.name(),
            Write::CreatePrincipal { .. } => "create principal",
            Write::SetGrants { .. } => "set grants",
            Write::RotateToken { .. } => "rotate token",
            Write::RevokeTokens { .. } => "revoke tokens",
            Write::RemovePrincipal { .. } => "remove principal",
        }
    }
}
