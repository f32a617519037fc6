//! What holds for every reply. The form of each reply is checked by the harness; here are the cases
//! that no other test brings about.

use reqwest::Method;
use serde_json::json;
use tests::{BoxOffice, raw_exchange};

/// Every path of the contract and the methods it knows.
fn routes(event: &str, booking: &str) -> Vec<(String, &'static [&'static str])> {
    vec![
        ("/api/v1/auth/guest".to_owned(), &["POST"]),
        ("/.well-known/jwks.json".to_owned(), &["GET"]),
        ("/api/v1/events".to_owned(), &["GET", "POST"]),
        ("/api/v1/events/active".to_owned(), &["GET"]),
        (format!("/api/v1/events/{event}"), &["GET", "PUT"]),
        (format!("/api/v1/events/{event}/availability"), &["GET"]),
        (format!("/api/v1/events/{event}/seats"), &["GET", "POST"]),
        (format!("/api/v1/events/{event}/seats/available"), &["GET"]),
        (format!("/api/v1/events/{event}/seats/stream"), &["GET"]),
        ("/api/v1/queue/join".to_owned(), &["POST"]),
        (format!("/api/v1/queue/position/{event}"), &["GET"]),
        (format!("/api/v1/queue/{event}"), &["DELETE"]),
        (format!("/api/v1/queue/status/{event}"), &["GET"]),
        (format!("/api/v1/queue/process/{event}"), &["POST"]),
        ("/api/v1/bookings/reserve".to_owned(), &["POST"]),
        (format!("/api/v1/bookings/{booking}"), &["GET"]),
        ("/api/v1/bookings".to_owned(), &["GET"]),
        (format!("/api/v1/bookings/{booking}/release"), &["POST"]),
        (format!("/api/v1/bookings/{booking}/confirm"), &["POST"]),
        ("/webhooks/stripe".to_owned(), &["POST"]),
        ("/health/live".to_owned(), &["GET"]),
        ("/health/ready".to_owned(), &["GET"]),
        ("/metrics".to_owned(), &["GET"]),
        ("/openapi.json".to_owned(), &["GET"]),
        ("/internal/tick".to_owned(), &["POST"]),
    ]
}

#[tokio::test]
async fn a_method_that_is_not_there_is_405_with_those_that_are() {
    let office = BoxOffice::open();
    let event = uuid::Uuid::now_v7().to_string();
    for (path, methods) in routes(&event, "bk_x") {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            if methods.contains(&method) || (path.ends_with(&event) && method == "DELETE") {
                continue;
            }
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let answer = office.request(method.clone(), &path).send().await;
            answer.expect_problem(405, "method_not_allowed");
            let allowed = answer.header("allow").unwrap_or_default();
            for method in methods {
                assert!(allowed.contains(method), "{answer}: Allow: {allowed}");
            }
        }
    }
}

#[tokio::test]
async fn a_path_that_is_not_there_is_404() {
    let office = BoxOffice::open();
    for path in [
        "/api",
        "/api/v1",
        "/api/v2/events",
        "/api/v1/events/",
        "/api/v1/event",
        "/api/v1//events",
        "/api/v1/queue/position/x/y/z",
        "/health",
        "/health/live/",
        "/.well-known/x",
        "/webhooks/other",
        "/internal/tock",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = office.request(method, path).send().await;
            answer.expect_problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn head_has_the_head_of_get() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    for path in [
        "/health/live".to_owned(),
        "/api/v1/events?limit=1".to_owned(),
        format!("/api/v1/events/{event}"),
        format!("/api/v1/events/{event}/seats?section=A"),
        format!("/api/v1/events/{}", uuid::Uuid::now_v7()),
        "/nowhere".to_owned(),
    ] {
        let get = office.get(&path).await;
        let head = office.request(Method::HEAD, &path).send().await;
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty());
        for name in ["content-type", "etag"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        // Problems name their request, and the list changes under us; the others have one length.
        if get.status == 200 && !path.contains("limit") {
            assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_request_id_is_kept_when_it_is_harmless_and_made_when_not() {
    let office = BoxOffice::open();
    for path in ["/health/live", "/api/v1/bookings", "/nowhere"] {
        let named = office.request(Method::GET, path).header("x-request-id", "trace-1.a:b_C");
        let answer = named.send().await;
        assert_eq!(answer.header("x-request-id"), Some("trace-1.a:b_C"), "{answer}");
        for id in ["", "two words", "a\"b", "{}", &"x".repeat(129)] {
            let answer = office.request(Method::GET, path).header("x-request-id", id).send().await;
            let made = answer.header("x-request-id").expect("an id");
            assert!(made != id && made.len() == 36, "{id}: {made}");
        }
    }
    let made: Vec<_> = futures_util::future::join_all((0..8).map(|_| office.get("/health/live")))
        .await
        .iter()
        .map(|answer| answer.header("x-request-id").expect("an id").to_owned())
        .collect::<std::collections::HashSet<_>>()
        .into_iter()
        .collect();
    assert_eq!(made.len(), 8, "each request has its own");
}

#[tokio::test]
async fn no_other_origin_is_allowed_unless_configured() {
    let office = BoxOffice::open();
    for path in ["/api/v1/events", "/api/v1/bookings", "/nowhere"] {
        let get = office.request(Method::GET, path).header("origin", "https://evil.example");
        let preflight = office
            .request(Method::OPTIONS, path)
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "POST");
        for answer in [get.send().await, preflight.send().await] {
            let cors = answer.headers.keys().find(|name| name.as_str().starts_with("access-"));
            assert!(cors.is_none(), "{answer}: {cors:?}");
            assert!(answer.status < 500, "{answer}");
        }
    }
}

#[tokio::test]
async fn health_tells_life_and_readiness() {
    let office = BoxOffice::open();
    office.get("/health/live").await.expect(200);
    office.get("/health/ready").await.expect(200);
}

#[tokio::test]
async fn the_tick_is_for_the_scheduler_and_counts_its_work() {
    let office = BoxOffice::open();
    let buyer = office.buyer().await;
    let tick = || office.request(Method::POST, "/internal/tick");
    tick().send().await.expect_problem(401, "unauthenticated");
    let secrets = &office.system().secrets;
    for key in ["x", "", &secrets.organiser_key, &buyer.token, &format!("{}x", secrets.worker_key)]
    {
        tick().bearer(key).send().await.expect_problem(401, "unauthenticated");
    }
    let report = office.tick().await;
    for count in ["admitted", "expired", "drained", "sagas"] {
        assert!(report[count].as_u64().is_some(), "{report}");
    }
}

#[test]
fn old_and_odd_clients_get_an_answer() {
    let office = BoxOffice::open();
    let base_url = &office.system().base_url;
    let mut refused = Vec::new();
    for (request, statuses) in [
        ("GET /health/live HTTP/1.0\r\nHost: x\r\n\r\n", &[200][..]),
        ("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &[200]),
        ("GET /api/v1/events/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &[404]),
        ("GET /api/v1/events/../events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &[404]),
        ("GET /api/v1/events/%2e%2e HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &[404]),
        ("GET //health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &[404]),
        ("BREW /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &[405]),
    ] {
        let answer = raw_exchange(base_url, request.as_bytes());
        if answer.status.is_none_or(|status| !statuses.contains(&status)) {
            refused.push(format!("{request:?}: {}", answer.text));
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}
