//! The memory engine keeps every promise.

use deedbook_log::MemoryLog;
use deedbook_log::conformance::Fixture;

fn fresh() -> Fixture {
    Fixture::new(MemoryLog::default())
}

deedbook_log::conformance_tests!(fresh);
