//! The site itself: its files, and what it says about itself.

pub(crate) mod about;
pub(crate) mod files;
