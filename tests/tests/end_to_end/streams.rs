//! The line as those see it who follow the stream.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{BoxOffice, Buyer, Said, eventually, start_system};

/// A queue that lets nobody in by itself.
fn by_hand() -> Value {
    json!({ "sale": { "queue": { "enabled": true, "release_per_s": 0, "max_active": 1000 } } })
}

async fn waiting_buyer(office: &BoxOffice, event: &str) -> (Buyer, Value) {
    let buyer = office.buyer().await;
    let place = buyer.join(event).await.expect(201);
    (buyer, place)
}

/// Longer than the pause between two blocking reads of one reader.
const READ_PAUSE: Duration = Duration::from_millis(300);
/// After this a long poll is surely waiting. Nothing can be seen of it: it holds no connection.
const POLL_BEGUN: Duration = Duration::from_secs(1);

/// How many connections of the event's master wait for news: those of blocking reads.
fn readers(office: &BoxOffice, event: &str) -> usize {
    let master = office.inside().master_of(event);
    let reply = office.system().redis.command(master, &["CLIENT", "LIST"]).expect("Redis answers");
    reply
        .text()
        .lines()
        .filter(|line| line.contains("cmd=xread") && line.contains("flags=b"))
        .count()
}

#[tokio::test]
async fn a_stream_tells_the_place_at_once_then_each_change_and_then_the_pass() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(by_hand()).await;
    let (first, _) = waiting_buyer(&office, &event).await;
    let (_second, _) = waiting_buyer(&office, &event).await;
    let (third, joined) = waiting_buyer(&office, &event).await;

    let mut stream = third.stream(&event).await;
    let place = stream.expect("place").await;
    assert_eq!((&place["status"], &place["position"]), (&json!("waiting"), &json!(3)));
    for member in ["event_id", "user_id", "number"] {
        assert_eq!(place[member], joined[member], "the same as by joining");
    }
    assert!(place["stream_url"].is_string(), "{place}");

    first.leave(&event).await.expect(204);
    assert_eq!(stream.expect("place").await["position"], 2);
    organiser.let_in(&event, 1).await.expect(200);
    let place = stream.expect("place").await;
    assert_eq!((&place["position"], &place["ahead"]), (&json!(1), &json!(0)));

    organiser.let_in(&event, 1).await.expect(200);
    let pass = stream.expect("pass").await;
    let polled = third.position(&event).await.expect(200);
    assert_eq!(pass["status"], "admitted");
    for member in ["queue_pass", "pass_expires_at", "number"] {
        assert_eq!(pass[member], polled[member], "the stream's pass is the pass");
        assert!(!pass[member].is_null(), "{member}");
    }
    assert!(pass.get("position").is_none(), "{pass}");
    stream.expect_end("admitted").await;

    let choice = json!({ "section": "A", "quantity": 1 });
    let pass = pass["queue_pass"].as_str().expect("a pass");
    third.reserve_with(pass, &event, choice).await.expect(201);
    third.stream_request(&event).send().await.expect_problem(404, "not_in_queue");
}

#[tokio::test]
async fn a_stream_that_is_taken_up_again_misses_nothing() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let (first, _) = waiting_buyer(&office, &event).await;
    let (second, _) = waiting_buyer(&office, &event).await;

    let mut stream = second.stream(&event).await;
    assert_eq!(stream.expect("place").await["position"], 2);
    let last_id = stream.last_id().to_owned();
    drop(stream);
    first.leave(&event).await.expect(204);
    let mut resumed =
        second.stream_request(&event).header("last-event-id", &last_id).stream().await;
    assert_eq!(resumed.expect("place").await["position"], 1);
    assert_ne!(resumed.last_id(), last_id, "no id is given twice");
    let last_id = resumed.last_id().to_owned();
    drop(resumed);

    let mut resumed =
        second.stream_request(&event).header("last-event-id", &last_id).stream().await;
    assert_eq!(resumed.expect("place").await["position"], 1);
    assert_ne!(resumed.last_id(), last_id, "no id is given twice");
    let last_id = resumed.last_id().to_owned();
    drop(resumed);

    office.organiser().let_in(&event, 1).await.expect(200);
    let mut resumed =
        second.stream_request(&event).header("last-event-id", &last_id).stream().await;
    let pass = resumed.expect("pass").await;
    assert_eq!(pass["queue_pass"], second.position(&event).await.expect(200)["queue_pass"]);
    resumed.expect_end("admitted").await;
    for nonsense in ["", "7", "x-y.z", "1-1.-1"] {
        let request = second.stream_request(&event).header("last-event-id", nonsense);
        request.stream().await.expect("pass").await;
    }
}

#[tokio::test]
async fn a_ticket_opens_one_stream_and_nothing_else() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let (buyer, place) = waiting_buyer(&office, &event).await;
    let url = place["stream_url"].as_str().expect("an address");
    let mut stream = office.request(Method::GET, url).stream().await;
    let told = stream.expect("place").await;
    assert_eq!(told["user_id"], buyer.user_id);
    // What proves who somebody is does not go where an address may get.
    assert_eq!(told["receipt"], Value::Null, "{told}");

    let path = format!("/api/v1/queue/position/{event}/stream");
    let ticket = url.split_once("ticket=").expect("a ticket").1;
    let other = office.event(by_hand()).await;
    let elsewhere = format!("/api/v1/queue/position/{other}/stream?ticket={ticket}");
    let receipt = place["receipt"].as_str().expect("a receipt");
    for path in [
        path.clone(),
        elsewhere,
        format!("{path}?ticket="),
        format!("{path}?ticket={receipt}"),
        format!("{path}?ticket={}", buyer.token),
        format!("{path}?ticket={}x", &ticket[..ticket.len() - 1]),
    ] {
        office.get(&path).await.expect_problem(401, "unauthenticated");
    }
    let position = format!("/api/v1/queue/position/{event}");
    let request = office.request(Method::GET, &position).bearer(ticket);
    request.send().await.expect_problem(401, "unauthenticated");
    let stranger = office.buyer().await;
    stranger.stream_request(&event).send().await.expect_problem(404, "not_in_queue");
    let nowhere = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";
    stranger.stream_request(nowhere).send().await.expect_problem(404, "event_not_found");
    let posted = stranger.request(Method::POST, &path).send().await;
    posted.expect_problem(405, "method_not_allowed");
}

#[tokio::test]
async fn a_stream_ends_with_the_reason() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    let event = office.event(by_hand()).await;
    let (leaver, _) = waiting_buyer(&office, &event).await;
    let (other, _) = waiting_buyer(&office, &event).await;
    let (mut left, mut stays) = (leaver.stream(&event).await, other.stream(&event).await);
    left.expect("place").await;
    stays.expect("place").await;
    leaver.leave(&event).await.expect(204);
    left.expect_end("left").await;
    assert_eq!(stays.expect("place").await["position"], 1);
    organiser
        .change(
            &event,
            json!({ "starts_at": "2020-01-01T00:00:00Z",
        "ends_at": "2020-01-01T01:00:00Z", "on_sale_at": "2019-01-01T01:00:00Z" }),
        )
        .await
        .expect(200);
    stays.expect_end("ended").await;
    let mut late = other.stream(&event).await;
    assert_eq!(late.expect("place").await["status"], "closed");
    late.expect_end("ended").await;

    let small = json!([{ "name": "A", "kind": "standing", "capacity": 1, "price": 1 }]);
    let event = office.event(tests::merged(by_hand(), &json!({ "sections": small }))).await;
    let buyer = office.buyer().await;
    let pass = buyer.pass(&event).await;
    let (late, _) = waiting_buyer(&office, &event).await;
    let mut stream = late.stream(&event).await;
    stream.expect("place").await;
    let choice = json!({ "section": "A", "quantity": 1 });
    let held = buyer.reserve_with(&pass, &event, choice).await.expect(201);
    organiser.confirm(held["booking_id"].as_str().expect("an id")).await.expect(200);
    stream.expect_end("sold_out").await;
}

#[tokio::test]
async fn a_silent_stream_says_that_it_lives() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let (buyer, _) = waiting_buyer(&office, &event).await;
    let mut stream = buyer.stream(&event).await;
    assert!(matches!(stream.said().await, Some(Said::Retry(_))));
    stream.expect("place").await;
    let begun = Instant::now();
    for _ in 0..2 {
        assert_eq!(stream.said().await, Some(Said::Comment));
    }
    assert!(begun.elapsed() < Duration::from_secs(45), "{:?}", begun.elapsed());
}

/// Goal: a crowd costs Redis a reader per instance and not per client, every pass arrives, and
/// clients that leave cost nothing soon after. Method: a system of its own, because Redis does not
/// tell which event a reader waits for, and other tests have readers as well.
#[tokio::test]
async fn a_crowd_costs_a_reader_per_instance_and_nothing_when_it_is_gone() {
    const CROWD: usize = 300;
    let office = BoxOffice::of(Box::leak(Box::new(start_system())));
    let hall = json!([{ "name": "F", "kind": "standing", "capacity": 1_000, "price": 1 }]);
    let event = office.event(tests::merged(by_hand(), &json!({ "sections": hall }))).await;
    let mut streams = Vec::new();
    for _ in 0..CROWD {
        let (buyer, _) = waiting_buyer(&office, &event).await;
        streams.push(buyer.stream(&event).await);
    }
    for stream in &mut streams {
        stream.expect("place").await;
    }
    let readers_of_all = eventually("the streams are followed", async || {
        Some(readers(&office, &event)).filter(|readers| *readers > 0)
    })
    .await;
    // An instance takes 128 requests in its life.
    assert!(readers_of_all <= CROWD / 20, "{readers_of_all} readers for {CROWD} streams");

    let begun = Instant::now();
    let admitted = office.organiser().let_in(&event, 200).await.expect(200);
    assert_eq!(admitted["admitted"], 200);
    let mut passes = BTreeSet::new();
    for stream in &mut streams[..200] {
        loop {
            let event = stream.event().await;
            if event.name == "pass" {
                passes.insert(event.data["queue_pass"].as_str().expect("a pass").to_owned());
                break;
            }
        }
        stream.expect_end("admitted").await;
    }
    assert_eq!(passes.len(), 200, "every pass arrives, each once");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    for (index, stream) in streams[200..].iter_mut().enumerate() {
        let position = i64::try_from(index + 1).expect("a small number");
        while stream.event().await.data["position"] != position {}
    }

    drop(streams);
    let left = Instant::now();
    // Between two reads nobody waits for a moment: so many looks without a reader are no chance.
    const LOOKS: u32 = 5;
    let mut looks_without = 0;
    while looks_without < LOOKS {
        let readers = readers(&office, &event);
        looks_without = if readers == 0 { looks_without + 1 } else { 0 };
        assert!(left.elapsed() < Duration::from_secs(45), "{readers} readers for nobody");
        tokio::time::sleep(READ_PAUSE).await;
    }
}

/// Goal: a client that only polls is told the same, no more often than there is something new.
#[tokio::test]
async fn polling_with_the_last_answer_costs_next_to_nothing() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let (first, _) = waiting_buyer(&office, &event).await;
    let (second, _) = waiting_buyer(&office, &event).await;
    let path = format!("/api/v1/queue/position/{event}");
    let poll = async |tag: &str, query: &str| {
        let request = second.request(Method::GET, &format!("{path}{query}"));
        request.header("if-none-match", tag).send().await
    };
    let place = second.position(&event).await;
    let tag = place.header("etag").expect("a tag").to_owned();
    poll(&tag, "").await.expect(304);
    first.leave(&event).await.expect(204);
    let moved = poll(&tag, "").await;
    assert_eq!(moved.expect(200)["position"], 1);
    assert_ne!(moved.header("etag"), Some(tag.as_str()));
    for nonsense in ["?wait_s=x", "?wait_s=-1", "?wait_s="] {
        poll(&tag, nonsense).await.expect_problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn a_long_poll_is_answered_when_the_place_changes() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let (first, _) = waiting_buyer(&office, &event).await;
    let (second, _) = waiting_buyer(&office, &event).await;
    let path = format!("/api/v1/queue/position/{event}?wait_s=15");
    let begun = Instant::now();
    let wait = second.get(&path);
    let change = async {
        tokio::time::sleep(POLL_BEGUN).await;
        first.leave(&event).await.expect(204);
    };
    let (answer, ()) = tokio::join!(wait, change);
    assert_eq!(answer.expect(200)["position"], 1);
    assert!(begun.elapsed() >= POLL_BEGUN, "{:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());

    let tag = answer.header("etag").expect("a tag").to_owned();
    let begun = Instant::now();
    let short = format!("/api/v1/queue/position/{event}?wait_s=2");
    let request = second.request(Method::GET, &short).header("if-none-match", &tag);
    request.send().await.expect(304);
    assert!(begun.elapsed() >= Duration::from_millis(1_500), "{:?}", begun.elapsed());
    // Who has an older answer does not wait.
    let begun = Instant::now();
    let request = second.request(Method::GET, &path).header("if-none-match", "W/\"old\"");
    request.send().await.expect(200);
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());

    let wait = second.get(&path);
    let change = async {
        tokio::time::sleep(POLL_BEGUN).await;
        office.organiser().let_in(&event, 1).await.expect(200);
    };
    let (answer, ()) = tokio::join!(wait, change);
    assert!(answer.expect(200)["queue_pass"].is_string());
}

/// Goal: a client that follows the HTML standard stops: it comes back after the end with the last
/// id, and only 204 keeps it away. Method: every way in which a stream ends for good.
#[tokio::test]
async fn who_comes_back_after_the_end_is_told_to_stay_away() {
    let office = BoxOffice::open();
    let organiser = office.organiser();
    for reason in ["admitted", "left", "ended", "cancelled", "expired"] {
        let queue = json!({ "enabled": true, "release_per_s": 0, "pass_ttl_s": 1 });
        let event = office.event(json!({ "sale": { "queue": queue } })).await;
        let (buyer, _) = waiting_buyer(&office, &event).await;
        let mut stream = buyer.stream(&event).await;
        stream.expect("place").await;
        let in_between = stream.last_id().to_owned();
        match reason {
            "left" => buyer.leave(&event).await.expect(204),
            "ended" => {
                let over = json!({ "on_sale_at": "2019-01-01T00:00:00Z",
                    "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-01T01:00:00Z" });
                organiser.change(&event, over).await.expect(200)
            }
            "cancelled" => organiser.cancel_event(&event).await.expect(200),
            _ => organiser.let_in(&event, 1).await.expect(200),
        };
        if reason == "expired" {
            tests::eventually("the pass runs out", async || {
                let place = buyer.position(&event).await.expect(200);
                (place["status"] == "expired").then_some(())
            })
            .await;
            stream = buyer.stream(&event).await;
        }
        loop {
            let said = stream.event().await;
            if said.name == "end" {
                assert_eq!(said.data["reason"], reason);
                break;
            }
        }
        let end = stream.last_id().to_owned();
        for _ in 0..2 {
            let again = buyer.stream_request(&event).header("last-event-id", &end).send().await;
            assert_eq!(again.status, 204, "{reason}: {again}");
        }
        // Who has not read the end reads it.
        if !["left", "cancelled", "ended"].contains(&reason) {
            let request = buyer.stream_request(&event).header("last-event-id", &in_between);
            let mut late = request.stream().await;
            while late.event().await.name != "end" {}
            // A place of its own is another story.
            if reason == "expired" {
                buyer.join(&event).await.expect(201);
                let request = buyer.stream_request(&event).header("last-event-id", &end);
                request.stream().await.expect("place").await;
            }
        }
    }
}
