//! The page for a phone at the door, with JavaScript and without: sign in, pick the event, scan.
//!
//! Whoever signs in shows the organiser's key once; the browser keeps a session that it has made,
//! never the key. Forms carry a token against pages of other sites, as all forms here do.

pub(crate) mod enter;
pub(crate) mod events;
mod page;
pub(crate) mod scan;
mod session;
mod words;
