//! What the streams of an instance share, whatever they tell.
//!
//! A component of streams has one task that drives all streams of its instance. Requests leave
//! their streams in a [`Hub`]; the first one also spawns the task, which then lives until no stream
//! is left, longer than the request it came with. The task finds new streams at its next tick;
//! nothing wakes it from outside. Everything else (news, writes, timers) it awaits itself.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use http::HeaderName;
use uuid::Uuid;

use crate::clock::within;
use crate::stream::Outgoing;

/// Between two looks for new streams and at the clock: how late a first message may be.
pub const TICK: Duration = Duration::from_millis(100);
/// How long one read waits for news. Shorter than a proxy's patience with a silent connection, long
/// enough that a quiet event costs next to nothing.
pub const READ_PATIENCE: Duration = Duration::from_millis(5_000);
/// The pause after a read that failed: a failover takes seconds.
pub const READ_PAUSE: Duration = Duration::from_millis(500);
/// What is read anew at once, of all streams.
pub const REREADS_MAX: usize = 16;
/// A write that the client does not take in this time is its last: it is gone, or as good as.
const SEND_LIMIT: Duration = Duration::from_secs(20);
/// How long the connections that requests share are kept without a request. What remains of a
/// stadium that waits is one connection per instance.
const SHARED_IDLE: Duration = Duration::from_secs(2);

/// How long a stream lives. A deploy, a full instance or a broken path then heals by itself; a
/// client that is told to come back does so within seconds.
const STREAM_LIFE: Duration = Duration::from_secs(600);
/// Streams that began together do not end together: up to so much longer, by chance.
const STREAM_LIFE_SPREAD_MS: u64 = 60_000;
/// Between two comment lines. The contract says 15 s; the rest is for a busy machine. A client that
/// left is noticed at the first or, when the host had room for one more, at the second one.
const BEAT: Duration = Duration::from_secs(12);
/// How soon clients come back whose stream has lived long enough: spread, or all of them come at
/// once after a restart.
const RETRY_MIN_MS: u64 = 500;
const RETRY_SPREAD_MS: u64 = 2_500;

/// Which instance tells a stream: for operators, and to count how many tell all of them.
pub const INSTANCE: HeaderName = HeaderName::from_static("boxoffice-instance");

thread_local! {
    static NAME: String = Uuid::new_v4().simple().to_string();
    static SHARED: RefCell<Shared> = const { RefCell::new(Shared { readings: 0, used_at: None }) };
}

/// The name of this instance, made up when it begins.
pub fn instance() -> String {
    NAME.with(Clone::clone)
}

/// Who uses the connections that the requests of this instance share.
struct Shared {
    /// Requests and reads that do.
    readings: usize,
    /// When one last did.
    used_at: Option<Instant>,
}

/// Says that the shared connections are in use, until it is dropped.
pub struct Reading;

/// The caller reads from Redis.
pub fn reading() -> Reading {
    SHARED.with_borrow_mut(|shared| shared.readings = shared.readings.saturating_add(1));
    Reading
}

impl Drop for Reading {
    fn drop(&mut self) {
        SHARED.with_borrow_mut(|shared| {
            shared.readings = shared.readings.saturating_sub(1);
            shared.used_at = Some(Instant::now());
        });
    }
}

/// Whether nobody has used the shared connections for a while. Says so once: they are to be closed
/// then.
pub fn shared_is_idle() -> bool {
    SHARED.with_borrow_mut(|shared| {
        let used_lately = shared.used_at.is_none_or(|used_at| used_at.elapsed() < SHARED_IDLE);
        let is_idle = shared.readings == 0 && !used_lately;
        if is_idle {
            shared.used_at = None;
        }
        is_idle
    })
}

/// What requests and the driving task share; borrowed for a moment at a time.
pub struct Hub<A> {
    arrivals: Vec<A>,
    is_driven: bool,
}

impl<A> Default for Hub<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> Hub<A> {
    /// A hub without streams.
    pub const fn new() -> Self {
        Self { arrivals: Vec::new(), is_driven: false }
    }

    /// Leaves a stream. Returns whether nobody drives: the caller then spawns the task.
    pub fn arrive(&mut self, arrival: A) -> bool {
        self.arrivals.push(arrival);
        !std::mem::replace(&mut self.is_driven, true)
    }

    /// The streams that were left since the last look.
    pub fn take(&mut self) -> Vec<A> {
        std::mem::take(&mut self.arrivals)
    }

    /// The driving task has nothing to do; returns whether it must go on, for a stream that has
    /// just arrived. Otherwise it ends, and the next arrival spawns another one.
    pub fn goes_on(&mut self) -> bool {
        self.is_driven = !self.arrivals.is_empty();
        self.is_driven
    }
}

/// The times of one stream.
pub struct StreamLife {
    beats_at: Instant,
    ends_at: Instant,
    retry_ms: u64,
}

impl StreamLife {
    /// A stream that begins now.
    pub fn beginning(now: Instant) -> Self {
        let random = Uuid::new_v4().as_u64_pair().1;
        let spread = Duration::from_millis(random % STREAM_LIFE_SPREAD_MS);
        Self {
            beats_at: now + BEAT,
            ends_at: now + STREAM_LIFE + spread,
            retry_ms: RETRY_MIN_MS + (random >> 32) % RETRY_SPREAD_MS,
        }
    }

    /// Whether it is time for a comment line; the next one is due a while after it.
    pub fn beats(&mut self, now: Instant) -> bool {
        let is_due = now >= self.beats_at;
        if is_due {
            self.beats_at = now + BEAT;
        }
        is_due
    }

    /// Whether it has lived long enough.
    pub fn is_over(&self, now: Instant) -> bool {
        now >= self.ends_at
    }

    /// How soon its client is to come back then, in ms.
    pub const fn retry_ms(&self) -> u64 {
        self.retry_ms
    }
}

/// Writes to a client, and ends the body after what is the last; the end to write to comes back
/// unless the stream is over.
pub async fn send(mut outgoing: Outgoing, bytes: Vec<u8>, is_last: bool) -> Option<Outgoing> {
    let is_sent = within(SEND_LIMIT, outgoing.send(bytes)).await == Some(Ok(()));
    if is_sent && !is_last {
        return Some(outgoing);
    }
    outgoing.finish().await;
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_drives_until_nobody_is_left() {
        let mut hub = Hub::new();
        assert!(hub.arrive(1), "the first one begins it");
        assert!(!hub.arrive(2));
        assert_eq!(hub.take(), [1, 2]);
        assert!(!hub.arrive(3));
        assert!(hub.goes_on(), "somebody has just come");
        assert_eq!(hub.take(), [3]);
        assert!(!hub.goes_on());
        assert!(hub.arrive(4), "another task");
    }

    #[test]
    fn shared_connections_are_idle_only_when_nobody_reads() {
        assert!(!shared_is_idle(), "never used");
        let reading = reading();
        drop(reading);
        assert!(!shared_is_idle(), "used a moment ago");
    }
}
