//! `serve`: the book over HTTP.

mod declare;
mod first_token;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use deedbook_book::{Book, BookError};
use deedbook_model::component::ReadOptions;
use deedbook_model::{KeyLimits, Rights};
use deedbook_rules::{Command, Write};
use deedbook_server::{Ended, Journal, JwtOptions, Limits, Options, TlsFiles, start};

use crate::config::user_name;
use crate::context::Context;
use crate::documents::{Document, read_ahead};
use crate::error::Failure;
use crate::files;
use crate::grammar::serve::{JwtArgs, Serve, TlsArgs};
use crate::socket;

/// Status of a server that cut requests off.
const CUT: u8 = 8;

/// From the signal to the end of the process, at most.
const END: Duration = Duration::from_millis(9_500);

/// Serves the book until a signal.
pub(crate) fn serve(args: &Serve, context: &mut Context) -> Result<(), Failure> {
    let actor = context.config.actor.value.clone().unwrap_or_else(user_name);
    let book = context.open_to_write()?;
    if let Some(folder) = &args.load {
        load(folder, &actor, &book, context)?;
    }
    declare::declare(&actor, &book, context)?;
    let nobody_is_known = args.jwt.issuer.is_none() && !book.view().has_principals();
    if !args.listen.ip().is_loopback() && nobody_is_known {
        let path = first_token::make(&book, &context.opener().folder, &actor)?;
        context.output.note(&format!(
            "an admin's token is in {}: take it from there and remove the file",
            path.display()
        ));
    }
    if !args.listen.ip().is_loopback() && args.tls.certificate.is_none() {
        context.output.note(
            "without --tls-certificate and --tls-key tokens travel in the clear: \
             fine behind a proxy that encrypts, and nowhere else",
        );
    }
    let server = start(
        book.clone(),
        Options {
            listen: args.listen,
            socket: Some(socket::to_make(&context.opener().folder)?),
            actor,
            wait: Duration::from_secs(args.wait),
            threads: usize::from(args.threads),
            tls: tls(&args.tls),
            jwt: jwt(&args.jwt),
            limits: Limits::default(),
            remember: KeyLimits {
                keep_seconds: args.remember_hours * 3600,
                most: args.remember_keys,
            },
            journal: Journal::to_stderr(args.log_level.into(), args.log_format.into()),
            traces: args.otlp_endpoint.clone(),
            ..Options::default()
        },
    )?;
    // Whoever reads that line may end the server at once.
    let signals = server.signals()?;
    context
        .output
        .line(&format!("listening: {}", server.url()))?;
    context.output.flush()?;
    let stopped = server.until_signal(signals);
    if stopped.ended == Ended::Cut {
        return Err(Failure::Status(CUT));
    }
    close(book, END.saturating_sub(stopped.took))
}

fn tls(args: &TlsArgs) -> Option<TlsFiles> {
    let certificate = args.certificate.clone()?;
    let key = args.key.clone()?;
    Some(TlsFiles { certificate, key })
}

fn jwt(args: &JwtArgs) -> Option<JwtOptions> {
    Some(JwtOptions {
        issuer: args.issuer.clone()?,
        audience: args.audience.clone()?,
        keys: args.keys.clone()?,
        claim: args.claim.clone(),
    })
}

/// Closes the book, as far as time allows: all that was answered is durable, and what closing does
/// beside that only makes the next start quicker.
fn close(book: Book, patience: Duration) -> Result<(), Failure> {
    let (sender, closed) = channel();
    thread::spawn(move || {
        // Nobody listens any more once the time is up.
        let _ = sender.send(book.close());
    });
    match closed.recv_timeout(patience) {
        Ok(result) => Ok(result?),
        Err(_) => Ok(()),
    }
}

/// Fills a book that has no components: all documents of a folder, or none.
fn load(folder: &Path, actor: &str, book: &Book, context: &mut Context) -> Result<(), Failure> {
    if book.view().component_count() > 0 {
        let folder = context.opener().folder;
        let book = folder.display();
        let message = format!("the book in {book} has components already; nothing was loaded");
        context.output.note(&message);
        return Ok(());
    }
    let inputs = files::collect(&[folder.to_owned()], &mut context.output)?;
    let mut writes = Vec::new();
    let mut labels = Vec::new();
    let mut unsound = Vec::new();
    read_ahead(&inputs, &ReadOptions::default(), |label, document| {
        match document.and_then(Document::into_draft) {
            Ok(draft) => {
                labels.push(label.to_owned());
                writes.push(Write::Register {
                    draft: Arc::new(draft),
                    require_dependencies: false,
                });
            }
            Err(failure) => unsound.push(failure),
        }
        Ok(())
    })?;
    tell_all(unsound, context)?;
    if writes.is_empty() {
        context.output.note("no documents found");
        return Ok(());
    }
    let loaded = book.execute(Command {
        writes,
        actor: actor.to_owned(),
        rights: Rights::all(),
        token: None,
        reason: Some(format!("load {}", folder.display())),
        ticket: None,
        request_id: None,
        idempotency: None,
        plan: None,
    });
    match loaded {
        Err(BookError::Refused(refusals)) => {
            let failures = refusals.into_iter().map(|refusal| Failure::Refused {
                file: labels.get(refusal.write).cloned(),
                refusal,
            });
            tell_all(failures.collect(), context)?;
        }
        result => drop(result?),
    }
    let count = labels.len();
    let folder = folder.display();
    context
        .output
        .note(&format!("loaded {count} components from {folder}"));
    Ok(())
}

/// Tells every failure; the last one ends the command.
fn tell_all(mut failures: Vec<Failure>, context: &mut Context) -> Result<(), Failure> {
    let last = failures.pop();
    for failure in &failures {
        context.output.failure(failure);
    }
    last.map_or(Ok(()), Err)
}
