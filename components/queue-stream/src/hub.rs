//! All streams of this instance, and the one task that drives them, see [`guest::hub`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use cluster::{Cluster, DedicatedConnection};
use domain::feed::{FeedEntry, FeedId};
use domain::id::{EventId, UserId};
use domain::wait::LineOutlook;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use guest::clock::REDIS_DEADLINE;
use guest::hub::{
    Hub, READ_PATIENCE, READ_PAUSE, REREADS_MAX, TICK, reading, send, shared_is_idle,
};
use guest::redis::SpinTransport;
use guest::stream::Outgoing;
use scripts::WatchedPlace;
use spin_sdk::redis::Connection;

use crate::client::Client;
use crate::line::Line;

type Redis = Rc<Cluster<SpinTransport>>;
type Own = DedicatedConnection<Rc<Connection>>;

thread_local! {
    static HUB: RefCell<Hub<Arrival>> = const { RefCell::new(Hub::new()) };
}

struct Arrival {
    event: EventId,
    client: Client,
}

/// Hands a stream over.
pub(crate) fn add(event: EventId, mut client: Client, outgoing: Outgoing, redis: Redis) {
    client.outgoing = Some(outgoing);
    if HUB.with_borrow_mut(|hub| hub.arrive(Arrival { event, client })) {
        spin_sdk::wasip3::spawn(drive(redis));
    }
}

/// Something that the driving task has waited for.
enum Done {
    /// Time to look around.
    Tick,
    /// A read of the feed, and before it the fans who were noted as being there.
    Read { event: EventId, own: Own, seen: Option<Seen>, result: Result<Read, scripts::Error> },
    /// A write; without an end to write to, the stream is over.
    Sent { event: EventId, number: u64, outgoing: Option<Outgoing> },
    /// A place read anew.
    Reread { event: EventId, number: u64, result: Box<Result<WatchedPlace, scripts::Error>> },
}

/// Fans who were noted as being there.
struct Seen {
    fans: Vec<(u64, UserId)>,
    /// Those of them who have no place in the line.
    gone: Vec<UserId>,
    /// When that was asked.
    at: Instant,
}

/// What a read of the feed brought.
enum Read {
    News(Vec<FeedEntry>),
    /// None; then the newest serial number.
    Quiet(i64),
}

type Work = FuturesUnordered<Pin<Box<dyn Future<Output = Done>>>>;

/// Drives all streams of this instance until none is left.
async fn drive(redis: Redis) {
    let mut driver = Driver {
        redis,
        lines: BTreeMap::new(),
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
    lines: BTreeMap<EventId, Line>,
    work: Work,
    /// Places being read anew.
    rereads: usize,
    /// Names streams.
    numbers: u64,
}

impl Driver {
    fn handle(&mut self, done: Done) {
        match done {
            Done::Tick => self.tick(),
            Done::Read { event, own, seen, result } => self.has_read(event, own, seen, result),
            Done::Sent { event, number, outgoing } => self.has_sent(event, number, outgoing),
            Done::Reread { event, number, result } => self.has_reread(event, number, *result),
        }
    }

    /// Takes new streams in, writes what is due by the clock, lets go of what is idle.
    fn tick(&mut self) {
        for Arrival { event, client } in HUB.with_borrow_mut(Hub::take) {
            self.numbers = self.numbers.wrapping_add(1);
            let line = self.lines.entry(event).or_insert_with(|| Line::of(&client));
            line.add(self.numbers, client);
            if line.may_read() {
                self.read(event, Own::default(), Duration::ZERO);
            }
        }
        let events: Vec<_> = self.lines.keys().copied().collect();
        for event in events {
            self.tell(event);
            self.reread(event);
        }
        self.lines.retain(|_, line| line.is_reading || !line.clients.is_empty());
        self.close_idle();
        let is_idle = self.work.is_empty() && self.lines.is_empty();
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
        let Some(line) = self.lines.get_mut(&event) else { return };
        let now = Instant::now();
        for (number, client) in &mut line.clients {
            tell(&self.work, event, *number, client, &line.outlook, now);
        }
    }

    /// Gives a stream its end to write to back, and writes what has become due meanwhile.
    fn has_sent(&mut self, event: EventId, number: u64, outgoing: Option<Outgoing>) {
        let Some(line) = self.lines.get_mut(&event) else { return };
        match (outgoing, line.clients.get_mut(&number)) {
            (Some(outgoing), Some(client)) => {
                client.outgoing = Some(outgoing);
                tell(&self.work, event, number, client, &line.outlook, Instant::now());
            }
            _ => {
                line.clients.remove(&number);
            }
        }
    }

    /// Begins to wait for news.
    fn read(&mut self, event: EventId, own: Own, pause: Duration) {
        let Some(line) = self.lines.get_mut(&event) else { return };
        line.is_reading = true;
        let (redis, cursor) = (Rc::clone(&self.redis), line.cursor);
        let fans = line.unseen(scripts::SEEN_AT_ONCE_MAX, Instant::now());
        self.work.push(Box::pin(read(redis, event, own, fans, cursor, pause)));
    }

    fn has_read(
        &mut self,
        event: EventId,
        own: Own,
        seen: Option<Seen>,
        result: Result<Read, scripts::Error>,
    ) {
        let Some(line) = self.lines.get_mut(&event) else { return };
        line.is_reading = false;
        if let Some(Seen { fans, gone, at }) = seen {
            line.were_seen(&fans, &gone, at);
        }
        let pause = if result.is_err() { READ_PAUSE } else { Duration::ZERO };
        match result {
            Ok(Read::News(entries)) => line.follow(&entries),
            Ok(Read::Quiet(serial)) => line.check(serial),
            // Whatever was missed meanwhile, the serial numbers will tell.
            Err(error) => {
                sale::log_failure("news of a line could not be read", "read_feed", &error);
            }
        }
        if line.may_read() {
            self.read(event, own, pause);
        }
        self.tell(event);
    }

    /// Begins to read places anew, a few at a time.
    fn reread(&mut self, event: EventId) {
        let Some(line) = self.lines.get_mut(&event) else { return };
        let stale = line.stale(REREADS_MAX.saturating_sub(self.rereads));
        for number in stale {
            let Some(client) = line.clients.get_mut(&number) else { continue };
            if client.is_rereading {
                continue;
            }
            client.is_rereading = true;
            self.rereads += 1;
            let (redis, user) = (Rc::clone(&self.redis), client.user);
            self.work.push(Box::pin(reread(redis, event, number, user)));
        }
    }

    fn has_reread(
        &mut self,
        event: EventId,
        number: u64,
        result: Result<WatchedPlace, scripts::Error>,
    ) {
        self.rereads = self.rereads.saturating_sub(1);
        let Some(line) = self.lines.get_mut(&event) else { return };
        if let Some(client) = line.clients.get_mut(&number) {
            client.is_rereading = false;
        }
        match result {
            Ok(watched) => {
                line.take_over(number, &watched);
                if line.may_read() {
                    self.read(event, Own::default(), Duration::ZERO);
                }
                self.tell(event);
            }
            // It stays stale and is read at a later tick.
            Err(error) => {
                sale::log_failure("a place could not be read anew", "watch_place", &error);
            }
        }
    }

    /// Closes the connections that requests share once nobody has used them for a while.
    fn close_idle(&self) {
        if self.rereads == 0 && shared_is_idle() {
            self.redis.close_shared();
        }
    }
}

fn tell(
    work: &Work,
    event: EventId,
    number: u64,
    client: &mut Client,
    outlook: &LineOutlook,
    now: Instant,
) {
    if let Some((bytes, is_last)) = client.owed(event, outlook, now)
        && let Some(outgoing) = client.outgoing.take()
    {
        work.push(Box::pin(async move {
            let outgoing = send(outgoing, bytes, is_last).await;
            Done::Sent { event, number, outgoing }
        }));
    }
}

/// Notes which fans are there, and waits for news: both over the connection of its own, so that
/// those who wait cost Redis no other.
async fn read(
    redis: Redis,
    event: EventId,
    mut own: Own,
    fans: Vec<(u64, UserId)>,
    cursor: FeedId,
    pause: Duration,
) -> Done {
    if !pause.is_zero() {
        spin_sdk::time::sleep(pause).await;
    }
    let seen = if fans.is_empty() { None } else { see(&redis, event, &mut own, fans).await };
    let news = scripts::read_feed(&redis, &mut own, event, cursor, READ_PATIENCE).await;
    let result = match news {
        Ok(news) if news.is_empty() => {
            scripts::newest_serial(&redis, &mut own, event).await.map(Read::Quiet)
        }
        other => other.map(Read::News),
    };
    Done::Read { event, own, seen, result }
}

/// What fails is done by the next read.
async fn see(
    redis: &Redis,
    event: EventId,
    own: &mut Own,
    fans: Vec<(u64, UserId)>,
) -> Option<Seen> {
    let users: Vec<_> = fans.iter().map(|(_, user)| *user).collect();
    let at = Instant::now();
    match scripts::see_users_dedicated(redis, own, event, &users, REDIS_DEADLINE).await {
        Ok(gone) => Some(Seen { fans, gone, at }),
        // They are noted at the next read.
        Err(error) => {
            let what = "fans in the line could not be noted as seen";
            sale::log_failure(what, "see_users", &error);
            None
        }
    }
}

async fn reread(redis: Redis, event: EventId, number: u64, user: UserId) -> Done {
    let _reading = reading();
    let result = scripts::watch_place(&redis, event, user, REDIS_DEADLINE).await;
    Done::Reread { event, number, result: Box::new(result) }
}
