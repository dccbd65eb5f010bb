//! `registry add`: documents into the book.
//!
//! ```text
//! files ─ 2 readers ─► documents, in order ─► submit ─► sequencer ─► replies, in order ─► stdout
//! ```

mod pipelined;
mod report;
mod stream;
mod together;

use std::sync::Arc;

use deedbook_model::component::{Draft, ReadOptions};
use deedbook_model::issue::IssueKind;
use deedbook_rules::Write;

use crate::commands::write::{Authorship, Title};
use crate::context::Context;
use crate::documents::Document;
use crate::error::Failure;
use crate::files;
use crate::grammar::component::Add;
use crate::output::hint::shell_word;
use report::Reporter;

/// What all documents of one `add` share.
struct Plan {
    options: ReadOptions,
    require_dependencies: bool,
    dry_run: bool,
    authorship: Authorship,
}

/// A document on its way into the book.
struct Candidate {
    /// Its file, and where in it.
    label: String,
    /// What it is called.
    title: Title,
    /// The document, or why it isn't one.
    draft: Result<Arc<Draft>, Failure>,
}

/// Registers documents.
pub(crate) fn add(args: &Add, context: &mut Context) -> Result<(), Failure> {
    let inputs = files::collect(&args.files.files, &mut context.output)?;
    if inputs.is_empty() {
        context.output.note("no documents found");
        return Err(Failure::Status(1));
    }
    let plan = Plan {
        options: ReadOptions {
            strict: args.strict,
            ..ReadOptions::default()
        },
        require_dependencies: args.require_dependencies,
        dry_run: args.why.who.dry_run,
        authorship: Authorship::of(&args.why, &context.config),
    };
    let alone = matches!(args.files.files.as_slice(), [only] if !only.is_dir());
    let reporter = Reporter::new(alone, inputs.len(), &context.output);
    if args.all_or_none {
        together::add(&inputs, &plan, context, reporter)
    } else if plan.dry_run {
        together::try_each(&inputs, &plan, context, reporter)
    } else if let Some(remote) = context.remote_to_write()? {
        pipelined::add(&inputs, &plan, remote, context, reporter)
    } else {
        stream::add(&inputs, &plan, context, reporter)
    }
}

impl Plan {
    fn write(&self, draft: Arc<Draft>) -> Write {
        Write::Register {
            draft,
            require_dependencies: self.require_dependencies,
        }
    }
}

impl Candidate {
    fn new(label: &str, document: Result<Document, Failure>) -> Candidate {
        let document = match document {
            Ok(document) => document,
            Err(failure) => {
                return Candidate {
                    label: label.to_owned(),
                    title: Title::default(),
                    draft: Err(failure),
                };
            }
        };
        let reading = &document.reading;
        Candidate {
            label: document.label.clone(),
            title: Title {
                uuid: reading.uuid.clone(),
                name: reading.name.clone(),
                version: reading.version.clone(),
            },
            draft: document.into_draft().map(Arc::new),
        }
    }
}

/// A refusal as the failure of its document. What can be done about a used uuid is to bump the
/// version in the file.
fn refused(label: &str, failure: Failure) -> Failure {
    let hint = || {
        let file = file_of(label);
        Some(format!(
            "`deedbook registry bump {file} minor` prints it as a new version, with a fresh uuid"
        ))
    };
    let failure = match failure {
        Failure::Refused { file, mut refusal } => {
            for issue in &mut refusal.issues {
                if issue.kind == IssueKind::Conflict && issue.pointer == "/uuid" {
                    issue.hint = hint();
                }
            }
            Failure::Refused { file, refusal }
        }
        Failure::Told(mut told) if told.is_of_document() => {
            for line in &mut told.lines {
                if line.kind == IssueKind::Conflict.as_str() && line.pointer == "/uuid" {
                    line.hint = hint();
                }
            }
            Failure::Told(told)
        }
        other => other,
    };
    failure.in_file(label)
}

/// The file of a label as a shell takes it.
fn file_of(label: &str) -> String {
    match label.split("#/items/").next().unwrap_or(label) {
        "-" | "" => "FILE".to_owned(),
        path => shell_word(path),
    }
}
