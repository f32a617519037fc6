//! Reads what Postgres has sold.

use std::collections::BTreeMap;

use anyhow::Context as _;
use domain::id::EventId;
use tokio_postgres::NoTls;

/// A seat, or a place to stand, and its tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// The section.
    pub(crate) section: String,
    /// `A-1-12`, or for a place to stand any name that no other has.
    pub(crate) seat: String,
    /// How many tickets there are for it: one.
    pub(crate) count: i64,
}

/// An event in Postgres.
pub(crate) struct Ledger {
    /// Everything that is sold.
    pub(crate) tickets: Vec<Ticket>,
    /// The checked counter of each standing section.
    pub(crate) standing_sold: BTreeMap<String, i64>,
    /// Places of all confirmed bookings.
    pub(crate) confirmed_quantity: i64,
}

impl Ledger {
    /// Tickets of one section.
    pub(crate) fn sold_in(&self, section: &str) -> i64 {
        self.tickets
            .iter()
            .filter(|ticket| ticket.section == section)
            .map(|ticket| ticket.count)
            .sum()
    }
}

/// A connection that only reads.
pub(crate) struct LedgerReader {
    client: tokio_postgres::Client,
}

impl LedgerReader {
    /// Connects to `database_url`, `postgres://…`.
    pub(crate) async fn connect(database_url: &str) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(database_url, NoTls)
            .await
            .context("Postgres cannot be reached")?;
        // It ends with the client; its error reaches the query that waits for it.
        tokio::spawn(connection);
        Ok(Self { client })
    }

    /// Everything the audit compares.
    pub(crate) async fn read(&self, event_id: EventId) -> anyhow::Result<Ledger> {
        let event_id = event_id.to_string();
        let tickets = self.client.query(TICKETS, &[&event_id]).await?;
        let standing = self.client.query(STANDING_SOLD, &[&event_id]).await?;
        let confirmed = self.client.query_one(CONFIRMED_QUANTITY, &[&event_id]).await?;
        Ok(Ledger {
            tickets: tickets
                .iter()
                .map(|row| Ticket { section: row.get(0), seat: row.get(1), count: row.get(2) })
                .collect(),
            standing_sold: standing.iter().map(|row| (row.get(0), row.get(1))).collect(),
            confirmed_quantity: confirmed.get(0),
        })
    }

    /// Bookings that Postgres still takes for held, and payments it still has to act on.
    pub(crate) async fn unresolved(&self, event_id: EventId) -> anyhow::Result<i64> {
        let row = self.client.query_one(UNRESOLVED, &[&event_id.to_string()]).await?;
        Ok(row.get(0))
    }
}

const TICKETS: &str = "
    SELECT section, seat, count(*) FROM boxoffice.tickets
    WHERE event_id = $1::text::uuid GROUP BY section, seat";

const STANDING_SOLD: &str = "
    SELECT name, standing_sold::bigint FROM boxoffice.sections
    WHERE event_id = $1::text::uuid AND kind = 'standing'";

const CONFIRMED_QUANTITY: &str = "
    SELECT coalesce(sum(quantity), 0)::bigint FROM boxoffice.bookings
    WHERE event_id = $1::text::uuid AND status = 'confirmed'";

const UNRESOLVED: &str = "
    SELECT count(*) FROM boxoffice.bookings
    WHERE event_id = $1::text::uuid AND status = 'reserved'";
