//! How many are let in: the rate, the passes out, and the seats that are left for them, with those
//! who do not come.

use domain::id::UserId;
use futures_util::future::join_all;
use native::connect;
use scripts::{AdmitMode, AdmitOutcome, AdmitUsers, JoinQueue, ShownProof, ShownReceipt, keys};
use uuid::Uuid;

use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage, standing};

/// A queue in front of so many standing places, which neither rate nor cap hold back.
fn setup(places: u32) -> Setup {
    let mut setup = Setup::with_queue();
    setup.sections = vec![standing("F", places, 100)];
    setup.rules.max_active = 1_000;
    setup.rules.release_per_s = 100_000;
    setup
}

impl Stage {
    async fn joined_by(&mut self, count: usize) {
        for _ in 0..count {
            let user = UserId::from_uuid(Uuid::now_v7());
            self.join_queue(user, ShownReceipt::None).await;
        }
    }

    /// Passes whose time is over: how many were used and how many not.
    async fn turns(&self) -> (i64, i64) {
        let fields = ["passes_used", "passes_unused"];
        let texts = self.texts(&keys::counts(self.event), "HMGET", &fields).await;
        let number = |index: usize| texts.get(index).and_then(|it| it.parse().ok()).unwrap_or(0);
        (number(0), number(1))
    }
}

#[tokio::test]
async fn a_pass_that_runs_out_is_replaced_by_the_next_call() {
    for (server, cluster) in servers::all() {
        let mut setup = setup(100);
        setup.rules.max_active = 3;
        let mut stage = Stage::open(cluster, setup).await;
        stage.joined_by(9).await;
        let rows = "
            admit 10            -> 3 in, 6 wait, 3 active
            60 s later          -> done
            admit 10            -> 3 in, 3 wait, 3 active
            60 s later          -> done
            admit 10 by hand    -> 3 in, 0 wait, 3 active
        ";
        stage.play(server, rows).await;
        assert_eq!(stage.turns().await, (0, 6), "on {server}");
    }
}

/// Goal: seats do not wait for fans who do not come, and are not promised beyond that. Method: the
/// last passes are set to so many used and unused; then as many come in as the seats are promised
/// to, by the worker and by hand.
#[tokio::test]
async fn seats_are_promised_to_more_only_by_the_measured_share() {
    for (used, unused, expected) in [
        (0, 0, 10),
        (500, 0, 10),
        // Ten imagined fans came: two no-shows alone are one in six.
        (0, 2, 12),
        (90, 25, 12),
        (90, 50, 15),
        // Half of all is the bound.
        (90, 100, 20),
        (0, 900, 20),
    ] {
        for how in ["admit 100", "admit 100 by hand"] {
            for (server, cluster) in servers::all() {
                let mut stage = Stage::open(cluster, setup(10)).await;
                stage.joined_by(25).await;
                let (used_text, unused_text) = (used.to_string(), unused.to_string());
                let fields = ["passes_used", &used_text, "passes_unused", &unused_text];
                stage.raw(&keys::counts(stage.event), "HSET", &fields).await;
                let left = 25 - expected;
                let row = format!("{how} -> {expected} in, {left} wait, {expected} active");
                stage.play(server, &row).await;
                // Those passes are promises that are out already.
                let row = format!("{how} -> 0 in, {left} wait, {expected} active");
                stage.play(server, &row).await;
            }
        }
    }
}

#[tokio::test]
async fn only_passes_that_could_have_been_used_are_measured() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, setup(10)).await;
        let rows = "
            ann joins                   -> waiting 1 at 1, new
            bob joins                   -> waiting 2 at 2, new
            admit 10                    -> 2 in, 0 wait, 2 active
            ann looks                   -> admitted 1
            ann reserves b1 section F 1 -> held 1 of F
            # Given back is not unused.
            bob leaves                  -> left
            cat joins                   -> waiting 3 at 1, new
            admit 10                    -> 1 in, 0 wait, 1 active
            60 s later                  -> done
            admit 10                    -> 0 in, 0 wait, 0 active
            # Nobody can use a pass during a pause,
            dan joins                   -> waiting 4 at 1, new
            admit 10                    -> 1 in, 0 wait, 1 active
            set paused                  -> updated
            60 s later                  -> done
            admit 10                    -> 0 in, 0 wait, 0 active
            set resumed                 -> updated
            # nor needs one without a queue.
            eve joins                   -> waiting 5 at 1, new
            admit 10                    -> 1 in, 0 wait, 1 active
            set queue=off               -> updated
            60 s later                  -> done
            admit 10                    -> 0 in, 0 wait, 0 active
        ";
        stage.play(server, rows).await;
        assert_eq!(stage.turns().await, (1, 1), "on {server}");
    }
}

#[tokio::test]
async fn what_was_long_ago_counts_less_and_less() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, setup(10)).await;
        let fields = ["passes_used", "991", "passes_unused", "9"];
        stage.raw(&keys::counts(stage.event), "HSET", &fields).await;
        let rows = "
            ann joins   -> waiting 1 at 1, new
            admit 10    -> 1 in, 0 wait, 1 active
            60 s later  -> done
            admit 10    -> 0 in, 0 wait, 0 active
        ";
        stage.play(server, rows).await;
        assert_eq!(stage.turns().await, (495, 5), "on {server}");
    }
}

/// Goal: any number of schedulers, and the organiser beside them, keep the bounds together. Method:
/// sixteen calls at once, again and again, and between two rounds every pass runs out; after each
/// call no more passes are out than the cap, nor than the seats are promised to, and nobody was let
/// in twice.
#[test]
fn many_schedulers_keep_the_bounds_together() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for (max_active, places) in [(7, 1_000), (1_000, 8)] {
            let mut setup = setup(places);
            setup.rules.max_active = max_active;
            let mut stage = Stage::open(connect(stack::shared_redis()), setup).await;
            stage.joined_by(150).await;
            let clients: Vec<_> = (0..16).map(|_| connect(stack::shared_redis())).collect();
            let mut admitted_in_all = 0;
            for _ in 0..5 {
                let calls = clients.iter().enumerate().map(async |(index, cluster)| {
                    let mode =
                        if index % 2 == 0 { AdmitMode::Scheduled } else { AdmitMode::Manual };
                    let request =
                        AdmitUsers { event: stage.event, mode, limit: 1_000, idempotency: None };
                    scripts::admit_users(cluster, &request, DEADLINE).await.unwrap()
                });
                for outcome in join_all(calls).await {
                    let AdmitOutcome::Admitted { admitted, active, .. } = outcome else {
                        panic!("{outcome:?}")
                    };
                    admitted_in_all += admitted;
                    let bound = max_active.min(2 * i64::from(places));
                    assert!(active <= bound, "{active} passes out, {bound} allowed");
                }
                stage.age(60_000).await;
            }
            let on_record = stage.texts(&keys::admissions(stage.event), "HKEYS", &[]).await;
            assert_eq!(i64::try_from(on_record.len()).unwrap(), admitted_in_all, "each once");
            assert!(admitted_in_all >= 5 * 7, "no-shows are replaced: {admitted_in_all}");
            let user = UserId::from_uuid(Uuid::now_v7());
            let request = JoinQueue {
                event: stage.event,
                user,
                block: None,
                receipt: ShownReceipt::None,
                proof: ShownProof::NotAsked,
                address: None,
                is_registered: false,
            };
            let joined = scripts::join_queue(&stage.cluster, &request, DEADLINE).await.unwrap();
            let place = joined.place().expect("numbers");
            assert_eq!(place.waiting, 151 - admitted_in_all, "nobody is lost");
        }
    });
}
