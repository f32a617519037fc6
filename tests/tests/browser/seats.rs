//! The picker of seats, live.

use serde_json::json;
use tests::BoxOffice;

use crate::chromium::{Device, PHONE, Window};
use crate::gala;

#[tokio::test]
async fn a_seat_that_somebody_takes_changes_while_one_looks() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let window = Window::open(&office, PHONE).await;
    window.visit(&format!("/events/{event}/seats?section=A")).await;
    window.wait_for("#map [data-seat='A-1-1'].free").await;
    window.click("label:has(> input[value='A-1-1'])").await;
    let buyer = office.buyer().await;
    let seats = json!({ "event_id": event, "seats": ["A-1-1", "A-1-2"] });
    let held = buyer.hold(&event, seats).await;
    window.wait_for("#map [data-seat='A-1-1'].held").await;
    window.wait_for("input[value='A-1-2']:disabled").await;
    // What was chosen and is gone is told, and not chosen any more.
    window.wait_for_text("A-1-1").await;
    assert_eq!(window.property("input[value='A-1-1']", "checked").await, false);
    buyer.release(held["booking_id"].as_str().expect("an id")).await.expect(200);
    window.wait_for("#map [data-seat='A-1-1'].free").await;
    window.wait_for("input[value='A-1-2']:enabled").await;
    window.close().await;
}

#[tokio::test]
async fn whoever_is_late_is_told_which_seats_are_gone_and_offered_the_nearest() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    // Without a script nothing tells before the press.
    let window = Window::open(&office, Device { has_script: false, ..PHONE }).await;
    window.visit(&format!("/events/{event}/seats?section=A")).await;
    window.click("label:has(> input[value='A-3-5'])").await;
    let buyer = office.buyer().await;
    buyer.hold(&event, json!({ "event_id": event, "seats": ["A-3-5"] })).await;
    window.click("#picker button[type=submit]").await;
    window.wait_for("[role=alert]").await;
    let told = window.text("[role=alert]").await.expect("a message");
    assert!(told.contains("A-3-5"), "{told}");
    window.wait_for("#picker input[name=seats]:checked").await;
    window.close().await;
}
