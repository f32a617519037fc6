//! Begins a payment.

use domain::id::BookingId;

use crate::client::{Budget, Provider};
use crate::currency::Currency;
use crate::error::ProviderError;
use crate::intent::Intent;
use crate::saved_failure::{KEYS_MAX, is_saved_failure, numbered};
use crate::transport::HttpTransport;

/// A payment to begin.
#[derive(Debug, Clone, Copy)]
pub struct CreateIntent<'a> {
    /// What is paid. Becomes `metadata.booking_id`, by which webhooks name it.
    pub booking: BookingId,
    /// Minor units of ISO 4217.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: &'a str,
    /// How many payments of this booking were given up before: the same number is the same payment.
    pub attempt: u32,
}

impl<H: HttpTransport> Provider<H> {
    /// Begins a payment that is only authorised when the buyer pays: taking it is a step of its
    /// own. The same booking, attempt and amount give the same payment, however often.
    ///
    /// # Errors
    ///
    /// [`ProviderError::NotChargeable`] before anything is sent; or as for any operation.
    pub async fn create_intent(&self, create: &CreateIntent<'_>) -> Result<Intent, ProviderError> {
        let booking = create.booking.to_string();
        let units = Currency::of(create.currency)?.charge(create.amount)?;
        let amount = units.to_string();
        let currency = create.currency.to_ascii_lowercase();
        let fields = [
            ("amount", amount.as_str()),
            ("currency", &currency),
            ("capture_method", "manual"),
            ("automatic_payment_methods[enabled]", "true"),
            ("metadata[booking_id]", &booking),
        ];
        let budget = Budget::begin();
        let key = format!("create:{booking}:{}", create.attempt);
        for number in 0..KEYS_MAX {
            let key = numbered(&key, number);
            let answer = self.post("/v1/payment_intents", &fields, &key, &budget).await?;
            // A payment that was made and then lost in a failure cannot be paid: its secret was
            // never returned. So there is nothing to look at before the next key.
            if !is_saved_failure(&answer) {
                return answer.intent();
            }
        }
        Err(ProviderError::Unavailable(format!("{KEYS_MAX} keys hold a saved failure")))
    }
}
