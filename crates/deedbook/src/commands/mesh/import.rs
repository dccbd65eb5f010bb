//! `mesh import`: records of all kinds out of files, as one command.

use std::collections::HashMap;
use std::sync::Arc;

use deedbook_model::issue::{Issue, IssueKind};
use deedbook_model::mesh::{Draft, MeshKey, MeshKind};
use deedbook_model::{Kind, Revision};
use deedbook_rules::Record;
use serde::Serialize;
use serde_json::{Map, Value};

use super::documents::{self, Document, Reading};
use super::export::records;
use crate::commands::write::Authorship;
use crate::context::Context;
use crate::error::{ErrorLine, Failure};
use crate::files;
use crate::grammar::mesh::files::Import;
use crate::grammar::values::Format;
use crate::output::{Output, human, record};
use crate::source::Source;

/// Most records of one command, and most of their bytes: a command takes no more changes, and
/// leaves room for what is around each record.
const MOST_RECORDS: usize = 100_000;
const MOST_BYTES: usize = 48 << 20;

/// What is around a record at most, in bytes.
const AROUND: usize = 512;

/// What an import did.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Imported {
    records: usize,
    written: usize,
    unchanged: usize,
    commands: usize,
    revision: Revision,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Refused {
    file: String,
    error: &'static str,
    issues: Vec<ErrorLine>,
}

/// A record and where it stood.
struct Read {
    label: String,
    draft: Arc<Draft>,
}

/// Writes records out of files.
pub(super) fn import(args: &Import, context: &mut Context) -> Result<(), Failure> {
    let reading = Reading {
        kind: args.kind,
        namespace: args.namespace.as_deref(),
        strict: args.strict,
    };
    let mut found = Vec::new();
    for input in files::collect(&args.files, &mut context.output)? {
        found.extend(documents::read(&input, reading)?);
    }
    if found.is_empty() {
        context.output.note("no records found");
        return Err(Failure::Status(1));
    }
    let count = found.len();
    let reads = match sorted(found) {
        Ok(reads) => reads,
        Err(refused) => return tell_refused(count, refused, args.why.who.dry_run, context),
    };
    for read in &reads {
        let warnings = read.draft.warnings().iter().map(ErrorLine::from);
        let warnings: Vec<ErrorLine> = warnings.collect();
        context.output.warnings(Some(&read.label), &warnings);
    }
    let authorship = Authorship::of(&args.why, &context.config);
    let dry_run = args.why.who.dry_run;
    let mut source = context.source_to_try_or_write(dry_run)?;
    let reads = changed(reads, &mut source)?;
    let written = write(&reads, &authorship, dry_run, &mut source)?;
    if !dry_run {
        source.close()?;
    }
    match written {
        Ok((commands, revision)) => {
            let imported = Imported {
                records: count,
                written: reads.len(),
                unchanged: count - reads.len(),
                commands,
                revision,
                dry_run,
                refused: Vec::new(),
            };
            print(&imported, &mut context.output)
        }
        Err(blamed) => {
            let refused = blamed.into_iter().map(|(place, failure)| {
                let label = reads.get(place).map_or("", |read| &read.label);
                (label.to_owned(), failure.in_file(label))
            });
            tell_refused(count, refused.collect(), dry_run, context)
        }
    }
}

/// What was refused, with its file.
type Blamed = Vec<(String, Failure)>;

/// The records in the order in which they can be written, or every one that can't.
fn sorted(found: Vec<Document>) -> Result<Vec<Read>, Blamed> {
    let (mut reads, mut refused) = (Vec::new(), Vec::new());
    let mut places: HashMap<MeshKey, String> = HashMap::new();
    for Document { label, draft } in found {
        let draft = match draft {
            Ok(draft) => draft,
            Err(failure) => {
                refused.push((label, failure));
                continue;
            }
        };
        if let Some(first) = places.insert(draft.key().clone(), label.clone()) {
            let (kind, key) = (draft.key().kind(), draft.key());
            let message = format!("{kind} {key} is there twice, first in {first}");
            let issue = Issue::error(IssueKind::Conflict, "", message);
            let file = Some(label.clone());
            let issues = vec![issue];
            refused.push((label, Failure::Document { file, issues }));
            continue;
        }
        let draft = Arc::new(draft);
        reads.push(Read { label, draft });
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    // What others point to comes first; a shard without a strategy takes that of its namespace.
    let order = [
        MeshKind::Namespace,
        MeshKind::Node,
        MeshKind::Service,
        MeshKind::Endpoint,
        MeshKind::Shard,
    ];
    reads.sort_by_key(|read| {
        order
            .iter()
            .position(|kind| *kind == read.draft.key().kind())
    });
    Ok(reads)
}

/// Those that aren't there as they are.
fn changed(reads: Vec<Read>, source: &mut Source) -> Result<Vec<Read>, Failure> {
    let kinds = reads.iter().map(|read| read.draft.key().kind());
    let mut kinds: Vec<MeshKind> = kinds.collect();
    kinds.dedup();
    let (present, _) = records(&kinds, None, None, source)?;
    let present = present
        .iter()
        .map(|one| ((one.kind.clone(), &*one.key), &**one));
    let present: HashMap<(Kind, &str), &Record> = present.collect();
    let mut changed = Vec::new();
    for read in reads {
        let key = read.draft.key();
        let text = key.to_string();
        let is_same = match present.get(&(key.kind().kind(), text.as_str())) {
            Some(record) => is_same(record, &read.draft)?,
            None => false,
        };
        if !is_same {
            changed.push(read);
        }
    }
    Ok(changed)
}

/// Whether a record holds what a document says. What the book itself writes into a shard isn't the
/// document's to say.
fn is_same(record: &Record, draft: &Draft) -> Result<bool, Failure> {
    let envelope = record::envelope(record)?;
    let mut data: Map<String, Value> = serde_json::from_str(envelope.data.get())?;
    let annotations: Map<String, Value> = serde_json::from_str(envelope.annotations.get())?;
    if draft.key().kind() == MeshKind::Shard {
        data.retain(|name, _| !["previousOwnerNodeId", "ownershipDelta"].contains(&&**name));
    }
    Ok(data == *draft.data() && annotations == *draft.annotations())
}

/// Writes the records, as few commands; how many, and where the last ended.
#[expect(
    clippy::type_complexity,
    reason = "either it is done, or each has its blame"
)]
fn write(
    reads: &[Read],
    authorship: &Authorship,
    dry_run: bool,
    source: &mut Source,
) -> Result<Result<(usize, Revision), Vec<(usize, Failure)>>, Failure> {
    let (mut from, mut commands) = (0, 0);
    let mut revision = Revision::ZERO;
    while from < reads.len() {
        let mut bytes = 0;
        let fits = |read: &&Read| {
            let data = serde_json::to_vec(read.draft.data()).map_or(0, |data| data.len());
            bytes += data + AROUND;
            bytes <= MOST_BYTES
        };
        let rest = reads.get(from..).unwrap_or_default();
        let part = rest.iter().take_while(fits).count();
        // One alone always fits: records have a limit far below.
        let part = part.clamp(1, MOST_RECORDS);
        let drafts = rest.iter().take(part).map(|read| Arc::clone(&read.draft));
        let drafts: Vec<Arc<Draft>> = drafts.collect();
        match source.put_together(&drafts, authorship, dry_run)? {
            Ok(at) => revision = at,
            Err(blamed) => {
                let blamed = blamed.into_iter();
                return Ok(Err(blamed.map(|(place, it)| (from + place, it)).collect()));
            }
        }
        from += part;
        commands += 1;
    }
    if commands == 0 {
        revision = source.audit_head()?.revision;
    }
    Ok(Ok((commands, revision)))
}

fn print(imported: &Imported, output: &mut Output) -> Result<(), Failure> {
    if output.format != Format::Human {
        return output.value(imported);
    }
    let records = human::count(imported.records, "record");
    let Imported {
        written,
        unchanged,
        revision,
        commands,
        ..
    } = imported;
    let what = if imported.dry_run {
        "to write"
    } else {
        "written"
    };
    let at = match (imported.dry_run, commands) {
        (true, _) => String::new(),
        (_, 0 | 1) => format!(", revision {revision}"),
        _ => format!(" by {commands} commands, revision {revision}"),
    };
    output.line(&format!(
        "{records}: {written} {what}, {unchanged} unchanged{at}"
    ))
}

/// Nothing was written of a command in which something is refused.
fn tell_refused(
    records: usize,
    refused: Blamed,
    dry_run: bool,
    context: &mut Context,
) -> Result<(), Failure> {
    let status = refused.first().map_or(2, |(_, failure)| failure.status());
    let output = &mut context.output;
    if output.format == Format::Human {
        for (_, failure) in &refused {
            output.failure(failure);
        }
        let count = refused.len();
        let records = human::count(records, "record");
        output.note(&format!("{count} of {records} refused; none was written"));
        return Err(Failure::Status(status));
    }
    let refused = refused.into_iter().map(|(file, failure)| Refused {
        file,
        error: failure.name().0,
        issues: failure.lines(),
    });
    output.value(&Imported {
        records,
        written: 0,
        unchanged: 0,
        commands: 0,
        revision: Revision::ZERO,
        dry_run,
        refused: refused.collect(),
    })?;
    Err(Failure::Status(status))
}
