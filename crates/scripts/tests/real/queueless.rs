//! Events whose queue is disabled, from the beginning or while somebody waits.

use std::time::Duration;

use domain::feed::{LinePosition, News, Step};
use scripts::{PlaceOutcome, ShownReceipt, WatchedPlace, keys};

use crate::feed::news_after;
use crate::scene::play;
use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage, standing};

#[tokio::test]
async fn without_a_queue_joining_admits_at_once() {
    let rows = "
        ann joins                   -> admitted 1, new
        ann joins                   -> admitted 1
        ann looks                   -> admitted 1
        queue                       -> 0 wait, 0 active, on_sale
        # Not needed, so any other does, and used up all the same.
        ann reserves b1 seats A 1-1 pass=forged -> held A-1-1
        ann reserves b2 seats A 1-2 pass=expired -> held A-1-2
        ann looks                   -> admitted 1
        ann reserves b3 seats A 1-3 -> held A-1-3
        ann reserves b4 seats A 1-4 -> held A-1-4
        ann looks                   -> absent
        ann joins                   -> admitted 2, new
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn an_expired_pass_without_a_queue_is_replaced() {
    let setup = Setup::default();
    let rows = "
        ann joins                   -> admitted 1, new
        60 s later                  -> done
        ann looks                   -> expired 1
        ann joins                   -> admitted 2, new
    ";
    play(&setup, rows).await;
}

/// A pass is used once, whether it was needed or not.
#[tokio::test]
async fn a_pass_used_without_a_queue_is_not_good_with_one() {
    let rows = "
        ann joins                               -> waiting 1 at 1, new
        bob joins                               -> waiting 2 at 2, new
        admit 2                                 -> 2 in, 0 wait, 2 active
        ann looks                               -> admitted 1
        bob looks                               -> admitted 2
        set queue=off                           -> updated
        ann reserves b1 any 1                   -> held A-1-3
        bob reserves b2 any 1 pass=none         -> held A-1-2
        cat joins                               -> admitted 3, new
        cat reserves b3 any 1                   -> held A-1-4
        set queue=on                            -> updated
        ann reserves b4 any 1                   -> queue_pass_used
        cat reserves b5 any 1                   -> queue_pass_used
        cat reserves b5 any 1 pass=forged       -> queue_pass_invalid
        # This one was not shown.
        bob reserves b6 any 1                   -> held A-1-1
        bob reserves b7 any 1                   -> queue_pass_used
        queue                                   -> 0 wait, 0 active, on_sale
    ";
    play(&Setup::with_queue(), rows).await;
}

/// The life of a pass begins when something can be bought with it.
#[tokio::test]
async fn before_the_opening_there_is_a_place_and_afterwards_a_pass() {
    let setup = Setup { on_sale_in_ms: 60_000, ..Setup::default() };
    let rows = "
        ann joins                   -> undrawn 1 of 1, new
        ann joins                   -> undrawn 1 of 1
        bob joins                   -> undrawn 2 of 2, new
        cat joins                   -> undrawn 3 of 3, new
        cat leaves                  -> left
        admit 10                    -> 0 in, 2 wait, 0 active
        set opened                  -> updated
        dan joins                   -> admitted 4, new
        admit 10                    -> undrawn
        # Who asks for it need not wait for the draw, which then has one less to do.
        ann joins                   -> admitted 1
        draw                        -> drawn among 3
        bob looks                   -> waiting 2 at 1
        admit 10                    -> 1 in, 0 wait, 0 active
        bob looks                   -> admitted 2
        ann looks                   -> admitted 1
    ";
    play(&setup, rows).await;
}

#[tokio::test]
async fn during_a_pause_there_is_a_place_and_afterwards_a_pass() {
    let rows = "
        ann joins                   -> admitted 1, new
        set paused                  -> updated
        ann joins                   -> admitted 1
        bob joins                   -> waiting 2 at 1, new
        bob joins                   -> waiting 2 at 1
        admit 10                    -> 0 in, 1 wait, 0 active
        set joining=off             -> updated
        cat joins                   -> joining_stopped
        set resumed                 -> updated
        cat joins                   -> joining_stopped
        # Who has a place is no newcomer.
        bob joins                   -> admitted 2
        set paused                  -> updated
        set joining=on              -> updated
        cat joins                   -> waiting 3 at 1, new
        set ended                   -> updated
        admit 10                    -> 0 in, 1 wait, 0 active
        dan joins                   -> not_on_sale
    ";
    play(&Setup::default(), rows).await;
}

/// Nothing is scarce without a queue: whoever waited is let in, whatever held the line back.
#[tokio::test]
async fn who_waits_when_the_queue_is_disabled_is_let_in() {
    let mut setup = Setup::with_queue();
    setup.sections = vec![standing("F", 1, 100)];
    setup.rules.max_active = 1;
    setup.rules.release_per_s = 0;
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, setup.clone()).await;
        let rows = "
            ann joins                   -> waiting 1 at 1, new
            bob joins                   -> waiting 2 at 2, new
            cat joins                   -> waiting 3 at 3, new
            dan joins                   -> waiting 4 at 4, new
            admit 10 by hand            -> 1 in, 3 wait, 1 active
            admit 10                    -> 0 in, 3 wait, 1 active
            set queue=off               -> updated
            bob looks                   -> waiting 2 at 1
            # At once who asks for it, with the number there was; then the others, in order.
            dan joins                   -> admitted 4
            eve joins                   -> admitted 5, new
            admit 1                     -> 1 in, 1 wait, 1 active
            bob looks                   -> admitted 2
            cat looks                   -> waiting 3 at 1
        ";
        stage.play(server, rows).await;
        // After a loss nobody need wait for those who are still on their way.
        stage.raw(&keys::counts(stage.event), "HSET", &["admit_from_ms", "9000000000000"]).await;
        let rows = "
            admit 10                    -> 1 in, 0 wait, 1 active
            # The line that begins again waits for the passes of a line that are out.
            set queue=on                -> updated
            fay joins                   -> waiting 6 at 1, new
            admit 10 by hand            -> 0 in, 1 wait, 1 active
        ";
        stage.play(server, rows).await;
        stage.raw(&keys::counts(stage.event), "HSET", &["admit_from_ms", "0"]).await;
        stage.play(server, "admit 10 -> 0 in, 1 wait, 1 active").await;
        // Ann's runs out.
        let ann = stage.user("ann").to_string();
        stage.raw(&keys::passes(stage.event), "ZADD", &["1", &ann]).await;
        let rows = "
            set release_per_s=5         -> updated
            admit 10                    -> 1 in, 0 wait, 1 active
        ";
        stage.play(server, rows).await;
        // A pass that was given without a line says nothing about no-shows.
        assert_eq!(stage.unused_passes().await, 1, "on {server}");
    }
}

impl Stage {
    async fn unused_passes(&self) -> i64 {
        let texts = self.texts(&keys::counts(self.event), "HGET", &["passes_unused"]).await;
        texts[0].parse().unwrap()
    }
}

/// Goal: the news are true for those behind, and for the fan's own other tabs. Method: two places
/// that were read once follow the news, while the queue is disabled in front of them.
#[tokio::test]
async fn who_follows_the_line_is_told_when_its_queue_is_disabled() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::with_queue()).await;
        for name in ["ann", "bob", "cat", "dan", "eve"] {
            stage.act(&format!("{name} joins")).await;
        }
        let (mut of_bob, mut of_eve) = (stage.follower("bob").await, stage.follower("eve").await);
        assert_eq!((of_bob.position, of_eve.position), (2, 5));
        let rows = "
            set queue=off               -> updated
            bob joins                   -> admitted 2
            eve looks                   -> waiting 5 at 4
        ";
        stage.play(server, rows).await;
        // What is to be expected is no matter of the rate any more.
        assert_eq!(stage.watch("eve").await.place.release_per_s, 1_000, "on {server}");
        let news = news_after(&stage, of_eve.cursor).await;
        let is_told = |news: &News| matches!(news, News::State { release_per_s: 1_000, .. });
        assert!(news.iter().any(|entry| is_told(&entry.news)), "on {server}");
        let steps: Vec<_> = news.iter().map(|entry| of_bob.apply(entry, Duration::ZERO)).collect();
        assert!(steps.contains(&Step::Reread), "{steps:?} on {server}");
        news.iter().for_each(|entry| {
            of_eve.apply(entry, Duration::ZERO);
        });
        assert_eq!(of_eve.position, 4, "on {server}");
        stage.play(server, "admit 2 -> 2 in, 2 wait, 0 active").await;
        for entry in news_after(&stage, of_eve.cursor).await {
            of_eve.apply(&entry, Duration::ZERO);
        }
        assert_eq!(of_eve.position, 2, "on {server}");
        stage.play(server, "eve looks -> waiting 5 at 2").await;
        stage.play(server, "admit 10 -> 2 in, 0 wait, 0 active").await;
        let news = news_after(&stage, of_eve.cursor).await;
        let told: Vec<_> = news.iter().map(|entry| of_eve.apply(entry, Duration::ZERO)).collect();
        assert!(told.iter().any(|step| matches!(step, Step::Admitted { .. })), "{told:?}");
    }
}

impl Stage {
    async fn watch(&mut self, name: &str) -> WatchedPlace {
        let user = self.user(name);
        scripts::watch_place(&self.cluster, self.event, user, DEADLINE).await.unwrap()
    }

    /// A place that follows the news from now on.
    async fn follower(&mut self, name: &str) -> LinePosition {
        let watched = self.watch(name).await;
        let position = watched.place.position;
        LinePosition { order: watched.order, position, cursor: watched.cursor }
    }
}

/// A receipt is worth its place also where no queue is left, whatever newcomers are told.
#[tokio::test]
async fn a_lost_place_comes_back_without_a_queue_and_is_let_in() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::with_queue()).await;
        let rows = "
            ann joins                   -> waiting 1 at 1, new
            bob joins                   -> waiting 2 at 2, new
            set queue=off               -> updated
            set joining=off             -> updated
            open 2                      -> opened
            cat joins                   -> joining_stopped
            ann returns                 -> admitted 1
        ";
        stage.play(server, rows).await;
        // By asking.
        let bob = stage.user("bob");
        let (score, joined_at) = stage.receipts[&bob];
        let back = stage.join_queue(bob, ShownReceipt::Honoured { score, joined_at }).await;
        assert_eq!((back.outcome, back.number), (PlaceOutcome::Admitted, 2), "on {server}");
        stage.play(server, "admit 10 -> 0 in, 0 wait, 0 active").await;
    }
}
