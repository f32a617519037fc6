//! Choosing seats, and what becomes of them.

pub(crate) mod choose;
pub(crate) mod confirm;
pub(crate) mod extend;
pub(crate) mod hold;
pub(crate) mod list;
mod picker;
pub(crate) mod release;
pub(crate) mod show;
