#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| scripts::fuzzing::journal_entries(input));
