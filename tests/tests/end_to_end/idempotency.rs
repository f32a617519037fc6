//! One effect and one answer for each idempotency key.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, BoxOffice, Request, eventually};

/// Sends the same twice with one key: the second answer is the first one, and says so.
async fn twice(request: impl Fn() -> Request) -> Value {
    let key = uuid::Uuid::new_v4().to_string();
    let first = request().key(&key).send().await;
    assert!(first.status < 300 && !first.is_replayed(), "{first}");
    let second = request().key(&key).send().await;
    assert!(second.is_replayed(), "{second}");
    assert_eq!((second.status, &second.body), (first.status, &first.body), "byte for byte");
    assert_eq!(second.header("location"), first.header("location"));
    first.json()
}

#[tokio::test]
async fn the_same_key_gets_the_first_answer_on_every_route() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let buyer = office.buyer().await;
    let created = twice(|| {
        organiser.create_request(json!({ "sale": {
        "queue": { "enabled": true, "release_per_s": 0 } } }))
    })
    .await;
    let event = created["id"].as_str().expect("an id");
    assert_eq!(twice(|| buyer.join_request(event)).await["number"], 1);
    assert_eq!(twice(|| organiser.let_in_request(event, 1)).await["admitted"], 1);
    let pass = buyer.pass(event).await;
    let held = twice(|| {
        buyer
            .reserve_request(event, json!({ "section": "A", "quantity": 1 }))
            .header("x-queue-pass", &pass)
    })
    .await;
    let id = held["booking_id"].as_str().expect("an id");
    assert_eq!(office.counts(event).await, [59, 1, 0]);
    assert_eq!(twice(|| buyer.release_request(id)).await["status"], "released");

    let event = office.event(json!({})).await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let id = held["booking_id"].as_str().expect("an id");
    assert_eq!(twice(|| organiser.confirm_request(id)).await["status"], "confirmed");
    let path = format!("/api/v1/events/{event}/seats");
    let section =
        json!({ "sections": [{ "name": "B", "kind": "standing", "capacity": 1, "price": 1 }] });
    let added = twice(|| organiser.request(Method::POST, &path).json(&section)).await;
    assert_eq!(added["capacity"], 61);
}

#[tokio::test]
async fn the_same_key_for_another_request_is_refused() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(json!({ "sale": { "queue": { "enabled": false } } })).await;
    let buyer = office.buyer().await;
    let key = uuid::Uuid::new_v4().to_string();
    let choose = |quantity: i64| {
        buyer.reserve_request(&event, json!({ "section": "FLOOR", "quantity": quantity })).key(&key)
    };
    choose(1).send().await.expect(201);
    choose(2).send().await.expect_problem(422, "idempotency_key_reused");
    let let_in = |count: i64| organiser.let_in_request(&event, count).key(&key);
    let_in(1).send().await.expect(200);
    let_in(2).send().await.expect_problem(422, "idempotency_key_reused");
    let create = |name: &str| organiser.create_request(json!({ "name": name })).key(&key);
    create("one").send().await.expect(201);
    create("two").send().await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(office.counts(&event).await, [59, 1, 0]);
}

/// Goal: a key belongs to its caller and route, whatever event a body or a path names. Method: the
/// same key for two of everything.
#[tokio::test]
async fn a_key_is_found_whatever_event_the_second_request_names() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let events = [office.event(json!({})).await, office.event(json!({})).await];
    let buyer = office.buyer().await;
    let one = json!({ "section": "A", "quantity": 1 });
    let choose = |event: &str| buyer.reserve_request(event, one.clone()).key("mine").send();
    let held = choose(&events[0]).await;
    choose(&events[1]).await.expect_problem(422, "idempotency_key_reused");
    let again = choose(&events[0]).await;
    assert!(again.is_replayed() && again.body == held.body, "{again}");
    let nowhere = uuid::Uuid::now_v7().to_string();
    choose(&nowhere).await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(office.counts(&events[1]).await, [60, 0, 0]);
    // A pass of another event, or none at all, changes nothing.
    let queued = office.event(json!({ "sale": { "queue": { "enabled": true } } })).await;
    choose(&queued).await.expect_problem(422, "idempotency_key_reused");

    let join = |event: &str| buyer.join_request(event).key("mine").send();
    join(&events[0]).await.expect(201);
    join(&events[1]).await.expect_problem(422, "idempotency_key_reused");
    let place = buyer.position(&events[1]).await;
    place.expect_problem(404, "not_in_queue");

    let held = held.expect(201)["booking_id"].as_str().expect("an id").to_owned();
    let other = buyer.hold(&events[1], one.clone()).await;
    let other = other["booking_id"].as_str().expect("an id");
    buyer.release_request(&held).key("mine").send().await.expect(200);
    let reused = buyer.release_request(other).key("mine").send().await;
    reused.expect_problem(422, "idempotency_key_reused");
    assert_eq!(buyer.status_of(other).await, "reserved");

    organiser.let_in_request(&events[0], 1).key(&nowhere).send().await.expect(200);
    let reused = organiser.let_in_request(&events[1], 1).key(&nowhere).send().await;
    reused.expect_problem(422, "idempotency_key_reused");
    let section =
        json!({ "sections": [{ "name": "B", "kind": "standing", "capacity": 1, "price": 1 }] });
    let add = |event: &str| {
        let path = format!("/api/v1/events/{event}/seats");
        organiser.request(Method::POST, &path).json(&section).key(&nowhere).send()
    };
    add(&events[0]).await.expect(201);
    add(&events[1]).await.expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn keys_of_different_users_and_routes_have_nothing_to_do_with_each_other() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyers = [office.buyer().await, office.buyer().await];
    let mut bookings = Vec::new();
    for buyer in &buyers {
        let choice = json!({ "section": "A", "quantity": 1 });
        let held = buyer.reserve_request(&event, choice).key("mine").send().await;
        assert!(!held.is_replayed(), "{held}");
        bookings.push(held.expect(201)["booking_id"].to_string());
        let joined = buyer.join_request(&event).key("mine").send().await;
        assert!(joined.status == 201 && !joined.is_replayed(), "{joined}");
    }
    assert_ne!(bookings[0], bookings[1]);
}

/// An attempt that is refused leaves the key to a request for another event.
#[tokio::test]
async fn a_refused_attempt_leaves_its_key_to_another_event() {
    let office = BoxOffice::open();
    let queued = office.event(json!({ "sale": { "queue": { "enabled": true } } })).await;
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let one = json!({ "section": "A", "quantity": 1 });
    let choose = |event: &str| buyer.reserve_request(event, one.clone()).key("mine").send();
    choose(&queued).await.expect_problem(403, "queue_pass_required");
    choose(&event).await.expect(201);
    choose(&queued).await.expect_problem(422, "idempotency_key_reused");
}

/// Goal: what became of the object later is in no repetition. Method: each is changed after its
/// first answer.
#[tokio::test]
async fn the_first_answer_comes_back_byte_for_byte_whatever_happened_since() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let key = uuid::Uuid::new_v4().to_string();
    let opens_at = (Timestamp::now() + SignedDuration::from_secs(3)).to_string();
    let create = || organiser.create_request(json!({ "on_sale_at": opens_at })).key(&key).send();
    let first = create().await;
    let created = first.expect(201);
    assert_eq!(created["status"], "scheduled");
    let event = created["id"].as_str().expect("an id").to_owned();
    eventually("the sale opens", async || {
        let event = office.get(&format!("/api/v1/events/{event}")).await.expect(200);
        (event["status"] == "on_sale").then_some(())
    })
    .await;
    let replayed = create().await;
    assert!(replayed.is_replayed() && replayed.body == first.body, "{replayed}\n{first}");
    organiser.change(&event, json!({ "name": "another", "paused": true })).await.expect(200);
    assert_eq!(create().await.body, first.body);

    let event = office.event(json!({})).await;
    let section =
        json!({ "sections": [{ "name": "B", "kind": "standing", "capacity": 1, "price": 1 }] });
    let path = format!("/api/v1/events/{event}/seats");
    let add = || organiser.request(Method::POST, &path).json(&section).key(&key).send();
    let added = add().await;
    let buyer = office.buyer().await;
    let join = || buyer.join_request(&event).key("k").send();
    let joined = join().await;
    let reserve = || {
        buyer.reserve_request(&event, json!({ "section": "FLOOR", "quantity": 1 })).key("k").send()
    };
    let reserved = reserve().await;
    let id = reserved.expect(201)["booking_id"].as_str().expect("an id").to_owned();
    let confirm = || organiser.confirm_request(&id).key(&key).send();
    let confirmed = confirm().await;
    organiser.cancel(&id).await.expect(200);
    buyer.leave(&event).await.expect(204);
    organiser.change(&event, json!({ "name": "another" })).await.expect(200);
    for (first, again) in [
        (added, add().await),
        (joined, join().await),
        (reserved, reserve().await),
        (confirmed, confirm().await),
    ] {
        assert!(again.is_replayed(), "{again}");
        assert_eq!((again.status, again.body), (first.status, first.body));
    }
}

#[tokio::test]
async fn two_keys_in_one_request_are_refused() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    for keys in [["one", "two"], ["one", "one"]] {
        let twice = || {
            let request = buyer.reserve_request(&event, json!({ "section": "A", "quantity": 1 }));
            request.key(keys[0]).key(keys[1]).send()
        };
        twice().await.expect_problem(400, "malformed_request");
        let created = office.organiser().create_request(json!({}));
        let created = created.key(keys[0]).key(keys[1]).send().await;
        created.expect_problem(400, "malformed_request");
    }
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
}

#[tokio::test]
async fn a_failed_attempt_does_not_burn_its_key() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(json!({})).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let blocking = other.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let blocking = blocking["booking_id"].as_str().expect("an id");
    let reserve = || buyer.reserve_request(&event, json!({ "seats": ["A-1-1"] })).key("again");
    reserve().send().await.expect_problem(409, "seat_unavailable");
    other.release(blocking).await.expect(200);
    let held = reserve().send().await;
    assert!(!held.is_replayed());
    let held = held.expect(201);
    let id = held["booking_id"].as_str().expect("an id");

    let confirm =
        || buyer.request(Method::POST, &format!("/api/v1/bookings/{id}/confirm")).key("again");
    confirm().send().await.expect_problem(402, "payment_required");
    confirm().send().await.expect_problem(402, "payment_required");
    organiser.confirm(id).await.expect(200);

    let past = json!({ "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-01T01:00:00Z",
        "on_sale_at": "2019-01-01T00:00:00Z" });
    let event = office.organiser().create_event(past).await.expect(201);
    let event = event["id"].as_str().expect("an id");
    let join = || buyer.join_request(event).key("again");
    join().send().await.expect_problem(409, "event_not_on_sale");
    let open = json!({ "starts_at": "2037-01-01T00:00:00Z", "ends_at": "2037-01-02T00:00:00Z" });
    organiser.change(event, open).await.expect(200);
    join().send().await.expect(201);

    let key = uuid::Uuid::new_v4().to_string();
    let create =
        |currency: &str| organiser.create_request(json!({ "currency": currency })).key(&key);
    create("nothing").send().await.expect_problem(422, "validation_failed");
    create("EUR").send().await.expect(201);
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_ascii_characters() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "section": "A", "quantity": 1 })).await;
    let id = held["booking_id"].as_str().expect("an id");
    let requests: [&dyn Fn() -> Request; 6] = [
        &|| buyer.join_request(&event),
        &|| buyer.reserve_request(&event, json!({ "section": "A", "quantity": 1 })),
        &|| buyer.release_request(id),
        &|| organiser.confirm_request(id),
        &|| organiser.let_in_request(&event, 1),
        &|| organiser.create_request(json!({})),
    ];
    let long = "x".repeat(256);
    for request in requests {
        for key in ["", &long, "two words", "tab\there", "ключ", "é"] {
            request().key(key).send().await.expect_problem(400, "malformed_request");
        }
    }
    assert_eq!(office.counts(&event).await, [59, 1, 0]);
    for key in ["!", "~{}:*'\"\\%", &long[1..]] {
        let one = json!({ "section": "FLOOR", "quantity": 1 });
        buyer.reserve_request(&event, one).key(key).send().await.expect(201);
    }
}

/// Those that come while the first is running are told to wait or get its answer.
#[tokio::test]
async fn parallel_requests_with_one_key_have_one_effect() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    for _ in 0..10 {
        office.buyer().await.join(&event).await.expect(201);
    }
    let let_in =
        join_all((0..10).map(|_| organiser.let_in_request(&event, 1).key("k").send())).await;
    assert_one_effect(&let_in, 200);
    let status = office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    assert_eq!(status["active"], 1);

    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let choice = json!({ "section": "A", "quantity": 1 });
    let reserve = || buyer.reserve_request(&event, choice.clone()).key("k").send();
    let reserved = join_all((0..10).map(|_| reserve())).await;
    assert_one_effect(&reserved, 201);
    assert_eq!(office.counts(&event).await, [59, 1, 0]);

    let key = uuid::Uuid::new_v4().to_string();
    let create = || organiser.create_request(json!({})).key(&key).send();
    let created = join_all((0..10).map(|_| create())).await;
    assert_one_effect(&created, 201);
}

fn assert_one_effect(answers: &[Answer], status: u16) {
    let (done, rest): (Vec<&Answer>, Vec<_>) = answers.iter().partition(|it| it.status == status);
    assert_eq!(done.iter().filter(|answer| !answer.is_replayed()).count(), 1);
    assert!(done.iter().all(|answer| answer.json() == done[0].json()), "{done:?}");
    for answer in rest {
        answer.expect_problem(409, "request_in_progress");
    }
}
