//! `xtask`

fn main() {}
