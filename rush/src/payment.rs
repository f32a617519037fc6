//! Events as the payment provider sends them.

use domain::booking::Booking;
use serde_json::{Value, json};

/// The type of the provider's event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaymentKind {
    /// `payment_intent.succeeded`: the money is there.
    Succeeded,
    /// `payment_intent.amount_capturable_updated`: the money is authorised, to be captured later.
    Capturable,
}

/// What a payment claims. [`Claim::honest`] is what the booking asks for; cheats change a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The booking in the payment's metadata.
    pub(crate) booking_id: String,
    /// Minor units.
    pub(crate) amount: i64,
    /// ISO 4217, lower case as the provider writes it.
    pub(crate) currency: String,
    /// A real payment, not one of the provider's test mode.
    pub(crate) livemode: bool,
}

impl Claim {
    /// The whole amount in the right currency.
    pub(crate) fn honest(booking: &Booking) -> Self {
        Self {
            booking_id: booking.booking_id.to_string(),
            amount: booking.amount,
            currency: booking.currency.to_lowercase(),
            livemode: false,
        }
    }
}

/// The provider's event `evt_<unique>` about the payment intent `pi_<intent>`, as raw bytes: what
/// is signed is what is sent.
pub(crate) fn event(
    kind: PaymentKind,
    claim: &Claim,
    unique: &str,
    intent: &str,
    created_s: i64,
) -> Vec<u8> {
    let (event_type, status, received, capturable) = match kind {
        PaymentKind::Succeeded => ("payment_intent.succeeded", "succeeded", claim.amount, 0),
        PaymentKind::Capturable => {
            ("payment_intent.amount_capturable_updated", "requires_capture", 0, claim.amount)
        }
    };
    let event: Value = json!({
        "id": format!("evt_{unique}"),
        "object": "event",
        "api_version": "2025-06-30.basil",
        "created": created_s,
        "livemode": claim.livemode,
        "pending_webhooks": 1,
        "request": { "id": null, "idempotency_key": null },
        "type": event_type,
        "data": { "object": {
            "id": format!("pi_{intent}"),
            "object": "payment_intent",
            "amount": claim.amount,
            "amount_capturable": capturable,
            "amount_received": received,
            "capture_method": "manual",
            "created": created_s,
            "currency": claim.currency,
            "livemode": claim.livemode,
            "metadata": { "booking_id": claim.booking_id },
            "status": status,
        } },
    });
    event.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim() -> Claim {
        Claim {
            booking_id: "bk_1".to_owned(),
            amount: 7_000,
            currency: "eur".to_owned(),
            livemode: false,
        }
    }

    #[test]
    fn money_stands_where_the_kind_of_event_has_it() {
        for (kind, event_type, received, capturable) in [
            (PaymentKind::Succeeded, "payment_intent.succeeded", 7_000, 0),
            (PaymentKind::Capturable, "payment_intent.amount_capturable_updated", 0, 7_000),
        ] {
            let event: Value =
                serde_json::from_slice(&event(kind, &claim(), "1", "2", 1_614_556_800)).unwrap();
            assert_eq!(event["id"], "evt_1");
            assert_eq!(event["type"], event_type);
            let intent = &event["data"]["object"];
            assert_eq!(intent["id"], "pi_2");
            assert_eq!(intent["amount"], 7_000);
            assert_eq!(intent["amount_received"], received);
            assert_eq!(intent["amount_capturable"], capturable);
            assert_eq!(intent["metadata"]["booking_id"], "bk_1");
        }
    }
}
