//! `rush reserve`.

use clap::Args;
use domain::booking::Booking;
use domain::id::EventId;

use super::{Buyer, Server, money, unique};
use crate::api::{Reservation, Wish};
use crate::client::Client;

/// Options of `rush reserve`.
#[derive(Args)]
pub(crate) struct ReserveArguments {
    /// The event.
    event_id: EventId,
    /// Exactly these seats: A-1-12,A-1-13.
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["section", "quantity"])]
    seats: Vec<String>,
    /// The best adjacent seats, or places, of this section; any seated one when left out.
    #[arg(long)]
    section: Option<String>,
    /// How many of them.
    #[arg(long, default_value_t = 1)]
    quantity: u32,
    /// The queue pass; when left out, the one the queue holds for this buyer.
    #[arg(long, env = "QUEUE_PASS", hide_env_values = true)]
    pass: Option<String>,
    /// Repeat a reservation whose answer was lost under the same key.
    #[arg(long)]
    idempotency_key: Option<String>,
    #[command(flatten)]
    buyer: Buyer,
    #[command(flatten)]
    server: Server,
}

pub(crate) async fn run(arguments: ReserveArguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let wish = if arguments.seats.is_empty() {
        Wish::Best { section: arguments.section.clone(), quantity: arguments.quantity }
    } else {
        Wish::Seats { seats: arguments.seats.clone() }
    };
    let pass = match &arguments.pass {
        Some(pass) => Some(pass.clone()),
        None => pass_of_queue(&client, &arguments).await?,
    };
    let reservation = Reservation {
        token: &arguments.buyer.token,
        event_id: arguments.event_id,
        pass: pass.as_deref(),
        idempotency_key: &arguments.idempotency_key.clone().unwrap_or_else(unique),
        wish: &wish,
    };
    let booking = client.reserve(&reservation).await?;
    arguments.server.print(&booking, describe(&booking))
}

/// Nothing when the buyer is not in the queue: the event may have none.
async fn pass_of_queue(
    client: &Client,
    arguments: &ReserveArguments,
) -> anyhow::Result<Option<String>> {
    match client.position(&arguments.buyer.token, arguments.event_id, None, 0).await {
        Ok(place) => Ok(place.queue_pass),
        Err(failure) if failure.code() == Some("not_in_queue") => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

pub(crate) fn describe(booking: &Booking) -> String {
    let seats = if booking.seats.is_empty() {
        format!("{} × {}", booking.quantity, booking.section)
    } else {
        booking.seat_labels().join(", ")
    };
    format!(
        "{} {}\n  {seats}\n  {}\n  held until {}",
        booking.booking_id,
        booking.status.as_str(),
        money(booking.amount, &booking.currency),
        booking.expires_at
    )
}
