//! What caches between us and a client may keep. That every reply says so is checked by the
//! harness; here are the cases that must not be missing there.

use reqwest::Method;
use serde_json::json;
use tests::{Answer, BoxOffice};

#[tokio::test]
async fn nobody_between_keeps_what_is_secret_or_of_one_person() {
    let office = BoxOffice::open();
    let queue = json!({ "enabled": true, "release_per_s": 0 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let buyer = office.buyer().await;
    let joined = buyer.join(&event).await;
    let position = format!("/api/v1/queue/position/{event}");
    let place = buyer.get(&position).await;
    let tag = place.header("etag").expect("a tag").to_owned();
    let same = buyer.request(Method::GET, &position).header("if-none-match", &tag).send().await;
    assert_eq!(same.status, 304);
    let pass = buyer.pass(&event).await;
    let held = buyer.reserve_with(&pass, &event, json!({ "section": "A", "quantity": 1 })).await;
    let id = held.expect(201)["booking_id"].as_str().expect("an id").to_owned();
    let preflight = office
        .request(Method::OPTIONS, "/api/v1/bookings")
        .header("origin", "https://other.example")
        .header("access-control-request-method", "GET");
    for reply in [
        office.request(Method::POST, "/api/v1/auth/guest").send().await,
        joined,
        place,
        same,
        held,
        buyer.booking(&id).await,
        buyer.get("/api/v1/bookings").await,
        buyer.request(Method::HEAD, "/api/v1/bookings").send().await,
        office.get("/api/v1/bookings").await,
        buyer.begin_payment(&id).await,
        office.get(&format!("/waiting-room/{event}")).await,
        office.get("/nowhere").await,
        preflight.send().await,
    ] {
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply}");
        assert!(varies_by_origin(&reply), "{reply}");
    }
}

/// A page of an allowed origin must not be answered from what was kept for nobody's.
#[tokio::test]
async fn what_is_open_to_all_differs_by_origin() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    for path in [
        format!("/api/v1/events/{event}"),
        format!("/api/v1/events/{event}/availability"),
        "/.well-known/jwks.json".to_owned(),
        "/openapi.json".to_owned(),
        "/health/live".to_owned(),
    ] {
        for origin in [None, Some("https://other.example")] {
            let request = office.request(Method::GET, &path);
            let request = match origin {
                Some(origin) => request.header("origin", origin),
                None => request,
            };
            let reply = request.send().await;
            assert!(varies_by_origin(&reply), "{origin:?}: {reply}");
        }
    }
}

fn varies_by_origin(reply: &Answer) -> bool {
    reply.headers.get_all("vary").iter().any(|it| it == "Origin")
}
