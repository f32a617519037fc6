//! Who calls: guests, keys, and every token that is none.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{BoxOffice, Buyer, Minter, altered, claims_of, malleated, now_s, raw_exchange};

#[tokio::test]
async fn a_guest_token_names_its_user_and_its_end() {
    let office = BoxOffice::open();
    let guest = office.request(Method::POST, "/api/v1/auth/guest").send().await.expect(201);
    let token = guest["token"].as_str().expect("a token");
    let claims = claims_of(token);
    assert_eq!(claims["sub"], guest["user_id"]);
    assert!(claims["exp"].as_i64().expect("seconds") > now_s());
    assert!(guest["expires_at"].as_str().is_some_and(|time| time.ends_with('Z')), "{guest}");
    let me = office.request(Method::GET, "/api/v1/bookings").bearer(token).send().await;
    assert_eq!(me.expect(200)["bookings"], json!([]));
}

/// A token lives a day, a place longer: whoever proves to have been here before stays who they are,
/// and whoever fails to prove it is told so.
#[tokio::test]
async fn a_guest_who_proves_to_be_one_stays_the_same() {
    let office = BoxOffice::open();
    let minter = Minter::of(&office);
    let queue = json!({ "sale": { "queue": { "enabled": true, "release_per_s": 0 } } });
    let event = office.event(queue).await;
    let (buyer, other) = (office.buyer().await, office.buyer().await);
    let receipt = async |buyer: &Buyer| {
        let place = buyer.join(&event).await.expect(201);
        place["receipt"].as_str().expect("a receipt").to_owned()
    };
    let (own, of_other) = (receipt(&buyer).await, receipt(&other).await);
    let number = claims_of(&own)["number"].clone();
    let minted = |typ: &str, token: &str, change: &Value| {
        minter.token(&minter.header(typ), &tests::merged(claims_of(token), change))
    };
    let over = json!({ "iat": now_s() - 100_000, "exp": now_s() - 13_600 });
    let old_token = minted("buyer+jwt", &buyer.token, &over);
    let old_receipt = minted("receipt+jwt", &own, &over);
    let no_event = minted("receipt+jwt", &own, &json!({ "aud": "boxoffice" }));
    let forged = altered(&own, &json!({ "sub": other.user_id }));
    let token_as_receipt = minted("buyer+jwt", &own, &json!({}));
    let (token, own, of_other) = (buyer.token.as_str(), own.as_str(), of_other.as_str());
    let (old_token, old_receipt) = (old_token.as_str(), old_receipt.as_str());

    let ask = async |token: Option<&str>, receipt: Option<&str>| {
        let request = office.request(Method::POST, "/api/v1/auth/guest");
        let request = match token {
            Some(token) => request.bearer(token),
            None => request,
        };
        let request = match receipt {
            Some(receipt) => request.header("x-queue-receipt", receipt),
            None => request,
        };
        request.send().await
    };
    for (token, receipt) in [
        (Some(token), None),
        (None, Some(own)),
        (Some(token), Some(own)),
        (Some(old_token), Some(own)),
        (Some(token), Some(old_receipt)),
    ] {
        let guest = ask(token, receipt).await.expect(201);
        assert_eq!(guest["user_id"], buyer.user_id, "{token:?} {receipt:?}");
        let renewed = guest["token"].as_str().expect("a token");
        let claims = claims_of(renewed);
        assert_eq!(claims["sub"], buyer.user_id);
        let life_s = claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat);
        assert_eq!(life_s, Some(86_400), "a day from now, however it came");
        let place = office.request(Method::GET, &format!("/api/v1/queue/position/{event}"));
        assert_eq!(place.bearer(renewed).send().await.expect(200)["number"], number);
    }
    for (token, receipt) in [
        (Some(old_token), None),
        (None, Some(old_receipt)),
        (Some(old_token), Some(old_receipt)),
        (Some(token), Some(of_other)),
        (Some("x"), None),
        (Some("x"), Some(own)),
        (Some(own), None),
        (Some(token), Some("")),
        (Some(token), Some(forged.as_str())),
        (None, Some(forged.as_str())),
        (None, Some(no_event.as_str())),
        (None, Some(token_as_receipt.as_str())),
        (None, Some(token)),
    ] {
        ask(token, receipt).await.expect_problem(401, "unauthenticated");
    }
    let somebody = ask(None, None).await.expect(201);
    assert_ne!(somebody["user_id"], buyer.user_id);
}

#[tokio::test]
async fn the_published_keys_verify_tokens_and_hold_nothing_secret() {
    let office = BoxOffice::open();
    let keys = office.get("/.well-known/jwks.json").await.expect(200)["keys"].clone();
    let key = &keys[0];
    for (member, value) in [("kty", "OKP"), ("crv", "Ed25519"), ("alg", "EdDSA"), ("use", "sig")] {
        assert_eq!(key[member], value, "{member}");
    }
    assert!(key.get("d").is_none(), "the private part is published");
    let buyer = office.buyer().await;
    let header = buyer.token.split('.').next().expect("a header");
    let header = data_encoding::BASE64URL_NOPAD.decode(header.as_bytes()).expect("base64url");
    let header: serde_json::Value = serde_json::from_slice(&header).expect("JSON");
    assert_eq!(header, json!({ "alg": "EdDSA", "typ": "buyer+jwt", "kid": key["kid"] }));
}

/// Every token that is not exactly a buyer token of ours is 401, on a route of each component that
/// asks for one.
#[tokio::test]
async fn whoever_is_not_a_buyer_is_turned_away() {
    let office = BoxOffice::open();
    let minter = Minter::of(&office);
    let buyer = office.buyer().await;
    let event = office.event(json!({})).await;
    let claims = claims_of(&buyer.token);
    let header = minter.header("buyer+jwt");
    let with = |change| tests::merged(claims.clone(), &change);
    let parts: Vec<_> = buyer.token.split('.').collect();
    let tokens = [
        ("nothing", String::new()),
        ("no token", "x".to_owned()),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{}.a", buyer.token)),
        ("five parts", format!("{}.a.b", buyer.token)),
        ("malleated signature", malleated(&buyer.token)),
        ("the alphabet with + and /", format!("{}.{}.{}", parts[0], parts[1], "+/".repeat(43))),
        ("padded", format!("{}=", buyer.token)),
        ("100 KiB would not fit, 3 KiB", format!("{}{}", buyer.token, "A".repeat(3_000))),
        ("alg none", minter.unsigned_token("buyer+jwt", &claims)),
        ("HS256 with the public key", minter.hmac_token("buyer+jwt", &claims)),
        ("another key", minter.stranger().token(&header, &claims)),
        (
            "another user",
            altered(&buyer.token, &json!({ "sub": uuid::Uuid::now_v7().to_string() })),
        ),
        ("a pass", minter.token(&minter.header("qpass+jwt"), &claims)),
        ("a receipt", minter.token(&minter.header("receipt+jwt"), &claims)),
        ("plain JWT", minter.token(&minter.header("JWT"), &claims)),
        ("another audience", minter.token(&header, &with(json!({ "aud": event })))),
        ("another issuer", minter.token(&header, &with(json!({ "iss": "somebody" })))),
        ("expired", minter.token(&header, &with(json!({ "exp": now_s() - 61 })))),
        ("exp as text", minter.token(&header, &with(json!({ "exp": "9999999999" })))),
        ("exp as float", minter.token(&header, &with(json!({ "exp": 1e18 })))),
        ("no exp", minter.token(&header, &with(json!({ "exp": null })))),
        ("nbf in the future", minter.token(&header, &with(json!({ "nbf": now_s() + 120 })))),
        ("nbf as text", minter.token(&header, &with(json!({ "nbf": "0" })))),
        ("no audience", minter.token(&header, &with(json!({ "aud": null })))),
        ("audiences", minter.token(&header, &with(json!({ "aud": ["boxoffice", "x"] })))),
        ("from the future", minter.token(&header, &with(json!({ "iat": now_s() + 3_600 })))),
        ("sub is no user", minter.token(&header, &with(json!({ "sub": "admin" })))),
        (
            "unknown kid",
            minter.token(&tests::merged(header.clone(), &json!({ "kid": "../etc" })), &claims),
        ),
        (
            "kid of nobody",
            minter.token(&tests::merged(header.clone(), &json!({ "kid": "nobody" })), &claims),
        ),
        (
            "kid with SQL",
            minter.token(&tests::merged(header.clone(), &json!({ "kid": "' OR 1=1" })), &claims),
        ),
        (
            "jwk",
            minter.stranger().token(
                &tests::merged(header.clone(), &json!({ "jwk": { "kty": "OKP", "x": "AA" } })),
                &claims,
            ),
        ),
        (
            "crit",
            minter.token(&tests::merged(header.clone(), &json!({ "crit": ["exp"] })), &claims),
        ),
        (
            "jku",
            minter.token(&tests::merged(header.clone(), &json!({ "jku": "http://x" })), &claims),
        ),
    ];
    let join = json!({ "event_id": event });
    let reserve = json!({ "event_id": event, "section": "A", "quantity": 1 });
    let booking = buyer.hold(&event, json!({ "section": "A", "quantity": 1 })).await;
    let booking = booking["booking_id"].as_str().expect("an id");
    let routes = [
        (Method::POST, "/api/v1/queue/join".to_owned(), Some(&join)),
        (Method::GET, format!("/api/v1/queue/position/{event}"), None),
        (Method::DELETE, format!("/api/v1/queue/{event}"), None),
        (Method::POST, "/api/v1/bookings/reserve".to_owned(), Some(&reserve)),
        (Method::GET, "/api/v1/bookings".to_owned(), None),
        (Method::GET, format!("/api/v1/bookings/{booking}"), None),
        (Method::POST, format!("/api/v1/bookings/{booking}/release"), None),
        (Method::POST, format!("/api/v1/bookings/{booking}/confirm"), None),
    ];
    for (method, path, body) in &routes {
        let request = || match body {
            Some(body) => office.request(method.clone(), path).json(body),
            None => office.request(method.clone(), path),
        };
        request().send().await.expect_problem(401, "unauthenticated");
        let basic = request().header("authorization", "Basic dXNlcjpwYXNz").send().await;
        basic.expect_problem(401, "unauthenticated");
    }
    for (name, token) in &tokens {
        for (method, path, body) in &routes[..4] {
            let request = office.request(method.clone(), path).bearer(token);
            let request = match body {
                Some(body) => request.json(body),
                None => request,
            };
            let answer = request.send().await;
            assert_eq!(answer.json()["code"], "unauthenticated", "{name}: {answer}");
            assert_eq!(answer.status, 401, "{name}: {answer}");
        }
    }
    assert_eq!(buyer.status_of(booking).await, "reserved", "nobody else could touch it");
}

/// A minute is forgiven to clocks, not more.
#[tokio::test]
async fn a_token_ends_within_a_minute_of_its_time() {
    let office = BoxOffice::open();
    let minter = Minter::of(&office);
    let claims = claims_of(&office.buyer().await.token);
    let header = minter.header("buyer+jwt");
    let ask = async |ago_s: i64| {
        let times = json!({ "iat": now_s() - 600, "exp": now_s() - ago_s });
        let token = minter.token(&header, &tests::merged(claims.clone(), &times));
        office.request(Method::GET, "/api/v1/bookings").bearer(&token).send().await
    };
    // Not 59 and 61: the request takes its time on a busy machine.
    ask(40).await.expect(200);
    ask(61).await.expect_problem(401, "unauthenticated");
}

/// More than any server reads of a head: refused, and the server goes on.
#[test]
fn a_token_of_100_kib_is_refused() {
    let office = BoxOffice::open();
    let request = format!(
        "GET /api/v1/bookings HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        "A".repeat(100 * 1_024)
    );
    let answer = raw_exchange(office.base_url(), request.as_bytes());
    assert!(matches!(answer.status, None | Some(401 | 431)), "{}", answer.text);
    let alive = raw_exchange(
        office.base_url(),
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(alive.status, Some(200));
}

#[tokio::test]
async fn a_buyer_may_not_do_what_the_organiser_may() {
    let office = BoxOffice::open();
    let buyer = office.buyer().await;
    let event = office.event(json!({})).await;
    for (method, path) in [
        (Method::POST, "/api/v1/events".to_owned()),
        (Method::PUT, format!("/api/v1/events/{event}")),
        (Method::POST, format!("/api/v1/events/{event}/seats")),
        (Method::POST, format!("/api/v1/queue/process/{event}")),
        (Method::GET, format!("/api/v1/events/{event}/bookings")),
    ] {
        let answer = buyer.request(method.clone(), &path).json(&json!({})).send().await;
        answer.expect_problem(403, "forbidden");
        let anonymous = office.request(method.clone(), &path).json(&json!({})).send().await;
        anonymous.expect_problem(401, "unauthenticated");
        let guess = office.request(method, &path).bearer("0123456789abcdef0123456789abcdef");
        guess.json(&json!({})).send().await.expect_problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn the_organiser_is_no_buyer() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(json!({})).await;
    for (method, path, body) in [
        (Method::POST, "/api/v1/queue/join".to_owned(), json!({ "event_id": event })),
        (
            Method::POST,
            "/api/v1/bookings/reserve".to_owned(),
            json!({ "event_id": event, "section": "A", "quantity": 1 }),
        ),
        (Method::GET, "/api/v1/bookings".to_owned(), json!({})),
    ] {
        let answer = organiser.request(method, &path).json(&body).send().await;
        answer.expect_problem(403, "forbidden");
    }
}
