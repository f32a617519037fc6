//! What strangers cannot take from everybody.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Application, Client, Host};

/// A test that waits longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection on which this is sent, and nothing more.
fn silent(host: &Host, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(host.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(sent).unwrap();
    stream
}

/// Whether the host ends the connection before the test loses patience.
fn is_ended(mut stream: TcpStream) -> bool {
    let begun = Instant::now();
    let mut bytes = [0; 4096];
    while begun.elapsed() < PATIENCE {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
    false
}

/// Two components of the same code, one with a reserve.
fn with_reserve(arguments: &[&str]) -> Host {
    let application = Application::with_triggers(
        "[application.tool.host]\nreserved = [\"money\"]\n\
         [[trigger.http]]\nroute = \"/...\"\ncomponent = \"probe\"\n\
         [[trigger.http]]\nroute = \"/count\"\ncomponent = \"money\"\n\
         [component.money]\nsource = \"{wasm}\"\n",
    );
    application.arguments(arguments).start()
}

#[test]
fn a_connection_without_a_request_is_ended() {
    let host = Application::new()
        .arguments(&["--first-request-timeout", "200ms", "--max-connections", "4"])
        .start();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let beginnings: [&[u8]; 4] = [b"", b"P", preface, b"GET /count HTTP/1.1\r\nhost: h\r\n"];
    let streams = beginnings.map(|sent| silent(&host, sent));
    // All connections are taken, and are given back without anybody's doing.
    assert_eq!(host.get("/count").status, 200);
    for (stream, sent) in streams.into_iter().zip(beginnings) {
        assert!(is_ended(stream), "{:?}", String::from_utf8_lossy(sent));
    }
}

#[test]
fn a_connection_that_falls_silent_is_ended() {
    let host = Application::new().arguments(&["--idle-connection-timeout", "300ms"]).start();
    let mut stream = silent(&host, b"GET /count HTTP/1.1\r\nhost: h\r\n\r\n");
    let mut head = [0; 16];
    stream.read_exact(&mut head).unwrap();
    assert!(head.starts_with(b"HTTP/1.1 200"));
    assert!(is_ended(stream));
}

#[test]
fn a_stream_on_which_a_guest_is_silent_goes_on() {
    let host = Application::new().arguments(&["--idle-connection-timeout", "100ms"]).start();
    // An answer that comes long after the connection has been silent for its time.
    assert_eq!(host.get("/sleep/1500").status, 200);
}

#[test]
fn an_answer_that_nobody_reads_is_ended() {
    let host = Application::new().arguments(&["--idle-connection-timeout", "300ms"]).start();
    // More than the buffers of both sides hold, and none of it is taken.
    let body = vec![b'x'; 64 << 20];
    let length = body.len();
    let mut stream = silent(
        &host,
        format!("POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: {length}\r\n\r\n").as_bytes(),
    );
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let error = stream.write_all(&body).expect_err("the host takes no more");
    assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "the connection is still there");
}

#[test]
fn a_body_that_comes_slowly_keeps_nobody_out() {
    let bounds = ["--max-concurrent-requests", "1", "--max-request-wait", "100ms"];
    let host = Application::new().arguments(&bounds).start();
    let head = "POST /echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 9\r\n\r\n";
    let mut slow: Vec<_> = (0..8).map(|_| silent(&host, head.as_bytes())).collect();
    for _ in 0..3 {
        assert_eq!(host.get("/count").status, 200);
    }
    // What arrives in the end is answered.
    let mut first = slow.remove(0);
    first.write_all(b"in a while").unwrap();
    let mut answer = String::new();
    first.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("in a whil"), "{answer}");
}

#[test]
fn a_body_that_does_not_come_in_time_is_not_waited_for() {
    let host = Application::new().arguments(&["--max-body-wait", "200ms"]).start();
    let late = "POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n";
    let answer = Client::raw(host.address, late).send().expect("an answer");
    assert_eq!(answer.status, 503);
    // Of a long one the beginning is here in time, and then nothing.
    let head = "POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 900000\r\n\r\n";
    let mut stream = silent(&host, head.as_bytes());
    stream.write_all(&vec![b'x'; 100_000]).unwrap();
    assert!(is_ended(stream));
}

#[test]
fn a_crowd_at_one_component_leaves_turns_to_those_with_a_reserve() {
    let host = with_reserve(&["--max-concurrent-requests", "4", "--max-request-wait", "50ms"]);
    thread::scope(|scope| {
        let crowd: Vec<_> =
            (0..8).map(|_| scope.spawn(|| host.get("/sleep/3000").status)).collect();
        host.expect_log("asleep");
        let crowded = || host.get("/sleep/1").status == 503;
        crate::support::eventually("the crowd has what it may take", crowded);
        for _ in 0..10 {
            assert_eq!(host.get("/count").status, 200);
        }
        let served = crowd.into_iter().map(|it| it.join().unwrap());
        assert_eq!(served.filter(|status| *status == 200).count(), 2);
    });
}

#[test]
fn a_crowd_at_one_component_leaves_instances_to_those_with_a_reserve() {
    let bounds = ["--max-instances", "2", "--max-instance-concurrent-reuse-count", "1"];
    let host = with_reserve(&bounds);
    thread::scope(|scope| {
        let crowd: Vec<_> = (0..6)
            .map(|_| {
                // One after the other, so that each finds the instances that there are at work.
                thread::sleep(Duration::from_millis(100));
                scope.spawn(|| host.get("/sleep/3000").status)
            })
            .collect();
        host.expect_log("asleep");
        for _ in 0..10 {
            assert_eq!(host.get("/count").status, 200);
        }
        for one in crowd {
            let status = one.join().unwrap();
            assert!([200, 503].contains(&status), "{status}");
        }
    });
}
