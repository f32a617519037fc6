//! Getting past an answer that the provider has saved for ever.
//!
//! The provider saves the first answer of a key, also a 500 and also "the state does not allow it",
//! and repeats it for a day at least. When a *saved* failure comes back, the operation looks at the
//! payment; when nothing has happened it goes on to the next key. Keys are numbered, not random, so
//! that everybody who repeats the operation walks the same way and meets the same answers.

use crate::client::{Answer, Budget, Provider, intent_path};
use crate::error::ProviderError;
use crate::intent::Intent;
use crate::transport::HttpTransport;

/// The keys of one operation on one payment. Each is burnt by a failure of the provider *after* it
/// had begun to work, which is rare; four in a row are a case for an operator.
pub(crate) const KEYS_MAX: u32 = 4;

/// The name of the key number `number` of an operation.
pub(crate) fn numbered(key: &str, number: u32) -> String {
    if number == 0 { key.to_owned() } else { format!("{key}:{number}") }
}

/// What the state of the payment says about an operation that failed.
pub(crate) enum Look {
    /// It has happened after all.
    Done(Intent),
    /// It has not happened and could: under another key.
    Possible,
    /// It has not happened and cannot.
    Impossible(ProviderError),
}

/// Whether the answer is a failure that this key will give for ever.
pub(crate) fn is_saved_failure(answer: &Answer) -> bool {
    let fails = || {
        matches!(
            ProviderError::of(answer.status, &answer.body),
            ProviderError::Unavailable(_) | ProviderError::UnexpectedState
        )
    };
    // mutant: saved-failures-are-believed
    answer.replayed && !answer.status.is_success() && fails()
}

impl<H: HttpTransport> Provider<H> {
    /// Changes a payment under the keys of `operation` (`capture`, `cancel`, `refund`).
    ///
    /// Returns the answer of the first key that has no saved failure, or the payment as it was
    /// found when the operation had happened already.
    pub(crate) async fn change(
        &self,
        payment: &str,
        operation: &str,
        path: &str,
        fields: &[(&str, &str)],
        judge: impl Fn(Intent) -> Look,
    ) -> Result<Changed, ProviderError> {
        // Before the id becomes part of a key: refuses one with odd characters.
        intent_path(payment, "")?;
        let budget = Budget::begin();
        let key = format!("{operation}:{payment}");
        for number in 0..KEYS_MAX {
            let answer = self.post(path, fields, &numbered(&key, number), &budget).await?;
            if !is_saved_failure(&answer) {
                return Ok(Changed::Answered(answer));
            }
            match judge(self.look(payment, &budget).await?) {
                // mutant: next-key-without-a-look
                Look::Done(intent) => return Ok(Changed::Before(intent)),
                Look::Possible => {}
                Look::Impossible(error) => return Err(error),
            }
        }
        Err(ProviderError::Unavailable(format!("{KEYS_MAX} keys hold a saved failure")))
    }
}

/// The result of [`Provider::change`].
pub(crate) enum Changed {
    /// The provider's answer, a success or not.
    Answered(Answer),
    /// It had happened already.
    Before(Intent),
}

impl Changed {
    /// The payment after the change.
    pub(crate) fn intent(self) -> Result<Intent, ProviderError> {
        match self {
            Self::Answered(answer) => answer.intent(),
            Self::Before(intent) => Ok(intent),
        }
    }
}
