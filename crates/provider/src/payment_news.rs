//! What an event says about a payment, in our units.

use domain::payment::PaymentNews;
use domain::stripe::ProviderEvent;

use crate::currency::told;

/// What `event` says about a payment, its amounts in minor units of ISO 4217; `None` when it says
/// nothing that matters. An amount that is none of ours contradicts any price: it is not `whole`.
pub fn payment_news(event: &ProviderEvent) -> Option<PaymentNews> {
    let news = event.payment_news()?;
    let amount = told(news.amount, &news.currency);
    let amount_refunded = told(news.amount_refunded, &news.currency).amount;
    Some(PaymentNews {
        amount: amount.amount,
        whole: news.whole && amount.is_exact,
        amount_refunded,
        ..news
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_in_minor_units() {
        for (currency, units, amount, whole) in [
            ("eur", 5_000, 5_000, true),
            ("isk", 500_000, 5_000, true),
            ("isk", 550, 5, false),
            ("ugx", 500, 5, true),
            ("mga", 50, 5_000, true),
            ("kwd", 5_120, 5_120, true),
        ] {
            let event = format!(
                r#"{{"id": "evt_1", "type": "payment_intent.succeeded", "data": {{"object": {{
                "id": "pi_1", "amount": {units}, "amount_received": {units},
                "currency": "{currency}"}}}}}}"#
            );
            let event: ProviderEvent = serde_json::from_str(&event).unwrap();
            let news = payment_news(&event).unwrap();
            assert_eq!((news.amount, news.whole), (amount, whole), "{currency} {units}");
        }
    }
}
