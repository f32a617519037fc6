//! The seats of a section as those see them who follow the stream.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{BoxOffice, Event, EventStream, Request, Said, eventually, merged, start_system};

fn stream_request(office: &BoxOffice, event: &str, section: &str) -> Request {
    let path = format!("/api/v1/events/{event}/seats/stream?section={section}");
    office.request(Method::GET, &path)
}

/// Follows a section, which begins with its map.
async fn watch(office: &BoxOffice, event: &str, section: &str) -> (EventStream, Value) {
    let mut stream = stream_request(office, event, section).stream().await;
    let map = stream.expect("map").await;
    (stream, map)
}

/// Takes a stream up again where it ended.
async fn resume(office: &BoxOffice, event: &str, last_id: &str) -> EventStream {
    stream_request(office, event, "A").header("last-event-id", last_id).stream().await
}

/// Reads until a seat stands so; every event on the way is one of seats.
async fn until(stream: &mut EventStream, seat: &str, state: &str) -> Event {
    loop {
        let event = stream.event().await;
        assert_eq!(event.name, "seats", "{event:?}");
        if event.data["changes"][seat] == state {
            return event;
        }
    }
}

/// Two seated sections.
fn house() -> Value {
    let section = |name| json!({ "name": name, "kind": "seated", "rows": 4, "seats_per_row": 10, "price": 5_000 });
    json!({ "sections": [section("A"), section("B")] })
}

fn booking_of(hold: &Value) -> &str {
    hold["booking_id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_seat_that_somebody_takes_reaches_every_watcher() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(house()).await;
    let buyer = office.buyer().await;
    let (mut first, map) = watch(&office, &event, "A").await;
    for (member, value) in [("section", json!("A")), ("rows", json!(4))] {
        assert_eq!(map[member], value, "{map}");
    }
    assert_eq!((&map["seats_per_row"], &map["map"]), (&json!(10), &json!(".".repeat(40))));
    assert!(map["version"].is_string(), "{map}");
    let (mut second, _) = watch(&office, &event, "A").await;
    let (mut elsewhere, _) = watch(&office, &event, "B").await;

    let hold = buyer.hold(&event, json!({ "seats": ["A-1-1", "A-1-2"] })).await;
    let mut versions = Vec::new();
    for stream in [&mut first, &mut second] {
        let seats = stream.expect("seats").await;
        assert_eq!(seats["changes"], json!({ "A-1-1": "h", "A-1-2": "h" }));
        assert_ne!(seats["version"], map["version"]);
        versions.push(seats["version"].clone());
    }
    assert_eq!(versions[0], versions[1], "a version is the same for everybody");

    organiser.confirm(booking_of(&hold)).await.expect(200);
    for stream in [&mut first, &mut second] {
        let seats = stream.expect("seats").await;
        assert_eq!(seats["changes"], json!({ "A-1-1": "s", "A-1-2": "s" }));
    }
    organiser.cancel(booking_of(&hold)).await.expect(200);
    until(&mut first, "A-1-1", ".").await;

    // Whoever looks at another section has been told nothing so far.
    let hold = buyer.hold(&event, json!({ "seats": ["B-2-3"] })).await;
    assert_eq!(elsewhere.expect("seats").await["changes"], json!({ "B-2-3": "h" }));
    buyer.release(booking_of(&hold)).await.expect(200);
    assert_eq!(elsewhere.expect("seats").await["changes"], json!({ "B-2-3": "." }));
    // Who comes now sees it as it is.
    let (_, map) = watch(&office, &event, "A").await;
    assert_eq!(map["map"], office.map(&event).await);
}

#[tokio::test]
async fn a_stream_of_seats_that_is_taken_up_again_misses_nothing() {
    let office = BoxOffice::open();
    let event = office.event(house()).await;
    let buyer = office.buyer().await;
    let (stream, _) = watch(&office, &event, "A").await;
    let last_id = stream.last_id().to_owned();
    drop(stream);

    let mut resumed = resume(&office, &event, &last_id).await;
    assert_eq!(resumed.expect("seats").await["changes"], json!({}), "nothing has changed");
    let last_id = resumed.last_id().to_owned();
    drop(resumed);
    buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let hold = buyer.hold(&event, json!({ "seats": ["A-1-2"] })).await;
    buyer.release(booking_of(&hold)).await.expect(200);
    buyer.hold(&event, json!({ "seats": ["B-1-1"] })).await;

    let mut resumed = resume(&office, &event, &last_id).await;
    let changes = resumed.expect("seats").await["changes"].clone();
    assert_eq!(changes, json!({ "A-1-1": "h", "A-1-2": "." }), "as they stand now");
    buyer.hold(&event, json!({ "seats": ["A-1-3"] })).await;
    until(&mut resumed, "A-1-3", "h").await;
    for unknown in ["", "7", "x-y.z", "1-1.0", "9999999999999-0.0", "0-0.0"] {
        let mut stream = resume(&office, &event, unknown).await;
        assert_eq!(stream.expect("map").await["map"], office.map(&event).await, "{unknown}");
    }
}

#[tokio::test]
async fn a_section_that_grows_is_told_as_a_whole() {
    let office = BoxOffice::open();
    let event = office.event(house()).await;
    let (mut stream, _) = watch(&office, &event, "A").await;
    let change = json!({ "sections": [{ "name": "A", "rows": 5 }] });
    office.organiser().change(&event, change).await.expect(200);
    let map = stream.expect("map").await;
    assert_eq!((&map["rows"], &map["map"]), (&json!(5), &json!(".".repeat(50))));
    office.buyer().await.hold(&event, json!({ "seats": ["A-5-1"] })).await;
    until(&mut stream, "A-5-1", "h").await;
}

#[tokio::test]
async fn a_stream_of_seats_ends_with_the_event_and_stays_away() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    for reason in ["ended", "cancelled"] {
        let event = office.event(house()).await;
        let (mut stream, _) = watch(&office, &event, "A").await;
        if reason == "ended" {
            let over = json!({ "on_sale_at": "2019-01-01T00:00:00Z",
                "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-01T01:00:00Z" });
            organiser.change(&event, over).await.expect(200);
        } else {
            organiser.cancel_event(&event).await.expect(200);
        }
        stream.expect_end(reason).await;
        let end = stream.last_id().to_owned();
        for _ in 0..2 {
            let request = stream_request(&office, &event, "A").header("last-event-id", &end);
            let again = request.send().await;
            assert_eq!(again.status, 204, "{reason}: {again}");
        }
        // Also when Redis has let it go.
        office.inside().forget(&event);
        let (mut late, map) = watch(&office, &event, "A").await;
        assert_eq!(map["map"], json!(".".repeat(40)));
        late.expect_end(reason).await;
        let request = stream_request(&office, &event, "A").header("last-event-id", &end);
        assert_eq!(request.send().await.status, 204, "{reason}");
        for section in ["Z", "FLOOR"] {
            let answer = stream_request(&office, &event, section).send().await;
            answer.expect_problem(422, "invalid_seats");
        }
    }
}

/// Goal: a loss of Redis is no end. Method: whoever is told to come back does.
#[tokio::test]
async fn watchers_find_the_seats_again_after_a_loss_of_redis() {
    let office = BoxOffice::open();
    let event = office.event(house()).await;
    let buyer = office.buyer().await;
    let (mut stream, _) = watch(&office, &event, "A").await;
    let hold = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    office.organiser().confirm(booking_of(&hold)).await.expect(200);
    until(&mut stream, "A-1-1", "s").await;
    office.inside().forget(&event);
    // It may have been built anew by somebody else before its reader has noticed.
    buyer.hold(&event, json!({ "seats": ["A-1-2"] })).await;
    loop {
        let told = stream.event().await;
        if told.name == "end" {
            assert_eq!(told.data["reason"], "deadline");
            stream = resume(&office, &event, &told.id).await;
            continue;
        }
        let map = told.data["map"].as_str().unwrap_or_default();
        if told.data["changes"]["A-1-2"] == "h" || map.starts_with("sh") {
            break;
        }
    }
}

#[tokio::test]
async fn a_silent_stream_of_seats_says_that_it_lives() {
    let office = BoxOffice::open();
    let event = office.event(house()).await;
    let mut stream = stream_request(&office, &event, "A").stream().await;
    assert!(matches!(stream.said().await, Some(Said::Retry(_))));
    stream.expect("map").await;
    let begun = Instant::now();
    assert_eq!(stream.said().await, Some(Said::Comment));
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn anybody_may_look_with_get_and_head() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let path = format!("/api/v1/events/{event}/seats/stream?section=A");
    let head = office.request(Method::HEAD, &path).send().await;
    assert_eq!((head.status, head.media_type()), (200, "text/event-stream"));
    assert_eq!(head.body, b"");
    let posted = office.request(Method::POST, &path).send().await;
    posted.expect_problem(405, "method_not_allowed");
    for (section, code) in [("Z", "invalid_seats"), ("FLOOR", "invalid_seats")] {
        let answer = stream_request(&office, &event, section).send().await;
        answer.expect_problem(422, code);
    }
    let answer = stream_request(&office, &event, "").send().await;
    answer.expect_problem(422, "validation_failed");
}

/// Goal: a crowd that looks costs Redis a reader per instance, not per client or section, and
/// everybody is told each change. Method: a system of its own, because Redis does not tell which
/// event a reader waits for, and other tests have readers as well.
#[tokio::test]
async fn a_crowd_of_watchers_costs_a_reader_per_instance() {
    const CROWD: usize = 500;
    let office = BoxOffice::of(Box::leak(Box::new(start_system())));
    let event = office.event(merged(house(), &json!({ "sale": { "max_per_buyer": 10 } }))).await;
    let master = office.inside().master_of(&event);
    let readers = || {
        let list = ["CLIENT", "LIST"];
        let reply = office.system().redis.command(master, &list).expect("Redis answers");
        let text = reply.text();
        let is_reader = |line: &&str| line.contains("cmd=xread") && line.contains("flags=b");
        text.lines().filter(is_reader).count()
    };
    let mut streams = Vec::new();
    for number in 0..CROWD {
        let section = if number % 2 == 0 { "A" } else { "B" };
        streams.push((section, watch(&office, &event, section).await.0));
    }
    let readers_of_all = eventually("the streams are followed", async || {
        Some(readers()).filter(|readers| *readers > 0)
    })
    .await;
    // An instance takes 128 requests in its life.
    assert!(readers_of_all <= CROWD / 20, "{readers_of_all} readers for {CROWD} streams");

    let buyer = office.buyer().await;
    for section in ["A", "B"] {
        buyer.hold(&event, json!({ "seats": [format!("{section}-1-1")] })).await;
    }
    for (section, stream) in &mut streams {
        until(stream, &format!("{section}-1-1"), "h").await;
    }
    drop(streams);
    // A reader that has just read is between two reads for a moment.
    const LOOKS: usize = 5;
    let mut looks_without = 0;
    let left = Instant::now();
    while looks_without < LOOKS {
        let readers = readers();
        looks_without = if readers == 0 { looks_without + 1 } else { 0 };
        assert!(left.elapsed() < Duration::from_secs(45), "{readers} readers for nobody");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
