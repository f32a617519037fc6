//! Why a use case has no result.
//!
//! Everything below has an error type of its own; here each becomes one code of the contract. A
//! client may know `detail` and `context`; `cause` is for the log alone.

use domain::code::Code;
use serde_json::{Map, Value, json};

/// A use case that is refused or failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// A sentence for the client.
    pub detail: String,
    /// What a client needs besides, by name.
    pub context: Map<String, Value>,
    /// When the same may succeed, in seconds; `None` for as soon as such a failure passes.
    pub retry_after_s: Option<i64>,
    /// The cause, for operators.
    pub cause: Option<String>,
}

impl Refusal {
    /// A refusal with a sentence for the client.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (context, detail) = (Map::new(), detail.into());
        Self { code, detail, context, retry_after_s: None, cause: None }
    }

    /// A refusal that its code explains fully.
    pub fn of(code: Code) -> Self {
        Self::new(code, code.title())
    }

    /// Something that an operator has to set up is not, or not rightly.
    pub fn not_configured(cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..Self::of(Code::NotConfigured) }
    }

    /// A store is not there at the moment.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..Self::of(Code::Unavailable) }
    }

    /// A defect of ours.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..Self::of(Code::Internal) }
    }

    /// Adds a member that a client needs, for example `challenge`.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.context.insert(name.to_owned(), value);
        self
    }

    /// Says when the same may succeed, in seconds.
    #[must_use]
    pub const fn retry_after_s(mut self, seconds: i64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl From<scripts::Error> for Refusal {
    fn from(error: scripts::Error) -> Self {
        match error {
            // Also a script or command that the server refuses: memory is full, rights are missing,
            // or a defect. Nobody may conclude that seats were held.
            scripts::Error::Cluster(
                cluster::Error::Unavailable { .. }
                | cluster::Error::Deadline
                | cluster::Error::TooManyRedirects
                | cluster::Error::Rejected { .. },
            ) => Self::unavailable(error.to_string()),
            other => Self::internal(other.to_string()),
        }
    }
}

impl From<ledger::Error> for Refusal {
    fn from(error: ledger::Error) -> Self {
        match error {
            // The only text of a client that the ledger reads.
            ledger::Error::InvalidCursor => {
                let errors = json!([{ "field": "cursor", "problem": "is not one of ours" }]);
                let detail = "cursor is not one of ours";
                Self::new(Code::ValidationFailed, detail).with("errors", errors)
            }
            error if error.is_transient() => Self::unavailable(error.to_string()),
            error => Self::internal(error.to_string()),
        }
    }
}

impl From<sale::Error> for Refusal {
    fn from(error: sale::Error) -> Self {
        match error {
            sale::Error::Scripts(error) => error.into(),
            sale::Error::Ledger(error) => error.into(),
            sale::Error::Contention(_) => Self::unavailable(error.to_string()),
            sale::Error::Disagreement(_) => Self::internal(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_unavailable_and_what_is_a_defect_is_internal() {
        for (error, code) in [
            (sale::Error::Contention("x"), Code::Unavailable),
            (sale::Error::Disagreement("x"), Code::Internal),
            (scripts::Error::Cluster(cluster::Error::Deadline).into(), Code::Unavailable),
        ] {
            let refusal = Refusal::from(error);
            assert_eq!((refusal.code, refusal.cause.is_some()), (code, true));
            assert_eq!(refusal.detail, code.title());
        }
    }
}
