//! Telling what became of each document: on stdout in the order given, and on stderr.

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::commands::write::{Report, Title};
use crate::documents;
use crate::error::Failure;
use crate::grammar::values::Format;
use crate::output::{Output, human, stderr_is_terminal};
use crate::source::Done;

/// Fewest files for which a progress bar is worth looking at.
const BAR_FROM: usize = 2;

/// Counts, and what is printed at the end.
pub(super) struct Reporter {
    /// One document was named, so its result is the command's.
    alone: bool,
    bar: ProgressBar,
    /// Whoever read stdout went away; what was asked for is done all the same.
    closed: bool,
    reports: Vec<Report>,
    told: usize,
    registered: usize,
    unchanged: usize,
    refused: usize,
    left_out: usize,
    first_failure: Option<u8>,
    last_failure: Option<Failure>,
}

#[derive(Serialize)]
struct Files<'a> {
    files: &'a [Report],
}

impl Reporter {
    pub(super) fn new(alone: bool, inputs: usize, output: &Output) -> Reporter {
        let shown = inputs >= BAR_FROM && !output.quiet && stderr_is_terminal();
        let bar = if shown {
            progress_bar(inputs)
        } else {
            ProgressBar::hidden()
        };
        Reporter {
            alone,
            bar,
            closed: false,
            reports: Vec::new(),
            told: 0,
            registered: 0,
            unchanged: 0,
            refused: 0,
            left_out: 0,
            first_failure: None,
            last_failure: None,
        }
    }

    /// Tells that a document is in the book.
    pub(super) fn done(
        &mut self,
        label: &str,
        title: Title,
        done: &Done,
        dry_run: bool,
        output: &mut Output,
    ) -> Result<(), Failure> {
        self.look_at(label);
        self.registered += 1;
        self.unchanged += usize::from(done.unchanged);
        let file = (label != "-" || !self.alone).then_some(label);
        self.bar.suspend(|| output.warnings(file, &done.warnings));
        self.tell(label, Report::done(title, done, dry_run), output)
    }

    /// Tells that a document was refused.
    pub(super) fn refused(
        &mut self,
        label: &str,
        title: Title,
        failure: Failure,
        output: &mut Output,
    ) -> Result<(), Failure> {
        self.look_at(label);
        self.refused += 1;
        self.first_failure.get_or_insert(failure.status());
        let report = Report::refused(title, &failure);
        if self.alone {
            self.last_failure = Some(failure);
            if output.format != Format::Jsonl {
                return Ok(());
            }
        } else if output.format == Format::Human {
            self.bar.suspend(|| output.failure(&failure));
        }
        self.tell(label, report, output)
    }

    /// Tells that nothing became of a document because of others.
    pub(super) fn left_out(
        &mut self,
        label: &str,
        title: Title,
        output: &mut Output,
    ) -> Result<(), Failure> {
        self.look_at(label);
        self.left_out += 1;
        self.tell(label, Report::of(title), output)
    }

    /// A list holds several documents, even where it is the only file.
    fn look_at(&mut self, label: &str) {
        self.alone &= !documents::is_item(label);
    }

    fn tell(
        &mut self,
        label: &str,
        mut report: Report,
        output: &mut Output,
    ) -> Result<(), Failure> {
        self.bar.inc(1);
        self.told += 1;
        if self.closed {
            return Ok(());
        }
        if !self.alone || output.format == Format::Jsonl {
            report.file = Some(label.to_owned());
        }
        let told = match output.format {
            Format::Jsonl => output.value(&report),
            Format::Human => {
                let gap = if self.told > 1 { "\n" } else { "" };
                let text = format!("{gap}{}", report.plain());
                self.bar.suspend(|| output.text(&text))
            }
            _ => {
                self.reports.push(report);
                Ok(())
            }
        };
        self.unless_closed(told)
    }

    /// Hands on what was told, so that whoever reads it sees it while more is being done.
    pub(super) fn flush(&mut self, output: &mut Output) -> Result<(), Failure> {
        let flushed = output.flush();
        self.unless_closed(flushed)
    }

    fn unless_closed(&mut self, told: Result<(), Failure>) -> Result<(), Failure> {
        match told {
            Err(Failure::Closed) => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }

    /// Ends the command: a summary for people, and the status.
    pub(super) fn finish(mut self, output: &mut Output) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        if let Some(failure) = self.last_failure.take() {
            return Err(failure);
        }
        if self.told == 0 {
            // Lists without items.
            output.note("no documents found");
            return Err(Failure::Status(1));
        }
        match (output.format, self.alone, self.reports.as_slice()) {
            (Format::Human | Format::Jsonl, ..) => {}
            (_, true, [report]) => output.value(report)?,
            (_, _, files) => output.value(&Files { files })?,
        }
        if !self.closed {
            output.flush()?;
        }
        if !self.alone {
            output.note(&self.summary());
        }
        match self.first_failure {
            None => Ok(()),
            Some(_) if self.registered > 0 => Err(Failure::Status(8)),
            Some(first) => Err(Failure::Status(first)),
        }
    }
}

impl Reporter {
    /// `3 documents: 1 registered, 1 unchanged, 1 refused`.
    fn summary(&self) -> String {
        let all = self.registered + self.refused + self.left_out;
        let left_out = match self.left_out {
            0 => String::new(),
            left_out => format!(", {left_out} left out"),
        };
        format!(
            "{}: {} registered, {} unchanged, {} refused{left_out}",
            human::count(all, "document"),
            self.registered - self.unchanged,
            self.unchanged,
            self.refused,
        )
    }
}

fn progress_bar(inputs: usize) -> ProgressBar {
    let bar = ProgressBar::new(inputs as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} files, {per_sec}, {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
