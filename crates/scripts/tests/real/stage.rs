//! One open event with named users and bookings.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cluster::{Argument, Cluster, Reply};
use domain::id::{BookingId, EventId, UserId};
use domain::section::{Section, SectionKind, SectionName};
use domain::time::Instant;
use scripts::{EventSettings, Hold, OpenEvent, OpenOutcome, SaleRules, SectionStock};
use uuid::Uuid;

use native::NativeTransport;

/// Far more than a call takes: a test that reaches it has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// What an event is like before the first row.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) sections: Vec<Section>,
    pub(crate) rules: SaleRules,
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
                queue_enabled: false,
                max_active: 100,
                release_per_s: 50,
                pass_ttl_ms: 60_000,
            },
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

    pub(crate) fn settings(&self, generation: i64) -> EventSettings {
        EventSettings {
            generation,
            cancelled: false,
            paused: false,
            on_sale_at: in_ms(self.on_sale_in_ms),
            ends_at: in_ms(self.ends_in_ms),
            currency: "EUR".to_owned(),
            rules: self.rules,
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
    pub(crate) holds: HashMap<BookingId, Hold>,
    /// The last pass seen of each user.
    pub(crate) passes: HashMap<UserId, String>,
    /// Tickets of each user that are sold, as far as this stage confirmed them.
    pub(crate) bought: HashMap<UserId, i64>,
    /// Whether the event was opened with sold places, which no booking owns in Redis.
    pub(crate) sold_before: bool,
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
            passes: HashMap::new(),
            bought: HashMap::new(),
            sold_before: false,
        }
    }

    /// A new, open event of which nothing is sold.
    pub(crate) async fn open(cluster: Cluster<NativeTransport>, setup: Setup) -> Self {
        let stage = Self::new(cluster, setup);
        assert_eq!(stage.open_generation(1).await, OpenOutcome::Opened);
        stage
    }

    pub(crate) async fn open_generation(&self, generation: i64) -> OpenOutcome {
        let stock: Vec<_> = self.setup.sections.iter().cloned().map(SectionStock::free).collect();
        self.open_with(generation, &stock).await
    }

    pub(crate) async fn open_with(&self, generation: i64, stock: &[SectionStock]) -> OpenOutcome {
        let settings = self.setup.settings(generation);
        let request = OpenEvent { event: self.event, settings: &settings, stock };
        scripts::open_event(&self.cluster, &request, DEADLINE).await.unwrap()
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

    /// One plain command on a key of the event.
    pub(crate) async fn raw(&self, key: &str, command: &str, arguments: &[&str]) -> Vec<Reply> {
        let mut words: Vec<Argument> = vec![key.into()];
        words.extend(arguments.iter().map(|word| Argument::from(*word)));
        self.cluster.execute(key, command, words, DEADLINE).await.unwrap()
    }
}
