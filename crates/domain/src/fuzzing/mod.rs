//! What holds for any input, however wrong: one function of bytes for each parser.
//!
//! Fuzz targets (`fuzz/`) call them with inputs that they make up; the test below calls them with
//! the inputs that were kept (`fuzz/corpus`). Not part of any other build.

mod booking_and_other_ids;
mod provider_events;
mod seats;
mod sections;
mod signature_header;
mod tokens;

pub use booking_and_other_ids::booking_and_other_ids;
pub use provider_events::provider_events;
pub use seats::seats;
pub use sections::sections;
pub use signature_header::signature_header;
pub use tokens::tokens;

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
    replay("booking_and_other_ids", booking_and_other_ids);
    replay("provider_events", provider_events);
    replay("seats", seats);
    replay("sections", sections);
    replay("signature_header", signature_header);
    replay("tokens", tokens);
}
