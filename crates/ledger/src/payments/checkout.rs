//! Checkouts: payments on a page of the provider.

use domain::booking::Booking;
use domain::time::Instant;
use uuid::Uuid;

use crate::bookings::booking::parameters;
use crate::database::Database;
use crate::error::Error;
use crate::payments::record_payment::{RecordPaymentOutcome, refusal_of};
use crate::row::{one_row, rows};

/// For how long a checkout that was taken is left alone, in ms: longer than the provider takes to
/// end a page.
const CHECKOUT_LEASE_MS: u32 = 15_000;

/// What [`begin_checkout`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeginCheckoutOutcome {
    /// The buyer can be sent to a page: this one, also when it was begun before.
    Begun(Checkout),
    /// Nothing can be paid, for one of the reasons of [`RecordPaymentOutcome`].
    Refused(RecordPaymentOutcome),
}

/// A checkout that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkout {
    /// Its own id, which the payment carries.
    pub id: Uuid,
    /// When the provider shall end its page at the latest.
    pub session_ends_at: Instant,
}

/// A checkout whose page is to be ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCheckout {
    /// The checkout.
    pub id: Uuid,
    /// The provider's page; `None` when nobody was ever told of one.
    pub session: Option<String>,
}

/// Begins to pay for the hold of `booking` on a page of the provider, before the page is made; a
/// booking has one open page. `id` is a fresh one.
///
/// # Errors
///
/// See [`Error`].
pub async fn begin_checkout<D: Database>(
    database: &D,
    booking: &Booking,
    id: Uuid,
) -> Result<BeginCheckoutOutcome, Error> {
    const STATEMENT: &str = "SELECT outcome, checkout, session_ends_at_ms \
         FROM boxoffice.begin_checkout($1::text, $2::text::uuid, $3::text::uuid, $4::text, \
         $5::text[], $6::bigint, $7::bigint, $8::text, $9::bigint, $10::bigint, $11::text::uuid)";
    let mut parameters = parameters(booking);
    parameters.push(id.to_string().into());
    let mut row = one_row(database, "begin_checkout", STATEMENT, parameters).await?;
    let outcome = row.text()?;
    if outcome == "begun" {
        let checkout = Checkout { id: row.parsed()?, session_ends_at: row.instant()? };
        return Ok(BeginCheckoutOutcome::Begun(checkout));
    }
    match refusal_of(&outcome) {
        Some(refusal) => Ok(BeginCheckoutOutcome::Refused(refusal)),
        None => Err(row.unexpected(format!("outcome {outcome:?}"))),
    }
}

/// Notes the provider's page of a checkout. Call it before the buyer is sent there.
///
/// # Errors
///
/// See [`Error`].
pub async fn note_checkout<D: Database>(
    database: &D,
    checkout: Uuid,
    session: &str,
) -> Result<(), Error> {
    const STATEMENT: &str = "SELECT noted FROM boxoffice.note_checkout($1::text::uuid, $2::text)";
    let parameters = vec![checkout.to_string().into(), session.into()];
    one_row(database, "note_checkout", STATEMENT, parameters).await?.boolean()?;
    Ok(())
}

/// Takes `payment`, which names `checkout`, as one that was begun here, if that is so.
///
/// # Errors
///
/// See [`Error`].
pub async fn begin_checkout_payment<D: Database>(
    database: &D,
    checkout: Uuid,
    payment: &str,
    livemode: bool,
) -> Result<bool, Error> {
    const STATEMENT: &str = "SELECT outcome FROM boxoffice.begin_checkout_payment(\
         $1::text::uuid, $2::text, $3::boolean)";
    let parameters = vec![checkout.to_string().into(), payment.into(), livemode.into()];
    let mut row = one_row(database, "begin_checkout_payment", STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "begun" | "known" => Ok(true),
        "unknown_checkout" => Ok(false),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}

/// Takes up to `limit` checkouts whose page is to be ended, the longest due first.
///
/// # Errors
///
/// See [`Error`].
pub async fn claim_due_checkouts<D: Database>(
    database: &D,
    limit: u32,
) -> Result<Vec<DueCheckout>, Error> {
    const STATEMENT: &str =
        "SELECT id, session_id FROM boxoffice.claim_due_checkouts($1::bigint, $2::bigint)";
    let parameters = vec![limit.into(), CHECKOUT_LEASE_MS.into()];
    rows(database, "claim_due_checkouts", STATEMENT, parameters)
        .await?
        .map(|mut row| Ok(DueCheckout { id: row.parsed()?, session: row.optional_text()? }))
        .collect()
}

/// Notes that nobody can pay on the page of a checkout any more.
///
/// # Errors
///
/// See [`Error`].
pub async fn end_checkout<D: Database>(database: &D, checkout: Uuid) -> Result<(), Error> {
    const STATEMENT: &str = "SELECT ended FROM boxoffice.end_checkout($1::text::uuid)";
    let parameters = vec![checkout.to_string().into()];
    one_row(database, "end_checkout", STATEMENT, parameters).await?.boolean()?;
    Ok(())
}
