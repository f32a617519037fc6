//! A place in the queue, as `join_queue` and `watch_place` answer it.

use domain::time::Instant;
use domain::wait::{LineOutlook, Outlook};

use crate::Error;
use crate::call::Fields;

/// Where a user stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlaceOutcome {
    /// In the line.
    Waiting,
    /// Let in, with a live pass.
    Admitted,
    /// Let in, but the pass ran out before it was used; or away when the line passed the place.
    Expired,
    /// The line has ended: everything sold, or the event is over or called off.
    Closed,
    /// Never joined, left, or the pass was used.
    Absent,
    /// Joining only: the event has ended or is called off.
    NotOnSale,
    /// Joining only: a receipt was shown of a place that Redis does not know.
    UnknownPlace,
    /// Joining only: the organiser lets nobody else join.
    JoiningStopped,
    /// Joining only: the address has as many places as it may.
    AddressFull,
    /// Joining only: the sale is for accounts, and the user has none.
    AccountRequired,
    /// Joining only: a new place asks for a proof of work, and none that is good was shown.
    ProofRequired,
    /// The event is not open in Redis.
    EventMissing,
}

/// A pass on record. The signed token is derived from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// `<number>.<issued_ms>`, unique within the event.
    pub id: String,
    /// When the user was let in.
    pub issued_at: Instant,
    /// When the pass ends.
    pub expires_at: Instant,
}

/// A user's place and what is needed to tell how long it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePlace {
    /// Where the user stands.
    pub outcome: PlaceOutcome,
    /// Whether this call made the place.
    pub fresh: bool,
    /// The number given when joining, unique within the event; 0 without a place.
    pub number: i64,
    /// 1 for the next to be let in; 0 unless waiting, and while the place is to be drawn.
    pub position: i64,
    /// Users in the line.
    pub waiting: i64,
    /// The pass, when admitted or expired.
    pub pass: Option<Pass>,
    /// When it was read, on the clock of Redis.
    pub now: Instant,
    /// Users let in per second at most; without a queue, so many as one call lets in.
    pub release_per_s: i64,
    /// The order in the line, `draw * 2^32 + number`; 0 without a place.
    pub score: i64,
    /// When the place was made, on the clock of Redis.
    pub joined_at: Instant,
    /// What those who wait were told last of the time to come.
    pub outlook: Outlook,
    /// Whether it is time to note that the user is there, see [`see_users`](crate::see_users).
    pub unseen: bool,
    /// When this place is drawn; nothing once it is, and for who joined too late for the draw.
    pub draws_at: Option<Instant>,
    /// What those who wait are told; empty for nothing.
    pub message: String,
    /// When the sale opens; nothing once it has.
    pub opens_at: Option<Instant>,
    /// How long a pass lasts, in ms.
    pub pass_ttl_ms: i64,
    /// Whether every pass or place is out: the next fan comes in when somebody goes.
    pub is_blocked: bool,
}

/// Elements of a place in the reply of a script.
pub(crate) const PLACE_FIELDS: usize = 19;

impl QueuePlace {
    /// How long after it was read the sale opens, in ms; nothing once it has.
    pub fn opens_in_ms(&self) -> Option<i64> {
        Some(self.opens_at?.unix_ms().saturating_sub(self.now.unix_ms()))
    }

    /// What those who wait in its line are to expect.
    pub const fn line_outlook(&self) -> LineOutlook {
        let Self { outlook, release_per_s, is_blocked, pass_ttl_ms, .. } = *self;
        LineOutlook { outlook, release_per_s, is_blocked, pass_ttl_ms }
    }

    pub(crate) fn parse(reply: &Fields) -> Result<Self, Error> {
        let outcome = match reply.outcome()? {
            "waiting" => PlaceOutcome::Waiting,
            "admitted" => PlaceOutcome::Admitted,
            "expired" => PlaceOutcome::Expired,
            "closed" => PlaceOutcome::Closed,
            "absent" => PlaceOutcome::Absent,
            "not_on_sale" => PlaceOutcome::NotOnSale,
            "unknown_place" => PlaceOutcome::UnknownPlace,
            "joining_stopped" => PlaceOutcome::JoiningStopped,
            "address_full" => PlaceOutcome::AddressFull,
            "account_required" => PlaceOutcome::AccountRequired,
            "proof_required" => PlaceOutcome::ProofRequired,
            "event_missing" => PlaceOutcome::EventMissing,
            _ => return Err(reply.unexpected()),
        };
        let pass_id = reply.text(5)?;
        let pass = if pass_id.is_empty() {
            None
        } else {
            Some(Pass {
                id: pass_id.to_owned(),
                issued_at: reply.instant(6)?,
                expires_at: reply.instant(7)?,
            })
        };
        Ok(Self {
            outcome,
            fresh: reply.integer(1)? == 1,
            number: reply.integer(2)?,
            position: reply.integer(3)?,
            waiting: reply.integer(4)?,
            pass,
            now: reply.instant(8)?,
            release_per_s: reply.integer(9)?,
            score: reply.integer(10)?,
            joined_at: reply.instant(11)?,
            outlook: reply.parse(12)?,
            unseen: reply.integer(13)? == 1,
            draws_at: Some(reply.instant(14)?).filter(|at| at.unix_ms() > 0),
            message: reply.text(15)?.to_owned(),
            opens_at: Some(reply.instant(16)?).filter(|at| at.unix_ms() > 0),
            pass_ttl_ms: reply.integer(17)?,
            is_blocked: reply.integer(18)? == 1,
        })
    }
}
