//! Bad inputs beside bodies and ids: numbers at their edges, compressed and endless bodies, doubled
//! headers, and connections that are kept waiting.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tests::{BoxOffice, merged, raw_exchange};

/// Numbers that lose their value in other hands are refused, or mean what they say.
#[tokio::test]
async fn numbers_at_the_edge_are_not_rounded_into_a_sale() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    for (quantity, statuses) in [
        ("9007199254740993", &[422_u16][..]),
        ("-0", &[422]),
        ("-0.0", &[422]),
        // A number without a fraction is an integer, however it is written.
        ("1.0", &[201]),
        ("1e0", &[201]),
        ("1.5", &[422]),
        ("18446744073709551617", &[422]),
        ("1e308", &[422]),
        ("1E400", &[400, 422]),
        ("01", &[400]),
        ("0x1", &[400]),
        ("+1", &[400]),
        ("\"1\"", &[422]),
        ("true", &[422]),
        ("[1]", &[422]),
    ] {
        let body = format!(r#"{{"event_id":"{event}","section":"FLOOR","quantity":{quantity}}}"#);
        let request = buyer.request(Method::POST, "/api/v1/bookings/reserve");
        let answer = request.body("application/json", body).send().await;
        assert!(statuses.contains(&answer.status), "{quantity}: {answer}");
    }
    assert_eq!(office.counts(&event).await, [58, 2, 0]);
}

/// What only the office decides cannot be sent along.
#[tokio::test]
async fn a_client_cannot_name_a_price_a_state_or_an_owner() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let choice = json!({ "seats": ["A-1-1"], "price": 1, "amount": 1, "currency": "JPY",
        "status": "confirmed", "user_id": other.user_id, "booking_id": "bk_mine",
        "expires_at": "2099-01-01T00:00:00Z", "is_admin": true });
    let held = buyer.reserve(&event, choice).await.expect(201);
    assert_eq!((&held["amount"], &held["currency"]), (&json!(5_000), &json!("EUR")));
    assert_eq!((&held["status"], &held["user_id"]), (&json!("reserved"), &json!(buyer.user_id)));
    assert_ne!(held["booking_id"], "bk_mine");
}

#[tokio::test]
async fn instants_far_away_and_in_lost_hours_are_exact_or_refused() {
    let office = BoxOffice::open();
    for (starts_at, ends_at, status) in [
        ("9999-12-31T22:00:00Z", "9999-12-31T23:59:59Z", &[201_u16, 422][..]),
        ("1969-12-31T23:00:00Z", "1969-12-31T23:59:59Z", &[201, 422]),
        ("10000-01-01T00:00:00Z", "10000-01-01T01:00:00Z", &[422]),
        ("-0001-01-01T00:00:00Z", "0000-01-01T01:00:00Z", &[422]),
        ("2027-06-31T19:00:00Z", "2027-07-01T19:00:00Z", &[422]),
        ("2027-06-01T24:00:00Z", "2027-06-02T19:00:00Z", &[422]),
        ("2027-06-01", "2027-06-02", &[422]),
        ("2027-06-01T19:00:00", "2027-06-02T19:00:00", &[422]),
        // An hour that clocks in Berlin skip, with an offset: an instant like any other.
        ("2027-03-28T02:30:00+01:00", "2027-03-28T05:00:00+02:00", &[201]),
    ] {
        let change = json!({ "starts_at": starts_at, "ends_at": ends_at, "on_sale_at": null });
        let answer = office.organiser().create_event(merged(json!({}), &change)).await;
        assert!(status.contains(&answer.status), "{starts_at}: {answer}");
        if answer.status == 201 && starts_at.contains('+') {
            assert_eq!(answer.json()["starts_at"], "2027-03-28T01:30:00.000Z");
        }
    }
}

/// A compressed body is not unpacked, however much would come out.
#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let office = BoxOffice::open();
    let buyer = office.buyer().await;
    // The begin of a gzip stream; its content does not matter to who does not look.
    let bomb = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0xed; 4_096][..]].concat();
    for encoding in ["gzip", "deflate", "br"] {
        let request = buyer.request(Method::POST, "/api/v1/bookings/reserve");
        let request = request.header("content-encoding", encoding);
        let answer = request.body("application/json", bomb.clone()).send().await;
        assert!(matches!(answer.status, 400 | 415), "{encoding}: {answer}");
    }
}

/// Who never sends the rest of a request is told so as soon as anybody else, also at a route that
/// may wait for news.
#[tokio::test]
async fn a_request_that_does_not_arrive_is_given_up_in_time() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let address = office.base_url();
    let waits = std::thread::scope(|scope| {
        let paths = ["position", "draw", "status"].map(|name| format!("{name}/{event}"));
        let paths = paths.into_iter().chain([format!("position/{event}?wait_s=20")]);
        let asked = paths.map(|path| {
            let request = format!(
                "GET /api/v1/queue/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                 Authorization: Bearer {}\r\nContent-Length: 1\r\n\r\n",
                buyer.token
            );
            scope.spawn(move || (raw_exchange(address, request.as_bytes()), path))
        });
        let asked: Vec<_> = asked.collect();
        asked.into_iter().map(|it| it.join().expect("an answer in time")).collect::<Vec<_>>()
    });
    for (answer, path) in waits {
        assert_eq!(answer.status, Some(503), "{path}: {answer:?}");
    }
}

/// A header that must be there once and is there twice is refused, never taken as one of them.
#[tokio::test]
async fn doubled_headers_are_refused() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let twice = buyer.request(Method::GET, "/api/v1/bookings").bearer(&other.token).send().await;
    twice.expect_problem(401, "unauthenticated");
    let body = json!({ "event_id": event, "section": "FLOOR", "quantity": 1 }).to_string();
    let address = office.base_url();
    for head in [
        format!("Content-Length: {}\r\nContent-Length: 1\r\n", body.len()),
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", body.len()),
        "Content-Length: -1\r\n".to_owned(),
        "Content-Length: x\r\n".to_owned(),
        "Transfer-Encoding: gzip, nonsense\r\n".to_owned(),
        format!("Content-Length: {}\r\nX-Evil : 1\r\n", body.len()),
        format!("Content-Length: {}\r\nX-Evil: \u{1}\r\n", body.len()),
    ] {
        let request = format!(
            "POST /api/v1/bookings/reserve HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\nContent-Type: application/json\r\n{head}\r\n{body}",
            buyer.token
        );
        let answer = raw_exchange(address, request.as_bytes());
        let refused = answer.status.is_none_or(|status| (400..500).contains(&status));
        assert!(refused, "{head:?}: {}", answer.text);
    }
    for head in ["", "Host: x\r\nHost: y\r\n"] {
        let request = format!("GET /health/live HTTP/1.1\r\n{head}Connection: close\r\n\r\n");
        let answer = raw_exchange(address, request.as_bytes());
        // Spin takes the first of two and hangs up without one; neither decides anything here.
        assert!(answer.status.is_none_or(|status| status < 500), "{}", answer.text);
    }
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
}

/// Bodies that never end and heads that come letter by letter do not keep anybody else waiting.
#[tokio::test]
async fn who_never_finishes_keeps_nobody_waiting() {
    let office = BoxOffice::open();
    let buyer = office.buyer().await;
    let address = office.base_url().strip_prefix("http://").expect("an address");
    let endless = format!(
        "POST /api/v1/bookings/reserve HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{{\"a\":\r\n",
        buyer.token
    );
    let mut slow: Vec<TcpStream> = Vec::new();
    for _ in 0..20 {
        for beginning in [endless.as_str(), "GET /health/live HTTP/1.1\r\nHos"] {
            let mut stream = TcpStream::connect(address).expect("the server listens");
            stream.write_all(beginning.as_bytes()).expect("is sent");
            slow.push(stream);
        }
    }
    for _ in 0..10 {
        office.get("/health/live").await.expect(200);
        buyer.get("/api/v1/bookings").await.expect(200);
    }
    // The endless body is given up when the request's time is over.
    let patience = Duration::from_secs(20);
    slow[0].set_read_timeout(Some(patience)).expect("a time limit");
    let mut answer = [0; 512];
    let length = slow[0].read(&mut answer).expect("an answer in time");
    let text = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(length == 0 || text.starts_with("HTTP/1.1 503") || text.contains(" 4"), "{text}");
}
