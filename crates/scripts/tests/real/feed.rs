//! News for those who wait: what the scripts tell, and what becomes of a place by it.

use std::time::Duration;

use cluster::DedicatedConnection;
use domain::feed::{FeedEntry, FeedId, LinePosition, LineState, News, Step};
use scripts::{PlaceOutcome, keys};

use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage};

/// Nothing to wait for: the news are there.
const AT_ONCE: Duration = Duration::from_millis(50);

pub(crate) async fn news_after(stage: &Stage, cursor: FeedId) -> Vec<FeedEntry> {
    let mut own = DedicatedConnection::default();
    scripts::read_feed(&stage.cluster, &mut own, stage.event, cursor, AT_ONCE).await.unwrap()
}

impl Stage {
    /// Waits until Redis holds a reader of a feed back, because there are no news for it.
    async fn until_somebody_reads(&self) {
        let feed = keys::feed(self.event);
        let is_waiting = |line: &str| line.contains("cmd=xread") && line.contains("flags=b");
        loop {
            let list = vec!["LIST".into()];
            let clients = self.cluster.execute(&feed, "CLIENT", list, DEADLINE).await.unwrap();
            if clients[0].text().unwrap().lines().any(is_waiting) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

async fn all_news(stage: &Stage) -> Vec<News> {
    let entries = news_after(stage, FeedId::default()).await;
    for (index, entry) in entries.iter().enumerate() {
        assert_eq!(entry.serial, i64::try_from(index).unwrap() + 1, "numbered without gaps");
    }
    let news = entries.into_iter().map(|entry| entry.news);
    news.filter(|news| !matches!(news, News::Pace(_))).collect()
}

fn state(state: LineState, release_per_s: i64) -> News {
    News::State { state, max_active: 100, release_per_s }
}

#[tokio::test]
async fn each_change_of_a_line_is_told_once() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::with_queue()).await;
        let rows = "
            ann joins       -> waiting 1 at 1, new
            bob joins       -> waiting 2 at 2, new
            cat joins       -> waiting 3 at 3, new
            admit 0         -> 0 in, 3 wait, 0 active
            admit 0         -> 0 in, 3 wait, 0 active
            bob leaves      -> left
            bob leaves      -> absent
            admit 1         -> 1 in, 1 wait, 1 active
            set paused      -> updated
            set paused      -> updated
            admit 1         -> 0 in, 1 wait, 1 active
            ann leaves      -> left
            set cancelled   -> updated
        ";
        stage.play(server, rows).await;
        let news = all_news(&stage).await;
        assert_eq!(news.len(), 5, "{news:?}");
        assert_eq!(news[0], state(LineState::Open, 50));
        assert!(matches!(news[1], News::Left { .. }), "a pass that is given up is no place");
        assert!(matches!(news[2], News::Admitted { count: 1, .. }));
        assert_eq!(news[3], state(LineState::Paused, 0));
        assert_eq!(news[4], state(LineState::Cancelled, 0));
    }
}

#[tokio::test]
async fn the_last_sale_is_told() {
    for (server, cluster) in servers::all() {
        let mut setup = Setup::with_queue();
        setup.sections = vec![crate::stage::seated("A", 1, 2, 100)];
        let mut stage = Stage::open(cluster, setup).await;
        let rows = "
            ann joins                   -> waiting 1 at 1, new
            bob joins                   -> waiting 2 at 2, new
            admit 1                     -> 1 in, 1 wait, 1 active
            ann looks                   -> admitted 1
            ann reserves b1 section A 2 -> held A-1-1,A-1-2 | 0/2/0
            admit 1                     -> 0 in, 1 wait, 0 active
            # Nobody need be let in for that.
            confirm b1                  -> confirmed 2 of 2 | 0/0/2
            confirm b1                  -> absent 2 of 2
        ";
        stage.play(server, rows).await;
        assert_eq!(all_news(&stage).await.last(), Some(&state(LineState::SoldOut, 50)));
        // Nor for more places.
        assert_eq!(stage.act("change A 2 100").await, "applied");
        assert_eq!(all_news(&stage).await.last(), Some(&state(LineState::Open, 50)));
    }
}

/// Goal: a place that was read once and then follows the news is the place that Redis answers.
#[tokio::test]
async fn a_place_that_follows_the_news_is_the_place_on_record() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::with_queue()).await;
        stage.play(server, "ann joins -> waiting 1 at 1, new").await;
        for name in ["bob", "cat", "dan", "eve"] {
            stage.act(&format!("{name} joins")).await;
        }
        let eve = stage.user("eve");
        let watched =
            scripts::watch_place(&stage.cluster, stage.event, eve, DEADLINE).await.unwrap();
        assert_eq!((watched.place.position, watched.state), (5, Some(LineState::Open)));
        let mut standing =
            LinePosition { order: watched.order, position: 5, cursor: watched.cursor };
        stage.play(server, "bob leaves -> left").await;
        stage.act("admit 1").await;
        let later = scripts::watch_place(&stage.cluster, stage.event, eve, DEADLINE).await.unwrap();
        for entry in news_after(&stage, watched.cursor).await {
            standing.apply(&entry, Duration::ZERO);
        }
        assert_eq!(standing.position, later.place.position, "on {server}");
        assert_eq!((standing.position, standing.cursor), (3, later.cursor));

        stage.act("admit 10").await;
        let news = news_after(&stage, later.cursor).await;
        let [entry] = &news[..] else { panic!("{news:?}") };
        assert_eq!(entry.serial, later.serial + 1);
        let Step::Admitted { issued_at, expires_at } = standing.apply(entry, Duration::ZERO) else {
            panic!("{entry:?}")
        };
        let place =
            scripts::watch_place(&stage.cluster, stage.event, eve, DEADLINE).await.unwrap().place;
        assert_eq!(place.outcome, PlaceOutcome::Admitted);
        let pass = place.pass.unwrap();
        assert_eq!((pass.issued_at, pass.expires_at), (issued_at, expires_at));
        assert_eq!(pass.id, domain::queue::pass_id(place.number, issued_at));
    }
}

#[tokio::test]
async fn a_reader_waits_for_news_and_gets_them_at_once() {
    /// More than any test takes: news that come only then did not come at once.
    const PATIENCE: Duration = Duration::from_secs(60);
    let [_, (_, cluster)] = servers::all();
    let mut stage = Stage::open(cluster, Setup::with_queue()).await;
    let reader = native::connect(stack::shared_redis());
    let event = stage.event;
    let reading = async {
        let mut own = DedicatedConnection::default();
        let begun = std::time::Instant::now();
        let news = scripts::read_feed(&reader, &mut own, event, FeedId::default(), PATIENCE);
        let news = news.await.unwrap();
        let serial = scripts::newest_serial(&reader, &mut own, event).await.unwrap();
        (news.len(), serial, begun.elapsed())
    };
    let writing = async {
        stage.until_somebody_reads().await;
        stage.act("admit 1").await;
    };
    let ((count, serial, waited), ()) = tokio::join!(reading, writing);
    assert_eq!((count, serial), (2, 2), "the state, and what is to be expected");
    assert!(waited < PATIENCE, "{waited:?}");
}

#[tokio::test]
async fn the_feed_is_capped_and_its_reader_notices_what_is_missing() {
    let [_, (_, cluster)] = servers::all();
    let mut stage = Stage::open(cluster, Setup::with_queue()).await;
    for _ in 0..1_300 {
        stage.act("ann joins").await;
        stage.act("ann leaves").await;
    }
    let length = stage.raw(&keys::feed(stage.event), "XLEN", &[]).await;
    let length = length.first().and_then(cluster::Reply::integer).unwrap();
    assert!((1_000..1_200).contains(&length), "{length}");
    let news = news_after(&stage, FeedId::default()).await;
    assert!(news[0].serial > 1, "the serial numbers tell of the gap");
}
