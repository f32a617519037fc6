//! The whole way from the event to the ticket, and where it does not go on.

use reqwest::Method;
use serde_json::json;
use tests::BoxOffice;

use crate::chromium::{DESK, Device, ENTER, PHONE, SPACE, Window};
use crate::{gala, gala_with_queue};

/// Nothing but what pages of ours and the provider's page ask for, and nothing that the console
/// complains of.
async fn assert_is_clean(office: &BoxOffice, window: &Window) {
    let (ours, provider) = (office.base_url(), office.provider_url());
    let requests = window.requests().await;
    assert!(requests.iter().any(|url| url.starts_with(ours)), "{requests:?}");
    for url in requests {
        let is_known = url.starts_with(ours) || url.starts_with(&provider);
        assert!(is_known || url.starts_with("data:"), "{url}");
    }
    // The test provider has no picture for the tab.
    let mut complaints = window.complaints().await;
    complaints.retain(|it| !it.contains("/favicon.ico"));
    assert!(complaints.is_empty(), "{complaints:?}");
}

/// Buys two seats and pays, by pointing.
async fn buy(device: Device) {
    let office = BoxOffice::open();
    let event = office.event(gala_with_queue()).await;
    let window = Window::open(&office, device).await;
    window.visit("/").await;
    window.click(&format!("a[href='/events/{event}']")).await;
    window.click("main a.button, main button").await;
    if window.address().await.contains("/waiting-room/") {
        window.click("main form button").await;
        // With a script the page leads on by itself, without one it is loaded again.
        window.wait_for("nav.sections").await;
    }
    window.click("nav.sections a[href*='section=A']").await;
    if device.has_script {
        // The map is drawn from the same boxes, and toggles them.
        window.click("#map [data-seat='A-2-3']").await;
        let is_chosen = window.property("input[value='A-2-3']", "checked").await;
        assert_eq!(is_chosen, true);
        window.click("label:has(> input[value='A-2-4'])").await;
        let total = window.text("#total").await.expect("a total");
        assert!(total.contains("91.00") || total.contains("91,00"), "{total}");
    } else {
        assert!(!window.has("#map svg").await);
        for seat in ["A-2-3", "A-2-4"] {
            window.click(&format!("label:has(> input[value='{seat}'])")).await;
        }
    }
    window.click("#picker button[type=submit]").await;
    window.wait_for("ul.places").await;
    let booking = window.address().await;
    window.fill("#email", "fan@example.com").await;
    window.click("form[action$='/pay'] button").await;
    window.wait_for("button[value=decline]").await;
    window.click("button[value=decline]").await;
    window.wait_for_text("Your card was declined").await;
    window.click("button[value=pay]").await;
    window.wait_for("a[href$='/tickets']").await;
    assert!(window.address().await.starts_with(booking.split('?').next().unwrap()));
    window.click("a[href$='/tickets']").await;
    window.wait_for("main svg, main img").await;
    assert!(window.text("main").await.expect("a page").contains("A"));
    window.visit("/bookings").await;
    window.wait_for_text("Gala").await;
    let log = window.complaints().await;
    let log: Vec<_> =
        log.iter().filter(|it| !it.contains("favicon") && !it.contains("402")).collect();
    assert!(log.is_empty(), "{log:?}");
    assert_eq!(office.counts(&event).await[2], 2);
    window.close().await;
}

#[tokio::test]
async fn a_person_buys_on_a_phone() {
    buy(PHONE).await;
}

#[tokio::test]
async fn a_person_buys_at_a_desk_without_javascript() {
    buy(Device { has_script: false, ..DESK }).await;
}

#[tokio::test]
async fn a_person_buys_in_german_by_keyboard_alone() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let window = Window::open(&office, Device { language: "de", ..DESK }).await;
    window.visit(&format!("/events/{event}/seats?section=B")).await;
    assert_eq!(window.property("html", "lang").await, "de");
    window.tab_to("input[value='B-1-2']").await;
    window.press(&[SPACE]).await;
    window.tab_to("#picker button[type=submit]").await;
    window.press(&[ENTER]).await;
    window.wait_for("form[action$='/confirm']").await;
    window.tab_to("form[action$='/confirm'] button").await;
    window.press(&[ENTER]).await;
    window.wait_for_text("Ihre Karten sind gebucht").await;
    window.tab_to("a[href$='/tickets']").await;
    window.press(&[ENTER]).await;
    window.wait_for_text("B").await;
    assert_is_clean(&office, &window).await;
    assert_eq!(office.counts(&event).await[2], 1);
    window.close().await;
}

#[tokio::test]
async fn a_hold_that_ends_says_so_and_leads_back_to_the_seats() {
    let office = BoxOffice::open();
    let short = tests::merged(gala(), &json!({ "sale": { "hold_ttl_s": 30 } }));
    let event = office.event(short).await;
    let window = Window::open(&office, PHONE).await;
    window.visit(&format!("/events/{event}/seats?section=A")).await;
    window.click("form.best button").await;
    window.wait_for("#countdown").await;
    // Its seats are given back behind its back, as by the end of its time.
    let id = window.address().await.rsplit('/').next().expect("an id").to_owned();
    let request = office.request(Method::POST, &format!("/api/v1/bookings/{id}/release"));
    let key = office.system().secrets.organiser_key.clone();
    request.bearer(&key).send().await.expect(200);
    window.reload().await;
    window.click("main section a.button").await;
    window.wait_for("a[href$='/seats'], form.best").await;
    assert!(window.address().await.contains(&format!("/events/{event}")));
    // The way back does not bring the hold back.
    window.back().await;
    assert!(!window.has("form[action$='/pay']").await);
    window.close().await;
}

#[tokio::test]
async fn two_tabs_of_one_person_show_one_purchase() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let window = Window::open(&office, DESK).await;
    window.visit(&format!("/events/{event}/seats?section=B")).await;
    window.click("label:has(> input[value='B-3-1'])").await;
    window.click("#picker button[type=submit]").await;
    window.wait_for("form[action$='/confirm']").await;
    let booking = window.address().await;
    // What the other tab still shows is sent again after the first one has been answered.
    let path = booking.trim_start_matches(office.base_url()).to_owned();
    window.click("form[action$='/confirm'] button").await;
    window.wait_for("a[href$='/tickets']").await;
    window.back().await;
    if window.has("form[action$='/confirm'] button").await {
        window.click("form[action$='/confirm'] button").await;
    } else {
        window.visit(&path).await;
    }
    window.wait_for("a[href$='/tickets']").await;
    assert_eq!(office.counts(&event).await[2], 1);
    window.close().await;
}
