//! `rush availability`.

use clap::Args;
use domain::id::EventId;
use serde_json::Value;

use super::Server;
use crate::api::Availability;
use crate::table::{Align, Table, grouped};

/// Options of `rush availability`.
#[derive(Args)]
pub(crate) struct AvailabilityArguments {
    /// The event.
    event_id: EventId,
    #[command(flatten)]
    server: Server,
}

/// Shows what is free, held and sold.
pub(crate) async fn run(arguments: AvailabilityArguments) -> anyhow::Result<()> {
    let reply = arguments.server.client()?.availability(arguments.event_id).await?;
    let availability: Availability = reply.parse()?;
    arguments.server.print(&reply.parse::<Value>()?, table(&availability))
}

/// One row for each section and one for all of them.
pub(crate) fn table(availability: &Availability) -> Table {
    let columns = [
        ("section", Align::Left),
        ("kind", Align::Left),
        ("capacity", Align::Right),
        ("free", Align::Right),
        ("held", Align::Right),
        ("sold", Align::Right),
    ];
    let mut table = Table::new("", &columns);
    for section in &availability.sections {
        let numbers = [section.capacity, section.available, section.held, section.sold];
        let words = [section.name.clone(), section.kind.clone()];
        table.row(words.into_iter().chain(numbers.map(grouped)));
    }
    let numbers =
        [availability.capacity, availability.available, availability.held, availability.sold];
    let words = ["all".to_owned(), availability.status.clone()];
    table.row(words.into_iter().chain(numbers.map(grouped)));
    table
}
