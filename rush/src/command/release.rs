//! `rush release`.

use clap::Args;
use domain::id::BookingId;

use super::{Buyer, Server, unique};

/// Options of `rush release`.
#[derive(Args)]
pub(crate) struct ReleaseArguments {
    /// The booking.
    booking_id: BookingId,
    #[command(flatten)]
    buyer: Buyer,
    #[command(flatten)]
    server: Server,
}

/// Gives the places of a hold back.
pub(crate) async fn run(arguments: ReleaseArguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let booking = client.release(&arguments.buyer.token, arguments.booking_id, &unique()).await?;
    let text = format!("{} {}", booking.booking_id, booking.status.as_str());
    arguments.server.print(&booking, text)
}
