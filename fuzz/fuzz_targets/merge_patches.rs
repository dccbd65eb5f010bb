#![no_main]
//! See `deedbook_testkit::fuzz::merge_patches`.

libfuzzer_sys::fuzz_target!(|input: &[u8]| deedbook_testkit::fuzz::merge_patches::run(input));
