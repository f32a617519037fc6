//! The fault harness: a crowd on the real system, faults from a seed, a history of every call, and
//! a verdict on each promise at the end.
//!
//! Nothing is mocked and nothing is compiled in for it: the shipped components run on real Redis
//! Cluster and Postgres, and proxies of our own stand in between. They break connections, and they
//! end the application exactly at a step that they recognise on the wire. [`run`] tells the order
//! of things.

pub mod checker;
pub mod fault;
pub mod history;
pub mod inspect;
pub mod load;
pub mod proxy;
pub mod rig;
pub mod run;
pub mod sabotage;
pub mod settle;
pub mod sink;

pub use run::{RunOptions, run};
