//! The door, on a phone.

use tests::BoxOffice;

use crate::chromium::{PHONE, Window};
use crate::gala;

#[tokio::test]
async fn a_ticket_is_green_once_and_red_after_that() {
    let office = BoxOffice::open();
    let event = office.event(gala()).await;
    let fan = Window::open(&office, PHONE).await;
    fan.visit(&format!("/events/{event}/seats?section=B")).await;
    fan.click("form.best button").await;
    fan.click("form[action$='/confirm'] button").await;
    fan.click("a[href$='/tickets']").await;
    fan.wait_for("main svg, main img").await;
    let script = "return (document.body.innerText.match(/[0-9a-hjkmnp-z]{12}/) || [])[0]";
    let code = fan.run(script, &[]).await;
    let code = code.as_str().expect("the id is on the ticket").to_owned();
    fan.close().await;

    let door = Window::open(&office, PHONE).await;
    door.visit("/door").await;
    door.fill("input[name=key]", &office.system().secrets.organiser_key).await;
    door.click("main form button").await;
    door.wait_for(&format!("a[href='/door/{event}']")).await;
    for (verdict, word) in [("good", "Admitted"), ("bad", "Already used")] {
        door.visit(&format!("/door/{event}")).await;
        door.fill("input[name=code]", &code).await;
        door.click("form:has(input[name=code]) button").await;
        door.wait_for(&format!(".verdict.{verdict}")).await;
        door.wait_for_text(word).await;
    }
    let complaints = door.complaints().await;
    let complaints: Vec<_> = complaints.iter().filter(|it| !it.contains("favicon")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    door.close().await;
}
