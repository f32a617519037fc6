//! Accounts over HTTP: a letter signs in and tells nobody whether there is an account, a guest
//! keeps what is the guest's, sessions end, and erasing leaves the books.

use std::sync::OnceLock;

use fake_provider::TakenLetter;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, BoxOffice, eventually};

use crate::browser::Browser;
use crate::pages::{assert_has, way_on};

/// The system, with limits that many tests fit into.
pub(crate) fn office() -> BoxOffice {
    static BESIDE: OnceLock<BoxOffice> = OnceLock::new();
    let limits = [("rate_limits_address", "letter=100000/3600,sign_in=100000/3600")];
    BoxOffice::at(BESIDE.get_or_init(|| BoxOffice::open().beside(&limits)))
}

/// The newest letter to a mailbox with this subject, once there are `count` of them.
pub(crate) async fn letter_to(
    office: &BoxOffice,
    email: &str,
    subject: &str,
    count: usize,
) -> TakenLetter {
    eventually("a letter has come", async || {
        let mut letters = office.provider().letters_to(email).await.expect("letters");
        letters.retain(|letter| letter.subject.starts_with(subject));
        (letters.len() >= count).then(|| letters.pop()).flatten()
    })
    .await
}

/// The code in a letter.
fn code_of(letter: &TakenLetter) -> String {
    letter.subject.trim_start_matches("Your code: ").to_owned()
}

/// The token of the link in a letter.
fn link_of(letter: &TakenLetter) -> String {
    let (_, rest) = letter.text.split_once("/auth/link?token=").expect("a link");
    rest.split_whitespace().next().expect("a token").to_owned()
}

async fn post(office: &BoxOffice, path: &str, token: Option<&str>, body: Value) -> Answer {
    let request = office.request(Method::POST, path).json(&body);
    let request = match token {
        Some(token) => request.bearer(token),
        None => request,
    };
    request.send().await
}

async fn with(office: &BoxOffice, method: Method, path: &str, token: &str) -> Answer {
    office.request(method, path).bearer(token).send().await
}

/// Somebody with a new account: the tokens of a session.
pub(crate) async fn signed_in(office: &BoxOffice, email: &str, guest: Option<&str>) -> Value {
    let before = office.provider().letters_to(email).await.expect("letters");
    let before = before.iter().filter(|it| it.subject.starts_with("Your code")).count();
    let body = json!({ "email": email, "name": "Ada Lovelace" });
    post(office, "/api/v1/auth/register", guest, body).await.expect(202);
    let letter = letter_to(office, email, "Your code", before + 1).await;
    let body = json!({ "email": email, "code": code_of(&letter) });
    post(office, "/api/v1/auth/verify", guest, body).await.expect(200)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}

async fn me(office: &BoxOffice, token: &str) -> Answer {
    with(office, Method::GET, "/api/v1/auth/me", token).await
}

#[tokio::test]
async fn whoever_asks_for_a_letter_learns_nothing() {
    let office = office();
    let (known, unknown) = ("known@people.example", "unknown@people.example");
    signed_in(&office, known, None).await;
    let mut bodies = Vec::new();
    for path in ["register", "login"] {
        for email in [known, unknown] {
            let path = format!("/api/v1/auth/{path}");
            let answer = post(&office, &path, None, json!({ "email": email })).await;
            assert_eq!(answer.status, 202, "{answer}");
            bodies.push(answer.body);
        }
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    let wrong = post(&office, "/api/v1/auth/login", None, json!({ "email": "nobody" })).await;
    wrong.expect_problem(422, "validation_failed");
}

#[tokio::test]
async fn a_code_is_good_once_and_a_wrong_one_counts() {
    let office = office();
    let email = "codes@people.example";
    let account = signed_in(&office, email, None).await;
    let token = text(&account, "token");
    let read = me(&office, token).await.expect(200);
    assert_eq!((text(&read, "email"), text(&read, "name")), (email, "Ada Lovelace"));
    assert_eq!(read["user_id"], account["user_id"]);

    let code = code_of(&letter_to(&office, email, "Your code", 1).await);
    let verify = async |code: &str| {
        post(&office, "/api/v1/auth/verify", None, json!({ "email": email, "code": code })).await
    };
    verify(&code).await.expect_problem(401, "code_invalid");
    post(&office, "/api/v1/auth/login", None, json!({ "email": email })).await.expect(202);
    let letter = letter_to(&office, email, "Your code", 2).await;
    let code = code_of(&letter);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for guess in [wrong; 5] {
        verify(guess).await.expect_problem(401, "code_invalid");
    }
    verify(&code).await.expect_problem(401, "code_invalid");
    // The link of the same letter is still good, once.
    let link = json!({ "link_token": link_of(&letter) });
    let again = post(&office, "/api/v1/auth/verify", None, link.clone()).await.expect(200);
    assert_eq!(again["user_id"], account["user_id"]);
    let twice = post(&office, "/api/v1/auth/verify", None, link).await;
    twice.expect_problem(401, "code_invalid");
}

#[tokio::test]
async fn a_refresh_token_that_is_shown_twice_ends_its_session() {
    let office = office();
    let account = signed_in(&office, "rotation@people.example", None).await;
    let refresh = async |token: &str| {
        post(&office, "/api/v1/auth/refresh", None, json!({ "refresh_token": token })).await
    };
    let first = text(&account, "refresh_token");
    let second = refresh(first).await.expect(200);
    assert_eq!(second["user_id"], account["user_id"]);
    me(&office, text(&second, "token")).await.expect(200);
    refresh(first).await.expect_problem(401, "unauthenticated");
    refresh(text(&second, "refresh_token")).await.expect_problem(401, "unauthenticated");
    me(&office, text(&second, "token")).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn signing_out_ends_this_session_or_all() {
    let office = office();
    let email = "logout@people.example";
    let (one, two) = (signed_in(&office, email, None).await, signed_in(&office, email, None).await);
    let three = signed_in(&office, email, None).await;
    let log_out = async |session: &Value, body: Value| {
        let path = "/api/v1/auth/logout";
        post(&office, path, Some(text(session, "token")), body).await
    };
    assert_eq!(log_out(&one, json!({})).await.status, 204);
    me(&office, text(&one, "token")).await.expect_problem(401, "unauthenticated");
    me(&office, text(&two, "token")).await.expect(200);
    assert_eq!(log_out(&two, json!({ "all": true })).await.status, 204);
    for session in [&two, &three] {
        me(&office, text(session, "token")).await.expect_problem(401, "unauthenticated");
        let body = json!({ "refresh_token": text(session, "refresh_token") });
        let refreshed = post(&office, "/api/v1/auth/refresh", None, body).await;
        refreshed.expect_problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_guest_who_registers_keeps_place_hold_and_bookings() {
    let office = office();
    let guest = office.buyer().await;
    let event = office.event(json!({ "sale": { "queue": { "enabled": false } } })).await;
    let line = office.event(json!({ "sale": { "queue": { "max_active": 0 } } })).await;
    let joined = guest.join(&line).await.expect(201);
    let seat = json!({ "event_id": event, "seats": ["A-1-1"] });
    let held = guest.hold(&event, seat).await;
    let account = signed_in(&office, "keeps@people.example", Some(&guest.token)).await;
    assert_eq!(account["user_id"], held["user_id"]);
    let token = text(&account, "token");
    let booking = format!("/api/v1/bookings/{}", text(&held, "booking_id"));
    let found = with(&office, Method::GET, &booking, token).await.expect(200);
    assert_eq!(found["status"], "reserved");
    let place = format!("/api/v1/queue/position/{line}");
    let place = with(&office, Method::GET, &place, token).await.expect(200);
    assert_eq!(place["number"], joined["number"]);
    let own = with(&office, Method::GET, "/api/v1/bookings", token).await.expect(200);
    assert_eq!(own["bookings"][0]["booking_id"], held["booking_id"]);

    // What proved the guest opens the account no more.
    let renewed = post(&office, "/api/v1/auth/guest", Some(&guest.token), json!({})).await;
    renewed.expect_problem(401, "unauthenticated");
    let receipt = text(&joined, "receipt");
    let by_receipt = office.request(Method::POST, "/api/v1/auth/guest");
    let by_receipt = by_receipt.header("x-queue-receipt", receipt).send().await;
    by_receipt.expect_problem(401, "unauthenticated");
    let renewed = post(&office, "/api/v1/auth/guest", Some(token), json!({})).await;
    renewed.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn who_asks_for_anothers_letter_shares_nothing_with_the_account() {
    let office = office();
    let (stranger, email) = (office.buyer().await, "victim@people.example");
    let body = json!({ "email": email });
    post(&office, "/api/v1/auth/register", Some(&stranger.token), body).await.expect(202);
    let link = link_of(&letter_to(&office, email, "Your code", 1).await);
    let body = json!({ "link_token": link });
    let account = post(&office, "/api/v1/auth/verify", None, body).await.expect(200);
    assert_ne!(text(&account, "user_id"), stranger.user_id);
}

#[tokio::test]
async fn a_guest_has_no_account_and_the_organiser_none_either() {
    let office = office();
    let guest = office.buyer().await;
    me(&office, &guest.token).await.expect_problem(403, "account_required");
    let organiser = office.organiser().request(Method::GET, "/api/v1/auth/me").send().await;
    organiser.expect_problem(403, "account_required");
    let nobody = office.request(Method::GET, "/api/v1/auth/me").send().await;
    nobody.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_account_is_changed_and_erased() {
    let office = office();
    let email = "erased@people.example";
    let account = signed_in(&office, email, None).await;
    let token = text(&account, "token");
    let change = async |body: Value| {
        office.request(Method::PUT, "/api/v1/auth/me").bearer(token).json(&body).send().await
    };
    let changed = change(json!({ "name": "Grace", "locale": "de" })).await.expect(200);
    assert_eq!((text(&changed, "name"), text(&changed, "locale")), ("Grace", "de"));
    let moved = change(json!({ "email": "other@people.example" })).await;
    moved.expect_problem(422, "validation_failed");

    assert_eq!(with(&office, Method::DELETE, "/api/v1/auth/me", token).await.status, 204);
    me(&office, token).await.expect_problem(401, "unauthenticated");
    let again = signed_in(&office, email, None).await;
    assert_ne!(again["user_id"], account["user_id"]);
}

#[tokio::test]
async fn the_link_of_a_letter_shows_a_button_that_signs_the_browser_in() {
    let office = office();
    let email = "browser@people.example";
    post(&office, "/api/v1/auth/login", None, json!({ "email": email })).await.expect(202);
    let link = link_of(&letter_to(&office, email, "Your code", 1).await);
    let path = format!("/auth/link?token={link}");
    // What only follows links uses nothing up.
    for _ in 0..2 {
        let page = Browser::new(&office).open(&path).await;
        assert_has(&page, "<h1>Sign in</h1>");
    }
    let mut browser = Browser::new(&office);
    let page = browser.open(&path).await;
    assert_eq!(way_on(&browser.send(&page, "/auth/link", &[]).await), "/bookings");
    let page = browser.open(&path).await;
    let again = browser.send(&page, "/auth/link", &[]).await;
    assert_eq!(again.status, 401, "{again}");
    let body = json!({ "link_token": link });
    let used = post(&office, "/api/v1/auth/verify", None, body).await;
    used.expect_problem(401, "code_invalid");
}
