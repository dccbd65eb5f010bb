//! `KIND add`: records out of flags or files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deedbook_model::Generation;
use deedbook_model::code::Code;
use deedbook_model::mesh::Draft;

use super::documents::{self, Document, Reading};
use super::report::{self, Reports};
use super::write::members_of;
use crate::commands::write::Authorship;
use crate::context::Context;
use crate::error::Failure;
use crate::files;
use crate::grammar::mesh::{Add, Described, key_of};
use crate::source::{MeshAsked, MeshChange, MeshDone, Source};

/// Endings of names that are files.
const ENDINGS: [&str; 5] = ["yaml", "yml", "json", "jsonl", "ndjson"];

/// Makes records.
pub(super) fn add<K: Described>(args: &Add<K>, context: &mut Context) -> Result<(), Failure> {
    let members = members_of(&args.fields)?;
    let (files, references): (Vec<&String>, Vec<&String>) =
        args.names.iter().partition(|name| is_file(name));
    let files: Vec<PathBuf> = files.into_iter().map(PathBuf::from).collect();
    let files = [files, args.file.clone()].concat();
    let asking = Asking {
        expected: match args.expected.if_generation {
            Some(generation) => Some(Generation(generation)),
            None => (!args.replace).then_some(Generation(0)),
        },
        is_new: !args.replace && args.expected.if_generation.is_none(),
        dry_run: args.why.who.dry_run,
        authorship: Authorship::of(&args.why, &context.config),
    };
    if files.is_empty() {
        if references.len() > 1 {
            let message = "one reference at a time; several records go into a file";
            return Err(Failure::Usage(message.to_owned()));
        }
        let reference = references.first().map(|reference| reference.as_str());
        let key = key_of(K::KIND, args.namespace.as_deref(), reference)?;
        let draft = documents::of_flags(&key, members, args.strict)?;
        return asking.one(draft, context);
    }
    if let Some(reference) = references.first() {
        let message = format!("`{reference}` is no file: --file names one whatever its ending is");
        return Err(Failure::Usage(message));
    }
    if !members.is_empty() {
        let message = "flags of members don't go with files: write them into the documents";
        return Err(Failure::Usage(message.to_owned()));
    }
    let reading = Reading {
        kind: Some(K::KIND),
        namespace: args.namespace.as_deref(),
        strict: args.strict,
    };
    let mut found: Vec<Document> = Vec::new();
    for input in files::collect(&files, &mut context.output)? {
        found.extend(documents::read(&input, reading)?);
    }
    let alone = matches!(files.as_slice(), [only] if !only.is_dir()) && found.len() == 1;
    match found.pop() {
        None => {
            context.output.note("no documents found");
            Err(Failure::Status(1))
        }
        Some(only) if alone => {
            let Document { label, draft, .. } = only;
            let done = asking.one(draft?, context);
            done.map_err(|failure| failure.in_file(&label))
        }
        Some(last) => {
            found.push(last);
            asking.several(found, context)
        }
    }
}

fn is_file(name: &str) -> bool {
    let ending = Path::new(name)
        .extension()
        .and_then(|ending| ending.to_str());
    name == "-" || ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

/// How each record is made.
struct Asking {
    expected: Option<Generation>,
    /// Whether there is to be none before.
    is_new: bool,
    dry_run: bool,
    authorship: Authorship,
}

impl Asking {
    fn one(&self, draft: Draft, context: &mut Context) -> Result<(), Failure> {
        let mut source = context.source_to_try_or_write(self.dry_run)?;
        let done = self.put(draft, &mut source)?;
        context.output.warnings(None, &done.warnings);
        report::print(&done, self.dry_run, &mut context.output)?;
        context.output.flush()?;
        self.close(source)
    }

    fn several(&self, documents: Vec<Document>, context: &mut Context) -> Result<(), Failure> {
        // No book is made for documents that are none.
        let is_any = documents.iter().any(|document| document.draft.is_ok());
        let source = || context.source_to_try_or_write(self.dry_run);
        let mut source = is_any.then(source).transpose()?;
        let mut reports = Reports::new(self.dry_run);
        for Document { label, line, draft } in documents {
            let outcome = match (draft, &mut source) {
                (Ok(draft), Some(source)) => self.put(draft, source),
                (Ok(_), None) => continue,
                (Err(failure), _) => Err(failure),
            };
            let outcome = outcome.map_err(|failure| failure.in_file(&label).on_line(line));
            reports.tell(&label, outcome, &mut context.output)?;
        }
        context.output.flush()?;
        let closed = source.map_or(Ok(()), |source| self.close(source));
        closed.and(reports.finish(&mut context.output))
    }

    fn close(&self, source: Source) -> Result<(), Failure> {
        if self.dry_run { Ok(()) } else { source.close() }
    }

    fn put(&self, draft: Draft, source: &mut Source) -> Result<MeshDone, Failure> {
        let asked = MeshAsked {
            key: draft.key().clone(),
            change: MeshChange::Put(Arc::new(draft)),
            expected: self.expected,
            dry_run: self.dry_run,
        };
        let done = source.write_mesh(&asked, &self.authorship);
        done.map_err(|failure| match failure {
            Failure::Refused { .. } | Failure::Told(_) if self.is_new && is_taken(&failure) => {
                Failure::Taken(asked.key)
            }
            other => other,
        })
    }
}

/// Whether there is one already: nothing else is a conflict of generations where none is expected.
fn is_taken(failure: &Failure) -> bool {
    let mut lines = failure.lines().into_iter();
    failure.code() == Some(Code::Conflict) && lines.any(|line| line.kind == "revision_conflict")
}
