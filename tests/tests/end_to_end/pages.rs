//! The whole way of a person without JavaScript: from the list of events to a paid booking.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, BoxOffice, eventually};

use crate::browser::{Browser, between};

/// An event without a queue, in Berlin: free seats, and others that cost something.
pub(crate) fn gala() -> Value {
    json!({
        "name": "Gala", "time_zone": "Europe/Berlin",
        "starts_at": "2037-06-01T19:00:00Z", "ends_at": "2037-06-01T22:00:00Z",
        "sections": [
            { "name": "A", "kind": "seated", "rows": 3, "seats_per_row": 6, "price": 0 },
            { "name": "B", "kind": "seated", "rows": 3, "seats_per_row": 6, "price": 4550 },
            { "name": "C", "kind": "standing", "capacity": 9, "price": 2500 },
        ],
        "sale": { "max_per_buyer": 6, "queue": { "enabled": false } },
    })
}

#[track_caller]
pub(crate) fn assert_has(answer: &Answer, text: &str) {
    assert!(answer.page().contains(text), "{text:?} is not in {}", answer.page());
}

pub(crate) fn way_on(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer}");
    answer.header("location").expect("a way on").to_owned()
}

/// Holds these seats.
pub(crate) async fn hold(browser: &mut Browser, event: &str, seats: &[&str]) -> Answer {
    let path = format!("/events/{event}/seats");
    let page = browser.open(&format!("{path}?section={}", &seats[0][..1])).await;
    let fields: Vec<_> = seats.iter().map(|seat| ("seats", *seat)).collect();
    browser.send(&page, &path, &fields).await
}

#[tokio::test]
async fn a_person_who_cannot_come_gives_up_seats_and_then_the_rest() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let mut browser = Browser::new(&office);
    let booking = way_on(&hold(&mut browser, &event, &["A-1-3", "A-1-4", "A-1-5"]).await);
    let page = browser.open(&booking).await;
    way_on(&browser.send(&page, &format!("{booking}/confirm"), &[]).await);
    let path = format!("{booking}/give-up");
    let page = browser.open(&booking).await;
    assert_has(&page, "<summary>I cannot come</summary>");
    // A press without a choice gives nothing up, and a second one gives up nothing more.
    for fields in [&[][..], &[("seats", "A-1-4")], &[("seats", "A-1-4")]] {
        assert_eq!(way_on(&browser.send(&page, &path, fields).await), booking);
    }
    let page = browser.open(&booking).await;
    assert_has(&page, "<li>A-1-3</li><li>A-1-5</li>");
    assert_eq!(office.counts(&event).await, [43, 0, 2]);
    let others = browser.send(&page, &path, &[("seats", "A-1-1")]).await;
    assert_eq!(others.status, 422, "{others}");
    assert_eq!(way_on(&browser.send(&page, &path, &[("all", "1")]).await), booking);
    assert_has(&browser.open(&booking).await, "<h2>This booking is cancelled</h2>");
    assert_eq!(office.counts(&event).await, [45, 0, 0]);
}

#[tokio::test]
async fn a_person_finds_an_event_and_takes_free_seats() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let mut browser = Browser::new(&office);
    let home = browser.open("/").await;
    assert_has(&home, &format!("<a href=\"/events/{event}\">Gala</a>"));
    assert_has(&home, "Monday, 1 June 2037, 21:00 CEST");
    assert_has(&home, "free to €45.50");
    let page = browser.open(&format!("/events/{event}")).await;
    assert_has(&page, &format!("href=\"/events/{event}/seats\""));
    assert_has(&page, "18 left");
    let held = hold(&mut browser, &event, &["A-1-3", "A-1-4"]).await;
    let booking = way_on(&held);
    let page = browser.open(&booking).await;
    assert_has(&page, "<h2>Your seats are held</h2>");
    assert_has(&page, "<li>A-1-3</li><li>A-1-4</li>");
    let confirmed = browser.send(&page, &format!("{booking}/confirm"), &[]).await;
    assert_eq!(way_on(&confirmed), booking);
    assert_has(&browser.open(&booking).await, "<h2>Your tickets are booked</h2>");
    let mine = browser.open("/bookings").await;
    assert_has(&mine, &format!("<a href=\"{booking}\">Gala</a>"));
    assert_has(&mine, "Monday, 1 June 2037, 21:00 CEST");
    assert_has(&mine, "A-1-3, A-1-4");
    let path = format!("{booking}/tickets");
    let tickets = browser.open(&path).await;
    assert_has(&tickets, "Section A, row 1, seat 4");
    assert_eq!(tickets.page().matches("<svg").count(), 2, "{}", tickets.page());
    let address = between(tickets.page(), "<form method=\"post\" action=\"", "\"");
    let address = address.expect("a form").to_owned();
    let named = browser.send(&tickets, &address, &[("holder", "Ada+Lovelace")]).await;
    assert_eq!(way_on(&named), path);
    assert_has(&browser.open(&path).await, "value=\"Ada Lovelace\"");
    let ticket = address.trim_end_matches("/holder").to_owned();
    for (path, media_type) in [
        (format!("{booking}/tickets.pdf"), "application/pdf"),
        (format!("{ticket}.pdf"), "application/pdf"),
        (format!("{ticket}.ics"), "text/calendar; charset=utf-8"),
        (format!("{ticket}.svg"), "image/svg+xml"),
    ] {
        let kept = browser.open(&path).await;
        assert_eq!((kept.status, kept.header("content-type")), (200, Some(media_type)), "{kept}");
        let stranger = Browser::new(&office).open(&path).await;
        assert_eq!(stranger.status, 401, "{stranger}");
    }
    // Nobody else sees it.
    let stranger = Browser::new(&office).open(&booking).await;
    assert_eq!(stranger.status, 404, "{stranger}");
    assert_has(&stranger, "There is no such booking");
}

#[tokio::test]
async fn a_person_pays_on_the_page_of_the_provider() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let mut browser = Browser::new(&office);
    let booking = way_on(&hold(&mut browser, &event, &["B-2-1", "B-2-2"]).await);
    let page = browser.open(&booking).await;
    assert_has(&page, "<strong>€91.00</strong>");
    let leads = browser.send(&page, &format!("{booking}/pay"), &[]).await;
    assert_eq!(leads.status, 200, "{leads}");
    let url = between(leads.page(), "content=\"0; url=", "\"").expect("an address").to_owned();
    // The same press again leads to the same page.
    let again = browser.send(&page, &format!("{booking}/pay"), &[]).await;
    assert_eq!(between(again.page(), "content=\"0; url=", "\""), Some(url.as_str()));

    let outside = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let press = async |action: &'static str| {
        let sent = outside.post(&url).body(format!("action={action}")).send().await;
        sent.expect("an answer")
    };
    assert_eq!(press("decline").await.status(), 402);
    let paid = press("pay").await;
    assert_eq!(paid.status(), 303);
    let back = paid.headers()["location"].to_str().expect("ASCII").to_owned();
    assert_eq!(back, format!("{}{booking}?paid=1", office.base_url()));
    eventually("the payment has arrived", async || {
        let page = browser.request(Method::GET, &format!("{booking}?paid=1")).send().await;
        page.page().contains("<h2>Your tickets are booked</h2>").then_some(())
    })
    .await;
    let availability = office.availability(&event).await;
    assert_eq!((&availability["sold"], &availability["held"]), (&json!(2), &json!(0)));
}

/// The page ends with the hold, and a hold that is given up is not paid.
#[tokio::test]
async fn nobody_pays_for_what_is_given_back() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let mut browser = Browser::new(&office);
    let booking = way_on(&hold(&mut browser, &event, &["B-1-1"]).await);
    let page = browser.open(&booking).await;
    let leads = browser.send(&page, &format!("{booking}/pay"), &[]).await;
    let url = between(leads.page(), "content=\"0; url=", "\"").expect("an address").to_owned();
    let given_back = browser.send(&page, &format!("{booking}/release"), &[]).await;
    assert_has(&browser.open(&way_on(&given_back)).await, "<h2>You gave these seats back</h2>");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    eventually("the page of the provider has ended", async || {
        let page = client.get(&url).send().await.expect("an answer");
        (page.status() == 410).then_some(())
    })
    .await;
}

#[tokio::test]
async fn seats_that_are_gone_are_named_and_others_offered() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let (mut first, mut second) = (Browser::new(&office), Browser::new(&office));
    way_on(&hold(&mut first, &event, &["A-2-3", "A-2-4"]).await);
    let page = second.open(&format!("/events/{event}/seats?section=A")).await;
    let taken = "value=\"A-2-3\" aria-label=\"Row 2, seat 3, held\" disabled";
    assert_has(&page, taken);
    let path = format!("/events/{event}/seats");
    let fields = [("seats", "A-2-4"), ("seats", "A-2-5")];
    let refused = second.send(&page, &path, &fields).await;
    assert_eq!(refused.status, 409, "{refused}");
    assert_has(&refused, "These seats have just been taken: A-2-4.");
    assert_has(&refused, "value=\"A-2-5\" aria-label=\"Row 2, seat 5, free\" checked");
    assert_has(&refused, "value=\"A-2-6\" aria-label=\"Row 2, seat 6, free\" checked");
    // Of that page the form holds what is chosen.
    let held = second.send(&refused, &path, &[("seats", "A-2-5"), ("seats", "A-2-6")]).await;
    way_on(&held);
}

/// The same press, sent twice, holds once; another page for the same browser holds again.
#[tokio::test]
async fn pressing_twice_holds_once() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let mut browser = Browser::new(&office);
    let path = format!("/events/{event}/seats");
    let page = browser.open(&format!("{path}?section=C")).await;
    let fields = [("quantity", "2")];
    let first = way_on(&browser.send(&page, &path, &fields).await);
    let second = way_on(&browser.send(&page, &path, &fields).await);
    assert_eq!(first, second);
    let page = browser.open(&format!("{path}?section=C")).await;
    assert_has(&page, "You hold seats");
    let third = way_on(&browser.send(&page, &path, &fields).await);
    assert_ne!(first, third);
    assert_eq!(office.availability(&event).await["held"], 4);
}

/// A form that no page of ours made for this browser changes nothing.
#[tokio::test]
async fn a_forged_form_is_refused() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let (mut owner, mut other) = (Browser::new(&office), Browser::new(&office));
    let path = format!("/events/{event}/seats");
    let page = owner.open(&path).await;
    let others_page = other.open(&path).await;
    let booking = way_on(&hold(&mut owner, &event, &["A-1-1"]).await);
    // The form of another browser, none, and one that another site sends.
    let stolen = owner.send(&others_page, &path, &[("quantity", "1"), ("section", "A")]).await;
    assert_eq!(stolen.status, 403, "{stolen}");
    for operation in ["extend", "release", "confirm"] {
        let bare = owner.send_form(&format!("{booking}/{operation}")).send().await;
        assert_eq!(bare.status, 403, "{bare}");
    }
    let fields = crate::browser::hidden_fields(page.page(), &path);
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let form = owner
        .request(Method::POST, &path)
        .body("application/x-www-form-urlencoded", format!("{}&quantity=1", pairs.join("&")));
    let foreign = form.header("origin", "https://evil.example").send().await;
    assert_eq!(foreign.status, 403, "{foreign}");
    assert_eq!(office.availability(&event).await["held"], 1);
    assert_has(&owner.open(&booking).await, "<h2>Your seats are held</h2>");
}

#[tokio::test]
async fn pages_speak_the_language_of_their_reader() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let mut browser = Browser::new(&office);
    let german =
        browser.request(Method::GET, "/").header("accept-language", "de-AT,en;q=0.5").send().await;
    assert_has(&german, "<html lang=\"de\">");
    assert_has(&german, "Montag, 1. Juni 2037, 21:00 Uhr CEST");
    assert_has(&german, "kostenlos bis 45,50\u{a0}€");
    assert_has(&browser.open("/").await, "<html lang=\"en\">");
    // What is chosen is kept.
    browser.open("/privacy?lang=de").await;
    assert_has(&browser.open(&format!("/events/{event}")).await, "Plätze aussuchen");
    assert_has(&browser.open(&format!("/events/{event}/seats")).await, "Reihe 1, Platz 1, frei");
}

/// What cannot be done is told on a page with one way on.
#[tokio::test]
async fn every_refusal_has_one_way_on() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let mut browser = Browser::new(&office);
    let path = format!("/events/{event}/seats");
    let page = browser.open(&path).await;
    let none = browser.send(&page, &path, &[]).await;
    assert_eq!(none.status, 422, "{none}");
    assert_has(&none, "<h1>Choose at least one seat</h1>");
    assert_has(&none, &format!("href=\"/events/{event}\""));
    let booking = way_on(&hold(&mut browser, &event, &["A-1-1"]).await);
    let page = browser.open(&booking).await;
    way_on(&browser.send(&page, &format!("{booking}/extend"), &[]).await);
    let twice = browser.send(&page, &format!("{booking}/extend"), &[]).await;
    assert_eq!(twice.status, 409, "{twice}");
    assert_has(&twice, "<h1>You had more time already</h1>");
    for path in ["/events/x", "/bookings/x", "/waiting-room/x"] {
        let page = browser.open(path).await;
        assert_eq!(page.status, 404, "{page}");
        assert_has(&page, "class=\"button\"");
    }
    // Who has to wait is led to the waiting room.
    let queued = json!({ "sale": { "queue": { "enabled": true, "release_per_s": 0 } } });
    let queued = office.event(queued).await;
    let led = browser.open(&format!("/events/{queued}/seats")).await;
    assert_eq!(way_on(&led), format!("/waiting-room/{queued}"));
}
