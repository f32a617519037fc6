//! Waiting for a place to become another one, without asking for it again and again.
//!
//! Requests of this instance that wait at the same event share its news: now and then one of them
//! fetches what is new for all. None wakes another, which the runtime under Spin's SDK does not
//! allow: each looks at what is there every quarter of a second.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::feed::{FeedId, LinePosition, News, RecentNews, Step};
use domain::id::EventId;
use domain::queue::tell_after_ms;
use guest::stores::SpinStores;
use scripts::{PlaceOutcome, WatchedPlace};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// Between two fetches of one event's news: what those who wait here cost Redis, all together.
const FETCH: Duration = Duration::from_millis(500);
/// Requests that wait in one instance at most. It takes sixteen at once, and those that do not
/// wait must find room; who finds none is answered at once and comes back when told to.
const WAITERS_MAX: usize = 12;

thread_local! {
    static NEWS: RefCell<BTreeMap<EventId, Shared>> = const { RefCell::new(BTreeMap::new()) };
}

/// What those who wait at one event share; borrowed for a moment at a time.
struct Shared {
    cursor: FeedId,
    recent: RecentNews,
    fetched_at: Instant,
    is_fetching: bool,
    waiters: usize,
}

/// Waits until the place has changed, for `limit` at most. False when it could not wait. Else the
/// place is to be read anew, also when no news came: where they are lost the place is too, and who
/// waits here must not be the last to come back to it.
pub(crate) async fn for_change(
    stores: &SpinStores,
    event: EventId,
    watched: &WatchedPlace,
    limit: Duration,
) -> bool {
    let begun = Instant::now();
    if watched.place.outcome != PlaceOutcome::Waiting {
        return false;
    }
    let Some(_waiter) = Waiter::begin(event, watched.cursor) else { return false };
    let mut follower = Follower {
        standing: LinePosition {
            order: watched.order,
            position: watched.place.position,
            cursor: watched.cursor,
        },
        serial: watched.serial,
        has_moved: false,
    };
    let place = &watched.place;
    let wait_s = place.line_outlook().wait(place.position).likely_s;
    let quiet = Duration::from_millis(tell_after_ms(wait_s));
    while begun.elapsed() + LOOK <= limit {
        spin_sdk::time::sleep(LOOK).await;
        fetch(stores, event).await;
        let has_changed = NEWS.with_borrow(|news| match news.get(&event) {
            Some(news) => follower.follow(&news.recent),
            None => true,
        });
        if has_changed || follower.has_moved && begun.elapsed() >= quiet {
            break;
        }
    }
    true
}

/// One place that follows the news.
struct Follower {
    standing: LinePosition,
    serial: i64,
    has_moved: bool,
}

impl Follower {
    /// Applies what is new; true when the place has to be read: it is another, or news are missing.
    fn follow(&mut self, recent: &RecentNews) -> bool {
        for entry in recent.iter() {
            if entry.id <= self.standing.cursor {
                continue;
            }
            if entry.serial != self.serial.saturating_add(1) {
                return true;
            }
            self.serial = entry.serial;
            // Who is let in has the place read anew, so it need not be sure.
            match self.standing.apply(entry, Duration::ZERO) {
                Step::None if matches!(entry.news, News::Message(_)) => return true,
                Step::None => {}
                Step::Moved => self.has_moved = true,
                Step::Admitted { .. } | Step::Reread | Step::Over(_) => return true,
            }
        }
        false
    }
}

/// Fetches the event's news for all who wait, when that was long ago and nobody else does.
async fn fetch(stores: &SpinStores, event: EventId) {
    let cursor = NEWS.with_borrow_mut(|news| {
        let news = news.get_mut(&event)?;
        let is_due = !news.is_fetching && news.fetched_at.elapsed() >= FETCH;
        news.is_fetching |= is_due;
        is_due.then_some(news.cursor)
    });
    let Some(cursor) = cursor else { return };
    let _fetching = Fetching { event };
    let entries = scripts::peek_feed(&stores.cluster, event, cursor, stores.redis_deadline).await;
    let entries = match entries {
        Ok(entries) => entries,
        // They are fetched next time.
        Err(error) => {
            sale::log_failure("news of a line could not be read", "peek_feed", &error);
            return;
        }
    };
    NEWS.with_borrow_mut(|news| {
        if let Some(news) = news.get_mut(&event) {
            news.cursor = entries.last().map_or(news.cursor, |entry| entry.id);
            entries.into_iter().for_each(|entry| news.recent.push(entry));
        }
    });
}

/// Says that a fetch is under way, until it is dropped.
struct Fetching {
    event: EventId,
}

impl Drop for Fetching {
    fn drop(&mut self) {
        NEWS.with_borrow_mut(|news| {
            if let Some(news) = news.get_mut(&self.event) {
                news.is_fetching = false;
                news.fetched_at = Instant::now();
            }
        });
    }
}

/// One request that waits; the news are forgotten with the last.
struct Waiter {
    event: EventId,
}

impl Waiter {
    fn begin(event: EventId, cursor: FeedId) -> Option<Self> {
        NEWS.with_borrow_mut(|all| {
            if all.values().map(|news| news.waiters).sum::<usize>() >= WAITERS_MAX {
                return None;
            }
            let news = all.entry(event).or_insert_with(|| Shared {
                cursor,
                recent: RecentNews::default(),
                fetched_at: Instant::now(),
                is_fetching: false,
                waiters: 0,
            });
            news.waiters += 1;
            Some(Self { event })
        })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        NEWS.with_borrow_mut(|all| {
            if let Some(news) = all.get_mut(&self.event) {
                news.waiters = news.waiters.saturating_sub(1);
                if news.waiters == 0 {
                    all.remove(&self.event);
                }
            }
        });
    }
}
