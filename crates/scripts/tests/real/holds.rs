//! The life of a hold: pinned, confirmed, released, expired; resolved once.

use scripts::{
    ConfirmBooking, ExpireHolds, PinHold, PinnedFor, ReleaseReason, ReleaseSeats, keys, registry,
};

use crate::scene::{play, play_unopened};
use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage};

#[tokio::test]
async fn a_hold_is_resolved_once() {
    let rows = "
        ann reserves b1 seats A 1-1,1-2 -> held A-1-1,A-1-2 | 18/2/0
        read b1                         -> held A-1-1,A-1-2
        confirm b1                      -> confirmed 2 of 20 | 18/0/2
        map A                           -> ss.../.....
        confirm b1                      -> absent 2 of 20 | 18/0/2
        release b1                      -> absent
        refuse b1                       -> absent
        expire b1                       -> 0 expired
        pin b1                          -> absent
        read b1                         -> absent | 18/0/2
        bob reserves b2 section F 3     -> held 3 of F | 15/3/2
        release b2                      -> released 3 of F | 18/0/2
        release b2                      -> absent
        confirm b2                      -> absent 2 of 20 | 18/0/2
        bob reserves b3 section F 3     -> held 3 of F | 15/3/2
        confirm b3                      -> confirmed 5 of 20 | 15/0/5
        journal                         -> reserved b1 A-1-1,A-1-2, reserved b2 3 of F, released b2 3 of F, reserved b3 3 of F
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn an_unknown_booking_is_absent() {
    let rows = "
        read b1         -> absent
        pin b1          -> absent
        confirm b1      -> absent 0 of 20
        release b1      -> absent
        refuse b1       -> absent
        expire b1       -> 0 expired | 20/0/0
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn an_overdue_hold_is_left_to_the_sweeper() {
    let rows = "
        ann reserves b1 seats A 1-1,2-1 -> held A-1-1,A-2-1 | 18/2/0
        bob reserves b2 section F 2     -> held 2 of F | 16/4/0
        due                             -> none
        expire b1                       -> 0 expired | 16/4/0
        overdue b1                      -> done
        overdue b2                      -> done
        due                             -> b1 b2
        read b1                         -> held A-1-1,A-2-1, due
        release b1                      -> booking_expired A-1-1,A-2-1 | 16/4/0
        sweep                           -> 2 expired | 20/0/0
        map A                           -> ...../.....
        sweep                           -> 0 expired
        expire b1                       -> 0 expired | 20/0/0
        release b1                      -> absent
        journal                         -> reserved b1 A-1-1,A-2-1, reserved b2 2 of F, expired b1 A-1-1,A-2-1, expired b2 2 of F
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn a_payment_under_way_keeps_a_hold() {
    let rows = "
        ann reserves b1 seats A 1-1     -> held A-1-1 | 19/1/0
        pin b1 for 120000               -> confirming A-1-1
        release b1                      -> confirming A-1-1 | 19/1/0
        read b1                         -> confirming A-1-1, later
        # A shorter grace takes nothing away.
        pin b1 for 1                    -> confirming A-1-1
        1 s later                       -> done
        read b1                         -> confirming A-1-1, later
        due                             -> none
        expire b1                       -> 0 expired | 19/1/0
        overdue b1                      -> done
        due                             -> b1
        release b1                      -> booking_expired A-1-1
        # Overdue but not swept, it can still be pinned: the seats are still its own.
        pin b1                          -> confirming A-1-1
        sweep                           -> 0 expired | 19/1/0
        confirm b1                      -> confirmed 1 of 20 | 19/0/1
        # The time of the hold itself does not end one that is pinned.
        bob reserves b2 seats A 1-2     -> held A-1-2
        pin b2 for 120000               -> confirming A-1-2
        60 s later                      -> done
        sweep                           -> 0 expired | 18/1/1
        # A payment that never ends does not keep it for ever.
        overdue b2                      -> done
        sweep                           -> 1 expired | 19/0/1
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn a_refused_sale_frees_its_seats_at_once() {
    let rows = "
        ann reserves b1 seats A 1-1     -> held A-1-1 | 19/1/0
        pin b1                          -> confirming A-1-1
        refuse b1                       -> released A-1-1 | 20/0/0
        map A                           -> ...../.....
        refuse b1                       -> absent
        journal                         -> reserved b1 A-1-1, expired b1 A-1-1
        bob reserves b2 seats A 1-1     -> held A-1-1 | 19/1/0
        # The first booking is gone for good, the second one has the seat.
        refuse b1                       -> absent
        retake b1                       -> seats_taken
        map A                           -> h..../..... | 19/1/0
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn a_late_payment_takes_free_seats_again() {
    let mut setup = Setup::default();
    setup.rules.max_per_buyer = 2;
    let rows = "
        ann reserves b1 seats A 1-1,1-2 -> held A-1-1,A-1-2 | 18/2/0
        bob reserves b2 section F 2     -> held 2 of F | 16/4/0
        60 s later                      -> done
        sweep                           -> 2 expired | 20/0/0
        retake b1                       -> confirming A-1-1,A-1-2 | 18/2/0
        retake b1                       -> confirming A-1-1,A-1-2 | 18/2/0
        retake b2                       -> confirming 2 of F | 16/4/0
        read b1                         -> confirming A-1-1,A-1-2, later
        # Its tickets count again.
        ann reserves b3 seats A 2-1     -> buyer_limit_exceeded
        confirm b1                      -> confirmed 2 of 20 | 16/2/2
        confirm b2                      -> confirmed 4 of 20 | 16/0/4
        # What is sold is not taken a second time, seats or standing places.
        retake b1                       -> confirmed A-1-1,A-1-2 | 16/0/4
        retake b2                       -> confirmed 2 of F | 16/0/4
        journal                         -> reserved b1 A-1-1,A-1-2, reserved b2 2 of F, expired b1 A-1-1,A-1-2, expired b2 2 of F, reserved b1 A-1-1,A-1-2, reserved b2 2 of F
    ";
    play(&setup, rows).await;
}

#[tokio::test]
async fn a_late_payment_takes_nobody_elses_seats() {
    let mut setup = Setup::default();
    setup.rules.max_per_buyer = 10;
    let rows = "
        ann reserves b1 seats A 1-1,1-2 -> held A-1-1,A-1-2 | 18/2/0
        ann reserves b2 section F 3     -> held 3 of F | 15/5/0
        60 s later                      -> done
        sweep                           -> 2 expired | 20/0/0
        bob reserves b3 seats A 1-2     -> held A-1-2 | 19/1/0
        retake b1                       -> seats_taken | 19/1/0
        map A                           -> .h.../.....
        confirm b3                      -> confirmed 1 of 20 | 19/0/1
        retake b1                       -> seats_taken | 19/0/1
        bob reserves b4 section F 8     -> held 8 of F | 11/8/1
        retake b2                       -> seats_taken | 11/8/1
        release b4                      -> released 8 of F | 19/0/1
        retake b2                       -> confirming 3 of F | 16/3/1
    ";
    play(&setup, rows).await;
}

#[tokio::test]
async fn journal_entries_stay_until_they_are_trimmed() {
    let rows = "
        ann reserves b1 seats A 1-1     -> held A-1-1
        ann reserves b2 seats A 1-2     -> held A-1-2
        release b1                      -> released A-1-1
        trim 2                          -> 2 trimmed
        journal                         -> released b1 A-1-1
        release b2                      -> released A-1-2
        trim 1                          -> 1 trimmed
        journal                         -> released b2 A-1-2
        trim 1                          -> 1 trimmed
        journal                         -> empty
    ";
    play(&Setup::default(), rows).await;
}

/// A hold whose seat another booking owns, as a failover can leave it, does not free that seat.
#[tokio::test]
async fn a_seat_is_freed_only_for_its_holder() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::default()).await;
        let rows = "
            ann reserves b1 seats A 1-1,1-2 -> held A-1-1,A-1-2
            bob reserves b2 seats A 1-3     -> held A-1-3
            cat reserves b3 seats A 1-4     -> held A-1-4
        ";
        stage.play(server, rows).await;
        let holders = keys::holders(stage.event);
        let thief = stage.booking("thief").to_string();
        for seat in ["A-1-1", "A-1-3", "A-1-4"] {
            stage.raw(&holders, "HSET", &[seat, &thief]).await;
        }
        let section = "A".parse().unwrap();
        let booking = stage.booking("b1");
        let request = ReleaseSeats { booking, section: &section, reason: ReleaseReason::Released };
        scripts::release_seats(&stage.cluster, &request, DEADLINE).await.unwrap();
        let request =
            ConfirmBooking { booking: stage.booking("b2"), section: &section, lost: None };
        scripts::confirm_booking(&stage.cluster, &request, DEADLINE).await.unwrap();
        let booking = stage.booking("b3");
        stage.raw(&keys::expiry(stage.event), "ZADD", &["1", &booking.to_string()]).await;
        let sections = stage.seated_sections();
        let request = ExpireHolds { event: stage.event, sections: &sections, bookings: &[booking] };
        scripts::expire_holds(&stage.cluster, &request, DEADLINE).await.unwrap();
        let map = stage.texts(&keys::map(stage.event, &section), "GET", &[]).await.remove(0);
        assert_eq!(map, "h.hh./.....", "on {server}");
        let total = stage.state().await.unwrap().total;
        assert_eq!((total.available, total.held, total.sold), (17, 3, 0), "on {server}");
    }
}

/// The map in KEYS must be that of the booking's section, else nothing is written.
#[tokio::test]
async fn a_booking_of_another_section_is_an_error() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::default()).await;
        stage.play(server, "ann reserves b1 seats A 1-1 -> held A-1-1").await;
        let booking = stage.booking("b1");
        for name in ["F", "B"] {
            let section = name.parse().unwrap();
            let pin = PinHold {
                booking,
                section: &section,
                grace_ms: 1,
                retake: None,
                pinned_for: PinnedFor::Buyer,
            };
            let pinned = scripts::pin_hold(&stage.cluster, &pin, DEADLINE).await;
            let confirm = ConfirmBooking { booking, section: &section, lost: None };
            let confirmed = scripts::confirm_booking(&stage.cluster, &confirm, DEADLINE).await;
            let reason = ReleaseReason::Refused;
            let release = ReleaseSeats { booking, section: &section, reason };
            let released = scripts::release_seats(&stage.cluster, &release, DEADLINE).await;
            for error in [pinned.err(), confirmed.err(), released.err()] {
                let text = error.unwrap().to_string();
                assert!(text.contains("other_section") || text.contains("unexpected"), "{text}");
            }
        }
        stage.play(server, "read b1 -> held A-1-1 | 19/1/0").await;
    }
}

#[tokio::test]
async fn a_sweeper_needs_the_sections_of_the_event() {
    for (server, cluster) in servers::all() {
        let setup = Setup::default();
        let mut stage = Stage::open(cluster, setup.clone()).await;
        let rows = "
            add B seated 1 2                -> added 1
            ann reserves b1 seats A 1-1     -> held A-1-1
            bob reserves b2 seats B 1-2     -> held B-1-2
            60 s later                      -> done
        ";
        stage.play(server, rows).await;
        stage.setup.sections = setup.sections;
        stage.play(server, "sweep -> sections_changed A,B | 20/2/0").await;
        stage.setup.sections.push(crate::stage::seated("B", 1, 2, 1_000));
        stage.play(server, "sweep -> 2 expired | 22/0/0").await;
        stage.play(server, "map B -> ..").await;
    }
}

/// One call takes a hundred; what is beyond is ignored, not half done.
#[tokio::test]
async fn a_hundred_holds_expire_in_one_call() {
    for (server, cluster) in servers::all() {
        let mut setup = Setup::with_sections(vec![crate::stage::seated("A", 11, 10, 100)]);
        setup.rules.max_per_buyer = 110;
        let mut stage = Stage::open(cluster, setup).await;
        let mut rows = String::new();
        for index in 0..101 {
            let seat = format!("{}-{}", index / 10 + 1, index % 10 + 1);
            rows += &format!("ann reserves b{index} seats A {seat} -> held A-{seat}\n");
        }
        stage.play(server, &rows).await;
        stage.age(60_000).await;
        let names: Vec<String> = (0..101).map(|index| format!("b{index}")).collect();
        let bookings: Vec<_> = names.iter().map(|name| stage.booking(name)).collect();
        let sections = stage.seated_sections();
        let request = ExpireHolds { event: stage.event, sections: &sections, bookings: &bookings };
        let outcome = scripts::expire_holds(&stage.cluster, &request, DEADLINE).await.unwrap();
        assert_eq!(outcome, scripts::ExpireOutcome::Expired { count: 100 }, "on {server}");
        stage.play(server, "sweep -> 1 expired | 110/0/0").await;
    }
}

/// A retry after a lost reply goes out with the same digest: on a node without it, in full.
#[tokio::test]
async fn scripts_survive_an_empty_script_cache() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::default()).await;
        let tag = keys::settings(stage.event);
        let flush = stage.cluster.execute(&tag, "SCRIPT", vec!["FLUSH".into()], DEADLINE);
        flush.await.unwrap();
        stage.play(server, "ann reserves b1 seats A 1-1 -> held A-1-1 | 19/1/0").await;
    }
}

#[tokio::test]
async fn redis_knows_each_script_by_the_digest_of_its_source() {
    for (server, cluster) in servers::all() {
        for each in registry::ALL {
            let arguments = vec!["LOAD".into(), each.source.into()];
            let reply = cluster.execute("any", "SCRIPT", arguments, DEADLINE).await.unwrap();
            assert_eq!(reply[0].text(), Some(each.sha1), "{server}: {}", each.name);
        }
    }
}

/// The scripts begin with `#!lua`, so Redis refuses a key of another slot: in a slot that moves,
/// such a key could read as missing.
#[tokio::test]
async fn a_key_of_another_slot_is_refused() {
    let cluster = native::connect(stack::shared_redis());
    let stage = Stage::open(cluster, Setup::default()).await;
    for each in registry::ALL {
        assert!(each.source.starts_with("#!lua"), "{}", each.name);
    }
    let script = cluster::Script {
        name: "undeclared",
        source: "#!lua\nreturn redis.call('GET', 'elsewhere')",
        sha1: "0000000000000000000000000000000000000000",
    };
    let key = keys::settings(stage.event);
    let reply = stage.cluster.evaluate(&script, &[key], Vec::new(), DEADLINE).await;
    let Err(cluster::Error::Rejected { text }) = reply else { panic!("{reply:?}") };
    // Which of the two depends on the node that owns the other slot.
    let refused = text.contains("non local key") || text.contains("hash to the same slot");
    assert!(refused, "{text}");
}

/// A failover has lost a hold that the ledger has sold; meanwhile one seat looks free, another is
/// held by somebody else. The ledger has decided: both are sold, and the other hold loses its seat.
#[tokio::test]
async fn a_sale_of_a_lost_hold_takes_its_seats() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::default()).await;
        let rows = "
            ann reserves b1 seats A 1-1,1-2 -> held A-1-1,A-1-2
            release b1                      -> released A-1-1,A-1-2
            bob reserves b2 seats A 1-2     -> held A-1-2 | 19/1/0
        ";
        stage.play(server, rows).await;
        let section = "A".parse().unwrap();
        let booking = stage.booking("b1");
        let lost = stage.holds.get(&booking).cloned().unwrap();
        let request = ConfirmBooking { booking, section: &section, lost: Some(&lost) };
        for _ in 0..2 {
            let confirmed = scripts::confirm_booking(&stage.cluster, &request, DEADLINE).await;
            let absent = scripts::ConfirmOutcome::Absent { sold: 2, capacity: 20 };
            assert_eq!(confirmed, Ok(absent), "on {server}");
        }
        let booking = stage.booking("b2");
        let release = ReleaseSeats { booking, section: &section, reason: ReleaseReason::Released };
        scripts::release_seats(&stage.cluster, &release, DEADLINE).await.unwrap();
        let map = stage.texts(&keys::map(stage.event, &section), "GET", &[]).await.remove(0);
        assert_eq!(map, "ss.../.....", "on {server}");
        let total = stage.state().await.unwrap().total;
        assert_eq!((total.available, total.held, total.sold), (18, 0, 2), "on {server}");
    }
}

#[tokio::test]
async fn a_cancelled_booking_gives_back_what_is_still_its_own() {
    let rows = "
        ann reserves b1 seats A 1-1,1-2 -> held A-1-1,A-1-2
        ann reserves b2 section F 2     -> held 2 of F
        confirm b1                      -> confirmed 2 of 20
        confirm b2                      -> confirmed 4 of 20 | 16/0/4
        ann reserves b3 seats A 2-1     -> buyer_limit_exceeded
        cancel b1                       -> freed 2, 2 of 20 | 18/0/2
        map A                           -> ...../.....
        cancel b1                       -> freed 0, 2 of 20 | 18/0/2
        cancel b2                       -> freed 2, 0 of 20 | 20/0/0
        ann reserves b3 seats A 1-1     -> held A-1-1
        # Its first owner's cancellation comes again: the seat is another booking's now.
        cancel b1                       -> freed 0, 0 of 20 | 19/1/0
        # The news of a sale has not arrived when it is cancelled.
        cancel b3                       -> freed 1, 0 of 20 | 20/0/0
        read b3                         -> absent
        ann reserves b4 section F 4     -> held 4 of F
        pin b4                          -> confirming 4 of F
        cancel b4                       -> freed 4, 0 of 20 | 20/0/0
        confirm b4                      -> absent 0 of 20 | 20/0/0
    ";
    play(&Setup::default(), rows).await;
    play_unopened(&Setup::default(), "confirm b1 -> event_missing").await;
}
