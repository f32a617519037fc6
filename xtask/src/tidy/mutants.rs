//! The table of mutants against the marks in the source.

use anyhow::Result;

use crate::mutants::complaints;

/// Each mark has one entry, each entry one mark, and its guard stands there.
pub(super) fn run() -> Result<Vec<String>> {
    complaints()
}
