//! Principals and their tokens.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{
    CreatePrincipalShape, IssuedShape, RevokeTokensShape, RotateTokenShape, SetGrantsShape,
};
use deedbook_book::{Receipt, View, draw_token};
use deedbook_model::code::Code;
use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::time::instant_to_come;
use deedbook_model::{Generation, Grant, Grants, Kind, Revision, Timestamp, Token};
use deedbook_rules::{NewToken, Outcome, Record, Write};
use http::{HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::batch::written;
use super::book::read;
use super::listing::{limit, page};
use crate::answer::Answer;
use crate::authorship::Authorship;
use crate::call::Call;
use crate::content::Received;
use crate::cursor;
use crate::refuse;
use crate::write::{perform, refused};

pub(super) async fn create(call: &Call, received: Received) -> Result<Answer, Problem> {
    let shape: CreatePrincipalShape = read(&received.bytes)?;
    let drawn = draw(call, shape.expires.as_deref())?;
    let write = Write::CreatePrincipal {
        name: shape.name,
        grants: grants(&shape.grants).map_err(Problem::document)?,
        token: drawn.new,
    };
    let receipt = done(call, &received.bytes, write).await?;
    if is_dry_run(call) {
        return changed(&receipt);
    }
    let mut answer = issued(&receipt, &drawn)?;
    answer.status = StatusCode::CREATED;
    let name = receipt.outcomes.first().map(|outcome| &*outcome.record.key);
    // A principal's name needs no encoding.
    let place = format!("/v1/principals/{}", name.unwrap_or_default());
    let place = HeaderValue::try_from(place).ok();
    answer.header = place.map(|place| (header::LOCATION, place));
    Ok(answer)
}

pub(super) async fn rotate(call: &Call, received: Received) -> Result<Answer, Problem> {
    let shape: RotateTokenShape = read_if_any(&received)?;
    let drawn = draw(call, shape.expires.as_deref())?;
    let write = Write::RotateToken {
        name: name(call)?,
        token: drawn.new,
        overlap_seconds: shape.overlap_seconds,
        expected: expected(call),
    };
    let receipt = done(call, &received.bytes, write).await?;
    if is_dry_run(call) {
        return changed(&receipt);
    }
    issued(&receipt, &drawn)
}

pub(super) async fn revoke(call: &Call, received: Received) -> Result<Answer, Problem> {
    let RevokeTokensShape { token } = read_if_any(&received)?;
    let write = Write::RevokeTokens {
        name: name(call)?,
        token,
        expected: expected(call),
    };
    changed(&done(call, &received.bytes, write).await?)
}

pub(super) async fn set_grants(call: &Call, received: Received) -> Result<Answer, Problem> {
    let shape: SetGrantsShape = read(&received.bytes)?;
    let write = Write::SetGrants {
        name: name(call)?,
        grants: grants(&shape.grants).map_err(Problem::document)?,
        expected: expected(call),
    };
    changed(&done(call, &received.bytes, write).await?)
}

pub(super) async fn remove(call: &Call) -> Result<Answer, Problem> {
    let write = Write::RemovePrincipal {
        name: name(call)?,
        expected: expected(call),
    };
    written(call, &done(call, b"", write).await?, is_dry_run(call))
}

pub(super) fn get(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let name = name(call)?;
    let found = view.record(&Kind::PRINCIPAL, &name);
    match found.filter(|record| record.is_live()) {
        Some(record) => Ok(Answer::record(record)),
        None => Err(
            Problem::new(Code::NotFound, format!("no principal `{name}`"))
                .with_hint("`GET /v1/principals` lists what there is"),
        ),
    }
}

/// Where a list of principals goes on: version, revision, after.
#[derive(Serialize, Deserialize)]
struct Cursor {
    v: u32,
    r: Revision,
    a: String,
}

/// The revision that a list is pinned to, where it goes on.
pub(super) fn pinned(call: &Call) -> Result<Option<Revision>, Problem> {
    Ok(cursor(call)?.map(|cursor| cursor.r))
}

pub(super) fn list(call: &Call, view: &Arc<View>) -> Result<Answer, Problem> {
    let after = cursor(call)?.map_or(String::new(), |cursor| cursor.a);
    let limit = limit(call);
    let found = view.records_of(&Kind::PRINCIPAL, &after);
    let revision = view.head().revision;
    let last = found.clone().nth(limit).and(found.clone().nth(limit - 1));
    let next = last.map(|last| {
        let says = Cursor {
            v: 1,
            r: revision,
            a: last.key.to_string(),
        };
        cursor::encode(call, &says)
    });
    let next = next.transpose()?;
    if next.is_some() {
        call.server.past.keep_shared(view);
    }
    Ok(page(found.take(limit), next.as_deref(), revision))
}

fn cursor(call: &Call) -> Result<Option<Cursor>, Problem> {
    match cursor::read::<Cursor>(call)? {
        Some(cursor) if cursor.v != 1 => Err(Problem::parameter("cursor", "not a cursor")),
        cursor => Ok(cursor),
    }
}

fn name(call: &Call) -> Result<String, Problem> {
    call.key_text().map(std::borrow::Cow::into_owned)
}

fn expected(call: &Call) -> Option<Generation> {
    call.query.number("expectedGeneration").map(Generation)
}

fn read_if_any<T: DeserializeOwned + Default>(received: &Received) -> Result<T, Problem> {
    match received.media_type {
        Some(_) => read(&received.bytes),
        None => Ok(T::default()),
    }
}

/// What a list of grants says, or every fault in it.
pub(super) fn grants(texts: &[String]) -> Result<Grants, Vec<Issue>> {
    let (mut grants, mut issues) = (Vec::new(), Vec::new());
    for (place, text) in texts.iter().enumerate() {
        match text.parse::<Grant>() {
            Ok(grant) => grants.push(grant),
            Err(error) => issues.push(Issue::error(
                IssueKind::InvalidFormat,
                format!("/grants/{place}"),
                error.to_string(),
            )),
        }
    }
    if issues.is_empty() {
        Ok(grants.into_iter().collect())
    } else {
        Err(issues)
    }
}

/// A fresh token, and what the rules get of it.
pub(super) struct Drawn {
    token: Token,
    pub(super) new: NewToken,
}

impl Drawn {
    /// Draws one that expires then.
    pub(super) fn draw(
        now: Timestamp,
        expires: Option<&str>,
    ) -> Result<Result<Drawn, Vec<Issue>>, Problem> {
        let expires_at = expires.map(|text| instant_to_come(text, now));
        if expires_at == Some(None) {
            let message = "isn't so long from now (`90d`) or an RFC 3339 time";
            let issue = Issue::error(IssueKind::InvalidFormat, "/expires", message);
            return Ok(Err(vec![issue]));
        }
        let token = draw_token().map_err(refuse::book)?;
        let new = NewToken {
            hash: token.hash(),
            expires_at: expires_at.flatten(),
        };
        Ok(Ok(Drawn { token, new }))
    }

    /// The only time that it is shown.
    pub(super) fn shown(&self, principal: &Record) -> IssuedShape {
        IssuedShape::of(&self.token, self.new.expires_at, principal)
    }
}

fn draw(call: &Call, expires: Option<&str>) -> Result<Drawn, Problem> {
    Drawn::draw(call.server.book.now(), expires)?.map_err(Problem::document)
}

fn is_dry_run(call: &Call) -> bool {
    call.query.flag("dryRun")
}

async fn done(call: &Call, content: &[u8], write: Write) -> Result<Receipt, Problem> {
    let command = Authorship::of(call, content)?.command(vec![write]);
    let receipt = perform(&call.server, command, is_dry_run(call)).await;
    receipt.map_err(|error| refused(error, |_| String::new()))
}

fn first(receipt: &Receipt) -> Result<&Outcome, Problem> {
    let outcome = receipt.outcomes.first();
    outcome.ok_or_else(|| Problem::new(Code::Internal, "a receipt without an outcome"))
}

/// A token is shown once: who repeats a request has to have another one made.
pub(super) fn demand_first(receipt: &Receipt) -> Result<(), Problem> {
    let Some(repeat) = receipt.repeat else {
        return Ok(());
    };
    let detail = format!(
        "this was done at revision {}, and the token was shown then",
        repeat.first
    );
    Err(Problem::new(Code::Conflict, detail)
        .with_hint("rotate the principal's token to get another"))
}

fn issued(receipt: &Receipt, drawn: &Drawn) -> Result<Answer, Problem> {
    demand_first(receipt)?;
    let shape = drawn.shown(&first(receipt)?.record);
    Ok(Answer::json(&shape)?.at(receipt.revision))
}

fn changed(receipt: &Receipt) -> Result<Answer, Problem> {
    let record: &Arc<Record> = &first(receipt)?.record;
    Ok(Answer::record(record).at(receipt.revision))
}
