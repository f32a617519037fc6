//! A reservation needs a pass of this user for this event, in time and not used before.

use serde_json::{Value, json};
use tests::{BoxOffice, Minter, altered, claims_of, eventually, malleated, merged, now_s};

fn queued() -> Value {
    json!({ "sale": { "queue": { "enabled": true, "release_per_s": 0 } } })
}

fn one() -> Value {
    json!({ "section": "A", "quantity": 1 })
}

#[tokio::test]
async fn a_pass_is_good_for_one_reservation() {
    let office = BoxOffice::open();
    let event = office.event(queued()).await;
    let buyer = office.buyer().await;
    buyer.reserve(&event, one()).await.expect_problem(403, "queue_pass_required");
    let pass = buyer.pass(&event).await;
    let held = buyer.reserve_with(&pass, &event, one()).await.expect(201);
    let again = buyer.reserve_with(&pass, &event, one()).await;
    again.expect_problem(403, "queue_pass_used");
    // Neither does giving the seats back give the pass back.
    buyer.release(held["booking_id"].as_str().expect("an id")).await.expect(200);
    let again = buyer.reserve_with(&pass, &event, one()).await;
    again.expect_problem(403, "queue_pass_used");
    buyer.position(&event).await.expect_problem(404, "not_in_queue");
    assert_eq!(buyer.join(&event).await.expect(201)["number"], 2, "a new place in the line");
}

#[tokio::test]
async fn a_refused_reservation_leaves_the_pass_usable() {
    let office = BoxOffice::open();
    let event = office.event(queued()).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let pass = other.pass(&event).await;
    other.reserve_with(&pass, &event, json!({ "seats": ["A-1-1"] })).await.expect(201);
    let pass = buyer.pass(&event).await;
    for (choice, status, code) in [
        (json!({ "seats": ["A-1-1"] }), 409, "seat_unavailable"),
        (json!({ "seats": ["A-9-9"] }), 422, "invalid_seats"),
        (json!({ "seats": [] }), 422, "invalid_seats"),
        (json!({ "section": "A", "quantity": 5 }), 409, "buyer_limit_exceeded"),
    ] {
        buyer.reserve_with(&pass, &event, choice).await.expect_problem(status, code);
    }
    buyer.reserve_with(&pass, &event, one()).await.expect(201);
}

/// Whatever is shown instead of the pass, it is refused, nothing is held, and the pass still works.
#[tokio::test]
async fn nothing_stands_in_for_a_pass() {
    let office = BoxOffice::open();
    let minter = Minter::of(&office);
    let event = office.event(queued()).await;
    let other_event = office.event(queued()).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let pass = buyer.pass(&event).await;
    let receipt = buyer.join(&event).await.expect(200)["receipt"].clone();
    let receipt = receipt.as_str().expect("a receipt").to_owned();
    let claims = claims_of(&pass);
    let header = minter.header("qpass+jwt");
    let with = |change: Value| minter.token(&header, &merged(claims.clone(), &change));
    let parts: Vec<_> = pass.split('.').collect();
    let forged = [
        ("no token", "x".to_owned()),
        ("empty", String::new()),
        ("of another user", other.pass(&event).await),
        ("of another event", buyer.pass(&other_event).await),
        ("the receipt", receipt),
        ("the buyer token", buyer.token.clone()),
        ("alg none", minter.unsigned_token("qpass+jwt", &claims)),
        ("HS256 with the public key", minter.hmac_token("qpass+jwt", &claims)),
        ("another key", minter.stranger().token(&header, &claims)),
        ("altered times", altered(&pass, &json!({ "exp": now_s() + 86_400 }))),
        ("altered user", altered(&pass, &json!({ "sub": other.user_id }))),
        ("altered event", altered(&pass, &json!({ "aud": other_event }))),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("typ of a receipt", minter.token(&minter.header("receipt+jwt"), &claims)),
        ("typ JWT", minter.token(&minter.header("JWT"), &claims)),
        ("audience in a list", with(json!({ "aud": [event] }))),
        ("no audience", with(json!({ "aud": null }))),
        ("exp as text", with(json!({ "exp": "9999999999" }))),
        ("from the future", with(json!({ "iat": now_s() + 3_600, "exp": now_s() + 7_200 }))),
        ("3 KiB", format!("{pass}{}", "A".repeat(3_000))),
        ("padded", format!("{pass}=")),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{pass}.a")),
        ("five parts", format!("{pass}.a.b")),
        ("malleated signature", malleated(&pass)),
        ("the alphabet with + and /", format!("{}.{}.{}", parts[0], parts[1], "+/".repeat(43))),
        ("exp as float", with(json!({ "exp": 1e18 }))),
        ("nbf in the future", with(json!({ "nbf": now_s() + 120 }))),
        ("unknown kid", minter.token(&merged(header.clone(), &json!({ "kid": "x" })), &claims)),
        (
            "kid with a path",
            minter.token(&merged(header.clone(), &json!({ "kid": "../x" })), &claims),
        ),
        ("jku", minter.token(&merged(header.clone(), &json!({ "jku": "http://x" })), &claims)),
    ];
    for (name, forged) in &forged {
        let answer = buyer.reserve_with(forged, &event, one()).await;
        assert_eq!(answer.json()["code"], "queue_pass_invalid", "{name}: {answer}");
        assert_eq!(answer.status, 403, "{name}: {answer}");
    }
    // Signed by us, yet of a pass that nobody was given.
    let guessed = buyer.reserve_with(&with(json!({ "jti": "1.1" })), &event, one()).await;
    assert_eq!(guessed.status, 403, "{guessed}");
    let expired = with(json!({ "iat": now_s() - 400, "exp": now_s() - 61 }));
    let expired = buyer.reserve_with(&expired, &event, one()).await;
    expired.expect_problem(403, "queue_pass_expired");
    assert_eq!(office.counts(&event).await, [60, 0, 0], "nothing was held");
    buyer.reserve_with(&pass, &event, one()).await.expect(201);
}

/// The signature tolerates a minute of clock difference; the record in Redis does not.
#[tokio::test]
async fn an_unused_pass_expires_by_itself() {
    let office = BoxOffice::open();
    // Long enough for the place to be read with its pass, also on a busy machine.
    let queue = json!({ "enabled": true, "release_per_s": 0, "pass_ttl_s": 5, "max_active": 1 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let (buyer, next) = (office.buyer().await, office.buyer().await);
    buyer.join(&event).await.expect(201);
    office.organiser().let_in(&event, 1).await.expect(200);
    let place = buyer.position(&event).await.expect(200);
    let pass = place["queue_pass"].as_str().expect("a pass").to_owned();
    eventually("the pass expires", async || {
        let place = buyer.position(&event).await.expect(200);
        (place["status"] == "expired").then_some(())
    })
    .await;
    let late = buyer.reserve_with(&pass, &event, one()).await;
    late.expect_problem(403, "queue_pass_expired");
    next.join(&event).await.expect(201);
    assert_eq!(office.organiser().let_in(&event, 1).await.expect(200)["admitted"], 1);
    let again = buyer.join(&event).await.expect(201);
    assert_eq!((&again["status"], &again["number"]), (&json!("waiting"), &json!(3)));
}
