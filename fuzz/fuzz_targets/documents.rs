#![no_main]
//! See `deedbook_testkit::fuzz::documents`.

libfuzzer_sys::fuzz_target!(|input: &[u8]| deedbook_testkit::fuzz::documents::run(input));
