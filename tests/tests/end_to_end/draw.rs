//! The draw, as everybody sees it who joins before the sale opens.

use data_encoding::HEXLOWER;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::{BoxOffice, Buyer, claims_of, eventually};

/// The checker of the command-line client, which shares nothing with the code under test.
#[path = "../../../rush/src/command/recomputed.rs"]
mod recomputed;

/// Fans who take part.
const FANS: usize = 240;
/// Requests at a time.
const AT_A_TIME: usize = 16;

/// A sale that opens in the far future and lets nobody in by itself.
fn later() -> Value {
    json!({ "on_sale_at": "2037-05-01T00:00:00Z",
        "sale": { "queue": { "enabled": true, "release_per_s": 0, "max_active": 1000 } } })
}

async fn published(office: &BoxOffice, event: &str) -> Value {
    office.get(&format!("/api/v1/queue/draw/{event}")).await.expect(200)
}

async fn open(office: &BoxOffice, event: &str) {
    let change = json!({ "on_sale_at": "2020-01-01T00:00:00Z" });
    office.organiser().change(event, change).await.expect(200);
}

async fn is_drawn(buyer: &Buyer, event: &str) -> Value {
    eventually("the line is drawn", async || {
        let place = buyer.position(event).await.expect(200);
        place.get("draw").is_none().then_some(place)
    })
    .await
}

/// Asserts that a place tells no position.
fn assert_undrawn(place: &Value) {
    assert_eq!(place["status"], "waiting");
    for member in ["position", "ahead", "estimated_wait_s"] {
        assert!(place.get(member).is_none(), "{member} before the draw: {place}");
    }
    assert_eq!(place["draw"]["draws_at"], "2037-05-01T00:00:00.000Z");
    assert!(place["draw"]["joined"].as_u64().is_some_and(|joined| joined > 0), "{place}");
}

/// Goal: what was promised when the event was created decides every place, and anyone can check it.
#[tokio::test]
async fn every_place_is_the_one_that_the_published_seed_gives() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let created = organiser.create_event(later()).await.expect(201);
    let event = created["id"].as_str().expect("an id").to_owned();
    let commitment = created["draw_commitment"].as_str().expect("a commitment").to_owned();
    assert_eq!(
        published(&office, &event).await,
        json!({ "event_id": event, "status": "committed", "algorithm": "boxoffice draw 1",
            "commitment": commitment, "seed": null, "count": null, "drawn_at": null })
    );

    let fans: Vec<(Buyer, u64)> = stream::iter(0..FANS)
        .map(async |_| {
            let buyer = office.buyer().await;
            let place = buyer.join(&event).await.expect(201);
            assert_undrawn(&place);
            (buyer, place["number"].as_u64().expect("a number"))
        })
        .buffer_unordered(AT_A_TIME)
        .collect()
        .await;
    let (witness, number) = &fans[0];
    assert_undrawn(&witness.position(&event).await.expect(200));
    let mut follows = witness.stream(&event).await;
    assert_undrawn(&follows.expect("place").await);
    assert_eq!(organiser.let_in(&event, 10).await.expect(200), json!({ "admitted": 0 }));
    office.tick().await;
    assert_eq!(published(&office, &event).await["seed"], Value::Null);
    let choice = json!({ "section": "A", "quantity": 1 });
    witness.reserve(&event, choice).await.expect_problem(409, "event_not_on_sale");

    open(&office, &event).await;
    let late = office.buyer().await;
    late.join(&event).await.expect(201);
    is_drawn(witness, &event).await;
    let draw = published(&office, &event).await;
    assert_eq!((&draw["status"], &draw["commitment"]), (&json!("drawn"), &json!(commitment)));
    assert!(draw["drawn_at"].is_string(), "{draw}");
    let seed = HEXLOWER.decode(draw["seed"].as_str().expect("a seed").as_bytes()).expect("hex");
    assert_eq!(HEXLOWER.encode(&Sha256::digest(&seed)), commitment);
    let count = draw["count"].as_u64().expect("a count");
    assert_eq!(count, FANS as u64);

    let id = event.parse::<uuid::Uuid>().expect("an id");
    let formula = recomputed::Recomputed { seed, event: *id.as_bytes(), count };
    let drawn = stream::iter(&fans)
        .map(async |(buyer, number)| {
            let place = buyer.position(&event).await.expect(200);
            assert_eq!(place["number"], *number);
            let expected = formula.place(*number).expect("it was drawn for");
            assert_eq!(place["position"], expected, "number {number}");
            let receipt = claims_of(place["receipt"].as_str().expect("a receipt"));
            assert_eq!(receipt["score"], (expected << 32) + number);
        })
        .buffer_unordered(AT_A_TIME);
    assert_eq!(drawn.count().await, FANS);
    let place = late.position(&event).await.expect(200);
    assert_eq!(place["position"], count + 1, "who joins after the opening is behind all");

    // The stream tells the place that was drawn, without being asked.
    let mut told = follows.expect("place").await;
    while told.get("draw").is_some() {
        // That the draw is at another time is news too.
        told = follows.expect("place").await;
    }
    assert_eq!(told["position"], formula.place(*number).expect("it was drawn for"));

    organiser.let_in(&event, 1).await.expect(200);
    for (buyer, number) in &fans {
        if formula.place(*number).expect("it was drawn for") == 1 {
            assert_eq!(buyer.position(&event).await.expect(200)["status"], "admitted");
        }
    }
}

/// Redis forgets the line before the draw: fans come back with their receipts, before it or after.
#[tokio::test]
async fn a_line_that_was_lost_is_drawn_all_the_same() {
    let office = BoxOffice::open();
    let event = office.event(later()).await;
    let mut fans = Vec::new();
    for _ in 0..12 {
        let buyer = office.buyer().await;
        let place = buyer.join(&event).await.expect(201);
        let receipt = place["receipt"].as_str().expect("a receipt").to_owned();
        fans.push((buyer, place["number"].as_u64().expect("a number"), receipt));
    }
    office.inside().forget(&event);
    let path = format!("/api/v1/queue/position/{event}");
    let come_back = async |(buyer, number, receipt): &(Buyer, u64, String)| {
        let request = buyer.request(reqwest::Method::GET, &path);
        let place = request.header("x-queue-receipt", receipt).send().await.expect(200);
        assert_eq!((&place["status"], &place["number"]), (&json!("waiting"), &json!(number)));
        place
    };
    for fan in &fans[..6] {
        assert_undrawn(&come_back(fan).await);
    }
    open(&office, &event).await;
    is_drawn(&fans[0].0, &event).await;
    for fan in &fans[6..] {
        assert!(come_back(fan).await["position"].is_number());
    }
    let draw = published(&office, &event).await;
    let seed = HEXLOWER.decode(draw["seed"].as_str().expect("a seed").as_bytes()).expect("hex");
    let id = event.parse::<uuid::Uuid>().expect("an id");
    let count = draw["count"].as_u64().expect("a count");
    let formula = recomputed::Recomputed { seed, event: *id.as_bytes(), count };
    let mut order: Vec<_> = fans.iter().collect();
    order.sort_by_key(|(_, number, _)| formula.place(*number).expect("it was drawn for"));
    for (position, (buyer, ..)) in (1..).zip(order) {
        assert_eq!(buyer.position(&event).await.expect(200)["position"], position);
    }
}

#[tokio::test]
async fn a_sale_that_opens_at_once_draws_nothing() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "queue": { "enabled": true } } })).await;
    let draw = published(&office, &event).await;
    assert_eq!((&draw["status"], &draw["count"]), (&json!("drawn"), &json!(0)));
    assert!(office.buyer().await.join(&event).await.expect(201)["position"].is_number());
    let unknown = "/api/v1/queue/draw/0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";
    office.get(unknown).await.expect_problem(404, "event_not_found");
}
