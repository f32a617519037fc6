//! `rush tickets`.

use clap::Args;
use domain::id::BookingId;

use super::{Buyer, Server};
use crate::table::{Align, Table};

/// Options of `rush tickets`.
#[derive(Args)]
pub(crate) struct TicketsArguments {
    /// The booking.
    booking_id: BookingId,
    #[command(flatten)]
    buyer: Buyer,
    #[command(flatten)]
    server: Server,
}

/// Shows the tickets of a booking with their codes.
pub(crate) async fn run(arguments: TicketsArguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let tickets = client.tickets(&arguments.buyer.token, arguments.booking_id).await?;
    let columns = ["ticket", "unit", "status", "holder", "code"].map(|name| (name, Align::Left));
    let mut table = Table::new("", &columns);
    for shown in &tickets.tickets {
        let ticket = &shown.ticket;
        table.row([
            ticket.ticket_id.to_string(),
            ticket.unit().to_string(),
            format!("{:?}", ticket.status).to_lowercase(),
            ticket.holder.clone().unwrap_or_default(),
            shown.code.clone(),
        ]);
    }
    arguments.server.print(&tickets, table)
}
