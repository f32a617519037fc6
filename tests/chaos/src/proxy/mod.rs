//! A small TCP proxy between the application and everything it talks to.
//!
//! One [`Link`] stands before each Redis node, Postgres and the payment provider. It passes bytes
//! on until it is told to misbehave ([`Mode`]), and it knows the steps of the application by what
//! they say on the wire ([`steps`]), so it can end the application exactly there ([`trap`]).

mod link;
mod pump;
pub mod steps;
pub mod trap;

pub use link::{Link, Mode};
