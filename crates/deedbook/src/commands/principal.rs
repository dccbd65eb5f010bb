//! `principal` (also `token`): who may use a book over the network.

use std::sync::Arc;

use deedbook_api::shapes::IssuedShape;
use deedbook_book::{Receipt, draw_token};
use deedbook_model::principal::Principal;
use deedbook_model::time::instant_to_come;
use deedbook_model::{Envelope, Generation, Kind, Token};
use deedbook_rules::{NewToken, Outcome, Record, Write};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::commands::write::{Authorship, confirm};
use crate::context::{Context, now};
use crate::error::Failure;
use crate::grammar::arguments::{IfGenerationArgs, WhyArgs};
use crate::grammar::principal::{Create, ExpiresArgs, Get, List, Remove, Revoke, Rotate, Set};
use crate::grammar::values::Format;
use crate::output::human::one_line;
use crate::output::table::Table;

/// A list of principals, as programs read it.
#[derive(Serialize)]
struct Listing<'a> {
    items: Vec<&'a RawValue>,
    revision: u64,
}

/// Makes a principal and prints its token.
pub(crate) fn create(args: &Create, context: &mut Context) -> Result<(), Failure> {
    let (token, new) = draw(&args.expires)?;
    let write = Write::CreatePrincipal {
        name: args.name.clone(),
        grants: args.grants.grants.iter().cloned().collect(),
        token: new,
    };
    let receipt = perform(write, &args.why, context, Book::Made)?;
    print_token(&token, new, &receipt, args.why.who.dry_run, context)
}

/// Makes another token for a principal and prints it.
pub(crate) fn rotate(args: &Rotate, context: &mut Context) -> Result<(), Failure> {
    let (token, new) = draw(&args.expires)?;
    let write = Write::RotateToken {
        name: args.name.clone(),
        token: new,
        overlap_seconds: args.overlap.unwrap_or_default(),
        expected: expected(&args.expected),
    };
    let receipt = perform(write, &args.why, context, Book::Existing)?;
    print_token(&token, new, &receipt, args.why.who.dry_run, context)
}

/// Takes tokens away.
pub(crate) fn revoke(args: &Revoke, context: &mut Context) -> Result<(), Failure> {
    let write = Write::RevokeTokens {
        name: args.name.clone(),
        token: args.token,
        expected: expected(&args.expected),
    };
    let receipt = perform(write, &args.why, context, Book::Existing)?;
    print_changed(&receipt, context)
}

/// Gives a principal other grants.
pub(crate) fn set(args: &Set, context: &mut Context) -> Result<(), Failure> {
    let write = Write::SetGrants {
        name: args.name.clone(),
        grants: args.grants.grants.iter().cloned().collect(),
        expected: expected(&args.expected),
    };
    let receipt = perform(write, &args.why, context, Book::Existing)?;
    print_changed(&receipt, context)
}

/// Removes a principal.
pub(crate) fn remove(args: &Remove, context: &mut Context) -> Result<(), Failure> {
    if !args.why.who.dry_run {
        confirm(&format!("Remove principal {}?", args.name), args.yes)?;
    }
    let write = Write::RemovePrincipal {
        name: args.name.clone(),
        expected: expected(&args.expected),
    };
    let receipt = perform(write, &args.why, context, Book::Existing)?;
    let record = &first(&receipt)?.record;
    match context.output.format {
        Format::Human => context.output.line(&format!("removed: {}", record.key)),
        _ => context.output.value(&serde_json::json!({
            "kind": record.kind.as_str(),
            "key": &*record.key,
            "generation": record.generation,
            "revision": record.revision,
            "removed": true,
        })),
    }
}

/// Lists principals.
pub(crate) fn list(args: &List, context: &mut Context) -> Result<(), Failure> {
    let view = context.view(&args.at)?;
    let found: Vec<&Arc<Record>> = view.records_of(&Kind::PRINCIPAL, "").collect();
    if context.output.format != Format::Human {
        let items: Result<Vec<_>, _> = found.iter().map(|record| raw(record)).collect();
        let revision = view.head().revision.0;
        return context.output.value(&Listing {
            items: items?,
            revision,
        });
    }
    let mut table = Table::new(&["NAME", "CAPABILITIES", "TOKENS"]);
    for record in found {
        let principal = read(record)?;
        table.row([
            record.key.to_string(),
            principal.grants.join(" "),
            principal.tokens.len().to_string(),
        ]);
    }
    context.output.text(&table.render())
}

/// Shows a principal.
pub(crate) fn get(args: &Get, context: &mut Context) -> Result<(), Failure> {
    let view = context.view(&args.at)?;
    let found = view.record(&Kind::PRINCIPAL, &args.name);
    let Some(record) = found.filter(|record| record.is_live()) else {
        return Err(Failure::NotFound(format!("no principal `{}`", args.name)));
    };
    print(record, context)
}

fn print(record: &Arc<Record>, context: &mut Context) -> Result<(), Failure> {
    if context.output.format != Format::Human {
        return context.output.value(raw(record)?);
    }
    let principal = read(record)?;
    let output = &mut context.output;
    output.line(&format!("name: {}", record.key))?;
    for grant in &principal.grants {
        output.line(&format!("capability: {}", one_line(grant)))?;
    }
    for token in &principal.tokens {
        let end = token
            .end()
            .map_or("never".to_owned(), |end| end.to_string());
        let (id, made) = (token.id, token.created_at);
        output.line(&format!("token: {id} made {made} ends {end}"))?;
    }
    Ok(())
}

fn print_changed(receipt: &Receipt, context: &mut Context) -> Result<(), Failure> {
    print(&first(receipt)?.record, context)
}

/// The token alone is the result; what else there is to say goes to stderr.
fn print_token(
    token: &Token,
    new: NewToken,
    receipt: &Receipt,
    dry_run: bool,
    context: &mut Context,
) -> Result<(), Failure> {
    let record = &first(receipt)?.record;
    if dry_run {
        context.output.note("dry run: no token was made");
        return print(record, context);
    }
    let issued = IssuedShape::of(token, new.expires_at, record);
    if context.output.format != Format::Human {
        return context.output.value(&issued);
    }
    let until = new
        .expires_at
        .map_or("for good".to_owned(), |end| format!("until {end}"));
    let may = issued.grants.join(", ");
    context.output.note(&format!(
        "principal {} may {may}, {until}; its token is shown this once",
        issued.name
    ));
    context.output.line(&issued.token)
}

/// Whether a book that isn't there is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Book {
    Made,
    Existing,
}

fn perform(
    write: Write,
    why: &WhyArgs,
    context: &mut Context,
    opened: Book,
) -> Result<Receipt, Failure> {
    let command = Authorship::of(why, &context.config).command(vec![write]);
    if why.who.dry_run {
        return Ok(context.open_to_read()?.check(&command)?);
    }
    let book = match opened {
        Book::Made => context.open_to_write()?,
        Book::Existing => context.open_existing()?,
    };
    let receipt = book.execute(command)?;
    book.close()?;
    Ok(receipt)
}

/// A fresh token, and what the rules get of it.
fn draw(args: &ExpiresArgs) -> Result<(Token, NewToken), Failure> {
    let expires_at = args.expires.as_deref().map(|text| {
        let expected = "expected so long from now (90d, 12h) or an RFC 3339 time";
        instant_to_come(text, now())
            .ok_or_else(|| Failure::Usage(format!("--expires {text}: {expected}")))
    });
    let token = draw_token()?;
    let new = NewToken {
        hash: token.hash(),
        expires_at: expires_at.transpose()?,
    };
    Ok((token, new))
}

fn expected(args: &IfGenerationArgs) -> Option<Generation> {
    args.if_generation.map(Generation)
}

fn first(receipt: &Receipt) -> Result<&Outcome, Failure> {
    let outcome = receipt.outcomes.first();
    outcome.ok_or_else(|| Failure::Internal("a receipt without an outcome".to_owned()))
}

fn raw(record: &Record) -> Result<&RawValue, Failure> {
    let bytes = record.bytes.as_deref().unwrap_or_default();
    serde_json::from_slice(bytes).map_err(|error| Failure::Internal(error.to_string()))
}

fn read(record: &Record) -> Result<Principal, Failure> {
    let failed = |error: String| Failure::Internal(error);
    let bytes = record.bytes.as_deref().unwrap_or_default();
    let envelope = Envelope::read(bytes).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(envelope.data.get()).map_err(|error| failed(error.to_string()))
}
