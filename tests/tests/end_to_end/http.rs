//! HTTP as others write it: encoded addresses, lists over several lines, what may not be twice.

use reqwest::Method;
use serde_json::json;
use tests::BoxOffice;

/// RFC 3986, section 2.1: an address means the same however its letters are written.
#[tokio::test]
async fn a_query_is_decoded_before_it_is_read() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    office.event(json!({})).await;
    for query in ["limit=%31", "%6cimit=1", "%6C%69mit=%31", "x=%26limit%3D9&limit=1"] {
        let events = office.get(&format!("/api/v1/events?{query}")).await.expect(200);
        assert_eq!(events["events"].as_array().expect("a list").len(), 1, "{query}");
    }
    for query in [
        "limit=+1",
        "limit=1+",
        "limit=%2B1",
        "limit=%",
        "limit=%FF",
        "limit=1%2500",
        "limit=1%00",
        "cursor=%00",
        "x=%00&%00",
    ] {
        let refused = office.get(&format!("/api/v1/events?{query}")).await;
        assert_eq!(refused.status, 422, "{query}: {refused}");
    }
    let seats =
        async |query: &str| office.get(&format!("/api/v1/events/{event}/seats{query}")).await;
    assert_eq!(seats("?section=%41").await.expect(200), seats("?section=A").await.expect(200));
    seats("?section=A+").await.expect_problem(422, "validation_failed");
    let encoded: String = event.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let read = office.get(&format!("/api/v1/events/{encoded}")).await.expect(200);
    assert_eq!(read["id"], event);
}

/// RFC 9110, section 5.3: a list may come in several lines.
#[tokio::test]
async fn entity_tags_are_a_list_over_several_lines() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let path = format!("/api/v1/events/{event}/seats?section=A");
    let first = office.get(&path).await;
    let tag = first.header("etag").expect("a tag").to_owned();
    for (lines, status) in [
        (vec![tag.clone()], 304),
        (vec!["\"x\"".to_owned(), tag.clone()], 304),
        (vec![format!("\"a, b\",W/{}", tag.trim_start_matches("W/"))], 304),
        (vec!["*".to_owned()], 304),
        (vec!["\"x\"".to_owned(), "\"y\"".to_owned()], 200),
        (vec![format!("\"{}", tag.trim_start_matches("W/"))], 200),
    ] {
        let request = office.request(Method::GET, &path);
        let request = lines.iter().fold(request, |it, line| it.header("if-none-match", line));
        let answer = request.send().await;
        assert_eq!(answer.status, status, "{lines:?}: {answer}");
    }
}

#[tokio::test]
async fn a_header_that_decides_something_must_not_come_twice() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    for (name, values) in [
        ("idempotency-key", ["a", "b"]),
        ("x-queue-pass", ["a", "b"]),
        ("x-queue-receipt", ["a", "a"]),
        ("content-type", ["application/json", "text/plain"]),
        ("last-event-id", ["0-0.1", "0-0.2"]),
        ("origin", ["https://one.example", "https://two.example"]),
    ] {
        let body = json!({ "event_id": event, "section": "A", "quantity": 1 }).to_string();
        let request = buyer.request(Method::POST, "/api/v1/bookings/reserve");
        let request = if name == "content-type" {
            request.body(values[0], body).header(name, values[1])
        } else {
            request.body("application/json", body).header(name, values[0]).header(name, values[1])
        };
        request.send().await.expect_problem(400, "malformed_request");
    }
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
}

#[tokio::test]
async fn a_body_in_another_form_is_415() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let body = json!({ "event_id": event }).to_string();
    for (content_type, encoding, status) in [
        ("application/json", "identity", 201),
        ("APPLICATION/JSON;charset=UTF-8", "identity", 200),
        ("application/json", "gzip", 415),
        ("text/plain", "identity", 415),
        ("application/x-www-form-urlencoded", "identity", 415),
        ("application/jsonx", "identity", 415),
    ] {
        let request = buyer.request(Method::POST, "/api/v1/queue/join");
        let request = request.body(content_type, body.clone());
        let answer = request.header("content-encoding", encoding).send().await;
        assert_eq!(answer.status, status, "{content_type} {encoding}: {answer}");
    }
}
