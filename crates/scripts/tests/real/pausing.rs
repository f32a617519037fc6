//! A pause takes nothing of a pass.

use scripts::keys;

use crate::servers;
use crate::stage::{Setup, Stage};

impl Stage {
    /// As if the pause had begun so much earlier, and everything before it too.
    async fn stay_paused(&mut self, ms: i64) {
        self.age(ms).await;
        let settings = keys::settings(self.event);
        self.raw(&settings, "HINCRBY", &["paused_from_ms", &(-ms).to_string()]).await;
    }
}

#[tokio::test]
async fn the_time_of_a_pass_stands_still_during_a_pause() {
    for (server, cluster) in servers::all() {
        let mut setup = Setup::with_queue();
        setup.rules.max_active = 2;
        let mut stage = Stage::open(cluster, setup).await;
        let rows = "
            ann joins                       -> waiting 1 at 1, new
            bob joins                       -> waiting 2 at 2, new
            cat joins                       -> waiting 3 at 3, new
            admit 2                         -> 2 in, 1 wait, 2 active
            40 s later                      -> done
            ann looks                       -> admitted 1
            bob looks                       -> admitted 2
            set paused                      -> updated
        ";
        stage.play(server, rows).await;
        stage.stay_paused(3_600_000).await;
        let rows = "
            ann looks                       -> admitted 1
            admit 10                        -> 0 in, 1 wait, 2 active
            set paused                      -> updated
            ann reserves b1 any 1           -> event_not_on_sale
            set resumed                     -> updated
            set resumed                     -> updated
            queue                           -> 1 wait, 2 active, on_sale
            ann looks                       -> admitted 1
            # What was signed before the pause says that it has ended.
            ann reserves b1 any 1 pass=past -> held A-1-3
            bob reserves b2 any 1 pass=expired -> queue_pass_expired
            admit 10                        -> 1 in, 0 wait, 2 active
        ";
        stage.play(server, rows).await;
        // A second pause counts as well.
        stage.play(server, "set paused -> updated").await;
        stage.stay_paused(3_600_000).await;
        let rows = "
            set resumed                     -> updated
            bob looks                       -> admitted 2
            # What was left is over now, and no more.
            20 s later                      -> done
            bob looks                       -> expired 2
            bob reserves b2 any 1           -> queue_pass_expired
            bob reserves b2 any 1 pass=past -> queue_pass_expired
            cat looks                       -> admitted 3
            admit 10                        -> 0 in, 0 wait, 1 active
        ";
        stage.play(server, rows).await;
    }
}

/// Without a pause what says that it has ended has.
#[tokio::test]
async fn a_pass_that_says_that_it_has_ended_needs_a_pause() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::with_queue()).await;
        let rows = "
            ann joins                       -> waiting 1 at 1, new
            admit 1                         -> 1 in, 0 wait, 1 active
            ann looks                       -> admitted 1
            ann reserves b1 any 1 pass=past -> queue_pass_expired
            ann reserves b1 any 1           -> held A-1-3
        ";
        stage.play(server, rows).await;
    }
}
