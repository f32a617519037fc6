//! A fresh database per test, a client as strict as Spin's, and short ways to say what is wanted.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::booking::{Booking, BookingStatus, SoldBy};
use domain::contact::Contact;
use domain::event::NewEvent;
use domain::id::{BookingId, EventId, UserId};
use domain::section::Section;
use domain::time::Instant;
use ledger::{
    ConfirmBooking, ConfirmOutcome, CreateEvent, CreateEventOutcome, confirm_booking, create_event,
};
/// A connection as strict as Spin's.
pub(crate) use native::NativeDatabase as Connection;
use uuid::Uuid;

/// 2026-11-21T08:00:00.123Z; the milliseconds must survive.
pub(crate) const NOW: Instant = Instant::from_unix_ms(1_795_248_000_123);
/// When holds end here: far from now.
pub(crate) const IN_TIME: Instant = Instant::from_unix_ms(4_000_000_000_000);
/// A seated section of 20 rows of 30 at 50.00, and standing places for 100 at 35.00.
pub(crate) const SECTIONS: &str = r#"[
    {"name": "A", "kind": "seated", "rows": 20, "seats_per_row": 30, "price": 5000},
    {"name": "FLOOR", "kind": "standing", "capacity": 100, "price": 3500}
]"#;

/// A database of its own, migrated.
pub(crate) struct TestDatabase {
    url: String,
}

impl TestDatabase {
    /// Creates and migrates a database.
    pub(crate) async fn create() -> Self {
        Self::with_schema(&stack::schema_folder())
    }

    /// Creates a database, and migrates it to the schema in `folder`.
    pub(crate) fn with_schema(folder: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ledger_{}_{number}", std::process::id());
        let url = stack::create_database(stack::shared_database(), &name).unwrap();
        stack::migrate(&url, folder).unwrap();
        Self { url }
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> Connection {
        Connection::connect(&self.url).await
    }

    /// Opens a connection with the rights that the application has.
    pub(crate) async fn connect_as_application(&self) -> Connection {
        Connection::connect(&stack::application_url(&self.url)).await
    }

    /// The connection string of its owner.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Opens many connections.
    pub(crate) async fn connect_many(&self, count: usize) -> Vec<Connection> {
        let mut connections = Vec::new();
        for _ in 0..count {
            connections.push(self.connect().await);
        }
        connections
    }
}

/// A connection to a database of its own; for tests that need no second one.
pub(crate) async fn fresh() -> Connection {
    TestDatabase::create().await.connect().await
}

/// Makes the sale of each ticket take its time, so that two sales surely overlap.
pub(crate) async fn slow_down_tickets(database: &Connection, each_ms: u32) {
    let seconds = f64::from(each_ms) / 1000.0;
    database
        .execute(&format!(
            "CREATE FUNCTION boxoffice.wait() RETURNS trigger LANGUAGE plpgsql
                 AS 'BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END';
             CREATE TRIGGER wait BEFORE INSERT ON boxoffice.tickets
                 FOR EACH ROW EXECUTE FUNCTION boxoffice.wait()"
        ))
        .await;
}

/// A fresh event id.
pub(crate) fn new_event_id() -> EventId {
    EventId::from_uuid(Uuid::now_v7())
}

/// A fresh user.
pub(crate) fn new_user() -> UserId {
    UserId::from_uuid(Uuid::now_v7())
}

/// Sections from JSON in the shape of the contract.
pub(crate) fn sections(json: &str) -> Vec<Section> {
    serde_json::from_str(json).unwrap()
}

/// An event as an organiser asks for it: on sale since [`NOW`], over in the year 2099.
pub(crate) fn wanted(sections_json: &str) -> NewEvent {
    NewEvent {
        name: "Opening night".to_owned(),
        description: "Doors at \"seven\"; naïve '); DROP TABLE bookings; -- 🎭".to_owned(),
        venue: "Arena".to_owned(),
        time_zone: "UTC".to_owned(),
        starts_at: Instant::from_unix_ms(4_083_807_600_000),
        ends_at: Instant::from_unix_ms(4_083_818_400_456),
        on_sale_at: Some(NOW),
        currency: "EUR".to_owned(),
        sections: sections(sections_json),
        sale: domain::event::SaleSettings::default(),
    }
}

/// The seed of every draw here.
pub(crate) const SEED: domain::draw::Seed = [7; 32];

/// Stores an event with [`SECTIONS`].
pub(crate) async fn new_event(database: &Connection) -> EventId {
    new_event_with(database, SECTIONS).await
}

/// Stores an event.
pub(crate) async fn new_event_with(database: &Connection, sections_json: &str) -> EventId {
    let event = new_event_id();
    let wanted = &wanted(sections_json);
    let request = CreateEvent { event, wanted, draw_seed: &SEED, idempotency: None };
    let outcome = create_event(database, &request).await.unwrap();
    assert!(matches!(outcome, CreateEventOutcome::Created(_)));
    event
}

/// A hold of seats of one section by a new user.
pub(crate) fn seats(event: EventId, labels: &[&str]) -> Booking {
    let seats: Vec<domain::seat::Seat> =
        labels.iter().map(|label| label.parse().unwrap()).collect();
    Booking {
        booking_id: BookingId::new(event, Uuid::now_v7()),
        event_id: event,
        user_id: new_user(),
        status: BookingStatus::Reserved,
        section: seats[0].section.clone(),
        quantity: u32::try_from(seats.len()).unwrap(),
        amount: 5000 * i64::try_from(seats.len()).unwrap(),
        seats,
        currency: "EUR".to_owned(),
        created_at: NOW,
        expires_at: IN_TIME,
        contact: Contact::default(),
    }
}

/// A hold of units of `FLOOR` by a new user.
pub(crate) fn standing(event: EventId, quantity: u32) -> Booking {
    Booking {
        section: "FLOOR".parse().unwrap(),
        seats: vec![],
        quantity,
        amount: 3500 * i64::from(quantity),
        ..seats(event, &["A-1-1"])
    }
}

/// Confirms at the cash desk, where no limit per buyer is asked.
pub(crate) async fn confirm(database: &Connection, facts: &Booking) -> ConfirmOutcome {
    sell(database, facts, SoldBy::Organiser).await
}

/// Confirms on behalf of `by`.
pub(crate) async fn sell(database: &Connection, facts: &Booking, by: SoldBy<'_>) -> ConfirmOutcome {
    confirm_booking(database, &ConfirmBooking { booking: facts, by }).await.unwrap()
}
