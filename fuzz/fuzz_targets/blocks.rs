#![no_main]
//! See `deedbook_testkit::fuzz::blocks`.

libfuzzer_sys::fuzz_target!(|input: &[u8]| deedbook_testkit::fuzz::blocks::run(input));
