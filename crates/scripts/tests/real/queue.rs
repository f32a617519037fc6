//! The queue: joining, being let in, leaving.

use scripts::{
    AddressCap, JoinOutcome, JoinQueue, NumberBlock, PlaceOutcome, ShownProof, ShownReceipt, keys,
};

use crate::scene::play;
use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage, in_ms};

#[tokio::test]
async fn users_are_let_in_in_the_order_of_their_numbers() {
    let rows = "
        ann joins                   -> waiting 1 at 1, new
        bob joins                   -> waiting 2 at 2, new
        cat joins                   -> waiting 3 at 3, new
        bob joins                   -> waiting 2 at 2
        dan looks                   -> absent
        queue                       -> 3 wait, 0 active, on_sale
        admit 2                     -> 2 in, 1 wait, 2 active
        ann looks                   -> admitted 1
        bob joins                   -> admitted 2
        cat looks                   -> waiting 3 at 1
        queue                       -> 1 wait, 2 active, on_sale
        admit 0                     -> 0 in, 1 wait, 2 active
        admit 10                    -> 1 in, 0 wait, 3 active
        admit 10                    -> 0 in, 0 wait, 3 active
    ";
    play(&Setup::with_queue(), rows).await;
}

#[tokio::test]
async fn leaving_gives_the_place_and_the_pass_back() {
    let rows = "
        ann joins                   -> waiting 1 at 1, new
        bob joins                   -> waiting 2 at 2, new
        ann leaves                  -> left
        ann leaves                  -> absent
        ann looks                   -> absent
        bob looks                   -> waiting 2 at 1
        ann joins                   -> waiting 3 at 2, new
        admit 10                    -> 2 in, 0 wait, 2 active
        bob looks                   -> admitted 2
        bob leaves                  -> left
        bob looks                   -> absent
        queue                       -> 0 wait, 1 active, on_sale
        # The pass that was given back is no pass.
        bob reserves b1 seats A 1-1 -> queue_pass_invalid
        # A used pass stays used.
        ann looks                   -> admitted 3
        ann reserves b2 seats A 1-1 -> held A-1-1
        ann leaves                  -> absent
        ann reserves b3 seats A 1-2 -> queue_pass_used
    ";
    play(&Setup::with_queue(), rows).await;
}

#[tokio::test]
async fn no_more_passes_are_out_than_allowed() {
    let mut setup = Setup::with_queue();
    setup.rules.max_active = 2;
    let rows = "
        ann joins                   -> waiting 1 at 1, new
        bob joins                   -> waiting 2 at 2, new
        cat joins                   -> waiting 3 at 3, new
        admit 10                    -> 2 in, 1 wait, 2 active
        admit 10 by hand            -> 0 in, 1 wait, 2 active
        ann looks                   -> admitted 1
        # A used pass makes room,
        ann reserves b1 seats A 1-1 -> held A-1-1
        set pass_ttl_ms=30000       -> updated
        admit 10                    -> 1 in, 0 wait, 2 active
        # and so does an expired one.
        30 s later                  -> done
        queue                       -> 0 wait, 1 active, on_sale
        cat looks                   -> expired 3
        set pass_ttl_ms=60000       -> updated
        dan joins                   -> waiting 4 at 1, new
        admit 10                    -> 1 in, 0 wait, 2 active
        # Who let a pass expire joins again, at the end.
        eve joins                   -> waiting 5 at 1, new
        cat joins                   -> waiting 6 at 2, new
        cat joins                   -> waiting 6 at 2
        cat looks                   -> waiting 6 at 2
        dan looks                   -> admitted 4
        dan leaves                  -> left
        admit 10                    -> 1 in, 1 wait, 2 active
        cat looks                   -> waiting 6 at 1
    ";
    play(&setup, rows).await;
}

#[tokio::test]
async fn no_more_are_let_in_than_seats_are_left() {
    let mut setup = Setup::with_queue();
    setup.sections = vec![crate::stage::seated("A", 1, 2, 100)];
    let rows = "
        ann joins                   -> waiting 1 at 1, new
        bob joins                   -> waiting 2 at 2, new
        cat joins                   -> waiting 3 at 3, new
        admit 10 by hand            -> 2 in, 1 wait, 2 active
        ann looks                   -> admitted 1
        ann reserves b1 section A 2 -> held A-1-1,A-1-2 | 0/2/0
        admit 10 by hand            -> 0 in, 1 wait, 1 active
        release b1                  -> released A-1-1,A-1-2 | 2/0/0
        admit 10 by hand            -> 1 in, 0 wait, 2 active
    ";
    play(&setup, rows).await;
}

#[tokio::test]
async fn nobody_is_let_in_unless_the_sale_is_open() {
    let mut setup = Setup::with_queue();
    setup.on_sale_in_ms = 60_000;
    let rows = "
        ann joins                   -> undrawn 1 of 1, new
        queue                       -> 1 wait, 0 active, scheduled
        admit 10                    -> 0 in, 1 wait, 0 active
        admit 10 by hand            -> 0 in, 1 wait, 0 active
        set opened                  -> updated
        admit 10                    -> undrawn
        admit 10 by hand            -> undrawn
        draw                        -> drawn among 1
        set paused                  -> updated
        admit 10                    -> 0 in, 1 wait, 0 active
        bob joins                   -> waiting 2 at 2, new
        set resumed                 -> updated
        admit 1                     -> 1 in, 1 wait, 1 active
        set ended                   -> updated
        admit 10                    -> 0 in, 1 wait, 1 active
        ann looks                   -> closed
        bob looks                   -> closed
        bob joins                   -> not_on_sale
        cat joins                   -> not_on_sale
        cat looks                   -> absent
    ";
    play(&setup, rows).await;
    let rows = "
        ann joins                   -> waiting 1 at 1, new
        set cancelled               -> updated
        admit 10                    -> 0 in, 1 wait, 0 active
        ann looks                   -> closed
        ann joins                   -> not_on_sale
        queue                       -> 1 wait, 0 active, cancelled
        ann leaves                  -> left
    ";
    play(&Setup::with_queue(), rows).await;
}

#[tokio::test]
async fn the_line_is_closed_when_everything_is_sold() {
    let mut setup = Setup::with_queue();
    setup.sections = vec![crate::stage::standing("F", 2, 100)];
    let rows = "
        ann joins                   -> waiting 1 at 1, new
        admit 1                     -> 1 in, 0 wait, 1 active
        bob joins                   -> waiting 2 at 1, new
        ann looks                   -> admitted 1
        ann reserves b1 section F 2 -> held 2 of F | 0/2/0
        # Held is not sold: seats may come back.
        cat joins                   -> waiting 3 at 2, new
        pin b1                      -> confirming 2 of F
        confirm b1                  -> confirmed 2 of 2 | 0/0/2
        queue                       -> 2 wait, 0 active, sold_out
        bob looks                   -> closed
        bob joins                   -> closed
        dan joins                   -> closed
        dan looks                   -> absent
    ";
    play(&setup, rows).await;
}

/// The allowance begins with one second's worth, refills at the rate and is never more than two
/// seconds' worth. Time is moved by rewriting the stored time of the empty bucket before each call,
/// so that it matters little how long the calls take: each has a second.
#[tokio::test]
async fn schedulers_together_let_in_at_the_release_rate() {
    let mut setup = Setup::with_queue();
    setup.rules.release_per_s = 1;
    let joins: String = (1..=9)
        .map(|index| format!("u{index} joins -> waiting {index} at {index}, new\n"))
        .collect();
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, setup.clone()).await;
        stage.play(server, &joins).await;
        let counts = keys::counts(stage.event);
        for (elapsed_us, row) in [
            (None, "admit 100 -> 1 in, 8 wait, 1 active"),
            (Some(0), "admit 100 -> 0 in, 8 wait, 1 active"),
            // By hand the rate does not count, and the allowance is not touched.
            (Some(0), "admit 1 by hand -> 1 in, 7 wait, 2 active"),
            (Some(1_000_000), "admit 100 -> 1 in, 6 wait, 3 active"),
            (Some(60_000_000), "admit 100 -> 2 in, 4 wait, 5 active"),
            // The clock of a new master may be behind: nobody waits for it to catch up.
            (Some(-60_000_000), "admit 100 -> 1 in, 3 wait, 6 active"),
        ] {
            let before_us = in_ms(0).unix_ms() * 1_000;
            if let Some(elapsed_us) = elapsed_us {
                let empty_us = (before_us - elapsed_us).to_string();
                stage.raw(&counts, "HSET", &["allowance_us", &empty_us]).await;
            }
            stage.play(server, row).await;
            // What there was is used up: the bucket was empty during the call.
            let after_us = in_ms(1).unix_ms() * 1_000;
            let empty_us = stage.texts(&counts, "HGET", &["allowance_us"]).await.remove(0);
            let empty_us: i64 = empty_us.parse().unwrap();
            assert!((before_us..=after_us).contains(&empty_us), "{row} on {server}: {empty_us}");
        }
    }
}

#[tokio::test]
async fn a_rate_of_zero_lets_nobody_in_but_by_hand() {
    let mut setup = Setup::with_queue();
    setup.rules.release_per_s = 0;
    let rows = "
        ann joins                   -> waiting 1 at 1, new
        admit 10                    -> 0 in, 1 wait, 0 active
        admit 10 by hand            -> 1 in, 0 wait, 1 active
    ";
    play(&setup, rows).await;
}

#[tokio::test]
async fn a_line_that_takes_nobody_else_keeps_those_it_has() {
    let rows = "
        ann joins                   -> waiting 1 at 1, new
        bob joins                   -> waiting 2 at 2, new
        set joining=off             -> updated
        cat joins                   -> joining_stopped
        cat looks                   -> absent
        ann joins                   -> waiting 1 at 1
        ann looks                   -> waiting 1 at 1
        admit 1                     -> 1 in, 1 wait, 1 active
        ann joins                   -> admitted 1
        # Who has left is a newcomer.
        bob leaves                  -> left
        bob joins                   -> joining_stopped
        set joining=on              -> updated
        bob joins                   -> waiting 3 at 1, new
        # A place that was lost comes back all the same.
        set joining=off             -> updated
        open 2                      -> opened
        bob returns                 -> waiting 3 at 1
        cat joins                   -> joining_stopped
    ";
    play(&Setup::with_queue(), rows).await;
}

/// An address takes as many places as it may, whoever asks for them; leaving gives one back.
#[tokio::test]
async fn an_address_has_no_more_places_than_it_may() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::with_queue()).await;
        let at = async |stage: &mut Stage, name: &str, digest: &str, receipt| {
            let user = stage.user(name);
            let (block, event) = (None, stage.event);
            let (proof, address) =
                (ShownProof::NotAsked, Some(AddressCap { digest, places_max: 2 }));
            stage
                .join_with(JoinQueue {
                    event,
                    user,
                    block,
                    receipt,
                    proof,
                    address,
                    is_registered: false,
                })
                .await
        };
        let none = ShownReceipt::None;
        let first = at(&mut stage, "ann", "here", none).await;
        assert_eq!(at(&mut stage, "bob", "here", none).await.number, 2);
        let full = at(&mut stage, "cat", "here", none).await;
        assert_eq!((full.outcome, full.number), (PlaceOutcome::AddressFull, 0), "on {server}");
        assert_eq!(
            at(&mut stage, "bob", "here", none).await.number,
            2,
            "joining again is no place"
        );
        assert_eq!(at(&mut stage, "cat", "there", none).await.number, 3);
        // A place that somebody leaves is free for the next, once.
        stage.play(server, "bob leaves -> left\nbob leaves -> absent").await;
        assert_eq!(at(&mut stage, "dan", "here", none).await.number, 4);
        assert_eq!(at(&mut stage, "eve", "here", none).await.outcome, PlaceOutcome::AddressFull);
        // A place that is kept for somebody who is away, or has expired, counts.
        stage.swept_for(3_600_000).await;
        stage.play(server, "ann is silent 61000 -> done\nsweep absent -> 1 away").await;
        assert_eq!(at(&mut stage, "eve", "here", none).await.outcome, PlaceOutcome::AddressFull);
        stage.play(server, "admit 1 -> 1 in, 1 wait, 1 active\nann looks -> expired 1").await;
        assert_eq!(at(&mut stage, "eve", "here", none).await.outcome, PlaceOutcome::AddressFull);
        // What a receipt proves comes back, and counts.
        stage.open_as(2, scripts::Opening::Rebuilt).await;
        stage.go_live(2, 0).await;
        for name in ["ann", "dan", "bob"] {
            let (score, joined_at) = (first.score, first.joined_at);
            let back = at(&mut stage, name, "here", ShownReceipt::Honoured { score, joined_at });
            assert_eq!(back.await.outcome, PlaceOutcome::Waiting);
        }
        assert_eq!(at(&mut stage, "eve", "here", none).await.outcome, PlaceOutcome::AddressFull);
        let kept = stage.texts(&keys::addresses(stage.event), "HGET", &["here"]).await;
        assert_eq!(kept, ["3"]);
    }
}

#[tokio::test]
async fn a_thousand_are_let_in_by_one_call_at_most() {
    for (server, cluster) in servers::all() {
        let mut setup = Setup::with_queue();
        setup.sections = vec![crate::stage::standing("F", 5_000, 100)];
        setup.rules.max_active = 5_000;
        setup.rules.release_per_s = 100_000;
        let mut stage = Stage::open(cluster, setup).await;
        for index in 0..1_100 {
            let user = stage.user(&format!("u{index}"));
            stage.join_queue(user, ShownReceipt::None).await;
        }
        let rows = "
            admit 5000              -> 1000 in, 100 wait, 1000 active
            u999 looks              -> admitted 1000
            u1000 looks             -> waiting 1001 at 1
            admit 5000              -> 100 in, 0 wait, 1100 active
        ";
        stage.play(server, rows).await;
        assert_eq!(stage.state().await.unwrap().admitted, 1_100);
    }
}

/// Redis forgets everything; receipts bring the line back in its old order, and numbers go on.
#[tokio::test]
async fn a_receipt_brings_a_lost_place_back() {
    let rows = "
        ann joins                       -> waiting 1 at 1, new
        bob joins                       -> waiting 2 at 2, new
        cat joins                       -> waiting 3 at 3, new
        admit 1                         -> 1 in, 2 wait, 1 active
        ann looks                       -> admitted 1
        # Whom Redis knows gets nothing by a receipt.
        bob returns                     -> waiting 2 at 1
        open 2                          -> opened
        eve joins                       -> waiting 1001 at 1, new
        cat returns                     -> waiting 3 at 1
        cat returns                     -> waiting 3 at 1
        bob returns                     -> waiting 2 at 1
        bob leaves                      -> left
        # It was given up: a new place, at the end.
        bob returns                     -> waiting 1002 at 3, new
        # Let in before, the pass unused: back to the front.
        ann returns                     -> waiting 1 at 1
        admit 10                        -> 4 in, 0 wait, 4 active
        ann looks                       -> admitted 1
        ann reserves b1 seats A 1-1     -> held A-1-1
        # A used pass stays used.
        ann returns                     -> waiting 1003 at 1, new
    ";
    play(&Setup::with_queue(), rows).await;
}

#[tokio::test]
async fn numbers_are_never_reused_when_blocks_end() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::with_queue()).await;
        let mut rows = "ann joins -> waiting 1 at 1, new\n".to_owned();
        rows += "bob joins -> waiting 2 at 2, new";
        stage.play(server, &rows).await;
        // A failover has lost the second number, as if bob had never joined.
        let counts = keys::counts(stage.event);
        stage.raw(&counts, "HSET", &["number", "1"]).await;
        stage.raw(&keys::settings(stage.event), "HSET", &["numbers_node", "another"]).await;
        stage.play(server, "cat joins -> waiting 1001 at 3, new").await;
        stage.raw(&counts, "HSET", &["number", "2000"]).await;
        stage.play(server, "dan joins -> waiting 2001 at 4, new").await;
        // Who asked the node that was master before may have been handed what others have used.
        stage.raw(&counts, "HSET", &["number", "3000"]).await;
        let of_another = NumberBlock { first: 3_001, last: 4_000, state: "1.another.3000" };
        let request = JoinQueue {
            event: stage.event,
            user: stage.user("eve"),
            block: Some(of_another),
            receipt: ShownReceipt::None,
            proof: ShownProof::NotAsked,
            address: None,
            is_registered: false,
        };
        let joined = scripts::join_queue(&stage.cluster, &request, DEADLINE).await.unwrap();
        assert!(matches!(joined, JoinOutcome::NumbersUsedUp { .. }), "{joined:?} on {server}");
    }
}

#[tokio::test]
async fn after_a_rebuild_nobody_is_let_in_until_the_line_is_back() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::with_queue()).await;
        stage.open_as(2, scripts::Opening::Rebuilt).await;
        stage.go_live(2, 60_000).await;
        let rows = "
            ann joins           -> waiting 1 at 1, new
            admit 10            -> 0 in, 1 wait, 0 active
            admit 10 by hand    -> 0 in, 1 wait, 0 active
        ";
        stage.play(server, rows).await;
        stage.raw(&keys::counts(stage.event), "HSET", &["admit_from_ms", "1"]).await;
        stage.play(server, "admit 10 -> 1 in, 0 wait, 1 active").await;
    }
}

/// Who waits for the opening is told to come some time after it, so a grace into which the opening
/// falls begins with it.
#[tokio::test]
async fn a_grace_into_which_the_opening_falls_begins_with_it() {
    const GRACE_MS: i64 = 60_000;
    for (on_sale_in_ms, begins_with_it) in [(30_000, true), (90_000, false), (-30_000, false)] {
        for (server, cluster) in servers::all() {
            let stage = Stage::open(cluster, Setup { on_sale_in_ms, ..Setup::with_queue() }).await;
            stage.open_as(2, scripts::Opening::Rebuilt).await;
            let begun_ms = in_ms(0).unix_ms();
            stage.go_live(2, GRACE_MS).await;
            let number = async |key: String, field: &str| -> i64 {
                stage.texts(&key, "HGET", &[field]).await[0].parse().unwrap()
            };
            let opens_ms = number(keys::settings(stage.event), "on_sale_at_ms").await;
            let from_ms = number(keys::counts(stage.event), "admit_from_ms").await - GRACE_MS;
            let begins =
                if begins_with_it { opens_ms..=opens_ms } else { begun_ms..=in_ms(0).unix_ms() };
            assert!(begins.contains(&from_ms), "{from_ms} not in {begins:?} on {server}");
        }
    }
}

#[tokio::test]
async fn letting_in_by_hand_is_done_once_for_its_key() {
    let rows = "
        ann joins                   -> waiting 1 at 1, new
        bob joins                   -> waiting 2 at 2, new
        cat joins                   -> waiting 3 at 3, new
        admit 1 by hand key=k/f     -> 1 in, 2 wait, 1 active
        admit 1 by hand key=k/f     -> replayed 1 in
        admit 2 by hand key=k/g     -> idempotency_key_reused
        queue                       -> 2 wait, 1 active, on_sale
        admit 1 by hand key=l/f     -> 1 in, 1 wait, 2 active
    ";
    play(&Setup::with_queue(), rows).await;
}
