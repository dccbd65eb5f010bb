//! What a book promises, on random histories, with faults, and beside other processes.
//!
//! Knobs: `DEEDTEST_SEED` replays a run, `DEEDTEST_CASES` sets the number of random cases,
//! `DEEDTEST_SWEEP=full` flips every byte of every file, `DEEDTEST_KILLS=50` kills so often.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]

mod bytes;
mod closing;
mod compare;
mod crash;
mod disk;
mod past;
mod projector;
mod repeats;
mod replay;
mod restore;
mod scratch;
mod search;
mod sequencer;
mod shard_tables;
mod upkeep;
mod verify;
mod watch;
mod watch_before;
mod watch_elsewhere;
mod watch_sight;
