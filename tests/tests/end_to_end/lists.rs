//! Lists of bookings: the own one, and that of an organiser, also as CSV; and the contacts in them.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, BoxOffice, Buyer};

fn id(booking: &Value) -> String {
    booking["booking_id"].as_str().expect("an id").to_owned()
}

fn ids(list: &Value) -> Vec<String> {
    list["bookings"].as_array().expect("a list").iter().map(id).collect()
}

fn contact() -> Value {
    json!({ "email": "fan@example.com", "name": "Jane Doe, Esq.", "locale": "en-GB" })
}

async fn hold(buyer: &Buyer, event: &str, contact: &Value) -> Value {
    let choice = json!({ "section": "FLOOR", "quantity": 1 });
    buyer.hold(event, tests::merged(choice, contact)).await
}

/// An event with many places, at which anybody may hold as much as they like.
async fn wide_event(office: &BoxOffice) -> String {
    let sections =
        json!([{ "name": "FLOOR", "kind": "standing", "capacity": 5000, "price": 1000 }]);
    let sale = json!({ "max_per_buyer": 1000, "queue": { "enabled": false } });
    office.event(json!({ "sections": sections, "sale": sale })).await
}

async fn listed(office: &BoxOffice, event: &str, query: &str) -> Answer {
    let path = format!("/api/v1/events/{event}/bookings{query}");
    office.organiser().request(Method::GET, &path).send().await
}

/// The lines of a CSV, the header first.
fn lines(csv: &Answer) -> Vec<String> {
    let text = String::from_utf8(csv.body.clone()).expect("UTF-8");
    assert!(text.ends_with("\r\n"), "{text}");
    text.trim_end_matches("\r\n").split("\r\n").map(str::to_owned).collect()
}

const HEADER: &str =
    "booking_id,status,section,seats,quantity,amount,currency,name,email,created_at,confirmed_at";

#[tokio::test]
async fn a_contact_is_seen_by_the_owner_and_the_organiser_at_every_step() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let choice = tests::merged(json!({ "seats": ["A-1-1"] }), &contact());
    let request = || buyer.reserve_request(&event, choice.clone()).key("with-a-contact");
    let held = request().send().await.expect(201);
    assert_eq!(held["email"], "fan@example.com");
    assert_eq!((&held["name"], &held["locale"]), (&json!("Jane Doe, Esq."), &json!("en-GB")));
    let again = request().send().await;
    assert!(again.is_replayed(), "{again}");
    assert_eq!(again.expect(201), held);
    let changed = tests::merged(choice, &json!({ "name": "Another" }));
    let changed = buyer.reserve_request(&event, changed).key("with-a-contact").send().await;
    changed.expect_problem(422, "idempotency_key_reused");

    assert_eq!(buyer.booking(&id(&held)).await.expect(200), held);
    assert_eq!(office.organiser().booking(&id(&held)).await.expect(200), held);
    other.booking(&id(&held)).await.expect_problem(404, "booking_not_found");
    let list = buyer.get("/api/v1/bookings").await.expect(200);
    assert_eq!(list["bookings"], json!([held]));
    let extended = buyer.extend(&id(&held)).await.expect(200);
    let sold = office.organiser().confirm(&id(&held)).await.expect(200);
    let read = buyer.booking(&id(&held)).await.expect(200);
    let cancelled = office.organiser().cancel(&id(&held)).await.expect(200);
    for booking in [extended, sold, read, cancelled] {
        for (member, value) in contact().as_object().expect("members") {
            assert_eq!(&booking[member], value, "{booking}");
        }
    }
    let nobody = buyer.hold(&event, json!({ "seats": ["A-1-2"], "email": null })).await;
    assert_eq!((&nobody["email"], &nobody["name"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_contact_that_cannot_be_one_is_refused_and_nothing_is_held() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    for (wrong, field) in [
        (json!({ "email": "" }), "email"),
        (json!({ "email": "fan" }), "email"),
        (json!({ "email": "fan@example.com\r\nBcc: all@example.com" }), "email"),
        (json!({ "email": format!("{}@example.com", "x".repeat(250)) }), "email"),
        (json!({ "name": "\u{200B}" }), "name"),
        (json!({ "name": "two\nlines" }), "name"),
        (json!({ "name": "ü".repeat(101) }), "name"),
        (json!({ "locale": "de_DE" }), "locale"),
        (json!({ "locale": "x".repeat(36) }), "locale"),
    ] {
        let choice = tests::merged(json!({ "seats": ["A-1-1"] }), &wrong);
        let refused = buyer.reserve(&event, choice).await.expect_problem(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{wrong}");
    }
    assert_eq!(office.counts(&event).await, [60, 0, 0]);
}

#[tokio::test]
async fn what_a_buyer_was_told_is_in_the_own_list_at_once() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    for seat in ["A-1-1", "A-1-2", "A-1-3"] {
        let held = buyer.hold(&event, json!({ "seats": [seat] })).await;
        let list = buyer.get("/api/v1/bookings?limit=1").await.expect(200);
        assert_eq!(list["bookings"], json!([held]), "{seat}");
        buyer.release(&id(&held)).await.expect(200);
        let list = buyer.get("/api/v1/bookings?limit=1").await.expect(200);
        assert_eq!(list["bookings"][0]["status"], "released", "{seat}");
    }
}

#[tokio::test]
async fn an_organiser_lists_and_filters_the_bookings_of_an_event() {
    let office = BoxOffice::open();
    let event = wide_event(&office).await;
    let elsewhere = wide_event(&office).await;
    let buyer = office.buyer().await;
    let reserved = hold(&buyer, &event, &contact()).await;
    let released = hold(&buyer, &event, &json!({ "email": "FAN@example.com" })).await;
    buyer.release(&id(&released)).await.expect(200);
    let sold = hold(&buyer, &event, &json!({})).await;
    office.organiser().confirm(&id(&sold)).await.expect(200);
    hold(&buyer, &elsewhere, &contact()).await;

    // At once, whether the worker has been there or not.
    let list = listed(&office, &event, "").await.expect(200);
    assert_eq!(ids(&list), [id(&sold), id(&released), id(&reserved)]);
    assert_eq!(list["next_cursor"], Value::Null);
    assert!(list["bookings"][0]["confirmed_at"].is_string(), "{list}");
    assert_eq!(list["bookings"][1]["confirmed_at"], Value::Null);
    assert_eq!(list["bookings"][2]["name"], "Jane Doe, Esq.");

    let of_id = id(&sold)[30..].to_uppercase();
    for (query, expected) in [
        ("?status=reserved".to_owned(), vec![&reserved]),
        ("?status=released".to_owned(), vec![&released]),
        ("?status=expired".to_owned(), vec![]),
        ("?section=FLOOR&status=confirmed".to_owned(), vec![&sold]),
        ("?section=A".to_owned(), vec![]),
        ("?email=fan%40EXAMPLE.com".to_owned(), vec![&released, &reserved]),
        ("?email=fan@example.com&q=esq".to_owned(), vec![&reserved]),
        ("?q=doe,".to_owned(), vec![&reserved]),
        (format!("?q={of_id}"), vec![&sold]),
        ("?q=%25".to_owned(), vec![]),
        ("?status=&section=&email=&q=".to_owned(), vec![&sold, &released, &reserved]),
    ] {
        let list = listed(&office, &event, &query).await.expect(200);
        let expected: Vec<_> = expected.into_iter().map(id).collect();
        assert_eq!(ids(&list), expected, "{query}");
    }
    let mut cursor = String::new();
    for expected in [&sold, &released, &reserved] {
        let page = listed(&office, &event, &format!("?limit=1{cursor}")).await.expect(200);
        assert_eq!(ids(&page), [id(expected)]);
        cursor = page["next_cursor"].as_str().map(|it| format!("&cursor={it}")).unwrap_or_default();
    }
    assert_eq!(cursor, "", "the last page");
}

#[tokio::test]
async fn the_list_of_an_event_is_refused_as_other_routes_of_the_organiser_are() {
    let office = BoxOffice::open();
    let event = wide_event(&office).await;
    let path = format!("/api/v1/events/{event}/bookings");
    let buyer = office.buyer().await;
    for query in ["", "?format=csv"] {
        let path = format!("{path}{query}");
        office.get(&path).await.expect_problem(401, "unauthenticated");
        let guess = office.request(Method::GET, &path).bearer(&"0".repeat(32)).send().await;
        guess.expect_problem(401, "unauthenticated");
        buyer.get(&path).await.expect_problem(403, "forbidden");
        for unknown in ["01920000-0000-7000-8000-000000000000", "x", "%00"] {
            let unknown = listed(&office, unknown, query).await;
            unknown.expect_problem(404, "event_not_found");
        }
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let wrong = office.organiser().request(method, &path).send().await;
            wrong.expect_problem(405, "method_not_allowed");
        }
        let head = office.organiser().request(Method::HEAD, &path).send().await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{head}");
    }
    let other = hold(&buyer, &wide_event(&office).await, &json!({})).await;
    for (query, field) in [
        ("?status=sold".to_owned(), "status"),
        ("?section=A-1".to_owned(), "section"),
        ("?limit=101".to_owned(), "limit"),
        ("?format=xml".to_owned(), "format"),
        (format!("?q={}", "x".repeat(101)), "q"),
        (format!("?email={}", "x".repeat(255)), "email"),
        ("?cursor=x".to_owned(), "cursor"),
        (format!("?cursor={}", id(&other)), "cursor"),
    ] {
        let refused = listed(&office, &event, &query).await;
        let refused = refused.expect_problem(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{query}");
    }
    listed(&office, &event, "?q=%00").await.expect_problem(422, "validation_failed");
}

#[tokio::test]
async fn the_csv_of_an_event_has_every_booking_and_no_formula() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "sale": { "hold_ttl_s": 1 } })).await;
    let buyer = office.buyer().await;
    let formula = json!({ "seats": ["A-1-1", "A-1-2"], "name": "=HYPERLINK(\"x\",1)",
        "email": "+49@example.com" });
    let sold = buyer.hold(&event, formula).await;
    let sold_at = office.organiser().confirm(&id(&sold)).await.expect(200);
    let expired = buyer.hold(&event, json!({ "section": "A", "quantity": 1 })).await;
    buyer.becomes(&id(&expired), "expired").await;

    for (accept, query) in [
        ("text/csv", ""),
        ("application/json", "?format=csv"),
        ("text/csv;q=0.9, application/json;q=0.5", "?limit=1"),
    ] {
        let path = format!("/api/v1/events/{event}/bookings{query}");
        let request = office.organiser().request(Method::GET, &path).header("accept", accept);
        let csv = request.send().await;
        assert_eq!(csv.status, 200, "{csv}");
        let varies = csv.headers.get_all("vary").iter().any(|it| it == "accept");
        assert!(varies, "{csv}");
        assert_eq!(csv.header("cache-control"), Some("no-store"));
        let disposition = csv.header("content-disposition").unwrap_or_default();
        assert!(disposition.starts_with("attachment; filename=\"bookings-"), "{disposition}");
        let lines = lines(&csv);
        assert_eq!((lines.len(), lines[0].as_str()), (3, HEADER), "{lines:?}");
        let text = |member: &str, of: &Value| of[member].as_str().expect(member).to_owned();
        let (section, amount) = (text("section", &expired), &expired["amount"]);
        let seat = expired["seats"][0].as_str().unwrap_or_default();
        let expected = format!(
            "{},expired,{section},{seat},1,{amount},EUR,,,{},",
            id(&expired),
            text("created_at", &expired)
        );
        assert_eq!(lines[1], expected);
        let begins = format!(
            "{},confirmed,A,A-1-1 A-1-2,2,{},EUR,\"'=HYPERLINK(\"\"x\"\",1)\",'+49@example.com,{},20",
            id(&sold),
            sold_at["amount"],
            text("created_at", &sold),
        );
        assert!(lines[2].starts_with(&begins), "{}\n{begins}", lines[2]);
    }
    let json = office.organiser().request(Method::GET, &format!("/api/v1/events/{event}/bookings"));
    let list = json.header("accept", "application/json, text/csv").send().await.expect(200);
    assert_eq!(ids(&list), [id(&expired), id(&sold)]);
}

/// More bookings than a page reads at a time; written to Postgres directly, because each hold is a
/// request of its own.
#[tokio::test]
async fn the_csv_of_an_event_goes_over_many_pages() {
    let office = BoxOffice::open();
    let event = wide_event(&office).await;
    let buyer = office.buyer().await;
    let held = hold(&buyer, &event, &contact()).await;
    listed(&office, &event, "").await.expect(200);
    office.inside().copy_booking(&id(&held), 2_500).await;
    let csv = listed(&office, &event, "?format=csv").await;
    assert_eq!(csv.header("content-length"), None, "it is a stream");
    let lines = lines(&csv);
    assert_eq!(lines.len(), 2_502, "{} to {}", lines[0], lines[lines.len() - 1]);
    let mut unique: Vec<_> = lines.iter().filter_map(|line| line.split(',').next()).collect();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), lines.len(), "none is there twice");
    let one = listed(&office, &event, &format!("?format=csv&q={}", id(&held))).await;
    assert_eq!(self::lines(&one).len(), 2);
    let none = listed(&office, &event, "?format=csv&q=nowhere").await;
    assert_eq!(self::lines(&none), [HEADER]);
    let path = format!("/api/v1/events/{event}/bookings?format=csv");
    let head = office.organiser().request(Method::HEAD, &path).send().await;
    assert_eq!((head.status, head.header("content-length")), (200, None), "{head}");
    let rest = listed(&office, &event, &format!("?format=csv&cursor={}", id(&held))).await;
    assert!(self::lines(&rest).len() < lines.len());
}
