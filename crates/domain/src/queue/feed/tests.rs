use super::*;
use crate::event::ABANDON_AFTER_MIN_S;

/// The fan was noted as being there a moment ago.
const NOW: Duration = Duration::ZERO;

fn id(sequence: u64) -> FeedId {
    FeedId { ms: 1, sequence }
}

fn entry(sequence: u64, text: &str) -> FeedEntry {
    FeedEntry::parse(id(sequence), text).unwrap()
}

fn standing(order: u64, position: i64) -> LinePosition {
    LinePosition { order, position, cursor: FeedId::default() }
}

#[test]
fn ids_are_ordered_by_number_and_not_by_text() {
    let parse = |text: &str| text.parse::<FeedId>().unwrap();
    assert!(parse("9-9") < parse("10-0") && parse("10-9") < parse("10-10"));
    assert_eq!(parse("1700000000000-3").to_string(), "1700000000000-3");
    for text in ["", "1", "1-", "-1", "a-1", "1-1-1"] {
        assert!(text.parse::<FeedId>().is_err(), "{text}");
    }
}

#[test]
fn entries_are_read_as_the_scripts_write_them() {
    let at = Instant::from_unix_ms;
    for (text, serial, news) in [
        (
            "7 admitted 2 4503599627370498 1000 2000",
            7,
            News::Admitted {
                count: 2,
                last: 4_503_599_627_370_498,
                issued_at: at(1_000),
                expires_at: at(2_000),
            },
        ),
        ("8 left 12", 8, News::Left { order: 12 }),
        (
            "9 state sold_out 100 50",
            9,
            News::State { state: LineState::SoldOut, max_active: 100, release_per_s: 50 },
        ),
        ("10 weather fine", 10, News::Other),
        (
            "11 pace 5 1 2 3 4 30000:9",
            11,
            News::Pace("5 1 2 3 4 30000:9".parse::<Outlook>().unwrap()),
        ),
        ("11 anew", 11, News::Anew),
        ("12 message Doors at 7 ", 12, News::Message("Doors at 7 ".to_owned())),
        ("13 message ", 13, News::Message(String::new())),
    ] {
        assert_eq!(FeedEntry::parse(id(1), text), Some(FeedEntry { id: id(1), serial, news }));
    }
    for damaged in
        ["", "x left 1", "1", "1 left", "1 admitted 1 2", "1 state asleep 1 1", "1 pace 1"]
    {
        assert_eq!(FeedEntry::parse(id(1), damaged), None, "{damaged}");
    }
}

#[test]
fn news_move_a_place_up_let_it_in_or_end_it() {
    let admitted = Step::Admitted {
        issued_at: Instant::from_unix_ms(5),
        expires_at: Instant::from_unix_ms(9),
    };
    for (text, step, position) in [
        ("1 admitted 3 99 5 9", Step::Moved, 7),
        ("1 admitted 10 100 5 9", admitted, 10),
        ("1 left 99", Step::Moved, 9),
        ("1 left 101", Step::None, 10),
        ("1 left 100", Step::Reread, 10),
        ("1 state paused 1 1", Step::None, 10),
        ("1 state open 1 1", Step::None, 10),
        ("1 state sold_out 1 1", Step::Over(EndReason::SoldOut), 10),
        ("1 state ended 1 1", Step::Over(EndReason::Ended), 10),
        ("1 state cancelled 1 1", Step::Over(EndReason::Cancelled), 10),
        ("1 weather", Step::None, 10),
        ("1 pace 1 1 1 1 1", Step::None, 10),
        ("1 message left 99", Step::None, 10),
        ("1 anew", Step::Reread, 10),
    ] {
        let mut standing = standing(100, 10);
        assert_eq!(standing.apply(&entry(1, text), NOW), step, "{text}");
        assert_eq!((standing.position, standing.cursor), (position, id(1)), "{text}");
    }
}

#[test]
fn before_the_draw_nobody_moves() {
    let mut standing = standing(7, 0);
    assert_eq!(standing.apply(&entry(1, "1 left 3"), NOW), Step::None);
    assert_eq!(standing.position, 0);
    assert_eq!(standing.apply(&entry(2, "2 left 7"), NOW), Step::Reread);
}

/// A place that nobody noted for so long may have been abandoned, and the line let in past it.
#[test]
fn who_was_not_noted_for_long_is_not_let_in_by_news_alone() {
    let later = SURELY_THERE + Duration::from_millis(1);
    let let_in = entry(1, "1 admitted 10 100 5 9");
    for order in [1, 99, 100] {
        let mut standing = standing(order, 10);
        let told = LinePosition { ..standing }.apply(&let_in, SURELY_THERE);
        assert!(matches!(told, Step::Admitted { .. }), "{told:?}");
        assert_eq!(standing.apply(&let_in, later), Step::Reread);
        assert_eq!(standing.cursor, id(1), "what is read anew goes on from there");
    }
    // Of everybody else the news are true.
    assert_eq!(standing(101, 20).apply(&let_in, later), Step::Moved);
    assert_eq!(
        standing(100, 10).apply(&entry(1, "1 state ended 1 1"), later),
        Step::Over(EndReason::Ended)
    );
}

#[test]
fn nobody_is_abandoned_who_is_surely_there() {
    let abandoned_after = Duration::from_secs(ABANDON_AFTER_MIN_S.unsigned_abs());
    // A poll notes its fan four times before.
    assert!(SURELY_THERE + abandoned_after / 4 < abandoned_after);
}

#[test]
fn old_news_are_no_news() {
    let mut standing = LinePosition { cursor: id(4), ..standing(100, 10) };
    assert_eq!(standing.apply(&entry(4, "1 left 1"), NOW), Step::None);
    assert_eq!(standing.apply(&entry(5, "2 left 1"), NOW), Step::Moved);
    assert_eq!(standing.apply(&entry(5, "2 left 1"), NOW), Step::None);
    assert_eq!(standing.position, 9);
}

/// Goal: what the news make of a place is what Redis would answer. Method: a line is played with
/// fans that come, leave and are let in at random; after each step every place that was read at
/// some moment before is compared with the line itself.
#[test]
fn the_arithmetic_agrees_with_the_line() {
    let mut random = 88_172_645_463_325_252_u64;
    let mut below = |bound: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % bound
    };
    let mut line: Vec<u64> = Vec::new();
    let mut watched: Vec<LinePosition> = Vec::new();
    let (mut next_order, mut newest) = (0, id(0));
    for step in 1..5_000 {
        let news = match below(10) {
            0..=5 => {
                next_order += 1;
                line.push(next_order);
                let position = i64::try_from(line.len()).unwrap();
                watched.push(LinePosition { order: next_order, position, cursor: newest });
                continue;
            }
            6..=7 if !line.is_empty() => {
                let index = usize::try_from(below(line.len() as u64)).unwrap();
                News::Left { order: line.remove(index) }
            }
            _ if !line.is_empty() => {
                let count = usize::try_from(below(line.len() as u64).min(4) + 1).unwrap();
                let last = line[count - 1];
                line.drain(..count);
                let at = Instant::from_unix_ms(step);
                let count = i64::try_from(count).unwrap();
                News::Admitted { count, last, issued_at: at, expires_at: at }
            }
            _ => continue,
        };
        newest = FeedId { ms: newest.ms + 1, sequence: 0 };
        let entry = FeedEntry { id: newest, serial: 0, news };
        watched.retain_mut(|standing| {
            let before = standing.position;
            let step = standing.apply(&entry, NOW);
            assert!(standing.position <= before, "a position never grows");
            let rank = line.iter().position(|order| *order == standing.order);
            match step {
                Step::None | Step::Moved => {
                    let position = rank.map(|rank| i64::try_from(rank).unwrap() + 1);
                    assert_eq!(position, Some(standing.position));
                    true
                }
                Step::Admitted { .. } | Step::Reread | Step::Over(_) => {
                    assert_eq!(rank, None);
                    false
                }
            }
        });
    }
}

#[test]
fn recent_news_are_bounded_and_the_oldest_go() {
    let mut recent = RecentNews::default();
    for sequence in 1..=300 {
        recent.push(entry(sequence, &format!("{sequence} anew")));
    }
    let serials: Vec<_> = recent.iter().map(|entry| entry.serial).collect();
    assert_eq!((recent.len(), serials[0], serials[255]), (256, 45, 300));
    recent.clear();
    assert!(recent.is_empty());
}
