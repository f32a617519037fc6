//! A payment on a page of the provider.

use domain::id::BookingId;
use domain::time::Instant;
use serde::Deserialize;
use uuid::Uuid;

use crate::client::{Answer, Budget, Provider};
use crate::currency::Currency;
use crate::error::ProviderError;
use crate::saved_failure::{KEYS_MAX, is_saved_failure, numbered};
use crate::transport::HttpTransport;

/// The longest id of a page that is asked for. The provider's are under 80 characters.
const SESSION_ID_LENGTH_MAX: usize = 255;

/// A page to be made.
#[derive(Debug, Clone, Copy)]
pub struct CreateCheckout<'a> {
    /// Our own id of it: the same one is the same page. The payment that is made on the page
    /// carries it as `metadata.checkout_id`.
    pub checkout: Uuid,
    /// What is paid; `metadata.booking_id` of the page and of the payment.
    pub booking: BookingId,
    /// What the buyer reads: event and places.
    pub description: &'a str,
    /// Minor units of ISO 4217.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: &'a str,
    /// Where the buyer goes after paying.
    pub success_url: &'a str,
    /// Where the buyer goes without paying.
    pub cancel_url: &'a str,
    /// When the page ends by itself.
    pub ends_at: Instant,
    /// The address that the buyer has given.
    pub email: Option<&'a str>,
}

/// A page of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckoutPage {
    /// `cs_…`.
    pub id: String,
    /// Where the buyer pays; `None` once nobody can.
    #[serde(default)]
    pub url: Option<String>,
    /// `open`, `complete` or `expired`.
    #[serde(default)]
    pub status: String,
    /// Whether real money will move.
    #[serde(default)]
    pub livemode: bool,
}

impl CheckoutPage {
    fn read(answer: &Answer) -> Result<Self, ProviderError> {
        if !answer.status.is_success() {
            return Err(ProviderError::of(answer.status, &answer.body));
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            ProviderError::Unavailable(format!("the answer is no checkout: {error}"))
        })
    }
}

impl<H: HttpTransport> Provider<H> {
    /// Makes a page on which the buyer authorises the payment: taking it is a step of its own. The
    /// same checkout gives the same page, however often.
    ///
    /// # Errors
    ///
    /// [`ProviderError::NotChargeable`] before anything is sent; or as for any operation.
    pub async fn create_checkout(
        &self,
        create: &CreateCheckout<'_>,
    ) -> Result<CheckoutPage, ProviderError> {
        let units = Currency::of(create.currency)?.charge(create.amount)?.to_string();
        let currency = create.currency.to_ascii_lowercase();
        let (booking, checkout) = (create.booking.to_string(), create.checkout.to_string());
        let ends_at_s = create.ends_at.unix_s().to_string();
        let mut fields = vec![
            ("mode", "payment"),
            ("line_items[0][quantity]", "1"),
            ("line_items[0][price_data][currency]", currency.as_str()),
            ("line_items[0][price_data][unit_amount]", units.as_str()),
            ("line_items[0][price_data][product_data][name]", create.description),
            ("payment_intent_data[capture_method]", "manual"),
            ("payment_intent_data[metadata][booking_id]", booking.as_str()),
            ("payment_intent_data[metadata][checkout_id]", checkout.as_str()),
            ("metadata[booking_id]", booking.as_str()),
            ("metadata[checkout_id]", checkout.as_str()),
            ("success_url", create.success_url),
            ("cancel_url", create.cancel_url),
            ("expires_at", ends_at_s.as_str()),
        ];
        fields.extend(create.email.map(|email| ("customer_email", email)));
        let budget = Budget::begin();
        for number in 0..KEYS_MAX {
            let key = numbered(&format!("checkout:{checkout}"), number);
            let answer = self.post("/v1/checkout/sessions", &fields, &key, &budget).await?;
            // A page that was made and then lost in a failure cannot be paid: nobody knows where
            // it is. So there is nothing to look at before the next key.
            if !is_saved_failure(&answer) {
                return CheckoutPage::read(&answer);
            }
        }
        Err(ProviderError::Unavailable(format!("{KEYS_MAX} keys hold a saved failure")))
    }

    /// Ends a page: nobody begins to pay on it any more. One that was paid on, or has ended before,
    /// is as good as ended.
    ///
    /// # Errors
    ///
    /// As for any operation.
    pub async fn expire_checkout(&self, session: &str) -> Result<(), ProviderError> {
        let path = session_path(session, "")?;
        let budget = Budget::begin();
        let key = format!("expire:{session}");
        let answer = self.post(&session_path(session, "/expire")?, &[], &key, &budget).await?;
        let refusal = match CheckoutPage::read(&answer) {
            Ok(_) => return Ok(()),
            Err(refusal) => refusal,
        };
        // The provider has no code for "not open any more".
        let found = CheckoutPage::read(&self.get(&path, &budget).await?)?;
        if found.status == "open" { Err(refusal) } else { Ok(()) }
    }
}

/// # Errors
///
/// [`ProviderError::NotFound`] for a text that is no id: it would lead to another address.
fn session_path(session: &str, suffix: &str) -> Result<String, ProviderError> {
    let is_id = (1..=SESSION_ID_LENGTH_MAX).contains(&session.len())
        && session.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_id {
        Ok(format!("/v1/checkout/sessions/{session}{suffix}"))
    } else {
        Err(ProviderError::NotFound)
    }
}
