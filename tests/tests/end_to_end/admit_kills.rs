//! The application dies exactly before the step that lets fans in, and exactly after it and before
//! it hears of it. The proxies of the fault harness know the step on the wire.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chaos::proxy::trap::{Action, Moment};
use chaos::rig::Rig;
use serde_json::{Value, json};
use stack::Reply;
use tests::{BoxOffice, Buyer, eventually};

use crate::rigged::rig;

/// Passes that may be out at once.
const MAX_ACTIVE: usize = 6;

/// A line of fans, and an application that is killed while it lets them in.
struct Scene {
    rig: &'static Rig,
    /// Of the life of the application that is running.
    office: BoxOffice,
    event: String,
    line: Vec<Buyer>,
}

impl Scene {
    /// A line that nothing moves by itself.
    async fn new(rig: &'static Rig, fans: usize) -> Self {
        let office = BoxOffice::of(&rig.system);
        let queue = json!({ "enabled": true, "release_per_s": 0, "max_active": MAX_ACTIVE });
        let hall = json!([{ "name": "F", "kind": "standing", "capacity": 1_000, "price": 1 }]);
        let event = office.event(json!({ "sections": hall, "sale": { "queue": queue } })).await;
        let mut line = Vec::new();
        for number in 1..=fans {
            let buyer = office.buyer().await;
            assert_eq!(buyer.join(&event).await.expect(201)["number"], number);
            line.push(buyer);
        }
        Self { rig, office, event, line }
    }

    /// Kills the application at the next such step; it is dead afterwards.
    async fn killed_at(&self, step: &str, moment: Moment, then: impl AsyncFnOnce()) {
        let trap = &self.rig.links.trap;
        trap.arm(step, moment, Action::Kill);
        then().await;
        eventually("the step comes", async || trap.is_sprung().then_some(())).await;
        assert!(trap.disarm());
    }

    /// Starts the application again.
    async fn revive(&mut self) {
        tokio::task::block_in_place(|| self.rig.revive()).expect("it starts again");
        // The connections of before are gone with it.
        self.office = BoxOffice::of(&self.rig.system);
        self.line = self.line.iter().map(|buyer| buyer.at(&self.office)).collect();
        eventually("the application is ready", async || {
            (self.office.get("/health/ready").await.status == 200).then_some(())
        })
        .await;
    }

    /// Who was let in, by the record of Redis: for each a name and what is known.
    fn admitted(&self) -> Reply {
        let master = self.office.inside().master_of(&self.event);
        let key = format!("box:{{{}}}:admissions", self.event);
        self.rig.system.redis.command(master, &["HGETALL", &key]).expect("Redis answers")
    }

    /// What Redis has on record while nothing moves the line: nobody is lost or there twice, the
    /// order is that of the numbers, and no more passes are out than may be. Returns how many were
    /// let in so far.
    fn let_in_so_far(&self) -> usize {
        /// A step that was on its way when the application died may come a moment later.
        const QUIET: Duration = Duration::from_millis(100);
        let mut before = self.admitted();
        loop {
            std::thread::sleep(QUIET);
            let now = self.admitted();
            if now == before {
                break;
            }
            before = now;
        }
        let inside = self.office.inside();
        let master = inside.master_of(&self.event);
        let texts = |command: &str, key: &str, rest: &[&str]| {
            let key = format!("box:{{{}}}:{key}", self.event);
            let words = [&[command, &key], rest].concat();
            match self.rig.system.redis.command(master, &words).expect("Redis answers") {
                Reply::List(items) => items.iter().map(|it| it.text().to_owned()).collect(),
                other => vec![other.text().to_owned()],
            }
        };
        let waiting: Vec<String> = texts("ZRANGE", "queue", &["0", "-1"]);
        let admissions: Vec<String> = texts("HGETALL", "admissions", &[]);
        // `<pass id> <issued> <expires> <live|used> <number>`
        let number = |admission: &str| admission.rsplit(' ').next().and_then(|it| it.parse().ok());
        let admitted: BTreeMap<Option<usize>, &str> =
            admissions.chunks(2).map(|pair| (number(&pair[1]), pair[0].as_str())).collect();
        let in_order = admitted.values().copied().chain(waiting.iter().map(String::as_str));
        let joined: Vec<&str> = self.line.iter().map(|buyer| buyer.user_id.as_str()).collect();
        assert_eq!(in_order.collect::<Vec<_>>(), joined, "let in, and then waiting");
        let numbers = (1..=admitted.len()).map(Some).collect::<BTreeSet<_>>();
        assert_eq!(admitted.keys().copied().collect::<BTreeSet<_>>(), numbers, "each once");
        let passes: Vec<String> = texts("ZRANGE", "passes", &["0", "-1"]);
        assert!(passes.len() <= MAX_ACTIVE, "{} passes are out", passes.len());
        let counted: Vec<String> = texts("HGET", "counts", &["admitted"]);
        assert_eq!(counted, [admitted.len().to_string()]);
        admitted.len()
    }

    /// Those who are in reserve, at most so many; returns the passes that they have shown.
    async fn reserve(&self, at_most: usize) -> Vec<String> {
        let mut shown = Vec::new();
        for buyer in &self.line {
            if shown.len() == at_most {
                break;
            }
            let answer = buyer.position(&self.event).await;
            // Who has used the pass has no place any more.
            let Some(pass) = answer.json()["queue_pass"].as_str().map(str::to_owned) else {
                continue;
            };
            let choice = json!({ "section": "F", "quantity": 1 });
            buyer.reserve_with(&pass, &self.event, choice).await.expect(201);
            shown.push(pass);
        }
        shown
    }

    /// How far Postgres knows the line to be let in.
    async fn checkpoint(&self) -> i64 {
        let query = "SELECT queue_served % 4294967296 FROM boxoffice.events \
                     WHERE id = $1::text::uuid";
        self.office.inside().count(query, &self.event).await
    }
}

/// Goal: whoever dies, a call of the organiser lets in as many as it says, once. Method: the
/// application is killed before and after the step, and the organiser calls again with the key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_that_dies_letting_in_loses_nobody_and_lets_nobody_in_twice() {
    let (rig, _turn) = rig().await;
    let mut scene = Scene::new(rig, 12).await;
    let mut admitted = 0;
    for (key, moment) in [("one", Moment::Before), ("two", Moment::After)] {
        let organiser = scene.office.organiser();
        let call = organiser.let_in_request(&scene.event, 3).key(key);
        let cut_off = async || assert!(call.try_send().await.is_none(), "nobody can answer");
        scene.killed_at("redis.admit_users.by_hand", moment, cut_off).await;
        let done = if moment == Moment::After { 3 } else { 0 };
        assert_eq!(scene.let_in_so_far(), admitted + done, "{key}");
        scene.revive().await;
        admitted += 3;
        let organiser = scene.office.organiser();
        for is_repeated in [done > 0, true] {
            let answer = organiser.let_in_request(&scene.event, 3).key(key).send().await;
            assert_eq!(answer.is_replayed(), is_repeated, "{key}");
            assert_eq!(answer.expect(200), json!({ "admitted": 3 }));
            assert_eq!(scene.let_in_so_far(), admitted, "{key}");
        }
        // The repetition has finished what the first call could not.
        assert_eq!(scene.checkpoint().await, i64::try_from(admitted).expect("few"));
    }
    assert_eq!(scene.reserve(scene.line.len()).await.len(), admitted);
    assert_eq!(scene.office.organiser().let_in(&scene.event, 1).await.expect(200)["admitted"], 1);
    scene.office.organiser().cancel_event(&scene.event).await.expect(200);
    the_worker_dies_letting_in(rig).await;
}

/// The same for the worker, which nobody asks again: it comes by itself. Method: while all passes
/// are out its steps let nobody in; one is used, and so the step that comes next lets one in.
async fn the_worker_dies_letting_in(rig: &'static Rig) {
    let mut scene = Scene::new(rig, 40).await;
    let rate = json!({ "sale": { "queue": { "release_per_s": 100 } } });
    scene.office.organiser().change(&scene.event, rate).await.expect(200);
    let mut shown = Vec::new();
    for moment in [Moment::Before, Moment::After, Moment::Before, Moment::After] {
        let let_in = shown.len() + MAX_ACTIVE;
        eventually("all passes are out", async || match scene.admitted() {
            Reply::List(items) => (items.len() == 2 * let_in).then_some(()),
            _ => None,
        })
        .await;
        shown.extend(scene.reserve(1).await);
        scene.killed_at("redis.admit_users", moment, async || {}).await;
        let now = scene.let_in_so_far();
        // Once in a while a step comes between the reservation and the trap, also of those before.
        assert!(moment == Moment::Before || now == let_in + 1, "{now} are in, {let_in} were");
        scene.revive().await;
        // No more than were in, however many come in meanwhile: the line lasts for all rounds.
        shown.extend(scene.reserve(MAX_ACTIVE).await);
    }
    let begun = std::time::Instant::now();
    while shown.len() < scene.line.len() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} of the line", shown.len());
        shown.extend(scene.reserve(scene.line.len()).await);
    }
    assert_eq!(scene.let_in_so_far(), scene.line.len());
    let each: BTreeSet<_> = shown.iter().collect();
    assert_eq!(each.len(), scene.line.len(), "a pass each");
    assert_eq!(scene.office.counts(&scene.event).await, [960, 40, 0]);
    let empty: Value =
        scene.office.get(&format!("/api/v1/queue/status/{}", scene.event)).await.json();
    assert_eq!((&empty["waiting"], &empty["active"]), (&json!(0), &json!(0)));
}
