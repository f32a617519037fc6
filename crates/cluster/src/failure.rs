//! Why an attempt has no reply.

use crate::Error;
use crate::remedy::Remedy;
use crate::reply_error::ServerError;

/// Why an attempt has no reply.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The node was silent until the limit.
    Late,
    /// The node or the host said so.
    Said { error: ServerError, text: String },
}

impl Failure {
    pub(crate) fn said(text: String) -> Self {
        Self::Said { error: ServerError::parse(&text), text }
    }

    /// What this failure calls for.
    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            // A frozen node stays silent on the next connection too.
            Self::Late => Remedy::RefreshAndRetry,
            Self::Said { error, text } => Remedy::of(error, text),
        }
    }

    /// What the caller is told if there is no time for another attempt.
    pub(crate) fn error(&self) -> Error {
        match self {
            Self::Late => Error::Deadline,
            Self::Said { text, .. } => Error::Unavailable { cause: text.clone() },
        }
    }

    /// What the caller is told if another attempt would fail in the same way.
    pub(crate) fn rejection(&self) -> Error {
        match self {
            Self::Late => Error::Deadline,
            Self::Said { text, .. } => Error::Rejected { text: text.clone() },
        }
    }

    /// Whether the connection cannot be trusted any more.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self, Self::Late | Self::Said { error: ServerError::Connection, .. })
    }
}
