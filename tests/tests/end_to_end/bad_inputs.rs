//! What no honest client sends is refused with a 4xx, and nothing breaks or hangs.

use reqwest::Method;
use serde_json::json;
use tests::{BoxOffice, raw_exchange};

/// The values of an object without their names.
fn values_of(object: &str) -> String {
    let object: serde_json::Value = serde_json::from_str(object).expect("JSON");
    let values: Vec<_> = object.as_object().expect("an object").values().collect();
    json!(values).to_string()
}

/// Every body that is not an honest JSON object, with the status it deserves.
fn bodies(honest: &str) -> Vec<(&'static str, Vec<u8>, &'static [u16])> {
    let without_end = &honest[..honest.len() - 1];
    let text = |text: String| text.into_bytes();
    vec![
        ("nothing", Vec::new(), &[400]),
        ("a space", b" ".to_vec(), &[400]),
        ("cut off", text(without_end.to_owned()), &[400]),
        ("trailing data", text(format!("{honest}x")), &[400]),
        ("two objects", text(format!("{honest}{honest}")), &[400]),
        ("a BOM", text(format!("\u{feff}{honest}")), &[400]),
        ("no UTF-8", b"{\"event_id\":\"\xff\"}".to_vec(), &[400]),
        ("UTF-16", b"{\0}\0".to_vec(), &[400]),
        ("NaN", text(format!("{without_end},\"quantity\":NaN}}")), &[400]),
        ("1e999", text(format!("{without_end},\"x\":1e999}}")), &[400]),
        ("a lone surrogate", text(format!("{without_end},\"x\":\"\\ud800\"}}")), &[400]),
        ("single quotes", b"{'event_id':1}".to_vec(), &[400]),
        ("10,000 deep", text(format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))), &[400]),
        ("deep in a field", text(format!("{without_end},\"x\":{}1", "[".repeat(10_000))), &[400]),
        ("null", b"null".to_vec(), &[422]),
        ("a list", b"[]".to_vec(), &[422]),
        ("the values in a list", text(values_of(honest)), &[422]),
        ("a number", b"1".to_vec(), &[422]),
        ("a text", b"\"x\"".to_vec(), &[422]),
        ("an empty object", b"{}".to_vec(), &[422]),
        ("1 MiB", text(format!("{without_end},\"x\":\"{}\"}}", "x".repeat(1 << 20))), &[413]),
        ("65 KiB", text(format!("{honest}{}", " ".repeat(65 * 1_024))), &[413]),
    ]
}

#[tokio::test]
async fn a_body_that_is_not_honest_json_is_refused() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let honest = json!({ "event_id": event, "section": "A", "quantity": 1 }).to_string();
    for path in ["/api/v1/bookings/reserve", "/api/v1/queue/join"] {
        for (name, body, statuses) in bodies(&honest) {
            let request = buyer.request(Method::POST, path).body("application/json", body);
            let answer = request.send().await;
            assert!(statuses.contains(&answer.status), "{name}: {answer}");
        }
    }
    let organiser = office.organiser();
    let no_event = json!({ "name": "x" }).to_string();
    for path in ["/api/v1/events".to_owned(), format!("/api/v1/events/{event}/seats")] {
        for (name, body, statuses) in bodies(&no_event) {
            let request = organiser.request(Method::POST, &path).body("application/json", body);
            let answer = request.send().await;
            assert!(statuses.contains(&answer.status), "{name}: {answer}");
        }
    }
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
}

#[tokio::test]
async fn only_json_is_read_as_json() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let body = json!({ "event_id": event, "section": "FLOOR", "quantity": 1 }).to_string();
    let path = "/api/v1/bookings/reserve";
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""]
    {
        let request = buyer.request(Method::POST, path).body(content_type, body.clone());
        request.send().await.expect_problem(415, "unsupported_media_type");
    }
    for content_type in ["application/json; charset=utf-8", "Application/JSON", "application/json"]
    {
        let request = buyer.request(Method::POST, path).body(content_type, body.clone());
        request.send().await.expect(201);
    }
}

/// Two members of one name are read as one of them or refused; never as both.
#[tokio::test]
async fn duplicate_members_do_no_harm() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let body = format!(
        r#"{{"event_id":"{event}","section":"FLOOR","quantity":1,"quantity":2,"section":"A"}}"#
    );
    let request = buyer.request(Method::POST, "/api/v1/bookings/reserve");
    let answer = request.body("application/json", body).send().await;
    assert!(matches!(answer.status, 201 | 400 | 422), "{answer}");
    let held: i64 = if answer.status == 201 { 2 } else { 0 };
    assert_eq!(office.counts(&event).await, [60 - held, held, 0]);
}

/// An id has one spelling. Everything else is an event that does not exist, in a path as in a body,
/// and leaves no key in Redis.
#[tokio::test]
async fn an_id_that_is_none_is_refused_everywhere() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let ids = [
        "{}".to_owned(),
        "}{".to_owned(),
        "a}b".to_owned(),
        format!("{{{event}}}"),
        event.to_uppercase(),
        event.replace('-', ""),
        format!("{event}\n"),
        format!("{event} "),
        format!("{event}\r\nSET x 1"),
        format!("urn:uuid:{event}"),
        format!("{event}\u{0}"),
        "../events".to_owned(),
        "'; DROP TABLE boxoffice.events; --".to_owned(),
        "redis.call('FLUSHALL')".to_owned(),
        event.replace('0', "０"),
        "x".repeat(10_000),
        buyer.user_id.clone(),
    ];
    for id in &ids {
        let joined = buyer.join(id).await;
        assert!(matches!(joined.status, 404 | 422), "{id:?}: {joined}");
        let reserved = buyer.reserve(id, json!({ "section": "A", "quantity": 1 })).await;
        assert!(matches!(reserved.status, 404 | 422), "{id:?}: {reserved}");
        let escaped: String = id.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for path in [
            format!("/api/v1/events/{escaped}"),
            format!("/api/v1/events/{escaped}/availability"),
            format!("/api/v1/queue/position/{escaped}"),
            format!("/api/v1/queue/status/{escaped}"),
        ] {
            let answer = buyer.get(&path).await;
            assert_eq!(answer.status, 404, "{id:?}: {answer}");
        }
    }
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
}

#[tokio::test]
async fn paths_that_climb_or_hide_something_lead_nowhere() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    for path in [
        "/api/v1/events/%00".to_owned(),
        "/api/v1/events/%0d%0aX-Evil:%201".to_owned(),
        "/api/v1/events/../../internal/tick".to_owned(),
        "/api/v1/events/%2e%2e/%2e%2e/internal/tick".to_owned(),
        "/api/v1/events/%2e%2e%2f".to_owned(),
        format!("/api/v1/events/{event}%2favailability"),
        format!("/api/v1/events/{event}/../{event}"),
        format!("/api/v1/events/{event};a=b"),
        "/api/v1/events/%ff%fe".to_owned(),
        "/api/v1/events/%zz".to_owned(),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = raw_exchange(&office.system().base_url, request.as_bytes());
        let refused = answer.status.is_some_and(|status| (400..500).contains(&status));
        assert!(refused, "{path}: {}", answer.text);
        assert!(!answer.text.to_lowercase().contains("\r\nx-evil"), "{}", answer.text);
    }
}

/// A spoofed address, host or method changes nothing.
#[tokio::test]
async fn headers_that_claim_more_are_not_believed() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let id = held["booking_id"].as_str().expect("an id");
    let other = office.buyer().await;
    let spoofed = other
        .request(Method::GET, &format!("/api/v1/bookings/{id}"))
        .header("x-forwarded-for", "127.0.0.1")
        .header("x-user-id", &buyer.user_id)
        .header("x-http-method-override", "DELETE")
        .header("spin-path-info", "/internal/tick")
        .header("cookie", format!("token={}", buyer.token));
    spoofed.send().await.expect_problem(404, "booking_not_found");
}
