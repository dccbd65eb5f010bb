//! The server's log: a line on stderr for whatever somebody should know.

use std::fmt::Display;
use std::io::Write;

use deedbook_book::{Clock, SystemClock};

/// Something that happened.
pub(crate) fn note(message: impl Display) {
    line("info", message);
}

/// Something that somebody should look at.
pub(crate) fn warn(message: impl Display) {
    line("warn", message);
}

/// Something that went wrong.
pub(crate) fn fault(message: impl Display) {
    line("error", message);
}

fn line(level: &str, message: impl Display) {
    let text = message.to_string().replace(['\n', '\r'], " ");
    // A closed stderr is no reason to end.
    let _ = writeln!(std::io::stderr(), "{} {level} {text}", SystemClock.now());
}
