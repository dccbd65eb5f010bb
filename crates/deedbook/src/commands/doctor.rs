//! `doctor`: whether the book and its folder are well.

use std::io::IsTerminal;
use std::path::Path;

use deedbook_book::{Book, BookStats, PROJECTION_FILE, projected_revision};
use deedbook_log::SqliteLog;
use deedbook_model::Revision;
use rustix::fs::{Access, access, statvfs};
use serde::Serialize;

use super::write::confirm;
use crate::context::Context;
use crate::data_folder;
use crate::error::Failure;
use crate::grammar::book::Doctor;
use crate::grammar::values::Format;
use crate::server;

/// Free space below which writes will soon fail.
const LITTLE_SPACE: u64 = 64 << 20;

/// Changes since the newest snapshot that make the next start slow.
const OLD_SNAPSHOT: u64 = 500_000;

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip)]
    status: u8,
}

#[derive(Serialize)]
struct Findings {
    ok: bool,
    items: Vec<Finding>,
}

#[derive(Serialize)]
struct Accepted {
    noted: Option<String>,
    accepted: String,
}

/// Checks the health of the book and its folder.
pub(crate) fn doctor(args: &Doctor, context: &mut Context) -> Result<(), Failure> {
    server::refuse(&context.config, "doctor")?;
    let folder = data_folder::to_read(&context.config)?;
    if args.accept_head {
        return accept_head(&folder, args.yes, context);
    }
    let mut items = vec![
        fine("folder", folder.display().to_string()),
        permissions(&folder),
    ];
    items.push(free_space(&folder));
    match Book::open_read_only(&folder) {
        Ok(book) => items.extend(look_inside(&book, &folder)?),
        Err(error) => items.push(failed("log", &error.into())),
    }
    for finding in &mut items {
        let hint = finding.hint.take();
        finding.hint = hint.map(|hint| context.output.hint_here(hint));
    }
    let worst = items
        .iter()
        .filter(|finding| !finding.ok)
        .map(|finding| finding.status)
        .max();
    let found = Findings {
        ok: worst.is_none(),
        items,
    };
    print(&found, context)?;
    match worst {
        Some(status) => Err(Failure::Status(status)),
        None => Ok(()),
    }
}

fn print(found: &Findings, context: &mut Context) -> Result<(), Failure> {
    match context.output.format {
        Format::Human => {
            for finding in &found.items {
                let mark = if finding.ok { "ok  " } else { "BAD " };
                let name = format!("{}:", finding.check);
                context
                    .output
                    .line(&format!("{mark} {name:<13}{}", finding.message))?;
                if let Some(hint) = &finding.hint {
                    context.output.line(&format!("     hint: {hint}"))?;
                }
            }
            Ok(())
        }
        Format::Jsonl => {
            for finding in &found.items {
                context.output.value(finding)?;
            }
            Ok(())
        }
        _ => context.output.value(found),
    }
}

fn look_inside(book: &Book, folder: &Path) -> Result<Vec<Finding>, Failure> {
    let stats = book.stats()?;
    let view = book.view();
    let head = format!(
        "{}, {} records, lineage {}",
        view.head(),
        stats.records,
        view.lineage()
    );
    let writable = view.book().is_none_or(|book| book.is_writable_here());
    let formats = if writable {
        fine("formats", "this version reads and writes them".to_owned())
    } else {
        let since = view.book().map_or("", |book| &book.minimum_writer_since);
        Finding {
            hint: Some(format!("use Deedbook {since} or later to write")),
            ..bad(
                "formats",
                "this version reads them, but may not write".to_owned(),
                6,
            )
        }
    };
    // Opening compared the log with the head file and read every batch since the snapshot.
    let side = "the log holds at least what the head file says".to_owned();
    Ok(vec![
        fine("head", head),
        fine("head file", side),
        formats,
        snapshot(&stats),
        projection(folder, stats.revision),
    ])
}

fn permissions(folder: &Path) -> Finding {
    let may = |rights| access(folder, rights).is_ok();
    match (
        may(Access::READ_OK | Access::EXEC_OK),
        may(Access::WRITE_OK),
    ) {
        (true, true) => fine("permissions", "may read and write".to_owned()),
        (true, false) => fine("permissions", "may read, not write".to_owned()),
        (false, _) => bad("permissions", "may not read the folder".to_owned(), 5),
    }
}

fn free_space(folder: &Path) -> Finding {
    match statvfs(folder) {
        Ok(space) => {
            let free = space.f_bavail.saturating_mul(space.f_frsize);
            let message = format!("{} MiB free", free >> 20);
            if free >= LITTLE_SPACE {
                return fine("space", message);
            }
            Finding {
                hint: Some("make room, or move the folder: writes will soon fail".to_owned()),
                ..bad("space", message, 6)
            }
        }
        Err(error) => bad("space", format!("can't tell: {error}"), 6),
    }
}

fn snapshot(stats: &BookStats) -> Finding {
    let newest = stats.snapshots.last().copied().unwrap_or_default();
    let behind = stats.revision.since(newest);
    let message = match stats.snapshots.last() {
        Some(newest) => format!("newest at revision {newest}, {behind} changes ago"),
        None => format!("none yet, {behind} changes"),
    };
    if behind < OLD_SNAPSHOT {
        return fine("snapshot", message);
    }
    Finding {
        hint: Some("`deedbook snapshot` makes the next start quick".to_owned()),
        ..bad("snapshot", message, 6)
    }
}

/// The tables can be made again at any time, so nothing about them is bad.
fn projection(folder: &Path, head: Revision) -> Finding {
    match projected_revision(folder) {
        Some(revision) => {
            let behind = head.since(revision);
            let message =
                format!("{PROJECTION_FILE} at revision {revision}, {behind} changes behind");
            fine("projection", message)
        }
        None if folder.join(PROJECTION_FILE).exists() => {
            let message =
                format!("can't tell: {PROJECTION_FILE} can't be read by this user or release");
            fine("projection", message)
        }
        None => {
            let message = "no tables; the next writing command makes them".to_owned();
            fine("projection", message)
        }
    }
}

/// Takes what is left of the log as the whole, after a person looked at it.
fn accept_head(folder: &Path, yes: bool, context: &mut Context) -> Result<(), Failure> {
    if !yes && !std::io::stdin().is_terminal() {
        let message = "giving up what the log lacks takes --yes where nobody can be asked";
        return Err(Failure::Usage(message.to_owned()));
    }
    confirm(
        "Take what is left of the log as the whole? What it lacks is given up.",
        yes,
    )?;
    let accepted = SqliteLog::accept_head(folder);
    let (noted, accepted) = accepted.map_err(|error| Failure::Book(error.into()))?;
    let accepted = Accepted {
        noted: noted.map(|head| head.to_string()),
        accepted: accepted.to_string(),
    };
    match context.output.format {
        Format::Human => {
            let noted = accepted.noted.as_deref().unwrap_or("unreadable");
            context.output.line(&format!(
                "accepted: {}\nnoted before: {noted}",
                accepted.accepted
            ))
        }
        _ => context.output.value(&accepted),
    }
}

fn fine(check: &'static str, message: String) -> Finding {
    Finding {
        check,
        ok: true,
        message,
        hint: None,
        status: 0,
    }
}

fn bad(check: &'static str, message: String, status: u8) -> Finding {
    Finding {
        ok: false,
        status,
        ..fine(check, message)
    }
}

fn failed(check: &'static str, failure: &Failure) -> Finding {
    let line = failure.lines().into_iter().next();
    let (message, hint) = line
        .map(|line| (line.message, line.hint))
        .unwrap_or_default();
    Finding {
        hint,
        ..bad(check, message, failure.status())
    }
}
