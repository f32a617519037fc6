//! `POST /api/v1/bookings/{booking_id}/checkout`: a page of the provider on which a hold is paid.
//!
//! One statement keeps the checkout before the provider makes its page, and another one the page
//! before the buyer is sent there. So a payment that is made on it is known to be ours, and the
//! page is ended with its hold, whenever this request dies.

use domain::booking::{Booking, BookingStatus};
use domain::code::Code;
use domain::contact::Contact;
use domain::id::{BookingId, UserId};
use domain::rate::RouteClass;
use domain::time::Instant;
use guest::auth::Caller;
use guest::call::{invalid_field, invalid_fields};
use guest::provider::provider;
use guest::session::is_https;
use guest::{Call, Problem, Reply, auth, idempotency, limit, stores, variables};
use http::{StatusCode, header};
use ledger::BeginCheckoutOutcome;
use provider::CreateCheckout;
use serde::{Deserialize, Serialize};
use service::booking;
use uuid::Uuid;

use crate::begin::{alarm, refusal};

#[derive(Default, Deserialize)]
struct Body {
    email: Option<String>,
    name: Option<String>,
    locale: Option<String>,
}

#[derive(Serialize)]
struct CheckoutView {
    checkout_url: String,
    expires_at: Instant,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    limit::user(&call, RouteClass::Pay, &user.to_string()).await?;
    let booking_id = call.booking_id()?;
    let body: Body = if call.body.is_empty() { Body::default() } else { call.json()? };
    let contact = Contact::read(body.email, body.name, body.locale)
        .map_err(|problems| invalid_fields(&problems))?;
    let scope = format!("checkout:{user}");
    idempotency::once(&call, &scope, async {
        let (checkout_url, booking) = page_for(&call, user, booking_id, &contact).await?;
        let view = CheckoutView { checkout_url, expires_at: booking.expires_at };
        Reply::json(StatusCode::CREATED, &view)
    })
    .await
}

/// The address of the page on which `user` pays for the hold, and the booking. Tickets are sent to
/// `contact`, as far as it says anything.
pub(crate) async fn page_for(
    call: &Call,
    user: UserId,
    booking_id: BookingId,
    contact: &Contact,
) -> Result<(String, Booking), Problem> {
    let stores = stores::open().await?;
    let booking = booking::visible(&stores, booking_id, Caller::Buyer(user)).await?;
    if booking.status != BookingStatus::Reserved {
        return Err(booking::resolved(booking.status).into());
    }
    if booking.amount == 0 {
        return Err(invalid_field("amount", "is 0: there is nothing to pay"));
    }
    let event = ledger::find_event(&stores.database, booking_id.event()).await?;
    let event = event.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let begun = ledger::begin_checkout(&stores.database, &booking, Uuid::now_v7()).await?;
    let checkout = match begun {
        BeginCheckoutOutcome::Begun(checkout) => checkout,
        BeginCheckoutOutcome::Refused(outcome) => {
            let problem = refusal(outcome);
            return Err(problem.unwrap_or_else(|| Problem::internal("a refusal without a reason")));
        }
    };
    if !contact.is_empty() {
        // The checkout has stored the hold, so there is something to note it with.
        ledger::set_contact(&stores.database, booking_id, user, contact).await?;
    }
    let own = own_address(call).await?;
    let description = format!("{} · {}", event.name, places(&booking));
    let create = CreateCheckout {
        checkout: checkout.id,
        booking: booking_id,
        description: &description,
        amount: booking.amount,
        currency: &booking.currency,
        success_url: &format!("{own}/bookings/{booking_id}?paid=1"),
        cancel_url: &format!("{own}/bookings/{booking_id}"),
        ends_at: checkout.session_ends_at,
        email: None,
    };
    let page = match provider().await?.create_checkout(&create).await {
        Ok(page) => page,
        Err(error) => {
            if error.is_definitive() != Some(false) {
                alarm(&stores, &error.to_string()).await;
            }
            return Err(error.into());
        }
    };
    if page.livemode != variables::livemode().await? {
        // The key is of the other mode: nothing that is paid with it would count.
        alarm(&stores, "stripe_api_key and stripe_livemode do not agree").await;
        return Err(Problem::of(Code::PaymentRefused));
    }
    ledger::note_checkout(&stores.database, checkout.id, &page.id).await?;
    let url = page.url.ok_or_else(|| Problem::unavailable("the provider told no address"))?;
    Ok((url, booking))
}

/// Where the buyer's browser reaches us: as the operator says, or as this request came.
async fn own_address(call: &Call) -> Result<String, Problem> {
    let configured = variables::text("public_url").await?;
    if !configured.is_empty() {
        return Ok(configured.trim_end_matches('/').to_owned());
    }
    let scheme = if is_https(call) { "https" } else { "http" };
    let authority = call.uri.authority().map(http::uri::Authority::as_str);
    let host = call.header(header::HOST).or(authority);
    let host = host.ok_or_else(|| Problem::not_configured("public_url is not set"))?;
    Ok(format!("{scheme}://{host}"))
}

/// The seats of a booking, or how many of which section.
fn places(booking: &Booking) -> String {
    if booking.seats.is_empty() {
        format!("{} × {}", booking.quantity, booking.section)
    } else {
        booking.seat_labels().join(", ")
    }
}
