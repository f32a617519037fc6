//! News for those who wait, and what they make of a place.
//!
//! Nobody who waits asks Redis again and again: the scripts that change a line append one line of
//! news to the event's feed, each instance reads the feed once, and every place is arithmetic on
//! it. A place is read once, together with the newest news at that moment; what comes after is
//! applied in order. News are numbered without gaps: whoever misses one reads the place anew.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::time::Instant;
use crate::wait::Outlook;

/// Names one entry of the feed; grows from entry to entry. Its text is `<ms>-<sequence>`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedId {
    ms: u64,
    sequence: u64,
}

/// A text names no entry of a feed, or no state of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {0}")]
pub struct InvalidNews(&'static str);

impl fmt::Display for FeedId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.ms, self.sequence)
    }
}

impl FromStr for FeedId {
    type Err = InvalidNews;

    fn from_str(text: &str) -> Result<Self, InvalidNews> {
        let invalid = InvalidNews("feed id");
        let (ms, sequence) = text.split_once('-').ok_or(invalid)?;
        let number = |digits: &str| digits.parse().map_err(|_| invalid);
        Ok(Self { ms: number(ms)?, sequence: number(sequence)? })
    }
}

/// What the line of an event is doing, as `line_state.lua` words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineState {
    /// The sale opens later; the order is still open.
    Scheduled,
    /// Fans are let in as places get free.
    Open,
    /// Interrupted: nobody is let in.
    Paused,
    /// Over: every place is sold.
    SoldOut,
    /// Over: the event is.
    Ended,
    /// Over: called off.
    Cancelled,
}

impl LineState {
    /// Why the line is over; nothing while it is not.
    pub const fn end(self) -> Option<EndReason> {
        match self {
            Self::SoldOut => Some(EndReason::SoldOut),
            Self::Ended => Some(EndReason::Ended),
            Self::Cancelled => Some(EndReason::Cancelled),
            Self::Scheduled | Self::Open | Self::Paused => None,
        }
    }
}

impl FromStr for LineState {
    type Err = InvalidNews;

    fn from_str(text: &str) -> Result<Self, InvalidNews> {
        match text {
            "scheduled" => Ok(Self::Scheduled),
            "open" => Ok(Self::Open),
            "paused" => Ok(Self::Paused),
            "sold_out" => Ok(Self::SoldOut),
            "ended" => Ok(Self::Ended),
            "cancelled" => Ok(Self::Cancelled),
            _ => Err(InvalidNews("state of a line")),
        }
    }
}

/// Why nothing more is told of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// The fan was let in and has the pass.
    Admitted,
    /// The pass ran out unused, or the turn came while the fan was away.
    Expired,
    /// The fan left the line, or the place is not known any more.
    Left,
    /// Every place is sold.
    SoldOut,
    /// The event is over.
    Ended,
    /// The event is called off.
    Cancelled,
    /// The stream has lived long enough: connect again.
    Deadline,
}

impl EndReason {
    /// The word that clients read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Expired => "expired",
            Self::Left => "left",
            Self::SoldOut => "sold_out",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
            Self::Deadline => "deadline",
        }
    }
}

/// What has happened to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The first `count` fans were let in, up to and with the one at `last` in the order.
    Admitted {
        /// How many.
        count: i64,
        /// The order of the last of them.
        last: u64,
        /// When their passes were issued.
        issued_at: Instant,
        /// When their passes end.
        expires_at: Instant,
    },
    /// The fan at `order` has left, or has got the pass without waiting for those in front.
    Left {
        /// Where the fan stood in the order.
        order: u64,
    },
    /// The line does something else, or at another pace.
    State {
        /// What it does.
        state: LineState,
        /// Passes that may be out at once.
        max_active: i64,
        /// Fans let in per second at most.
        release_per_s: i64,
    },
    /// What is to be expected is noticeably another.
    Pace(Outlook),
    /// Every place may be another: the order was drawn, or the draw is at another time.
    Anew,
    /// What the organiser tells those who wait; empty for nothing any more.
    Message(String),
    /// Something that this version does not know and that changes no place.
    Other,
}

/// One entry of the feed.
///
/// # Format
///
/// `<serial> admitted <count> <last> <issued_ms> <expires_ms>`, `<serial> left <order>`,
/// `<serial> state <state> <max_active> <release_per_s>`, `<serial> pace <outlook>` (see
/// [`Outlook`]), `<serial> anew` or `<serial> message <text>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEntry {
    /// Its name in the stream.
    pub id: FeedId,
    /// One more than that of the entry before.
    pub serial: i64,
    /// What has happened.
    pub news: News,
}

impl FeedEntry {
    /// Reads an entry; nothing when it is damaged.
    pub fn parse(id: FeedId, text: &str) -> Option<Self> {
        let (serial, text) = text.split_once(' ')?;
        let serial = serial.parse().ok()?;
        let mut words = text.split(' ');
        let news = match words.next()? {
            "admitted" => News::Admitted {
                count: words.next()?.parse().ok()?,
                last: words.next()?.parse().ok()?,
                issued_at: Instant::from_unix_ms(words.next()?.parse().ok()?),
                expires_at: Instant::from_unix_ms(words.next()?.parse().ok()?),
            },
            "left" => News::Left { order: words.next()?.parse().ok()? },
            "state" => News::State {
                state: words.next()?.parse().ok()?,
                max_active: words.next()?.parse().ok()?,
                release_per_s: words.next()?.parse().ok()?,
            },
            "pace" => News::Pace(text.strip_prefix("pace ")?.parse().ok()?),
            "anew" => News::Anew,
            "message" => News::Message(text.strip_prefix("message ")?.to_owned()),
            _ => News::Other,
        };
        Some(Self { id, serial, news })
    }
}

/// Within this time of being seen, a fan cannot have been swept from the line, and news that let
/// the fan in are true. Later the place may have been abandoned and passed: the line is let in up
/// to somebody behind, and the news look the same. A place is abandoned after
/// [`ABANDON_AFTER_MIN_S`](crate::event::ABANDON_AFTER_MIN_S) at the soonest, and what was noted
/// before a place was read may be a quarter of that old.
pub const SURELY_THERE: Duration = Duration::from_secs(40);

/// News that are kept for places that were read a moment ago: what a busy line brings in some
/// seconds.
const RECENT_MAX: usize = 256;

/// The newest news of a line, in their order; older ones are forgotten.
#[derive(Debug, Default)]
pub struct RecentNews(VecDeque<FeedEntry>);

impl RecentNews {
    /// Adds what came last.
    pub fn push(&mut self, entry: FeedEntry) {
        if self.0.len() == RECENT_MAX {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    /// What is kept, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &FeedEntry> {
        self.0.iter()
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets everything: the feed begins anew.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// A waiting fan's place, kept up to date by news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinePosition {
    /// Where the fan stands in the order; smaller is earlier.
    pub order: u64,
    /// 1 for the next to be let in; 0 before the draw.
    pub position: i64,
    /// The newest news that the place already takes into account.
    pub cursor: FeedId,
}

/// What news mean for one fan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    None,
    /// The position is another.
    Moved,
    /// The place has to be read anew.
    Reread,
    /// The fan was let in.
    Admitted {
        /// When the pass was issued.
        issued_at: Instant,
        /// When it ends.
        expires_at: Instant,
    },
    /// There is nothing more to tell.
    Over(EndReason),
}

impl LinePosition {
    /// Applies the news of `entry`; those that the place takes into account already change nothing.
    /// `silent_for` is how long ago the fan was noted as being there.
    pub fn apply(&mut self, entry: &FeedEntry, silent_for: Duration) -> Step {
        if entry.id <= self.cursor {
            return Step::None;
        }
        self.cursor = entry.id;
        match entry.news {
            // mutant: a-stream-believes-old-news
            News::Admitted { last, .. } if self.order <= last && silent_for > SURELY_THERE => {
                Step::Reread
            }
            News::Admitted { last, issued_at, expires_at, .. } if self.order <= last => {
                Step::Admitted { issued_at, expires_at }
            }
            News::Admitted { count, .. } => self.move_up(count),
            // Given up, or given for a pass where there is no queue any more.
            News::Left { order } if order == self.order => Step::Reread,
            News::Left { order } if order < self.order => self.move_up(1),
            News::State { state, .. } => state.end().map_or(Step::None, Step::Over),
            News::Anew => Step::Reread,
            News::Left { .. } | News::Pace(_) | News::Message(_) | News::Other => Step::None,
        }
    }

    /// Nobody is let in from behind, so a position is never below 1.
    fn move_up(&mut self, by: i64) -> Step {
        if self.position == 0 {
            return Step::None;
        }
        let position = self.position.saturating_sub(by.max(0)).max(1);
        let has_moved = position != self.position;
        self.position = position;
        if has_moved { Step::Moved } else { Step::None }
    }
}

#[cfg(test)]
mod tests;
