#![no_main]
//! See `deedbook_testkit::fuzz::version_specs`.

libfuzzer_sys::fuzz_target!(|input: &[u8]| deedbook_testkit::fuzz::version_specs::run(input));
