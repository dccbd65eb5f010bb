//! A plan as it is kept and handed on: JSON with a digest of what it says.

use deedbook_model::Revision;
use serde::{Deserialize, Serialize};

use super::{Move, RestsOn, Stay};

/// The form of a plan's JSON.
const FORMAT: &str = "deedbook-plan/1";

/// Hex digits of a digest: 128 bits.
const DIGITS: usize = 32;

/// Moves that were thought of and not done yet. It says what [`plan()`](super::plan()) found or what
/// was read, and nothing else: its digest always fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PlanFile", into = "PlanFile")]
pub struct Plan {
    content: Content,
    digest: String,
}

/// What a digest covers, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    pub(super) namespace: String,
    pub(super) strategy_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) undoes: Option<Revision>,
    pub(super) moves: Vec<Move>,
    pub(super) stays: Vec<Stay>,
    pub(super) fewest_moves: usize,
    pub(super) held_back: usize,
    pub(super) rests_on: RestsOn,
}

/// A plan as it was read: its digest may not fit.
#[derive(Serialize, Deserialize)]
struct PlanFile {
    format: String,
    #[serde(flatten)]
    content: Content,
    digest: String,
}

/// Why what was read isn't a plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It isn't JSON, or something is missing or of another type.
    #[error("not a plan: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of another form than this version reads.
    #[error("a plan of format `{0}`, and this version reads `{FORMAT}`")]
    Format(String),
    /// It moves what it doesn't rest on: it was never made like that.
    #[error("not a plan: it moves shard `{0}` and doesn't rest on it")]
    Unfounded(String),
    /// It doesn't say what it said when it was made.
    #[error("the plan was edited: its digest is {stated}, and that of its content {actual}")]
    Edited {
        /// What it says.
        stated: String,
        /// What it would have to say.
        actual: String,
    },
}

impl PlanError {
    /// The code of the error in answers.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            PlanError::Json(_) | PlanError::Unfounded(_) => "shards.plan.invalid",
            PlanError::Format(_) => "shards.plan.format_unknown",
            PlanError::Edited { .. } => "shards.plan.edited",
        }
    }
}

impl Plan {
    pub(super) fn of(content: Content) -> Plan {
        let digest = content.digest();
        Plan { content, digest }
    }

    /// Reads a plan from JSON. Members that it doesn't know are ignored.
    ///
    /// The digest finds edits and damage; it is no signature. Who could have changed a plan could
    /// also have made another.
    ///
    /// # Errors
    /// Those of [`PlanError`].
    pub fn read(json: &[u8]) -> Result<Plan, PlanError> {
        let file: PlanFile = serde_json::from_slice(json)?;
        Plan::try_from(file)
    }

    /// The namespace whose shards move.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.content.namespace
    }

    /// The strategy that says where they belong.
    #[must_use]
    pub fn strategy_id(&self) -> &str {
        &self.content.strategy_id
    }

    /// The command that it undoes, by a revision of it.
    #[must_use]
    pub fn undoes(&self) -> Option<Revision> {
        self.content.undoes
    }

    /// What should move and stays, by id.
    #[must_use]
    pub fn stays(&self) -> &[Stay] {
        &self.content.stays
    }

    /// What moves, the most needed first.
    #[must_use]
    pub fn moves(&self) -> &[Move] {
        &self.content.moves
    }

    /// With how many moves at the least each node could have as many shards as it has in the end,
    /// when all moves are done, those held back too.
    #[must_use]
    pub fn fewest_moves(&self) -> usize {
        self.content.fewest_moves
    }

    /// How many moves are needed that the plan doesn't have, because there were to be no more.
    #[must_use]
    pub fn held_back(&self) -> usize {
        self.content.held_back
    }

    /// What must not have moved on when the plan is applied.
    #[must_use]
    pub fn rests_on(&self) -> &RestsOn {
        &self.content.rests_on
    }

    /// 32 hex digits; the same for the same plan, wherever it was made.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl Content {
    /// The first 128 bits of the BLAKE3 hash of its format, a line feed and its JSON without spaces.
    fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(FORMAT.as_bytes());
        hasher.update(b"\n");
        // Texts, numbers and maps with texts as keys: all of it has a JSON form, and a hasher takes
        // whatever it is given.
        let _ = serde_json::to_writer(&mut hasher, self);
        let mut digest = hasher.finalize().to_hex().to_string();
        digest.truncate(DIGITS);
        digest
    }
}

impl TryFrom<PlanFile> for Plan {
    type Error = PlanError;

    fn try_from(file: PlanFile) -> Result<Plan, PlanError> {
        if file.format != FORMAT {
            return Err(PlanError::Format(file.format));
        }
        let plan = Plan::of(file.content);
        if plan.digest != file.digest {
            return Err(PlanError::Edited {
                stated: file.digest,
                actual: plan.digest,
            });
        }
        let rests_on = &plan.content.rests_on.shards;
        let mut moves = plan.moves().iter();
        match moves.find(|one| !rests_on.contains_key(&one.shard_id)) {
            Some(unfounded) => Err(PlanError::Unfounded(unfounded.shard_id.clone())),
            None => Ok(plan),
        }
    }
}

impl From<Plan> for PlanFile {
    fn from(plan: Plan) -> PlanFile {
        PlanFile {
            format: FORMAT.to_owned(),
            content: plan.content,
            digest: plan.digest,
        }
    }
}
