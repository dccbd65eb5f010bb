//! The SQLite engine: every promise of a log, and what is its own: files, processes, damage.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod book;
mod checkpoints;
#[cfg(test)]
mod child;
mod damage;
mod full_disk;
mod kill;
mod open;
mod permissions;
mod processes;

use deedbook_log::conformance::Fixture;

fn fresh() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let log = book::create(&folder.path().join("book"));
    Fixture::guarded(log, folder)
}

deedbook_log::conformance_tests!(fresh);
