//! Rate limits, small ones in an application of their own.

use std::sync::OnceLock;

use reqwest::Method;
use serde_json::json;
use tests::{Answer, BoxOffice, Buyer};

/// An application that allows very little, an hour long, behind one trusted proxy.
fn strict() -> BoxOffice {
    static BESIDE: OnceLock<BoxOffice> = OnceLock::new();
    let beside = BESIDE.get_or_init(|| {
        BoxOffice::open().beside(&[
            ("rate_limits_user", "join=3/3600,poll=2/3600,reserve=1/3600"),
            ("rate_limits_address", "guest=2/3600"),
            ("trusted_proxy_hops", "1"),
        ])
    });
    BoxOffice::at(beside)
}

fn assert_limited(answer: &Answer, class: &str, count: i64) {
    answer.expect_problem(429, "rate_limited");
    let seconds: i64 = answer.header("retry-after").expect("a time").parse().expect("seconds");
    assert!((1..=3_600).contains(&seconds), "{answer}: {seconds}");
    let limit = answer.header("ratelimit").expect("what is left");
    assert_eq!(limit, format!("\"{class}\";r=0;t={seconds}"));
    let policy = answer.header("ratelimit-policy").expect("the rate");
    assert_eq!(policy, format!("\"{class}\";q={count};w=3600"));
}

#[tokio::test]
async fn a_user_over_the_limit_is_told_when_to_come_again_and_others_go_on() {
    let (office, strict) = (BoxOffice::open(), strict());
    let event = office.event(json!({ "sale": { "queue": { "enabled": true } } })).await;
    // Tokens of guests are limited too; these come from the other application.
    let (eager, calm) = (office.buyer().await.at(&strict), office.buyer().await.at(&strict));
    eager.join(&event).await.expect(201);
    for _ in 0..2 {
        eager.join(&event).await.expect(200);
    }
    assert_limited(&eager.join(&event).await, "join", 3);
    calm.join(&event).await.expect(201);
    // Each class counts by itself, and a limited request has had no effect.
    for _ in 0..2 {
        eager.position(&event).await.expect(200);
    }
    assert_limited(&eager.position(&event).await, "poll", 2);
    let open = office.event(json!({})).await;
    eager.hold(&open, json!({ "seats": ["A-1-1"] })).await;
    let limited = eager.reserve(&open, json!({ "seats": ["A-1-2"] })).await;
    assert_limited(&limited, "reserve", 1);
    assert_eq!(office.counts(&open).await, [59, 1, 0]);
    // Elsewhere, without these limits, the same user is not limited.
    eager.at(&office).reserve(&open, json!({ "seats": ["A-1-2"] })).await.expect(201);
}

/// The address is what the trusted proxy has appended. What a client writes before it, or in the
/// host's own header, changes nothing.
#[tokio::test]
async fn an_address_cannot_be_invented() {
    let strict = strict();
    let ask = async |forwarded: &str| {
        let request = strict.request(Method::POST, "/api/v1/auth/guest");
        let request = request.header("x-forwarded-for", forwarded);
        request.header("spin-client-addr", "198.51.100.1:1").send().await
    };
    ask("203.0.113.5").await.expect(201);
    ask("1.1.1.1, 203.0.113.5").await.expect(201);
    assert_limited(&ask("2.2.2.2, 203.0.113.5").await, "guest", 2);
    assert_limited(&ask("203.0.113.6, 203.0.113.5").await, "guest", 2);
    ask("203.0.113.5, 203.0.113.6").await.expect(201);
    // All of a customer's /64 is one address.
    ask("2001:db8:1:2::1").await.expect(201);
    ask("2001:db8:1:2:ffff::2").await.expect(201);
    assert_limited(&ask("2001:db8:1:2:1:2:3:4").await, "guest", 2);
}

/// A new token for who is known costs as much as one for somebody new; and the page shows itself
/// also where no more guests are made.
#[tokio::test]
async fn a_renewed_guest_counts_and_a_page_shows_without_one() {
    let strict = strict();
    let token = BoxOffice::open().buyer().await.token;
    let queue = json!({ "sale": { "queue": { "enabled": true, "release_per_s": 0 } } });
    let event = strict.event(queue).await;
    let ask = |path: &str, method: Method| {
        let request = strict.request(method, path);
        request.header("x-forwarded-for", "203.0.113.77")
    };
    let renew = || ask("/api/v1/auth/guest", Method::POST).bearer(&token);
    renew().send().await.expect(201);
    renew().send().await.expect(201);
    assert_limited(&renew().send().await, "guest", 2);
    let page = ask(&format!("/waiting-room/{event}"), Method::GET).send().await;
    assert_eq!(page.status, 200, "{page}");
    assert!(page.header("set-cookie").is_none(), "{page}");
    assert!(page.page().contains("<form method=\"post\""), "{page}");
    assert!(!page.page().contains("name=\"remembered\""), "joins as somebody new: {page}");
}

/// However many users an address makes up, it has two places in a line.
#[tokio::test]
async fn an_address_takes_as_many_places_as_it_may() {
    let office = BoxOffice::open();
    let beside = office.beside(&[("queue_places_per_address", "2"), ("trusted_proxy_hops", "1")]);
    let queue = json!({ "sale": { "queue": { "enabled": true, "release_per_s": 0 } } });
    let event = office.event(queue.clone()).await;
    let mut buyers = Vec::new();
    for _ in 0..3 {
        buyers.push(office.buyer().await.at(&beside));
    }
    let join = async |buyer: &Buyer, event: &str, address: &str| {
        buyer.join_request(event).header("x-forwarded-for", address).send().await
    };
    join(&buyers[0], &event, "203.0.113.5").await.expect(201);
    join(&buyers[1], &event, "198.51.100.1, 203.0.113.5").await.expect(201);
    let refused = join(&buyers[2], &event, "203.0.113.5").await;
    assert!(refused.header("retry-after").is_some(), "{refused}");
    refused.expect_problem(429, "rate_limited");
    // The page is no way around it.
    let form = beside.request(Method::POST, &format!("/waiting-room/{event}"));
    let form = form.body("application/x-www-form-urlencoded", "");
    let page = form.header("x-forwarded-for", "203.0.113.5").send().await;
    assert_eq!(page.status, 429, "{page}");
    join(&buyers[0], &event, "203.0.113.5").await.expect(200);
    let other = office.event(queue).await;
    join(&buyers[2], &other, "203.0.113.5").await.expect(201);
    buyers[1].leave(&event).await.expect(204);
    join(&buyers[2], &event, "203.0.113.5").await.expect(201);
    join(&buyers[1], &event, "203.0.113.6").await.expect(201);
    // Nothing that is kept tells the address.
    let keys = office.inside().keys_of(&event);
    assert!(keys.iter().any(|key| key.ends_with(":addresses")), "{keys:?}");
}

#[tokio::test]
async fn without_a_limit_a_crowd_behind_one_address_is_served() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    for _ in 0..30 {
        office.buyer().await;
    }
    let buyer = office.buyer().await;
    for _ in 0..30 {
        buyer.join(&event).await;
        buyer.position(&event).await;
    }
    assert_ne!(buyer.position(&event).await.status, 429);
}

/// A limit that nobody can read must not become none.
#[tokio::test]
async fn a_limit_that_cannot_be_read_refuses() {
    let office = BoxOffice::open();
    let beside = office.beside(&[("rate_limits_user", "join=many")]);
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await.at(&beside);
    buyer.join(&event).await.expect_problem(503, "not_configured");
}
