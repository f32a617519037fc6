//! Gives a payment up before any money is taken.

use crate::client::{Provider, intent_path};
use crate::error::ProviderError;
use crate::intent::{Intent, IntentStatus};
use crate::saved_failure::Look;
use crate::transport::HttpTransport;

impl<H: HttpTransport> Provider<H> {
    /// Cancels the payment: voids an authorisation, and makes paying impossible.
    ///
    /// # Errors
    ///
    /// [`ProviderError::UnexpectedState`] when the money is taken or on its way, or the payment was
    /// given up under another key; or as for any operation.
    pub async fn cancel_intent(&self, payment: &str) -> Result<Intent, ProviderError> {
        let path = intent_path(payment, "/cancel")?;
        let judge = |intent: Intent| match intent.status {
            IntentStatus::Canceled => Look::Done(intent),
            status if status.can_be_canceled() => Look::Possible,
            _ => Look::Impossible(ProviderError::UnexpectedState),
        };
        self.change(payment, "cancel", &path, &[], judge).await?.intent()
    }
}
