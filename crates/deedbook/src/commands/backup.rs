//! `backup` and `restore`: a whole book in one file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use deedbook_model::Head;
use serde::Serialize;

use crate::config::user_name;
use crate::context::Context;
use crate::data_folder;
use crate::error::Failure;
use crate::files::Input;
use crate::grammar::book::{Backup, Restore};
use crate::grammar::values::Format;
use crate::server;

#[derive(Serialize)]
struct Written<'a> {
    file: &'a str,
    revision: u64,
    chain: String,
}

#[derive(Serialize)]
struct Restored {
    folder: String,
    revision: u64,
    lineage: String,
}

/// Writes the whole book into one file, which appears complete or not at all.
pub(crate) fn backup(args: &Backup, context: &mut Context) -> Result<(), Failure> {
    let mut source = context.source_to_read()?;
    let path = match Input::of(&args.file) {
        Input::Stdin => {
            let mut stdout = BufWriter::new(io::stdout().lock());
            let head = source.backup(&mut stdout)?;
            stdout.flush()?;
            context.output.note(&format!("backed up to {head}"));
            return Ok(());
        }
        Input::File(path) => path,
    };
    if path.exists() {
        return Err(Failure::Exists(path));
    }
    let beside = beside(&path);
    let written = write_synced(&beside, |file| source.backup(file));
    let head = written.and_then(|head| {
        fs::rename(&beside, &path).map_err(|error| Failure::writing(&path, error))?;
        Ok(head)
    });
    let head = head.inspect_err(|_| {
        // Half a backup is none; the failure itself is what matters.
        let _ = fs::remove_file(&beside);
    })?;
    let file = path.display().to_string();
    match context.output.format {
        Format::Human => context
            .output
            .line(&format!("backup: {file}\nrevision: {}", head.revision)),
        _ => context.output.value(&Written {
            file: &file,
            revision: head.revision.0,
            chain: head.chain.to_string(),
        }),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

fn write_synced(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<Head, Failure>,
) -> Result<Head, Failure> {
    let failed = |error| Failure::writing(path, error);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(failed)?;
    let mut file = BufWriter::new(file);
    let head = write(&mut file)?;
    let file = file
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    Ok(head)
}

/// Makes a new book from a backup.
pub(crate) fn restore(args: &Restore, context: &mut Context) -> Result<(), Failure> {
    server::refuse(&context.config, "restore")?;
    let mut source: Box<dyn Read> = match Input::of(&args.file) {
        Input::Stdin => Box::new(io::stdin().lock()),
        Input::File(path) => {
            let file = File::open(&path).map_err(|error| Failure::reading(&path, error))?;
            Box::new(BufReader::new(file))
        }
    };
    let folder = data_folder::to_make(&context.config);
    let actor = context.config.actor.value.clone().unwrap_or_else(user_name);
    let book = deedbook_book::restore(&folder, &actor, &mut source)?;
    let view = book.view();
    let restored = Restored {
        folder: folder.display().to_string(),
        revision: view.head().revision.0,
        lineage: view.lineage().to_owned(),
    };
    match context.output.format {
        Format::Human => context.output.line(&format!(
            "restored: {}\nrevision: {}\nlineage: {}",
            restored.folder, restored.revision, restored.lineage
        ))?,
        _ => context.output.value(&restored)?,
    }
    Ok(book.close()?)
}
