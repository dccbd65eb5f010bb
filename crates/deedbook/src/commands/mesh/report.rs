//! What became of writes, as people and programs see it.

use deedbook_model::Envelope;
use serde::Serialize;

use crate::error::{ErrorLine, Failure};
use crate::grammar::values::Format;
use crate::output::{Output, human};
use crate::source::MeshDone;

/// A record that was written: what it is now, and what the write says.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    record: Shown<'a>,
    #[serde(flatten)]
    what: What<'a>,
}

/// A record, or what is known of one that is gone or may not be read.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown<'a> {
    Whole(Envelope<'a>),
    Name {
        kind: &'a str,
        key: String,
        generation: u64,
        revision: u64,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct What<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    created: bool,
    unchanged: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    removed: bool,
    warnings: &'a [ErrorLine],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

/// A document that was refused, beside others.
#[derive(Serialize)]
struct Refused<'a> {
    file: &'a str,
    error: &'static str,
    issues: Vec<ErrorLine>,
}

/// What became of one of several documents.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Written(Written<'a>),
    Refused(Refused<'a>),
}

/// Prints what became of one write.
pub(super) fn print(done: &MeshDone, dry_run: bool, output: &mut Output) -> Result<(), Failure> {
    match output.format {
        Format::Human => output.line(&line(done, dry_run)),
        _ => output.value(&written(done, dry_run)),
    }
}

/// `created node edge/n1 (generation 1, revision 7)`.
fn line(done: &MeshDone, dry_run: bool) -> String {
    let MeshDone {
        key,
        generation,
        revision,
        ..
    } = done;
    let what = match done {
        _ if done.unchanged => "unchanged",
        _ if done.removed && dry_run => "would remove",
        _ if dry_run => "would write",
        _ if done.removed => "removed",
        _ if done.created => "created",
        _ => "changed",
    };
    let kind = key.kind();
    let key = human::one_line(&key.to_string());
    if dry_run {
        return format!("{what} {kind} {key} (generation {generation})");
    }
    format!("{what} {kind} {key} (generation {generation}, revision {revision})")
}

fn written(done: &MeshDone, dry_run: bool) -> Written<'_> {
    let stored = done.stored.as_deref();
    let record = match stored.and_then(|stored| Envelope::read(stored).ok()) {
        Some(envelope) => Shown::Whole(envelope),
        None => Shown::Name {
            kind: done.key.kind().as_str(),
            key: done.key.to_string(),
            generation: done.generation.0,
            revision: done.revision.0,
        },
    };
    Written {
        record,
        what: What {
            created: done.created,
            unchanged: done.unchanged,
            removed: done.removed,
            warnings: &done.warnings,
            dry_run,
        },
    }
}

/// What became of several documents, told as it comes; the end says how it went on the whole.
pub(super) struct Reports {
    dry_run: bool,
    /// What JSON and YAML show at the end.
    items: Vec<(String, Result<MeshDone, Failure>)>,
    done: usize,
    refused: Vec<u8>,
}

impl Reports {
    pub(super) fn new(dry_run: bool) -> Reports {
        Reports {
            dry_run,
            items: Vec::new(),
            done: 0,
            refused: Vec::new(),
        }
    }

    /// Tells what became of a document of that file.
    pub(super) fn tell(
        &mut self,
        file: &str,
        outcome: Result<MeshDone, Failure>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match &outcome {
            Ok(done) => {
                self.done += 1;
                output.warnings(Some(file), &done.warnings);
            }
            Err(failure) => self.refused.push(failure.status()),
        }
        match (output.format, outcome) {
            (Format::Human, Ok(done)) => print(&done, self.dry_run, output),
            (Format::Human, Err(failure)) => {
                output.failure(&failure);
                Ok(())
            }
            (Format::Jsonl, outcome) => output.value(&item(file, &outcome, self.dry_run)),
            (_, outcome) => {
                self.items.push((file.to_owned(), outcome));
                Ok(())
            }
        }
    }

    /// The whole: all done, some, or none.
    pub(super) fn finish(self, output: &mut Output) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Items<'a> {
            items: Vec<Item<'a>>,
        }
        if !matches!(output.format, Format::Human | Format::Jsonl) {
            let items = self.items.iter();
            let items = items.map(|(file, outcome)| item(file, outcome, self.dry_run));
            output.value(&Items {
                items: items.collect(),
            })?;
        }
        let Some(first) = self.refused.first() else {
            return Ok(());
        };
        let (done, refused) = (self.done, self.refused.len());
        let documents = human::count(done + refused, "document");
        output.note(&format!("{refused} of {documents} refused"));
        Err(Failure::Status(if done == 0 { *first } else { PARTLY }))
    }
}

/// Status of a command that did a part.
const PARTLY: u8 = 8;

fn item<'a>(file: &'a str, outcome: &'a Result<MeshDone, Failure>, dry_run: bool) -> Item<'a> {
    match outcome {
        Ok(done) => Item::Written(written(done, dry_run)),
        Err(failure) => Item::Refused(Refused {
            file,
            error: failure.name().0,
            issues: failure.lines(),
        }),
    }
}
