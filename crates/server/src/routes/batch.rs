//! Several writes as one command, and how what was written is shown.

use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use deedbook_api::problem::Problem;
use deedbook_api::shapes::{BatchShape, BatchWrite, UnseenShape, WrittenShape};
use deedbook_book::Receipt;
use deedbook_model::Generation;
use deedbook_model::code::Code;
use deedbook_model::component::{ReadOptions, read};
use deedbook_model::document::Syntax;
use deedbook_model::issue::Issue;
use deedbook_rules::components::{ComponentKey, NameOrUuid};
use deedbook_rules::{Outcome, Write};
use serde_json::value::RawValue;

use super::components::update;
use crate::answer::{Answer, to_json};
use crate::authorship::Authorship;
use crate::call::{Call, read_spec};
use crate::content::Received;
use crate::write::{perform, refused};

/// Content up to this is read in no time.
const SMALL: usize = 64 << 10;

pub(super) async fn batch(call: Call, received: Received) -> Result<Answer, Problem> {
    let dry_run = call.query.flag("dryRun");
    let strict = call.query.flag("strict");
    let (writes, places) = if received.bytes.len() <= SMALL {
        read_writes(&received.bytes, strict)?
    } else {
        let bytes = received.bytes.clone();
        let reading = move || read_writes(&bytes, strict);
        call.server.slow.run(reading).await?
    };
    let command = Authorship::of(&call, &received.bytes)?.command(writes);
    let receipt = perform(&call.server, command, dry_run).await;
    let place = |write: usize| places.get(write).cloned().unwrap_or_default();
    let receipt = receipt.map_err(|error| refused(error, place))?;
    let mut text = BytesMut::new();
    text.put_slice(format!("{{\"revision\":{},\"results\":[", receipt.revision).as_bytes());
    for (place, outcome) in receipt.outcomes.iter().enumerate() {
        if place > 0 {
            text.put_u8(b',');
        }
        put_outcome(&mut text, &call, outcome, dry_run)?;
    }
    text.put_slice(b"]}");
    Ok(Answer::json_text(text.freeze()).at(receipt.revision))
}

/// The writes, and where in the content each one's document or patch is.
fn read_writes(bytes: &[u8], strict: bool) -> Result<(Vec<Write>, Vec<String>), Problem> {
    let shape: BatchShape<'_> = serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!("the batch isn't what it should be: {error}");
        Problem::new(Code::Invalid, detail)
    })?;
    if shape.writes.is_empty() {
        return Err(Problem::new(Code::Invalid, "the batch has no writes"));
    }
    let options = ReadOptions {
        strict,
        ..ReadOptions::default()
    };
    let (mut writes, mut places, mut issues) = (Vec::new(), Vec::new(), Vec::new());
    for (number, write) in shape.writes.into_iter().enumerate() {
        let place = format!("/writes/{number}/{}", content_name(&write));
        match read_write(&write, &options)? {
            Ok(write) => writes.push(write),
            Err(found) => issues.extend(found.into_iter().map(|issue| Issue {
                pointer: format!("{place}{}", issue.pointer),
                ..issue
            })),
        }
        places.push(place);
    }
    if issues.is_empty() {
        Ok((writes, places))
    } else {
        Err(Problem::document(issues))
    }
}

fn content_name(write: &BatchWrite<'_>) -> &'static str {
    match &*write.op {
        "register" => "document",
        "update" => "patch",
        _ => "key",
    }
}

fn read_write(
    write: &BatchWrite<'_>,
    options: &ReadOptions,
) -> Result<Result<Write, Vec<Issue>>, Problem> {
    only_components(&write.kind)?;
    let expected = write
        .expected_generation
        .map(|seen| Generation(seen).into());
    Ok(match (&*write.op, write.document, write.patch) {
        ("register", Some(document), None) if write.key.is_none() => {
            register(document, write.require_dependencies, options)
        }
        ("update", None, Some(patch)) => {
            let key = component_key(write)?;
            update::patch(patch.get().as_bytes()).map(|patch| Write::Update {
                key,
                patch,
                expected,
            })
        }
        ("remove", None, None) => Ok(Write::Remove {
            key: component_key(write)?,
            expected,
        }),
        ("register", ..) => return Err(needs("register", "`document` and nothing of a key")),
        ("update", ..) => return Err(needs("update", "`key` and `patch`")),
        ("remove", ..) => return Err(needs("remove", "`key`")),
        (other, ..) => {
            let shown: String = other.chars().take(40).collect();
            let detail = format!("`{shown}` is no op; there are register, update and remove");
            return Err(Problem::new(Code::Invalid, detail));
        }
    })
}

fn needs(op: &str, members: &str) -> Problem {
    Problem::new(Code::Invalid, format!("the op `{op}` needs {members}"))
}

fn register(
    document: &RawValue,
    require_dependencies: bool,
    options: &ReadOptions,
) -> Result<Write, Vec<Issue>> {
    let reading = read(document.get().as_bytes(), Syntax::Json, options);
    let draft = reading.draft.ok_or(reading.issues)?;
    Ok(Write::Register {
        draft: Arc::new(draft),
        require_dependencies,
    })
}

fn only_components(kind: &str) -> Result<(), Problem> {
    if kind == "component" {
        return Ok(());
    }
    let shown: String = kind.chars().take(40).collect();
    let detail =
        format!("`{shown}` is no kind of record that can be written; there is `component`");
    Err(Problem::new(Code::Invalid, detail))
}

fn component_key(write: &BatchWrite<'_>) -> Result<ComponentKey, Problem> {
    let key = write.key.as_deref();
    let key = key.ok_or_else(|| needs(&write.op, "`key`"))?;
    Ok(ComponentKey {
        name: NameOrUuid::of(key),
        spec: write.version_spec.as_deref().map(read_spec).transpose()?,
    })
}

/// The answer of a command of one write.
pub(super) fn written(call: &Call, receipt: &Receipt, dry_run: bool) -> Result<Answer, Problem> {
    let Some(outcome) = receipt.outcomes.first() else {
        return Err(Problem::new(Code::Internal, "a receipt without an outcome"));
    };
    let stored = outcome.record.bytes.as_deref().map_or(0, <[u8]>::len);
    let mut text = BytesMut::with_capacity(stored + 64);
    put_outcome(&mut text, call, outcome, dry_run)?;
    let is_live = outcome.record.is_live() && !dry_run;
    Ok(Answer {
        etag: is_live.then_some(outcome.record.revision),
        ..Answer::json_text(text.freeze()).at(receipt.revision)
    })
}

/// A record as it is stored, with what the write says as further members; of one that is gone, and
/// for one who may not read it, only what it is.
fn put_outcome(
    text: &mut BytesMut,
    call: &Call,
    outcome: &Outcome,
    dry_run: bool,
) -> Result<(), Problem> {
    let written = WrittenShape {
        unchanged: outcome.unchanged,
        warnings: &outcome.warnings,
        dry_run,
    };
    let record = &outcome.record;
    let seen = record.bytes.as_deref().filter(|_| call.caller.sees(record));
    let open = seen.and_then(|bytes| bytes.strip_suffix(b"}"));
    let Some(open) = open else {
        text.put_slice(&to_json(&UnseenShape {
            kind: record.kind.as_str(),
            key: &record.key,
            generation: record.generation,
            revision: record.revision,
            removed: !record.is_live(),
            written,
        })?);
        return Ok(());
    };
    text.put_slice(open);
    if outcome.warnings.is_empty() && !dry_run {
        text.put_slice(match outcome.unchanged {
            true => b",\"unchanged\":true,\"warnings\":[]}".as_slice(),
            false => b",\"unchanged\":false,\"warnings\":[]}",
        });
        return Ok(());
    }
    let more = to_json(&written)?;
    text.put_u8(b',');
    text.put_slice(more.strip_prefix(b"{").unwrap_or_default());
    Ok(())
}
