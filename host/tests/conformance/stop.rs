//! The end of a host, and its bounds.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::Application;

#[test]
fn a_request_under_way_is_finished_before_the_end() {
    let mut host = Application::new().start();
    let response = thread::scope(|scope| {
        let slow = scope.spawn(|| host.get("/sleep/800"));
        host.expect_log("asleep");
        host.terminate();
        slow.join().unwrap()
    });
    assert_eq!(response.status, 200);
    assert!(host.ended().success());
    assert!(TcpStream::connect(host.address).is_err());
    assert!(!host.log().contains("ERROR"), "{}", host.log());
}

#[test]
fn the_end_does_not_wait_longer_than_allowed() {
    let mut host = Application::new().arguments(&["--drain-timeout", "200ms"]).start();
    let stream = host.request("GET", "/sleep/20000").begin();
    host.expect_log("asleep");
    let begun = Instant::now();
    host.terminate();
    assert!(host.ended().success());
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(stream);
}

#[test]
fn requests_beyond_the_bound_wait_a_little_and_are_refused() {
    let bounds = ["--max-concurrent-requests", "1", "--max-request-wait", "300ms"];
    let host = Application::new().arguments(&bounds).start();
    thread::scope(|scope| {
        let slow = scope.spawn(|| host.get("/sleep/4000"));
        host.expect_log("asleep");
        let refused = host.get("/count");
        assert_eq!(refused.status, 503);
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(refused.header("content-length"), Some("0"));
        assert_eq!(host.get("/.well-known/spin/health").status, 200);
        assert_eq!(slow.join().unwrap().status, 200);
    });
    assert_eq!(host.get("/count").status, 200);
}

#[test]
fn a_client_that_leaves_does_not_make_room_while_its_guest_works() {
    let bounds = ["--max-concurrent-requests", "1", "--max-request-wait", "50ms"];
    let host = Application::new().arguments(&bounds).start();
    let stream = host.request("GET", "/sleep/4000").begin();
    host.expect_log("asleep");
    drop(stream);
    thread::sleep(Duration::from_millis(100));
    assert_eq!(host.get("/count").status, 503);
}

#[test]
fn connections_beyond_the_bound_wait_for_one_to_end() {
    let host = Application::new().arguments(&["--max-connections", "1"]).start();
    let first = TcpStream::connect(host.address).unwrap();
    thread::scope(|scope| {
        let second = scope.spawn(|| host.get("/count"));
        thread::sleep(Duration::from_millis(300));
        assert!(!second.is_finished());
        drop(first);
        assert_eq!(second.join().unwrap().status, 200);
    });
}

#[test]
fn a_second_signal_ends_the_host_at_once() {
    let mut host = Application::new().start();
    let stream = host.request("GET", "/sleep/20000").begin();
    host.expect_log("asleep");
    host.terminate();
    host.expect_log("a second signal stops at once");
    host.terminate();
    assert!(host.ended().success());
    drop(stream);
}

#[test]
fn a_guest_that_never_yields_does_not_keep_the_host_from_ending() {
    let mut host = Application::new().arguments(&["--drain-timeout", "200ms"]).start();
    let stream = host.request("GET", "/loop").begin();
    host.expect_log("in a loop");
    host.terminate();
    assert!(host.ended().success());
    drop(stream);
}
