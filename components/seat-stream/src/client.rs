//! One stream: what its client was told, and what there is to tell.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use domain::feed::EndReason;
use domain::id::EventId;
use domain::seat_news::{FollowedMap, Offsets, told_seats};
use domain::section::SectionName;
use guest::event_text::{EventText, MessageId};
use guest::hub::StreamLife;
use guest::stream::Outgoing;
use scripts::WatchedSeats;

use crate::messages;

/// Between two writes to a client: in a rush seats change more often than anybody can see, and
/// each write costs everybody who looks. Far below the second within which a change is told.
const WRITE_INTERVAL: Duration = Duration::from_millis(200);

/// What clients of one section that have been told the same are told alike, made once: by the
/// section and the steps that they were told, which is nothing for the map.
pub(crate) type Told = BTreeMap<(SectionName, Option<u64>), Rc<str>>;

/// What a stream begins with.
enum Beginning {
    /// The whole map.
    Map,
    /// Seats that have changed since the client knew the map, and how they stand now.
    Seats(Offsets),
    /// It has begun.
    Begun,
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Final {
    /// There is nothing more to tell.
    Over(EndReason),
    /// Its client has to come back: nothing can be told here for now.
    Pause,
}

/// One stream.
pub(crate) struct Client {
    /// What it looks at.
    pub(crate) section: SectionName,
    /// Nothing while something is being written.
    pub(crate) outgoing: Option<Outgoing>,
    /// The seats that changed since the client knew the map, until the stream has begun.
    missed: Option<Vec<(u32, u32)>>,
    beginning: Beginning,
    /// The steps of the map that were told.
    steps: u64,
    text: EventText,
    last: Option<Final>,
    is_over: bool,
    written_at: Option<Instant>,
    life: StreamLife,
}

impl Client {
    /// A stream that begins with `seats`.
    pub(crate) fn new(seats: &WatchedSeats, resumed_from: Option<MessageId>) -> Self {
        let section = seats.section.name.clone();
        let missed = seats.missed.as_ref().and_then(|missed| told_seats(&section, missed));
        Self {
            section,
            outgoing: None,
            missed,
            beginning: Beginning::Map,
            steps: 0,
            text: EventText::beginning(resumed_from),
            last: seats.end.map(Final::Over),
            is_over: false,
            written_at: None,
            life: StreamLife::beginning(Instant::now()),
        }
    }

    /// Follows `map` from here on. `later` are the places that have changed since the map of this
    /// stream was read, if that is known.
    pub(crate) fn follow(&mut self, map: &FollowedMap, later: Option<Offsets>) {
        self.steps = map.steps();
        let missed = self.missed.take().and_then(|missed| map.offsets_of(&missed));
        if let (Some(mut missed), Some(later)) = (missed, later) {
            missed.extend(later);
            self.beginning = Beginning::Seats(missed);
        }
    }

    /// Whether changes are still to be told.
    pub(crate) fn is_following(&self) -> bool {
        self.last.is_none()
    }

    /// The stream ends, unless it does already.
    pub(crate) fn end(&mut self, last: Final) {
        self.last.get_or_insert(last);
    }

    /// What there is to write now, and whether it is the last.
    pub(crate) fn owed(
        &mut self,
        event: EventId,
        map: &FollowedMap,
        told: &mut Told,
        now: Instant,
    ) -> Option<(Vec<u8>, bool)> {
        let is_early =
            self.written_at.is_some_and(|at| now.saturating_duration_since(at) < WRITE_INTERVAL);
        if self.is_over || self.outgoing.is_none() || is_early {
            return None;
        }
        self.tell(map, told);
        let cursor = map.version();
        if self.life.beats(now) {
            self.text.beat();
        }
        match self.last {
            Some(Final::Over(reason)) => {
                messages::end(&mut self.text, event, reason, cursor);
                self.is_over = true;
            }
            None if !self.life.is_over(now) => {}
            Some(Final::Pause) | None => {
                messages::pause(&mut self.text, event, cursor);
                self.text.retry(self.life.retry_ms());
                self.is_over = true;
            }
        }
        let bytes = self.text.take()?;
        self.written_at = Some(now);
        Some((bytes, self.is_over))
    }

    /// Tells the seats that have changed since the last time, or the map where that is not known.
    fn tell(&mut self, map: &FollowedMap, told: &mut Told) {
        let steps = self.steps;
        let changed = map.changed_since(steps);
        self.steps = map.steps();
        let beginning = std::mem::replace(&mut self.beginning, Beginning::Begun);
        match (beginning, changed) {
            (Beginning::Begun, Some(changed)) if changed.is_empty() => {}
            (Beginning::Begun, Some(changed)) => {
                let key = (self.section.clone(), Some(steps));
                let data = told.entry(key);
                let data = data.or_insert_with(|| messages::seats_data(map, &changed).into());
                self.text.event("seats", data, map.version(), None);
            }
            (Beginning::Seats(mut missed), Some(changed)) => {
                missed.extend(changed);
                let data = messages::seats_data(map, &missed);
                self.text.event("seats", &data, map.version(), None);
            }
            (Beginning::Map, _) | (_, None) => {
                let data = told.entry((self.section.clone(), None));
                let data = data.or_insert_with(|| messages::map_data(map).into());
                self.text.event("map", data, map.version(), None);
            }
        }
    }
}
