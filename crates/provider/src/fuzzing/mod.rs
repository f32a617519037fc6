//! What holds for any answer of the provider, however wrong.
//!
//! A fuzz target (`fuzz/`) calls this with inputs that it makes up; the test below calls it with
//! the inputs that were kept (`fuzz/corpus`). Not part of any other build.

mod provider_answers;

pub use provider_answers::provider_answers;

#[test]
fn what_was_found_once_stays_mended() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let inputs = std::fs::read_dir(folder.join("provider_answers")).unwrap();
    let paths: Vec<_> = inputs.map(|input| input.unwrap().path()).collect();
    assert!(!paths.is_empty(), "no inputs");
    for path in paths {
        println!("{}", path.display());
        provider_answers(&std::fs::read(path).unwrap());
    }
}
