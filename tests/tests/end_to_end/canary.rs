//! Nothing secret and nothing about a person is in any log or reply: canaries are sent wherever
//! something can be sent, errors of all kinds are provoked, and then every log is searched.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::json;
use tests::{Answer, BoxOffice, Minter, Payment, claims_of, now_s, sign};

/// Found nowhere else.
const PERSON: &str = "Canaria Birdsong";
const CARD: &str = "4242424242420077";
const E_MAIL: &str = "canaria@birds.example";

/// What must not be found, with its name.
fn canaries(office: &BoxOffice, tokens: &[(&'static str, String)]) -> Vec<(String, String)> {
    let secrets = &office.system().secrets;
    let seed = secrets.signing_keys.split(':').nth(1).expect("a seed");
    let fixed = [
        ("the organiser's key", secrets.organiser_key.as_str()),
        ("the worker's key", &secrets.worker_key),
        ("the webhook's secret", &secrets.stripe_webhook_secret),
        ("the password of Redis", &secrets.redis_password),
        ("the signing seed", seed),
        ("a name", PERSON),
        ("a card", CARD),
        ("an e-mail address", E_MAIL),
    ];
    let fixed = fixed.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    // Of a token the signature: what makes it worth something.
    let signature = |token: &str| token.rsplit('.').next().unwrap_or_default().to_owned();
    let tokens = tokens.iter().map(|(name, token)| ((*name).to_owned(), signature(token)));
    fixed.chain(tokens).collect()
}

/// Every file that ends in `.log` below the folder.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths
        .flat_map(|path| if path.is_dir() { logs(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect()
}

#[tokio::test]
async fn no_log_and_no_reply_repeats_a_secret_or_a_person() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "queue": { "enabled": true } } })).await;
    let open = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let minter = Minter::of(&office);
    let pass = buyer.pass(&event).await;
    let place = buyer.join(&event).await.expect(200);
    let receipt = place["receipt"].as_str().expect("a receipt").to_owned();
    let contact = json!({ "seats": ["A-1-1"], "email": E_MAIL, "name": PERSON });
    let held = buyer.hold(&open, contact).await;
    let booking = held["booking_id"].as_str().expect("an id").to_owned();
    let expired = json!({ "iat": now_s() - 900, "exp": now_s() - 600 });
    let expired = tests::merged(claims_of(&buyer.token), &expired);
    let expired = minter.token(&minter.header("buyer+jwt"), &expired);
    let tokens = [
        ("a buyer's token", buyer.token.clone()),
        ("a pass", pass.clone()),
        ("a receipt", receipt.clone()),
        ("an expired token", expired.clone()),
    ];

    let organiser_key = office.system().secrets.organiser_key.clone();
    let worker_key = office.system().secrets.worker_key.clone();
    let bearers = [&buyer.token, &expired, &organiser_key, &worker_key, &receipt, &pass];
    let bodies = [
        format!(r#"{{"event_id":"{event}","seats":["{CARD}"],"name":"{PERSON}"}}"#),
        format!(r#"{{"event_id":"{PERSON}","quantity":"{CARD}"}}"#),
        format!(r#"{{"event_id":"{event}","section":"A","quantity":"{CARD}","mail":"{E_MAIL}"}}"#),
        format!(r#"{{"event_id":"{event}","section":["{E_MAIL}"],"quantity":1}}"#),
        format!(r#"{{"event_id":"{event}","quantity":1,"email":"{E_MAIL} ","name":"\n{PERSON}"}}"#),
        format!(r#"{{"name":{CARD},"currency":"{E_MAIL}","starts_at":"{PERSON}"}}"#),
        format!(r#"{{"sections":[{{"name":"{PERSON}","kind":"{CARD}"}}],"count":"{CARD}"}}"#),
        format!(r#"{{"name":"{PERSON}",{CARD}"#),
        format!("{PERSON} {CARD} {E_MAIL}"),
    ];
    let routes = [
        (Method::POST, "/api/v1/auth/guest".to_owned()),
        (Method::POST, "/api/v1/events".to_owned()),
        (Method::PUT, format!("/api/v1/events/{event}")),
        (Method::POST, format!("/api/v1/events/{event}/seats")),
        (Method::GET, format!("/api/v1/events/{event}/seats?section={CARD}")),
        (Method::POST, "/api/v1/queue/join".to_owned()),
        (Method::GET, format!("/api/v1/queue/position/{event}?mail={E_MAIL}")),
        (Method::POST, format!("/api/v1/queue/process/{event}")),
        (Method::POST, "/api/v1/bookings/reserve".to_owned()),
        (Method::GET, format!("/api/v1/bookings?cursor={CARD}")),
        (Method::GET, format!("/api/v1/bookings/{booking}")),
        (Method::GET, format!("/api/v1/events/{open}/bookings?email={E_MAIL}&q={CARD}")),
        (Method::GET, format!("/api/v1/events/{open}/bookings?section={E_MAIL}")),
        (Method::GET, format!("/api/v1/bookings/bk_{CARD}")),
        (Method::POST, format!("/api/v1/bookings/{CARD}/confirm")),
        (Method::POST, format!("/api/v1/bookings/{CARD}/release")),
        (Method::POST, "/webhooks/stripe".to_owned()),
        (Method::POST, "/internal/tick".to_owned()),
        (Method::GET, format!("/nowhere/{CARD}")),
    ];
    let mut answers: Vec<Answer> = Vec::new();
    for (method, path) in &routes {
        for bearer in bearers {
            for body in &bodies {
                let request = office.request(method.clone(), path).bearer(bearer);
                let request = request
                    .header("x-queue-pass", &receipt)
                    .header("x-request-id", E_MAIL)
                    .header("idempotency-key", uuid::Uuid::now_v7().to_string())
                    .header("cookie", format!("session={CARD}"))
                    .header("user-agent", PERSON)
                    .header("stripe-signature", format!("t={CARD},v1={CARD}"));
                answers.push(request.body("application/json", body.clone()).send().await);
                if *method == Method::GET {
                    break;
                }
            }
        }
    }
    // An event of the provider carries more than we need, about the person who pays.
    let mut payment: serde_json::Value =
        serde_json::from_slice(&Payment::of(&held).body()).expect("JSON");
    payment["data"]["object"]["receipt_email"] = json!(E_MAIL);
    payment["data"]["object"]["billing_details"] = json!({ "name": PERSON, "number": CARD });
    let secret = office.system().secrets.stripe_webhook_secret.clone();
    for body in [payment.to_string(), format!(r#"{{"id":"{CARD}","type":["{PERSON}"]}}"#)] {
        let signature = sign(&secret, body.as_bytes(), now_s());
        answers.push(office.webhook(body.clone().into_bytes(), Some(&signature)).await);
        answers.push(office.webhook(body.into_bytes(), Some("t=1,v1=00")).await);
    }

    let canaries = canaries(&office, &tokens);
    for answer in &answers {
        let text = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
        for (name, value) in &canaries {
            // What a client asked about by name may be in the answer to that client: a seat.
            let is_asked_for = value == CARD && text.contains("these are not seats");
            // A fan is given what is the fan's own.
            let is_own = answer.status < 300 && (name.contains("pass") || name.contains("receipt"));
            // What an organiser calls an event is public.
            let is_own = is_own || answer.status < 300 && text.contains(r#""venue""#);
            // The owner and the organiser see where the buyer can be reached.
            let is_own = is_own || answer.status < 300 && text.contains(r#""booking_id""#);
            let leaks = text.contains(value.as_str()) && !is_asked_for && !is_own;
            assert!(!leaks, "{name} is in a reply: {answer}");
        }
    }
    let folder = office.log().parent().expect("a folder");
    let logs = logs(folder);
    for name in ["application.log", "redis.log", "postgres.log"] {
        assert!(logs.iter().any(|path| path.ends_with(name)), "no {name} in {logs:?}");
    }
    for path in &logs {
        let text = String::from_utf8_lossy(&fs::read(path).expect("is read")).into_owned();
        for (name, value) in &canaries {
            let line = text.lines().find(|line| line.contains(value.as_str()));
            assert_eq!(line, None, "{name} is in {}", path.display());
        }
    }
}
