//! What all writing commands share: who asks and why, and what came of it.

use std::io::{self, BufRead, IsTerminal, Write as _};

use deedbook_model::Rights;
use deedbook_rules::{Command, Write};
use serde::Serialize;

use crate::config::{Config, user_name};
use crate::error::{ErrorLine, Failure};
use crate::grammar::arguments::{DemandedWhyArgs, WhoArgs, WhyArgs};
use crate::grammar::values::Format;
use crate::output::{Output, human};
use crate::source::Done;

/// Who asks, why, and for which ticket.
#[derive(Clone, Debug)]
pub(crate) struct Authorship {
    actor: String,
    /// Whether the command line or the configuration says who.
    is_named: bool,
    reason: Option<String>,
    ticket: Option<String>,
}

impl Authorship {
    /// Of a command that may say why.
    pub(crate) fn of(why: &WhyArgs, config: &Config) -> Authorship {
        Authorship::new(why.reason.clone(), &why.who, config)
    }

    /// Of a command that must say why.
    pub(crate) fn of_demanded(why: &DemandedWhyArgs, config: &Config) -> Authorship {
        Authorship::new(Some(why.reason.clone()), &why.who, config)
    }

    fn new(reason: Option<String>, who: &WhoArgs, config: &Config) -> Authorship {
        let actor = who.actor.clone().or_else(|| config.actor.value.clone());
        Authorship {
            is_named: actor.is_some(),
            actor: actor.unwrap_or_else(user_name),
            reason,
            ticket: who.ticket.clone(),
        }
    }

    /// Who is named to a server: whoever was named here, and, where no token says who it is, the
    /// user.
    pub(crate) fn actor_for(&self, has_token: bool) -> Option<&str> {
        (self.is_named || !has_token).then_some(&*self.actor)
    }

    /// Why.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// For which ticket.
    pub(crate) fn ticket(&self) -> Option<&str> {
        self.ticket.as_deref()
    }

    /// The command of those writes.
    pub(crate) fn command(&self, writes: Vec<Write>) -> Command {
        Command {
            writes,
            actor: self.actor.clone(),
            rights: Rights::all(),
            token: None,
            reason: self.reason.clone(),
            ticket: self.ticket.clone(),
            request_id: None,
            idempotency: None,
            plan: None,
        }
    }
}

/// The result of a write of one component: what `add`, `update`, `rm` and the others print.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// The file, where there are several or each has its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// Whether the component is in the book now.
    pub(crate) registered: bool,
    /// Its uuid, as far as known.
    pub(crate) uuid: Option<String>,
    /// Its name, as far as known.
    pub(crate) name: Option<String>,
    /// Its version, as far as known.
    pub(crate) version: Option<String>,
    /// Whether it was so before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unchanged: Option<bool>,
    /// Revision of its last change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<u64>,
    /// What somebody should look at.
    pub(crate) warnings: Vec<ErrorLine>,
    /// Name of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'static str>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issues: Option<Vec<ErrorLine>>,
    /// Nothing was written; so it would be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) dry_run: bool,
}

impl Report {
    /// Of a component that is in the book, or would be.
    pub(crate) fn done(title: Title, done: &Done, dry_run: bool) -> Report {
        Report {
            registered: done.is_live && !dry_run,
            unchanged: Some(done.unchanged),
            revision: (!dry_run).then_some(done.revision.0),
            warnings: done.warnings.clone(),
            dry_run,
            ..Report::of(title)
        }
    }

    /// Of a document that was refused.
    pub(crate) fn refused(title: Title, failure: &Failure) -> Report {
        let lines = failure.lines();
        Report {
            error: Some(failure.name().0),
            issues: Some(lines),
            ..Report::of(title)
        }
    }

    /// Of a document about which nothing is said yet.
    pub(crate) fn of(title: Title) -> Report {
        Report {
            file: None,
            registered: false,
            uuid: title.uuid,
            name: title.name,
            version: title.version,
            unchanged: None,
            revision: None,
            warnings: Vec::new(),
            error: None,
            issues: None,
            dry_run: false,
        }
    }

    /// The lines that people and scripts read.
    pub(crate) fn plain(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            text.push_str(&format!("{name}: {}\n", human::one_line(value)))
        };
        if let Some(file) = &self.file {
            line("file", file);
        }
        line("registered", if self.registered { "true" } else { "false" });
        for (name, value) in [
            ("uuid", &self.uuid),
            ("name", &self.name),
            ("version", &self.version),
        ] {
            if let Some(value) = value {
                line(name, value);
            }
        }
        if let Some(unchanged) = self.unchanged {
            line("unchanged", if unchanged { "true" } else { "false" });
        }
        if let Some(error) = self.error {
            line("error", error);
        }
        if self.dry_run {
            line("dry_run", "true");
        }
        text
    }

    /// Prints it as the result of a command.
    pub(crate) fn print(&self, output: &mut Output) -> Result<(), Failure> {
        match output.format {
            Format::Human => output.text(&self.plain()),
            _ => output.value(self),
        }
    }
}

/// What a component is called, as far as known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Title {
    pub(crate) uuid: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
}

/// Asks a person; without one at the terminal, and with `--yes`, nobody is asked.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{question} [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::Usage("not confirmed; nothing was done".to_owned())),
    }
}
