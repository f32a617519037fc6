//! Calls a fuzz target with every input that was kept for it. The crates with targets include this
//! file in their tests.

use std::path::Path;

/// Calls `check` with every input that was kept for the target `name`.
///
/// # Panics
///
/// When there is none, or when one fails.
pub(super) fn replay(name: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let inputs = std::fs::read_dir(folder).unwrap();
    let paths: Vec<_> = inputs.map(|input| input.unwrap().path()).collect();
    assert!(!paths.is_empty(), "no inputs for {name}");
    for path in paths {
        println!("{}", path.display());
        check(&std::fs::read(path).unwrap());
    }
}
