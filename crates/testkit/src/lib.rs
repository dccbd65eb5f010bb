//! Test parts of Deedbook: what tests of several crates share. Never part of a release.
//!
//! | module | gives |
//! |---|---|
//! | [`check`] | property tests that print their seed and how to replay it |
//! | [`components`] | component documents drawn from a few names, versions and tags |
//! | [`event_stream`] | reading server-sent events |
//! | [`fuzz`] | what the fuzz targets do with an input |
//! | [`history`] | random histories, and a plain fold of them to compare with |
//! | [`http`] | a client that sends anything and hides nothing |
//! | [`later_release`] | batches as a later release would write them |
//! | [`faulty_log`] | a log that waits, fails and lies where a test says so |
//! | [`process`] | the test binary once more, as another process |
//! | [`wait`] | waiting for a condition, with a bound |
//!
//! A part that can't go on fails the test that uses it, so it panics.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test part that can't go on fails the test"
)]

pub mod check;
pub mod components;
pub mod event_stream;
pub mod faulty_log;
pub mod fuzz;
pub mod history;
pub mod http;
pub mod later_release;
pub mod process;
pub mod wait;
