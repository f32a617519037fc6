//! A saga as operators see it.

use std::str::FromStr;

use domain::id::EventId;
use domain::time::Instant;
use serde::Serialize;

use crate::error::Error;
use crate::row::Row;

/// What a saga is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SagaKind {
    /// A payment: its subject is the provider's id.
    Payment,
    /// The places of a cancelled booking in Redis: its subject is the booking.
    Cancellation,
    /// The bookings of a cancelled event: its subject is the event.
    EventCancellation,
}

impl FromStr for SagaKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        match word {
            "payment" => Ok(Self::Payment),
            "cancellation" => Ok(Self::Cancellation),
            "event_cancellation" => Ok(Self::EventCancellation),
            _ => Err(UnknownWord),
        }
    }
}

/// Where a saga stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SagaStatus {
    /// Continued when it is due.
    Running,
    /// At its end.
    Done,
    /// Given up: an operator has to look.
    Dead,
}

impl SagaStatus {
    /// The word in Postgres and in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

impl FromStr for SagaStatus {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Running, Self::Done, Self::Dead]
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or(UnknownWord)
    }
}

/// A word that is no kind and no status of a saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such word about a saga")]
pub struct UnknownWord;

/// A saga as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Saga {
    /// `<kind>:<subject>`.
    pub id: String,
    /// What it is about.
    pub kind: SagaKind,
    /// The payment, the booking or the event.
    pub subject: String,
    /// Its event.
    pub event_id: EventId,
    /// What is to be done next.
    pub step: String,
    /// Where it stands.
    pub status: SagaStatus,
    /// How often the step failed, one time after the other.
    pub attempts: u32,
    /// When it is continued.
    pub due_at: Instant,
    /// Why the last attempt failed; `None` when it did not.
    pub last_error: Option<String>,
    /// When it began.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// The columns of the type `boxoffice.saga_row`, in the order in which [`read_saga`] takes them.
pub(crate) const SAGA_COLUMNS: &str = "id, kind, subject, event_id, step, status, attempts, \
     due_at_ms, last_error, created_at_ms, updated_at_ms";

/// Reads [`SAGA_COLUMNS`].
pub(crate) fn read_saga(row: &mut Row) -> Result<Saga, Error> {
    Ok(Saga {
        id: row.text()?,
        kind: row.parsed()?,
        subject: row.text()?,
        event_id: row.parsed()?,
        step: row.text()?,
        status: row.parsed()?,
        attempts: row.count()?,
        due_at: row.instant()?,
        last_error: row.optional_text()?,
        created_at: row.instant()?,
        updated_at: row.instant()?,
    })
}
