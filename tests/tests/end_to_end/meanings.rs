//! Texts and times that have the right form and mean nothing, or something else than they seem to.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{BoxOffice, Payment, now_s, sign};

#[tokio::test]
async fn a_text_of_one_line_is_one_line_that_can_be_seen() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    for bad in [
        "\u{200B}",
        "\u{FEFF}\u{2060}",
        "\u{3164}",
        "two\nlines",
        "a\u{7F}b",
        "a\u{1B}[31mb",
        "a\u{85}b",
        "a\u{2028}b",
        "a\u{2029}b",
        "a\u{202E}b",
        "a\u{2067}b",
        "a\0b",
        "a\tb",
    ] {
        for change in [
            json!({ "name": bad }),
            json!({ "venue": bad }),
            json!({ "sale": { "queue": { "message": bad } } }),
        ] {
            let created = office.organiser().create_event(change.clone()).await;
            assert_eq!(created.status, 422, "{change}: {created}");
            let changed = office.organiser().change(&event, change.clone()).await;
            assert_eq!(changed.status, 422, "{change}: {changed}");
        }
    }
    for bad in ["a\u{1B}[2J", "a\u{202E}b", "a\0b"] {
        let created = office.organiser().create_event(json!({ "description": bad })).await;
        assert_eq!(created.status, 422, "{bad:?}: {created}");
    }
    let good = json!({ "name": "Ärger im Ñandú 👩‍👩‍👧", "venue": "\u{200F}אולם\u{200E}",
        "description": "First line\n\tsecond line" });
    let created = office.organiser().create_event(good.clone()).await.expect(201);
    for field in ["name", "venue", "description"] {
        assert_eq!(created[field], good[field]);
    }
}

#[tokio::test]
async fn a_time_is_one_of_rfc_3339() {
    let office = BoxOffice::open();
    for bad in [
        "2037-06-01T18:00:00+25:00",
        "2037-06-01T18:00:00+24:00",
        "2037-06-01T24:00:00Z",
        "2037-06-01 18:00:00Z",
        "2037-06-01T18:00:00",
        "2037-06-01T18:00Z",
        "20370601T180000Z",
        "2037-06-01T18:00:00Z[UTC]",
        "2037-06-01T18:00:60Z",
        "2037-06-01T18:00:00,5Z",
        "2037-06-01T18:00:00+0100",
        "1969-01-01T00:00:00Z",
        "12037-06-01T18:00:00Z",
        "2037-06-01",
    ] {
        let created = office.organiser().create_event(json!({ "starts_at": bad })).await;
        created.expect_problem(422, "validation_failed");
    }
    for good in ["2037-06-01t18:00:00z", "2037-06-01T19:30:00.000000000001+01:30"] {
        let created = office.organiser().create_event(json!({ "starts_at": good })).await;
        assert_eq!(created.expect(201)["starts_at"], "2037-06-01T18:00:00.000Z");
    }
}

#[tokio::test]
async fn rules_between_fields_hold_for_what_a_change_results_in() {
    let office = BoxOffice::open();
    let times = json!({ "on_sale_at": "2037-06-01T18:00:00Z",
        "starts_at": "2037-06-01T11:00:00Z", "ends_at": "2037-06-01T22:00:00Z" });
    let event = office.event(times).await;
    let before = office.get(&format!("/api/v1/events/{event}")).await.expect(200);
    for (change, field) in [
        (json!({ "ends_at": "2037-06-01T12:00:00Z" }), "ends_at"),
        (json!({ "ends_at": "2037-06-01T18:00:00Z" }), "ends_at"),
        (json!({ "ends_at": "2037-06-01T11:00:00Z" }), "ends_at"),
        (json!({ "on_sale_at": "2037-06-01T22:00:00Z" }), "on_sale_at"),
        (json!({ "starts_at": "2037-06-01T22:00:00Z" }), "starts_at"),
    ] {
        let answer = office.organiser().change(&event, change.clone()).await;
        let problem = answer.expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["field"], field, "{change}");
        let after = office.get(&format!("/api/v1/events/{event}")).await.expect(200);
        assert_eq!(after, before, "{change}");
    }
    let together =
        json!({ "on_sale_at": "2037-06-01T11:30:00Z", "ends_at": "2037-06-01T12:00:00Z" });
    office.organiser().change(&event, together).await.expect(200);
    office.organiser().change(&event, json!({ "name": "Another" })).await.expect(200);
}

/// Every place of every route into which a text can be written.
#[tokio::test]
async fn nul_is_refused_wherever_it_is_written() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let organiser = office.organiser();
    for path in [
        "/api/v1/events/%00".to_owned(),
        format!("/api/v1/events/{event}%00"),
        format!("/api/v1/events/{event}/seats?section=%00"),
        format!("/api/v1/events/{event}/seats?section=A%00"),
        format!("/api/v1/events/{event}/seats/available?section=%00"),
        format!("/api/v1/events/{event}/seats/stream?section=A%00"),
        format!("/api/v1/events/{event}/availability?x=%00"),
        format!("/api/v1/queue/status/{event}?%00=1"),
        "/api/v1/events?cursor=%00".to_owned(),
        "/api/v1/bookings/%00".to_owned(),
        "/api/v1/bookings?cursor=%00".to_owned(),
        "/api/v1/sagas?status=%00".to_owned(),
        "/api/v1/sagas?cursor=%00".to_owned(),
        "/waiting-room/%00".to_owned(),
        "/%00".to_owned(),
    ] {
        for request in [buyer.request(Method::GET, &path), organiser.request(Method::GET, &path)] {
            let answer = request.send().await;
            assert!((400..500).contains(&answer.status), "{path}: {answer}");
        }
    }
    for saga in ["%00", "payment:%00", "payment:pi_%00"] {
        let answer = organiser.retry_saga(saga).await;
        assert!((400..500).contains(&answer.status), "{saga}: {answer}");
    }
    let bodies: [(Method, String, Value); 6] = [
        (Method::POST, "/api/v1/events".into(), json!({ "name": "\0" })),
        (
            Method::POST,
            "/api/v1/bookings/reserve".into(),
            json!({ "event_id": event, "section": "\0" }),
        ),
        (
            Method::POST,
            "/api/v1/bookings/reserve".into(),
            json!({ "event_id": event, "seats": ["\0"] }),
        ),
        (Method::POST, "/api/v1/queue/join".into(), json!({ "event_id": "\0" })),
        (Method::PUT, format!("/api/v1/events/{event}"), json!({ "venue": "\0" })),
        (Method::PUT, format!("/api/v1/events/{event}"), json!({ "unknown": { "\0": 1 } })),
    ];
    for (method, path, body) in bodies {
        for request in
            [buyer.request(method.clone(), &path), organiser.request(method.clone(), &path)]
        {
            let answer = request.json(&body).send().await;
            assert!((400..500).contains(&answer.status), "{path} {body}: {answer}");
        }
    }
    let form = format!("event_id={event}&receipt=%00");
    let page = office.request(Method::POST, &format!("/waiting-room/{event}"));
    let answer = page.body("application/x-www-form-urlencoded", form.into_bytes()).send().await;
    assert!(answer.status < 500, "{answer}");
}

/// A correctly signed event whose texts Postgres does not take: never 500, which would be repeated
/// for days.
#[tokio::test]
async fn an_event_of_the_provider_with_odd_texts_is_no_failure_of_ours() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let secret = office.system().secrets.stripe_webhook_secret.as_str();
    let fields = [
        "/id",
        "/type",
        "/data/object/id",
        "/data/object/currency",
        "/data/object/metadata/booking_id",
        "/data/object/object",
        "/api_version",
    ];
    let long = "x".repeat(5_000);
    for field in fields {
        for odd in ["\0", "a\0b", "é", "a b", "\u{7F}", "", long.as_str()] {
            let body = Payment::of(&held).body();
            let mut body: Value = serde_json::from_slice(&body).expect("JSON");
            *body.pointer_mut(field).expect("a field") = json!(odd);
            let body = body.to_string().into_bytes();
            let signature = sign(secret, &body, now_s());
            let answer = office.webhook(body, Some(&signature)).await;
            let is_unread = matches!(field, "/data/object/object" | "/api_version");
            let is_ours_to_refuse = matches!(answer.status, 200 | 400);
            assert!(is_ours_to_refuse, "{field} {odd:.10?}: {answer}");
            if !is_unread {
                assert_eq!(
                    buyer.status_of(held["booking_id"].as_str().expect("an id")).await,
                    "reserved"
                );
            }
        }
    }
}
