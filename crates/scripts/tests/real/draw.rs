//! The draw, step by step: who takes part, what moves, and that nobody is let in before.

use domain::draw::Draw;
use domain::feed::{FeedId, News};
use domain::queue::{DRAW_AFTER_OPENING, drawn_order};
use scripts::{
    AdmitMode, AdmitOutcome, AdmitUsers, BeginDrawOutcome, DrawPlacesOutcome, DrawnPlace, Opening,
    PlaceOutcome, ShownReceipt, keys,
};

use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage};

const SEED: domain::draw::Seed = [7; 32];

/// An event whose sale opens in a minute.
fn early() -> Setup {
    let mut setup = Setup::with_queue();
    setup.on_sale_in_ms = 60_000;
    setup
}

impl Stage {
    /// Joins with the receipt of the last place.
    pub(crate) async fn come_back(&mut self, user: &str) -> String {
        let user = self.user(user);
        let shown = self.join_queue(user, ShownReceipt::Shown).await;
        if shown.outcome != PlaceOutcome::UnknownPlace {
            return self.place(user, shown);
        }
        let (score, joined_at) = self.receipts[&user];
        let place = self.join_queue(user, ShownReceipt::Honoured { score, joined_at }).await;
        self.place(user, place)
    }

    async fn begin_draw(&self) -> BeginDrawOutcome {
        scripts::begin_draw(&self.cluster, self.event, DEADLINE).await.unwrap()
    }

    /// The whole draw.
    pub(crate) async fn draw(&self) -> String {
        let begun = self.begin_draw().await;
        let BeginDrawOutcome::Fixed { count } = begun else { return format!("{begun:?}") };
        let draw = Draw::new(&SEED, self.event, count);
        let mut batch = Vec::new();
        loop {
            let call = scripts::draw_places(&self.cluster, self.event, count, &batch, DEADLINE);
            let DrawPlacesOutcome::More(next) = call.await.unwrap() else {
                return format!("drawn among {count}");
            };
            let place =
                |(user, number)| DrawnPlace { user, number, order: drawn_order(&draw, number) };
            batch = next.into_iter().map(place).collect();
        }
    }

    /// Moves these users to what `draw` says, and tells who is next.
    async fn move_places(&self, count: u32, moving: &[(domain::id::UserId, u32)]) -> Vec<u32> {
        let draw = Draw::new(&SEED, self.event, count);
        let places: Vec<_> = moving
            .iter()
            .map(|(user, number)| DrawnPlace {
                user: *user,
                number: *number,
                order: drawn_order(&draw, *number),
            })
            .collect();
        let call = scripts::draw_places(&self.cluster, self.event, count, &places, DEADLINE);
        match call.await.unwrap() {
            DrawPlacesOutcome::More(next) => next.into_iter().map(|(_, number)| number).collect(),
            DrawPlacesOutcome::Drawn => Vec::new(),
            DrawPlacesOutcome::EventMissing => panic!("the event is gone"),
        }
    }

    async fn admits(&self) -> bool {
        let mode = AdmitMode::Scheduled;
        let request = AdmitUsers { event: self.event, mode, limit: 10, idempotency: None };
        let outcome = scripts::admit_users(&self.cluster, &request, DEADLINE).await.unwrap();
        matches!(outcome, AdmitOutcome::Admitted { admitted, .. } if admitted > 0)
    }
}

#[tokio::test]
async fn places_move_once_in_batches_and_nobody_is_let_in_before_all_have() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, early()).await;
        let rows = "
            ann joins       -> undrawn 1 of 1, new
            bob joins       -> undrawn 2 of 2, new
            cat joins       -> undrawn 3 of 3, new
            dan joins       -> undrawn 4 of 4, new
            bob leaves      -> left
            bob joins       -> undrawn 5 of 4, new
            ann joins       -> undrawn 1 of 4
        ";
        stage.play(server, rows).await;
        assert_eq!(stage.begin_draw().await, BeginDrawOutcome::Scheduled);
        assert!(!stage.admits().await);
        // Who comes first after the opening decides the count; here it is a newcomer.
        stage.play(server, "set opened -> updated\neve joins -> waiting 6 at 5, new").await;
        for _ in 0..2 {
            assert_eq!(stage.begin_draw().await, BeginDrawOutcome::Fixed { count: 5 });
        }
        let names = ["ann", "bob", "cat", "dan"];
        let numbers = [1, 5, 3, 4];
        let fans: Vec<_> =
            names.iter().zip(numbers).map(|(name, number)| (stage.user(name), number)).collect();
        assert_eq!(stage.move_places(5, &[]).await, [1, 3, 4, 5], "who came later is not drawn");
        assert_eq!(stage.move_places(5, &fans[..2]).await, [3, 4]);
        assert!(!stage.admits().await, "two are not drawn yet");
        // A batch that comes twice, and one that is none of the worker's.
        assert_eq!(stage.move_places(5, &fans[..2]).await, [3, 4]);
        let stranger = domain::id::UserId::from_uuid(uuid::Uuid::now_v7());
        assert_eq!(stage.move_places(5, &[(stranger, 3)]).await, [3, 4]);
        assert_eq!(stage.move_places(5, &fans[2..3]).await, [4]);
        assert!(!stage.admits().await, "one is not drawn yet");
        stage.play(server, "dan leaves -> left").await;
        assert_eq!(stage.move_places(5, &fans[2..]).await, [0; 0], "on {server}");
        assert_eq!(stage.begin_draw().await, BeginDrawOutcome::Drawn);

        let draw = Draw::new(&SEED, stage.event, 5);
        let mut order: Vec<_> = [("ann", 1), ("bob", 5), ("cat", 3)].to_vec();
        order.sort_by_key(|(_, number)| draw.place(*number));
        order.push(("eve", 6));
        for (position, (name, number)) in (1..).zip(order) {
            let row = format!("{name} looks -> waiting {number} at {position}");
            stage.play(server, &row).await;
        }
        stage.play(server, "dan joins -> waiting 7 at 5, new").await;
        assert!(stage.admits().await);
    }
}

/// The count stays as it was decided, whatever happens to numbers and times after it.
#[tokio::test]
async fn the_count_is_decided_once() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, early()).await;
        stage.play(server, "ann joins -> undrawn 1 of 1, new\nset opened -> updated").await;
        assert_eq!(stage.begin_draw().await, BeginDrawOutcome::Fixed { count: 1 });
        // The sale is put off: who comes now is behind all the same.
        stage.play(server, "set scheduled -> updated\nbob joins -> waiting 2 at 2, new").await;
        assert_eq!(stage.begin_draw().await, BeginDrawOutcome::Fixed { count: 1 });
        // And what has begun is finished: whoever would let fans in is told to draw.
        stage.play(server, "admit 10 -> undrawn").await;
        let ann = stage.user("ann");
        assert_eq!(stage.move_places(1, &[(ann, 1)]).await, [0; 0]);
        let rows = "
            ann looks       -> waiting 1 at 1
            bob looks       -> waiting 2 at 2
            cat joins       -> waiting 3 at 3, new
        ";
        stage.play(server, rows).await;
    }
}

/// A failover before the opening may have lost the last numbers; whoever had them comes back by
/// receipt and takes part.
#[tokio::test]
async fn after_a_failover_all_numbers_that_were_handed_out_count() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, early()).await;
        stage.play(server, "ann joins -> undrawn 1 of 1, new\nset opened -> updated").await;
        stage.raw(&keys::settings(stage.event), "HSET", &["numbers_node", "another"]).await;
        let count = BeginDrawOutcome::Fixed { count: 1_000 };
        assert_eq!(stage.begin_draw().await, count, "on {server}");
    }
}

/// More than a double can keep apart are not drawn for: the rest is in order, behind.
#[tokio::test]
async fn more_than_can_be_drawn_are_behind() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, early()).await;
        stage.play(server, "ann joins -> undrawn 1 of 1, new").await;
        let last = (DRAW_AFTER_OPENING - 2).to_string();
        let counts = keys::counts(stage.event);
        stage.raw(&counts, "HSET", &["number", &last, "number_ceiling", "3000000"]).await;
        let mut orders = Vec::new();
        for name in ["bob", "cat", "dan"] {
            let user = stage.user(name);
            let place = stage.join_queue(user, ShownReceipt::None).await;
            orders.push(place.score / (1 << 32));
        }
        let after = i64::from(DRAW_AFTER_OPENING);
        assert_eq!(orders, [0, after, after], "on {server}");
        stage.play(server, "set opened -> updated").await;
        let count = DRAW_AFTER_OPENING - 1;
        assert_eq!(stage.begin_draw().await, BeginDrawOutcome::Fixed { count });
    }
}

/// Redis loses a line that was drawn: a receipt from before the draw is not good any more as it is.
#[tokio::test]
async fn a_place_from_before_the_draw_comes_back_drawn_or_not_at_all() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, early()).await;
        stage
            .play(server, "ann joins -> undrawn 1 of 1, new\nbob joins -> undrawn 2 of 2, new")
            .await;
        let (ann, bob) = (stage.user("ann"), stage.user("bob"));
        // Before the draw it comes back as it is.
        stage.open_as(2, Opening::Rebuilt).await;
        stage.go_live(2, 0).await;
        stage.play(server, "ann returns -> undrawn 1 of 1").await;

        stage.open_as(3, Opening::Rebuilt).await;
        stage.setup.on_sale_in_ms = -1;
        stage.go_live(3, 0).await;
        stage.play(server, "cat joins -> waiting 1001 at 1, new").await;
        let joined_at = stage.receipts[&ann].1;
        let honoured = |score| ShownReceipt::Honoured { score, joined_at };
        let place = stage.join_queue(ann, honoured(1)).await;
        assert_eq!(place.outcome, PlaceOutcome::UnknownPlace, "on {server}");
        let draw = Draw::new(&SEED, stage.event, 2);
        let place = stage.join_queue(bob, honoured(drawn_order(&draw, 2))).await;
        assert_eq!((place.outcome, place.position), (PlaceOutcome::Waiting, 1), "before cat");
    }
}

/// Those who wait learn of the draw, of a new time for it, and of what the organiser says.
#[tokio::test]
async fn the_waiting_are_told() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, early()).await;
        let rows = "
            ann joins               -> undrawn 1 of 1, new
            set message=Doors_at_7  -> updated
            set max_active=7        -> updated
            set opened              -> updated
        ";
        stage.play(server, rows).await;
        let ann = stage.user("ann");
        let place =
            scripts::watch_place(&stage.cluster, stage.event, ann, DEADLINE).await.unwrap().place;
        assert_eq!(place.message, "Doors at 7", "on {server}");
        stage.begin_draw().await;
        stage.move_places(1, &[(ann, 1)]).await;
        stage.play(server, "set extended -> updated\nset scheduled -> updated").await;
        let mut own = cluster::DedicatedConnection::default();
        let patience = std::time::Duration::from_millis(50);
        let after = FeedId::default();
        let news = scripts::read_feed(&stage.cluster, &mut own, stage.event, after, patience);
        let news = news.await.unwrap().into_iter().map(|entry| entry.news);
        let told: Vec<_> = news.filter(|news| !matches!(news, News::State { .. })).collect();
        let said = News::Message("Doors at 7".to_owned());
        let anew = News::Anew;
        let expected = [said, anew.clone(), anew.clone(), anew];
        assert_eq!(told, expected, "a new time, the draw, and a new time");
    }
}
