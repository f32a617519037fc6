//! The two stores, and why a step that needs them can fail.

use std::rc::Rc;
use std::time::Duration;

use cluster::{Cluster, Transport};
use ledger::Database;

/// The two stores of a step.
pub struct Stores<T: Transport, D: Database> {
    /// Redis.
    pub cluster: Rc<Cluster<T>>,
    /// Postgres. Its deadline is its own business.
    pub database: D,
    /// How long one call of Redis may take, redirects and retries included.
    pub redis_deadline: Duration,
}

/// A step failed. What it had done before stays, and the same step again continues it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Redis failed, or a script answered what it should not.
    #[error(transparent)]
    Scripts(#[from] scripts::Error),
    /// Postgres failed, or a function answered what it should not.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// The two stores contradict each other in a way that only an operator can judge.
    #[error("the stores disagree: {0}")]
    Disagreement(&'static str),
    /// Others were faster again and again; the same step may succeed later.
    #[error("the state kept changing during {0}")]
    Contention(&'static str),
}
