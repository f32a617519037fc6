//! Pictures of the pages, for the documents: made where `BOXOFFICE_PICTURES` names a folder.

use std::path::PathBuf;

use serde_json::json;
use tests::BoxOffice;

use crate::chromium::{DESK, Device, PHONE, Window};
use crate::gala;

#[tokio::test]
async fn each_page_has_its_picture() {
    let folder = std::env::var_os("BOXOFFICE_PICTURES").map(PathBuf::from);
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let buyer = office.buyer().await;
    let seats = ["A-1-1", "A-1-2", "A-2-9"];
    buyer.hold(&event, json!({ "event_id": event, "seats": seats })).await;
    for (name, device, row) in [
        ("phone-bright", PHONE, 3),
        ("phone-dark", Device { is_dark: true, ..PHONE }, 4),
        ("desk-bright", DESK, 5),
        ("desk-dark", Device { is_dark: true, ..DESK }, 6),
    ] {
        let window = Window::open(&office, device).await;
        let take = async |page: &str| {
            let picture = window.picture().await;
            assert!(picture.starts_with(b"RIFF"), "{page} has no picture");
            if let Some(folder) = &folder {
                let path = folder.join(format!("{page}-{name}.webp"));
                std::fs::write(path, picture).expect("the folder can be written");
            }
        };
        window.visit(&format!("/events/{event}")).await;
        take("event").await;
        window.visit(&format!("/events/{event}/seats?section=A")).await;
        window.wait_for("#map [data-seat='A-1-1'].held").await;
        for number in [4, 5] {
            window.click(&format!("#map [data-seat='A-{row}-{number}']")).await;
        }
        take("seats").await;
        window.click("#picker button[type=submit]").await;
        window.wait_for("#countdown").await;
        take("booking").await;
        window.click("form[action$='/pay'] button").await;
        window.click("button[value=pay]").await;
        window.click("a[href$='/tickets']").await;
        window.wait_for("main svg, main img").await;
        take("tickets").await;
        window.close().await;
    }
}
