//! Why a step has no outcome.

use crate::database::DatabaseError;

/// A step that has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The statement gave no rows.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The function and this crate do not agree: a deployment with another schema version.
    #[error("{step} answered something unexpected: {detail}")]
    Protocol {
        /// The step.
        step: &'static str,
        /// What was wrong with the answer.
        detail: String,
    },
    /// The cursor of a page was not made by this crate.
    #[error("the cursor is not one of ours")]
    InvalidCursor,
    /// More items than the step takes in one call; nothing was sent.
    #[error("{step} takes at most {limit} items")]
    TooMany {
        /// The step.
        step: &'static str,
        /// How many it takes.
        limit: usize,
    },
}

impl Error {
    /// Whether the same call may succeed later, so that the caller answers 503 and not 500.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(error) => error.is_transient(),
            Self::Protocol { .. } | Self::InvalidCursor | Self::TooMany { .. } => false,
        }
    }
}
