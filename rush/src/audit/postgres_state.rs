//! Reads what Postgres has sold.

use std::collections::BTreeMap;

use anyhow::Context as _;
use domain::id::EventId;
use tokio_postgres::NoTls;

/// A seat, or a place to stand, and its tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
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
    /// Tickets of confirmed bookings by their ids, each once; none that is cancelled too.
    pub(crate) ticket_ids: i64,
    /// Tickets whose bearers were admitted more often than that was taken back, and once.
    pub(crate) admitted_twice: i64,
}

impl Ledger {
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
        let ticket_ids = self.client.query_one(TICKET_IDS, &[&event_id]).await?;
        let admitted_twice = self.client.query_one(ADMITTED_TWICE, &[&event_id]).await?;
        Ok(Ledger {
            tickets: tickets
                .iter()
                .map(|row| Ticket { section: row.get(0), seat: row.get(1), count: row.get(2) })
                .collect(),
            standing_sold: standing.iter().map(|row| (row.get(0), row.get(1))).collect(),
            confirmed_quantity: confirmed.get(0),
            ticket_ids: ticket_ids.get(0),
            admitted_twice: admitted_twice.get(0),
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
    WHERE event_id = $1::text::uuid AND state = 'confirmed'";

const TICKET_IDS: &str = "
    SELECT count(DISTINCT ticket.ticket_id) FROM boxoffice.tickets AS ticket
    JOIN boxoffice.bookings AS booking ON booking.id = ticket.booking_id
    WHERE ticket.event_id = $1::text::uuid AND booking.state = 'confirmed'
        AND NOT EXISTS (SELECT FROM boxoffice.cancelled_tickets AS cancelled
            WHERE cancelled.ticket_id = ticket.ticket_id)";

const ADMITTED_TWICE: &str = "
    SELECT count(*) FROM (
        SELECT FROM boxoffice.scans WHERE event_id = $1::text::uuid GROUP BY ticket_id
        HAVING count(*) FILTER (WHERE result = 'admitted')
            > 1 + count(*) FILTER (WHERE result = 'undone')
    ) AS ticket";

const UNRESOLVED: &str = "
    SELECT count(*) FROM boxoffice.bookings AS booking
    WHERE event_id = $1::text::uuid AND (state = 'reserved' OR EXISTS (
        SELECT FROM boxoffice.payments AS payment
        JOIN boxoffice.sagas AS saga ON saga.id = 'payment:' || payment.id
        WHERE payment.booking_id = booking.id AND saga.status = 'running'))";

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    /// An event with a confirmed, a reserved and a confirmed booking whose payment is pending.
    async fn event_with_bookings(reader: &LedgerReader) -> EventId {
        let event_id = Uuid::now_v7();
        let inserts = format!(
            "INSERT INTO boxoffice.events (id, name, description, venue, starts_at, ends_at,
                 on_sale_at, currency, sale, draw_seed)
             VALUES ('{event_id}', 'Audit', '', '', now(), now() + interval '1 h', now(), 'EUR',
                 '{{}}', repeat('0', 64));
             INSERT INTO boxoffice.sections (event_id, name, place, kind, row_count,
                 seats_per_row, capacity, price, standing_sold)
             VALUES ('{event_id}', 'A', 1, 'seated', 1, 2, 2, 100, 0),
                 ('{event_id}', 'FLOOR', 2, 'standing', 0, 0, 5, 100, 2);
             INSERT INTO boxoffice.bookings (id, event_id, user_id, state, section, seats,
                 quantity, amount, currency, created_at, expires_at, confirmed_at)
             SELECT '{event_id}' || id, '{event_id}', '{event_id}', state, section, seats,
                 quantity, 100, 'EUR', now(), now(),
                 CASE state WHEN 'confirmed' THEN now() END
             FROM (VALUES ('1', 'confirmed', 'A', '{{A-1-1}}'::text[], 1),
                     ('2', 'confirmed', 'FLOOR', '{{}}', 2), ('3', 'reserved', 'FLOOR', '{{}}', 1))
                 AS booking (id, state, section, seats, quantity);
             INSERT INTO boxoffice.tickets (event_id, seat, booking_id, section)
             VALUES ('{event_id}', 'A-1-1', '{event_id}1', 'A'),
                 ('{event_id}', 'FLOOR-2-1', '{event_id}2', 'FLOOR'),
                 ('{event_id}', 'FLOOR-2-2', '{event_id}2', 'FLOOR');
             INSERT INTO boxoffice.payments (id, booking_id, event_id, amount, currency, livemode)
             VALUES ('pi_{event_id}', '{event_id}2', '{event_id}', 1, 'EUR', false);
             SELECT boxoffice.wake_payment('pi_{event_id}');"
        );
        reader.client.batch_execute(&inserts).await.unwrap();
        EventId::from_uuid(event_id)
    }

    #[tokio::test]
    async fn tickets_counters_and_what_is_unresolved_are_those_of_the_event() {
        let reader = LedgerReader::connect(stack::shared_database()).await.unwrap();
        event_with_bookings(&reader).await;
        let event_id = event_with_bookings(&reader).await;

        let ledger = reader.read(event_id).await.unwrap();
        assert_eq!(ledger.tickets.len(), 3);
        assert_eq!((ledger.sold_in("A"), ledger.sold_in("FLOOR")), (1, 2));
        assert_eq!(ledger.standing_sold, [("FLOOR".to_owned(), 2)].into());
        assert_eq!(ledger.confirmed_quantity, 3);
        assert_eq!((ledger.ticket_ids, ledger.admitted_twice), (3, 0));
        let scan = format!(
            "INSERT INTO boxoffice.scans (event_id, ticket_id, result, gate, scanned_at, ticket)
             SELECT event_id, ticket_id, 'admitted', '', now(), '{{}}' FROM boxoffice.tickets
             WHERE event_id = '{event_id}' AND seat = 'A-1-1'"
        );
        for admitted_twice in [0, 1] {
            reader.client.batch_execute(&scan).await.unwrap();
            assert_eq!(reader.read(event_id).await.unwrap().admitted_twice, admitted_twice);
        }
        assert_eq!(reader.unresolved(event_id).await.unwrap(), 2);
    }
}
