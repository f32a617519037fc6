//! What those who wait are told of the time to come: measured, and only when it is news.

use domain::feed::{FeedId, News};
use domain::wait::Outlook;
use scripts::{ShownReceipt, keys};

use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage, standing};

impl Stage {
    /// Moves what is kept of the pace into the past, as if so much time had gone by.
    async fn pass_time(&self, ms: i64) {
        let settings = keys::settings(self.event);
        let pace = self.texts(&settings, "HGET", &["pace"]).await.remove(0);
        let mut words = pace.split(' ');
        let since_ms: i64 = words.next().unwrap().parse().unwrap();
        let mut moved = vec![(since_ms - ms).max(0).to_string()];
        moved.extend(words.map(|word| {
            let (number, rest) = word.split_once(':').unwrap();
            format!("{}:{rest}", number.parse::<i64>().unwrap() - ms / 30_000)
        }));
        self.raw(&settings, "HSET", &["pace", &moved.join(" ")]).await;
        let told = self.texts(&settings, "HGET", &["told_pace"]).await.remove(0);
        let (told_ms, rest) = told.split_once(' ').unwrap();
        let told = format!("{} {rest}", told_ms.parse::<i64>().unwrap() - ms);
        self.raw(&settings, "HSET", &["told_pace", &told]).await;
    }

    /// All that was told of the time to come.
    async fn told(&self) -> Vec<Outlook> {
        let beginning = FeedId::default();
        let news = scripts::peek_feed(&self.cluster, self.event, beginning, DEADLINE).await;
        let outlooks = news.unwrap().into_iter().map(|entry| entry.news);
        outlooks
            .filter_map(|news| if let News::Pace(it) = news { Some(it) } else { None })
            .collect()
    }

    /// What the user is told of the wait and the chance.
    async fn expects(&mut self, user: &str) -> (i64, Option<u8>) {
        let user = self.user(user);
        let place =
            scripts::watch_place(&self.cluster, self.event, user, DEADLINE).await.unwrap().place;
        let wait = place.line_outlook().wait(place.position);
        (wait.likely_s, place.outlook.chance_percent(place.position))
    }

    /// The spread of the wait that the user is told.
    async fn spread(&mut self, user: &str) -> Option<(i64, Option<i64>)> {
        let user = self.user(user);
        let place =
            scripts::watch_place(&self.cluster, self.event, user, DEADLINE).await.unwrap().place;
        place.line_outlook().wait(place.position).spread_s
    }
}

fn setup(places: u32, max_active: i64) -> Setup {
    let mut setup = Setup::with_queue();
    setup.sections = vec![standing("F", places, 100)];
    setup.rules.max_active = max_active;
    setup
}

async fn line_of(cluster: cluster::Cluster<native::NativeTransport>, setup: Setup) -> Stage {
    let mut stage = Stage::open(cluster, setup).await;
    for index in 1..=40 {
        let user = stage.user(&format!("u{index}"));
        stage.join_queue(user, ShownReceipt::None).await;
    }
    stage
}

/// Goal: the estimate is what was measured, whatever is configured. Method: a line at 50 a second
/// of which two come in each 50 s. Beside that the seconds that the calls take are little.
#[tokio::test]
async fn a_line_that_is_slower_than_configured_says_so() {
    for (server, cluster) in servers::all() {
        let mut stage = line_of(cluster, setup(1_000, 2)).await;
        stage.play(server, "admit 10 -> 2 in, 38 wait, 2 active").await;
        assert_eq!(stage.expects("u40").await, (60, None), "nothing is measured yet");
        assert_eq!(stage.spread("u40").await, Some((1, None)), "and somebody has to go first");
        for left in [36, 34, 32] {
            stage.raw(&keys::passes(stage.event), "DEL", &[]).await;
            stage.pass_time(50_000).await;
            stage.play(server, &format!("admit 10 -> 2 in, {left} wait, 2 active")).await;
        }
        let (wait_s, chance) = stage.expects("u40").await;
        // 32 places at two in fifty seconds.
        assert!((800..=880).contains(&wait_s), "{wait_s} on {server}");
        assert_eq!(chance, None, "a thousand places");
        let told = stage.told().await;
        assert_eq!(told.len(), 2, "at once, and when something was measured: {told:?}");
    }
}

#[tokio::test]
async fn what_is_to_be_expected_is_told_when_it_changes_noticeably() {
    for (server, cluster) in servers::all() {
        let mut stage = line_of(cluster, setup(1_000, 1)).await;
        stage.play(server, "admit 10 -> 1 in, 39 wait, 1 active").await;
        // Within five seconds nothing is told, whatever happens.
        stage.pass_time(2_000).await;
        stage.raw(&keys::passes(stage.event), "DEL", &[]).await;
        stage.play(server, "admit 10 -> 1 in, 38 wait, 1 active").await;
        assert_eq!(stage.told().await.len(), 1, "on {server}");
        stage.pass_time(40_000).await;
        stage.raw(&keys::passes(stage.event), "DEL", &[]).await;
        stage.play(server, "admit 10 -> 1 in, 37 wait, 1 active").await;
        assert_eq!(stage.told().await.len(), 2, "on {server}");
        // The same pace is no news.
        stage.pass_time(21_000).await;
        stage.raw(&keys::passes(stage.event), "DEL", &[]).await;
        stage.play(server, "admit 10 -> 1 in, 36 wait, 1 active").await;
        stage.pass_time(21_000).await;
        stage.raw(&keys::passes(stage.event), "DEL", &[]).await;
        stage.play(server, "admit 10 -> 1 in, 35 wait, 1 active").await;
        assert_eq!(stage.told().await.len(), 2, "on {server}");
        // A standstill is.
        stage.pass_time(30_000).await;
        stage.play(server, "admit 10 -> 0 in, 35 wait, 1 active").await;
        assert_eq!(stage.told().await.len(), 3, "on {server}");
    }
}

#[tokio::test]
async fn time_in_which_nobody_waits_or_nobody_may_come_in_is_not_measured() {
    for (server, cluster) in servers::all() {
        let mut stage = line_of(cluster, setup(1_000, 1)).await;
        stage.play(server, "admit 10 -> 1 in, 39 wait, 1 active").await;
        stage.play(server, "set paused -> updated").await;
        stage.play(server, "admit 10 -> 0 in, 39 wait, 1 active").await;
        stage.pass_time(60_000).await;
        stage.play(server, "set resumed -> updated").await;
        stage.play(server, "set max_active=39 -> updated").await;
        stage.play(server, "admit 38 -> 38 in, 1 wait, 39 active").await;
        stage.play(server, "set max_active=100 -> updated").await;
        stage.play(server, "admit 10 -> 1 in, 0 wait, 40 active").await;
        stage.pass_time(60_000).await;
        stage.act("ann joins").await;
        stage.play(server, "admit 10 -> 1 in, 0 wait, 41 active").await;
        let pace = stage.texts(&keys::settings(stage.event), "HGET", &["pace"]).await.remove(0);
        let waited_ms: i64 = pace
            .split(' ')
            .filter_map(|word| word.split(':').nth(1))
            .map(|ms| ms.parse::<i64>().unwrap())
            .sum();
        assert!(waited_ms < 30_000, "only what this test took: {pace} on {server}");
    }
}

/// Goal: nobody is told that there will be a ticket when that is not sure, and the figure sinks as
/// others buy; who is sure of one is told no figure.
#[tokio::test]
async fn the_chance_sinks_as_others_buy_and_is_absent_where_it_is_certain() {
    for (server, cluster) in servers::all() {
        let mut stage = line_of(cluster, setup(60, 5)).await;
        stage.play(server, "admit 10 -> 5 in, 35 wait, 5 active").await;
        let before = stage.expects("u40").await.1.unwrap();
        // Nine others and five with passes take four each at most.
        assert_eq!(stage.expects("u14").await.1, None);
        assert!(stage.expects("u20").await.1.is_some(), "eight more may be too many");
        for index in 1..=5 {
            stage.act(&format!("u{index} looks")).await;
            let row = format!("u{index} reserves b{index} section F 4 -> held 4 of F");
            stage.play(server, &row).await;
        }
        stage.pass_time(6_000).await;
        stage.play(server, "admit 10 -> 5 in, 30 wait, 5 active").await;
        let after = stage.expects("u40").await.1.unwrap();
        assert!(after < before, "{after} after {before} on {server}");
        assert!(stage.expects("u16").await.1.unwrap() > after, "nearer is better");
    }
}

/// Goal: where nobody is let in nobody is promised a second, from the first answer on and for as
/// long as it lasts. Method: one fan inside who stays, at fifty a second.
#[tokio::test]
async fn a_line_that_does_not_move_says_so_for_as_long_as_it_lasts() {
    for (server, cluster) in servers::all() {
        let mut stage = line_of(cluster, setup(1_000, 1)).await;
        assert_eq!(stage.spread("u1").await, None, "nobody is inside, on {server}");
        stage.play(server, "admit 10 -> 1 in, 39 wait, 1 active").await;
        let mut told_s = Vec::new();
        for _ in 0..4 {
            assert_eq!(stage.expects("u2").await.0.max(60), stage.expects("u2").await.0);
            assert_eq!(stage.spread("u2").await, Some((1, None)), "on {server}");
            stage.pass_time(30_000).await;
            stage.play(server, "admit 10 -> 0 in, 39 wait, 1 active").await;
            let told = stage.told().await.pop().unwrap();
            told_s.push(told.wait(1, 50, false).likely_s);
        }
        assert!(told_s.is_sorted() && told_s[3] >= 90, "{told_s:?} on {server}");
        // The next who comes in ends it.
        stage.raw(&keys::passes(stage.event), "DEL", &[]).await;
        stage.play(server, "admit 10 -> 1 in, 38 wait, 1 active").await;
        assert_ne!(stage.told().await.pop().unwrap().wait(1, 50, false).spread_s, None);
    }
}

#[tokio::test]
async fn in_a_line_that_is_held_nobody_is_promised_a_second() {
    for (server, cluster) in servers::all() {
        let mut stage = line_of(cluster, setup(1_000, 1)).await;
        for (held, free) in [
            ("set max_active=0 -> updated", "set max_active=1 -> updated"),
            ("set paused -> updated", "set resumed -> updated"),
            ("set release_per_s=0 -> updated", "set release_per_s=50 -> updated"),
        ] {
            assert_eq!(stage.spread("u1").await, None, "before {held} on {server}");
            stage.play(server, held).await;
            assert_eq!(stage.spread("u1").await, Some((1, None)), "{held} on {server}");
            assert_eq!(stage.expects("u1").await.0, 60, "{held} on {server}");
            stage.play(server, free).await;
        }
        stage.play(server, "set queue=off -> updated").await;
        stage.play(server, "set paused -> updated").await;
        assert_eq!(stage.spread("u1").await, Some((1, None)), "without a queue, on {server}");
    }
}
