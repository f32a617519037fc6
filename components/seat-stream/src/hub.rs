//! All streams of this instance, and the one task that drives them, see [`guest::hub`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use cluster::{Cluster, DedicatedConnection};
use domain::feed::FeedId;
use domain::id::EventId;
use domain::seat_news::SeatEntry;
use domain::section::SectionName;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use guest::clock::REDIS_DEADLINE;
use guest::hub::{
    Hub, READ_PATIENCE, READ_PAUSE, REREADS_MAX, TICK, reading, send, shared_is_idle,
};
use guest::redis::SpinTransport;
use guest::stream::Outgoing;
use scripts::{SeatWatch, WatchSeatsOutcome, WatchedSeats};
use spin_sdk::redis::Connection;

use crate::client::{Client, Final, Told};
use crate::hall::Hall;

/// The pause after a read that brought news. In a rush they come faster than streams are written
/// to: so many are read at once, and each reader of a crowd costs Redis ten reads a second at most.
const NEWS_PAUSE: Duration = Duration::from_millis(100);

type Redis = Rc<Cluster<SpinTransport>>;
type Own = DedicatedConnection<Rc<Connection>>;

thread_local! {
    static HUB: RefCell<Hub<Arrival>> = const { RefCell::new(Hub::new()) };
}

struct Arrival {
    event: EventId,
    client: Client,
    seats: WatchedSeats,
}

/// Hands a stream over.
pub(crate) fn add(
    event: EventId,
    mut client: Client,
    seats: WatchedSeats,
    outgoing: Outgoing,
    redis: Redis,
) {
    client.outgoing = Some(outgoing);
    if HUB.with_borrow_mut(|hub| hub.arrive(Arrival { event, client, seats })) {
        spin_sdk::wasip3::spawn(drive(redis));
    }
}

/// Something that the driving task has waited for.
enum Done {
    /// Time to look around.
    Tick,
    /// A read of the news.
    Read { event: EventId, own: Own, result: Result<Read, scripts::Error> },
    /// A write; without an end to write to, the stream is over.
    Sent { event: EventId, number: u64, outgoing: Option<Outgoing> },
    /// A map read anew.
    Reread {
        event: EventId,
        section: SectionName,
        result: Result<WatchSeatsOutcome, scripts::Error>,
    },
}

/// What a read of the news found.
enum Read {
    /// Where they stood, and those that came since the last read.
    News(SeatWatch, Vec<SeatEntry>),
    /// The event is not open in Redis.
    EventMissing,
}

type Work = FuturesUnordered<Pin<Box<dyn Future<Output = Done>>>>;

/// Drives all streams of this instance until none is left.
async fn drive(redis: Redis) {
    let mut driver = Driver {
        redis,
        halls: BTreeMap::new(),
        work: FuturesUnordered::new(),
        rereads: 0,
        numbers: 0,
    };
    driver.tick_later();
    while let Some(done) = driver.work.next().await {
        driver.handle(done);
    }
}

struct Driver {
    redis: Redis,
    halls: BTreeMap<EventId, Hall>,
    work: Work,
    /// Maps being read anew.
    rereads: usize,
    /// Names streams.
    numbers: u64,
}

impl Driver {
    fn handle(&mut self, done: Done) {
        match done {
            Done::Tick => self.tick(),
            Done::Read { event, own, result } => self.has_read(event, own, result),
            Done::Sent { event, number, outgoing } => self.has_sent(event, number, outgoing),
            Done::Reread { event, section, result } => self.has_reread(event, &section, result),
        }
    }

    /// Takes new streams in, writes what is due by the clock, lets go of what is idle.
    fn tick(&mut self) {
        for Arrival { event, client, seats } in HUB.with_borrow_mut(Hub::take) {
            self.numbers = self.numbers.wrapping_add(1);
            let hall = self.halls.entry(event).or_insert_with(|| Hall::of(&seats));
            hall.add(self.numbers, client, seats);
            if hall.may_read() {
                self.read(event, Own::default(), Duration::ZERO);
            }
        }
        let events: Vec<_> = self.halls.keys().copied().collect();
        for event in events {
            self.tell(event);
            self.reread(event);
        }
        self.halls.values_mut().for_each(Hall::forget_unseen);
        self.halls.retain(|_, hall| hall.is_reading || !hall.clients.is_empty());
        if self.rereads == 0 && shared_is_idle() {
            self.redis.close_shared();
        }
        let is_idle = self.work.is_empty() && self.halls.is_empty();
        if !is_idle || HUB.with_borrow_mut(Hub::goes_on) {
            self.tick_later();
        }
    }

    fn tick_later(&self) {
        self.work.push(Box::pin(async {
            spin_sdk::time::sleep(TICK).await;
            Done::Tick
        }));
    }

    /// Writes to every stream of an event that is owed something.
    fn tell(&mut self, event: EventId) {
        let Some(hall) = self.halls.get_mut(&event) else { return };
        let (now, mut told) = (Instant::now(), Told::new());
        for (number, client, map) in hall.streams() {
            if let Some((bytes, is_last)) = client.owed(event, map, &mut told, now)
                && let Some(outgoing) = client.outgoing.take()
            {
                self.work.push(Box::pin(async move {
                    let outgoing = send(outgoing, bytes, is_last).await;
                    Done::Sent { event, number, outgoing }
                }));
            }
        }
    }

    /// Gives a stream its end to write to back; what has become due meanwhile is written at the
    /// next tick.
    fn has_sent(&mut self, event: EventId, number: u64, outgoing: Option<Outgoing>) {
        let Some(hall) = self.halls.get_mut(&event) else { return };
        match (outgoing, hall.clients.get_mut(&number)) {
            (Some(outgoing), Some(client)) => client.outgoing = Some(outgoing),
            _ => {
                hall.clients.remove(&number);
            }
        }
    }

    /// Begins to wait for news.
    fn read(&mut self, event: EventId, own: Own, pause: Duration) {
        let Some(hall) = self.halls.get_mut(&event) else { return };
        hall.is_reading = true;
        let (redis, cursor) = (Rc::clone(&self.redis), hall.cursor());
        self.work.push(Box::pin(read(redis, event, own, cursor, pause)));
    }

    fn has_read(&mut self, event: EventId, own: Own, result: Result<Read, scripts::Error>) {
        let Some(hall) = self.halls.get_mut(&event) else { return };
        hall.is_reading = false;
        let pause = match &result {
            Ok(Read::News(_, entries)) if entries.is_empty() => Duration::ZERO,
            Ok(_) => NEWS_PAUSE,
            Err(_) => READ_PAUSE,
        };
        let now = Instant::now();
        match result {
            Ok(Read::News(watch, entries)) => hall.follow(watch, &entries, now),
            // Whoever comes back has it built anew, or learns that it is over.
            Ok(Read::EventMissing) => hall.end(Final::Pause),
            // Whatever was missed meanwhile, the maps will tell.
            Err(error) => {
                hall.mark_stale(now);
                sale::log_failure("news of seats could not be read", "read_seat_news", &error);
            }
        }
        if hall.may_read() {
            self.read(event, own, pause);
        }
        self.tell(event);
    }

    /// Begins to read maps anew, a few at a time.
    fn reread(&mut self, event: EventId) {
        let Some(hall) = self.halls.get_mut(&event) else { return };
        let limit = REREADS_MAX.saturating_sub(self.rereads);
        for section in hall.begin_rereads(limit, Instant::now()) {
            self.rereads = self.rereads.saturating_add(1);
            let redis = Rc::clone(&self.redis);
            self.work.push(Box::pin(reread(redis, event, section)));
        }
    }

    fn has_reread(
        &mut self,
        event: EventId,
        section: &SectionName,
        result: Result<WatchSeatsOutcome, scripts::Error>,
    ) {
        self.rereads = self.rereads.saturating_sub(1);
        let Some(hall) = self.halls.get_mut(&event) else { return };
        let outcome = match result {
            Ok(outcome) => Some(outcome),
            // It stays stale and is read at a later tick.
            Err(error) => {
                sale::log_failure("a map could not be read anew", "watch_seats", &error);
                None
            }
        };
        hall.take_over(section, outcome, Instant::now());
        self.tell(event);
    }
}

/// Asks for news to be published and waits for them: both over the connection of its own, so that
/// those who look cost Redis no other.
async fn read(redis: Redis, event: EventId, mut own: Own, cursor: FeedId, pause: Duration) -> Done {
    if !pause.is_zero() {
        spin_sdk::time::sleep(pause).await;
    }
    let result = news(&redis, event, &mut own, cursor).await;
    Done::Read { event, own, result }
}

async fn news(
    redis: &Redis,
    event: EventId,
    own: &mut Own,
    cursor: FeedId,
) -> Result<Read, scripts::Error> {
    let Some(watch) = scripts::renew_watch(redis, own, event).await? else {
        return Ok(Read::EventMissing);
    };
    if watch.version < cursor || watch.end.is_some() {
        return Ok(Read::News(watch, Vec::new()));
    }
    let entries = scripts::read_seat_news(redis, own, event, cursor, READ_PATIENCE).await?;
    Ok(Read::News(watch, entries))
}

async fn reread(redis: Redis, event: EventId, section: SectionName) -> Done {
    let _reading = reading();
    let result = scripts::watch_seats(&redis, event, &section, None, REDIS_DEADLINE).await;
    Done::Reread { event, section, result }
}
