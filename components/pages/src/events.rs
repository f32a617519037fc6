//! What is on.

pub(crate) mod event;
pub(crate) mod list;
pub(crate) mod show;
