//! The waiting room as a browser without JavaScript sees it.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, BoxOffice, Minter, altered, claims_of, eventually, now_s, solve};

use crate::browser::{Browser, between};

#[track_caller]
fn assert_tells(answer: &Answer, heading: &str) {
    assert_eq!(answer.status, 200, "{answer}");
    assert!(answer.page().contains(&format!("<h2>{heading}</h2>")), "{}", answer.page());
}

fn by_hand() -> Value {
    json!({ "sale": { "queue": { "enabled": true, "release_per_s": 0 } } })
}

#[tokio::test]
async fn a_fan_without_javascript_joins_waits_is_let_in_and_reserves() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let first = office.buyer().await;
    first.join(&event).await.expect(201);
    let mut browser = Browser::new(&office);
    let page = browser.show(&event).await;
    assert_tells(&page, "The sale is open");

    let page = browser.join(&event).await;
    assert_tells(&page, "You are in the line");
    assert!(page.page().contains("<strong id=\"position\">2</strong>"), "{}", page.page());
    let refresh = "<noscript><meta http-equiv=\"refresh\" content=\"6\"></noscript>";
    assert!(page.page().contains(refresh), "{}", page.page());
    // What the script follows is the stream of this place.
    let stream = between(page.page(), "data-stream=\"", "\"").expect("a stream");
    let mut stream = office.request(Method::GET, stream).stream().await;
    assert_eq!(stream.expect("place").await["position"], 2);
    // Twice is once, and a refresh changes nothing.
    let again = browser.send_form(&format!("/waiting-room/{event}")).send().await;
    assert_eq!(again.status, 303, "{again}");
    assert!(browser.show(&event).await.page().contains(">2</strong>"));
    first.leave(&event).await.expect(204);
    assert!(browser.show(&event).await.page().contains(">1</strong>"));

    office.organiser().let_in(&event, 10).await.expect(200);
    let page = browser.show(&event).await;
    assert_tells(&page, "It is your turn");
    // Leads on by itself, to the seats.
    let seats = format!("/events/{event}/seats");
    let leads = format!("<meta http-equiv=\"refresh\" content=\"0; url={seats}\">");
    assert!(page.page().contains(&leads), "{}", page.page());
    let page = browser.open(&seats).await;
    assert_eq!(page.status, 200, "{page}");
    let held = browser.send(&page, &seats, &[("section", "A"), ("quantity", "2")]).await;
    assert_eq!(held.status, 303, "{held}");
    let booking = browser.open(held.header("location").expect("a way on")).await;
    assert_tells(&booking, "Your seats are held");
    assert!(booking.page().contains("2 tickets, section A"), "{}", booking.page());
    assert_tells(&browser.show(&event).await, "The sale is open");
}

/// What the page says of the sale is what the interface says.
#[tokio::test]
async fn a_page_tells_that_the_sale_is_stopped() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    office.organiser().change(&event, json!({ "paused": true })).await.expect(200);
    assert_eq!(office.availability(&event).await["status"], "paused");
    let mut browser = Browser::new(&office);
    assert_tells(&browser.show(&event).await, "The sale is stopped for the moment");
    assert_tells(&browser.join(&event).await, "You are in the line");
}

#[tokio::test]
async fn before_the_sale_nobody_is_told_a_position() {
    let office = BoxOffice::open();
    let change = json!({ "on_sale_at": "2037-05-01T00:00:00Z",
        "sale": { "queue": { "enabled": true } } });
    let event = office.event(change).await;
    let mut browser = Browser::new(&office);
    let page = browser.show(&event).await;
    assert_tells(&page, "The sale has not begun");
    assert!(page.page().contains("Friday, 1 May 2037, 00:00 UTC"), "{}", page.page());
    let page = browser.join(&event).await;
    assert_tells(&page, "You are in the waiting room");
    assert!(!page.page().contains("id=\"position\""), "{}", page.page());
    // As often as a program asks, or the page comes back too late to a place that was lost.
    let place = office.request(Method::GET, &format!("/api/v1/queue/position/{event}"));
    let minter = Minter::of(&office);
    let claims = json!({ "sub": claims_of(browser.token())["sub"], "jti": "1",
        "iat": now_s(), "exp": now_s() + 600, "iss": "boxoffice", "aud": "boxoffice" });
    let token = minter.token(&minter.header("buyer+jwt"), &claims);
    let place = place.bearer(&token).send().await.expect(200);
    let poll_s = place["poll_after_ms"].as_u64().expect("a number of ms") / 1_000;
    let refresh = format!("http-equiv=\"refresh\" content=\"{poll_s}\"");
    assert!(page.page().contains(&refresh), "{refresh} not in {}", page.page());
}

#[tokio::test]
async fn the_end_is_told() {
    let office = BoxOffice::open();
    let queue = json!({ "enabled": true, "release_per_s": 0, "pass_ttl_s": 1 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let mut browser = Browser::new(&office);
    browser.join(&event).await;
    office.organiser().let_in(&event, 1).await.expect(200);
    let page = eventually("the pass has run out", async || {
        let page = browser.look(&event).await;
        page.page().contains("<h2>Your turn is over</h2>").then_some(page)
    })
    .await;
    assert!(!page.page().contains("id=\"pass\""), "{}", page.page());
    let joined = browser.submit(&page).await;
    assert_eq!(joined.status, 303, "{joined}");
    assert_tells(&browser.show(&event).await, "You are in the line");

    office.organiser().cancel_event(&event).await.expect(200);
    let page = eventually("the line is closed", async || {
        let page = browser.look(&event).await;
        page.page().contains("<h2>The line has ended</h2>").then_some(page)
    })
    .await;
    assert!(page.page().contains("The event is called off."), "{}", page.page());
    assert!(!page.page().contains("http-equiv=\"refresh\""), "nothing else will come");
}

#[tokio::test]
async fn the_words_of_an_organiser_are_no_markup() {
    let office = BoxOffice::open();
    let name = "</title><script>alert('1')</script><img src=\"x\" onerror=\"y\">";
    let message = "<i>Please wait</i>";
    let queue = json!({ "enabled": true, "release_per_s": 0, "message": message });
    let change = json!({ "name": name, "venue": "<b>&\"'", "sale": { "queue": queue } });
    let event = office.event(change).await;
    let mut browser = Browser::new(&office);
    for page in [browser.show(&event).await, browser.join(&event).await] {
        assert!(!page.page().contains("<img") && !page.page().contains("<b>"), "{}", page.page());
        assert!(page.page().contains(">&#60;i&#62;Please wait&#60;/i&#62;</p>"), "{}", page.page());
        let escaped = "<h1>&#60;/title&#62;&#60;script&#62;alert(&#39;1&#39;)";
        assert!(page.page().contains(escaped), "{}", page.page());
    }
}

#[tokio::test]
async fn a_bad_cookie_is_somebody_new() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let pass = office.buyer().await.pass(&office.event(by_hand()).await).await;
    for bad in ["", "x", "a.b.c", "\"><script>", &pass, &"x".repeat(3_000)] {
        let mut browser = Browser::new(&office);
        browser.cookies.insert("boxoffice_session".to_owned(), bad.to_owned());
        browser.cookies.insert("boxoffice_receipt".to_owned(), bad.to_owned());
        assert_tells(&browser.show(&event).await, "The sale is open");
        assert_tells(&browser.join(&event).await, "You are in the line");
        assert_ne!(browser.token(), bad);
    }
}

/// A page of another site could otherwise make the fan somebody else, without a place.
#[tokio::test]
async fn another_sites_form_does_nothing() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let browser = Browser::new(&office);
    let path = format!("/waiting-room/{event}");
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let refused = browser.send_form(&path).header(name, value).send().await;
        assert_eq!(refused.status, 403, "{refused}");
        assert!(refused.header("set-cookie").is_none(), "{refused}");
    }
    let own = browser.send_form(&path).header("origin", office.base_url()).send().await;
    assert_eq!(own.status, 303, "{own}");
}

#[tokio::test]
async fn what_is_not_there_is_told_in_words() {
    let office = BoxOffice::open();
    for event in ["x", "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5"] {
        let mut browser = Browser::new(&office);
        let page = browser.show(event).await;
        assert_eq!(page.status, 404, "{page}");
        assert!(page.page().contains("<h1>The event does not exist</h1>"), "{}", page.page());
        let joined = browser.send_form(&format!("/waiting-room/{event}")).send().await;
        assert_eq!(joined.status, 404, "{joined}");
    }
    let event = office.event(by_hand()).await;
    let no_form = office.request(Method::POST, &format!("/waiting-room/{event}"));
    assert_eq!(no_form.json(&json!({})).send().await.status, 415);
    for file in ["waiting-room.js", "style.css"] {
        let served = office.get(&format!("/assets/{file}")).await;
        assert_eq!(served.status, 200, "{served}");
        assert_eq!(served.header("cache-control"), Some("public, max-age=3600"));
    }
}

/// Without JavaScript there is no solving; the page says so, and brings the challenge.
#[tokio::test]
async fn a_proof_is_asked_for_on_the_page() {
    let office = BoxOffice::open().beside(&[("join_proof_difficulty", "2000")]);
    let event = office.event(by_hand()).await;
    let mut browser = Browser::new(&office);
    let page = browser.show(&event).await;
    let asked = browser.submit(&page).await;
    assert_eq!(asked.status, 403, "{asked}");
    let challenge = between(asked.page(), "data-challenge=\"", "\"").expect("a challenge");
    let challenge = challenge.replace("&#34;", "\"").replace("&#38;", "&");
    let proof = solve(&serde_json::from_str(&challenge).expect("JSON"));
    // Base64 has letters that a form writes otherwise.
    let form = format!("proof={}", proof.replace('+', "%2B").replace('=', "%3D"));
    let path = format!("/waiting-room/{event}");
    let joined =
        browser.request(Method::POST, &path).body("application/x-www-form-urlencoded", form);
    assert_eq!(joined.send().await.status, 303);
    assert_tells(&browser.show(&event).await, "You are in the line");
}

/// An event whose sale opens far away.
fn later() -> Value {
    json!({ "on_sale_at": "2037-05-01T00:00:00Z",
        "sale": { "queue": { "enabled": true, "release_per_s": 0 } } })
}

async fn waiting(office: &BoxOffice, event: &str) -> Value {
    let status = office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    status["waiting"].clone()
}

/// Who the page is for, by the ticket of its stream.
fn user_of(page: &Answer) -> Value {
    let ticket = between(page.page(), "?ticket=", "\"").expect("a ticket");
    claims_of(ticket)["sub"].clone()
}

/// The page promises that coming back with this browser is enough, however long it takes.
#[tokio::test]
async fn who_comes_back_after_days_has_the_place_still() {
    let office = BoxOffice::open();
    let minter = Minter::of(&office);
    let header = minter.header("session+jwt");
    let event = office.event(by_hand()).await;
    office.buyer().await.join(&event).await.expect(201);
    let mut browser = Browser::new(&office);
    let page = browser.join(&event).await;
    assert!(page.page().contains(">2</strong>"), "{}", page.page());
    let claims = claims_of(browser.token());
    let at = |age_s: i64| {
        let times = json!({ "iat": now_s() - age_s, "exp": now_s() - age_s + 90 * 86_400 });
        minter.token(&header, &tests::merged(claims.clone(), &times))
    };
    // A token in the first half of its life is kept, any other is replaced by one of the same fan.
    for (token, is_kept) in [
        (Some(at(600)), true),
        (Some(at(50 * 86_400)), false),
        (Some(at(100 * 86_400)), false),
        (Some("nonsense".to_owned()), false),
        (None, false),
    ] {
        browser.cookies.remove("boxoffice_session");
        browser.cookies.extend(token.clone().map(|it| ("boxoffice_session".to_owned(), it)));
        let page = browser.show(&event).await;
        assert_tells(&page, "You are in the line");
        assert!(page.page().contains(">2</strong>"), "{}", page.page());
        assert_eq!(page.headers.get_all("set-cookie").iter().count(), usize::from(!is_kept));
        assert_eq!(token.as_deref() == Some(browser.token()), is_kept, "{token:?}");
        let now = claims_of(browser.token());
        assert_eq!(now["sub"], claims["sub"]);
        assert!(now["exp"].as_i64().expect("seconds") > now_s() + 44 * 86_400, "{now}");
    }
    // Joining again finds the same place, and so does a page after Redis has lost it.
    browser.cookies.insert("boxoffice_session".to_owned(), at(100 * 86_400));
    let again = browser.send_form(&format!("/waiting-room/{event}")).send().await;
    assert_eq!(again.status, 303, "{again}");
    assert_eq!(waiting(&office, &event).await, 2);
    office.inside().forget(&event);
    assert_tells(&browser.show(&event).await, "You are in the line");
    assert_eq!(claims_of(browser.token())["sub"], claims["sub"]);
}

/// A receipt is good for its event and its owner: nobody else has the place by it.
#[tokio::test]
async fn a_receipt_in_a_cookie_is_its_owners_and_its_events() {
    let office = BoxOffice::open();
    let (event, other_event) = (office.event(by_hand()).await, office.event(by_hand()).await);
    let (mut one, mut other) = (Browser::new(&office), Browser::new(&office));
    one.join(&event).await;
    let page = other.join(&event).await;
    assert!(page.page().contains(">2</strong>"), "{}", page.page());
    let receipt = one.cookies["boxoffice_receipt"].clone();
    let owner = claims_of(&receipt)["sub"].clone();

    // Whoever shows it where it is good is the owner, in everything.
    other.cookies.insert("boxoffice_receipt".to_owned(), receipt.clone());
    let page = other.show(&event).await;
    assert!(page.page().contains(">1</strong>"), "{}", page.page());
    assert_eq!((user_of(&page), &claims_of(other.token())["sub"]), (owner.clone(), &owner));

    for bad in [receipt.clone(), altered(&receipt, &json!({ "aud": other_event }))] {
        let mut elsewhere = Browser::new(&office);
        elsewhere.cookies.insert("boxoffice_receipt".to_owned(), bad);
        assert_tells(&elsewhere.show(&other_event).await, "The sale is open");
        assert_ne!(claims_of(elsewhere.token())["sub"], owner);
        let page = elsewhere.join(&other_event).await;
        assert_tells(&page, "You are in the line");
        assert_ne!(user_of(&page), owner);
    }
}

/// A fan who presses the button twice, before the first answer is there.
#[tokio::test]
async fn pressing_the_button_twice_takes_one_place() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let mut browser = Browser::new(&office);
    let page = browser.show(&event).await;
    let user = claims_of(browser.token())["sub"].clone();
    let send = async || browser.form(&page).1.send().await;
    let (first, second) = tokio::join!(send(), send());
    assert_eq!((first.status, second.status), (303, 303), "{first} {second}");
    for answer in [first, second] {
        browser.keep(&answer);
    }
    assert_eq!(claims_of(browser.token())["sub"], user);
    assert_eq!(waiting(&office, &event).await, 1);
    // A second look of somebody known makes nobody new.
    assert_eq!(browser.show(&event).await.header("set-cookie"), None);
}

#[tokio::test]
async fn a_page_without_a_way_in_sets_no_cookie() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let stopped = json!({ "sale": { "queue": { "enabled": true, "joining": false } } });
    let small = json!([{ "name": "A", "kind": "standing", "capacity": 1, "price": 0 }]);
    let cancelled = office.event(by_hand()).await;
    organiser.cancel_event(&cancelled).await.expect(200);
    let sold_out = office.event(json!({ "sections": small })).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&sold_out, json!({ "section": "A", "quantity": 1 })).await;
    buyer.confirm(held["booking_id"].as_str().expect("an id")).await.expect(200);
    for (event, heading) in [
        (office.event(stopped).await, "Nobody else can join at the moment"),
        (cancelled, "This event is called off"),
        (sold_out, "Everything is sold"),
    ] {
        let page = eventually(heading, async || {
            let page = Browser::new(&office).look(&event).await;
            page.page().contains(&format!("<h2>{heading}</h2>")).then_some(page)
        })
        .await;
        assert_eq!(page.header("set-cookie"), None, "{page}");
        assert!(!page.page().contains("<form"), "{}", page.page());
    }
    // What another site's page embeds comes without the cookies that there are.
    let event = office.event(by_hand()).await;
    let embedded = Browser::new(&office).request(Method::GET, &format!("/waiting-room/{event}"));
    let page = embedded.header("sec-fetch-dest", "image").send().await;
    assert_eq!((page.status, page.header("set-cookie")), (200, None));
}

/// Each place would be somebody else's, and each proof of work too, again and again.
#[tokio::test]
async fn a_browser_without_cookies_is_told_so() {
    let office = BoxOffice::open();
    let asking = office.beside(&[("join_proof_difficulty", "1000")]);
    let event = office.event(by_hand()).await;
    let path = format!("/waiting-room/{event}");
    let refuses = |answer: &Answer| {
        assert_eq!((answer.status, answer.header("set-cookie")), (400, None), "{answer}");
        assert!(answer.page().contains("<h1>This page needs cookies</h1>"), "{}", answer.page());
        for again in ["data-challenge", "http-equiv", "data-refresh-s"] {
            assert!(!answer.page().contains(again), "goes on: {}", answer.page());
        }
    };
    for office in [&office, &asking] {
        let browser = Browser::new(office);
        let page = browser.look(&event).await;
        refuses(&browser.form(&page).1.send().await);
    }
    let browser = Browser::new(&asking);
    let asked = browser.send_form(&path).send().await;
    let challenge = between(asked.page(), "data-challenge=\"", "\"").expect("a challenge");
    let challenge = challenge.replace("&#34;", "\"").replace("&#38;", "&");
    let proof = solve(&serde_json::from_str(&challenge).expect("JSON"));
    let form = format!("proof={}", proof.replace('+', "%2B").replace('=', "%3D"));
    let posted = browser.request(Method::POST, &path);
    refuses(&posted.body("application/x-www-form-urlencoded", form).send().await);
    assert_eq!(waiting(&office, &event).await, 0);
}

/// A sale that is put off after the draw takes newcomers in order: nobody is promised another draw.
#[tokio::test]
async fn after_the_draw_no_other_is_promised() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let put_off = json!({ "on_sale_at": "2037-05-01T00:00:00Z" });
    office.organiser().change(&event, put_off).await.expect(200);
    let mut browser = Browser::new(&office);
    let page = browser.show(&event).await;
    assert_tells(&page, "The sale has not begun");
    assert!(!page.page().contains("takes part in a draw"), "{}", page.page());
    assert!(page.page().contains("in order"), "{}", page.page());
    let page = browser.join(&event).await;
    assert_tells(&page, "You are in the line");
    assert!(page.page().contains("<strong id=\"position\">1</strong>"), "{}", page.page());
    assert!(page.page().contains("Friday, 1 May 2037, 00:00 UTC"), "{}", page.page());
    let place = office.buyer().await.join(&event).await.expect(201);
    assert_eq!((&place["position"], &place["poll_after_ms"]), (&json!(2), &json!(20_000)));
    assert!(place["estimated_wait_s"].as_i64() > Some(86_400), "{place}");
    assert!(page.page().contains("http-equiv=\"refresh\" content=\"20\""), "{}", page.page());

    let event = office.event(later()).await;
    let page = Browser::new(&office).show(&event).await;
    assert!(page.page().contains("takes part in a draw"), "{}", page.page());
}
