#![no_main]
//! See `deedbook_testkit::fuzz::batch_decoder`.

libfuzzer_sys::fuzz_target!(|input: &[u8]| deedbook_testkit::fuzz::batch_decoder::run(input));
