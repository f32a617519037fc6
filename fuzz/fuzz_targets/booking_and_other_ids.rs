#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| domain::fuzzing::booking_and_other_ids(input));
