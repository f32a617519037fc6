//! What a component sees of a request, and a client of a response.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

use crate::support::{Application, Client};

fn headers(shape: &Value, name: &str) -> Vec<String> {
    let headers = shape["headers"].as_array().unwrap().iter();
    headers.filter(|h| h[0] == name).map(|h| h[1].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_component_sees_the_absolute_uri_and_each_spin_header_once() {
    let route = "/request/:path_segment/:end/...";
    let trigger = format!("[[trigger.http]]\nroute = \"{route}\"\ncomponent = \"probe\"\n");
    let host = Application::with_triggers(&trigger).start();
    let shape = host.request("PUT", "/request/one/2/rest/x?q=1").send().unwrap().json();

    assert_eq!(shape["method"], "PUT");
    let uri = format!("http://{}/request/one/2/rest/x?q=1", host.address);
    assert_eq!(shape["uri"], uri.as_str());
    for (name, value) in [
        ("spin-path-info", "/rest/x"),
        ("spin-full-url", uri.as_str()),
        ("spin-matched-route", route),
        ("spin-base-path", "/"),
        ("spin-raw-component-route", route),
        ("spin-component-route", "/request/:path_segment/:end"),
        ("spin-path-match-path-segment", "one"),
        ("spin-path-match-end", "2"),
    ] {
        assert_eq!(headers(&shape, name), [value], "{name}");
    }
    let client = headers(&shape, "spin-client-addr");
    assert!(client[0].parse::<SocketAddr>().unwrap().ip().is_loopback(), "{client:?}");
}

#[test]
fn spin_headers_of_the_client_stay_and_come_first() {
    let host = Application::new().start();
    let request = host.request("GET", "/request").header("spin-client-addr", "1.2.3.4:5");
    let addresses = headers(&request.send().unwrap().json(), "spin-client-addr");
    assert_eq!(addresses.len(), 2);
    assert_eq!(addresses[0], "1.2.3.4:5");
}

#[test]
fn the_connection_header_stays_between_client_and_host() {
    let host = Application::new().start();
    // The client of these tests always sends one.
    let shape = host.get("/request").json();
    assert!(headers(&shape, "connection").is_empty(), "{shape}");
}

#[test]
fn an_error_of_the_handler_is_a_500_that_tells_nothing() {
    let host = Application::new().start();
    let response = host.get("/fail");
    assert_eq!((response.status, response.body.as_str()), (500, ""));
    assert_eq!(response.header("content-length"), Some("0"));
    host.expect_log("this text stays inside");
}

#[test]
fn a_header_that_is_not_utf_8_is_a_500() {
    let host = Application::new().start();
    let mut stream = host.request("GET", "/request").begin();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));

    let mut stream = std::net::TcpStream::connect(host.address).unwrap();
    stream
        .write_all(b"GET /request HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx: \xff\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 500"), "{}", String::from_utf8_lossy(&answer));
}

/// RFC 9112, section 3.2: which requests name their host well enough.
#[test]
fn a_request_names_one_host() {
    let host = Application::new().start();
    for (head, status) in [
        // Load balancers ask like this.
        ("GET /request HTTP/1.0\r\n", 200),
        ("GET /request HTTP/1.0\r\nhost: h\r\n", 200),
        ("GET http://h/request HTTP/1.0\r\n", 200),
        ("GET /.well-known/spin/health HTTP/1.0\r\n", 200),
        ("GET /request HTTP/1.1\r\n", 400),
        ("GET http://h/request HTTP/1.1\r\n", 400),
        ("GET /nowhere HTTP/1.1\r\n", 400),
        ("GET /.well-known/spin/health HTTP/1.1\r\n", 400),
        ("GET /request HTTP/1.1\r\nhost:\r\n", 400),
        ("GET /request HTTP/1.1\r\nhost: user@h\r\n", 400),
        ("GET /request HTTP/1.1\r\nhost: h/x\r\n", 400),
        ("GET /request HTTP/1.1\r\nhost: h\r\nhost: h\r\n", 400),
        ("GET /request HTTP/1.1\r\nhost: h\r\nhost: i\r\n", 400),
        ("GET /request HTTP/1.0\r\nhost: h\r\nhost: i\r\n", 400),
        ("GET /request HTTP/1.1\r\nHOST: [::1]:80\r\n", 200),
    ] {
        let head = format!("{head}connection: close\r\n");
        let answer = Client::raw(host.address, &head).send();
        let answer = answer.unwrap_or_else(|| panic!("no answer to {head:?}"));
        assert_eq!(answer.status, status, "{head:?}");
    }
}

/// RFC 9112, section 3.2.2: a proxy may send the whole address, and then that one counts.
#[test]
fn the_host_of_an_absolute_address_counts() {
    let host = Application::new().start();
    let head = "GET http://one:8/request?a=b HTTP/1.1\r\nhost: two\r\nconnection: close\r\n";
    let shape = Client::raw(host.address, head).send().expect("an answer").json();
    assert_eq!(shape["uri"], "http://one:8/request?a=b");
    assert_eq!(headers(&shape, "spin-full-url"), ["http://one:8/request?a=b"]);
}

/// RFC 9110, section 10.1.1: who waits for the word before sending a body gets it.
#[test]
fn who_expects_to_be_asked_for_the_body_is() {
    let host = Application::new().start();
    let head = "POST /echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\nexpect: 100-continue\r\n\
                content-length: 5\r\n";
    let mut stream = Client::raw(host.address, head).begin();
    let mut word = [0; 25];
    stream.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello\r\n0\r\n\r\n"),
        "{answer}"
    );
}

#[test]
fn head_has_no_body_and_the_next_request_on_the_connection_is_read() {
    let host = Application::new().start();
    let first = "HEAD /request HTTP/1.1\r\nhost: h\r\n\r\n\
                 GET /request HTTP/1.1\r\nhost: h\r\nconnection: close\r\n";
    let mut answer = String::new();
    Client::raw(host.address, first).begin().read_to_string(&mut answer).unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "{answer}");
    assert_eq!(answer.matches("\"method\"").count(), 1, "{answer}");
}

#[test]
fn a_large_body_goes_through_as_a_stream() {
    let host = Application::new().start();
    let body = "0123456789abcdef".repeat(3 << 16);
    let response = host.request("POST", "/echo").body(body.clone()).send().unwrap();
    assert_eq!(response.status, 200);
    assert!(response.body == body, "{} of {} bytes", response.body.len(), body.len());
}

#[test]
fn http_2_without_tls_is_spoken_too() {
    let host = Application::new().start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shape: Value = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(host.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .unwrap();
        tokio::spawn(connection);
        let uri = format!("http://{}/request?v=2", host.address);
        let request = hyper::Request::get(uri).body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    });
    assert_eq!(shape["uri"], format!("http://{}/request?v=2", host.address));
}

#[test]
fn a_component_fetches_from_the_hosts_it_may_reach_only() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let mut head = [0; 4096];
        let _read = stream.read(&mut head).unwrap();
        stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nhi").unwrap();
    });
    let host = Application::new().allowed(&format!("[\"http://{address}\"]")).start();
    let fetched = host.post("/fetch", &json!(format!("http://{address}/x")));
    assert_eq!(fetched, json!({ "status": 201, "body": "hi" }));

    let refused = host.post("/fetch", &json!("http://127.0.0.1:1/"));
    assert_eq!(refused, json!({ "error": "ErrorCode::HttpRequestDenied" }));
}

#[test]
fn https_is_spoken_to_hosts_outside() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let first_bytes = thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let mut record = [0; 3];
        stream.read_exact(&mut record).unwrap();
        record
    });
    let host = Application::new().allowed(&format!("[\"https://{address}\"]")).start();
    let fetched = host.post("/fetch", &json!(format!("https://{address}/")));
    assert!(fetched["error"].as_str().unwrap().contains("Tls"), "{fetched}");
    // A handshake record of TLS.
    assert_eq!(first_bytes.join().unwrap()[..2], [0x16, 0x03]);
    assert_eq!(host.get("/count").status, 200);
}
