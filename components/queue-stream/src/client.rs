//! One stream: what its fan was told, and what there is to tell.

use std::rc::Rc;
use std::time::{Duration, Instant};

use domain::feed::{
    EndReason, FeedEntry, FeedId, LinePosition, LineState, News, SURELY_THERE, Step,
};
use domain::id::{EventId, UserId};
use domain::queue::{Place, pass_id, tell_after_ms};
use domain::token::SigningKeys;
use domain::wait::LineOutlook;
use guest::Problem;
use guest::event_text::{EventText, MessageId};
use guest::hub::StreamLife;
use guest::stream::Outgoing;
use scripts::{Pass, PlaceOutcome, QueuePlace, WatchedPlace};

use crate::messages;

/// How often the fan of a stream is recorded as seen: a stream is as good as polling. A third of
/// the shortest time after which a place is abandoned, whatever the organiser sets meanwhile; one
/// that fails may be missed before news are not believed any more.
const SEEN_EVERY: Duration = Duration::from_secs(20);

const _: () = assert!(SEEN_EVERY.as_secs() < SURELY_THERE.as_secs());

/// How a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Final {
    /// With the pass.
    Pass,
    /// With a reason.
    End(EndReason),
}

/// One stream.
pub(crate) struct Client {
    pub(crate) user: UserId,
    /// Nothing while something is being written.
    pub(crate) outgoing: Option<Outgoing>,
    /// News are no use until the place has been read anew.
    pub(crate) is_stale: bool,
    /// That is under way.
    pub(crate) is_rereading: bool,
    keys: Rc<SigningKeys>,
    /// The place as it is told.
    place: Place,
    /// As it was read, for what a pass is signed from.
    read: QueuePlace,
    /// When that was.
    read_at: Instant,
    standing: LinePosition,
    serial: i64,
    state: Option<LineState>,
    text: EventText,
    has_moved: bool,
    /// The place was read anew since it was told: more than its position may be another.
    is_read_anew: bool,
    last: Option<Final>,
    is_over: bool,
    told_at: Option<Instant>,
    life: StreamLife,
    /// When the fan was noted as being there: by the request at first, then by the hub.
    seen_at: Instant,
    is_noted: bool,
}

impl Client {
    pub(crate) fn new(
        user: UserId,
        keys: Rc<SigningKeys>,
        place: Place,
        watched: &WatchedPlace,
        last: Option<Final>,
        resumed_from: Option<MessageId>,
    ) -> Self {
        let now = Instant::now();
        Self {
            user,
            outgoing: None,
            is_stale: false,
            is_rereading: false,
            keys,
            place,
            read: watched.place.clone(),
            read_at: now,
            standing: standing(watched),
            serial: watched.serial,
            state: watched.state,
            text: EventText::beginning(resumed_from),
            has_moved: last != Some(Final::Pass),
            is_read_anew: false,
            last,
            is_over: false,
            told_at: None,
            life: StreamLife::beginning(now),
            seen_at: now,
            is_noted: false,
        }
    }

    /// The newest news that the place takes into account.
    pub(crate) fn cursor(&self) -> FeedId {
        self.standing.cursor
    }

    /// The serial number of the newest news when the place was read.
    pub(crate) fn serial(&self) -> i64 {
        self.serial
    }

    /// The outlook of the line when the place was read.
    pub(crate) fn outlook(&self) -> LineOutlook {
        self.read.line_outlook()
    }

    /// The state of the line when the place was read.
    pub(crate) fn state(&self) -> Option<LineState> {
        self.state
    }

    /// Whether news can still change the place.
    pub(crate) fn is_waiting(&self) -> bool {
        self.last.is_none()
    }

    /// Whether it is time to note that the fan is there.
    pub(crate) fn is_unseen(&self, now: Instant) -> bool {
        let is_due = now.saturating_duration_since(self.seen_at) >= SEEN_EVERY;
        self.is_waiting() && (is_due || !self.is_noted)
    }

    /// The fan was noted as being there, by a call that was made at `at`. Who has no place in the
    /// line any more has it read anew.
    pub(crate) fn was_seen(&mut self, at: Instant, is_gone: bool) {
        self.seen_at = at;
        self.is_noted = true;
        self.is_stale |= is_gone && self.is_waiting();
    }

    /// Applies news.
    pub(crate) fn follow(&mut self, entry: &FeedEntry) {
        if self.last.is_some() || self.is_stale {
            return;
        }
        if let News::Message(text) = &entry.news
            && entry.id > self.standing.cursor
        {
            self.place.message = Some(text.clone()).filter(|text| !text.is_empty());
            self.tell_at_once();
        }
        match self.standing.apply(entry, self.seen_at.elapsed()) {
            // What is to be expected is a change as well.
            Step::None => {
                self.has_moved |= matches!(entry.news, News::Pace(_) | News::State { .. });
            }
            Step::Moved => self.has_moved = true,
            Step::Reread => self.is_stale = true,
            Step::Admitted { issued_at, expires_at } => {
                let id = pass_id(self.read.number, issued_at);
                self.read.outcome = PlaceOutcome::Admitted;
                self.read.pass = Some(Pass { id, issued_at, expires_at });
                self.last = Some(Final::Pass);
            }
            Step::Over(reason) => self.last = Some(Final::End(reason)),
        }
    }

    /// Takes the place over as it was read anew. A place that is not known any more has ended.
    pub(crate) fn take_over(&mut self, watched: &WatchedPlace) {
        self.is_stale = false;
        self.serial = watched.serial;
        self.standing = standing(watched);
        self.last = match watched.place.outcome {
            PlaceOutcome::Waiting => None,
            PlaceOutcome::Admitted => Some(Final::Pass),
            PlaceOutcome::Expired => Some(Final::End(EndReason::Expired)),
            PlaceOutcome::Closed => {
                let reason = watched.state.and_then(|state| state.end());
                Some(Final::End(reason.unwrap_or(EndReason::Ended)))
            }
            PlaceOutcome::Absent
            | PlaceOutcome::NotOnSale
            | PlaceOutcome::UnknownPlace
            | PlaceOutcome::JoiningStopped
            | PlaceOutcome::AddressFull
            | PlaceOutcome::AccountRequired
            | PlaceOutcome::ProofRequired
            | PlaceOutcome::EventMissing => Some(Final::End(EndReason::Left)),
        };
        self.read = watched.place.clone();
        self.read_at = Instant::now();
        self.has_moved = true;
        self.is_read_anew = true;
        if self.place.draw.is_some() && watched.place.draws_at.is_none() {
            self.tell_at_once();
        }
    }

    /// What has changed is not kept for the next position.
    fn tell_at_once(&mut self) {
        self.has_moved = true;
        self.told_at = None;
    }

    /// What there is to write now, and whether it is the last.
    pub(crate) fn owed(
        &mut self,
        event: EventId,
        outlook: &LineOutlook,
        now: Instant,
    ) -> Option<(Vec<u8>, bool)> {
        if self.is_over || self.outgoing.is_none() {
            return None;
        }
        // What cannot be written as JSON or signed ends the stream; the client comes back.
        if self.tell(event, outlook, now).is_err() {
            messages::pause(&mut self.text, event, self.standing.cursor);
            self.is_over = true;
        }
        self.text.take().map(|bytes| (bytes, self.is_over))
    }

    fn tell(&mut self, event: EventId, outlook: &LineOutlook, now: Instant) -> Result<(), Problem> {
        let cursor = self.standing.cursor;
        if self.life.beats(now) {
            self.text.beat();
        }
        if self.has_moved && self.is_due(outlook, now) {
            self.has_moved = false;
            // What is the same as told before is not told again.
            if self.update(event, outlook)? || self.told_at.is_none() {
                messages::place(&mut self.text, "place", &self.place, cursor)?;
                self.told_at = Some(now);
            }
        }
        match self.last {
            None if !self.life.is_over(now) => {}
            None => {
                messages::pause(&mut self.text, event, cursor);
                self.text.retry(self.life.retry_ms());
                self.is_over = true;
            }
            Some(Final::Pass) => {
                let pass = describe(&self.keys, event, self.user, &self.read)?;
                messages::place(&mut self.text, "pass", &pass, cursor)?;
                let number = self.read.number;
                messages::end(&mut self.text, event, EndReason::Admitted, cursor, number);
                self.is_over = true;
            }
            Some(Final::End(reason)) => {
                messages::end(&mut self.text, event, reason, cursor, self.read.number);
                self.is_over = true;
            }
        }
        Ok(())
    }

    /// Whether it is time for the next position.
    fn is_due(&self, outlook: &LineOutlook, now: Instant) -> bool {
        let (Some(told_at), None) = (self.told_at, self.last) else {
            // A first place at once; the last thing to be said is said below, without a place.
            return self.told_at.is_none();
        };
        let wait_s = outlook.wait(self.place.position.unwrap_or(0)).likely_s;
        now.saturating_duration_since(told_at) >= Duration::from_millis(tell_after_ms(wait_s))
    }

    /// How long until the sale opens, by the clock that the place was read with.
    fn opens_in_ms(&self) -> i64 {
        let since_ms = i64::try_from(self.read_at.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.read.opens_in_ms().map_or(0, |left_ms| left_ms.saturating_sub(since_ms))
    }

    /// Brings the place up to date; whether there is anything else to tell.
    fn update(&mut self, event: EventId, outlook: &LineOutlook) -> Result<bool, Problem> {
        let before = self.place.clone();
        if self.is_read_anew && self.last.is_none() {
            self.place = describe(&self.keys, event, self.user, &self.read)?;
            // Another ticket is nothing to tell.
            self.place.stream_url.clone_from(&before.stream_url);
        }
        self.is_read_anew = false;
        if self.place.position.is_some() {
            let opens_in_ms = self.opens_in_ms();
            self.place.stand_at(self.standing.position, outlook, opens_in_ms);
        }
        Ok(self.place != before)
    }
}

/// The place as streams tell it: without the receipt. It proves who somebody is, and the ticket
/// that opens a stream is part of an address, which others may come to see.
pub(crate) fn describe(
    keys: &SigningKeys,
    event: EventId,
    user: UserId,
    place: &QueuePlace,
) -> Result<Place, Problem> {
    Ok(Place { receipt: None, ..service::place::describe(keys, event, user, place)? })
}

fn standing(watched: &WatchedPlace) -> LinePosition {
    LinePosition { order: watched.order, position: watched.place.position, cursor: watched.cursor }
}
