//! How long a fan will wait, and the chance that tickets are left by then: from what was measured,
//! with the doubt that is in it.

use std::str::FromStr;

/// Less than this was not measured long enough to say anything, in seconds.
const MEASURED_MIN_S: i64 = 10;
/// An estimate is told as one number while the slow end is at most this much above the quick one,
/// in per cent: at ± 20 % a spread says nothing that a fan could use.
const SPREAD_TOLD_PER_CENT: i64 = 50;
/// A wait that nobody can know is told as no less, in seconds: nobody is kept on their toes, and
/// polls come every six seconds instead of every second.
const UNKNOWN_WAIT_MIN_S: i64 = 60;
/// The longest wait that is told: a week. Beyond it nobody waits, and no sum overflows.
const WAIT_MAX_S: i64 = 7 * 24 * 60 * 60;

/// Stretches that are remembered, as in `line_pace.lua`: the last three minutes.
const STRETCHES: usize = 6;

/// How far a line moved up during a stretch of time in which somebody waited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Its length, in seconds.
    pub seconds: i64,
    /// Places that the line moved up: fans let in, and those who had gone away before.
    pub admitted: i64,
}

/// What is known of the time to come, the same for all who wait at an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Places free.
    pub available: i64,
    /// Passes out that were not used yet: their fans choose before those who wait.
    pub active: i64,
    /// How much those took whose turn is over. Nothing while nobody has told.
    pub turns: Option<Turns>,
    /// How far the line moved in the last minutes; what is not used is zero.
    pub pace: [Stretch; STRETCHES],
}

/// What those who wait in a line are to expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineOutlook {
    /// What was measured.
    pub outlook: Outlook,
    /// Fans let in per second at most; 0 while nobody is.
    pub release_per_s: i64,
    /// Whether every pass or place is out: the next fan comes in when somebody goes.
    pub is_blocked: bool,
    /// How long a pass lasts, in ms.
    pub pass_ttl_ms: i64,
}

impl LineOutlook {
    /// The wait at `position`.
    pub fn wait(&self, position: i64) -> Wait {
        self.outlook.wait(position, self.release_per_s, self.is_blocked)
    }
}

/// A text is no outlook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an outlook")]
pub struct InvalidOutlook;

/// # Format
///
/// `<available> <active> <fans> <tickets> <most>` and then for each stretch `<ms>:<moved>`, as
/// `line_pace.lua` writes it; empty while nobody has told anything.
impl FromStr for Outlook {
    type Err = InvalidOutlook;

    fn from_str(text: &str) -> Result<Self, InvalidOutlook> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let mut words = text.split(' ');
        let mut number = || words.next()?.parse::<i64>().ok();
        let (available, active) = (number().ok_or(InvalidOutlook)?, number());
        let turns = (|| Some(Turns { fans: number()?, tickets: number()?, most: number()? }))();
        let mut outlook = Self {
            available,
            active: active.ok_or(InvalidOutlook)?,
            turns: Some(turns.ok_or(InvalidOutlook)?),
            pace: <[Stretch; STRETCHES]>::default(),
        };
        for (stretch, word) in outlook.pace.iter_mut().zip(words) {
            let (ms, moved) = word.split_once(':').ok_or(InvalidOutlook)?;
            let ms: i64 = ms.parse().map_err(|_| InvalidOutlook)?;
            let admitted = moved.parse().map_err(|_| InvalidOutlook)?;
            *stretch = Stretch { seconds: ms.saturating_add(500) / 1_000, admitted };
        }
        Ok(outlook)
    }
}

impl Outlook {
    /// The wait at `position`. In a line that is held nobody can know: it may move by hand at any
    /// moment, or never. Nor in one that `is_blocked` and whose pace was not measured: there the
    /// next fan comes in when somebody goes.
    pub fn wait(&self, position: i64, release_per_s: i64, is_blocked: bool) -> Wait {
        if release_per_s <= 0 {
            // As if one fan came in each second.
            return Wait::open_ended(position.clamp(0, WAIT_MAX_S));
        }
        let wait = estimate(position, &self.pace, release_per_s);
        // mutant: a-blocked-line-is-quick
        if is_blocked && !is_measured(&self.pace) {
            return Wait::open_ended(wait.likely_s);
        }
        wait
    }

    /// The chance, in per cent, that a place is left for the fan at `position`; nothing when that
    /// is certain. While the line goes on it is never 0: what is held may become free.
    pub fn chance_percent(&self, position: i64) -> Option<u8> {
        let ahead = position.saturating_sub(1).saturating_add(self.active);
        let chance = chance_per_cent(ahead, self.available, self.turns?);
        (chance < 100).then(|| chance.max(1))
    }
}

/// A wait, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// At the pace of the whole time that was measured.
    pub likely_s: i64,
    /// At the pace of the quickest and of the slowest stretch; only where these are far apart. The
    /// slowest may be without an end: nobody was let in.
    pub spread_s: Option<(i64, Option<i64>)>,
}

impl Wait {
    /// A wait that lasts `quick_s` at best, and may last.
    fn open_ended(quick_s: i64) -> Self {
        Self { likely_s: quick_s.max(UNKNOWN_WAIT_MIN_S), spread_s: Some((quick_s, None)) }
    }
}

/// Whether these stretches were long enough to say anything.
fn is_measured(stretches: &[Stretch]) -> bool {
    let seconds = stretches.iter().fold(0_i64, |sum, it| sum.saturating_add(it.seconds.max(0)));
    seconds >= MEASURED_MIN_S
}

/// The wait of the fan at `position` (from 1), by the stretches of the last minutes. Before enough
/// is measured the configured pace stands in, which is the best that can happen.
pub fn estimate(position: i64, stretches: &[Stretch], release_per_s: i64) -> Wait {
    let best_s = at_pace(position, 1, release_per_s).unwrap_or(WAIT_MAX_S);
    let measured = stretches.iter().filter(|stretch| stretch.seconds > 0);
    let (seconds, admitted) = measured.clone().fold((0_i64, 0_i64), |(seconds, admitted), it| {
        (seconds.saturating_add(it.seconds), admitted.saturating_add(it.admitted))
    });
    if !is_measured(stretches) {
        return Wait { likely_s: best_s, spread_s: None };
    }
    if admitted <= 0 {
        // A standstill: it will hardly be over sooner than it has lasted, and may last.
        let Wait { likely_s, spread_s } = Wait::open_ended(best_s);
        return Wait { likely_s: likely_s.max(seconds.min(WAIT_MAX_S)), spread_s };
    }
    let likely_s = at_pace(position, seconds, admitted).unwrap_or(WAIT_MAX_S).max(best_s);
    let long_enough = measured.filter(|stretch| stretch.seconds >= MEASURED_MIN_S);
    let waits = long_enough.map(|it| at_pace(position, it.seconds, it.admitted));
    let (mut quickest, mut slowest) = (likely_s, Some(likely_s));
    for wait in waits {
        quickest = quickest.min(wait.unwrap_or(quickest)).max(best_s);
        slowest = slowest.and_then(|slowest| Some(slowest.max(wait?)));
    }
    let bound = quickest.saturating_add(quickest.saturating_mul(SPREAD_TOLD_PER_CENT) / 100);
    let is_wide = slowest.is_none_or(|slowest| slowest > bound.max(quickest.saturating_add(1)));
    Wait { likely_s, spread_s: is_wide.then_some((quickest, slowest)) }
}

/// Whole seconds until `position` fans are let in, `admitted` of them in each `seconds`; nothing
/// when nobody is.
fn at_pace(position: i64, seconds: i64, admitted: i64) -> Option<i64> {
    if admitted <= 0 {
        return None;
    }
    let needed = position.max(0).saturating_mul(seconds);
    let whole = needed.saturating_add(admitted.saturating_sub(1)) / admitted;
    Some(whole.min(WAIT_MAX_S))
}

/// What was seen of the fans who were let in so far and whose turn is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turns {
    /// Fans.
    pub fans: i64,
    /// Tickets they hold or bought.
    pub tickets: i64,
    /// Tickets that one fan can buy at most.
    pub most: i64,
}

/// The chance, in per cent, that a place is left for the fan who has `ahead` others in front, when
/// `left` places are free. 100 and 0 only where it is certain.
///
/// Each fan ahead takes 0 to `most` tickets, on average as many as those before them: `tickets` of
/// `fans`, with one imagined fan who takes half of the most, so that the first few seen decide
/// little. The sum of many is normally distributed, with the largest variance that such fans can
/// have: mean · (most − mean), all or nothing. So the figure errs towards "uncertain" and not
/// towards a promise.
pub fn chance_per_cent(ahead: i64, left: i64, turns: Turns) -> u8 {
    let (ahead, most) = (ahead.max(0), turns.most.max(1));
    if left <= 0 {
        return 0;
    }
    if ahead.saturating_mul(most) < left {
        return 100;
    }
    // Counts are below 2^53, so these conversions are exact.
    let most = most as f64;
    let mean = (turns.tickets.max(0) as f64 + most / 2.0) / (turns.fans.max(0) as f64 + 1.0);
    let mean = mean.clamp(0.0, most);
    let taken = ahead as f64 * mean;
    let deviation = (ahead as f64 * mean * (most - mean)).sqrt().max(0.5);
    // The fan gets one when at most left − 1 are taken; half a ticket more for the whole numbers.
    let chance = normal_below((left as f64 - 0.5 - taken) / deviation);
    (chance * 100.0).round().clamp(1.0, 99.0) as u8
}

/// The standard normal distribution function.
fn normal_below(z: f64) -> f64 {
    (1.0 + libm::erf(z / std::f64::consts::SQRT_2)) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches(admitted: &[i64]) -> Vec<Stretch> {
        admitted.iter().map(|admitted| Stretch { seconds: 30, admitted: *admitted }).collect()
    }

    #[test]
    fn the_wait_is_told_from_what_was_measured() {
        for (position, admitted, release_per_s, likely_s, spread_s) in [
            // Nothing measured: the configured pace.
            (100, &[][..], 50, 2, None),
            (100, &[], 0, WAIT_MAX_S, None),
            // A steady 10 per second, whatever is configured.
            (600, &[300, 300, 300], 50, 60, None),
            (601, &[300, 300, 300], 50, 61, None),
            // A little up and down is no spread.
            (600, &[270, 330], 50, 60, None),
            // Twice as quick as slow is one.
            (600, &[200, 400], 50, 60, Some((45, Some(90)))),
            // So is a standstill.
            (600, &[600, 0], 50, 60, Some((30, None))),
            // Nobody at all: no sooner than it has lasted.
            (600, &[0, 0], 50, 60, Some((12, None))),
            (6_000, &[0, 0], 50, 120, Some((120, None))),
            // What was measured before the rate was lowered promises nothing.
            (600, &[300, 300, 300], 5, 120, None),
            (0, &[300], 50, 0, None),
            (i64::MAX, &[1], 50, WAIT_MAX_S, None),
        ] {
            let wait = estimate(position, &stretches(admitted), release_per_s);
            assert_eq!(wait, Wait { likely_s, spread_s }, "{position} {admitted:?}");
        }
        let short = [Stretch { seconds: 9, admitted: 900 }, Stretch { seconds: 0, admitted: 5 }];
        assert_eq!(estimate(100, &short, 50).likely_s, 2, "too short to count");
        // A stretch that has just begun makes no spread.
        let begun = [Stretch { seconds: 30, admitted: 30 }, Stretch { seconds: 3, admitted: 0 }];
        assert_eq!(estimate(60, &begun, 50), Wait { likely_s: 66, spread_s: None });
    }

    #[test]
    fn an_outlook_is_read_as_the_scripts_write_it() {
        let outlook: Outlook = "100 7 50 80 4 30000:300 14600:0".parse().unwrap();
        let turns = Turns { fans: 50, tickets: 80, most: 4 };
        let mut pace = [Stretch::default(); STRETCHES];
        pace[0] = Stretch { seconds: 30, admitted: 300 };
        pace[1] = Stretch { seconds: 15, admitted: 0 };
        assert_eq!(outlook, Outlook { available: 100, active: 7, turns: Some(turns), pace });
        assert_eq!("".parse(), Ok(Outlook::default()));
        for damaged in ["1", "1 2 3 4", "1 2 3 4 x", "1 2 3 4 5 30000", "1 2 3 4 5 x:1", "a"] {
            assert_eq!(damaged.parse::<Outlook>(), Err(InvalidOutlook), "{damaged}");
        }
    }

    #[test]
    fn nobody_is_told_what_nobody_can_know() {
        let outlook: Outlook = "8 2 10 20 4".parse().unwrap();
        let open = |likely_s, quick_s| Wait { likely_s, spread_s: Some((quick_s, None)) };
        for is_blocked in [false, true] {
            assert_eq!(outlook.wait(5, 0, is_blocked), open(60, 5), "the line is held");
            assert_eq!(outlook.wait(500, 0, is_blocked), open(500, 500), "the line is held");
        }
        assert_eq!(outlook.wait(1, 50, false), Wait { likely_s: 1, spread_s: None });
        assert_eq!(outlook.wait(1, 50, true), open(60, 1), "every pass is out");
        assert_eq!(outlook.wait(4_000, 50, true), open(80, 80));
        let measured: Outlook = "8 2 10 20 4 30000:30".parse().unwrap();
        let steady = Wait { likely_s: 5, spread_s: None };
        assert_eq!(measured.wait(5, 50, true), steady, "passes come back at a pace");
        let still: Outlook = "8 2 10 20 4 30000:0".parse().unwrap();
        assert_eq!(still.wait(1, 50, false), open(60, 1), "a line that stands");
        assert_eq!(Outlook::default().chance_percent(1_000), None, "nothing was told");
        // Two passes are out, and one fan stands in front of the second: 3 · 4 are more than 8.
        assert_eq!(outlook.chance_percent(0), None);
        let chances: Vec<_> = (2..40).map(|it| outlook.chance_percent(it).unwrap()).collect();
        assert!(chances.is_sorted_by(|nearer, further| nearer >= further), "{chances:?}");
        assert_eq!((chances[0] > 50, chances.last()), (true, Some(&1)));
        // Everything is held, and may become free again.
        assert_eq!(Outlook { available: 0, ..outlook }.chance_percent(1), Some(1));
    }

    #[test]
    fn the_chance_is_certain_only_where_it_is() {
        let turns = Turns { fans: 1_000, tickets: 2_000, most: 4 };
        for (ahead, left, expected) in [
            (0, 1, 100..=100),
            (24, 100, 100..=100),
            (25, 100, 99..=99),
            (40, 100, 80..=99),
            (50, 100, 40..=60),
            (60, 100, 1..=20),
            (1_000_000, 100, 1..=1),
            (0, 0, 0..=0),
            (5, -3, 0..=0),
        ] {
            let chance = chance_per_cent(ahead, left, turns);
            assert!(expected.contains(&chance), "{ahead} ahead, {left} left: {chance}");
        }
    }

    #[test]
    fn who_stands_further_back_never_has_the_better_chance() {
        for turns in [
            Turns { fans: 0, tickets: 0, most: 4 },
            Turns { fans: 10, tickets: 40, most: 4 },
            Turns { fans: 10, tickets: 0, most: 1 },
        ] {
            let chances: Vec<_> =
                (0..500).map(|ahead| chance_per_cent(ahead, 200, turns)).collect();
            assert!(chances.is_sorted_by(|nearer, further| nearer >= further), "{turns:?}");
        }
    }

    /// Goal: the figure is a probability. Method: fans who take 0 to 4 tickets at random, many
    /// times over; the share of trials with a ticket left is near the figure.
    #[test]
    fn the_chance_comes_true_about_that_often() {
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut below = |bound: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % bound
        };
        let turns = Turns { fans: 10_000, tickets: 20_000, most: 4 };
        for (ahead, left) in [(100, 190), (100, 200), (100, 215)] {
            let trials = 4_000;
            let served =
                (0..trials).filter(|_| (0..ahead).map(|_| below(5)).sum::<u64>() < left).count();
            let seen = 100.0 * served as f64 / f64::from(trials);
            let told = f64::from(chance_per_cent(ahead, i64::try_from(left).unwrap(), turns));
            assert!((seen - told).abs() < 16.0, "{left}: told {told}, seen {seen}");
            assert!((seen - 50.0).abs() + 1.0 >= (told - 50.0).abs() - 4.0, "errs to uncertain");
        }
    }
}
