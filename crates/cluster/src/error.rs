//! What a caller of the cluster can get instead of a reply.

/// Why a call has no reply.
///
/// After [`Unavailable`](Self::Unavailable) and [`Deadline`](Self::Deadline) the outcome is
/// unknown: the command may have been applied, or may still be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Until the deadline no node could take the command: not reachable, no owner, loading.
    #[error("redis is unavailable: {cause}")]
    Unavailable {
        /// The last failure, as the transport or the server worded it.
        cause: String,
    },
    /// The deadline passed while a node owed its answer.
    #[error("redis did not answer before the deadline")]
    Deadline,
    /// The keys of one script are not in one slot, or there is no key: a mistake of the caller.
    #[error("the keys do not share one slot")]
    CrossSlot,
    /// The nodes send the command around: they do not agree who owns the slot.
    #[error("too many redirects")]
    TooManyRedirects,
    /// The server refused the command: a script error, WRONGTYPE, OOM, NOAUTH and the like.
    #[error("redis rejected the command: {text}")]
    Rejected {
        /// The server's words.
        text: String,
    },
}
