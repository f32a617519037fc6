//! Takes an authorised payment.

use crate::client::{Provider, intent_path};
use crate::error::ProviderError;
use crate::intent::{Intent, IntentStatus};
use crate::saved_failure::Look;
use crate::transport::HttpTransport;

impl<H: HttpTransport> Provider<H> {
    /// Takes the whole authorised amount. Any number of times: the money is taken once.
    ///
    /// # Errors
    ///
    /// [`ProviderError::UnexpectedState`] when the payment is not authorised (any more), or taken
    /// already under another key; or as for any operation.
    pub async fn capture_intent(&self, payment: &str) -> Result<Intent, ProviderError> {
        let path = intent_path(payment, "/capture")?;
        let judge = |intent: Intent| match intent.status {
            IntentStatus::Succeeded => Look::Done(intent),
            IntentStatus::RequiresCapture => Look::Possible,
            _ => Look::Impossible(ProviderError::UnexpectedState),
        };
        self.change(payment, "capture", &path, &[], judge).await?.intent()
    }
}
