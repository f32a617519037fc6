//! Fans who close the window and come back, and a worker that dies while it deals with them.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tests::{BoxOffice, Buyer, eventually, start_system};

/// A queue that lets nobody in by itself and waits a minute for the absent.
fn by_hand() -> Value {
    let queue =
        json!({ "enabled": true, "release_per_s": 0, "max_active": 1000, "abandon_after_s": 60 });
    json!({ "sale": { "queue": queue } })
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis()
}

/// As if these had not been seen for an hour, and the worker had been at work all the time.
fn absent_for_an_hour(office: &BoxOffice, event: &str, absent: &[&Buyer]) {
    let master = office.inside().master_of(event);
    let command = |words: &[&str]| {
        office.system().redis.command(master, words).expect("Redis answers");
    };
    let hour_ago = (now_ms() - 3_600_000).to_string();
    let key = |name: &str| format!("box:{{{event}}}:{name}");
    for buyer in absent {
        command(&["ZADD", &key("seen"), "XX", &hour_ago, &buyer.user_id]);
    }
    let now = now_ms().to_string();
    command(&["HSET", &key("counts"), "swept_ms", &now]);
    command(&["HSET", &key("settings"), "abandon_from_ms", &hour_ago]);
    command(&["HSET", &key("settings"), "on_sale_at_ms", &hour_ago]);
}

async fn swept(office: &BoxOffice, event: &str, absent: usize) {
    eventually("the worker sweeps", async || {
        let master = office.inside().master_of(event);
        let key = format!("box:{{{event}}}:away");
        let away = office.system().redis.command(master, &["ZCARD", &key]).expect("an answer");
        (away == stack::Reply::Integer(i64::try_from(absent).expect("few"))).then_some(())
    })
    .await;
}

async fn line_of(office: &BoxOffice, event: &str, count: usize) -> Vec<Buyer> {
    let mut line = Vec::new();
    for _ in 0..count {
        let buyer = office.buyer().await;
        buyer.join(event).await.expect(201);
        line.push(buyer);
    }
    line
}

#[tokio::test]
async fn who_goes_away_comes_back_at_the_old_place_by_each_way_in() {
    let office = BoxOffice::open();
    let event = office.event(by_hand()).await;
    let line = line_of(&office, &event, 5).await;
    let mut follower = line[4].stream(&event).await;
    assert_eq!(follower.expect("place").await["position"], 5);
    let absent: Vec<&Buyer> = line[..4].iter().collect();
    absent_for_an_hour(&office, &event, &absent);
    swept(&office, &event, 4).await;

    // By polling, by joining, by following; the fourth stays away.
    let polled = line[1].position(&event).await.expect(200);
    assert_eq!((&polled["status"], &polled["position"]), (&json!("waiting"), &json!(2)));
    assert_eq!(line[0].join(&event).await.expect(200)["position"], 1);
    let mut stream = line[2].stream(&event).await;
    assert_eq!(stream.expect("place").await["position"], 3);
    swept(&office, &event, 1).await;

    office.organiser().let_in(&event, 4).await.expect(200);
    for buyer in &line[..3] {
        assert_eq!(buyer.position(&event).await.expect(200)["status"], "admitted");
    }
    stream.expect("pass").await;
    // Who held a stream open was there all the time, and is let in before who was not.
    follower.expect("pass").await;
    let passed = line[3].position(&event).await.expect(200);
    assert_eq!(passed["status"], "expired", "{passed}");
    let again = line[3].join(&event).await.expect(201);
    assert_eq!((&again["number"], &again["position"]), (&json!(6), &json!(1)));
}

/// Goal: nobody is lost, nobody let in twice and the order kept, wherever the worker is cut off.
/// Method: a line in which some come and go; the application is killed again and again while it
/// sweeps and lets in, and started anew.
#[tokio::test]
async fn an_application_that_is_killed_while_it_sweeps_and_lets_in_keeps_the_order() {
    let system = Box::leak(Box::new(start_system()));
    let office = BoxOffice::of(system);
    let queue =
        json!({ "enabled": true, "release_per_s": 4, "max_active": 1000, "abandon_after_s": 60 });
    let event = office.event(json!({ "sale": { "queue": queue } })).await;
    let organiser = office.organiser();
    organiser.change(&event, json!({ "paused": true })).await.expect(200);
    let line = line_of(&office, &event, 30).await;
    let absent: Vec<&Buyer> = line.iter().skip(1).step_by(3).collect();
    absent_for_an_hour(&office, &event, &absent);
    swept(&office, &event, absent.len()).await;
    // Half of the absent come back before anybody is let in; the others stay away.
    let (back, gone): (Vec<_>, Vec<_>) =
        absent.into_iter().enumerate().partition(|(index, _)| index % 2 == 0);
    for (_, buyer) in &back {
        assert_eq!(buyer.position(&event).await.expect(200)["status"], "waiting");
    }
    let is_gone = |buyer: &&Buyer| gone.iter().any(|(_, it)| it.user_id == buyer.user_id);
    let there: Vec<&Buyer> = line.iter().filter(|buyer| !is_gone(buyer)).collect();
    organiser.change(&event, json!({ "paused": false })).await.expect(200);

    for kills in 1..=5 {
        // Each time after some more were let in, as long as there are any.
        let enough = (kills * 3).min(there.len());
        eventually("some are let in", async || {
            (BoxOffice::of(system).inside().let_in(&event) >= enough).then_some(())
        })
        .await;
        system.kill_application().expect("it runs");
        system.restart_application().expect("it starts again");
        passes_in_order(&BoxOffice::of(system), &event, &there).await;
    }
    let passes = eventually("everybody who is there is let in", async || {
        let passes = passes_in_order(&BoxOffice::of(system), &event, &there).await;
        (passes.len() == there.len()).then_some(passes)
    })
    .await;
    assert_eq!(passes.iter().collect::<BTreeSet<_>>().len(), there.len(), "a pass each");
    let office = BoxOffice::of(system);
    for (_, buyer) in &gone {
        assert_eq!(buyer.at(&office).position(&event).await.expect(200)["status"], "expired");
    }
    let key = format!("box:{{{event}}}:counts");
    let master = office.inside().master_of(&event);
    let admitted = system.redis.command(master, &["HGET", &key, "admitted"]).expect("an answer");
    assert_eq!(admitted.text(), there.len().to_string(), "nobody was let in twice");
}

/// The passes of those who are let in. Asked from behind: who was asked after somebody behind who
/// is in must be in.
async fn passes_in_order(office: &BoxOffice, event: &str, line: &[&Buyer]) -> Vec<String> {
    let mut passes = Vec::new();
    for buyer in line.iter().rev() {
        let place = buyer.at(office).position(event).await.expect(200);
        match place["queue_pass"].as_str() {
            Some(pass) => passes.push(pass.to_owned()),
            None => assert!(passes.is_empty(), "passed over, or lost: {place}"),
        }
    }
    passes
}
