//! An event that is over leaves Redis as a whole: also what is written to it afterwards.

use scripts::{ConfirmBooking, Repair, SeatCounts, SeatRepair, keys, registry};

use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage, stored};

/// Scripts that may write to a retired event, and no key of it that could be missing: they refuse
/// an event that is over, only remove, write to settings and counts, or build the event anew.
const MAKE_NO_KEY: [&str; 11] = [
    "begin_draw",
    "extend_hold",
    "finish_opening",
    "join_queue",
    "open_event",
    "repair_counts",
    "reserve_seats",
    "restore_bookings",
    "retire_event",
    "sweep_answers",
    "trim_journal",
];

/// What happens before the event is retired, and what happens then.
const SCENES: [(&str, &str); 12] = [
    ("", "set message=over -> updated"),
    ("", "add B seated 1 2 -> added 1"),
    ("", "watch A -> watched"),
    ("watch A -> watched\nretake b1 -> confirming A-1-1", "confirm b1 -> confirmed 1 of 20"),
    ("", "admit 1 by hand key=k/f -> 0 in, 0 wait, 0 active"),
    ("retake b1 -> confirming A-1-1", "confirm b1 -> confirmed 1 of 20"),
    ("retake b1 -> confirming A-1-1", "pin b1 by kept -> confirming A-1-1"),
    ("retake b1 -> confirming A-1-1", "cancel b1 -> freed 1, 0 of 20"),
    ("retake b1 -> confirming A-1-1", "refuse b1 -> released A-1-1"),
    ("retake b1 -> confirming A-1-1\noverdue b1 -> done", "sweep -> 1 expired"),
    ("ann joins -> waiting 1 at 1, new", "ann leaves -> left"),
    (
        "ann joins -> waiting 1 at 1, new\nann is silent 61000 -> done",
        "sweep absent -> 1 away\nann is seen -> seen\nsweep absent -> 0 away",
    ),
];

/// An event with a queue, and a hold of `b1` that Redis has lost.
async fn stage(cluster: cluster::Cluster<native::NativeTransport>) -> Stage {
    let mut stage = Stage::open(cluster, Setup::with_queue()).await;
    let section = stage.setup.sections[0].clone();
    let lost = stage.sale_of(&section, &[(1, 1)], 1);
    stage.swept_for(3_600_000).await;
    stage.bookings.insert("b1".to_owned(), lost.booking_id);
    stage.holds.insert(lost.booking_id, lost);
    stage
}

impl Stage {
    /// Nothing but the settings learns that the event is over, so little of it exists.
    async fn end_and_retire(&mut self, server: &str) {
        self.raw(&keys::settings(self.event), "HSET", &["ends_at_ms", "1"]).await;
        self.play(server, "retire 0 -> retired").await;
    }

    async fn check_that_all_keys_expire(&self, context: &str) {
        for key in self.stored_keys().await {
            let left_ms = self.raw(&key, "PTTL", &[]).await[0].integer().unwrap();
            assert!((1..=3_600_000).contains(&left_ms), "{context}: {key}: {left_ms}");
        }
    }
}

#[tokio::test]
async fn what_is_written_to_a_retired_event_expires_with_it() {
    for (before, after) in SCENES {
        for (server, cluster) in servers::all() {
            let mut stage = stage(cluster).await;
            stage.play(server, before).await;
            stage.end_and_retire(server).await;
            stage.play(server, after).await;
            stage.check_that_all_keys_expire(&format!("{server}: {after}")).await;
        }
    }
}

#[tokio::test]
async fn what_is_put_right_in_a_retired_event_expires_with_it() {
    for (server, cluster) in servers::all() {
        let mut stage = stage(cluster).await;
        stage.end_and_retire(server).await;
        let cluster = &stage.cluster;
        let repair = Repair { event: stage.event, generation: 1 };
        let booking = stage.bookings["b1"];
        let hold = stage.holds[&booking].clone();
        let section = hold.section.clone();

        let buyers = [("ann".to_owned(), "0".to_owned(), 1)];
        assert_eq!(repair.buyers(cluster, &buyers, DEADLINE).await, Ok(1));
        let counts = |available| SeatCounts { available, held: 0, sold: 0 };
        let call = repair.counts(cluster, &section, counts(10), counts(9), DEADLINE);
        assert_eq!(call.await, Ok(1));
        let seat = SeatRepair {
            field: "A-2-1".to_owned(),
            offset: Some(6),
            seen: (b'.', None),
            wanted: (b's', Some("somebody".to_owned())),
        };
        assert_eq!(repair.seats(cluster, &section, &[seat], DEADLINE).await, Ok(1));
        stage.check_that_all_keys_expire(server).await;

        let sections = stage.seated_sections();
        let lost = stored(std::slice::from_ref(&hold));
        let repaired = repair.holds(cluster, &sections, &lost, DEADLINE).await.unwrap();
        assert_eq!(repaired.repaired, 1);
        stage.check_that_all_keys_expire(server).await;
        stage.raw(&keys::expiry(stage.event), "DEL", &[]).await;
        assert_eq!(repair.expiry(cluster, &[booking.to_string()], DEADLINE).await, Ok(1));
        stage.check_that_all_keys_expire(server).await;
        stage.raw(&keys::bookings(stage.event), "DEL", &[]).await;
        stage.raw(&keys::holders(stage.event), "DEL", &[]).await;
        let request = ConfirmBooking { booking, section: &section, lost: Some(&hold) };
        scripts::confirm_booking(cluster, &request, DEADLINE).await.unwrap();
        stage.check_that_all_keys_expire(server).await;
    }
}

/// A new script has to say which it is.
#[test]
fn each_script_that_makes_keys_lets_them_expire() {
    for script in registry::ALL {
        let reads = script.source.starts_with("#!lua flags=no-writes\n");
        let lets_expire = script.source.contains("expire_with_event(key.settings)");
        // Of no event: each such key ends by itself.
        let ends_by_itself =
            ["'PX',", "'PEXPIRE',"].iter().any(|word| script.source.contains(word));
        let makes_none = MAKE_NO_KEY.contains(&script.name);
        let ways =
            [reads, lets_expire, makes_none, ends_by_itself].into_iter().filter(|it| *it).count();
        assert_eq!(ways, 1, "{}", script.name);
    }
}
