//! Tickets, as their owner and the organiser have them.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signature, VerifyingKey};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, BoxOffice, Buyer};

/// A booking that the cash desk has confirmed: its id.
pub(crate) async fn bought(
    office: &BoxOffice,
    buyer: &Buyer,
    event: &str,
    choice: Value,
) -> String {
    let held = buyer.hold(event, choice).await;
    let booking = held["booking_id"].as_str().expect("an id").to_owned();
    office.organiser().confirm(&booking).await.expect(200);
    booking
}

/// Its tickets.
pub(crate) async fn tickets(buyer: &Buyer, booking: &str) -> Vec<Value> {
    let list = buyer.get(&format!("/api/v1/bookings/{booking}/tickets")).await.expect(200);
    list["tickets"].as_array().expect("tickets").clone()
}

/// One ticket of section A, bought.
pub(crate) async fn one_ticket(office: &BoxOffice, buyer: &Buyer, event: &str) -> Value {
    let booking = bought(office, buyer, event, json!({ "section": "A", "quantity": 1 })).await;
    tickets(buyer, &booking).await.remove(0)
}

pub(crate) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} of {value}"))
}

fn address(ticket: &Value) -> String {
    format!("/api/v1/tickets/{}", text(ticket, "ticket_id"))
}

/// What a code says, once a key that is published has signed it. From the contract, apart from the
/// code of the system.
async fn verified(office: &BoxOffice, code: &str) -> Value {
    let parts: Vec<&str> = code.split('.').collect();
    let ["tk1", payload, signature] = parts[..] else { panic!("{code}") };
    let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url");
    let said: Value = serde_json::from_slice(&decode(payload)).expect("JSON");
    let keys = office.get("/.well-known/jwks.json").await.expect(200);
    let mut keys = keys["keys"].as_array().expect("keys").iter();
    let key = keys.find(|key| key["kid"] == said["k"]).expect("a published key");
    let key = decode(text(key, "x")).try_into().expect("32 bytes");
    let key = VerifyingKey::from_bytes(&key).expect("a key");
    let signature = Signature::from_slice(&decode(signature)).expect("a signature");
    key.verify_strict(format!("tk1.{payload}").as_bytes(), &signature).expect("is signed");
    said
}

#[tokio::test]
async fn a_bought_booking_has_a_signed_ticket_for_each_unit() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let (buyer, stranger) = (office.buyer().await, office.buyer().await);
    let held = buyer.hold(&event, json!({ "seats": ["A-1-2", "A-1-10", "A-1-1"] })).await;
    let booking = text(&held, "booking_id").to_owned();
    let list = format!("/api/v1/bookings/{booking}/tickets");
    // The journal may have come to Postgres or not.
    buyer.get(&list).await.expect_problem(409, "booking_not_confirmed");
    office.tick().await;
    buyer.get(&list).await.expect_problem(409, "booking_not_confirmed");
    stranger.get(&list).await.expect_problem(404, "booking_not_found");
    office.organiser().confirm(&booking).await.expect(200);

    let seated = tickets(&buyer, &booking).await;
    let seats: Vec<_> = seated.iter().map(|it| text(it, "seat")).collect();
    assert_eq!(seats, ["A-1-1", "A-1-2", "A-1-10"]);
    let standing = bought(&office, &buyer, &event, json!({ "section": "FLOOR", "quantity": 1 }));
    let standing = tickets(&buyer, &standing.await).await;
    assert_eq!((standing.len(), &standing[0]["seat"]), (1, &Value::Null));
    let all: Vec<_> = seated.iter().chain(&standing).collect();
    for ticket in &all {
        let unit = ticket["seat"].as_str().unwrap_or(text(ticket, "section"));
        let expected = json!({
            "k": verified(&office, text(ticket, "code")).await["k"],
            "t": ticket["ticket_id"], "e": event, "s": unit
        });
        assert_eq!(verified(&office, text(ticket, "code")).await, expected);
        // A QR code of version 10 at level M has room for 213 bytes.
        assert!(text(ticket, "code").len() <= 213, "{ticket}");
        assert_eq!(ticket["status"], "valid");
        assert_eq!(buyer.get(&address(ticket)).await.expect(200), **ticket);
        let organiser = office.organiser().request(Method::GET, &address(ticket)).send().await;
        assert_eq!(organiser.expect(200), **ticket);
        stranger.get(&address(ticket)).await.expect_problem(404, "ticket_not_found");
        office.get(&address(ticket)).await.expect_problem(401, "unauthenticated");
    }
    assert_eq!((&all[0]["price"], &all[3]["price"]), (&json!(5_000), &json!(3_500)));
    stranger.get(&list).await.expect_problem(404, "booking_not_found");
    office.get(&list).await.expect_problem(401, "unauthenticated");
    office.organiser().request(Method::GET, &list).send().await.expect(200);
    for unknown in ["0123456789ab", "A", "%00", "0123456789AB"] {
        let answer = buyer.get(&format!("/api/v1/tickets/{unknown}")).await;
        answer.expect_problem(404, "ticket_not_found");
    }
}

fn assert_form(answer: &Answer, media_type: &str, begins: &str) {
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("content-type"), Some(media_type), "{answer}");
    assert!(answer.body.starts_with(begins.as_bytes()), "{answer}");
    let varies = answer.headers.get_all("vary").iter().any(|it| it == "Accept");
    assert!(varies, "{answer}");
}

#[tokio::test]
async fn a_ticket_has_a_form_for_each_use() {
    let office = BoxOffice::open();
    let name = "Gala; \u{41e}\u{43b}\u{435}\u{43d}\u{430} & \u{65e5}\u{672c} <b>";
    let event = office.event(json!({ "name": name })).await;
    let buyer = office.buyer().await;
    let booking = bought(&office, &buyer, &event, json!({ "seats": ["A-2-1", "A-2-2"] })).await;
    let ticket = tickets(&buyer, &booking).await.remove(0);
    let path = address(&ticket);
    for (ending, accept, media_type, begins) in [
        ("json", "application/json", "application/json", "{"),
        ("svg", "image/svg+xml", "image/svg+xml", "<svg xmlns"),
        ("pdf", "application/pdf", "application/pdf", "%PDF-1.7"),
        ("ics", "text/calendar", "text/calendar; charset=utf-8", "BEGIN:VCALENDAR\r\n"),
    ] {
        let by_ending = buyer.get(&format!("{path}.{ending}")).await;
        assert_form(&by_ending, media_type, begins);
        let by_header = buyer.request(Method::GET, &path).header("accept", accept).send().await;
        assert_form(&by_header, media_type, begins);
        let head = buyer.request(Method::HEAD, &format!("{path}.{ending}")).send().await;
        assert_eq!(head.header("content-length"), by_ending.header("content-length"), "{head}");
    }
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let answer = buyer.request(Method::GET, &path).header("accept", browser).send().await;
    assert_form(&answer, "application/json", "{");
    buyer.get(&format!("{path}.png")).await.expect_problem(404, "not_found");
    let stranger = office.buyer().await;
    stranger.get(&format!("{path}.pdf")).await.expect_problem(404, "ticket_not_found");

    let pages = buyer.request(Method::GET, &format!("/api/v1/bookings/{booking}/tickets"));
    let pages = pages.header("accept", "application/pdf").send().await;
    assert_form(&pages, "application/pdf", "%PDF-1.7");
    let text = String::from_utf8_lossy(&pages.body);
    assert_eq!(text.matches("/Type /Page\n").count(), 2);
    let calendar = buyer.get(&format!("{path}.ics")).await;
    let calendar = calendar.page().replace("\r\n ", "");
    let said = calendar.contains(&format!("SUMMARY:{}", name.replace(';', "\\;")));
    assert!(said && calendar.contains("DTSTART:20370601T190000Z"), "{calendar}");
}

#[tokio::test]
async fn its_owner_says_who_will_come() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let (buyer, stranger) = (office.buyer().await, office.buyer().await);
    let ticket = one_ticket(&office, &buyer, &event).await;
    let path = address(&ticket);
    let put = |who: &Buyer, body: Value| who.request(Method::PUT, &path).json(&body).send();
    for holder in ["Ada", "\u{5d0}\u{5d1}", "\u{65e5}\u{672c} \u{1f3ad}", &"W".repeat(100)] {
        let named = put(&buyer, json!({ "holder": holder })).await.expect(200);
        assert_eq!(named["holder"], *holder);
        assert_eq!(buyer.get(&path).await.expect(200), named);
        assert_form(&buyer.get(&format!("{path}.pdf")).await, "application/pdf", "%PDF-1.7");
        let calendar = buyer.get(&format!("{path}.ics")).await;
        assert!(calendar.page().replace("\r\n ", "").contains(&format!("Holder: {holder}")));
    }
    for holder in ["", " ", "a\nb", "\u{200b}", &"x".repeat(101)] {
        put(&buyer, json!({ "holder": holder })).await.expect_problem(422, "validation_failed");
    }
    put(&stranger, json!({ "holder": "Eve" })).await.expect_problem(404, "ticket_not_found");
    let organiser = office.organiser().request(Method::PUT, &path);
    organiser.json(&json!({ "holder": "Eve" })).send().await.expect_problem(403, "forbidden");
    assert_eq!(text(&buyer.get(&path).await.expect(200), "holder"), "W".repeat(100));
}

#[tokio::test]
async fn a_cancelled_ticket_is_shown_as_such_and_not_printed() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let booking = bought(&office, &buyer, &event, json!({ "seats": ["A-3-1", "A-3-2"] })).await;
    let before = tickets(&buyer, &booking).await;
    buyer.cancel(&booking).await.expect(200);
    let after = tickets(&buyer, &booking).await;
    let expected: Vec<_> = before
        .iter()
        .map(|ticket| tests::merged(ticket.clone(), &json!({ "status": "cancelled" })))
        .collect();
    assert_eq!(without_nulls(&after), without_nulls(&expected));
    let path = address(&after[0]);
    for ending in ["svg", "pdf"] {
        let answer = buyer.get(&format!("{path}.{ending}")).await;
        answer.expect_problem(409, "ticket_cancelled");
    }
    let put = buyer.request(Method::PUT, &path).json(&json!({ "holder": "Ada" }));
    put.send().await.expect_problem(409, "ticket_cancelled");
    let calendar = buyer.get(&format!("{path}.ics")).await;
    assert!(calendar.page().contains("STATUS:CANCELLED"), "{calendar}");
    let pages = buyer.request(Method::GET, &format!("/api/v1/bookings/{booking}/tickets"));
    let pages = pages.header("accept", "application/pdf").send().await;
    pages.expect_problem(409, "ticket_cancelled");

    // The seat is sold again: as another ticket, which is good.
    let again = bought(&office, &buyer, &event, json!({ "seats": ["A-3-1"] })).await;
    let again = tickets(&buyer, &again).await.remove(0);
    assert_ne!(again["ticket_id"], before[0]["ticket_id"]);
    assert_ne!(again["code"], before[0]["code"]);
    assert_eq!(again["status"], "valid");
}

/// Members that are null are left out, as merging leaves them out.
fn without_nulls(tickets: &[Value]) -> Vec<Value> {
    let known = |ticket: &Value| {
        let members = ticket.as_object().expect("an object").iter();
        members
            .filter(|(_, it)| !it.is_null())
            .map(|(name, it)| (name.clone(), it.clone()))
            .collect()
    };
    tickets.iter().map(known).collect()
}
