//! What holds for any text of a server, however wrong: one function of bytes for each reader.
//!
//! Fuzz targets (`fuzz/`) call them with inputs that they make up; the test below calls them with
//! the inputs that were kept (`fuzz/corpus`). Not part of any other build.

mod addresses;
mod error_texts;
mod topology;

pub use addresses::addresses;
pub use error_texts::error_texts;
pub use topology::topology;

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
    replay("addresses", addresses);
    replay("error_texts", error_texts);
    replay("topology", topology);
}
