//! `audit`: proofs that the past is what was written.

use std::path::Path;

use deedbook_book::{AuditHead, verify_folder};
use deedbook_model::code::Code;

use crate::context::Context;
use crate::data_folder;
use crate::error::Failure;
use crate::files::Input;
use crate::grammar::book::AuditVerify;
use crate::grammar::values::Format;

/// Checks every stored byte; ends with 7 where something doesn't fit.
pub(crate) fn verify(args: &AuditVerify, context: &mut Context) -> Result<(), Failure> {
    let anchor = args.anchor.as_deref().map(read_anchor).transpose()?;
    let found = match context.remote()? {
        Some(mut remote) => remote.verify(anchor.as_ref())?,
        None => {
            let folder = data_folder::to_read(&context.config)?;
            verify_folder(&folder, anchor.as_ref())?.into()
        }
    };
    match context.output.format {
        Format::Human => {
            let output = &mut context.output;
            output.line(&format!("ok: {}", found.ok))?;
            output.line(&format!("revision: {}", found.revision))?;
            output.line(&format!("records: {}", found.records))?;
            output.line(&format!("state root: {}", found.state_root))?;
            output.line(&format!("chain: {}", found.chain))?;
            if let Some(broken) = &found.broken {
                let place = match (broken.revision, broken.snapshot, &broken.file) {
                    (Some(revision), ..) => format!("revision {revision}: "),
                    (_, Some(snapshot), _) => format!("snapshot {snapshot}: "),
                    (_, _, Some(file)) => format!("{file}: "),
                    _ => String::new(),
                };
                output.line(&format!("broken: {place}{}", broken.message))?;
            }
        }
        _ => context.output.value(&found)?,
    }
    if found.ok {
        Ok(())
    } else {
        Err(Failure::Status(Code::Integrity.exit_status()))
    }
}

/// Prints what an auditor notes down.
pub(crate) fn head(context: &mut Context) -> Result<(), Failure> {
    let head = context.source_to_read()?.audit_head()?;
    match context.output.format {
        Format::Human => {
            let output = &mut context.output;
            output.line(&format!("revision: {}", head.revision))?;
            output.line(&format!("chain: {}", head.chain))?;
            output.line(&format!("records: {}", head.records))?;
            output.line(&format!("state root: {}", head.state_root))?;
            output.line(&format!("lineage: {}", head.lineage))
        }
        _ => context.output.value(&head),
    }
}

fn read_anchor(path: &Path) -> Result<AuditHead, Failure> {
    let input = Input::of(path);
    let text = input.read()?;
    serde_json::from_slice(&text.bytes).map_err(|error| {
        let message = format!(
            "{} is no output of `audit head -o json`: {error}",
            input.label()
        );
        Failure::Invalid(message)
    })
}
