//! Takes in what the provider says of a payment when it is asked.

use domain::payment::PaymentNews;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::payments::find_payment::find_payment;
use crate::payments::payment::StoredPayment;
use crate::payments::record_provider_event::event_of_news;
use crate::row::one_row;

const STATEMENT: &str = "SELECT outcome FROM boxoffice.raise_payment(\
     $1::text, $2::text, $3::text::uuid, $4::text, $5::bigint, $6::text, $7::boolean, $8::bigint, \
     $9::boolean)";

/// Takes in what the provider says of a payment, exactly as an event would, and returns the payment
/// as it is now: the state only rises. `None` when there is no such payment.
///
/// # Errors
///
/// See [`Error`].
pub async fn raise_payment<D: Database>(
    database: &D,
    news: &PaymentNews,
    livemode: bool,
) -> Result<Option<StoredPayment>, Error> {
    let parameters = vec![
        news.payment.as_str().into(),
        Value::from(news.booking.as_deref()),
        Value::from(event_of_news(news)),
        news.state.as_str().into(),
        news.amount.into(),
        news.currency.as_str().into(),
        news.whole.into(),
        news.amount_refunded.into(),
        livemode.into(),
    ];
    let mut row = one_row(database, "raise_payment", STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "applied" | "unknown_booking" | "other_booking" => {
            find_payment(database, &news.payment).await
        }
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
