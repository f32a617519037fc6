//! The waiting room.

pub(crate) mod join;
mod page;
pub(crate) mod show;
mod words;
