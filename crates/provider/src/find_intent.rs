//! Reads a payment.

use crate::client::{Budget, Provider, intent_path};
use crate::error::ProviderError;
use crate::intent::Intent;
use crate::transport::HttpTransport;

impl<H: HttpTransport> Provider<H> {
    /// Where the payment stands now, with what was given back of it.
    ///
    /// # Errors
    ///
    /// [`ProviderError::NotFound`], or as for any operation.
    pub async fn find_intent(&self, payment: &str) -> Result<Intent, ProviderError> {
        self.look(payment, &Budget::begin()).await
    }

    /// The same, within an operation that has begun.
    pub(crate) async fn look(
        &self,
        payment: &str,
        budget: &Budget,
    ) -> Result<Intent, ProviderError> {
        // The charge has the refunded amount; the intent itself does not.
        let path = intent_path(payment, "?expand%5B%5D=latest_charge")?;
        self.get(&path, budget).await?.intent()
    }
}
