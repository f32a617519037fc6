//! The kind of machine: a figure without it means nothing.

use std::fs;
use std::thread::available_parallelism;

/// Cores and memory, and that everything shares them.
pub(crate) fn class() -> String {
    let cores = available_parallelism().map_or_else(|_| "?".to_owned(), |it| it.to_string());
    let memory = memory_gib().map_or_else(|| "?".to_owned(), |it| it.to_string());
    format!(
        "one machine with {cores} cores and {memory} GiB of memory.\n\
         Redis, Postgres, the components and the load share it"
    )
}

fn memory_gib() -> Option<u64> {
    let told = fs::read_to_string("/proc/meminfo").ok()?;
    let line = told.lines().find_map(|it| it.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some((kibibytes + (1 << 19)) >> 20)
}
