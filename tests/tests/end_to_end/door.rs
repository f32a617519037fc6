//! The door over HTTP: a ticket admits once. That it goes on while Redis is away is among the
//! outages.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{BoxOffice, Minter, Request};

use crate::tickets::{bought, one_ticket, text, tickets};

/// Gates that scan at the same moment.
const GATES: usize = 50;

/// A scan, not sent yet.
pub(crate) fn scan(office: &BoxOffice, event: &str, code: &str, more: Value) -> Request {
    let body = tests::merged(json!({ "event_id": event, "code": code }), &more);
    office.organiser().request(Method::POST, "/api/v1/checkin").json(&body)
}

/// What became of a scan.
async fn result(office: &BoxOffice, event: &str, code: &str, more: Value) -> String {
    let answer = scan(office, event, code, more).send().await.expect(200);
    text(&answer, "result").to_owned()
}

#[tokio::test]
async fn fifty_gates_admit_one_bearer_and_tell_the_others_when_and_where() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let ticket = one_ticket(&office, &buyer, &event).await;
    let code = text(&ticket, "code");
    let answers = join_all((0..GATES).map(|gate| {
        scan(&office, &event, code, json!({ "gate": format!("North {gate}") })).send()
    }))
    .await;
    let answers: Vec<Value> = answers.iter().map(|answer| answer.expect(200)).collect();
    let of = |result: &str| answers.iter().filter(|it| it["result"] == result).count();
    assert_eq!((of("admitted"), of("already_used")), (1, GATES - 1), "{answers:?}");
    let used = &answers[0]["ticket"];
    assert!(used["used_at"].is_string() && text(used, "used_gate").starts_with("North "));
    assert!(answers.iter().all(|answer| answer["ticket"] == *used), "{answers:?}");
    let path = format!("/api/v1/tickets/{}", text(&ticket, "ticket_id"));
    let shown = buyer.get(&path).await.expect(200);
    assert_eq!((&shown["status"], &shown["used_at"]), (&json!("used"), &used["used_at"]));
    let counts = office.organiser().request(Method::GET, &format!("/api/v1/checkin/{event}"));
    let expected = json!({ "event_id": event, "sold": 1, "admitted": 1, "cancelled": 0 });
    assert_eq!(counts.send().await.expect(200), expected);
}

#[tokio::test]
async fn what_admits_nobody_is_told_apart() {
    let office = BoxOffice::open();
    let (event, other) = (office.event(json!({})).await, office.event(json!({})).await);
    let buyer = office.buyer().await;
    let ticket = one_ticket(&office, &buyer, &event).await;
    let (id, code) = (text(&ticket, "ticket_id"), text(&ticket, "code"));
    assert_eq!(result(&office, &other, code, json!({})).await, "wrong_event");
    let minter = Minter::of(&office);
    let said = |id: &str, event: &str| json!({ "t": id, "e": event, "s": ticket["seat"] });
    let forged = minter.stranger().ticket_code(&said(id, &event));
    let made_up = minter.ticket_code(&said("0123456789ab", &event));
    let middle = code.len() / 2;
    let altered = format!("{}A{}", &code[..middle], &code[middle + 1..]);
    let altered = if altered == code { code.replace("tk1.e", "tk1.f") } else { altered };
    let long = "x".repeat(5_000);
    for code in ["", "?", "https://example.com", &forged, &made_up, &altered, &long, &buyer.token] {
        assert_eq!(result(&office, &event, code, json!({})).await, "unknown", "{code:.90}");
    }
    let nowhere = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";
    scan(&office, nowhere, code, json!({})).send().await.expect_problem(404, "event_not_found");

    // By hand: in capitals and groups.
    let typed = format!("{}-{} {}", &id[..4], &id[4..8], &id[8..]).to_uppercase();
    assert_eq!(result(&office, &event, &typed, json!({})).await, "admitted");
    assert_eq!(result(&office, &event, code, json!({ "gate": "B" })).await, "already_used");

    // A cancelled one, and the same seat sold again.
    let booking = bought(&office, &buyer, &event, json!({ "seats": ["A-4-1"] })).await;
    let old = tickets(&buyer, &booking).await.remove(0);
    buyer.cancel(&booking).await.expect(200);
    let again = bought(&office, &buyer, &event, json!({ "seats": ["A-4-1"] })).await;
    let new = tickets(&buyer, &again).await.remove(0);
    assert_eq!(result(&office, &event, text(&old, "code"), json!({})).await, "cancelled");
    assert_eq!(result(&office, &event, text(&new, "code"), json!({})).await, "admitted");
}

#[tokio::test]
async fn only_those_at_the_door_may_scan_and_read() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let ticket = one_ticket(&office, &buyer, &event).await;
    let body = json!({ "event_id": event, "code": ticket["code"] });
    let (scan, read) = ("/api/v1/checkin", format!("/api/v1/checkin/{event}"));
    let manifest = format!("{read}/manifest");
    buyer.request(Method::POST, scan).json(&body).send().await.expect_problem(403, "forbidden");
    // What the body says does not matter to who may not.
    buyer
        .request(Method::POST, scan)
        .json(&json!({}))
        .send()
        .await
        .expect_problem(403, "forbidden");
    let nobody = office.request(Method::POST, scan).json(&body).send().await;
    nobody.expect_problem(401, "unauthenticated");
    for path in [&read, &manifest] {
        buyer.get(path).await.expect_problem(403, "forbidden");
        office.get(path).await.expect_problem(401, "unauthenticated");
    }
    for path in ["/api/v1/checkin/x", "/api/v1/checkin/0192f0c1-2a3b-7c4d-8e5f-60718293a4b5"] {
        for path in [path.to_owned(), format!("{path}/manifest")] {
            let answer = office.organiser().request(Method::GET, &path).send().await;
            answer.expect_problem(404, "event_not_found");
        }
    }
    assert_eq!(result(&office, &event, text(&ticket, "code"), json!({})).await, "admitted");
}

#[tokio::test]
async fn a_scan_whose_answer_was_lost_is_answered_again() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let ticket = one_ticket(&office, &buyer, &event).await;
    let code = text(&ticket, "code");
    let key = format!("gate-1 {event}").replace(' ', "-");
    let gate = json!({ "gate": "1" });
    let request = || scan(&office, &event, code, gate.clone()).key(&key);
    let first = request().send().await;
    assert_eq!(first.expect(200)["result"], "admitted");
    assert!(!first.is_replayed());
    for _ in 0..2 {
        let again = request().send().await;
        assert_eq!((again.status, &again.body, again.is_replayed()), (200, &first.body, true));
    }
    let other = scan(&office, &event, code, json!({ "gate": "2" })).key(&key).send().await;
    other.expect_problem(422, "idempotency_key_reused");
    assert_eq!(result(&office, &event, code, gate.clone()).await, "already_used");

    // Taken back, on record, once; the first answer stays what it was.
    let undo = json!({ "gate": "1", "undo": true });
    assert_eq!(result(&office, &event, code, undo.clone()).await, "undone");
    assert_eq!(result(&office, &event, code, undo).await, "not_used");
    assert_eq!(request().send().await.body, first.body);
    assert_eq!(result(&office, &event, code, gate).await, "admitted");
    let id = text(&ticket, "ticket_id");
    let record = "SELECT count(*) FROM boxoffice.scans WHERE ticket_id = $1";
    assert_eq!(office.inside().count(record, id).await, 5);
}

#[tokio::test]
async fn a_scanner_without_connection_knows_keys_and_cancelled_tickets() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let path = format!("/api/v1/checkin/{event}/manifest");
    let read = |known: Option<String>| {
        let request = office.organiser().request(Method::GET, &path);
        match known {
            Some(tag) => request.header("if-none-match", tag),
            None => request,
        }
        .send()
    };
    let first = read(None).await;
    let manifest = first.expect(200);
    let keys = office.get("/.well-known/jwks.json").await.expect(200);
    let expected =
        json!({ "event_id": event, "version": 0, "keys": keys["keys"], "cancelled": [] });
    assert_eq!(manifest, expected);
    let tag = first.header("etag").expect("a tag").to_owned();
    let booking = bought(&office, &buyer, &event, json!({ "seats": ["A-1-1", "A-1-2"] })).await;
    let gone = tickets(&buyer, &booking).await;
    assert_eq!(read(Some(tag.clone())).await.status, 304);
    buyer.cancel(&booking).await.expect(200);
    let changed = read(Some(tag.clone())).await;
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    let changed = changed.expect(200);
    assert!(changed["version"].as_i64() > Some(0), "{changed}");
    let mut ids: Vec<_> = gone.iter().map(|it| text(it, "ticket_id")).collect();
    ids.sort_unstable();
    assert_eq!(changed["cancelled"], json!(ids));
}
