//! Letters: tickets come by mail once, and open in any browser after a press of a button; whoever
//! asks for the bookings of a mailbox learns nothing.

use fake_provider::{MailFaults, TakenLetter};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, BoxOffice, eventually};

use crate::browser::{Browser, between};
use crate::pages::{assert_has, gala, hold, way_on};

/// Free tickets of a new event, taken by a browser that says where to write to.
async fn tickets_to(office: &BoxOffice, email: &str, seat: &str) -> (Browser, String) {
    let event = office.event(gala()).await;
    let mut browser = Browser::new(office);
    let booking = way_on(&hold(&mut browser, &event, &[seat]).await);
    let page = browser.open(&booking).await;
    let fields = [("email", email), ("name", "Ada+Lovelace")];
    way_on(&browser.send(&page, &format!("{booking}/confirm"), &fields).await);
    (browser, booking)
}

/// The letters to a mailbox with this subject, once there are any.
async fn letters(office: &BoxOffice, email: &str, subject: &str) -> Vec<TakenLetter> {
    eventually("a letter has come", async || {
        let mut letters = office.provider().letters_to(email).await.expect("letters");
        letters.retain(|letter| letter.subject.starts_with(subject));
        (!letters.is_empty()).then_some(letters)
    })
    .await
}

/// The links of a letter, as paths.
fn links(office: &BoxOffice, letter: &TakenLetter) -> Vec<String> {
    let before = format!("{}/bookings?key=", office.base_url());
    let keys = letter.text.split(&before).skip(1);
    keys.map(|it| format!("/bookings?key={}", it.split_whitespace().next().expect("a key")))
        .collect()
}

async fn look_up(office: &BoxOffice, email: &str, locale: &str) -> Answer {
    let body = json!({ "email": email, "locale": locale });
    office.request(Method::POST, "/api/v1/bookings/lookup").json(&body).send().await
}

#[tokio::test]
async fn tickets_come_by_letter_once_and_open_in_another_browser_by_a_button() {
    let office = BoxOffice::open();
    let email = "once@example.com";
    // The mail API takes the letter, and nobody learns of it.
    let faults = MailFaults { unanswered: 1, ..MailFaults::default() };
    office.provider().set_mail_faults(&faults).await.expect("are set");
    let (_, booking) = tickets_to(&office, email, "A-1-1").await;
    let written = letters(&office, email, "Your tickets").await;
    let letter = &written[0];
    assert!(letter.text.contains("2037-06-01, 21:00 CEST"), "{}", letter.text);
    assert!(letter.html.contains("A-1-1") && !letter.html.contains("Lovelace"), "{}", letter.html);
    let link = links(&office, letter).remove(0);

    // What only follows links becomes nobody.
    let mut other = Browser::new(&office);
    let page = other.open(&link).await;
    assert_has(&page, "<h1>Open bookings from a letter</h1>");
    assert_eq!(other.open(&booking).await.status, 404);
    let opened = other.send(&page, "/bookings", &[]).await;
    let tickets = way_on(&opened);
    assert_eq!(tickets, format!("{booking}/tickets"));
    assert_has(&other.open(&tickets).await, "Section A, row 1, seat 1");

    let is_done = "SELECT count(*) FROM boxoffice.letters WHERE done_at IS NOT NULL AND id = $1";
    let id = format!("letter_confirmed_{}", booking.trim_start_matches("/bookings/"));
    eventually("the letter is done", async || {
        (office.inside().count(is_done, &id).await == 1).then_some(())
    })
    .await;
    assert_eq!(letters(&office, email, "Your tickets").await.len(), 1);
}

#[tokio::test]
async fn a_key_that_is_forged_or_sent_by_another_site_opens_nothing() {
    let office = BoxOffice::open();
    let email = "forged@example.com";
    let (owner, booking) = tickets_to(&office, email, "A-2-1").await;
    let letter = letters(&office, email, "Your tickets").await.remove(0);
    let link = links(&office, &letter).remove(0);
    let mut browser = Browser::new(&office);
    let page = browser.open(&link).await;
    let (_, key) = link.split_once('=').expect("a key");

    // Without the token of a page for this browser, or from another site.
    let form = |body: String| {
        browser.request(Method::POST, "/bookings").body("application/x-www-form-urlencoded", body)
    };
    let bare = form(format!("key={key}")).send().await;
    assert_eq!(bare.status, 403, "{bare}");
    let fields = crate::browser::hidden_fields(page.page(), "/bookings");
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let elsewhere = form(pairs.join("&")).header("sec-fetch-site", "cross-site").send().await;
    assert_eq!(elsewhere.status, 403, "{elsewhere}");
    assert_eq!(browser.open(&booking).await.status, 404);

    // Another token of ours is no key.
    for key in ["x", owner.token(), &format!("{key}x")] {
        let led = browser.open(&format!("/bookings?key={key}")).await;
        assert_eq!(way_on(&led), "/lookup", "{key}");
    }
}

#[tokio::test]
async fn whoever_looks_up_a_mailbox_learns_nothing_and_it_gets_a_link() {
    let office = BoxOffice::open();
    let (known, unknown) = ("lost@example.com", "stranger@example.com");
    let (_, first) = tickets_to(&office, known, "A-1-2").await;
    let (_, second) = tickets_to(&office, "Lost@Example.com", "A-1-3").await;
    let answers = [look_up(&office, known, "de").await, look_up(&office, unknown, "de").await];
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (202, &answers[0].body), "{answer}");
    }
    let letter = letters(&office, known, "Ihre Buchungen").await.remove(0);
    // Bookings of two guests, of whom a browser can be one.
    let links = links(&office, &letter);
    assert_eq!(links.len(), 2, "{}", letter.text);
    for (link, booking) in links.iter().zip([&second, &first]) {
        let mut browser = Browser::new(&office);
        let page = browser.open(link).await;
        assert_eq!(way_on(&browser.send(&page, "/bookings", &[]).await), "/bookings");
        assert_eq!(browser.open(booking).await.status, 200);
    }
    let open = "SELECT count(*) FROM boxoffice.letters
        WHERE email = $1 AND done_at IS NULL AND dead_at IS NULL";
    eventually("nothing is left to write", async || {
        (office.inside().count(open, unknown).await == 0).then_some(())
    })
    .await;
    assert!(office.provider().letters_to(unknown).await.expect("letters").is_empty());
    for email in ["", "nobody", "a@b", "a@example.com\nBcc: b@example.com"] {
        look_up(&office, email, "de").await.expect_problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn a_mailbox_is_not_flooded_and_nobody_is_told() {
    let office = BoxOffice::open();
    let locale = "en-x-flooded";
    for _ in 0..8 {
        let answer = look_up(&office, "Flooded@example.com", locale).await;
        assert_eq!((answer.status, answer.json()), (202, json!({})), "{answer}");
    }
    let asked = "SELECT count(*) FROM boxoffice.letters WHERE locale = $1";
    assert_eq!(office.inside().count(asked, locale).await, 5);
    // Each address has so many, too.
    let few =
        office.beside(&[("rate_limits_address", "letter=1/3600"), ("trusted_proxy_hops", "1")]);
    let ask = |email: &str| {
        let request = few.request(Method::POST, "/api/v1/bookings/lookup");
        let request = request.header("x-forwarded-for", "203.0.113.77");
        request.json(&json!({ "email": email })).send()
    };
    ask("one@example.com").await.expect(202);
    ask("two@example.com").await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn a_person_asks_for_the_letter_on_a_page() {
    let office = BoxOffice::open();
    let email = "page@example.com";
    tickets_to(&office, email, "A-3-1").await;
    let mut browser = Browser::new(&office);
    let page = browser.open("/lookup").await;
    assert_has(&page, "<h1>Find your bookings</h1>");
    let sent = browser.send(&page, "/lookup", &[("email", email)]).await;
    assert_has(&sent, "a letter is on its way");
    letters(&office, email, "Your bookings").await;
    let wrong = browser.send(&page, "/lookup", &[("email", "nobody")]).await;
    assert_eq!(wrong.status, 422, "{wrong}");
    assert_has(&wrong, "This is not an e-mail address.");
}

/// What is said before paying counts, and what becomes of the booking is told to that mailbox.
#[tokio::test]
async fn the_contact_of_the_checkout_is_written_to() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let hold = json!({ "event_id": event, "section": "A", "quantity": 1,
        "email": "typo@example.com", "locale": "de" });
    let held = buyer.hold(&event, hold).await;
    let booking = held["booking_id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/bookings/{booking}/checkout");
    let begin = |body: Value| buyer.request(Method::POST, &path).json(&body).send();
    begin(json!({ "email": "nobody" })).await.expect_problem(422, "validation_failed");
    let page = begin(json!({ "email": "right@example.com" })).await.expect(201);
    let outside = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = page["checkout_url"].as_str().expect("an address");
    outside.post(url).body("action=pay").send().await.expect("an answer");
    letters(&office, "right@example.com", "Ihre Karten").await;
    buyer.cancel(&booking).await.expect(200);
    letters(&office, "right@example.com", "Storniert").await;
    let refunded = letters(&office, "right@example.com", "Erstattet").await.remove(0);
    assert!(refunded.text.contains("50,00 EUR"), "{}", refunded.text);
    assert!(office.provider().letters_to("typo@example.com").await.expect("letters").is_empty());
    assert!(between(&refunded.html, "<html lang=\"", "\"").is_some_and(|it| it == "de"));
}
