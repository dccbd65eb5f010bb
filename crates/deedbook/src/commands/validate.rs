//! `validate metadata`: the rules of `registry add`, without a book.

use deedbook_model::component::{ReadOptions, Reading};
use serde::Serialize;

use crate::context::Context;
use crate::documents::{Document, read_text};
use crate::error::{ErrorLine, Failure};
use crate::files::{self, Input};
use crate::grammar::book::ValidateMetadata;
use crate::grammar::values::Format;
use crate::output::{Output, caret, human};

/// What came of all files.
#[derive(Serialize)]
struct Report {
    valid: bool,
    files: Vec<FileReport>,
}

/// What came of one document.
#[derive(Serialize)]
struct FileReport {
    file: String,
    valid: bool,
    uuid: Option<String>,
    name: Option<String>,
    version: Option<String>,
    issues: Vec<ErrorLine>,
    #[serde(skip)]
    status: u8,
}

/// Checks documents; ends with the status of the first that isn't valid.
pub(crate) fn metadata(args: &ValidateMetadata, context: &mut Context) -> Result<(), Failure> {
    let inputs = files::collect(&args.files.files, &mut context.output)?;
    if inputs.is_empty() {
        context.output.note("no documents found");
        return Err(Failure::Status(1));
    }
    let options = ReadOptions {
        strict: args.strict,
        ..ReadOptions::default()
    };
    let output = &mut context.output;
    let mut reports = Vec::new();
    for input in &inputs {
        let (text, checked) = check(input, &options);
        let lines: Vec<&str> = text.lines().collect();
        for report in checked {
            match output.format {
                Format::Human => output.text(&page(&report, &lines, output.quiet))?,
                Format::Jsonl => output.value(&report)?,
                _ => {}
            }
            reports.push(report);
        }
    }
    if reports.is_empty() {
        // Lists without items.
        context.output.note("no documents found");
        return Err(Failure::Status(1));
    }
    let first = reports
        .iter()
        .find(|report| !report.valid)
        .map(|report| report.status);
    let report = Report {
        valid: first.is_none(),
        files: reports,
    };
    match output.format {
        Format::Human => summarise(&report, output),
        Format::Jsonl => {}
        _ => output.value(&report)?,
    }
    match first {
        Some(status) => Err(Failure::Status(status)),
        None => Ok(()),
    }
}

/// What a file says, and what came of each of its documents.
fn check(input: &Input, options: &ReadOptions) -> (String, Vec<FileReport>) {
    match input.read() {
        Ok(text) => {
            let documents = read_text(&input.label(), &text, options);
            let reports = documents.into_iter().map(report).collect();
            (String::from_utf8_lossy(&text.bytes).into_owned(), reports)
        }
        Err(failure) => (String::new(), vec![unread(input.label(), &failure)]),
    }
}

fn report(document: Document) -> FileReport {
    let Reading {
        draft,
        issues,
        uuid,
        name,
        version,
    } = document.reading;
    FileReport {
        file: document.label,
        valid: draft.is_some(),
        uuid,
        name,
        version,
        issues: issues.iter().map(ErrorLine::from).collect(),
        status: deedbook_model::code::Code::Invalid.exit_status(),
    }
}

fn unread(file: String, failure: &Failure) -> FileReport {
    FileReport {
        file,
        valid: false,
        uuid: None,
        name: None,
        version: None,
        issues: failure.lines(),
        status: failure.status(),
    }
}

/// A document for people: its verdict, and each issue with the line and a caret.
fn page(report: &FileReport, lines: &[&str], quiet: bool) -> String {
    let what = match (&report.name, &report.version) {
        (Some(name), Some(version)) => human::one_line(&format!(" ({name}@{version})")),
        _ => String::new(),
    };
    let verdict = if report.valid { "valid" } else { "invalid" };
    let mut page = format!("{}: {verdict}{what}\n", report.file);
    for issue in &report.issues {
        let error = issue.severity == deedbook_model::issue::Severity::Error;
        if quiet && !error {
            continue;
        }
        page.push_str(&human::labelled(issue));
        page.push_str(&caret::excerpt(lines, issue));
        if !quiet {
            page.push_str(&human::hint(issue));
        }
    }
    page
}

fn summarise(report: &Report, output: &mut Output) {
    let wrong = report.files.iter().filter(|file| !file.valid).count();
    if wrong > 0 {
        let all = human::count(report.files.len(), "document");
        output.note(&format!(
            "MetadataValidationError: {wrong} of {all} invalid"
        ));
    }
}
