//! Why a call has no outcome.

use cluster::Reply;

/// A call failed. Refusals are outcomes, not errors.
///
/// After [`cluster::Error::Unavailable`] and [`cluster::Error::Deadline`] the step may have been
/// taken; the same call again finds out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Redis did not answer, or refused the command.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// A reply is not what the script's header documents, or a stored value is damaged.
    #[error("{script}: unexpected reply {reply}")]
    Protocol {
        /// The script, or the command.
        script: &'static str,
        /// What came, shortened.
        reply: String,
    },
}

/// How much of an unexpected reply an error shows: a map has 100 KB.
const SHOWN_CHARACTERS_MAX: usize = 200;

impl Error {
    pub(crate) fn protocol(script: &'static str, replies: &[Reply]) -> Self {
        let shown = format!("{replies:?}");
        Self::Protocol { script, reply: shown.chars().take(SHOWN_CHARACTERS_MAX).collect() }
    }
}
