//! Redis Cluster routing for a host that knows single Redis nodes only.
//!
//! Spin's Redis interface opens a connection to one node, sends one command and gives back either
//! a flat list of values or an error *as text*. Everything that makes a cluster out of six such
//! nodes is here: which slot a key is in, who owns the slot, what a redirect means, what to do
//! when a node is gone. The crate does no IO: it drives a [`Transport`], which is Spin in the
//! components and the `redis` crate or a script in the tests.
//!
//! Read top-down: [`Cluster`] is the driver; it asks `remedy` what an error calls for;
//! `reply_error` is the only place that reads error texts; `slot`, `slot_map` and `topology` are
//! pure.
//!
//! **Invariant:** no future and no waker crosses from one task to another. In a component each
//! request is a task of its own, and a waker that reaches into another request's task stops the
//! whole instance. Tasks meet in the shared state only, and wait for one another by sleeping.

#![warn(missing_docs)]

mod address;
mod address_map;
mod attempt;
mod call;
mod cluster;
mod connections;
mod dedicated;
mod error;
mod failure;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod refresh;
mod refresh_state;
mod remedy;
mod reply_error;
mod request;
mod script;
mod slot;
mod slot_map;
mod timing;
mod topology;
mod transport;
mod value;

#[cfg(test)]
mod tests;

pub use address::{InvalidAddress, NodeAddress};
pub use address_map::{AddressMap, InvalidAddressMap};
pub use cluster::Cluster;
pub use dedicated::DedicatedConnection;
pub use error::Error;
pub use script::Script;
pub use transport::Transport;
pub use value::{Argument, Reply};
