//! News of seats: what the scripts tell those who look, and what becomes of a map by it.

use std::time::Duration;

use cluster::DedicatedConnection;
use domain::booking::Booking;
use domain::feed::{EndReason, FeedId};
use domain::seat_news::{FollowedMap, MapStep, SeatEntry, SeatNews, told_seats};
use domain::section::{SectionKind, map_for_clients};
use scripts::{
    ConfirmBooking, Repair, SeatRepair, SeatWatch, WatchSeatsOutcome, WatchedSeats, keys, registry,
};

use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage, in_ms, seated, standing, stored};

/// Nothing to wait for: the news are there.
const AT_ONCE: Duration = Duration::from_millis(50);

impl Stage {
    pub(crate) async fn watch_seats(
        &self,
        section: &str,
        known: Option<FeedId>,
    ) -> WatchSeatsOutcome {
        let section = section.parse().unwrap();
        let call = scripts::watch_seats(&self.cluster, self.event, &section, known, DEADLINE);
        call.await.unwrap()
    }

    async fn watched(&self, section: &str, known: Option<FeedId>) -> WatchedSeats {
        match self.watch_seats(section, known).await {
            WatchSeatsOutcome::Watched(seats) => *seats,
            other => panic!("{section}: {other:?}"),
        }
    }

    async fn followed(&self, section: &str) -> FollowedMap {
        followed(self.watched(section, None).await)
    }

    async fn renewed(&self) -> Option<SeatWatch> {
        let mut own = DedicatedConnection::default();
        scripts::renew_watch(&self.cluster, &mut own, self.event).await.unwrap()
    }

    async fn seat_news_after(&self, cursor: FeedId) -> Vec<SeatEntry> {
        let mut own = DedicatedConnection::default();
        let call = scripts::read_seat_news(&self.cluster, &mut own, self.event, cursor, AT_ONCE);
        call.await.unwrap()
    }

    /// The map as clients get it.
    async fn stored_map(&self, section: &str) -> String {
        let section = section.parse().unwrap();
        let call = scripts::read_map(&self.cluster, self.event, &section, DEADLINE);
        map_for_clients(&call.await.unwrap().unwrap())
    }

    /// What was done has changed a map: one entry tells of it, and turns what its readers have into
    /// the maps as they are. Otherwise there is none.
    async fn check_that_it_is_told(&self, maps: &mut [FollowedMap], what: &str) {
        let mut has_changed = false;
        for map in maps.iter() {
            has_changed |= map.for_clients() != self.stored_map(map.section().as_str()).await;
        }
        let entries = self.seat_news_after(maps[0].version()).await;
        assert_eq!(entries.len(), usize::from(has_changed), "{what}: {entries:?}");
        for entry in &entries {
            for map in maps.iter_mut() {
                assert_eq!(map.apply(entry), MapStep::Applied, "{what}");
            }
        }
        for map in maps.iter() {
            let stored = self.stored_map(map.section().as_str()).await;
            assert_eq!(map.for_clients(), stored, "{what}: {entries:?}");
        }
    }
}

fn followed(seats: WatchedSeats) -> FollowedMap {
    let WatchedSeats { section, map, version, .. } = seats;
    let SectionKind::Seated { rows, seats_per_row } = section.kind else { panic!("{section:?}") };
    FollowedMap::new(section.name, rows, seats_per_row, map, version)
}

/// Scripts that change maps while nobody can look: an event that is being opened is not there.
const TELL_NOBODY: [&str; 2] = ["open_event", "restore_bookings"];

/// A new script has to tell what it changes, or say here why not.
#[test]
fn each_script_that_changes_maps_tells_those_who_look() {
    let writes = ["'SETRANGE'", "'APPEND'", "'SET', key.maps"];
    for script in registry::ALL {
        let changes_maps = writes.iter().any(|write| script.source.contains(write));
        let tells = script.source.contains("tell_seats(key, watched_until_ms");
        let has_reason = TELL_NOBODY.contains(&script.name);
        assert_eq!(changes_maps, tells || has_reason, "{}", script.name);
        assert!(!(tells && has_reason), "{}", script.name);
    }
}

/// Two seated sections and a standing one.
fn house() -> Setup {
    let sections = vec![seated("A", 2, 5, 100), seated("B", 2, 5, 100), standing("F", 10, 100)];
    Setup::with_sections(sections)
}

/// Goal: nobody looks at a seat that is another. Method: every step that can change a map, some of
/// them twice, some refused; after each the maps that follow the news are compared with those
/// stored.
#[tokio::test]
async fn each_change_of_a_map_is_told_once_by_the_call_that_makes_it() {
    let scenes = [
        "ann reserves b1 seats A 1-1,1-2; ann reserves b1 seats A 1-1,1-2; release b1; release b1",
        "ann reserves b1 section A 2; bob reserves b2 seats B 1-1; overdue b1; overdue b2; sweep",
        "ann reserves b1 any 2; extend b1; pin b1; confirm b1; confirm b1; cancel b1; cancel b1",
        "ann reserves b1 seats B 2-5; overdue b1; sweep; retake b1; retake b1; refuse b1",
        "ann reserves b1 seats A 1-1; call off b1; bob reserves b2 seats A 1-1",
        "ann reserves b1 seats A 1-1; bob reserves b2 seats A 1-1,1-2; cancel b1",
        "ann reserves b1 section F 2; confirm b1; cancel b1; bob reserves b2 section F 1",
        "set paused; ann reserves b1 seats A 1-1; set resumed; change A 2 200; change F 12 100",
    ];
    for scene in scenes {
        for (server, cluster) in servers::all() {
            let mut stage = Stage::open(cluster, house()).await;
            let mut maps = [stage.followed("A").await, stage.followed("B").await];
            for command in scene.split("; ") {
                let outcome = stage.act(command).await;
                let what = format!("on {server}: {scene}: {command}: {outcome}");
                stage.check_that_it_is_told(&mut maps, &what).await;
                stage.audit().await;
            }
        }
    }
}

#[tokio::test]
async fn what_is_put_right_or_given_up_in_part_is_told() {
    for (server, cluster) in servers::all() {
        let stage = Stage::open(cluster, house()).await;
        let mut maps = [stage.followed("A").await, stage.followed("B").await];
        let section = stage.setup.sections[0].clone();
        let lost = stage.sale_of(&section, &[(1, 1), (1, 2)], 2);
        let repair = Repair { event: stage.event, generation: 1 };
        let cluster = &stage.cluster;

        let holds = stored(std::slice::from_ref(&lost));
        let sections = stage.seated_sections();
        let repaired = repair.holds(cluster, &sections, &holds, DEADLINE).await.unwrap();
        assert_eq!(repaired.repaired, 1);
        stage.check_that_it_is_told(&mut maps, &format!("{server}: a lost hold")).await;

        let seat = SeatRepair {
            field: "A-2-1".to_owned(),
            offset: Some(6),
            seen: (b'.', None),
            wanted: (b's', Some("somebody".to_owned())),
        };
        for _ in 0..2 {
            let seats = std::slice::from_ref(&seat);
            repair.seats(cluster, &section.name, seats, DEADLINE).await.unwrap();
            stage.check_that_it_is_told(&mut maps, &format!("{server}: a lost sale")).await;
        }

        // The hold is gone: the ledger has decided.
        for key in [keys::bookings(stage.event), keys::holders(stage.event)] {
            stage.raw(&key, "DEL", &[]).await;
        }
        let request =
            ConfirmBooking { booking: lost.booking_id, section: &section.name, lost: Some(&lost) };
        scripts::confirm_booking(cluster, &request, DEADLINE).await.unwrap();
        stage.check_that_it_is_told(&mut maps, &format!("{server}: a sale without a hold")).await;

        let left = Booking { quantity: 1, seats: lost.seats[1..].to_vec(), ..lost.clone() };
        scripts::free_part(cluster, &lost, &left, DEADLINE).await.unwrap();
        stage.check_that_it_is_told(&mut maps, &format!("{server}: a part")).await;
        assert!(maps[0].for_clients().starts_with(".s"), "{}", maps[0].for_clients());
    }
}

#[tokio::test]
async fn more_rows_are_told() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, house()).await;
        let mut map = stage.followed("A").await;
        assert_eq!(stage.act("change A 3 100").await, "applied", "on {server}");
        let entries = stage.seat_news_after(map.version()).await;
        let [entry] = &entries[..] else { panic!("{entries:?}") };
        assert_eq!((&entry.news, map.apply(entry)), (&SeatNews::Anew, MapStep::Reread));
        let seats = stage.watched("A", None).await;
        assert_eq!(seats.version, entry.id);
        let SectionKind::Seated { rows, seats_per_row } = seats.section.kind else { panic!() };
        map.take_over(rows, seats_per_row, seats.map, seats.version);
        assert_eq!((map.rows(), map.for_clients()), (3, stage.stored_map("A").await));
    }
}

/// Goal: what nobody looks at costs nothing, and who looks later or again misses nothing.
#[tokio::test]
async fn while_nobody_looks_nothing_is_told_and_who_had_looked_reads_anew() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, house()).await;
        let settings = keys::settings(stage.event);
        stage.play(server, "ann reserves b1 seats A 1-1 -> held A-1-1").await;
        assert!(!stage.stored_keys().await.contains(&keys::seat_news(stage.event)));

        let mut maps = [stage.followed("A").await, stage.followed("B").await];
        assert!(maps[0].for_clients().starts_with('h'));
        stage.play(server, "bob reserves b2 seats A 1-2 -> held A-1-2").await;
        stage.check_that_it_is_told(&mut maps, server).await;
        let version = maps[0].version();
        assert_eq!(stage.renewed().await.unwrap().version, version, "nothing was missed");

        // For longer than a reader's watch lasts, nobody renews it.
        stage.raw(&settings, "HSET", &["watched_until_ms", "1"]).await;
        stage.play(server, "release b2 -> released A-1-2").await;
        assert_eq!(stage.seat_news_after(version).await, []);
        let renewed = stage.renewed().await.unwrap();
        let entries = stage.seat_news_after(version).await;
        let [entry] = &entries[..] else { panic!("{entries:?}") };
        assert_eq!((&entry.news, entry.id), (&SeatNews::Anew, renewed.version));
        assert_eq!(entry.serial, renewed.serial);
        assert_eq!(stage.renewed().await.unwrap().version, renewed.version, "told once");
        let seats = stage.watched("A", Some(version)).await;
        assert_eq!(seats.missed.map(|missed| missed.len()), Some(1));
        assert_eq!(told_seats(&seats.section.name, &entries), None);
    }
}

#[tokio::test]
async fn a_version_resumes_as_long_as_all_that_came_after_it_is_there() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, house()).await;
        let first = stage.watched("A", None).await;
        assert_eq!(first.missed, None);
        let again = stage.watched("A", Some(first.version)).await;
        assert_eq!((again.missed, again.version), (Some(vec![]), first.version));

        let rows = "
            ann reserves b1 seats A 1-1 -> held A-1-1
            bob reserves b2 seats B 2-2 -> held B-2-2
            release b1                  -> released A-1-1
        ";
        stage.play(server, rows).await;
        let seats = stage.watched("A", Some(first.version)).await;
        let missed = seats.missed.unwrap();
        let serials: Vec<_> = missed.iter().map(|entry| entry.serial).collect();
        assert_eq!(serials, [first.serial + 1, first.serial + 2, first.serial + 3]);
        assert_eq!((missed[2].id, missed[2].serial), (seats.version, seats.serial));
        assert_eq!(told_seats(&seats.section.name, &missed), Some(vec![(1, 1), (1, 1)]));

        // Never given, lost, or too long ago.
        for version in ["0-0", "1-1", "9999999999999-0"] {
            let seats = stage.watched("A", Some(version.parse().unwrap())).await;
            assert_eq!(seats.missed, None, "{version}");
        }
        for _ in 0..99 {
            stage.act("ann reserves b3 seats B 1-1").await;
            stage.act("release b3").await;
        }
        let len = |seats: WatchedSeats| seats.missed.map(|missed| missed.len());
        assert_eq!(len(stage.watched("A", Some(seats.version)).await), Some(198));
        assert_eq!(len(stage.watched("A", Some(first.version)).await), None);
        let length = stage.raw(&keys::seat_news(stage.event), "XLEN", &[]).await;
        assert_eq!(length[0].integer(), Some(202));
    }
}

#[tokio::test]
async fn the_news_are_capped() {
    let [_, (_, cluster)] = servers::all();
    let mut stage = Stage::open(cluster, house()).await;
    stage.followed("A").await;
    for _ in 0..650 {
        stage.act("ann reserves b1 seats A 1-1").await;
        stage.act("release b1").await;
    }
    let length = stage.raw(&keys::seat_news(stage.event), "XLEN", &[]).await;
    let length = length[0].integer().unwrap();
    assert!((1_000..1_200).contains(&length), "{length}");
    let entries = stage.seat_news_after(FeedId::default()).await;
    assert!(entries[0].serial > 1, "the serial numbers tell of the gap");
}

#[tokio::test]
async fn an_event_that_is_built_anew_has_its_maps_read_anew() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, house()).await;
        stage.play(server, "ann reserves b1 seats A 1-1 -> held A-1-1").await;
        let before = stage.watched("A", None).await;
        // Ids are times: in the same millisecond the news could begin with the same one.
        let read_at = in_ms(0);
        while in_ms(0) == read_at {
            tokio::task::yield_now().await;
        }
        stage.rebuild(2, &[], &[]).await;
        let renewed = stage.renewed().await.unwrap();
        assert_ne!(renewed.version, before.version);
        let seats = stage.watched("A", Some(before.version)).await;
        assert_eq!((seats.missed, seats.version), (None, renewed.version));
        assert_eq!(map_for_clients(&seats.map), "..........");
    }
}

#[tokio::test]
async fn what_cannot_be_watched_says_why_and_what_is_over_says_so() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::new(cluster, house());
        assert_eq!(stage.watch_seats("A", None).await, WatchSeatsOutcome::EventMissing);
        assert_eq!(stage.renewed().await, None);
        stage.play(server, "open 1 -> opened").await;
        assert_eq!(stage.watch_seats("Z", None).await, WatchSeatsOutcome::UnknownSection);
        assert_eq!(stage.watch_seats("F", None).await, WatchSeatsOutcome::NotSeated);
        let map = keys::map(stage.event, &"B".parse().unwrap());
        stage.raw(&map, "DEL", &[]).await;
        assert_eq!(stage.watch_seats("B", None).await, WatchSeatsOutcome::MapMissing);

        assert_eq!(stage.watched("A", None).await.end, None);
        for (change, end) in [
            ("set paused", None),
            ("set ended", Some(EndReason::Ended)),
            ("set extended", None),
            ("set cancelled", Some(EndReason::Cancelled)),
        ] {
            assert_eq!(stage.act(change).await, "updated");
            assert_eq!(stage.watched("A", None).await.end, end, "{change}");
            assert_eq!(stage.renewed().await.unwrap().end, end, "{change}");
        }
    }
}
