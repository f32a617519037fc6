//! What holds for any text that comes back from Redis, however wrong: one function of bytes for
//! each reader.
//!
//! Fuzz targets (`fuzz/`) call them with inputs that they make up; the test below calls them with
//! the inputs that were kept (`fuzz/corpus`). Not part of any other build.

mod holds;
mod journal_entries;
#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;
mod settings;

pub use holds::holds;
pub use journal_entries::journal_entries;
pub use settings::settings;

#[test]
fn what_was_found_once_stays_mended() {
    use replay::replay;

    replay("holds", holds);
    replay("journal_entries", journal_entries);
    replay("settings", settings);
}
