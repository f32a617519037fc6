//! What holds for any text that comes back from Redis, however wrong: one function of bytes for
//! each reader.
//!
//! Fuzz targets (`fuzz/`) call them with inputs that they make up; the test below calls them with
//! the inputs that were kept (`fuzz/corpus`). Not part of any other build.

mod holds;
mod journal_entries;
mod settings;

pub use holds::holds;
pub use journal_entries::journal_entries;
pub use settings::settings;

/// Calls `check` with every input that was kept for the target `name`.
///
/// # Panics
///
/// When there is none, or when one fails.
#[cfg(test)]
fn replay(name: &str, check: fn(&[u8])) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let inputs = std::fs::read_dir(folder.join(name)).unwrap();
    let paths: Vec<_> = inputs.map(|input| input.unwrap().path()).collect();
    assert!(!paths.is_empty(), "no inputs for {name}");
    for path in paths {
        println!("{}", path.display());
        check(&std::fs::read(path).unwrap());
    }
}

#[test]
fn what_was_found_once_stays_mended() {
    replay("holds", holds);
    replay("journal_entries", journal_entries);
    replay("settings", settings);
}
