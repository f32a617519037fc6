//! News of seats for those who look at them, and what they make of a map.
//!
//! Nobody who looks asks Redis again and again: the scripts that change maps append one line of
//! news for the whole event, each instance reads the news once, and every map that somebody looks
//! at is kept up to date by them. A map is read once, together with the newest news at that moment;
//! what comes after is applied in order. News are numbered without gaps: whoever misses some reads
//! the map anew, and tells what is different.

use std::collections::{BTreeSet, VecDeque};

use crate::feed::FeedId;
use crate::seat::Seat;
use crate::section::{ROW_SEPARATOR, SectionName, map_for_clients};

/// Changes of a section that are kept for streams that have not told them yet: a stream tells every
/// fraction of a second, unless its client is slow. Who is further behind is told the whole map.
const STEPS_MAX: usize = 256;

/// Seats of one section that are in another state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatChange {
    /// The section.
    pub section: SectionName,
    /// The state, as in a map.
    pub state: u8,
    /// Row and number of each seat, both from 1.
    pub seats: Vec<(u32, u32)>,
}

/// What has happened to seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeatNews {
    /// These are in another state.
    Changed(Vec<SeatChange>),
    /// Any may be: maps have to be read anew. Also what this version does not understand.
    Anew,
}

/// One entry of the news.
///
/// # Format
///
/// `<serial> anew`, or `<serial>` and for each section and state a word
/// `<section>:<state>:<row>-<number>,<row>-<number>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatEntry {
    /// Its name in the stream; the version of every map that takes it into account.
    pub id: FeedId,
    /// One more than that of the entry before.
    pub serial: i64,
    /// What has happened.
    pub news: SeatNews,
}

impl SeatEntry {
    /// Reads an entry; nothing when it has no serial number.
    pub fn parse(id: FeedId, text: &str) -> Option<Self> {
        let (serial, text) = text.split_once(' ')?;
        let serial = serial.parse().ok()?;
        let changes: Option<Vec<_>> = text.split(' ').map(parse_change).collect();
        Some(Self { id, serial, news: changes.map_or(SeatNews::Anew, SeatNews::Changed) })
    }
}

fn parse_change(word: &str) -> Option<SeatChange> {
    let (section, rest) = word.split_once(':')?;
    let (state, seats) = rest.split_once(':')?;
    let [state] = *state.as_bytes() else { return None };
    let seat = |seat: &str| {
        let (row, number) = seat.split_once('-')?;
        Some((row.parse().ok()?, number.parse().ok()?))
    };
    let seats = seats.split(',').map(seat).collect::<Option<_>>()?;
    Some(SeatChange { section: section.parse().ok()?, state, seats })
}

/// Row and number of every seat of `section` that the entries tell of; nothing when they ask for
/// the map itself.
pub fn told_seats(section: &SectionName, entries: &[SeatEntry]) -> Option<Vec<(u32, u32)>> {
    let mut seats = Vec::new();
    for entry in entries {
        let SeatNews::Changed(changes) = &entry.news else { return None };
        let own = changes.iter().filter(|change| change.section == *section);
        seats.extend(own.flat_map(|change| &change.seats));
    }
    Some(seats)
}

/// How far the news of an event have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewsPosition {
    /// The newest news that were read.
    pub cursor: FeedId,
    /// Their serial number.
    pub serial: i64,
}

/// What a read of the news means for all maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewsRead {
    /// The entries are to be applied.
    InOrder,
    /// The entries are to be applied, but some are missing between: maps have to be read anew too.
    Gap,
    /// The news are others than were read before, after a failover for example: maps have to be
    /// read anew, and the entries are read again.
    Lost,
}

impl NewsPosition {
    /// Goes on behind `entries`, which came after the cursor; `newest` is where the news stood
    /// before they were read.
    pub fn advance(&mut self, newest: Self, entries: &[SeatEntry]) -> NewsRead {
        // Older than what was read, or said to be there and not coming.
        let is_lost =
            newest.cursor < self.cursor || (entries.is_empty() && newest.cursor != self.cursor);
        // mutant: lost-news-of-seats-are-waited-for
        if is_lost {
            *self = newest;
            return NewsRead::Lost;
        }
        let mut read = NewsRead::InOrder;
        for entry in entries {
            // mutant: a-gap-in-the-news-of-seats-is-ignored
            if entry.serial != self.serial.saturating_add(1) {
                read = NewsRead::Gap;
            }
            *self = Self { cursor: entry.id, serial: entry.serial };
        }
        read
    }
}

/// What news mean for a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapStep {
    /// It is up to date.
    Applied,
    /// It has to be read anew.
    Reread,
}

/// Places of a map, by their offset.
pub type Offsets = BTreeSet<usize>;

/// Some seats that have changed at once.
#[derive(Debug)]
struct Step {
    /// The version of the map with it.
    version: FeedId,
    offsets: Vec<usize>,
}

/// The map of a section that is kept up to date, and what has changed in it lately.
///
/// What has changed is kept as places and not as states, so whatever is told of a place is how it
/// stands now. Steps are counted: a stream remembers how many it has told.
#[derive(Debug)]
pub struct FollowedMap {
    section: SectionName,
    rows: u32,
    seats_per_row: u32,
    /// As it is stored, see [`free_map`](crate::section::free_map).
    map: Vec<u8>,
    version: FeedId,
    /// The newest steps, the oldest first.
    recent: VecDeque<Step>,
    /// How many steps there were before them.
    forgotten: u64,
    /// The version of the last of those.
    forgotten_version: FeedId,
}

impl FollowedMap {
    /// The map of a section as it was read.
    pub fn new(
        section: SectionName,
        rows: u32,
        seats_per_row: u32,
        map: Vec<u8>,
        version: FeedId,
    ) -> Self {
        Self {
            section,
            rows,
            seats_per_row,
            map,
            version,
            recent: VecDeque::new(),
            forgotten: 0,
            forgotten_version: version,
        }
    }

    /// The section.
    pub const fn section(&self) -> &SectionName {
        &self.section
    }

    /// Its rows.
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// The seats in each of them.
    pub const fn seats_per_row(&self) -> u32 {
        self.seats_per_row
    }

    /// The newest news that the map takes into account.
    pub const fn version(&self) -> FeedId {
        self.version
    }

    /// How many steps there were.
    pub fn steps(&self) -> u64 {
        self.forgotten.saturating_add(self.recent.len() as u64)
    }

    /// One character per seat, row by row.
    pub fn for_clients(&self) -> String {
        map_for_clients(&self.map)
    }

    /// Applies news; those that the map takes into account already change nothing.
    pub fn apply(&mut self, entry: &SeatEntry) -> MapStep {
        // mutant: old-news-of-seats-are-applied
        if entry.id <= self.version {
            return MapStep::Applied;
        }
        self.version = entry.id;
        let SeatNews::Changed(changes) = &entry.news else { return MapStep::Reread };
        let mut offsets = Vec::new();
        for change in changes.iter().filter(|change| change.section == self.section) {
            for (row, number) in &change.seats {
                let Some(offset) = self.offset(*row, *number) else { return MapStep::Reread };
                let Some(place) = self.map.get_mut(offset) else { return MapStep::Reread };
                if *place != change.state {
                    *place = change.state;
                    offsets.push(offset);
                }
            }
        }
        self.note(offsets);
        MapStep::Applied
    }

    /// Takes the map over as it was read anew, unless that was before what it takes into account.
    pub fn take_over(&mut self, rows: u32, seats_per_row: u32, map: Vec<u8>, version: FeedId) {
        if version < self.version {
            return;
        }
        self.version = version;
        let is_other =
            (rows, seats_per_row) != (self.rows, self.seats_per_row) || map.len() != self.map.len();
        if is_other {
            (self.rows, self.seats_per_row, self.map) = (rows, seats_per_row, map);
            // One step that nobody can be told but by the whole map.
            self.forgotten = self.steps().saturating_add(1);
            self.forgotten_version = version;
            self.recent.clear();
            return;
        }
        let places = self.map.iter().zip(&map).enumerate();
        let offsets = places.filter(|(_, (one, other))| one != other).map(|(offset, _)| offset);
        let offsets = offsets.collect();
        self.map = map;
        self.note(offsets);
    }

    /// What has changed after the first `steps` steps; nothing when the whole map has to be told.
    pub fn changed_since(&self, steps: u64) -> Option<Offsets> {
        // mutant: a-version-skips
        let told = usize::try_from(steps.checked_sub(self.forgotten)?).ok()?;
        Some(self.recent.iter().skip(told).flat_map(|step| &step.offsets).copied().collect())
    }

    /// What has changed after this version; nothing when the whole map has to be told.
    pub fn changed_after(&self, version: FeedId) -> Option<Offsets> {
        if version < self.forgotten_version {
            return None;
        }
        let later = self.recent.iter().filter(|step| step.version > version);
        Some(later.flat_map(|step| &step.offsets).copied().collect())
    }

    /// The places of these seats; nothing when one of them is not in the map.
    pub fn offsets_of(&self, seats: &[(u32, u32)]) -> Option<Offsets> {
        seats.iter().map(|(row, number)| self.offset(*row, *number)).collect()
    }

    /// The seats at these places, and how they stand now.
    pub fn seats_at(&self, offsets: &Offsets) -> impl Iterator<Item = (Seat, char)> {
        let width = self.seats_per_row as usize + 1;
        let ordinal = |index: usize| u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
        offsets.iter().filter_map(move |offset| {
            let state = self.map.get(*offset).filter(|state| **state != ROW_SEPARATOR)?;
            let (row, number) = (ordinal(offset / width), ordinal(offset % width));
            Some((Seat { section: self.section.clone(), row, number }, char::from(*state)))
        })
    }

    /// Where a seat stands in the map.
    fn offset(&self, row: u32, number: u32) -> Option<usize> {
        let is_there = (1..=self.rows).contains(&row) && (1..=self.seats_per_row).contains(&number);
        let row_offset = u64::from(row.checked_sub(1)?) * (u64::from(self.seats_per_row) + 1);
        let offset = usize::try_from(row_offset + u64::from(number.checked_sub(1)?)).ok()?;
        (is_there && offset < self.map.len()).then_some(offset)
    }

    fn note(&mut self, offsets: Vec<usize>) {
        if offsets.is_empty() {
            return;
        }
        if self.recent.len() == STEPS_MAX
            && let Some(oldest) = self.recent.pop_front()
        {
            self.forgotten = self.forgotten.saturating_add(1);
            self.forgotten_version = oldest.version;
        }
        self.recent.push_back(Step { version: self.version, offsets });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::{SEAT_FREE, SEAT_HELD, SEAT_SOLD, free_map};

    fn id(sequence: u64) -> FeedId {
        format!("1-{sequence}").parse().unwrap()
    }

    fn name(text: &str) -> SectionName {
        text.parse().unwrap()
    }

    fn entry(sequence: u64, text: &str) -> SeatEntry {
        SeatEntry::parse(id(sequence), text).unwrap()
    }

    /// Two rows of three seats, read at version 1.
    fn followed() -> FollowedMap {
        FollowedMap::new(name("A"), 2, 3, free_map(2, 3), id(1))
    }

    fn told(map: &FollowedMap, offsets: &Offsets) -> Vec<String> {
        map.seats_at(offsets).map(|(seat, state)| format!("{seat}={state}")).collect()
    }

    #[test]
    fn entries_are_read_as_the_scripts_write_them() {
        let change = |section: &str, state, seats: &[(u32, u32)]| SeatChange {
            section: name(section),
            state,
            seats: seats.to_vec(),
        };
        for (text, serial, news) in [
            (
                "7 A:h:1-1,1-12",
                7,
                SeatNews::Changed(vec![change("A", SEAT_HELD, &[(1, 1), (1, 12)])]),
            ),
            (
                "8 A:.:2-1 B:s:3-4",
                8,
                SeatNews::Changed(vec![
                    change("A", SEAT_FREE, &[(2, 1)]),
                    change("B", SEAT_SOLD, &[(3, 4)]),
                ]),
            ),
            ("9 anew", 9, SeatNews::Anew),
            // Whatever it means, the map tells.
            ("10 A:h", 10, SeatNews::Anew),
            ("11 A:hh:1-1", 11, SeatNews::Anew),
            ("12 A:h:1-1,", 12, SeatNews::Anew),
            ("13 A:h:1-1 weather", 13, SeatNews::Anew),
        ] {
            assert_eq!(SeatEntry::parse(id(1), text), Some(SeatEntry { id: id(1), serial, news }));
        }
        for damaged in ["", "7", "x A:h:1-1"] {
            assert_eq!(SeatEntry::parse(id(1), damaged), None, "{damaged}");
        }
    }

    #[test]
    fn whoever_misses_news_notices() {
        let at = |sequence, serial| NewsPosition { cursor: id(sequence), serial };
        let entries = [entry(5, "8 A:h:1-1"), entry(6, "9 A:s:1-1")];
        for (before, newest, entries, read, after) in [
            (at(4, 7), at(4, 7), &entries[..], NewsRead::InOrder, at(6, 9)),
            (at(4, 7), at(5, 8), &entries[..], NewsRead::InOrder, at(6, 9)),
            (at(4, 7), at(4, 7), &entries[..0], NewsRead::InOrder, at(4, 7)),
            // Trimmed, or counted anew.
            (at(4, 6), at(4, 6), &entries[..], NewsRead::Gap, at(6, 9)),
            (at(4, 70), at(4, 70), &entries[..], NewsRead::Gap, at(6, 9)),
            // What was read is not there any more.
            (at(9, 12), at(4, 7), &entries[..0], NewsRead::Lost, at(4, 7)),
            (at(9, 12), at(4, 7), &entries[..], NewsRead::Lost, at(4, 7)),
            (at(4, 7), at(5, 8), &entries[..0], NewsRead::Lost, at(5, 8)),
        ] {
            let mut position = before;
            assert_eq!(position.advance(newest, entries), read, "{before:?} {newest:?}");
            assert_eq!(position, after, "{before:?} {newest:?}");
        }
    }

    #[test]
    fn news_change_the_map_of_their_section_once() {
        let mut map = followed();
        assert_eq!(map.apply(&entry(2, "2 A:h:1-2,2-3 B:s:1-1")), MapStep::Applied);
        assert_eq!((map.for_clients().as_str(), map.version(), map.steps()), (".h...h", id(2), 1));
        // Older than what the map takes into account.
        assert_eq!(map.apply(&entry(2, "2 A:s:1-1")), MapStep::Applied);
        assert_eq!(map.apply(&entry(1, "1 A:s:1-1")), MapStep::Applied);
        assert_eq!((map.for_clients().as_str(), map.version(), map.steps()), (".h...h", id(2), 1));
        // Of another section: a newer version of the same map.
        assert_eq!(map.apply(&entry(3, "3 B:h:9-9")), MapStep::Applied);
        assert_eq!((map.version(), map.steps()), (id(3), 1));
        for (sequence, text) in
            [(4, "4 anew"), (5, "5 A:h:3-1"), (6, "6 A:h:1-4"), (7, "7 A:h:0-1")]
        {
            assert_eq!(map.apply(&entry(sequence, text)), MapStep::Reread, "{text}");
        }
    }

    #[test]
    fn each_stream_is_told_what_it_has_not_told_yet() {
        let mut map = followed();
        map.apply(&entry(2, "2 A:h:1-1"));
        let first = map.steps();
        map.apply(&entry(3, "3 A:s:1-1,1-2"));
        let all = map.changed_since(0).unwrap();
        assert_eq!(told(&map, &all), ["A-1-1=s", "A-1-2=s"]);
        assert_eq!(map.changed_since(first).unwrap().len(), 2);
        assert_eq!(map.changed_since(map.steps()), Some(Offsets::new()));
        let after = map.changed_after(id(2)).unwrap();
        assert_eq!(told(&map, &after), ["A-1-1=s", "A-1-2=s"]);
        assert_eq!(map.changed_after(id(3)), Some(Offsets::new()));
        assert_eq!(map.changed_after(id(0)), None, "it was read later");
        map.apply(&entry(4, "4 A:.:1-1"));
        assert_eq!(told(&map, &all), ["A-1-1=.", "A-1-2=s"], "as they stand now");
    }

    #[test]
    fn what_was_missed_is_the_difference() {
        let mut map = followed();
        map.apply(&entry(2, "2 A:h:1-1"));
        let steps = map.steps();
        map.take_over(2, 3, b"..s/h..".to_vec(), id(9));
        let missed = map.changed_since(steps).unwrap();
        assert_eq!(told(&map, &missed), ["A-1-1=.", "A-1-3=s", "A-2-1=h"]);
        // What was read before is no news.
        map.take_over(2, 3, b".../...".to_vec(), id(8));
        assert_eq!((map.for_clients().as_str(), map.version()), ("..sh..", id(9)));
        // The same version: something had gone unpublished.
        let steps = map.steps();
        map.take_over(2, 3, b"..s/hh.".to_vec(), id(9));
        assert_eq!(told(&map, &map.changed_since(steps).unwrap()), ["A-2-2=h"]);
    }

    #[test]
    fn more_rows_are_another_map() {
        let mut map = followed();
        map.apply(&entry(2, "2 A:h:1-1"));
        let steps = map.steps();
        map.take_over(3, 3, b"h../.../...".to_vec(), id(3));
        assert_eq!(map.changed_since(steps), None);
        assert_eq!(map.changed_after(id(2)), None);
        assert_eq!(map.changed_since(map.steps()), Some(Offsets::new()));
        assert_eq!((map.rows(), map.for_clients().as_str()), (3, "h........"));
    }

    #[test]
    fn steps_are_bounded_and_who_is_behind_is_told_the_map() {
        let mut map = followed();
        for sequence in 2..=300 {
            let state = if sequence % 2 == 0 { 'h' } else { '.' };
            map.apply(&entry(sequence, &format!("{sequence} A:{state}:1-1")));
        }
        assert_eq!(map.steps(), 299);
        assert_eq!(map.changed_since(299 - 257), None);
        assert_eq!(map.changed_since(299 - 256).map(|it| it.len()), Some(1));
        assert_eq!(map.changed_after(id(300 - 257)), None);
        assert_eq!(map.changed_after(id(300 - 256)).map(|it| it.len()), Some(1));
    }

    #[test]
    fn a_stream_that_resumes_is_told_the_seats_of_its_section() {
        let entries = [entry(2, "2 A:h:1-1 B:h:2-2"), entry(3, "3 B:s:2-2"), entry(4, "4 A:.:2-3")];
        let seats = told_seats(&name("A"), &entries).unwrap();
        assert_eq!(seats, [(1, 1), (2, 3)]);
        assert_eq!(followed().offsets_of(&seats), Some(Offsets::from([0, 6])));
        assert_eq!(followed().offsets_of(&[(3, 1)]), None);
        assert_eq!(told_seats(&name("C"), &entries), Some(vec![]));
        assert_eq!(told_seats(&name("A"), &[entry(2, "2 anew")]), None);
    }

    /// Goal: a map that was read at some moment and follows the news is the map. Method: random
    /// changes; maps that were read at different moments, and one that misses some news and reads
    /// the map anew, are compared with the truth after each.
    #[test]
    fn a_map_that_follows_the_news_is_the_map() {
        let mut random = 88_172_645_463_325_252_u64;
        let mut below = |bound: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % bound
        };
        let mut truth = free_map(4, 5);
        let mut followers: Vec<FollowedMap> = Vec::new();
        for sequence in 2..2_000 {
            if below(100) == 0 {
                let version = id(sequence - 1);
                followers.push(FollowedMap::new(name("A"), 4, 5, truth.clone(), version));
            }
            let (row, number) = (below(4) + 1, below(5) + 1);
            let state = [SEAT_FREE, SEAT_HELD, SEAT_SOLD][usize::try_from(below(3)).unwrap()];
            truth[usize::try_from((row - 1) * 6 + number - 1).unwrap()] = state;
            let text = format!("{sequence} A:{}:{row}-{number}", char::from(state));
            let news = entry(sequence, &text);
            for follower in &mut followers {
                let steps = follower.steps();
                let before = follower.for_clients();
                if below(10) == 0 {
                    follower.take_over(4, 5, truth.clone(), id(sequence));
                } else {
                    assert_eq!(follower.apply(&news), MapStep::Applied);
                }
                assert_eq!(follower.for_clients(), map_for_clients(&truth));
                // What is told turns the map before into the map now.
                let mut told: Vec<char> = before.chars().collect();
                let changed = follower.changed_since(steps).unwrap();
                for (seat, state) in follower.seats_at(&changed) {
                    told[((seat.row - 1) * 5 + seat.number - 1) as usize] = state;
                }
                assert_eq!(told.into_iter().collect::<String>(), follower.for_clients());
            }
        }
    }
}
