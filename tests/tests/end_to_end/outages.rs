//! A store is away, or has forgotten: requests end in time, nobody is promised anything, and all of
//! it comes back. These tests have a system of their own and share it one after the other.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use stack::System;
use tests::{Answer, BoxOffice, Buyer, eventually, start_system};
use tokio::sync::{Mutex, MutexGuard};

use crate::door::scan;
use crate::tickets::{bought, tickets};

/// Every request ends within this, whatever is broken.
const PROMISE: Duration = Duration::from_secs(5);
/// The way to the machine and back, and a busy machine.
const SLACK: Duration = Duration::from_secs(2);

/// The system that is broken on purpose, for one test at a time.
async fn fragile() -> (BoxOffice, MutexGuard<'static, ()>) {
    static SYSTEM: OnceLock<System> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::const_new(());
    let turn = TURN.lock().await;
    (BoxOffice::of(SYSTEM.get_or_init(start_system)), turn)
}

fn id(booking: &Value) -> &str {
    booking["booking_id"].as_str().expect("an id")
}

/// An answer of a system that is in trouble: in time, and a 503 that says when to come again.
fn assert_refused_in_time(answer: &Answer, begun: Instant) {
    assert!(begun.elapsed() < PROMISE + SLACK, "{answer} took {:?}", begun.elapsed());
    answer.expect_problem(503, "unavailable");
}

/// How long an answer takes.
async fn timed(answer: impl Future<Output = Answer>) -> (Answer, Duration) {
    let begun = Instant::now();
    (answer.await, begun.elapsed())
}

/// The system answers as before.
async fn assert_recovers(office: &BoxOffice, buyer: &Buyer, event: &str, seat: &str) {
    eventually("a seat can be held again", async || {
        let answer = buyer.reserve(event, json!({ "seats": [seat] })).await;
        let again = buyer.reserve(event, json!({ "seats": [seat] })).await;
        // A request that was in doubt may have held it before.
        let is_held = answer.status == 201
            || (answer.json()["code"] == "seat_unavailable" && again.status == 409);
        is_held.then_some(())
    })
    .await;
    eventually("the system is ready", async || {
        (office.get("/health/ready").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_event_that_redis_has_forgotten_opens_again_with_its_sales() {
    let (office, _turn) = fragile().await;
    let event = office.event(json!({})).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let seats = buyer.hold(&event, json!({ "seats": ["A-1-1", "A-4-10"] })).await;
    let places = buyer.hold(&event, json!({ "section": "FLOOR", "quantity": 2 })).await;
    for sold in [&seats, &places] {
        office.organiser().confirm(id(sold)).await.expect(200);
    }
    office.organiser().change(&event, json!({ "sale": { "max_per_buyer": 5 } })).await.expect(200);
    office.inside().forget(&event);

    let refused = other.reserve(&event, json!({ "seats": ["A-1-1", "A-4-10", "A-2-2"] })).await;
    let refused = refused.expect_problem(409, "seat_unavailable");
    assert_eq!(refused["seats"], json!(["A-1-1", "A-4-10"]));
    assert_eq!(office.counts(&event).await, [56, 0, 4]);
    assert_eq!(buyer.status_of(id(&seats)).await, "confirmed");
    office.organiser().confirm(id(&seats)).await.expect(200);
    office.inside().forget(&event);
    let map = office.map(&event).await;
    assert_eq!(map, format!("s{}s", ".".repeat(38)));
    other.hold(&event, json!({ "seats": ["A-1-2"] })).await;
    assert_eq!(office.counts(&event).await, [55, 1, 4]);
}

/// Forgotten in the middle of a crowd, by all at once: the event opens once, and no seat is sold
/// twice.
#[tokio::test]
async fn a_forgotten_event_opens_once_for_a_crowd() {
    let (office, _turn) = fragile().await;
    let event = office.event(json!({})).await;
    let first = office.buyer().await;
    let sold = first.hold(&event, json!({ "seats": ["A-1-5"] })).await;
    office.organiser().confirm(id(&sold)).await.expect(200);
    office.inside().forget(&event);
    let buyers = join_all((0..30).map(|_| office.buyer())).await;
    let choice = json!({ "section": "A", "quantity": 1 });
    let answers = join_all(buyers.iter().map(|it| it.reserve(&event, choice.clone()))).await;
    let mut seats: Vec<_> =
        answers.iter().map(|answer| answer.expect(201)["seats"][0].to_string()).collect();
    seats.push("\"A-1-5\"".to_owned());
    seats.sort();
    seats.dedup();
    assert_eq!(seats.len(), 31, "each seat once");
    assert_eq!(office.counts(&event).await, [29, 30, 1]);
}

#[tokio::test]
async fn a_restart_of_the_application_loses_nothing() {
    let (office, _turn) = fragile().await;
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let [holder, admitted, waiting] =
        [office.buyer().await, office.buyer().await, office.buyer().await];
    let pass = holder.pass(&event).await;
    let held = holder.reserve_with(&pass, &event, json!({ "seats": ["A-1-1"] })).await.expect(201);
    let unused = admitted.pass(&event).await;
    let place = waiting.join(&event).await.expect(201);

    // Once in order, once as a crash: `restart` stops what is left of it.
    office.system().restart_application().expect("restarts");
    office.system().kill_application().expect("is killed");
    office.system().restart_application().expect("restarts");
    // The connections of before are gone with it.
    let office = BoxOffice::of(office.system());
    let [holder, admitted, waiting] = [holder, admitted, waiting].map(|buyer| buyer.at(&office));

    assert_eq!(holder.booking(id(&held)).await.expect(200), held);
    let again = waiting.position(&event).await.expect(200);
    assert_eq!((&again["number"], &again["position"]), (&place["number"], &place["position"]));
    let used = holder.reserve_with(&pass, &event, json!({ "seats": ["A-1-2"] })).await;
    used.expect_problem(403, "queue_pass_used");
    assert_eq!(admitted.position(&event).await.expect(200)["queue_pass"], unused);
    admitted.reserve_with(&unused, &event, json!({ "seats": ["A-1-2"] })).await.expect(201);
    office.organiser().confirm(id(&held)).await.expect(200);
    assert_eq!(office.counts(&event).await, [58, 1, 1]);
}

#[tokio::test]
async fn while_postgres_is_away_nothing_is_sold_and_afterwards_it_is() {
    let (office, _turn) = fragile().await;
    let event = office.event(json!({})).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let payment = tests::Payment::of(&held);
    office.system().postgres.kill().expect("is killed");

    let begun = Instant::now();
    assert_refused_in_time(&office.deliver(&payment).await, begun);
    let begun = Instant::now();
    assert_refused_in_time(&office.organiser().confirm(id(&held)).await, begun);
    let begun = Instant::now();
    assert_refused_in_time(&office.organiser().create_event(json!({})).await, begun);
    let begun = Instant::now();
    let ready = office.get("/health/ready").await;
    assert_refused_in_time(&ready, begun);
    assert_eq!(ready.json()["down"], json!(["postgres"]));
    office.get("/health/live").await.expect(200);
    // What Redis alone decides goes on.
    other.hold(&event, json!({ "seats": ["A-1-2"] })).await;
    assert_eq!(buyer.status_of(id(&held)).await, "reserved");

    office.system().postgres.restart().expect("starts again");
    eventually("the payment is taken", async || {
        (office.deliver(&payment).await.status == 200).then_some(())
    })
    .await;
    assert_eq!(buyer.status_of(id(&held)).await, "confirmed");
    assert_eq!(office.inside().sold_tickets(&event).await, 1);
    assert_recovers(&office, &other, &event, "A-1-3").await;
}

/// The node that has the event stops answering without a word, and goes on before a replica takes
/// over.
#[tokio::test]
async fn while_a_redis_node_hangs_requests_end_in_time() {
    let (office, _turn) = fragile().await;
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let redis = &office.system().redis;
    let master = office.inside().master_of(&event);
    redis.pause(master).expect("is paused");
    let begun = Instant::now();
    let other = office.buyer().await;
    let (reserved, joined, counts) = tokio::join!(
        other.reserve(&event, json!({ "seats": ["A-1-2"] })),
        other.join(&event),
        office.get("/health/live"),
    );
    let took = begun.elapsed();
    redis.resume(master).expect("goes on");
    counts.expect(200);
    for answer in [&reserved, &joined] {
        // A replica may have taken over within the deadline.
        if answer.status != 201 {
            answer.expect_problem(503, "unavailable");
        }
    }
    assert!(took < PROMISE + SLACK, "{took:?}");
    redis.wait_until_ready().expect("the cluster is well again");
    assert_recovers(&office, &other, &event, "A-1-3").await;
    assert_eq!(buyer.status_of(id(&held)).await, "reserved");
}

/// The door needs Postgres alone: it goes on while the node that has the event hangs.
#[tokio::test]
async fn while_a_redis_node_hangs_the_door_goes_on() {
    let (office, _turn) = fragile().await;
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let choice = json!({ "section": "FLOOR", "quantity": 2 });
    let booking = bought(&office, &buyer, &event, choice).await;
    let known = tickets(&buyer, &booking).await;
    let redis = &office.system().redis;
    let master = office.inside().master_of(&event);
    redis.pause(master).expect("is paused");

    assert_eq!(tickets(&buyer, &booking).await, known);
    let request = || {
        let code = known[0]["code"].as_str().expect("a code");
        scan(&office, &event, code, json!({ "gate": "1" })).key(&event)
    };
    let first = request().send().await;
    let again = request().send().await;
    let other = scan(&office, &event, known[1]["ticket_id"].as_str().expect("an id"), json!({}));
    let other = other.send().await;
    let manifest = format!("/api/v1/checkin/{event}/manifest");
    let manifest = office.organiser().request(Method::GET, &manifest).send().await;
    let pages = format!("/api/v1/tickets/{}.pdf", known[1]["ticket_id"].as_str().expect("an id"));
    let pages = buyer.get(&pages).await;
    redis.resume(master).expect("goes on");
    assert_eq!(first.expect(200)["result"], "admitted");
    assert_eq!((&again.body, again.is_replayed()), (&first.body, true));
    assert_eq!(other.expect(200)["result"], "admitted");
    manifest.expect(200);
    assert_eq!(pages.status, 200, "{pages}");
    redis.wait_until_ready().expect("the cluster is well again");
}

/// Goal: only who asks to wait for news may be answered late. Method: the node that has the event
/// stops answering; all that can be asked of a line ends in time, a poll that would wait included,
/// for it has nothing to wait for.
#[tokio::test]
async fn while_a_redis_node_hangs_polls_end_in_time() {
    let (office, _turn) = fragile().await;
    let event = office.event(json!({ "sale": { "queue": { "release_per_s": 0 } } })).await;
    let buyer = office.buyer().await;
    buyer.join(&event).await.expect(201);
    let redis = &office.system().redis;
    let master = office.inside().master_of(&event);
    redis.pause(master).expect("is paused");
    let position = format!("/api/v1/queue/position/{event}");
    let (waiting, status) =
        (format!("{position}?wait_s=20"), format!("/api/v1/queue/status/{event}"));
    let (polled, waited, counted) = tokio::join!(
        timed(buyer.get(&position)),
        timed(buyer.get(&waiting)),
        timed(office.get(&status)),
    );
    redis.resume(master).expect("goes on");
    for (answer, took) in [polled, waited, counted] {
        // A replica may have taken over within the deadline, and then there are news to wait for.
        if answer.status != 200 {
            answer.expect_problem(503, "unavailable");
            assert!(took < PROMISE + SLACK, "{answer} took {took:?}");
        }
    }
    redis.wait_until_ready().expect("the cluster is well again");
    eventually("the place is told again", async || {
        (buyer.position(&event).await.status == 200).then_some(())
    })
    .await;
}

/// Goal: whoever waits gets one pass, whatever dies. Method: a crowd follows its streams while the
/// worker lets it in, and the application is killed in the middle; everybody takes the stream up
/// again where it was cut.
#[tokio::test]
async fn an_application_that_is_killed_while_it_lets_in_loses_nobody() {
    const CROWD: i64 = 60;
    let (office, _turn) = fragile().await;
    let queue = json!({ "enabled": true, "release_per_s": 10, "max_active": 1000 });
    let hall = json!([{ "name": "F", "kind": "standing", "capacity": 1_000, "price": 1 }]);
    let event = office.event(json!({ "sections": hall, "sale": { "queue": queue } })).await;
    office.organiser().change(&event, json!({ "paused": true })).await.expect(200);
    let mut streams = Vec::new();
    for _ in 0..CROWD {
        let buyer = office.buyer().await;
        let joined = buyer.join(&event).await;
        assert!(matches!(joined.status, 200 | 201), "{joined}");
        streams.push((buyer.stream(&event).await, buyer));
    }
    office.organiser().change(&event, json!({ "paused": false })).await.expect(200);
    let kill = async {
        eventually("some are let in", async || {
            let let_in = office.inside().let_in(&event);
            (let_in >= usize::try_from(CROWD / 3).expect("a small number")).then_some(())
        })
        .await;
        office.system().kill_application().expect("it runs");
        office.system().restart_application().expect("it starts again");
    };
    let follow = join_all(streams.into_iter().map(async |(mut stream, buyer)| {
        loop {
            if let Some(pass) = stream.pass_unless_cut().await {
                return (pass["number"].as_i64(), pass["queue_pass"].to_string());
            }
            let last_id = stream.last_id().to_owned();
            stream = eventually("the stream is taken up again", async || {
                let request = buyer.stream_request(&event).header("last-event-id", &last_id);
                request.try_stream().await
            })
            .await;
        }
    }));
    let ((), mut passes) = tokio::join!(kill, follow);
    passes.sort();
    passes.dedup_by(|one, other| one.1 == other.1);
    let numbers: Vec<_> = passes.iter().filter_map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=CROWD).collect::<Vec<_>>(), "one pass for each number");
}
