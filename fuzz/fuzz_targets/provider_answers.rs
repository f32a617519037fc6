#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| provider::fuzzing::provider_answers(input));
