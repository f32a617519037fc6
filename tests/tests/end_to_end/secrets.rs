//! Keys and secrets: missing or short ones refuse, and keys are rolled without hurting anybody.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{BoxOffice, Minter, Payment, claims_of, merged, now_s, sign};

const SHORT: &str = "only-23-bytes-of-secret";

/// Every route of the organiser; 503 tells an operator what is wrong, and nobody gets in.
#[tokio::test]
async fn a_missing_or_short_secret_refuses_its_routes() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let stranger = Minter::new("stranger", [9; 32]);
    for (secret, webhook_secret) in [("", ""), (SHORT, SHORT)] {
        let beside = office.beside(&[
            ("organiser_key", secret),
            ("organiser_key_digest", ""),
            ("worker_key", secret),
            ("stripe_webhook_secret", webhook_secret),
            // Nobody could verify what it signs.
            ("signing_keys", &stranger.signing_key()),
        ]);
        for (method, path) in [
            (Method::POST, "/api/v1/events".to_owned()),
            (Method::PUT, format!("/api/v1/events/{event}")),
            (Method::POST, format!("/api/v1/events/{event}/seats")),
            (Method::POST, format!("/api/v1/queue/process/{event}")),
            (Method::POST, "/internal/tick".to_owned()),
        ] {
            for key in [secret, "", "x"] {
                let request = beside.request(method.clone(), &path).bearer(key).json(&json!({}));
                let answer = request.send().await;
                let problem = answer.expect_problem(503, "not_configured");
                assert_eq!(problem["retryable"], false, "`{key}`: no repetition helps");
            }
        }
        // A booking is for its owner, too; the organiser is just not known.
        let id = held["booking_id"].as_str().expect("an id");
        let path = format!("/api/v1/bookings/{id}");
        let answer = beside.request(Method::GET, &path).bearer(secret).send().await;
        answer.expect_problem(401, "unauthenticated");
        buyer.at(&beside).get(&path).await.expect(200);
        let body = Payment::of(&held).body();
        let signature = sign(webhook_secret, &body, now_s());
        let answer = beside.webhook(body, Some(&signature)).await;
        answer.expect_problem(503, "not_configured");
        let guest = beside.request(Method::POST, "/api/v1/auth/guest").send().await;
        guest.expect_problem(503, "not_configured");
        beside.get("/.well-known/jwks.json").await.expect(200);
    }
    assert_eq!(buyer.status_of(held["booking_id"].as_str().expect("an id")).await, "reserved");
}

fn kid_of(token: &str) -> Value {
    let header = token.split('.').next().expect("a header");
    let header = data_encoding::BASE64URL_NOPAD.decode(header.as_bytes()).expect("base64url");
    serde_json::from_slice::<Value>(&header).expect("JSON")["kid"].clone()
}

/// The three steps of rolling a key, in the middle of a sale: published, signing, and the old one
/// gone.
#[tokio::test]
async fn a_key_is_rolled_in_the_middle_of_a_sale() {
    let before = BoxOffice::open();
    let old = Minter::of(&before);
    let new = Minter::new("new", [42; 32]);
    let both = format!("{},{}", new.verifying_key(), old.verifying_key());
    let queue = json!({ "sale": { "queue": { "enabled": true, "release_per_s": 0 } } });
    let event = before.event(queue).await;
    let buyer = before.buyer().await;
    let pass = buyer.pass(&event).await;

    let rolled = before.beside(&[("signing_keys", &new.signing_key()), ("verifying_keys", &both)]);
    // Tokens and passes of the old key go on working.
    let customer = buyer.at(&rolled);
    let one = json!({ "section": "A", "quantity": 1 });
    customer.reserve_with(&pass, &event, one).await.expect(201);
    // New ones carry the new key, and both are published.
    let newcomer = rolled.buyer().await;
    assert_eq!(kid_of(&newcomer.token), "new");
    newcomer.join(&event).await.expect(201);
    let keys = rolled.get("/.well-known/jwks.json").await.expect(200)["keys"].clone();
    let kids: Vec<_> = keys.as_array().expect("a list").iter().map(|key| &key["kid"]).collect();
    assert_eq!(kids, [&json!("new"), &kid_of(&buyer.token)]);

    // The old one is removed: what it signed is worth nothing, forged or not.
    let after = before
        .beside(&[("signing_keys", &new.signing_key()), ("verifying_keys", &new.verifying_key())]);
    buyer.at(&after).join(&event).await.expect_problem(401, "unauthenticated");
    newcomer.at(&after).join(&event).await.expect(200);
    let claims = merged(claims_of(&pass), &json!({ "sub": newcomer.user_id }));
    let forged = old.token(&old.header("qpass+jwt"), &claims);
    let one = json!({ "section": "A", "quantity": 1 });
    let refused = newcomer.at(&after).reserve_with(&forged, &event, one).await;
    refused.expect_problem(403, "queue_pass_invalid");
    // Where the new key was never heard of, its tokens are none.
    newcomer.at(&before).join(&event).await.expect_problem(401, "unauthenticated");
}
