//! Principals, from either source.

use std::sync::Arc;

use deedbook_api::client::{Request, Target};
use deedbook_api::route::Method;
use deedbook_api::shapes::{
    CreatePrincipalShape, IssuedShape, RevokeTokensShape, RotateTokenShape, SetGrantsShape,
};
use deedbook_book::{Book, draw_token};
use deedbook_model::time::instant_to_come;
use deedbook_model::{Generation, Grant, Kind, Revision, Token};
use deedbook_rules::components::MAX_LIMIT;
use deedbook_rules::{NewToken, Write};
use serde::Deserialize;

use super::remote::{at_moment, record_of};
use super::{PrincipalChange, PrincipalDone, PrincipalWrite, Records, Remote, Seen};
use crate::commands::write::Authorship;
use crate::context::{now, view_at};
use crate::error::Failure;
use crate::grammar::values::Moment;

pub(super) fn principals(book: &Book, at: Option<Moment>) -> Result<Records, Failure> {
    let view = view_at(book, at)?;
    Ok(Records {
        items: view.records_of(&Kind::PRINCIPAL, "").cloned().collect(),
        next: None,
        revision: view.head().revision,
    })
}

pub(super) fn principal(book: &Book, name: &str, at: Option<Moment>) -> Result<Seen, Failure> {
    let view = view_at(book, at)?;
    let found = view.record(&Kind::PRINCIPAL, name);
    match found.filter(|record| record.is_live()) {
        Some(record) => Ok(Seen {
            record: Arc::clone(record),
        }),
        None => Err(Failure::NotFound(format!("no principal `{name}`"))),
    }
}

pub(super) fn write_principal(
    book: &Book,
    write: &PrincipalWrite,
    authorship: &Authorship,
) -> Result<PrincipalDone, Failure> {
    let (in_book, drawn) = in_book(write)?;
    let command = authorship.command(vec![in_book]);
    let receipt = if write.dry_run {
        book.check(&command)
    } else {
        book.execute(command)
    };
    let receipt = receipt?;
    let record = receipt.outcomes.first().map(|outcome| &outcome.record);
    let record =
        record.ok_or_else(|| Failure::Internal("a receipt without an outcome".to_owned()))?;
    Ok(match (&write.change, drawn) {
        (PrincipalChange::Remove, _) => PrincipalDone::Removed {
            generation: record.generation,
            revision: record.revision,
        },
        (_, Some((token, new))) if !write.dry_run => {
            PrincipalDone::Issued(IssuedShape::of(&token, new.expires_at, record))
        }
        _ => PrincipalDone::Changed(Arc::clone(record)),
    })
}

/// The write as the rules take it, and the token that was drawn for it.
fn in_book(write: &PrincipalWrite) -> Result<(Write, Option<(Token, NewToken)>), Failure> {
    let (name, expected) = (write.name.clone(), write.expected);
    Ok(match &write.change {
        PrincipalChange::Create { grants, expires } => {
            let (token, new) = draw(expires.as_deref())?;
            let create = Write::CreatePrincipal {
                name,
                grants: grants.iter().cloned().collect(),
                token: new,
            };
            (create, Some((token, new)))
        }
        PrincipalChange::Rotate {
            expires,
            overlap_seconds,
        } => {
            let (token, new) = draw(expires.as_deref())?;
            let rotate = Write::RotateToken {
                name,
                token: new,
                overlap_seconds: *overlap_seconds,
                expected,
            };
            (rotate, Some((token, new)))
        }
        PrincipalChange::Revoke(token) => {
            let token = *token;
            let revoke = Write::RevokeTokens {
                name,
                token,
                expected,
            };
            (revoke, None)
        }
        PrincipalChange::Set(grants) => {
            let grants = grants.iter().cloned().collect();
            let set = Write::SetGrants {
                name,
                grants,
                expected,
            };
            (set, None)
        }
        PrincipalChange::Remove => (Write::RemovePrincipal { name, expected }, None),
    })
}

/// A fresh token, and what the rules get of it.
fn draw(expires: Option<&str>) -> Result<(Token, NewToken), Failure> {
    let token = draw_token()?;
    let new = NewToken {
        hash: token.hash(),
        expires_at: expires.and_then(|text| instant_to_come(text, now())),
    };
    Ok((token, new))
}

#[derive(Deserialize)]
struct Gone {
    generation: Generation,
    revision: Revision,
}

impl Remote {
    pub(super) fn principals(&mut self, at: Option<Moment>) -> Result<Records, Failure> {
        let page = |cursor: Option<&str>| {
            Target::new("/v1/principals")
                .with("limit", &MAX_LIMIT.to_string())
                .maybe("cursor", cursor)
        };
        let mut all = self.records(at_moment(page(None), at))?;
        while let Some(next) = all.next.take() {
            let more = self.records(page(Some(&next)))?;
            all.items.extend(more.items);
            all.next = more.next;
        }
        Ok(all)
    }

    pub(super) fn principal(&mut self, name: &str, at: Option<Moment>) -> Result<Seen, Failure> {
        let target = at_moment(Target::principal(name, ""), at);
        let answer = self.send(&Request::get(target));
        let answer = answer.map_err(|failure| match failure {
            // What lists them is another command here.
            Failure::Told(told) if told.is_not_found() => {
                Failure::NotFound(format!("no principal `{name}`"))
            }
            failure => failure,
        })?;
        Ok(Seen {
            record: Arc::new(record_of(&answer.body)?),
        })
    }

    pub(super) fn write_principal(
        &mut self,
        write: &PrincipalWrite,
        authorship: &Authorship,
    ) -> Result<PrincipalDone, Failure> {
        let below = |below| Target::principal(&write.name, below);
        let (method, target, content) = match &write.change {
            PrincipalChange::Create { grants, expires } => {
                let content = serde_json::to_vec(&CreatePrincipalShape {
                    name: write.name.clone(),
                    grants: texts(grants),
                    expires: expires.clone(),
                })?;
                (Method::Post, Target::new("/v1/principals"), Some(content))
            }
            PrincipalChange::Rotate {
                expires,
                overlap_seconds,
            } => {
                let content = serde_json::to_vec(&RotateTokenShape {
                    expires: expires.clone(),
                    overlap_seconds: *overlap_seconds,
                })?;
                (Method::Post, below("/rotate"), Some(content))
            }
            PrincipalChange::Revoke(token) => {
                let content = serde_json::to_vec(&RevokeTokensShape { token: *token })?;
                (Method::Post, below("/revoke"), Some(content))
            }
            PrincipalChange::Set(grants) => {
                let grants = texts(grants);
                let content = serde_json::to_vec(&SetGrantsShape { grants })?;
                (Method::Patch, below(""), Some(content))
            }
            PrincipalChange::Remove => (Method::Delete, below(""), None),
        };
        let expected = write.expected.map(|generation| generation.to_string());
        let target = target
            .flag("dryRun", write.dry_run)
            .maybe("expectedGeneration", expected.as_deref());
        let mut request = self.write_request(method, target, authorship);
        if let Some(content) = content {
            request = request.content("application/json", content);
        }
        let answer = self.send(&request)?;
        Ok(match &write.change {
            PrincipalChange::Remove => {
                let Gone {
                    generation,
                    revision,
                } = answer.json()?;
                PrincipalDone::Removed {
                    generation,
                    revision,
                }
            }
            PrincipalChange::Create { .. } | PrincipalChange::Rotate { .. } if !write.dry_run => {
                PrincipalDone::Issued(answer.json()?)
            }
            _ => PrincipalDone::Changed(Arc::new(record_of(&answer.body)?)),
        })
    }
}

fn texts(grants: &[Grant]) -> Vec<String> {
    grants.iter().map(ToString::to_string).collect()
}
