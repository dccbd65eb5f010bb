//! `mesh import`: records of all kinds out of files, as one command.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
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

/// How much one command holds.
#[derive(Clone, Copy)]
struct Most {
    records: usize,
    bytes: usize,
}

/// A command takes no more changes, and leaves room for what is around each record.
const MOST: Most = Most {
    records: 100_000,
    bytes: 48 << 20,
};

/// Status of a command that did a part.
const PARTLY: u8 = 8;

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
    line: Option<u32>,
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
        Err(refused) => {
            return tell_refused(
                count,
                refused,
                &Written::default(),
                args.why.who.dry_run,
                context,
            );
        }
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
    let mut written = write(&reads, &authorship, dry_run, MOST, &mut source)?;
    if !dry_run {
        source.close()?;
    }
    if written.blamed.is_empty() {
        let imported = Imported {
            records: count,
            written: reads.len(),
            unchanged: count - reads.len(),
            commands: written.commands,
            revision: written.revision,
            dry_run,
            refused: Vec::new(),
        };
        return print(&imported, &mut context.output);
    }
    let blamed = std::mem::take(&mut written.blamed).into_iter();
    let refused = blamed.map(|(place, failure)| {
        let read = reads.get(place);
        let (label, line) = read.map_or(("", None), |read| (&*read.label, read.line));
        (label.to_owned(), failure.in_file(label).on_line(line))
    });
    if written.is_trial {
        written = Written::default();
    }
    tell_refused(count, refused.collect(), &written, dry_run, context)
}

/// What was refused, with its file.
type Blamed = Vec<(String, Failure)>;

/// The records in the order in which they can be written, or every one that can't.
fn sorted(found: Vec<Document>) -> Result<Vec<Read>, Blamed> {
    let (mut reads, mut refused) = (Vec::new(), Vec::new());
    let mut places: HashMap<MeshKey, String> = HashMap::new();
    for Document { label, line, draft } in found {
        let draft = match draft {
            Ok(draft) => draft,
            Err(failure) => {
                refused.push((label, failure.on_line(line)));
                continue;
            }
        };
        match places.entry(draft.key().clone()) {
            Entry::Vacant(free) => {
                free.insert(place(&label, line));
            }
            Entry::Occupied(first) => {
                let (kind, key) = (draft.key().kind(), draft.key());
                let message = format!("{kind} {key} is there twice, first in {}", first.get());
                let issues = vec![Issue::error(IssueKind::Conflict, "", message).at_line(line)];
                let file = Some(label.clone());
                refused.push((label, Failure::Document { file, issues }));
                continue;
            }
        }
        let draft = Arc::new(draft);
        reads.push(Read { label, line, draft });
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

/// Where a record stands, as faults say it.
fn place(label: &str, line: Option<u32>) -> String {
    match line {
        Some(line) => format!("{label}:{line}"),
        None => label.to_owned(),
    }
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

/// What was written, or would be.
#[derive(Default)]
struct Written {
    records: usize,
    commands: usize,
    revision: Revision,
    /// Which records were refused; nothing of their command was written.
    blamed: Vec<(usize, Failure)>,
    /// Whether nothing was written yet.
    is_trial: bool,
}

/// Writes the records, as one command if it holds them. Of several none is done before all were
/// tried: a later one may be refused.
fn write(
    reads: &[Read],
    authorship: &Authorship,
    dry_run: bool,
    most: Most,
    source: &mut Source,
) -> Result<Written, Failure> {
    if dry_run || part(reads, most) < reads.len() {
        let tried = write_parts(reads, authorship, true, most, source)?;
        if dry_run || !tried.blamed.is_empty() {
            return Ok(tried);
        }
    }
    write_parts(reads, authorship, false, most, source)
}

/// How many of these records one command holds.
fn part(reads: &[Read], most: Most) -> usize {
    let mut bytes = 0;
    let fits = |read: &&Read| {
        let data = serde_json::to_vec(read.draft.data()).map_or(0, |data| data.len());
        bytes += data + AROUND;
        bytes <= most.bytes
    };
    // One alone always fits: records have a limit far below.
    let part = reads.iter().take_while(fits).count();
    part.clamp(1, most.records)
}

/// Writes the records, as few commands, up to the first that is refused.
fn write_parts(
    reads: &[Read],
    authorship: &Authorship,
    is_trial: bool,
    most: Most,
    source: &mut Source,
) -> Result<Written, Failure> {
    let mut written = Written {
        is_trial,
        ..Written::default()
    };
    while written.records < reads.len() {
        let rest = reads.get(written.records..).unwrap_or_default();
        let part = part(rest, most).min(rest.len());
        let drafts = rest.iter().take(part).map(|read| Arc::clone(&read.draft));
        let drafts: Vec<Arc<Draft>> = drafts.collect();
        match source.put_together(&drafts, authorship, is_trial)? {
            Ok(at) => written.revision = at,
            Err(blamed) => {
                let from = written.records;
                let blamed = blamed.into_iter();
                written.blamed = blamed.map(|(place, it)| (from + place, it)).collect();
                return Ok(written);
            }
        }
        written.records += part;
        written.commands += 1;
    }
    if written.commands == 0 {
        written.revision = source.audit_head()?.revision;
    }
    Ok(written)
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
    written: &Written,
    dry_run: bool,
    context: &mut Context,
) -> Result<(), Failure> {
    let status = match written.records {
        0 => refused.first().map_or(2, |(_, failure)| failure.status()),
        _ => PARTLY,
    };
    let output = &mut context.output;
    if output.format == Format::Human {
        for (_, failure) in &refused {
            output.failure(failure);
        }
        let count = refused.len();
        let records = human::count(records, "record");
        let done = match written.commands {
            0 => "none was written".to_owned(),
            commands => {
                let before = human::count(written.records, "record");
                format!("{before} written before, by {commands} commands")
            }
        };
        output.note(&format!("{count} of {records} refused; {done}"));
        return Err(Failure::Status(status));
    }
    let refused = refused.into_iter().map(|(file, failure)| Refused {
        file,
        error: failure.name().0,
        issues: failure.lines(),
    });
    output.value(&Imported {
        records,
        written: written.records,
        unchanged: 0,
        commands: written.commands,
        revision: written.revision,
        dry_run,
        refused: refused.collect(),
    })?;
    Err(Failure::Status(status))
}

#[cfg(test)]
mod tests {
    use deedbook_book::Book;
    use deedbook_model::document::Node;
    use deedbook_model::mesh::{ReadOptions, read_node};
    use serde_json::json;

    use super::*;
    use crate::config::Config;
    use crate::grammar::Global;
    use crate::grammar::arguments::WhyArgs;

    const FEW: Most = Most {
        records: 2,
        bytes: 48 << 20,
    };

    fn shards(strategies: &[&str]) -> Vec<Read> {
        let reads = strategies.iter().enumerate();
        let read = |(number, strategy): (usize, &&str)| {
            let document = json!({
                "namespace": "e",
                "shardId": format!("s-{number}"),
                "ownerNodeId": "n",
                "strategyId": strategy,
            });
            let (node, options) = (Node::from(&document), ReadOptions::default());
            let draft = Arc::new(read_node(MeshKind::Shard, &node, options).unwrap());
            let label = format!("#{number}");
            Read {
                label,
                line: None,
                draft,
            }
        };
        reads.map(read).collect()
    }

    fn book() -> (Source, Authorship) {
        let authorship = Authorship::of(&WhyArgs::default(), &Config::of_flags(&Global::default()));
        (Source::Local(Book::in_memory().unwrap()), authorship)
    }

    fn count(source: &mut Source) -> usize {
        records(&[MeshKind::Shard], None, None, source)
            .unwrap()
            .0
            .len()
    }

    #[test]
    fn what_one_command_does_not_hold_is_written_by_several() {
        let (mut source, authorship) = book();
        let reads = shards(&["ring"; 5]);
        let tried = write(&reads, &authorship, true, FEW, &mut source).unwrap();
        assert_eq!((tried.records, tried.commands), (5, 3));
        assert_eq!(count(&mut source), 0);
        let written = write(&reads, &authorship, false, FEW, &mut source).unwrap();
        assert_eq!((written.records, written.commands), (5, 3));
        assert!(!written.is_trial);
        assert_eq!(count(&mut source), 5);
        // By their bytes as well; one alone always goes.
        let most = Most {
            records: 100,
            bytes: 1,
        };
        assert_eq!(part(&reads, most), 1);
        assert_eq!(part(&reads, MOST), 5);
    }

    #[test]
    fn nothing_is_written_where_a_later_command_is_refused() {
        let (mut source, authorship) = book();
        let reads = shards(&["ring", "ring", "ring", "ring", "rnig"]);
        let tried = write(&reads, &authorship, false, FEW, &mut source).unwrap();
        let places: Vec<usize> = tried.blamed.iter().map(|(place, _)| *place).collect();
        assert_eq!((tried.is_trial, places), (true, vec![4]));
        assert_eq!(count(&mut source), 0);
        // As if the book had changed between the trial and the command.
        let part = write_parts(&reads, &authorship, false, FEW, &mut source).unwrap();
        let places: Vec<usize> = part.blamed.iter().map(|(place, _)| *place).collect();
        assert_eq!((part.records, part.commands, places), (4, 2, vec![4]));
        assert_eq!(count(&mut source), 4);
    }
}
