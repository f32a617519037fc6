//! `rush`

fn main() {}
