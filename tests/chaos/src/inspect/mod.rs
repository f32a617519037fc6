//! Looks into the stores past the application and the links.

pub mod books;
pub mod ledger;
pub mod observer;
pub mod redis;
