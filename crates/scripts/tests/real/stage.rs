//! One open event with named users and bookings.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cluster::{Argument, Cluster, Reply};
use domain::booking::{Booking, BookingStatus, StoredBooking};
use domain::contact::Contact;
use domain::id::{BookingId, EventId, UserId};
use domain::seat::Seat;
use domain::section::{Section, SectionKind, SectionName};
use domain::time::Instant;
use scripts::{
    EventSettings, FinishOpening, FinishOpeningOutcome, JoinOutcome, JoinQueue, NumberBlock,
    OpenEvent, OpenOutcome, Opening, QueuePlace, RestoreBookings, RestoreOutcome, SaleRules,
    ShownProof, ShownReceipt,
};
use uuid::Uuid;

use native::NativeTransport;

/// Far more than a call takes: a test that reaches it has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// Queue numbers of a block: few, so that blocks end.
const BLOCK: i64 = 1_000;

/// What an event is like before the first row.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) sections: Vec<Section>,
    pub(crate) rules: SaleRules,
    /// The most that one reservation may cost.
    pub(crate) amount_max: i64,
    /// When the sale opens, in ms from now.
    pub(crate) on_sale_in_ms: i64,
    /// When it ends, in ms from now.
    pub(crate) ends_in_ms: i64,
}

const HOUR_MS: i64 = 3_600_000;

impl Default for Setup {
    /// Two rows of five seats, `A`, and ten standing places, `F`; on sale, no queue.
    fn default() -> Self {
        Self {
            sections: vec![seated("A", 2, 5, 5_000), standing("F", 10, 3_500)],
            rules: SaleRules {
                max_per_buyer: 4,
                hold_ttl_ms: 60_000,
                registered_only: false,
                queue_enabled: false,
                max_active: 100,
                release_per_s: 50,
                pass_ttl_ms: 60_000,
                abandon_after_ms: 60_000,
                joining: true,
                message: String::new(),
            },
            amount_max: 99_999_999,
            on_sale_in_ms: -HOUR_MS,
            ends_in_ms: HOUR_MS,
        }
    }
}

impl Setup {
    pub(crate) fn with_queue() -> Self {
        let mut setup = Self::default();
        setup.rules.queue_enabled = true;
        setup
    }

    pub(crate) fn with_sections(sections: Vec<Section>) -> Self {
        Self { sections, ..Self::default() }
    }

    /// As the ledger decides it when the event is created.
    fn draw_count(&self) -> Option<u32> {
        (self.on_sale_in_ms <= 0).then_some(0)
    }

    pub(crate) fn settings(&self, generation: i64) -> EventSettings {
        EventSettings {
            generation,
            version: 1,
            sections_version: 1,
            cancelled: false,
            paused: false,
            on_sale_at: in_ms(self.on_sale_in_ms),
            ends_at: in_ms(self.ends_in_ms),
            currency: "EUR".to_owned(),
            amount_max: self.amount_max,
            rules: self.rules.clone(),
            sections: self.sections.clone(),
        }
    }
}

pub(crate) fn seated(name: &str, rows: u32, seats_per_row: u32, price: i64) -> Section {
    Section {
        name: name.parse().unwrap(),
        kind: SectionKind::Seated { rows, seats_per_row },
        price,
    }
}

pub(crate) fn standing(name: &str, capacity: u32, price: i64) -> Section {
    Section { name: name.parse().unwrap(), kind: SectionKind::Standing { capacity }, price }
}

/// Bookings whose holds were not extended.
pub(crate) fn stored(bookings: &[Booking]) -> Vec<StoredBooking> {
    let store = |booking: &Booking| StoredBooking { booking: booking.clone(), extended: false };
    bookings.iter().map(store).collect()
}

/// The time so many ms from now; the servers run on this machine's clock.
pub(crate) fn in_ms(ms: i64) -> Instant {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    Instant::from_unix_ms(i64::try_from(now).unwrap() + ms)
}

/// An event on a server, and what the test knows of it.
pub(crate) struct Stage {
    pub(crate) cluster: Cluster<NativeTransport>,
    pub(crate) event: EventId,
    pub(crate) setup: Setup,
    pub(crate) users: BTreeMap<String, UserId>,
    pub(crate) bookings: BTreeMap<String, BookingId>,
    /// The last hold seen of each booking.
    pub(crate) holds: HashMap<BookingId, Booking>,
    /// What the receipt of the last place of each user says.
    pub(crate) receipts: HashMap<UserId, (i64, Instant)>,
    /// The last pass seen of each user.
    pub(crate) passes: HashMap<UserId, String>,
    /// The entries of idempotency keys that were claimed.
    pub(crate) entries: BTreeSet<String>,
    /// Tickets of each user that are sold, as far as this stage confirmed them.
    pub(crate) bought: HashMap<UserId, i64>,
    /// The last queue number that this stage has handed out.
    pub(crate) numbers_granted: i64,
    /// The version of the settings.
    pub(crate) version: i64,
    /// The version of the sections.
    pub(crate) sections_version: i64,
}

impl Stage {
    /// A new event, not open yet.
    pub(crate) fn new(cluster: Cluster<NativeTransport>, setup: Setup) -> Self {
        Self {
            cluster,
            event: EventId::from_uuid(Uuid::now_v7()),
            setup,
            users: BTreeMap::new(),
            bookings: BTreeMap::new(),
            holds: HashMap::new(),
            receipts: HashMap::new(),
            passes: HashMap::new(),
            entries: BTreeSet::new(),
            bought: HashMap::new(),
            numbers_granted: 0,
            version: 1,
            sections_version: 1,
        }
    }

    /// A new, open event of which nothing is sold.
    pub(crate) async fn open(cluster: Cluster<NativeTransport>, setup: Setup) -> Self {
        let stage = Self::new(cluster, setup);
        assert_eq!(stage.open_generation(1).await, OpenOutcome::Opened);
        stage
    }

    pub(crate) async fn open_generation(&self, generation: i64) -> OpenOutcome {
        self.open_as(generation, Opening::New).await
    }

    pub(crate) async fn open_as(&self, generation: i64, opening: Opening) -> OpenOutcome {
        let settings = self.setup.settings(generation);
        let draw_count = self.setup.draw_count();
        let request = OpenEvent { event: self.event, settings: &settings, opening, draw_count };
        scripts::open_event(&self.cluster, &request, DEADLINE).await.unwrap()
    }

    /// Opens the event with what is sold and held, as a rebuild does.
    pub(crate) async fn rebuild(&mut self, generation: i64, sold: &[Booking], held: &[Booking]) {
        assert_eq!(self.open_as(generation, Opening::Rebuilt).await, OpenOutcome::Opened);
        for (bookings, are_sold) in [(sold, true), (held, false)] {
            self.restore(generation, bookings, are_sold).await;
        }
        assert_eq!(self.go_live(generation, 0).await, FinishOpeningOutcome::Live);
        self.bought.clear();
        for sale in sold {
            *self.bought.entry(sale.user_id).or_default() += i64::from(sale.quantity);
        }
    }

    pub(crate) async fn restore(
        &self,
        generation: i64,
        bookings: &[Booking],
        sold: bool,
    ) -> RestoreOutcome {
        let settings = self.setup.settings(generation);
        let bookings = &stored(bookings);
        let request = RestoreBookings { event: self.event, settings: &settings, sold, bookings };
        scripts::restore_bookings(&self.cluster, &request, DEADLINE).await.unwrap()
    }

    pub(crate) async fn go_live(&self, generation: i64, grace_ms: i64) -> FinishOpeningOutcome {
        let settings = self.setup.settings(generation);
        let number = self.numbers_granted;
        let request = FinishOpening {
            event: self.event,
            settings: &settings,
            number,
            served: 0,
            grace_ms,
            draw_count: self.setup.draw_count(),
        };
        scripts::finish_opening(&self.cluster, &request, DEADLINE).await.unwrap()
    }

    /// A sale, or a hold, of a new buyer.
    pub(crate) fn sale_of(
        &self,
        section: &Section,
        seats: &[(u32, u32)],
        quantity: u32,
    ) -> Booking {
        let seat = |(row, number): &(u32, u32)| Seat {
            section: section.name.clone(),
            row: *row,
            number: *number,
        };
        Booking {
            booking_id: BookingId::new(self.event, Uuid::now_v7()),
            event_id: self.event,
            user_id: UserId::from_uuid(Uuid::now_v7()),
            status: BookingStatus::Reserved,
            section: section.name.clone(),
            seats: seats.iter().map(seat).collect(),
            quantity,
            amount: section.price * i64::from(quantity),
            currency: "EUR".to_owned(),
            expires_at: in_ms(60_000),
            created_at: in_ms(0),
            contact: Contact::default(),
        }
    }

    /// Joins the queue; the stage hands numbers out as the ledger does.
    pub(crate) async fn join_queue(&mut self, user: UserId, receipt: ShownReceipt) -> QueuePlace {
        self.join_proving(user, receipt, ShownProof::NotAsked).await
    }

    /// The same where a proof of work may be asked for.
    pub(crate) async fn join_proving(
        &mut self,
        user: UserId,
        receipt: ShownReceipt,
        proof: ShownProof,
    ) -> QueuePlace {
        let (block, event, address) = (None, self.event, None);
        self.join_with(JoinQueue {
            event,
            user,
            block,
            receipt,
            proof,
            address,
            is_registered: false,
        })
        .await
    }

    /// The same for whatever a request says.
    pub(crate) async fn join_with(&mut self, request: JoinQueue<'_>) -> QueuePlace {
        let joined = scripts::join_queue(&self.cluster, &request, DEADLINE).await.unwrap();
        let state = match joined {
            JoinOutcome::Place(place) => return *place,
            JoinOutcome::NumbersUsedUp { state } => state,
        };
        let (first, last) = (self.numbers_granted + 1, self.numbers_granted + BLOCK);
        self.numbers_granted += BLOCK;
        let block = Some(NumberBlock { first, last, state: &state });
        let request = JoinQueue { block, ..request };
        let joined = scripts::join_queue(&self.cluster, &request, DEADLINE).await.unwrap();
        joined.place().expect("numbers")
    }

    /// The user of that name; a new one the first time.
    pub(crate) fn user(&mut self, name: &str) -> UserId {
        let new = || UserId::from_uuid(Uuid::now_v7());
        *self.users.entry(name.to_owned()).or_insert_with(new)
    }

    /// The booking of that name; a new one the first time.
    pub(crate) fn booking(&mut self, name: &str) -> BookingId {
        let event = self.event;
        let new = || BookingId::new(event, Uuid::now_v7());
        *self.bookings.entry(name.to_owned()).or_insert_with(new)
    }

    /// The name of a booking.
    pub(crate) fn name_of(&self, booking: BookingId) -> &str {
        self.bookings.iter().find(|(_, id)| **id == booking).map_or("unknown", |(name, _)| name)
    }

    pub(crate) fn seated_sections(&self) -> Vec<SectionName> {
        self.setup.settings(1).seated_sections()
    }

    /// Every key of the event that Redis has.
    pub(crate) async fn stored_keys(&self) -> Vec<String> {
        let tag_key = scripts::keys::settings(self.event);
        let pattern = tag_key.replace(":settings", ":*");
        // COUNT far above the number of keys: one call sees all.
        let arguments = ["0", "MATCH", &pattern, "COUNT", "1000000"];
        let words = arguments.iter().map(|word| Argument::from(*word)).collect();
        let page = self.cluster.execute(&tag_key, "SCAN", words, DEADLINE).await.unwrap();
        page[1..].iter().map(|key| key.text().unwrap().to_owned()).collect()
    }

    /// One plain command on a key of the event.
    pub(crate) async fn raw(&self, key: &str, command: &str, arguments: &[&str]) -> Vec<Reply> {
        let mut words: Vec<Argument> = vec![key.into()];
        words.extend(arguments.iter().map(|word| Argument::from(*word)));
        self.cluster.execute(key, command, words, DEADLINE).await.unwrap()
    }
}
