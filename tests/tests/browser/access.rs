//! Everybody can use every page: WCAG 2.2 AA as far as a program can tell.

use serde_json::json;
use tests::BoxOffice;

use crate::chromium::{DESK, Device, PHONE, Window};
use crate::gala;

async fn assert_is_accessible(window: &Window, page: &str) {
    let violations = window.violations().await;
    assert!(violations.is_empty(), "{page}: {violations:#?}");
}

async fn look_at_every_page(device: Device) {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let far =
        json!({ "on_sale_at": "2036-01-01T00:00:00Z", "sale": { "queue": { "enabled": true } } });
    let waiting = office.event(tests::merged(gala(), &far)).await;
    let window = Window::open(&office, device).await;
    let paths = [
        "/".to_owned(),
        format!("/events/{event}"),
        format!("/waiting-room/{waiting}"),
        format!("/events/{event}/seats"),
        "/bookings".to_owned(),
        "/lookup".to_owned(),
        "/accessibility".to_owned(),
        "/privacy".to_owned(),
        "/door".to_owned(),
        "/bookings/bk_nothing".to_owned(),
    ];
    for path in paths {
        window.visit(&path).await;
        window.wait_for("h1").await;
        assert_is_accessible(&window, &path).await;
    }
    window.visit(&format!("/events/{event}/seats?section=B")).await;
    window.click("label:has(> input)").await;
    assert_is_accessible(&window, "chosen seats").await;
    window.click("#picker button[type=submit]").await;
    window.wait_for("#countdown").await;
    assert_is_accessible(&window, "a hold").await;
    window.click("form[action$='/confirm'] button").await;
    window.wait_for("a[href$='/tickets']").await;
    assert_is_accessible(&window, "a booking").await;
    window.click("a[href$='/tickets']").await;
    window.wait_for("main svg, main img").await;
    assert_is_accessible(&window, "tickets").await;
    window.close().await;
}

#[tokio::test]
async fn every_page_is_accessible_on_a_bright_phone() {
    look_at_every_page(PHONE).await;
}

#[tokio::test]
async fn every_page_is_accessible_at_a_dark_desk_in_german() {
    look_at_every_page(Device { is_dark: true, language: "de", ..DESK }).await;
}
