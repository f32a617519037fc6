//! Counts writes to Redis that failed after Postgres had decided, for metrics.

use std::time::Duration;

use cluster::{Cluster, Transport};

use crate::call::Fields;
use crate::{Error, keys};

/// What a write was to tell Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// Seats are sold.
    Sale,
    /// A hold has ended.
    Release,
    /// A cancelled booking's seats are free.
    Cancellation,
    /// An event is cancelled.
    Settings,
    /// A buyer has reserved in an event, for the buyer's list.
    OwnEvent,
}

impl MarkKind {
    /// All kinds, in the order of [`index`](Self::index).
    pub const ALL: [Self; 5] =
        [Self::Sale, Self::Release, Self::Cancellation, Self::Settings, Self::OwnEvent];

    /// The word in metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Release => "release",
            Self::Cancellation => "cancellation",
            Self::Settings => "settings",
            Self::OwnEvent => "own_event",
        }
    }

    /// Its place among all kinds.
    pub const fn index(self) -> usize {
        match self {
            Self::Sale => 0,
            Self::Release => 1,
            Self::Cancellation => 2,
            Self::Settings => 3,
            Self::OwnEvent => 4,
        }
    }
}

/// Adds `count` failures of `kind`; returns how many there were ever.
///
/// # Errors
///
/// See [`Error`].
pub async fn count_failed_marks<T: Transport>(
    cluster: &Cluster<T>,
    kind: MarkKind,
    count: i64,
    deadline: Duration,
) -> Result<i64, Error> {
    let key = keys::failed_marks();
    let arguments = vec![key.as_str().into(), kind.as_str().into(), count.into()];
    let replies = cluster.execute(&key, "HINCRBY", arguments, deadline).await?;
    Fields::new("HINCRBY", replies).integer(0)
}

/// How many there were ever, by kind.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_failed_marks<T: Transport>(
    cluster: &Cluster<T>,
    deadline: Duration,
) -> Result<Vec<(MarkKind, i64)>, Error> {
    let key = keys::failed_marks();
    let mut arguments = vec![key.as_str().into()];
    arguments.extend(MarkKind::ALL.map(|kind| kind.as_str().into()));
    let replies = cluster.execute(&key, "HMGET", arguments, deadline).await?;
    let counts = replies.iter().map(|reply| reply.integer().unwrap_or(0));
    Ok(MarkKind::ALL.into_iter().zip(counts).collect())
}
