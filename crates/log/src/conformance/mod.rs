//! What an engine is: each case's name is a promise of [`crate::Log`].
//!
//! An engine's test file gives one function that makes a fresh, empty log, and calls
//! [`conformance_tests!`](crate::conformance_tests) once; each case becomes a test of its own.
//!
//! ```
//! # #[cfg(test)]
//! mod memory {
//!     use deedbook_log::{MemoryLog, conformance::Fixture};
//!
//!     fn fresh() -> Fixture {
//!         Fixture::new(MemoryLog::default())
//!     }
//!     deedbook_log::conformance_tests!(fresh);
//! }
//! ```

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a case fails by panicking, and its name says what it shows"
)]

use std::any::Any;

use crate::log::Log;

pub mod append;
pub mod artifacts;
pub mod claims;
pub mod compact;
pub mod marks;
pub mod read;
pub mod sample;
pub mod snapshot;
pub mod start;
pub mod stats;
pub mod wait;

/// A fresh, empty log for one case, and what must live as long as it.
pub struct Fixture {
    /// The log.
    pub log: Box<dyn Log>,
    _guard: Box<dyn Any>,
}

impl Fixture {
    /// A log that needs nothing else.
    pub fn new(log: impl Log + 'static) -> Fixture {
        Fixture::guarded(log, ())
    }

    /// A log in something that goes away when `guard` is dropped.
    pub fn guarded(log: impl Log + 'static, guard: impl Any) -> Fixture {
        Fixture {
            log: Box::new(log),
            _guard: Box::new(guard),
        }
    }
}

/// Makes one test of each case. `$fresh` is a function that gives a `conformance::Fixture`.
#[macro_export]
macro_rules! conformance_tests {
    ($fresh:path) => {
        $crate::conformance_tests! { @each $fresh;
            append {
                an_empty_log_has_the_empty_head
                a_batch_is_there_when_append_returns
                a_stale_head_is_refused_and_changes_nothing
                another_chain_at_the_same_revision_is_refused
                a_head_that_is_not_reached_yet_is_refused
                a_batch_that_does_not_follow_its_head_is_not_next
                the_same_batch_again_is_moved_and_stands_there
                of_racing_appends_exactly_one_wins_each_head
            }
            read {
                an_empty_log_gives_nothing
                bytes_come_back_as_they_were_stored
                unknown_header_fields_are_kept
                the_batch_around_a_revision_comes_whole
                at_or_past_the_head_there_is_nothing
                limits_cut_between_batches_and_leave_at_least_one
                pages_go_on_where_the_last_one_ended
                readers_beside_writers_see_one_dense_order
            }
            wait {
                a_log_that_is_past_already_answers_at_once
                an_append_wakes_who_waits
                a_wait_ends_with_its_timeout
                everybody_who_waits_is_woken
            }
            snapshot {
                chunks_are_not_visible_before_the_finish
                a_finished_snapshot_reads_back
                finishing_the_same_again_is_fine
                a_missing_chunk_is_not_next
                a_chunk_of_another_attempt_is_not_next
                chunks_left_by_a_longer_attempt_are_dropped
                a_head_that_the_log_never_had_is_not_next
                an_unfinished_attempt_leaves_the_finished_snapshot_alone
                a_second_attempt_replaces_the_first
                a_snapshot_may_have_no_chunks
            }
            start {
                a_log_begins_at_a_snapshot
                a_log_with_batches_does_not_begin_again
                a_log_with_a_snapshot_does_not_begin_again
                beginning_at_the_same_again_is_fine_and_elsewhere_is_not
                a_missing_chunk_leaves_the_log_empty
                a_log_that_began_at_a_snapshot_compacts_like_any_other
            }
            compact {
                without_a_snapshot_nothing_happens
                the_floor_goes_to_the_newest_snapshot_in_reach
                reads_from_the_floor_on_still_work
                the_last_batch_is_never_dropped
                older_snapshots_are_dropped_and_the_floor_s_own_stays
                the_floor_never_goes_back
                a_damaged_snapshot_is_passed_over
                appends_go_on
                readers_beside_compaction_miss_nothing
            }
            artifacts {
                bytes_come_back_under_their_digest
                the_same_bytes_twice_are_one
                an_unknown_id_is_none
                a_deleted_one_is_gone
                ids_are_listed_in_byte_order
            }
            marks {
                an_unknown_mark_is_none
                a_mark_is_set_only_over_the_expected_value
                an_empty_value_is_a_value
                names_are_listed_in_byte_order
                of_racing_sets_exactly_one_wins
            }
            claims {
                a_claim_is_held_by_one_and_given_back
                other_names_are_free
                any_text_is_a_name
            }
            stats {
                everything_is_counted
            }
        }
    };
    (@each $fresh:path; $($module:ident { $($case:ident)* })*) => {
        $(mod $module {
            use super::*;
            $(#[test]
            fn $case() {
                let fixture: $crate::conformance::Fixture = $fresh();
                $crate::conformance::$module::$case(&*fixture.log);
            })*
        })*
    };
}

#[cfg(test)]
mod tests {
    /// A case that isn't listed would prove nothing.
    #[test]
    fn every_case_is_listed() {
        let list = include_str!("mod.rs");
        let sources = [
            include_str!("append.rs"),
            include_str!("artifacts.rs"),
            include_str!("claims.rs"),
            include_str!("compact.rs"),
            include_str!("marks.rs"),
            include_str!("read.rs"),
            include_str!("snapshot.rs"),
            include_str!("start.rs"),
            include_str!("stats.rs"),
            include_str!("wait.rs"),
        ];
        let mut cases = 0;
        for line in sources.iter().flat_map(|source| source.lines()) {
            let Some(name) = line
                .strip_prefix("pub fn ")
                .and_then(|rest| rest.split('(').next())
            else {
                continue;
            };
            cases += 1;
            assert!(
                list.lines().any(|listed| listed.trim() == name),
                "{name} isn't listed"
            );
        }
        assert!(cases > 50, "{cases}");
    }
}
