//! Events: created and changed by the organiser, read by everybody.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};
use tests::BoxOffice;

fn seated(name: &str, rows: i64, seats_per_row: i64) -> Value {
    json!({ "name": name, "kind": "seated", "rows": rows, "seats_per_row": seats_per_row,
        "price": 100 })
}

#[tokio::test]
async fn a_created_event_has_every_field_and_the_defaults() {
    let office = BoxOffice::open();
    let answer = office.organiser().create_event(json!({ "sale": null })).await;
    let event = answer.expect(201);
    let id = event["id"].as_str().expect("an id");
    assert_eq!(answer.header("location"), Some(format!("/api/v1/events/{id}").as_str()));
    assert_eq!(
        event["sale"],
        json!({ "max_per_buyer": 4, "hold_ttl_s": 600, "buyers": "anyone", "queue": {
            "enabled": true, "max_active": 100, "release_per_s": 50, "pass_ttl_s": 300, "abandon_after_s": 300,
            "joining": true, "message": "" } })
    );
    assert_eq!(event["status"], "on_sale");
    assert_eq!(event["capacity"], 60);
    assert_eq!(event["starts_at"], "2037-06-01T19:00:00.000Z");
    assert_eq!(event["currency"], "EUR");
    assert_eq!(event["venue"], "Arena");
    assert_eq!(event["sections"].as_array().map(Vec::len), Some(2));
    assert!(event["on_sale_at"].as_str() <= event["created_at"].as_str(), "on sale from now");
    let read = office.get(&format!("/api/v1/events/{id}")).await.expect(200);
    assert_eq!(read, event);
}

#[tokio::test]
async fn an_event_that_cannot_be_is_refused() {
    let office = BoxOffice::open();
    let many: Vec<_> = (0..65).map(|index| seated(&format!("S{index}"), 1, 1)).collect();
    for change in [
        json!({ "name": null }),
        json!({ "name": "" }),
        json!({ "name": "a\u{0}b" }),
        json!({ "name": 5 }),
        json!({ "starts_at": "2037-06-01T22:00:00Z" }),
        json!({ "starts_at": "yesterday" }),
        json!({ "starts_at": "2037-02-30T19:00:00Z" }),
        json!({ "starts_at": 1 }),
        json!({ "on_sale_at": "2037-06-01T22:00:00Z" }),
        json!({ "currency": "eur" }),
        json!({ "currency": "EURO" }),
        json!({ "sections": [] }),
        json!({ "sections": many }),
        json!({ "sections": [seated("A", 1, 1), seated("A", 2, 2)] }),
        json!({ "sections": [seated("A-1", 1, 1)] }),
        json!({ "sections": [seated("{A}", 1, 1)] }),
        json!({ "sections": [seated("", 1, 1)] }),
        json!({ "sections": [seated("ABCDEFGHIJKLMNOPQ", 1, 1)] }),
        json!({ "sections": [seated("A", 0, 1)] }),
        json!({ "sections": [seated("A", -1, 1)] }),
        json!({ "sections": [seated("A", 1_000, 101)] }),
        json!({ "sections": [seated("A", 4_294_967_295, 4_294_967_295)] }),
        json!({ "sections": [seated("A", 9_007_199_254_740_993, 1)] }),
        json!({ "sections": [{ "name": "A", "kind": "flying", "capacity": 1, "price": 1 }] }),
        json!({ "sections": [{ "name": "A", "kind": "standing", "capacity": 1, "price": -1 }] }),
        json!({ "sections": [{ "name": "A", "kind": "standing", "capacity": 1, "price": 1.5 }] }),
        json!({ "sections": [{ "name": "A", "kind": "standing", "price": 1 }] }),
        json!({ "sale": { "hold_ttl_s": 0 } }),
        json!({ "sale": { "hold_ttl_s": 3_601 } }),
        json!({ "sale": { "max_per_buyer": 0 } }),
        json!({ "sale": { "queue": { "max_active": -1 } } }),
        json!({ "sale": { "queue": { "pass_ttl_s": 0 } } }),
        json!({ "sale": { "queue": { "abandon_after_s": 59 } } }),
        json!({ "sale": { "queue": { "enabled": "yes" } } }),
    ] {
        let answer = office.organiser().create_event(change.clone()).await;
        assert_eq!(answer.status, 422, "{change}: {answer}");
        answer.expect_problem(422, "validation_failed");
    }
    let largest = json!({ "sections": [seated("ABCDEFGHIJKLMNOP", 1_000, 100)] });
    assert_eq!(office.organiser().create_event(largest).await.expect(201)["capacity"], 100_000);
}

#[tokio::test]
async fn unknown_fields_and_parameters_are_ignored() {
    let office = BoxOffice::open();
    let event = office.event(json!({ "colour": "red", "sale": { "price": 0 } })).await;
    office.get(&format!("/api/v1/events/{event}?colour=red&limit=x")).await.expect(200);
    let buyer = office.buyer().await;
    let cheap = json!({ "section": "A", "quantity": 1, "price": 1, "amount": 1 });
    assert_eq!(buyer.hold(&event, cheap).await["amount"], 5_000, "the price is ours to say");
}

/// Pages of one put together are the pages of many: nothing is missing, nothing twice, and the
/// newest comes first.
#[tokio::test]
async fn the_list_of_events_is_read_page_by_page() {
    let office = BoxOffice::open();
    let mut ours = Vec::new();
    for _ in 0..3 {
        ours.push(office.event(json!({})).await);
    }
    ours.reverse();
    for list in ["/api/v1/events", "/api/v1/events/active"] {
        let mut seen: Vec<String> = Vec::new();
        let mut cursor = String::new();
        while !ours.iter().all(|id| seen.contains(id)) {
            let page = office.get(&format!("{list}?limit=1{cursor}")).await.expect(200);
            let events = page["events"].as_array().expect("a list");
            assert_eq!(events.len(), 1);
            seen.push(events[0]["id"].as_str().expect("an id").to_owned());
            let next = page["next_cursor"].as_str().expect("there are more");
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len(), "one came twice");
        seen.retain(|id| ours.contains(id));
        assert_eq!(seen, ours, "newest first");
    }
}

#[tokio::test]
async fn the_active_list_leaves_out_what_is_over() {
    let office = BoxOffice::open();
    let past = json!({ "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-01T01:00:00Z",
        "on_sale_at": "2019-01-01T00:00:00Z" });
    let ended = office.organiser().create_event(past).await.expect(201);
    assert_eq!(ended["status"], "ended");
    let active = office.get("/api/v1/events/active?limit=100").await.expect(200);
    let active = active["events"].as_array().expect("a list");
    assert!(active.iter().all(|event| event["id"] != ended["id"]));
    let all = office.get("/api/v1/events?limit=100").await.expect(200);
    assert!(all["events"].as_array().expect("a list").iter().any(|it| it["id"] == ended["id"]));
}

#[tokio::test]
async fn limits_and_cursors_that_are_none_are_refused() {
    let office = BoxOffice::open();
    let buyer = office.buyer().await;
    for path in ["/api/v1/events", "/api/v1/events/active", "/api/v1/bookings"] {
        for query in [
            "limit=0",
            "limit=-1",
            "limit=101",
            "limit=1000000000",
            "limit=99999999999999999999",
            "limit=ten",
            "limit=",
            "cursor=x",
            "cursor=%00",
            "cursor=';DROP",
            "cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            let answer = buyer.get(&format!("{path}?{query}")).await;
            assert_eq!(answer.status, 422, "{query}: {answer}");
        }
    }
    for limit in [1, 100] {
        office.get(&format!("/api/v1/events?limit={limit}")).await.expect(200);
    }
}

#[tokio::test]
async fn an_event_that_is_not_there_is_404_on_every_route() {
    let office = BoxOffice::open();
    let buyer = office.buyer().await;
    let organiser = office.organiser();
    let id = uuid::Uuid::now_v7();
    for path in [
        format!("/api/v1/events/{id}"),
        format!("/api/v1/events/{id}/availability"),
        format!("/api/v1/events/{id}/seats?section=A"),
        format!("/api/v1/events/{id}/seats/available?section=A"),
        format!("/api/v1/events/{id}/seats/stream?section=A"),
        format!("/api/v1/queue/status/{id}"),
    ] {
        office.get(&path).await.expect_problem(404, "event_not_found");
    }
    let id = id.to_string();
    buyer.join(&id).await.expect_problem(404, "event_not_found");
    buyer.join_request(&id).key("k").send().await.expect_problem(404, "event_not_found");
    buyer.position(&id).await.expect_problem(404, "event_not_found");
    let seats = json!({ "section": "A", "quantity": 1 });
    buyer.reserve(&id, seats.clone()).await.expect_problem(404, "event_not_found");
    let keyed = buyer.reserve_request(&id, seats).key("k").send().await;
    keyed.expect_problem(404, "event_not_found");
    organiser.change(&id, json!({ "name": "x" })).await.expect_problem(404, "event_not_found");
    let added = organiser.add_sections(&id, json!([seated("B", 1, 1)])).await;
    added.expect_problem(404, "event_not_found");
    organiser.let_in(&id, 1).await.expect_problem(404, "event_not_found");
    let keyed = organiser.let_in_request(&id, 1).key("k").send().await;
    keyed.expect_problem(404, "event_not_found");
    buyer.leave(&id).await.expect(204);
    assert_eq!(office.inside().keys_of(&id), Vec::<String>::new(), "nothing stays of it");
}

#[tokio::test]
async fn a_change_reaches_readers_and_the_sale_at_once() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let buyer = office.buyer().await;
    let event = office.event(json!({})).await;
    let one = json!({ "section": "A", "quantity": 1 });
    let changed = organiser.change(&event, json!({ "name": "Matinée", "venue": "Hall" })).await;
    assert_eq!(changed.expect(200)["name"], "Matinée");

    let paused = organiser.change(&event, json!({ "paused": true })).await.expect(200);
    assert_eq!(paused["status"], "paused");
    assert_eq!(paused["name"], "Matinée", "what is left out stays");
    assert_eq!(office.availability(&event).await["status"], "paused");
    buyer.reserve(&event, one.clone()).await.expect_problem(409, "event_not_on_sale");
    organiser.change(&event, json!({ "paused": false })).await.expect(200);
    buyer.hold(&event, one.clone()).await;

    let later = json!({ "on_sale_at": "2037-05-01T00:00:00Z" });
    let scheduled = organiser.change(&event, later).await.expect(200);
    assert_eq!(scheduled["status"], "scheduled");
    buyer.reserve(&event, one.clone()).await.expect_problem(409, "event_not_on_sale");

    let past = json!({ "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-01T01:00:00Z",
        "on_sale_at": "2019-01-01T00:00:00Z" });
    assert_eq!(organiser.change(&event, past).await.expect(200)["status"], "ended");
    buyer.reserve(&event, one).await.expect_problem(409, "event_not_on_sale");
    buyer.join(&event).await.expect_problem(409, "event_not_on_sale");
    assert_eq!(office.counts(&event).await, [59, 1, 0], "the hold stays");
}

#[tokio::test]
async fn a_change_that_cannot_be_changes_nothing() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(json!({})).await;
    let before = office.get(&format!("/api/v1/events/{event}")).await.expect(200);
    for change in [
        json!({ "name": "" }),
        json!({ "name": "x", "ends_at": "2036-01-01T00:00:00Z" }),
        json!({ "on_sale_at": "2037-06-01T22:00:00Z" }),
        json!({ "paused": "maybe" }),
        json!({ "sale": { "hold_ttl_s": 0 } }),
        json!({ "nmae": "x" }),
        json!({ "name": "x", "currency": "USD" }),
        json!({ "sale": { "max_per_buyers": 1 } }),
        json!({ "sale": { "queue": { "speed": 1 } } }),
        json!({ "name": "x", "sections": [{ "name": "A", "colour": "red" }] }),
        json!({ "name": "x", "sections": [{ "name": "Z", "price": 1 }] }),
        json!({ "name": "x", "sections": [{ "name": "A", "rows": 3 }] }),
        json!({ "name": "x", "sections": [{ "name": "A", "kind": "standing" }] }),
        json!({ "name": "x", "sections": [{ "name": "A", "capacity": 40 }] }),
        json!({ "name": "x", "sections": [{ "name": "FLOOR", "capacity": 0 }] }),
        json!({ "name": "x", "sections": [{ "name": "FLOOR", "price": -1 }] }),
    ] {
        let answer = organiser.change(&event, change.clone()).await;
        assert_eq!(answer.status, 422, "{change}: {answer}");
    }
    let after = office.get(&format!("/api/v1/events/{event}")).await.expect(200);
    assert_eq!(after, before);
}

#[tokio::test]
async fn sections_change_while_they_are_sold() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let buyer = office.buyer().await;
    let event = office.event(json!({})).await;
    let hold = buyer.hold(&event, json!({ "section": "FLOOR", "quantity": 3 })).await;
    let booking = hold["booking_id"].as_str().expect("an id");
    assert_eq!(hold["amount"], 10_500);
    let changes = json!({ "sections": [
        { "name": "FLOOR", "capacity": 4, "price": 2_000 },
        { "name": "A", "rows": 5, "price": 6_000 },
    ] });
    let changed = organiser.change(&event, changes.clone()).await.expect(200);
    assert_eq!(changed["capacity"], 54);
    assert_eq!(organiser.change(&event, changes).await.expect(200), changed, "nothing is new");
    assert_eq!(office.counts(&event).await, [51, 3, 0]);
    assert_eq!(buyer.hold(&event, json!({ "seats": ["A-5-1"] })).await["amount"], 6_000);
    let read = office.organiser().booking(booking).await.expect(200);
    assert_eq!(read["amount"], 10_500, "a hold costs what it cost");
    let map = office.get(&format!("/api/v1/events/{event}/seats?section=A")).await.expect(200);
    assert_eq!((&map["rows"], map["map"].as_str().map(str::len)), (&json!(5), Some(50)));

    let smaller = json!({ "name": "x", "sections": [{ "name": "FLOOR", "capacity": 2 }] });
    let refused = organiser.change(&event, smaller.clone()).await;
    let problem = refused.expect_problem(409, "capacity_in_use");
    assert_eq!(problem["sections"], json!(["FLOOR"]));
    let read = office.get(&format!("/api/v1/events/{event}")).await.expect(200);
    assert_eq!(read, changed, "all of it, or nothing");
    organiser.confirm(booking).await.expect(200);
    organiser.change(&event, smaller).await.expect_problem(409, "capacity_in_use");
}

/// The last place is sold while there are more: whoever reads is told the same, soon.
#[tokio::test]
async fn sold_out_is_told_alike_by_all_routes() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    for round in 0..10 {
        let buyer = office.buyer().await;
        let one = json!([{ "name": "A", "kind": "seated", "rows": 1, "seats_per_row": 1,
            "price": 100 }]);
        let event = office.event(json!({ "sections": one })).await;
        let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
        let booking = held["booking_id"].as_str().expect("an id");
        let more = json!([{ "name": "B", "kind": "standing", "capacity": 5, "price": 100 }]);
        let (confirmed, added) =
            tokio::join!(organiser.confirm(booking), organiser.add_sections(&event, more));
        confirmed.expect(200);
        added.expect(201);
        let read = office.get(&format!("/api/v1/events/{event}")).await.expect(200);
        let queue = office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
        let told =
            [&read["status"], &queue["status"], &office.availability(&event).await["status"]]
                .map(Clone::clone);
        assert_eq!(told, ["on_sale", "on_sale", "on_sale"].map(|it| json!(it)), "{round}");
    }
}

#[tokio::test]
async fn added_sections_are_sold_like_the_first_ones() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let buyer = office.buyer().await;
    let event = office.event(json!({})).await;
    let standing = json!({ "name": "PIT", "kind": "standing", "capacity": 5, "price": 0 });
    let added = organiser.add_sections(&event, json!([seated("B", 2, 5), standing])).await;
    let added = added.expect(201);
    assert_eq!(added["capacity"], 75);
    let availability = office.availability(&event).await;
    let names: Vec<_> = availability["sections"]
        .as_array()
        .expect("sections")
        .iter()
        .map(|section| section["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["A", "FLOOR", "B", "PIT"]);
    assert_eq!(buyer.hold(&event, json!({ "seats": ["B-2-5"] })).await["amount"], 100);
    buyer.hold(&event, json!({ "section": "PIT", "quantity": 2 })).await;
    assert_eq!(office.counts(&event).await, [72, 3, 0]);

    let again = organiser.add_sections(&event, json!([seated("A", 9, 9)])).await;
    again.expect_problem(409, "section_exists");
    for sections in [json!([]), json!([seated("B C", 1, 1)]), json!([seated("C", 0, 1)])] {
        organiser.add_sections(&event, sections).await.expect_problem(422, "validation_failed");
    }
    let many: Vec<_> = (0..61).map(|index| seated(&format!("S{index}"), 1, 1)).collect();
    let too_many = organiser.add_sections(&event, json!(many)).await;
    too_many.expect_problem(422, "validation_failed");
    assert_eq!(office.availability(&event).await["capacity"], 75);
}

#[tokio::test]
async fn availability_and_maps_tell_the_same() {
    let office = BoxOffice::open();
    let buyer = office.buyer().await;
    let event = office.event(json!({})).await;
    let sold = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let booking = sold["booking_id"].as_str().expect("an id");
    office.organiser().confirm(booking).await.expect(200);
    buyer.hold(&event, json!({ "seats": ["A-1-2", "A-4-10"] })).await;
    buyer.hold(&event, json!({ "section": "FLOOR", "quantity": 1 })).await;

    let availability = office.availability(&event).await;
    assert_eq!(availability["event_id"], event);
    assert_eq!(availability["status"], "on_sale");
    assert_eq!(
        availability["sections"],
        json!([
            { "name": "A", "kind": "seated", "price": 5_000, "capacity": 40,
                "available": 37, "held": 2, "sold": 1 },
            { "name": "FLOOR", "kind": "standing", "price": 3_500, "capacity": 20,
                "available": 19, "held": 1, "sold": 0 },
        ])
    );
    assert_eq!(office.counts(&event).await, [56, 3, 1]);
    let seats = office.get(&format!("/api/v1/events/{event}/seats?section=A")).await.expect(200);
    let map = format!("sh{}h", ".".repeat(37));
    assert_eq!(seats, json!({ "section": "A", "rows": 4, "seats_per_row": 10, "map": map }));
    let free = office.get(&format!("/api/v1/events/{event}/seats/available?section=A")).await;
    let free = free.expect(200);
    let free = free["seats"].as_array().expect("a list");
    assert_eq!(free.len(), 37);
    assert_eq!((&free[0], &free[36]), (&json!("A-1-3"), &json!("A-4-9")));
}

#[tokio::test]
async fn an_unchanged_map_is_not_sent_again() {
    let office = BoxOffice::open();
    let buyer = office.buyer().await;
    let event = office.event(json!({})).await;
    let path = format!("/api/v1/events/{event}/seats?section=A");
    let first = office.get(&path).await;
    let etag = first.header("etag").expect("a tag").to_owned();
    let again = |tag: String| office.request(Method::GET, &path).header("if-none-match", tag);
    for tag in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
        let unchanged = again(tag).send().await;
        unchanged.expect(304);
        assert_eq!(unchanged.header("etag"), Some(etag.as_str()));
    }
    again("\"x\"".to_owned()).send().await.expect(200);
    buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let changed = again(etag.clone()).send().await;
    changed.expect(200);
    assert_ne!(changed.header("etag"), Some(etag.as_str()));
}

#[tokio::test]
async fn a_map_is_only_of_a_seated_section_that_exists() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    for route in ["seats", "seats/available", "seats/stream"] {
        for query in ["", "?section=", "?section=FLOOR", "?section=Z", "?section=%7BA%7D"] {
            let answer = office.get(&format!("/api/v1/events/{event}/{route}{query}")).await;
            assert_eq!(answer.status, 422, "{answer}");
        }
    }
}
