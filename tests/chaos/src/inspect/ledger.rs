//! What Postgres says.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use tokio_postgres::{Client, NoTls};

/// The rows that checkers read.
///
/// Each member of a row is required, also where it may be null: a column that was renamed ends the
/// run as an error. A checker that found no value would take it for a promise kept.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// Sold places.
    pub tickets: Vec<TicketRow>,
    /// Bookings of every state.
    pub bookings: Vec<BookingRow>,
    /// Events.
    pub events: Vec<EventRow>,
    /// Sections of events.
    pub sections: Vec<SectionRow>,
    /// Events of the payment provider.
    pub provider_events: Vec<ProviderEventRow>,
    /// Payments as we know them.
    pub payments: Vec<PaymentRow>,
    /// Work that goes on until it is done.
    pub sagas: Vec<SagaRow>,
    /// Notifications.
    pub outbox: Vec<OutboxRow>,
}

/// A sold place.
#[derive(Debug, Clone, Deserialize)]
pub struct TicketRow {
    /// The event.
    pub event_id: String,
    /// The seat; of a standing place a name that nobody else can want.
    pub seat: String,
    /// Who has it.
    pub booking_id: String,
    /// Where it is.
    pub section: String,
}

/// A booking.
#[derive(Debug, Clone, Deserialize)]
pub struct BookingRow {
    /// The booking.
    pub id: String,
    /// The event.
    pub event_id: String,
    /// The buyer.
    pub user_id: String,
    /// How far it got.
    pub state: BookingState,
    /// Its seats; none of a standing section.
    pub seats: Vec<String>,
    /// How many places.
    pub quantity: u64,
    /// The price, in minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// What paid for it.
    #[serde(deserialize_with = "nullable")]
    pub payment_id: Option<String>,
    /// When it was confirmed, if it ever was.
    #[serde(deserialize_with = "nullable")]
    pub confirmed_at: Option<String>,
    /// Whether the organiser has sold it.
    pub sold_by_organiser: bool,
    /// What it gave up since, which is no more in the columns above.
    #[serde(skip)]
    pub given_up: Vec<PartRow>,
}

impl BookingRow {
    /// Its seats, and those that it gave up.
    pub fn ever_seats(&self) -> impl Iterator<Item = &String> {
        self.seats.iter().chain(self.given_up.iter().flat_map(|part| &part.seats))
    }

    /// The shares of what it gave up, in minor units.
    pub fn shares(&self) -> i64 {
        self.given_up.iter().map(|part| part.amount).sum()
    }
}

/// A part of a booking that was given up.
#[derive(Debug, Clone, Deserialize)]
pub struct PartRow {
    /// The booking.
    pub booking_id: String,
    /// Its number among those of the booking.
    pub part: u64,
    /// Its seats; none of a standing section.
    pub seats: Vec<String>,
    /// Its share of the price, in minor units.
    pub amount: i64,
}

/// How far a booking got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingState {
    /// Held.
    Reserved,
    /// Its time ran out.
    Expired,
    /// Given back unpaid.
    Released,
    /// Sold.
    Confirmed,
    /// Sold, cancelled and paid back.
    Refunded,
    /// Sold, and given back.
    Cancelled,
}

impl BookingState {
    /// Whether the booking was sold once.
    pub fn was_sold(self) -> bool {
        matches!(self, Self::Confirmed | Self::Cancelled | Self::Refunded)
    }
}

/// An event.
#[derive(Debug, Clone, Deserialize)]
pub struct EventRow {
    /// The event.
    pub id: String,
    /// What readers are told: that everything is sold.
    pub sold_out: bool,
}

/// A section.
#[derive(Debug, Clone, Deserialize)]
pub struct SectionRow {
    /// The event.
    pub event_id: String,
    /// Its name.
    pub name: String,
    /// Sold places where one stands; 0 where one sits.
    pub standing_sold: u64,
}

/// An event of the payment provider.
#[derive(Debug, Clone, Deserialize)]
pub struct ProviderEventRow {
    /// The provider's id.
    pub id: String,
}

/// A payment as we know it.
#[derive(Debug, Clone, Deserialize)]
pub struct PaymentRow {
    /// The provider's id.
    pub id: String,
    /// The booking; none while only a refund is known.
    #[serde(deserialize_with = "nullable")]
    pub booking_id: Option<String>,
    /// What the provider said last.
    pub provider_state: String,
    /// What was decided.
    #[serde(deserialize_with = "nullable")]
    pub decision: Option<Decision>,
}

/// What becomes of the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It buys the booking.
    Keep,
    /// It goes back.
    GiveBack,
}

/// Work that goes on until it is done.
#[derive(Debug, Clone, Deserialize)]
pub struct SagaRow {
    /// `<kind>:<subject>`.
    pub id: String,
    /// The payment, the booking or the event.
    pub subject: String,
    /// How far it got.
    pub status: SagaStatus,
    /// What is done next.
    pub step: String,
    /// Why the last attempt failed.
    #[serde(deserialize_with = "nullable")]
    pub last_error: Option<String>,
}

/// How far work got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SagaStatus {
    /// It is not done.
    Running,
    /// It is done.
    Done,
    /// It was given up.
    Dead,
}

/// A notification.
#[derive(Debug, Clone, Deserialize)]
pub struct OutboxRow {
    /// The id that its receiver sees.
    pub id: String,
    /// The booking.
    pub booking_id: String,
    /// What happened to it.
    pub kind: String,
}

/// A member that may be null and must be there: serde takes a missing option for null otherwise.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// Runs a statement that returns nothing of interest.
pub async fn execute(url: &str, statement: &str) -> Result<()> {
    connect(url).await?.batch_execute(statement).await.context("a statement of the harness")
}

/// Reads every table, in one snapshot.
pub async fn read(url: &str) -> Result<Tables> {
    let client = connect(url).await?;
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let mut bookings: Vec<BookingRow> = rows(&client, "bookings").await?;
    let mut parts: BTreeMap<String, Vec<PartRow>> = BTreeMap::new();
    for part in rows::<PartRow>(&client, "given_up_parts").await? {
        parts.entry(part.booking_id.clone()).or_default().push(part);
    }
    for booking in &mut bookings {
        booking.given_up = parts.remove(&booking.id).unwrap_or_default();
    }
    Ok(Tables {
        tickets: rows(&client, "tickets").await?,
        bookings,
        events: rows(&client, "events").await?,
        sections: rows(&client, "sections").await?,
        provider_events: rows(&client, "provider_events").await?,
        payments: rows(&client, "payments").await?,
        sagas: rows(&client, "sagas").await?,
        outbox: rows(&client, "outbox").await?,
    })
}

async fn rows<T: DeserializeOwned>(client: &Client, table: &str) -> Result<Vec<T>> {
    let statement = format!("SELECT row_to_json(t)::text FROM boxoffice.{table} AS t");
    let rows = client.query(&statement, &[]).await.with_context(|| table.to_owned())?;
    rows.iter().map(|row| parse(table, row.get(0))).collect()
}

fn parse<T: DeserializeOwned>(table: &str, row: &str) -> Result<T> {
    serde_json::from_str(row).with_context(|| format!("a row of {table}: {row}"))
}

/// Connects to Postgres past the application and the links.
pub(crate) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.context("Postgres cannot be reached")?;
    // It ends with the client; its error reaches the query that waits for it.
    tokio::spawn(connection);
    Ok(client)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A booking of event `e1` by user `u` for 100 EUR.
    pub(crate) fn booking(id: &str, state: BookingState, seats: &[&str]) -> BookingRow {
        BookingRow {
            id: id.to_owned(),
            event_id: "e1".to_owned(),
            user_id: "u".to_owned(),
            state,
            seats: seats.iter().map(|seat| (*seat).to_owned()).collect(),
            quantity: seats.len().max(1) as u64,
            amount: 100,
            currency: "EUR".to_owned(),
            payment_id: None,
            confirmed_at: None,
            sold_by_organiser: false,
            given_up: Vec::new(),
        }
    }

    /// The first part of a booking that was given up, a seat and its share.
    pub(crate) fn part(booking: &str, seat: &str, amount: i64) -> PartRow {
        let (booking_id, seats) = (booking.to_owned(), vec![seat.to_owned()]);
        PartRow { booking_id, part: 1, seats, amount }
    }

    /// A ticket of event `e1`.
    pub(crate) fn ticket(seat: &str, booking: &str, section: &str) -> TicketRow {
        let [event_id, seat, booking_id, section] =
            ["e1", seat, booking, section].map(str::to_owned);
        TicketRow { event_id, seat, booking_id, section }
    }

    const BOOKING: &str = r#"{"id": "b", "event_id": "e", "user_id": "u", "state": "reserved",
        "seats": ["A-1-1"], "quantity": 1, "amount": 100, "currency": "EUR", "payment_id": null,
        "confirmed_at": null, "sold_by_organiser": false}"#;

    /// Reads a row, then the row with each of its columns renamed: each is missed.
    fn each_column_is_missed<T: DeserializeOwned>(table: &str, row: &str) {
        parse::<T>(table, row).unwrap_or_else(|error| panic!("{error:#}"));
        let names: Vec<_> = row.split('"').skip(1).step_by(2).collect();
        let columns = names.iter().filter(|name| row.contains(&format!("\"{name}\":")));
        for column in columns {
            let renamed = row.replace(&format!("\"{column}\":"), &format!("\"{column}_2\":"));
            assert!(parse::<T>(table, &renamed).is_err(), "{table}.{column}");
        }
    }

    #[test]
    fn a_renamed_column_is_an_error() {
        each_column_is_missed::<BookingRow>("bookings", BOOKING);
        each_column_is_missed::<TicketRow>(
            "tickets",
            r#"{"event_id": "e", "seat": "A-1-1", "booking_id": "b", "section": "A"}"#,
        );
        each_column_is_missed::<PartRow>(
            "given_up_parts",
            r#"{"booking_id": "b", "part": 1, "seats": ["A-1-1"], "amount": 100}"#,
        );
        each_column_is_missed::<EventRow>("events", r#"{"id": "e", "sold_out": false}"#);
        each_column_is_missed::<SectionRow>(
            "sections",
            r#"{"event_id": "e", "name": "A", "standing_sold": 0}"#,
        );
        each_column_is_missed::<ProviderEventRow>("provider_events", r#"{"id": "evt_1"}"#);
        each_column_is_missed::<PaymentRow>(
            "payments",
            r#"{"id": "pi_1", "booking_id": null, "provider_state": "created", "decision": null}"#,
        );
        each_column_is_missed::<SagaRow>(
            "sagas",
            r#"{"id": "payment:pi", "subject": "pi", "status": "done", "step": "end",
                "last_error": null}"#,
        );
        each_column_is_missed::<OutboxRow>(
            "outbox",
            r#"{"id": "msg", "booking_id": "b", "kind": "booking.confirmed"}"#,
        );
    }

    #[test]
    fn a_state_that_no_checker_knows_is_an_error() {
        let row = BOOKING.replace("reserved", "sold");
        assert!(parse::<BookingRow>("bookings", &row).is_err());
    }

    #[test]
    fn a_column_that_no_checker_reads_is_fine() {
        let row = BOOKING.replace('{', r#"{"created_at": "2026","#);
        parse::<BookingRow>("bookings", &row).expect("is read");
    }
}
