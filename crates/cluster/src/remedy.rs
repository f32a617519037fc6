//! What each error calls for: one match, so that a new error cannot be forgotten.

use crate::Error;
use crate::reply_error::{Redirect, ServerError};

/// What to do about a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Remember the new owner and send the command there.
    FollowMoved(Redirect),
    /// Send ASKING and the command to that node, once, and remember nothing.
    FollowAsk(Redirect),
    /// The state passes by itself: wait and send again.
    WaitAndRetry,
    /// The cluster is changing: look at it again, wait, send again to whoever owns the slot then.
    RefreshAndRetry,
    /// Send the script in full.
    SendSource,
    /// Open another connection and send again. If that fails too, the node is gone: refresh.
    Reopen,
    /// No second attempt can succeed.
    GiveUp(Error),
}

impl Remedy {
    /// The remedy for `error`, which the server or the host worded as `text`.
    pub(crate) fn of(error: &ServerError, text: &str) -> Self {
        match error {
            ServerError::Moved(redirect) => Self::FollowMoved(redirect.clone()),
            ServerError::Ask(redirect) => Self::FollowAsk(redirect.clone()),
            // The slot is still where the map says; it is only half-way out of there.
            ServerError::TryAgain | ServerError::TooManyClients => Self::WaitAndRetry,
            // A node that loads has restarted, so its replica may own the slots by now.
            ServerError::ClusterDown
            | ServerError::Loading
            | ServerError::MasterDown
            | ServerError::ReadOnly => Self::RefreshAndRetry,
            // mutant: scripts-are-not-sent-in-full
            ServerError::NoScript => Self::SendSource,
            ServerError::CrossSlot => Self::GiveUp(Error::CrossSlot),
            ServerError::Connection => Self::Reopen,
            // A refusal may come from the middle of a script: never repeated blindly.
            ServerError::ClusterDisabled | ServerError::Refused => {
                // mutant: refusals-are-sent-again
                Self::GiveUp(Error::Rejected { text: text.to_owned() })
            }
        }
    }
}
