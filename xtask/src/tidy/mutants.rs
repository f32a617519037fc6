//! The table of mutants against the code it takes guards from.

use anyhow::Result;

use crate::mutants::{check, load};

/// Each guard in the table is still where the table says.
pub(super) fn run() -> Result<Vec<String>> {
    Ok(check(&load()?))
}
