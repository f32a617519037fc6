//! What holds for any text of a server, however wrong: one function of bytes for each reader.
//!
//! Fuzz targets (`fuzz/`) call them with inputs that they make up; the test below calls them with
//! the inputs that were kept (`fuzz/corpus`). Not part of any other build.

mod addresses;
mod error_texts;
#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;
mod topology;

pub use addresses::addresses;
pub use error_texts::error_texts;
pub use topology::topology;

#[test]
fn what_was_found_once_stays_mended() {
    use replay::replay;

    replay("addresses", addresses);
    replay("error_texts", error_texts);
    replay("topology", topology);
}
