//! Instances that serve many requests.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Application, Host, eventually, redis_address};

fn with_redis() -> Application {
    Application::new()
        .probe(&format!("[component.probe.variables]\nredis = \"{}\"", redis_address()))
}

fn key(host: &Host, key: &str) -> Value {
    let call = json!([["get", key]]);
    host.post("/redis", &json!({ "address": redis_address(), "calls": call }))[0].clone()
}

#[test]
fn an_instance_keeps_its_statics_and_serves_128_requests() {
    let host = Application::new().start();
    let mut calls = BTreeMap::<u64, u64>::new();
    // Enough for one instance to be used up, even if a busy machine makes several take turns.
    for _ in 0..700 {
        let answer = host.get("/count").json();
        let most = calls.entry(answer["instance"].as_u64().unwrap()).or_default();
        *most = answer["call"].as_u64().unwrap().max(*most);
    }
    assert!(calls.values().all(|most| *most <= 128), "{calls:?}");
    assert!(calls.values().any(|most| *most == 128), "{calls:?}");
}

#[test]
fn an_instance_serves_16_requests_at_once_and_not_one_more() {
    let host = Application::new().start();
    let answers: Vec<Value> = thread::scope(|scope| {
        let threads: Vec<_> = (0..48)
            .map(|_| {
                // One after the other: an instance takes no second request before the first has
                // come to a pause, and a new instance is started instead.
                thread::sleep(Duration::from_millis(25));
                scope.spawn(|| host.get("/sleep/2500").json())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let most = answers.iter().map(|a| a["concurrent"].as_u64().unwrap()).max();
    assert_eq!(most, Some(16), "{answers:?}");
    let instances: BTreeSet<_> = answers.iter().map(|a| a["instance"].as_u64()).collect();
    assert!(instances.len() >= 2, "{instances:?}");
}

#[test]
fn an_instance_without_work_goes_after_the_idle_time() {
    let host = Application::new().arguments(&["--idle-instance-timeout", "50ms"]).start();
    let instance = || host.get("/count").json()["instance"].as_u64();
    let first = instance();
    thread::sleep(Duration::from_millis(300));
    assert_ne!(instance(), first);
}

#[test]
fn a_trap_takes_the_neighbours_with_it() {
    let host = Application::new().start();
    let takes_its_neighbour = |ms: u64| {
        let path = format!("/sleep/{ms}");
        thread::scope(|scope| {
            let neighbour = scope.spawn(|| host.get(&path));
            host.expect_log(&format!("asleep for {ms} ms"));
            let begun = Instant::now();
            assert_eq!(host.get("/trap").status, 500);
            let status = neighbour.join().unwrap().status;
            assert!(status == 200 || begun.elapsed() < Duration::from_millis(ms));
            status == 500
        })
    };
    // Once in a while a new instance is started for the second request.
    assert!((5_000..5_004).any(takes_its_neighbour), "no neighbour has failed");
    assert_eq!(host.get("/count").json()["call"], 1);
    host.expect_log("instance failed");
}

#[test]
fn an_error_of_the_handler_leaves_the_instance_alive() {
    let host = Application::new().arguments(&["--idle-instance-timeout", "1m"]).start();
    let first = host.get("/count").json();
    assert_eq!(host.get("/fail").status, 500);
    eventually("the first instance", || {
        let answer = host.get("/count").json();
        answer["instance"] == first["instance"] && answer["call"] == 2
    });
}

#[test]
fn a_client_that_leaves_does_not_stop_the_guest() {
    let host = with_redis().start();
    let stream = host.request("GET", "/slow-set/400/left").begin();
    // Until the guest has it: what is sent and taken back at once is not a request yet.
    host.expect_log("sets left in 400 ms");
    drop(stream);
    eventually("the key", || key(&host, "left") == json!({ "ok": "Some(\"set\")" }));
}

#[test]
fn work_goes_on_after_the_response() {
    let host = with_redis().arguments(&["--idle-instance-timeout", "50ms"]).start();
    assert_eq!(host.get("/background/3000/after").json(), "begun");
    assert_eq!(key(&host, "after"), json!({ "ok": "None" }));
    eventually("the key", || key(&host, "after") == json!({ "ok": "Some(\"set\")" }));
}

#[test]
fn a_stream_learns_at_a_write_that_its_client_left() {
    let host = Application::new().start();
    let mut stream = host.request("GET", "/ticks/1000").begin();
    let mut bytes = [0; 256];
    assert!(stream.read(&mut bytes).unwrap() > 0);
    drop(stream);
    host.expect_log("client gone");
}

#[test]
fn a_request_that_takes_too_long_is_a_500() {
    let host = Application::new().arguments(&["--request-timeout", "200ms"]).start();
    let begun = Instant::now();
    assert_eq!(host.get("/sleep/5000").status, 500);
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(host.get("/sleep/1").status, 200);
}
