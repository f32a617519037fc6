//! `host`

fn main() {}
