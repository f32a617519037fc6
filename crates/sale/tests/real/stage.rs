//! One event in both stores, and short ways to say what happens to it.

use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cluster::{Argument, Cluster};
use domain::booking::{Booking, BookingStatus, SoldBy};
use domain::event::{EventChange, NewEvent, QueueSettings, SaleSettings};
use domain::id::{BookingId, EventId, UserId};
use domain::time::Instant;
use ledger::{CreateEvent, CreateEventOutcome, UpdateEventOutcome};
use native::{NativeDatabase, NativeTransport, connect};
use sale::{ConfirmSaleOutcome, Stores, confirm_sale, find_booking, open_event, with_open_event};
use scripts::{
    Choice, EventOutcome, PresentedPass, ReserveOutcome, ReserveSeats, SeatCounts, keys,
    read_event, reserve_seats,
};
use uuid::Uuid;

/// Far more than a call takes: a test that reaches it has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
/// The seed of every draw here.
pub(crate) const SEED: domain::draw::Seed = [7; 32];
/// A section of two rows of five seats and ten standing places, without a queue.
pub(crate) const SECTIONS: &str = r#"[
    {"name": "A", "kind": "seated", "rows": 2, "seats_per_row": 5, "price": 5000},
    {"name": "F", "kind": "standing", "capacity": 10, "price": 3500}
]"#;

/// An open event.
pub(crate) struct Stage {
    pub(crate) stores: Stores<NativeTransport, NativeDatabase>,
    pub(crate) event: EventId,
    database_url: String,
}

impl Stage {
    /// Creates an event and opens it.
    pub(crate) async fn open() -> Self {
        Self::open_with(SECTIONS, false).await
    }

    /// Creates an event with these sections, with or without a queue, and opens it.
    pub(crate) async fn open_with(sections: &str, queue: bool) -> Self {
        let database_url = stack::shared_database().to_owned();
        Self::open_in(stack::shared_redis(), database_url, sections, queue).await
    }

    /// Creates an event with a queue whose sale opens in the far future.
    pub(crate) async fn open_early(sections: &str) -> Self {
        let database_url = stack::shared_database().to_owned();
        let on_sale_at = Some(Instant::from_unix_ms(4_000_000_000_000));
        Self::create(stack::shared_redis(), database_url, sections, true, on_sale_at).await
    }

    /// The sale opens now.
    pub(crate) async fn open_sale(&self) {
        let on_sale_at = Some(Instant::from_unix_ms(1_000));
        self.change(EventChange { on_sale_at, ..EventChange::default() }).await;
    }

    /// Changes the event in both stores.
    pub(crate) async fn change(&self, change: EventChange) {
        let database = &self.stores.database;
        let updated = ledger::update_event(database, self.event, &change, None).await.unwrap();
        let UpdateEventOutcome::Updated(event) = updated else { panic!("{updated:?}") };
        sale::apply_settings(&self.stores, &event).await.unwrap();
    }

    /// Opens an event as `open_with` does, in a database of its own: for tests of what works on
    /// everything there is, which must not meet the events of others.
    pub(crate) async fn open_alone(sections: &str, queue: bool) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sale_{}_{number}", std::process::id());
        let url = stack::create_database(stack::shared_database(), &name).unwrap();
        stack::migrate(&url, &stack::schema_folder()).unwrap();
        Self::open_in(stack::shared_redis(), url, sections, queue).await
    }

    /// Another event beside this one.
    pub(crate) async fn open_beside(&self) -> Self {
        Self::open_in(stack::shared_redis(), self.database_url.clone(), SECTIONS, false).await
    }

    /// Another event, through the same connections.
    pub(crate) fn with_event(&self, event: EventId) -> Self {
        let Stores { cluster, database, redis_deadline } = &self.stores;
        let stores = Stores {
            cluster: Rc::clone(cluster),
            database: database.clone(),
            redis_deadline: *redis_deadline,
        };
        Self { stores, event, database_url: self.database_url.clone() }
    }

    /// Where Postgres is.
    pub(crate) fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The same with Redis at these nodes.
    pub(crate) async fn open_in(
        nodes: &[String],
        database_url: String,
        sections: &str,
        queue: bool,
    ) -> Self {
        Self::create(nodes, database_url, sections, queue, None).await
    }

    async fn create(
        nodes: &[String],
        database_url: String,
        sections: &str,
        queue: bool,
        on_sale_at: Option<Instant>,
    ) -> Self {
        let event = EventId::from_uuid(Uuid::now_v7());
        let stage = Self { stores: stores_on(nodes, &database_url).await, event, database_url };
        let sale = SaleSettings {
            max_per_buyer: 1_000,
            queue: QueueSettings { enabled: queue, ..QueueSettings::default() },
            ..SaleSettings::default()
        };
        let wanted = NewEvent {
            name: "Opening night".to_owned(),
            description: String::new(),
            venue: String::new(),
            time_zone: "UTC".to_owned(),
            starts_at: Instant::from_unix_ms(4_000_000_000_000),
            ends_at: Instant::from_unix_ms(4_000_003_600_000),
            on_sale_at,
            currency: "EUR".to_owned(),
            sections: serde_json::from_str(sections).unwrap(),
            sale,
        };
        let request = CreateEvent {
            event: stage.event,
            wanted: &wanted,
            draw_seed: &SEED,
            idempotency: None,
        };
        let created = ledger::create_event(&stage.stores.database, &request).await.unwrap();
        let CreateEventOutcome::Created(created) = created else { panic!("{created:?}") };
        open_event(&stage.stores, &created).await.unwrap();
        stage
    }

    /// The same event seen by another instance: connections of its own.
    pub(crate) async fn another_instance(&self) -> Self {
        let database_url = self.database_url.clone();
        Self { stores: stores(&database_url).await, event: self.event, database_url }
    }

    /// Holds one seat, `row-number`, for a new buyer.
    pub(crate) async fn hold_seat(&self, row: u32, number: u32) -> BookingId {
        let section = "A".parse().unwrap();
        self.hold(Choice::Seats { section: &section, seats: &[(row, number)] }).await.unwrap()
    }

    /// Holds standing places for a new buyer.
    pub(crate) async fn hold_standing(&self, quantity: u32) -> BookingId {
        let section = "F".parse().unwrap();
        self.hold(Choice::Section { section: &section, quantity }).await.unwrap()
    }

    /// Holds places for a new buyer, or says why not.
    pub(crate) async fn hold(&self, choice: Choice<'_>) -> Result<BookingId, ReserveOutcome> {
        self.hold_for(UserId::from_uuid(Uuid::now_v7()), choice).await
    }

    /// Holds places for this buyer, or says why not.
    pub(crate) async fn hold_for(
        &self,
        user: UserId,
        choice: Choice<'_>,
    ) -> Result<BookingId, ReserveOutcome> {
        let booking = BookingId::new(self.event, Uuid::now_v7());
        let (pass, idempotency, contact) = (PresentedPass::None, None, None);
        let request = ReserveSeats {
            user,
            booking,
            pass,
            idempotency,
            choice,
            contact,
            is_registered: false,
        };
        let outcome = with_open_event(&self.stores, self.event, async || {
            reserve_seats(&self.stores.cluster, &request, DEADLINE).await
        })
        .await
        .unwrap();
        match outcome {
            ReserveOutcome::Held(_) => Ok(booking),
            refused => Err(refused),
        }
    }

    /// The booking as anyone finds it.
    pub(crate) async fn booking(&self, booking: BookingId) -> Booking {
        find_booking(&self.stores, booking).await.unwrap().unwrap().into_booking()
    }

    pub(crate) async fn status(&self, booking: BookingId) -> BookingStatus {
        self.booking(booking).await.status
    }

    /// Confirms at the cash desk.
    pub(crate) async fn confirm(&self, booking: BookingId) -> ConfirmSaleOutcome {
        let found = find_booking(&self.stores, booking).await.unwrap().unwrap();
        confirm_sale(&self.stores, found, SoldBy::Organiser).await.unwrap()
    }

    pub(crate) async fn release(&self, booking: BookingId) -> sale::ReleaseOutcome {
        let booking = self.booking(booking).await;
        sale::release_booking(&self.stores, &booking).await.unwrap()
    }

    /// Lets the time of a hold be over, in both stores.
    pub(crate) async fn make_due(&self, booking: BookingId) {
        self.make_overdue(booking, 1).await;
    }

    /// Lets the time of a hold be over for so long, in both stores.
    pub(crate) async fn make_overdue(&self, booking: BookingId, by_ms: i64) {
        let read = scripts::read_booking(&self.stores.cluster, booking, DEADLINE).await.unwrap();
        let scripts::BookingOutcome::Found { mut hold, now, .. } = read else { panic!("no hold") };
        hold.booking.expires_at = now.plus_ms(-by_ms);
        let (key, id) = (keys::bookings(self.event), booking.to_string());
        self.redis(&key, "HSET", &[&key, &id, &hold.record()]).await;
        let expiry = keys::expiry(self.event);
        self.redis(&expiry, "ZADD", &[&expiry, "1", &id]).await;
        let expires_ms = hold.booking.expires_at.unix_ms();
        let sql = format!(
            "UPDATE boxoffice.bookings SET expires_at = boxoffice.instant({expires_ms})
             WHERE id = '{id}'"
        );
        self.stores.database.execute(&sql).await;
    }

    /// Redis loses everything of the event, at once.
    pub(crate) async fn lose_redis(&self) {
        let lost = keys::all(self.event, &["A".parse().unwrap()]);
        let lost: Vec<&str> = lost.iter().map(String::as_str).collect();
        self.redis(lost[0], "DEL", &lost).await;
    }

    /// A command of Redis.
    pub(crate) async fn redis(&self, key: &str, command: &str, arguments: &[&str]) {
        let arguments = arguments.iter().map(|argument| Argument::from(*argument)).collect();
        self.stores.cluster.execute(key, command, arguments, DEADLINE).await.unwrap();
    }

    /// Changes something in Redis by hand: `COMMAND key arguments`, the key by its short name.
    pub(crate) async fn plant(&self, command: &str) {
        let words: Vec<&str> = command.split(' ').collect();
        let key = match words[1] {
            "map" => keys::map(self.event, &"A".parse().unwrap()),
            "settings" => keys::settings(self.event),
            "counts" => keys::counts(self.event),
            "holders" => keys::holders(self.event),
            "bookings" => keys::bookings(self.event),
            "resolved" => keys::resolved(self.event),
            "buyers" => keys::buyers(self.event),
            "expiry" => keys::expiry(self.event),
            other => panic!("{other}"),
        };
        let mut arguments = vec![key.as_str()];
        arguments.extend(&words[2..]);
        self.redis(&key, words[0], &arguments).await;
    }

    /// A command of Redis whose reply is texts; `arguments` without the key.
    pub(crate) async fn texts(&self, key: &str, command: &str, arguments: &[&str]) -> Vec<String> {
        let mut words: Vec<Argument> = vec![key.into()];
        words.extend(arguments.iter().map(|argument| Argument::from(*argument)));
        let replies = self.stores.cluster.execute(key, command, words, DEADLINE).await.unwrap();
        replies.iter().map(|reply| reply.text().unwrap().to_owned()).collect()
    }

    /// The generation of the event in Redis.
    pub(crate) async fn generation(&self) -> i64 {
        self.settings().await.generation
    }

    /// The settings of the event in Redis.
    pub(crate) async fn settings(&self) -> scripts::EventSettings {
        let read = read_event(&self.stores.cluster, self.event, DEADLINE).await.unwrap();
        let EventOutcome::Found(state) = read else { panic!("the event is gone") };
        state.settings
    }

    /// `(available, held, sold)` of the event in Redis.
    pub(crate) async fn counts(&self) -> (i64, i64, i64) {
        let outcome = with_open_event(&self.stores, self.event, async || {
            read_event(&self.stores.cluster, self.event, DEADLINE).await
        })
        .await
        .unwrap();
        let EventOutcome::Found(state) = outcome else { panic!("the event is gone") };
        let SeatCounts { available, held, sold } = state.total;
        assert_eq!(available + held + sold, state.settings.capacity());
        (available, held, sold)
    }

    /// How many tickets Postgres has sold.
    pub(crate) async fn tickets(&self) -> i64 {
        let sql =
            format!("SELECT count(*) FROM boxoffice.tickets WHERE event_id = '{}'", self.event);
        self.stores.database.number(&sql).await
    }
}

pub(crate) async fn stores(database_url: &str) -> Stores<NativeTransport, NativeDatabase> {
    stores_on(stack::shared_redis(), database_url).await
}

async fn stores_on(
    nodes: &[String],
    database_url: &str,
) -> Stores<NativeTransport, NativeDatabase> {
    let cluster: Rc<Cluster<_>> = Rc::new(connect(nodes));
    let database = NativeDatabase::connect(database_url).await;
    Stores { cluster, database, redis_deadline: DEADLINE }
}
