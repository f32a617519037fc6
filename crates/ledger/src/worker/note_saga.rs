//! Notes how far a saga came.

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::one_row;
use crate::worker::saga::SagaStatus;

const STATEMENT: &str = "SELECT noted FROM boxoffice.note_saga(\
     $1::text, $2::bigint, $3::text, $4::text, $5::bigint, $6::text)";

/// The longest error that is kept, in characters: enough to know what failed.
const ERROR_LENGTH_MAX: usize = 500;

/// How far a saga came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SagaProgress {
    /// There is nothing to do for now; it is continued after a rest.
    Rests {
        /// What is done then.
        step: &'static str,
        /// When, in ms from now.
        rest_ms: u64,
    },
    /// The step failed and is tried again after a rest.
    Failed {
        /// Which.
        step: String,
        /// Why.
        error: String,
        /// When it is tried again, in ms from now.
        rest_ms: u64,
    },
    /// The step failed for good, or too often: an operator has to look.
    Dead {
        /// Which.
        step: String,
        /// Why.
        error: String,
    },
    /// It is at its end.
    Done,
}

/// Notes how far the saga `id` came. Returns false when the saga has changed since `revision`: then
/// it is due by that change, and nothing is noted.
///
/// # Errors
///
/// See [`Error`].
pub async fn note_saga<D: Database>(
    database: &D,
    id: &str,
    revision: i64,
    progress: &SagaProgress,
) -> Result<bool, Error> {
    let (step, status, rest_ms, error) = match progress {
        SagaProgress::Rests { step, rest_ms } => (*step, SagaStatus::Running, *rest_ms, None),
        SagaProgress::Failed { step, error, rest_ms } => {
            (step.as_str(), SagaStatus::Running, *rest_ms, Some(error))
        }
        SagaProgress::Dead { step, error } => (step.as_str(), SagaStatus::Dead, 0, Some(error)),
        SagaProgress::Done => ("done", SagaStatus::Done, 0, None),
    };
    let error = error.map(|error| error.chars().take(ERROR_LENGTH_MAX).collect::<String>());
    let parameters = vec![
        id.into(),
        revision.into(),
        step.into(),
        status.as_str().into(),
        i64::try_from(rest_ms).unwrap_or(i64::MAX).into(),
        Value::from(error),
    ];
    one_row(database, "note_saga", STATEMENT, parameters).await?.boolean()
}
