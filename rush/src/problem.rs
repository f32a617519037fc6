//! Failures of a request: refused by the server, or without an answer.

use std::fmt;

use domain::proof::Challenge;
use serde::Deserialize;

/// A refusal: the `application/problem+json` body of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Problem {
    /// The HTTP status.
    #[serde(default)]
    pub(crate) status: u16,
    /// The stable code, for example `seat_unavailable`.
    pub(crate) code: String,
    /// A sentence for people.
    #[serde(default)]
    pub(crate) detail: String,
    /// The id of this request in the server's logs.
    #[serde(default)]
    pub(crate) request_id: String,
    /// The seats that are taken, with `seat_unavailable`.
    #[serde(default)]
    pub(crate) seats: Vec<String>,
    /// The challenge to solve, with `proof_required`.
    #[serde(default)]
    pub(crate) challenge: Option<Box<Challenge>>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.code, self.status)?;
        if !self.detail.is_empty() {
            write!(formatter, ": {}", self.detail)?;
        }
        if !self.seats.is_empty() {
            write!(formatter, " [{}]", self.seats.join(", "))?;
        }
        if !self.request_id.is_empty() {
            write!(formatter, " (request {})", self.request_id)?;
        }
        Ok(())
    }
}

/// Why a call has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
    /// The server said no, in the words of the contract.
    #[error("{0}")]
    Refused(Problem),
    /// The server answered what the contract does not know, or failed after every retry.
    #[error("{what}: unexpected answer {status}: {body}")]
    Unexpected {
        what: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of the body.
        body: String,
    },
    /// No answer after every retry.
    #[error("{what}: {cause}")]
    Unreachable {
        what: String,
        /// The error of the transport.
        cause: String,
    },
}

impl Failure {
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(&problem.code),
            Self::Unexpected { .. } | Self::Unreachable { .. } => None,
        }
    }
}
