//! Opening, changing and reading an event.

use domain::event::SaleSettings;
use scripts::{
    FinishOpeningOutcome, OpenEvent, OpenOutcome, Opening, RestoreOutcome, SaleRules, keys,
};

use crate::scene::{play, play_unopened};
use crate::servers;
use crate::stage::{Setup, Stage, standing};

#[tokio::test]
async fn an_event_is_opened_once_for_each_generation() {
    let rows = "
        status                              -> event_missing
        open 1                              -> opened | 20/0/0
        open 1                              -> exists
        ann reserves b1 seats A 1-1         -> held A-1-1 | 19/1/0
        bob joins                           -> admitted 1, new
        open 1                              -> exists | 19/1/0
        # A newer generation begins anew; what the journal says is kept. The queue's numbers go on
        # because the ledger hands out each block once.
        open 2                              -> opened | 20/0/0
        map A                               -> ...../.....
        read b1                             -> absent
        journal                             -> reserved b1 A-1-1
        bob looks                           -> absent
        bob joins                           -> admitted 1001, new
        # A writer that slept through the rebuild changes nothing.
        open 1                              -> exists
        bob looks                           -> admitted 1001
    ";
    play_unopened(&Setup::default(), rows).await;
}

#[tokio::test]
async fn every_script_says_that_an_event_is_not_open() {
    let rows = "
        status                              -> event_missing
        set paused                          -> event_missing
        add B seated 2 3                    -> event_missing
        map A                               -> none
        ann joins                           -> event_missing
        ann looks                           -> event_missing
        ann leaves                          -> event_missing
        admit 10                            -> event_missing
        queue                               -> event_missing
        ann reserves b1 seats A 1-1         -> event_missing
        ann reserves b1 section F 1         -> event_missing
        ann reserves b1 any 1               -> event_missing
        read b1                             -> event_missing
        pin b1                              -> event_missing
        confirm b1                          -> event_missing
        release b1                          -> event_missing
        due                                 -> none
        expire b1                           -> event_missing
        journal                             -> empty
        forget 0 10                         -> 0
        # None of them has left anything behind.
        open 1                              -> opened | 20/0/0
    ";
    play_unopened(&Setup::default(), rows).await;
}

#[tokio::test]
async fn settings_change_while_the_event_is_open() {
    let rows = "
        status              -> on_sale
        set paused          -> updated
        status              -> paused
        set resumed         -> updated
        set scheduled       -> updated
        status              -> scheduled
        set opened          -> updated
        status              -> on_sale
        set ended           -> updated
        status              -> ended
        set cancelled       -> updated
        status              -> cancelled
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn sections_change_and_keep_what_is_held_and_sold() {
    let rows = "
        ann reserves b1 seats A 2-5         -> held A-2-5
        bob reserves b2 section F 4         -> held 4 of F
        confirm b1                          -> confirmed 1 of 20 | 15/4/1
        # A row more, behind the others; the price is for new ones only.
        change A 3 7000                     -> applied | 20/4/1
        map A                               -> ...../....s/.....
        cat reserves b3 seats A 3-1         -> held A-3-1
        change F 12 900                     -> applied | 21/5/1
        change F 5 900                      -> applied | 14/5/1
        # A change that comes late changes nothing.
        change F 30 1 at 2                  -> outdated | 14/5/1
        change F 30 1 at 3                  -> outdated | 14/5/1
        # The same version again mends.
        change F 6 900 at 4                 -> applied | 15/5/1
        release b2                          -> released 4 of F | 19/1/1
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn places_are_withheld_only_if_they_are_free() {
    let rows = "
        ann reserves b1 section F 4         -> held 4 of F | 16/4/0
        withhold F 3 for 60000              -> capacity_in_use F | 16/4/0
        withhold F 4 for 60000              -> withheld | 10/4/0
        withhold F 4 for 60000              -> withheld | 10/4/0
        bob reserves b2 section F 1         -> not_enough_seats
        # Nobody gives them back while that is being decided, but the decision.
        change F 10 900 at 1                -> withheld | 10/4/0
        change F 4 900                      -> applied | 10/4/0
        # Nothing was decided, and the time is over.
        change F 9 900                      -> applied | 15/4/0
        withhold F 5 for 0                  -> withheld | 11/4/0
        change F 9 900 at 3                 -> applied | 15/4/0
        withhold A 1 for 1                  -> other_version | 15/4/0
    ";
    play(&Setup::default(), rows).await;
}

/// A failover has lost that places were withheld, and they are held again: nothing is lost or free.
#[tokio::test]
async fn a_section_that_is_too_small_for_its_holds_has_nothing_free() {
    let rows = "
        bob reserves b1 section F 2         -> held 2 of F
        confirm b1                          -> confirmed 2 of 20 | 18/0/2
        ann reserves b2 section F 4         -> held 4 of F | 14/4/2
        change F 5 900                      -> applied | 10/4/1
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn sections_are_added_once() {
    let rows = "
        add B seated 1 3                    -> added 1 | 23/0/0
        add B seated 1 3                    -> added 0 | 23/0/0
        add G standing 7                    -> added 1 | 30/0/0
        add G standing 7                    -> added 0 | 30/0/0
        map B                               -> ...
        ann reserves b1 section B 3         -> held B-1-1,B-1-2,B-1-3 | 27/3/0
        bob reserves b2 section G 4         -> held 4 of G | 23/7/0
        # Adding again does not free what is held.
        add B seated 1 3                    -> added 0 | 23/7/0
        map B                               -> hhh
        cat reserves b3 any A 2             -> sections_changed A,B
        cat reserves b3 any 4               -> held A-1-1,A-1-2,A-1-3,A-1-4 | 19/11/0
    ";
    play(&Setup::default(), rows).await;
    let only_standing = Setup::with_sections(vec![standing("F", 2, 100)]);
    let rows = "
        add B seated 1 3                    -> added 1 | 5/0/0
        ann reserves b1 any 2               -> held B-1-1,B-1-2 | 3/2/0
    ";
    play(&only_standing, rows).await;
}

#[tokio::test]
async fn a_rebuilt_event_keeps_what_is_sold() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::new(cluster, Setup::default());
        let (a, f) = (stage.setup.sections[0].clone(), stage.setup.sections[1].clone());
        let sold = [
            stage.sale_of(&a, &[(1, 3)], 1),
            stage.sale_of(&a, &[(2, 1)], 1),
            stage.sale_of(&f, &[], 4),
        ];
        stage.rebuild(1, &sold, &[]).await;
        let rows = "
            map A                           -> ..s../s....
            queue                           -> 0 wait, 0 active, on_sale
            ann reserves b1 seats A 1-3     -> seat_unavailable A-1-3 | 14/0/6
            ann reserves b1 any 3           -> held A-2-2,A-2-3,A-2-4 | 11/3/6
            bob reserves b2 section F 4     -> held 4 of F | 7/7/6
            cat reserves b3 section F 3     -> not_enough_seats | 7/7/6
        ";
        stage.play(server, rows).await;
    }
}

/// While an event is being built nobody finds it; two holds of one seat become one; a builder of an
/// older generation changes nothing; what is restored twice is restored once.
#[tokio::test]
async fn an_event_is_for_sale_only_when_all_of_it_is_back() {
    for (server, cluster) in servers::all() {
        let mut setup = Setup::default();
        setup.rules.max_per_buyer = 10;
        let mut stage = Stage::open(cluster, setup).await;
        let (a, f) = (stage.setup.sections[0].clone(), stage.setup.sections[1].clone());
        let sold = [stage.sale_of(&a, &[(1, 1)], 1), stage.sale_of(&f, &[], 3)];
        let held = [
            stage.sale_of(&a, &[(1, 1), (1, 2)], 2),
            stage.sale_of(&a, &[(1, 3), (1, 4)], 2),
            stage.sale_of(&a, &[(1, 4), (1, 5)], 2),
            stage.sale_of(&f, &[], 8),
            stage.sale_of(&f, &[], 7),
        ];
        stage.bookings.insert("kept".to_owned(), held[1].booking_id);
        assert_eq!(stage.open_as(3, Opening::Rebuilt).await, OpenOutcome::Opened);
        let missing = "
            status                          -> event_missing
            set paused                      -> event_missing
            add B seated 2 3                -> event_missing
            ann joins                       -> event_missing
            ann looks                       -> event_missing
            ann leaves                      -> event_missing
            admit 10                        -> event_missing
            queue                           -> event_missing
            ann reserves b1 seats A 1-1     -> event_missing
            ann reserves b1 any 1           -> event_missing
            read b1                         -> event_missing
            pin b1                          -> event_missing
            confirm b1                      -> event_missing
            release b1                      -> event_missing
            expire b1                       -> event_missing
        ";
        stage.play(server, missing).await;
        let done = |restored, refused| RestoreOutcome::Restored { restored, refused };
        assert_eq!(stage.restore(2, &sold, true).await, RestoreOutcome::Superseded);
        assert_eq!(stage.restore(3, &sold, true).await, done(2, 0));
        assert_eq!(stage.restore(3, &sold, true).await, done(0, 0));
        assert_eq!(stage.restore(3, &held, false).await, done(2, 3));
        assert_eq!(stage.restore(3, &held, false).await, done(0, 3));
        assert_eq!(stage.go_live(2, 0).await, FinishOpeningOutcome::Superseded);
        assert_eq!(stage.open_generation(2).await, OpenOutcome::Exists);
        assert_eq!(stage.open_as(2, Opening::Rebuilt).await, OpenOutcome::Exists);
        stage.play(server, missing).await;
        assert_eq!(stage.go_live(3, 0).await, FinishOpeningOutcome::Live);
        assert_eq!(stage.go_live(3, 0).await, FinishOpeningOutcome::Live);
        assert_eq!(stage.restore(3, &held, false).await, RestoreOutcome::Superseded);
        for sale in &sold {
            stage.bought.insert(sale.user_id, i64::from(sale.quantity));
        }
        let rows = "
            map A                           -> s.hh./..... | 7/9/4
            journal                         -> empty
            ann reserves b1 section F 1     -> not_enough_seats
            read kept                       -> held A-1-3,A-1-4
            open 3                          -> exists
        ";
        stage.play(server, rows).await;
    }
}

#[tokio::test]
async fn a_settings_version_never_replaces_a_newer_one() {
    let rows = "
        set paused              -> updated
        set resumed at 9        -> updated
        set paused at 8         -> outdated
        status                  -> on_sale
        set paused at 9         -> updated
        status                  -> paused
    ";
    play(&Setup::default(), rows).await;
}

/// An event that is over does not stay in Redis for ever; one that is not over does.
#[tokio::test]
async fn the_keys_of_an_event_that_is_over_expire() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::default()).await;
        let rows = "
            ann reserves b1 seats A 1-1 -> held A-1-1
            retire 1000                 -> kept
            set ended                   -> updated
            retire 7200000              -> retired
        ";
        stage.play(server, rows).await;
        let stored = stage.stored_keys().await;
        assert!(stored.contains(&keys::feed(stage.event)), "{server}: {stored:?}");
        for key in stored {
            let left_ms = stage.raw(&key, "PTTL", &[]).await[0].integer().unwrap();
            assert!((7_000_000..=7_200_000).contains(&left_ms), "{key}: {left_ms}");
        }
        // The end is moved: it is not over after all.
        stage.setup.ends_in_ms = 3_600_000;
        stage.play(server, "set extended -> updated\nretire 7200000 -> kept").await;
        for key in stage.stored_keys().await {
            assert_eq!(stage.raw(&key, "PTTL", &[]).await[0].integer(), Some(-1), "{key}");
        }
    }
}

#[tokio::test]
async fn what_is_read_is_what_was_opened() {
    for (_, cluster) in servers::all() {
        let mut setup = Setup::with_queue();
        setup.rules = SaleRules::from(&SaleSettings::default());
        let stage = Stage::new(cluster, setup);
        let settings = stage.setup.settings(7);
        let request = OpenEvent {
            event: stage.event,
            settings: &settings,
            opening: Opening::New,
            draw_count: Some(0),
        };
        scripts::open_event(&stage.cluster, &request, crate::stage::DEADLINE).await.unwrap();
        let state = stage.state().await.unwrap();
        assert_eq!(state.settings, settings);
        assert_eq!(state.settings.rules.hold_ttl_ms, 600_000);
        assert_eq!((state.total.available, state.sections.len(), state.admitted), (20, 2, 0));
    }
}

#[tokio::test]
async fn the_keys_of_an_event_are_a_fixed_set() {
    for (server, cluster) in servers::all() {
        let mut setup = Setup::with_queue();
        setup.rules.release_per_s = 1_000;
        let mut stage = Stage::open(cluster, setup).await;
        let mut rows = String::new();
        for index in 1..=8 {
            rows += &format!("u{index} joins -> waiting {index} at {index}, new\n");
        }
        rows += "admit 6 -> 6 in, 2 wait, 6 active\n";
        for index in 1..=6 {
            rows += &format!("u{index} looks -> admitted {index}\n");
            rows +=
                &format!("u{index} reserves b{index} section F 1 key=k{index}/f -> held 1 of F\n");
        }
        stage.play(server, &rows).await;
        let event = stage.event;
        let known = keys::all(event, &["A".parse().unwrap()]);
        let found = stage.stored_keys().await;
        assert!(found.iter().all(|key| known.contains(key)), "{server}: {found:?}");
        assert!(found.len() >= 11, "{server}: {found:?}");
    }
}
