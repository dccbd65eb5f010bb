//! Principals: making, changing and removing them, and their tokens.

use std::sync::Arc;

use deedbook_model::capability::MAX_GRANTS;
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::principal::{MAX_TOKENS, NotAName, Principal, TokenEntry, check_name};
use deedbook_model::{Envelope, Generation, Grants, Kind, TokenId, Verb};

use super::{Outcome, Work, internal, unavailable};
use crate::command::{MAX_OVERLAP_SECONDS, NewToken};
use crate::record::Record;
use crate::refusal::Refusal;

impl Work<'_> {
    pub(super) fn create_principal(
        &mut self,
        name: &str,
        grants: &Grants,
        token: NewToken,
    ) -> Result<Outcome, Refusal> {
        let mut issues = Vec::from_iter(name_issue(name));
        let known = self.state.record(&Kind::PRINCIPAL, name);
        if known.is_some_and(|known| known.is_live()) {
            let message = format!("there is a principal `{name}` already");
            let hint = "rotate its token, or set its grants";
            issues.push(Issue::error(IssueKind::Conflict, "/name", message).with_hint(hint));
        }
        issues.extend(grants_issue(grants));
        issues.extend(self.token_issue(token));
        refuse(issues)?;
        let principal = Principal {
            grants: grants.iter().map(ToString::to_string).collect(),
            tokens: vec![TokenEntry::new(token.hash, self.now, token.expires_at)],
            ..Principal::default()
        };
        let record = self.put_data(Kind::PRINCIPAL, name, Verb::CREATED, &principal)?;
        Ok(Outcome {
            created: true,
            ..changed(record)
        })
    }

    pub(super) fn set_grants(
        &mut self,
        name: &str,
        grants: &Grants,
        expected: Option<Generation>,
    ) -> Result<Outcome, Refusal> {
        let (before, mut principal) = self.find_principal(name, expected)?;
        refuse(Vec::from_iter(grants_issue(grants)))?;
        let grants = grants.iter().map(ToString::to_string).collect();
        if principal.grants == grants {
            return Ok(unchanged(before));
        }
        principal.grants = grants;
        let record = self.put_data(Kind::PRINCIPAL, name, Verb::UPDATED, &principal)?;
        Ok(changed(record))
    }

    pub(super) fn rotate_token(
        &mut self,
        name: &str,
        token: NewToken,
        overlap_seconds: u32,
        expected: Option<Generation>,
    ) -> Result<Outcome, Refusal> {
        let (_, mut principal) = self.find_principal(name, expected)?;
        let mut issues = Vec::from_iter(self.token_issue(token));
        issues.extend(overlap_issue(overlap_seconds));
        let now = self.now;
        principal
            .tokens
            .retain(|entry| entry.end().is_none_or(|end| end > now));
        if principal.tokens.len() >= MAX_TOKENS {
            issues.push(too_many_tokens());
        }
        refuse(issues)?;
        let end = now.plus_seconds(i64::from(overlap_seconds));
        for entry in &mut principal.tokens {
            entry.ends_at = Some(entry.ends_at.map_or(end, |earlier| earlier.min(end)));
        }
        let entry = TokenEntry::new(token.hash, now, token.expires_at);
        principal.tokens.push(entry);
        let record = self.put_data(Kind::PRINCIPAL, name, Verb::ROTATED, &principal)?;
        Ok(changed(record))
    }

    pub(super) fn revoke_tokens(
        &mut self,
        name: &str,
        token: Option<TokenId>,
        expected: Option<Generation>,
    ) -> Result<Outcome, Refusal> {
        let (before, mut principal) = self.find_principal(name, expected)?;
        let count = principal.tokens.len();
        principal
            .tokens
            .retain(|entry| token.is_some_and(|token| entry.id != token));
        match token {
            Some(token) if principal.tokens.len() == count => {
                let message = format!("principal `{name}` has no token {token}");
                Err(not_found("/token", message))
            }
            None if count == 0 => Ok(unchanged(before)),
            _ => {
                let record = self.put_data(Kind::PRINCIPAL, name, Verb::REVOKED, &principal)?;
                Ok(changed(record))
            }
        }
    }

    pub(super) fn remove_principal(
        &mut self,
        name: &str,
        expected: Option<Generation>,
    ) -> Result<Outcome, Refusal> {
        let before = self.live_principal(name, expected)?;
        let record = self.take_out(before);
        Ok(changed(record))
    }

    /// The principal of that name and what is stored of it.
    fn find_principal(
        &self,
        name: &str,
        expected: Option<Generation>,
    ) -> Result<(Arc<Record>, Principal), Refusal> {
        let record = self.live_principal(name, expected)?;
        let bytes = record.bytes.as_deref().unwrap_or_default();
        let envelope = Envelope::read(bytes).map_err(|error| internal(error.to_string()))?;
        let principal = serde_json::from_str(envelope.data.get()).map_err(|_| {
            unavailable(format!(
                "only a later version of Deedbook reads principal `{name}`"
            ))
        })?;
        Ok((record, principal))
    }

    fn live_principal(
        &self,
        name: &str,
        expected: Option<Generation>,
    ) -> Result<Arc<Record>, Refusal> {
        let record = self.state.record(&Kind::PRINCIPAL, name);
        let Some(record) = record.filter(|record| record.is_live()) else {
            return Err(not_found("", format!("no principal `{name}`")));
        };
        let title = format!("principal `{name}`");
        super::check_generation(&title, record.generation, expected)?;
        Ok(Arc::clone(record))
    }

    fn token_issue(&self, token: NewToken) -> Option<Issue> {
        if self.state.tokens.holder(&token.hash).is_some() {
            let message = "this token is somebody's already; draw another";
            return Some(Issue::error(IssueKind::Conflict, "/token", message));
        }
        let expires_at = token.expires_at.filter(|end| *end <= self.now)?;
        let message = format!("{expires_at} is past; a token expires later than now");
        Some(Issue::error(IssueKind::OutOfRange, "/expires", message))
    }
}

fn changed(record: Arc<Record>) -> Outcome {
    Outcome {
        record,
        created: false,
        unchanged: false,
        warnings: Vec::new(),
    }
}

fn unchanged(record: Arc<Record>) -> Outcome {
    Outcome {
        unchanged: true,
        ..changed(record)
    }
}

fn refuse(issues: Vec<Issue>) -> Result<(), Refusal> {
    if issues.is_empty() {
        return Ok(());
    }
    Err(Refusal::of(0, issues))
}

fn not_found(pointer: &str, message: String) -> Refusal {
    Refusal::of(0, vec![Issue::error(IssueKind::NotFound, pointer, message)])
}

fn name_issue(name: &str) -> Option<Issue> {
    let error = check_name(name).err()?;
    let kind = match error {
        NotAName::Length => IssueKind::OutOfRange,
        NotAName::Form => IssueKind::InvalidFormat,
    };
    Some(Issue::error(kind, "/name", error.to_string()))
}

fn grants_issue(grants: &Grants) -> Option<Issue> {
    let message = format!("at most {MAX_GRANTS} grants, not {}", grants.len());
    (grants.len() > MAX_GRANTS).then(|| Issue::error(IssueKind::OutOfRange, "/grants", message))
}

fn overlap_issue(seconds: u32) -> Option<Issue> {
    let message = format!("at most {MAX_OVERLAP_SECONDS} seconds (30 days), not {seconds}");
    (seconds > MAX_OVERLAP_SECONDS)
        .then(|| Issue::error(IssueKind::OutOfRange, "/overlapSeconds", message))
}

fn too_many_tokens() -> Issue {
    let message = format!("it has {MAX_TOKENS} tokens that haven't ended");
    Issue::error(IssueKind::OutOfRange, "", message).with_hint("revoke one first")
}
