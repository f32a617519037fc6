//! What buyers were just told is in their own lists at once, and a list costs the same whatever is
//! on sale.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use cluster::{AddressMap, Argument, Cluster, NodeAddress, Reply, Transport};
use domain::booking::{Booking, BookingStatus, SoldBy};
use domain::contact::Contact;
use domain::event::{NewEvent, SaleSettings};
use domain::id::{BookingId, EventId, UserId};
use domain::selection::Selection;
use domain::time::Instant;
use ledger::{CreateEvent, CreateEventOutcome, Database, ListBookings, list_bookings};
use native::{NativeDatabase, NativeTransport};
use sale::{ReserveSeats, Stores, drain_for_user};
use scripts::{Idempotency, OWN_EVENTS_MAX, PresentedPass, ReserveOutcome, keys};
use uuid::Uuid;

use crate::stage::{DEADLINE, SECTIONS, SEED, Stage};

/// A reservation of two standing places by `user`, as a component makes it.
async fn reserve<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    user: UserId,
    idempotency: Option<Idempotency<'_>>,
) -> BookingId {
    let selection = Selection::Section { section: "F".parse().unwrap(), quantity: 2 };
    let (booking, pass) = (BookingId::new(event, Uuid::now_v7()), PresentedPass::None);
    let (selection, contact) = (&selection, &Contact::default());
    let request =
        ReserveSeats { user, booking, pass, idempotency, selection, contact, is_registered: false };
    match sale::reserve_seats(stores, &request).await.unwrap() {
        ReserveOutcome::Held(hold) | ReserveOutcome::Replayed(hold) => hold.booking.booking_id,
        refused => panic!("{refused:?}"),
    }
}

/// The own list, as the route reads it.
async fn own_list<T: Transport, D: Database>(stores: &Stores<T, D>, user: UserId) -> Vec<Booking> {
    drain_for_user(stores, user).await.unwrap();
    let request = ListBookings { user, limit: 100, cursor: None };
    list_bookings(&stores.database, &request).await.unwrap().bookings
}

fn new_user() -> UserId {
    UserId::from_uuid(Uuid::now_v7())
}

/// So many events of others, on sale, that end earlier than those of a stage.
async fn open_others(stage: &Stage, count: usize) {
    for _ in 0..count {
        let wanted = NewEvent {
            name: "Matinee".to_owned(),
            description: String::new(),
            venue: String::new(),
            time_zone: "UTC".to_owned(),
            starts_at: Instant::from_unix_ms(3_900_000_000_000),
            ends_at: Instant::from_unix_ms(3_900_003_600_000),
            on_sale_at: None,
            currency: "EUR".to_owned(),
            sections: serde_json::from_str(SECTIONS).unwrap(),
            sale: SaleSettings::default(),
        };
        let event = EventId::from_uuid(Uuid::now_v7());
        let (wanted, draw_seed, idempotency) = (&wanted, &SEED, None);
        let request = CreateEvent { event, wanted, draw_seed, idempotency };
        let created = ledger::create_event(&stage.stores.database, &request).await.unwrap();
        assert!(matches!(created, CreateEventOutcome::Created(_)));
    }
}

/// Counts the commands that Redis is sent. The notes of buyers may be out of reach.
struct Counted {
    inner: NativeTransport,
    commands: Rc<Cell<u32>>,
    has_notes: bool,
}

impl Transport for Counted {
    type Connection = <NativeTransport as Transport>::Connection;

    async fn open(&self, address: &NodeAddress) -> Result<Self::Connection, String> {
        self.inner.open(address).await
    }

    async fn execute(
        &self,
        connection: &Self::Connection,
        command: &str,
        arguments: &[Argument],
    ) -> Result<Vec<Reply>, String> {
        self.commands.set(self.commands.get() + 1);
        let is_of_notes = |argument: &Argument| match argument {
            Argument::Bytes(bytes) => bytes.starts_with(b"box:{buyer:"),
            Argument::Integer(_) => false,
        };
        if !self.has_notes && arguments.iter().any(is_of_notes) {
            return Err("broken pipe".to_owned());
        }
        self.inner.execute(connection, command, arguments).await
    }

    async fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration).await;
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn random(&self) -> u64 {
        self.inner.random()
    }
}

/// Stores of their own whose commands are counted.
async fn counted(
    stage: &Stage,
    has_notes: bool,
) -> (Stores<Counted, NativeDatabase>, Rc<Cell<u32>>) {
    let commands = Rc::new(Cell::new(0));
    let nodes = stack::shared_redis().iter().map(|node| node.parse().unwrap()).collect();
    let inner = NativeTransport::default();
    let transport = Counted { inner, commands: Rc::clone(&commands), has_notes };
    let cluster = Rc::new(Cluster::new(transport, nodes, AddressMap::default()));
    let database = NativeDatabase::connect(stage.database_url()).await;
    (Stores { cluster, database, redis_deadline: DEADLINE }, commands)
}

#[tokio::test(flavor = "current_thread")]
async fn a_hold_is_in_the_own_list_at_once_whatever_is_on_sale() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    open_others(&stage, 200).await;
    let (buyer, other) = (new_user(), new_user());
    let held = reserve(&stage.stores, stage.event, buyer, None).await;
    reserve(&stage.stores, stage.event, other, None).await;
    let listed: Vec<_> =
        own_list(&stage.stores, buyer).await.iter().map(|it| it.booking_id).collect();
    assert_eq!(listed, [held]);
    assert_eq!(own_list(&stage.stores, new_user()).await, []);
}

#[tokio::test(flavor = "current_thread")]
async fn the_own_list_costs_the_same_whatever_is_on_sale() {
    let stage = Stage::open_alone(SECTIONS, false).await;
    let buyer = new_user();
    let mut costs = Vec::new();
    for more in [0, 30] {
        open_others(&stage, more).await;
        let (stores, commands) = counted(&stage, true).await;
        // Slots are learned, and the journal is empty.
        reserve(&stores, stage.event, buyer, None).await;
        own_list(&stores, buyer).await;
        own_list(&stores, buyer).await;
        commands.set(0);
        reserve(&stores, stage.event, buyer, None).await;
        own_list(&stores, buyer).await;
        costs.push(commands.get());
    }
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0] < 10, "{costs:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn the_own_list_shows_every_step_at_once() {
    let stage = Stage::open().await;
    let (stores, buyer) = (&stage.stores, new_user());
    let shown = async |booking: BookingId| {
        let listed = own_list(stores, buyer).await;
        listed.into_iter().find(|it| it.booking_id == booking).expect("it is listed")
    };
    let booking = reserve(stores, stage.event, buyer, None).await;
    let held = stage.booking(booking).await;
    assert_eq!(shown(booking).await, held);
    let extended = sale::extend_booking(stores, &held).await.unwrap();
    let sale::ExtendBookingOutcome::Extended(extended) = extended else { panic!("{extended:?}") };
    assert_eq!(shown(booking).await, *extended);
    stage.confirm(booking).await;
    assert_eq!(shown(booking).await.status, BookingStatus::Confirmed);
    sale::cancel_booking(stores, booking, true).await.unwrap();
    assert_eq!(shown(booking).await.status, BookingStatus::Cancelled);
    let given_back = reserve(stores, stage.event, buyer, None).await;
    stage.release(given_back).await;
    assert_eq!(shown(given_back).await.status, BookingStatus::Released);
    let free = reserve(stores, stage.event, buyer, None).await;
    let found = sale::find_booking(stores, free).await.unwrap().unwrap();
    sale::confirm_sale(stores, found, SoldBy::Owner).await.unwrap();
    assert_eq!(shown(free).await.status, BookingStatus::Confirmed);
}

/// A hold is worth more than its place in a list.
#[tokio::test(flavor = "current_thread")]
async fn a_hold_does_not_fail_for_its_note() {
    let stage = Stage::open().await;
    let (stores, _) = counted(&stage, false).await;
    let buyer = new_user();
    let held = reserve(&stores, stage.event, buyer, None).await;
    assert!(drain_for_user(&stores, buyer).await.is_err());
    // The worker brings it.
    sale::drain_journal(&stage.stores, stage.event).await.unwrap();
    let listed = own_list(&stage.stores, buyer).await;
    assert_eq!(listed.iter().map(|it| it.booking_id).collect::<Vec<_>>(), [held]);
}

/// Whoever dies between hold and note has told nobody; the same request again notes it.
#[tokio::test(flavor = "current_thread")]
async fn a_repeated_reservation_is_noted_too() {
    let stage = Stage::open().await;
    let (buyer, entry) = (new_user(), Uuid::now_v7().simple().to_string());
    let key = Some(Idempotency { entry: &entry, fingerprint: "f" });
    let held = reserve(&stage.stores, stage.event, buyer, key).await;
    let noted = keys::own_events(buyer);
    stage.redis(&noted, "DEL", &[&noted]).await;
    assert_eq!(reserve(&stage.stores, stage.event, buyer, key).await, held);
    assert_eq!(own_list(&stage.stores, buyer).await.len(), 1);
}

#[tokio::test(flavor = "current_thread")]
async fn the_notes_of_a_buyer_are_few_and_end() {
    let stage = Stage::open().await;
    let (cluster, buyer) = (&stage.stores.cluster, new_user());
    let events: Vec<_> = (0..OWN_EVENTS_MAX + 5).map(|_| Uuid::now_v7()).collect();
    let mut events: Vec<_> = events.into_iter().map(EventId::from_uuid).collect();
    for event in &events {
        for _ in 0..2 {
            scripts::note_own_event(cluster, buyer, *event, DEADLINE).await.unwrap();
        }
    }
    let noted = scripts::own_events(cluster, buyer, DEADLINE).await.unwrap();
    events.reverse();
    events.truncate(noted.len());
    // Those of one millisecond are in the order of their ids, which is that of their making.
    assert_eq!((noted.len() as i64, noted), (OWN_EVENTS_MAX, events));
    let key = keys::own_events(buyer);
    let replies = cluster.execute(&key, "PTTL", vec![key.as_str().into()], DEADLINE).await;
    let life_ms = replies.unwrap()[0].integer().unwrap();
    // Longer than any hold with its extension.
    assert!((4_500_001..=8_100_000).contains(&life_ms), "{life_ms}");
}
