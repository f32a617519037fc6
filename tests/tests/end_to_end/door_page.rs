//! The door as a page, without JavaScript: sign in, pick the event, scan.

use reqwest::Method;
use serde_json::json;
use tests::{Answer, BoxOffice};

use crate::browser::{Browser, hidden_fields};
use crate::pages::{assert_has, way_on};
use crate::tickets::{one_ticket, text};

/// A browser that has signed in.
async fn at_the_door(office: &BoxOffice) -> Browser {
    let mut browser = Browser::new(office);
    let page = browser.open("/door").await;
    let key = office.system().secrets.organiser_key.clone();
    let entered = browser.send(&page, "/door", &[("key", &key)]).await;
    assert_eq!(way_on(&entered), "/door");
    assert!(!browser.cookies["boxoffice_door"].contains(&key));
    browser
}

async fn scan(browser: &mut Browser, page: &Answer, path: &str, code: &str) -> Answer {
    let answer = browser.send(page, path, &[("code", code)]).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn a_ticket_is_scanned_on_the_page_once_and_taken_back() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "name": "Door test" })).await;
    let buyer = office.buyer().await;
    let ticket = one_ticket(&office, &buyer, &event).await;
    let (id, code) = (text(&ticket, "ticket_id"), text(&ticket, "code"));
    let mut browser = at_the_door(&office).await;
    let path = format!("/door/{event}");
    let page = browser.open(&path).await;
    assert_has(&page, "<h1>Door test</h1>");
    assert_has(&page, "0 of 1 are in");
    let admitted = scan(&mut browser, &page, &path, code).await;
    assert_has(&admitted, "class=\"verdict good\"");
    assert_has(&admitted, "<h2>Admitted</h2>");
    assert_has(&admitted, "1 of 1 are in");
    // The same press once more is not a second admission, and does not look like one.
    let again = scan(&mut browser, &page, &path, code).await;
    assert_has(&again, "class=\"verdict neutral\"");
    let next = browser.open(&path).await;
    let used = scan(&mut browser, &next, &path, code).await;
    assert_has(&used, "class=\"verdict bad\"");
    assert_has(&used, "<h2>Already used</h2>");
    let next = browser.open(&path).await;
    let unknown = scan(&mut browser, &next, &path, "0123456789ab").await;
    assert_has(&unknown, "<h2>No ticket of ours</h2>");

    // The first form of a page with a verdict takes it back.
    let undone = browser.send(&used, &path, &[]).await;
    assert_has(&undone, "<h2>Taken back</h2>");
    assert_has(&scan(&mut browser, &undone, &path, id).await, "<h2>Admitted</h2>");

    let events = browser.open("/door").await;
    let left = browser.send(&events, "/door", &[]).await;
    assert_eq!(way_on(&left), "/door");
    assert_has(&browser.open("/door").await, "name=\"key\"");
}

#[tokio::test]
async fn only_the_key_opens_the_door_and_only_its_own_forms_scan() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let ticket = one_ticket(&office, &buyer, &event).await;
    let code = text(&ticket, "code");
    let path = format!("/door/{event}");
    let mut stranger = Browser::new(&office);
    let page = stranger.open("/door").await;
    for key in ["", "wrong", &buyer.token] {
        let refused = stranger.send(&page, "/door", &[("key", key)]).await;
        assert_eq!(refused.status, 401, "{refused}");
        assert_has(&refused, "This is not the key.");
    }
    assert_eq!(way_on(&stranger.open(&path).await), "/door");
    stranger.cookies.insert("boxoffice_door".to_owned(), "9999999999.x.00".to_owned());
    assert_eq!(way_on(&stranger.open(&path).await), "/door");
    let form = "application/x-www-form-urlencoded";
    let body = format!("code={code}");
    let sent = stranger.request(Method::POST, &path).body(form, body.clone()).send().await;
    assert_eq!(way_on(&sent), "/door");

    let mut browser = at_the_door(&office).await;
    let bare = browser.request(Method::POST, &path).body(form, body.clone()).send().await;
    assert_eq!(bare.status, 403, "{bare}");
    let page = browser.open(&path).await;
    let hidden = hidden_fields(page.page(), &path);
    let pairs: Vec<_> = hidden.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let sealed = format!("{}&{body}", pairs.join("&"));
    let request = browser.request(Method::POST, &path).body(form, sealed);
    let elsewhere = request.header("sec-fetch-site", "same-site").send().await;
    assert_eq!(elsewhere.status, 403, "{elsewhere}");
    let admissions = "SELECT count(*) FROM boxoffice.admissions WHERE ticket_id = $1";
    assert_eq!(office.inside().count(admissions, text(&ticket, "ticket_id")).await, 0);
    let few =
        office.beside(&[("rate_limits_address", "sign_in=1/3600"), ("trusted_proxy_hops", "1")]);
    let guess = |key: &str| {
        let request = few.request(Method::POST, "/door");
        request.header("x-forwarded-for", "203.0.113.78").body(form, format!("key={key}")).send()
    };
    assert_eq!(guess("a").await.status, 401);
    assert_eq!(guess("b").await.status, 429);
}
