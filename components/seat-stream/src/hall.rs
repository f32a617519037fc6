//! One event in this instance: its streams, the maps that they look at, and how far its news have
//! been read.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use domain::feed::FeedId;
use domain::seat_news::{FollowedMap, MapStep, NewsPosition, NewsRead, SeatEntry};
use domain::section::{SectionKind, SectionName};
use scripts::{SeatWatch, WatchSeatsOutcome, WatchedSeats};

use crate::client::{Client, Final};

/// A map is read anew after this time, whatever the news say: what another release of the scripts
/// has changed meanwhile, or a failover has lost, is told then. A map of 100 KB a minute for each
/// section is little beside one stream.
const REREAD_EVERY: Duration = Duration::from_secs(60);
/// The pause after a map could not be read.
const REREAD_PAUSE: Duration = Duration::from_millis(500);

/// One event.
pub(crate) struct Hall {
    pub(crate) clients: BTreeMap<u64, Client>,
    /// Whether a read is under way.
    pub(crate) is_reading: bool,
    position: NewsPosition,
    sections: BTreeMap<SectionName, Followed>,
}

/// A section that somebody looks at.
struct Followed {
    map: FollowedMap,
    /// When it is to be read anew.
    reread_at: Instant,
    /// That is under way.
    is_rereading: bool,
}

impl Hall {
    /// An event that is followed from where its first map was read.
    pub(crate) fn of(seats: &WatchedSeats) -> Self {
        Self {
            clients: BTreeMap::new(),
            is_reading: false,
            position: NewsPosition { cursor: seats.version, serial: seats.serial },
            sections: BTreeMap::new(),
        }
    }

    /// The newest news that were read.
    pub(crate) const fn cursor(&self) -> FeedId {
        self.position.cursor
    }

    /// Whether the next read can begin.
    pub(crate) fn may_read(&self) -> bool {
        !self.is_reading && self.clients.values().any(Client::is_following)
    }

    /// Adds a stream whose map was read as `seats` a moment ago.
    pub(crate) fn add(&mut self, number: u64, mut client: Client, seats: WatchedSeats) {
        let now = Instant::now();
        let WatchedSeats { section, map, version, .. } = seats;
        let SectionKind::Seated { rows, seats_per_row } = section.kind else { return };
        let followed = match self.sections.entry(section.name.clone()) {
            Entry::Occupied(entry) => {
                let followed = entry.into_mut();
                followed.map.take_over(rows, seats_per_row, map, version);
                followed
            }
            Entry::Vacant(entry) => entry.insert(Followed {
                map: FollowedMap::new(section.name, rows, seats_per_row, map, version),
                // News that were read since are not applied to it.
                reread_at: if version < self.position.cursor { now } else { now + REREAD_EVERY },
                is_rereading: false,
            }),
        };
        let later = followed.map.changed_after(version);
        client.follow(&followed.map, later);
        self.clients.insert(number, client);
    }

    /// Forgets the sections that nobody looks at any more.
    pub(crate) fn forget_unseen(&mut self) {
        let seen: BTreeSet<_> = self.clients.values().map(|client| &client.section).collect();
        self.sections.retain(|name, _| seen.contains(name));
    }

    /// Applies what a read has brought: where the news stood before it, and those that came since
    /// the last one.
    pub(crate) fn follow(&mut self, watch: SeatWatch, entries: &[SeatEntry], now: Instant) {
        if let Some(reason) = watch.end {
            self.end(Final::Over(reason));
        }
        let newest = NewsPosition { cursor: watch.version, serial: watch.serial };
        match self.position.advance(newest, entries) {
            NewsRead::InOrder => {}
            NewsRead::Gap => self.mark_stale(now),
            NewsRead::Lost => return self.mark_stale(now),
        }
        for entry in entries {
            for followed in self.sections.values_mut() {
                if followed.map.apply(entry) == MapStep::Reread {
                    followed.reread_at = now;
                }
            }
        }
    }

    /// All maps are to be read anew.
    pub(crate) fn mark_stale(&mut self, now: Instant) {
        self.sections.values_mut().for_each(|followed| followed.reread_at = now);
    }

    /// Every stream ends.
    pub(crate) fn end(&mut self, last: Final) {
        self.clients.values_mut().for_each(|client| client.end(last));
    }

    /// The sections whose maps are to be read anew, at most `limit`; their reads are under way.
    pub(crate) fn begin_rereads(&mut self, limit: usize, now: Instant) -> Vec<SectionName> {
        let followed = self.clients.values().filter(|client| client.is_following());
        let wanted: BTreeSet<_> = followed.map(|client| &client.section).collect();
        let due = self.sections.iter_mut().filter(|(name, followed)| {
            !followed.is_rereading && followed.reread_at <= now && wanted.contains(name)
        });
        due.take(limit)
            .map(|(name, followed)| {
                followed.is_rereading = true;
                // What makes it stale from now on asks for another read.
                followed.reread_at = now + REREAD_EVERY;
                name.clone()
            })
            .collect()
    }

    /// Takes a map over that was read anew; nothing when it could not be read.
    pub(crate) fn take_over(
        &mut self,
        name: &SectionName,
        outcome: Option<WatchSeatsOutcome>,
        now: Instant,
    ) {
        let Some(followed) = self.sections.get_mut(name) else { return };
        followed.is_rereading = false;
        match outcome {
            Some(WatchSeatsOutcome::Watched(seats)) => {
                let WatchedSeats { section, map, version, .. } = *seats;
                if let SectionKind::Seated { rows, seats_per_row } = section.kind {
                    followed.map.take_over(rows, seats_per_row, map, version);
                }
            }
            None | Some(WatchSeatsOutcome::MapMissing) => followed.reread_at = now + REREAD_PAUSE,
            // Whoever comes back is answered by both stores.
            Some(
                WatchSeatsOutcome::UnknownSection
                | WatchSeatsOutcome::NotSeated
                | WatchSeatsOutcome::EventMissing,
            ) => self.end(Final::Pause),
        }
    }

    /// The streams, each with the map that it follows.
    pub(crate) fn streams(&mut self) -> impl Iterator<Item = (u64, &mut Client, &FollowedMap)> {
        let sections = &self.sections;
        self.clients.iter_mut().filter_map(move |(number, client)| {
            let map = &sections.get(&client.section)?.map;
            Some((*number, client, map))
        })
    }
}
