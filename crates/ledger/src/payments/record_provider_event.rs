//! Keeps an event of the payment provider, and what it says.

use domain::id::BookingId;
use domain::payment::PaymentNews;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::payments::payment::{StoredPayment, read_optional_payment};
use crate::row::one_row;

const STATEMENT: &str = "SELECT fresh, outcome, payment, is_news FROM boxoffice.record_provider_event(\
     $1::text, $2::text, $3::boolean, $4::boolean, $5::text, $6::text, $7::text, $8::text::uuid, \
     $9::text, $10::bigint, $11::text, $12::boolean, $13::bigint, \
     $14::bigint)";

/// An event of the payment provider whose signature was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordProviderEvent<'a> {
    /// The provider's id; unique for ever.
    pub id: &'a str,
    /// For example `payment_intent.succeeded`.
    pub kind: &'a str,
    /// Whether real money moved.
    pub livemode: bool,
    /// The mode we are in: an event of the other one is kept and has no effect.
    pub expected_livemode: bool,
    /// The body as it came.
    pub payload: &'a str,
    /// What it says about a payment; `None` when it is about something else.
    pub news: Option<&'a PaymentNews>,
    /// How long an operator hears only once of payments that are not ours, in ms.
    pub told_every_ms: i64,
}

/// What an event did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Whether this call kept it. The same event again has no effect.
    pub fresh: bool,
    /// What came of it.
    pub outcome: EventEffect,
}

/// The effect of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventEffect {
    /// It is about a payment of ours, as it stands now.
    Applied(Box<StoredPayment>),
    /// It is not about a payment, or of a type that does not matter.
    Ignored,
    /// It is of the test mode and we are live, or the other way round.
    OtherMode,
    /// It names a booking of no event of ours, or none.
    UnknownBooking,
    /// The authorisation of a payment that was not begun here names a booking of ours. It is
    /// nobody's to take: it confirms nothing, and is neither captured nor cancelled.
    ForeignPayment {
        /// Whether an operator has to hear of it.
        is_news: bool,
    },
    /// It names another booking than the one that its payment belongs to.
    OtherBooking,
}

/// Keeps an event of the payment provider, raises its payment and sets the payment's saga going, in
/// one statement. Once it has answered, the caller may answer 2xx: the event is done.
///
/// # Errors
///
/// See [`Error`].
pub async fn record_provider_event<D: Database>(
    database: &D,
    request: &RecordProviderEvent<'_>,
) -> Result<RecordedEvent, Error> {
    let news = request.news;
    let event = news.and_then(event_of_news);
    let parameters = vec![
        request.id.into(),
        request.kind.into(),
        request.livemode.into(),
        request.expected_livemode.into(),
        request.payload.into(),
        Value::from(news.map(|news| news.payment.as_str())),
        Value::from(news.and_then(|news| news.booking.as_deref())),
        Value::from(event),
        Value::from(news.map(|news| news.state.as_str())),
        Value::from(news.map(|news| news.amount)),
        Value::from(news.map(|news| news.currency.as_str())),
        Value::from(news.map(|news| news.whole)),
        Value::from(news.map(|news| news.amount_refunded)),
        request.told_every_ms.into(),
    ];
    let mut row = one_row(database, "record_provider_event", STATEMENT, parameters).await?;
    let (fresh, word) = (row.boolean()?, row.text()?);
    let payment = read_optional_payment(&mut row)?;
    let is_news = row.boolean()?;
    let outcome = match (word.as_str(), payment) {
        ("applied", Some(payment)) => EventEffect::Applied(Box::new(payment)),
        ("ignored", _) => EventEffect::Ignored,
        ("other_mode", _) => EventEffect::OtherMode,
        ("unknown_booking", _) => EventEffect::UnknownBooking,
        ("foreign_payment", _) => EventEffect::ForeignPayment { is_news },
        ("other_booking", _) => EventEffect::OtherBooking,
        _ => return Err(row.unexpected(format!("outcome {word:?}"))),
    };
    Ok(RecordedEvent { fresh, outcome })
}

/// The event of the booking that the news names, when that is an id of a booking.
pub(crate) fn event_of_news(news: &PaymentNews) -> Option<String> {
    let booking: BookingId = news.booking.as_deref()?.parse().ok()?;
    Some(booking.event().to_string())
}
