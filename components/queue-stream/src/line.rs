//! One event in this instance: its streams, and how far its news have been read.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::feed::{FeedEntry, FeedId, LineState, News, RecentNews};
use domain::id::UserId;
use domain::wait::LineOutlook;
use scripts::WatchedPlace;

use crate::client::Client;

/// One event.
pub(crate) struct Line {
    pub(crate) clients: BTreeMap<u64, Client>,
    /// The newest news that were read.
    pub(crate) cursor: FeedId,
    /// Its serial number.
    pub(crate) serial: i64,
    /// Whether a read is under way.
    pub(crate) is_reading: bool,
    pub(crate) outlook: LineOutlook,
    state: Option<LineState>,
    recent: RecentNews,
    /// Places are being read anew and nobody has told yet where the news go on.
    is_lost: bool,
    /// The last comparison found another serial number; news on their way explain that once.
    is_suspect: bool,
}

impl Line {
    /// A line that is followed from where its first place was read.
    pub(crate) fn of(client: &Client) -> Self {
        Self {
            clients: BTreeMap::new(),
            cursor: client.cursor(),
            serial: client.serial(),
            is_reading: false,
            outlook: client.outlook(),
            state: client.state(),
            recent: RecentNews::default(),
            is_lost: false,
            is_suspect: false,
        }
    }

    /// Whether the next read can begin.
    pub(crate) fn may_read(&self) -> bool {
        !self.is_reading && !self.is_lost && !self.clients.is_empty()
    }

    /// Adds a stream: news that came since its place was read are made up for.
    pub(crate) fn add(&mut self, number: u64, mut client: Client) {
        self.catch_up(&mut client);
        self.clients.insert(number, client);
    }

    /// Applies news to every place.
    pub(crate) fn follow(&mut self, entries: &[FeedEntry]) {
        self.is_suspect = false;
        for entry in entries {
            if entry.serial != self.serial.saturating_add(1) {
                self.mark_stale();
            }
            self.cursor = entry.id;
            self.serial = entry.serial;
            if let News::Pace(outlook) = &entry.news {
                self.outlook.outlook = *outlook;
            }
            if let News::State { state, release_per_s, .. } = entry.news {
                self.outlook.release_per_s = release_per_s;
                self.state = Some(state);
            }
            self.recent.push(entry.clone());
            self.clients.values_mut().for_each(|client| client.follow(entry));
        }
    }

    /// Compares with what Redis says is the newest serial number, after a read without news. When
    /// it is another and the next read does not bring the news that explain it, news were lost, or
    /// the event was built anew and its feed may begin at the front: no news are read then until a
    /// place tells where they go on.
    pub(crate) fn check(&mut self, serial: i64) {
        let is_other = serial != self.serial;
        if is_other && (self.is_suspect || serial < self.serial) {
            self.is_lost = true;
            self.mark_stale();
        }
        self.is_suspect = is_other;
    }

    /// Takes over a place that was read anew.
    pub(crate) fn take_over(&mut self, number: u64, watched: &WatchedPlace) {
        if self.is_lost {
            self.is_lost = false;
            self.cursor = watched.cursor;
            self.serial = watched.serial;
            self.recent.clear();
        }
        self.state = watched.state;
        self.outlook = watched.place.line_outlook();
        if let Some(mut client) = self.clients.remove(&number) {
            client.take_over(watched);
            self.add(number, client);
        }
    }

    /// The streams whose places are to be read anew, at most `limit`.
    pub(crate) fn stale(&self, limit: usize) -> Vec<u64> {
        let stale = self.clients.iter().filter(|(_, client)| client.is_stale);
        stale.map(|(number, _)| *number).take(limit).collect()
    }

    /// The fans who are to be noted as being there, at most `limit`.
    pub(crate) fn unseen(&self, limit: usize, now: Instant) -> Vec<(u64, UserId)> {
        let unseen = self.clients.iter().filter(|(_, client)| client.is_unseen(now));
        unseen.map(|(number, client)| (*number, client.user)).take(limit).collect()
    }

    /// These fans were noted as being there by a call made at `at`, but for those who are gone.
    pub(crate) fn were_seen(&mut self, fans: &[(u64, UserId)], gone: &[UserId], at: Instant) {
        for (number, user) in fans {
            if let Some(client) = self.clients.get_mut(number) {
                client.was_seen(at, gone.contains(user));
            }
        }
    }

    fn mark_stale(&mut self) {
        let waiting = self.clients.values_mut().filter(|client| client.is_waiting());
        waiting.for_each(|client| client.is_stale = true);
    }

    fn catch_up(&self, client: &mut Client) {
        let missed = self.serial.saturating_sub(client.serial());
        let kept = i64::try_from(self.recent.len()).unwrap_or(i64::MAX);
        if missed > kept {
            client.is_stale = client.is_waiting();
        } else {
            self.recent.iter().for_each(|entry| client.follow(entry));
        }
    }
}
