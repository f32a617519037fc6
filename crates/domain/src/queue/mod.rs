//! Places in the queue: what a waiting fan is told.

use serde::{Deserialize, Serialize};

use crate::draw::Draw;
use crate::id::{EventId, UserId};
use crate::time::Instant;
use crate::wait::LineOutlook;

pub mod draw;
pub mod feed;
pub mod proof;
pub mod wait;

/// Whoever joins after the opening has this as draw, more than any place that is drawn, so the
/// number alone decides among them. It is the most that a double leaves room for: a place is stored
/// as `draw * 2^32 + number`. So at most 2^21 - 2 numbers can be drawn for; whoever joins early
/// with a higher one is behind them.
pub const DRAW_AFTER_OPENING: u32 = (1 << 21) - 1;

/// What a draw weighs beside a number.
const DRAW_WEIGHT: i64 = 1 << 32;

/// The number of a place that is still to be drawn: its order is the number alone.
pub fn undrawn_number(order: i64) -> Option<u32> {
    u32::try_from(order).ok()
}

/// The order in the line of a place that was made before the opening, once it is drawn.
pub fn drawn_order(draw: &Draw, number: u32) -> i64 {
    // A number that the count does not cover was lost when the count was decided: behind the drawn.
    let place = draw.place(number).unwrap_or(DRAW_AFTER_OPENING);
    i64::from(place) * DRAW_WEIGHT + i64::from(number)
}

/// The longest silence of a client that follows `poll_after_ms`: between two polls, while one poll
/// waits for a change, until a page refreshes itself. An admitted fan learns of it while most of
/// the pass's five minutes are left.
pub const SILENCE_MAX_MS: u64 = 20_000;
/// How late such a client may come: a request takes 5 s at most.
pub const LATENESS_MAX_MS: u64 = 5_000;
/// The grace after a line was lost and rebuilt, during which nobody is admitted. By its end every
/// client that follows `poll_after_ms` is back at its old place: coming back sooner wins nothing.
/// Where the sale opens meanwhile, the grace begins at the opening: some clients are asked to
/// return that much later than the opening.
// mutant: a-grace-without-those-who-poll
pub const RETURN_GRACE_MS: u64 = SILENCE_MAX_MS + POLL_AFTER_MIN_MS + LATENESS_MAX_MS;

/// The shortest interval between two polls, for those who are next.
const POLL_AFTER_MIN_MS: u64 = 1_000;
/// Polls within the life of a pass where nobody knows when it comes.
const LOOKS_PER_PASS: u64 = 2;
/// Polls per fan over the whole wait: the interval is this share of the time still to wait.
const POLLS_PER_WAIT: u64 = 10;

/// Those who wait for the opening ask one after the other, so many a second together…
const OPENING_POLLS_PER_S: i64 = 500;
/// …but within this time, over which they are spread evenly when they are more: as long as the
/// longest interval, so whoever is drawn to the front learns of it in time.
const OPENING_WINDOW_MAX_MS: i64 = SILENCE_MAX_MS as i64;

/// A stream tells every step to those who wait no longer than this, in seconds.
const TELL_ALWAYS_MAX_S: i64 = 15;
/// Steps of a longer wait that a stream tells.
const TELLINGS_PER_WAIT: u64 = 30;
/// The longest silence of a stream between two positions.
const TELL_AFTER_MAX_MS: u64 = 15_000;

/// Where a fan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaceStatus {
    /// In the line.
    Waiting,
    /// Let in: a pass is ready.
    Admitted,
    /// The pass ran out before it was used, or the turn came while the fan was away.
    Expired,
    /// The line has ended: sold out, ended or cancelled.
    Closed,
}

/// A draw that is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComingDraw {
    /// When the order of the line is drawn: the sale opens.
    pub draws_at: Instant,
    /// How many take part so far.
    pub joined: i64,
}

/// A place in the queue as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The event.
    pub event_id: EventId,
    /// The fan.
    pub user_id: UserId,
    /// Where the fan stands.
    pub status: PlaceStatus,
    /// The number given when joining: unique within the event, never reused.
    pub number: i64,
    /// 1 for the next to be let in; only while waiting, and not before the draw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// How many are before this fan; as the position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead: Option<i64>,
    /// Seconds until this fan is let in, at the pace of the last minutes, or at the configured one
    /// before there was any; as the position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_wait_s: Option<i64>,
    /// The quick and the slow end of that, when they are far apart; the slow one is `null` when
    /// the line stood still or is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_wait_range_s: Option<(i64, Option<i64>)>,
    /// The chance that a place is left, in per cent; only while waiting, and not when it is
    /// certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance_percent: Option<u8>,
    /// The draw that decides the position; while waiting for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw: Option<ComingDraw>,
    /// What the organiser tells those who wait; only while waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When to ask again.
    pub poll_after_ms: u64,
    /// Signed proof of the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// Where the same answer is streamed, while waiting; else `null`. Good for some minutes: each
    /// answer brings a new one.
    pub stream_url: Option<String>,
    /// The pass, when admitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_pass: Option<String>,
    /// When the pass ends, when admitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass_expires_at: Option<Instant>,
}

impl ComingDraw {
    /// When the fan with this number should ask again.
    pub fn poll_after_ms(&self, number: i64, now: Instant) -> u64 {
        let left_ms = self.draws_at.unix_ms().saturating_sub(now.unix_ms());
        poll_before_opening_ms(left_ms, number, Some(self.joined))
    }
}

impl Place {
    /// Tells of a place in the line of a sale that opens in `opens_in_ms`, or is open: the
    /// position, and what is to be expected there.
    pub fn stand_at(&mut self, position: i64, line: &LineOutlook, opens_in_ms: i64) {
        let wait = line.wait(position);
        let opens_in_ms = opens_in_ms.max(0);
        let later = |wait_s: i64| wait_s.saturating_add((opens_in_ms + 999) / 1_000);
        self.position = Some(position);
        self.ahead = Some(position.saturating_sub(1).max(0));
        self.estimated_wait_s = Some(later(wait.likely_s));
        self.estimated_wait_range_s =
            wait.spread_s.map(|(quick_s, slow_s)| (later(quick_s), slow_s.map(later)));
        self.chance_percent = line.outlook.chance_percent(position);
        self.poll_after_ms = if opens_in_ms > 0 {
            poll_before_opening_ms(opens_in_ms, self.number, None)
        } else {
            let seen_in_time = u64::try_from(line.pass_ttl_ms).unwrap_or(0) / LOOKS_PER_PASS;
            let at_most = match wait.spread_s {
                // The turn may come at any moment: a pass that came unseen must not end unseen.
                Some((_, None)) => seen_in_time.max(POLL_AFTER_MIN_MS),
                _ => SILENCE_MAX_MS,
            };
            poll_after_ms(wait.likely_s).min(at_most)
        };
    }
}

/// How long a fan who waits `estimated_wait_s` and follows a stream is told nothing new, so that a
/// stadium that moves up by one each second is not told a million times: those who come in within
/// seconds see every step, the others about thirty on the way.
pub fn tell_after_ms(estimated_wait_s: i64) -> u64 {
    if estimated_wait_s <= TELL_ALWAYS_MAX_S {
        return 0;
    }
    let wait_ms = u64::try_from(estimated_wait_s).unwrap_or(0).saturating_mul(1_000);
    (wait_ms / TELLINGS_PER_WAIT).min(TELL_AFTER_MAX_MS)
}

/// The id of the pass that a fan gets who is let in at that time, as the scripts write it.
pub fn pass_id(number: i64, issued_at: Instant) -> String {
    format!("{number}.{}", issued_at.unix_ms())
}

/// When a fan who waits `estimated_wait_s` should ask again.
pub fn poll_after_ms(estimated_wait_s: i64) -> u64 {
    let wait_ms = u64::try_from(estimated_wait_s).unwrap_or(0).saturating_mul(1_000);
    (wait_ms / POLLS_PER_WAIT).clamp(POLL_AFTER_MIN_MS, SILENCE_MAX_MS)
}

/// When the fan with `number` should ask again who waits among `joined` (as many as fill the window
/// where that is not known) for a sale that opens in `left_ms`: every [`SILENCE_MAX_MS`], because
/// the opening may be moved, and then after the opening, never just before it. Everybody is told
/// another moment, by the number, so that they do not all come at once.
pub fn poll_before_opening_ms(left_ms: i64, number: i64, joined: Option<i64>) -> u64 {
    // mutant: some-ask-before-the-opening
    let left_ms = u64::try_from(left_ms).unwrap_or(0);
    if left_ms > SILENCE_MAX_MS {
        return SILENCE_MAX_MS;
    }
    let turn_ms = 1_000 / OPENING_POLLS_PER_S;
    let joined = joined.unwrap_or(OPENING_WINDOW_MAX_MS / turn_ms).max(1);
    let window_ms = joined.saturating_mul(turn_ms).min(OPENING_WINDOW_MAX_MS);
    let turn_at_ms = number.rem_euclid(joined).saturating_mul(window_ms) / joined;
    // mutant: everybody-asks-at-the-opening
    left_ms.max(POLL_AFTER_MIN_MS).saturating_add(turn_at_ms.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The most who ask within one second, when they all do as they are told.
    fn most_at_once(mut asked_at_ms: Vec<u64>) -> usize {
        asked_at_ms.sort_unstable();
        let within = |from: &u64| asked_at_ms.partition_point(|at| *at < from + 1_000);
        asked_at_ms.iter().enumerate().map(|(before, at)| within(at) - before).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn nobody_is_told_to_ask_before_the_opening_and_few_at_once(
            left_ms in -5_000_i64..20_000,
            first in 1_i64..4_000_000_000,
            joined in 1_i64..30_000,
        ) {
            let told = |number| poll_before_opening_ms(left_ms, number, Some(joined));
            let asked: Vec<_> = (first..first + joined).map(told).collect();
            let opens_ms = left_ms.max(0).unsigned_abs();
            prop_assert!(asked.iter().all(|at| (opens_ms..=opens_ms + 21_000).contains(at)));
            // Beyond 10,000 they are more than 500 a second, and come evenly.
            let evenly = joined.div_euclid(20).max(OPENING_POLLS_PER_S);
            let most = i64::try_from(most_at_once(asked)).unwrap();
            prop_assert!(most <= evenly + 2, "{most} of {joined} in a second");
        }
    }

    #[test]
    fn a_small_line_asks_at_the_opening_and_a_stadium_within_some_seconds_of_it() {
        for (left_ms, number, joined, told_ms) in [
            (3_600_000, 7, 10, 20_000),
            (20_001, 7, 10, 20_000),
            (20_000, 7, 10, 20_014),
            (5_000, 10, 10, 5_000),
            (5_000, 9_999, 10_000, 24_998),
            (5_000, 50_000, 1_000_000, 6_000),
            (200, 1, 1, 1_000),
            (-4_000, 3, 10, 1_006),
            (0, 3, 0, 1_000),
        ] {
            let told = poll_before_opening_ms(left_ms, number, Some(joined));
            assert_eq!(told, told_ms, "{left_ms} {number} {joined}");
        }
        assert_eq!(poll_before_opening_ms(5_000, 10_001, None), 5_002);
        let farthest = poll_before_opening_ms(i64::MIN, i64::MIN, Some(i64::MAX));
        assert!((1_000..=21_000).contains(&farthest), "{farthest}");
        let draw = ComingDraw { draws_at: Instant::from_unix_ms(9_000), joined: 10 };
        assert_eq!(draw.poll_after_ms(2, Instant::from_unix_ms(4_000)), 5_004);
    }

    #[test]
    fn those_who_come_in_soon_are_told_every_step() {
        let pauses: Vec<_> = [-1, 0, 15, 30, 300, 3_600, i64::MAX].map(tell_after_ms).to_vec();
        assert_eq!(pauses, [0, 0, 0, 1_000, 10_000, 15_000, 15_000]);
    }

    #[test]
    fn who_was_drawn_is_ahead_of_who_came_later_and_all_orders_are_exact() {
        let event = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5".parse().unwrap();
        let count = DRAW_AFTER_OPENING - 1;
        let draw = Draw::new(&[7; 32], event, count);
        let later = |number: u32| i64::from(DRAW_AFTER_OPENING) * DRAW_WEIGHT + i64::from(number);
        for number in [1, 2, count] {
            let order = drawn_order(&draw, number);
            let place = i64::from(draw.place(number).unwrap());
            assert_eq!((order / DRAW_WEIGHT, order % DRAW_WEIGHT), (place, i64::from(number)));
            assert!(order < later(0), "{number}");
            assert_eq!(
                (undrawn_number(order), undrawn_number(number.into())),
                (None, Some(number))
            );
        }
        assert_eq!(drawn_order(&draw, count + 1), later(count + 1));
        assert!(later(u32::MAX) < 1 << 53, "a double keeps it exactly");
    }

    #[test]
    fn those_who_are_next_ask_more_often() {
        let intervals: Vec<_> = [0, 1, 30, 100, 3_600].map(poll_after_ms).to_vec();
        assert_eq!(intervals, [1_000, 1_000, 3_000, 10_000, 20_000]);
    }

    #[test]
    fn whoever_polls_as_told_is_back_before_the_grace_is_over() {
        for wait_s in [i64::MIN, 0, 199, 200, 201, 86_400, i64::MAX] {
            let back_after_ms = poll_after_ms(wait_s) + LATENESS_MAX_MS;
            assert!(back_after_ms <= RETURN_GRACE_MS, "{wait_s} s: {back_after_ms}");
        }
        for left_ms in [i64::MIN, 0, 1, 1_000, 19_999, 20_000, 20_001, 3_600_000] {
            for number in (999..1_000_000).step_by(1_000) {
                let told_ms = poll_before_opening_ms(left_ms, number, Some(1_000_000));
                let opens_ms = left_ms.max(0).unsigned_abs();
                let grace_from_ms = if opens_ms <= RETURN_GRACE_MS { opens_ms } else { 0 };
                let back_after_ms = told_ms + LATENESS_MAX_MS;
                assert!(back_after_ms <= grace_from_ms + RETURN_GRACE_MS, "{left_ms}: {told_ms}");
            }
        }
    }
}
