//! Many at once: exactly one wins, and the keys in Redis do not grow with the crowd.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use tests::{Answer, BoxOffice, eventually};

/// Requests in flight at most. Other tests run beside, and none may be refused because the machine
/// is busy: that is not the subject here.
const AT_ONCE: usize = 100;

/// How many answers there are of each kind, by status and code.
fn tally(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
        *tally.entry(format!("{} {code}", answer.status)).or_default() += 1;
    }
    tally
}

fn expected<const N: usize>(kinds: [(&str, usize); N]) -> BTreeMap<String, usize> {
    kinds.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect()
}

#[tokio::test]
async fn a_thousand_parallel_uses_of_one_pass_make_one_hold() {
    let office = BoxOffice::open();
    let sections = json!([{ "name": "A", "kind": "seated", "rows": 40, "seats_per_row": 50,
        "price": 5_000 }]);
    let event = office
        .event(json!({ "sections": sections, "sale": { "max_per_buyer": 10,
            "queue": { "enabled": true, "release_per_s": 0 } } }))
        .await;
    let buyer = office.buyer().await;
    let pass = buyer.pass(&event).await;
    let uses = (0..1_000).map(|index| {
        // Different seats, so that only the pass decides.
        let seat = format!("A-{}-{}", 1 + index / 50, 1 + index % 50);
        buyer.reserve_with(&pass, &event, json!({ "seats": [seat] }))
    });
    let answers: Vec<_> = stream::iter(uses).buffer_unordered(AT_ONCE).collect().await;
    assert_eq!(tally(&answers), expected([("201 ", 1), ("403 queue_pass_used", 999)]));
    assert_eq!(office.counts(&event).await, [1_999, 1, 0]);
    assert_eq!(office.map(&event).await.matches('h').count(), 1);
}

#[tokio::test]
async fn a_hundred_parallel_reservations_of_a_seat_make_one() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyers = join_all((0..AT_ONCE).map(|_| office.buyer())).await;
    let choice = json!({ "seats": ["A-1-5"] });
    let answers = join_all(buyers.iter().map(|it| it.reserve(&event, choice.clone()))).await;
    assert_eq!(tally(&answers), expected([("201 ", 1), ("409 seat_unavailable", AT_ONCE - 1)]));
    assert_eq!(office.counts(&event).await, [59, 1, 0]);
}

#[tokio::test]
async fn fifty_parallel_joins_of_one_user_make_one_place() {
    let office = BoxOffice::open();
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let buyer = office.buyer().await;
    let answers = join_all((0..50).map(|_| buyer.join(&event))).await;
    assert_eq!(tally(&answers), expected([("200 ", 49), ("201 ", 1)]));
    for answer in &answers {
        assert_eq!(answer.json()["number"], 1, "{answer}");
    }
    let status = office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    assert_eq!(status["waiting"], 1);
    assert_eq!(office.buyer().await.join(&event).await.expect(201)["number"], 2);
}

#[tokio::test]
async fn a_crowd_takes_every_place_once() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyers = join_all((0..100).map(|_| office.buyer())).await;
    let answers = join_all(buyers.iter().enumerate().map(|(index, buyer)| {
        let section = if index % 2 == 0 { "A" } else { "FLOOR" };
        buyer.reserve(&event, json!({ "section": section, "quantity": 2 }))
    }))
    .await;
    let won: Vec<Value> = answers.iter().filter(|it| it.status == 201).map(Answer::json).collect();
    assert_eq!(won.len(), 30, "20 pairs of seats and 10 of standing places");
    assert_eq!(office.counts(&event).await, [0, 60, 0]);
    let mut seats: Vec<_> = won
        .iter()
        .flat_map(|booking| booking["seats"].as_array().expect("a list"))
        .map(Value::to_string)
        .collect();
    seats.sort();
    seats.dedup();
    assert_eq!(seats.len(), 40, "each seat once");
    for answer in answers.iter().filter(|it| it.status != 201) {
        let code = answer.json()["code"].as_str().expect("a code").to_owned();
        assert!(["not_enough_seats", "sold_out"].contains(&code.as_str()), "{answer}");
    }
}

#[tokio::test]
async fn a_buyer_who_asks_thirty_times_at_once_stays_within_the_limit() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let choice = json!({ "section": "FLOOR", "quantity": 1 });
    let answers = join_all((0..30).map(|_| buyer.reserve(&event, choice.clone()))).await;
    assert_eq!(tally(&answers), expected([("201 ", 4), ("409 buyer_limit_exceeded", 26)]));
}

/// Twenty buyers do everything there is to do; then one more does. The second time adds no key, and
/// all keys are in one slot, so on one node and in reach of one script.
#[tokio::test]
async fn the_keys_of_an_event_do_not_grow_with_its_buyers() {
    let office = BoxOffice::open();
    let inside = office.inside();
    // Only by hand is anybody let in, so the last who came waits, and the keys of the line stay.
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let waiting = json!({ "status": "waiting" });
    let visit = async |index: usize| {
        let buyer = office.buyer().await;
        buyer.join_request(&event).key("join").send().await;
        let pass = buyer.pass(&event).await;
        let section = if index.is_multiple_of(2) { "A" } else { "FLOOR" };
        let request = buyer.reserve_request(&event, json!({ "section": section, "quantity": 1 }));
        let held = request.header("x-queue-pass", pass).key("hold").send().await.expect(201);
        let id = held["booking_id"].as_str().expect("an id").to_owned();
        match index % 3 {
            0 => drop(office.organiser().confirm(&id).await.expect(200)),
            1 => drop(buyer.release_request(&id).key("release").send().await.expect(200)),
            _ => {}
        }
        // Somebody is always waiting when the keys are looked at, so that the queue is there.
        let place = office.buyer().await.join(&event).await.expect(201);
        assert_eq!(place["status"], waiting["status"]);
    };
    for index in 0..20 {
        visit(index).await;
    }
    let keys = eventually("every kind of key is there", async || {
        let keys = inside.keys_of(&event);
        (keys.len() >= 15).then_some(keys)
    })
    .await;
    visit(20).await;
    let after = inside.keys_of(&event);
    let new: Vec<_> = after.iter().filter(|key| !keys.contains(key)).collect();
    // None of addresses, which do not count here.
    assert!(after.len() <= 18, "17 keys and a map for each seated section: {after:#?}");
    assert!(new.is_empty(), "one more buyer is no more keys: {new:?}");
    let slots: Vec<_> = after.iter().map(|key| inside.slot_of(key)).collect();
    assert!(slots.iter().all(|slot| *slot == slots[0]), "{after:#?}");
}
