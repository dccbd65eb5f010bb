//! `principal` (also `token`): who may use a book over the network.

use std::sync::Arc;

use deedbook_api::shapes::IssuedShape;
use deedbook_model::principal::Principal;
use deedbook_model::time::instant_to_come;
use deedbook_model::{Envelope, Generation};
use deedbook_rules::Record;
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
use crate::source::{PrincipalChange, PrincipalDone, PrincipalWrite};

/// A list of principals, as programs read it.
#[derive(Serialize)]
struct Listing<'a> {
    items: Vec<&'a RawValue>,
    revision: u64,
}

/// Makes a principal and prints its token.
pub(crate) fn create(args: &Create, context: &mut Context) -> Result<(), Failure> {
    let change = PrincipalChange::Create {
        grants: args.grants.grants.clone(),
        expires: expires(&args.expires)?,
    };
    let done = perform(&args.name, change, None, &args.why, context)?;
    print_token(done, context)
}

/// Makes another token for a principal and prints it.
pub(crate) fn rotate(args: &Rotate, context: &mut Context) -> Result<(), Failure> {
    let change = PrincipalChange::Rotate {
        expires: expires(&args.expires)?,
        overlap_seconds: args.overlap.unwrap_or_default(),
    };
    let done = perform(
        &args.name,
        change,
        expected(&args.expected),
        &args.why,
        context,
    )?;
    print_token(done, context)
}

/// Takes tokens away.
pub(crate) fn revoke(args: &Revoke, context: &mut Context) -> Result<(), Failure> {
    let change = PrincipalChange::Revoke(args.token);
    let done = perform(
        &args.name,
        change,
        expected(&args.expected),
        &args.why,
        context,
    )?;
    print_done(&args.name, done, context)
}

/// Gives a principal other grants.
pub(crate) fn set(args: &Set, context: &mut Context) -> Result<(), Failure> {
    let change = PrincipalChange::Set(args.grants.grants.clone());
    let done = perform(
        &args.name,
        change,
        expected(&args.expected),
        &args.why,
        context,
    )?;
    print_done(&args.name, done, context)
}

/// Removes a principal.
pub(crate) fn remove(args: &Remove, context: &mut Context) -> Result<(), Failure> {
    if !args.why.who.dry_run {
        confirm(&format!("Remove principal {}?", args.name), args.yes)?;
    }
    let expected = expected(&args.expected);
    let done = perform(
        &args.name,
        PrincipalChange::Remove,
        expected,
        &args.why,
        context,
    )?;
    print_done(&args.name, done, context)
}

/// Lists principals.
pub(crate) fn list(args: &List, context: &mut Context) -> Result<(), Failure> {
    let found = context.source_to_read()?.principals(args.at.at)?;
    if context.output.format != Format::Human {
        let items: Result<Vec<_>, _> = found.items.iter().map(|record| raw(record)).collect();
        let revision = found.revision.0;
        return context.output.value(&Listing {
            items: items?,
            revision,
        });
    }
    let mut table = Table::new(&["NAME", "CAPABILITIES", "TOKENS"]);
    for record in &found.items {
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
    let found = context
        .source_to_read()?
        .principal(&args.name, args.at.at)?;
    print(&found.record, context)
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

fn print_done(name: &str, done: PrincipalDone, context: &mut Context) -> Result<(), Failure> {
    match done {
        PrincipalDone::Issued(issued) => print_issued(&issued, context),
        PrincipalDone::Changed(record) => print(&record, context),
        PrincipalDone::Removed {
            generation,
            revision,
        } => match context.output.format {
            Format::Human => context.output.line(&format!("removed: {name}")),
            _ => context.output.value(&serde_json::json!({
                "kind": "principal",
                "key": name,
                "generation": generation,
                "revision": revision,
                "removed": true,
            })),
        },
    }
}

/// The token alone is the result; what else there is to say goes to stderr.
fn print_token(done: PrincipalDone, context: &mut Context) -> Result<(), Failure> {
    match done {
        PrincipalDone::Issued(issued) => print_issued(&issued, context),
        PrincipalDone::Changed(record) => {
            context.output.note("dry run: no token was made");
            print(&record, context)
        }
        PrincipalDone::Removed { .. } => Ok(()),
    }
}

fn print_issued(issued: &IssuedShape, context: &mut Context) -> Result<(), Failure> {
    if context.output.format != Format::Human {
        return context.output.value(issued);
    }
    let until = issued
        .expires_at
        .map_or("for good".to_owned(), |end| format!("until {end}"));
    let may = issued.grants.join(", ");
    context.output.note(&format!(
        "principal {} may {may}, {until}; its token is shown this once",
        issued.name
    ));
    context.output.line(&issued.token)
}

/// A book is made for its first principal, and for nothing else.
fn perform(
    name: &str,
    change: PrincipalChange,
    expected: Option<Generation>,
    why: &WhyArgs,
    context: &mut Context,
) -> Result<PrincipalDone, Failure> {
    let authorship = Authorship::of(why, &context.config);
    let write = PrincipalWrite {
        name: name.to_owned(),
        expected,
        dry_run: why.who.dry_run,
        change,
    };
    let mut source = match write.change {
        PrincipalChange::Create { .. } if !write.dry_run => context.source_to_write()?,
        _ => context.source_to_change(write.dry_run)?,
    };
    let done = source.write_principal(&write, &authorship)?;
    if !write.dry_run {
        source.close()?;
    }
    Ok(done)
}

/// When a token is to end, as it was said; what isn't a time to come is refused.
fn expires(args: &ExpiresArgs) -> Result<Option<String>, Failure> {
    let Some(text) = &args.expires else {
        return Ok(None);
    };
    let expected = "expected so long from now (90d, 12h) or an RFC 3339 time";
    match instant_to_come(text, now()) {
        Some(_) => Ok(Some(text.clone())),
        None => Err(Failure::Usage(format!("--expires {text}: {expected}"))),
    }
}

fn expected(args: &IfGenerationArgs) -> Option<Generation> {
    args.if_generation.map(Generation)
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
