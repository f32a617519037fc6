//! Redis through the host: values, and the exact errors the cluster routing of components reads.

use serde_json::{Value, json};

use crate::support::{Application, Host, new_redis, redis_address};

fn calls(host: &Host, address: &str, calls: Value) -> Value {
    host.post("/redis", &json!({ "address": address, "calls": calls }))
}

/// Each row: a call and its outcome, in order on one connection.
fn check(rows: &[(Value, Value)]) {
    let host = Application::new().start();
    let asked: Vec<_> = rows.iter().map(|(call, _)| call.clone()).collect();
    let answers = calls(&host, redis_address(), json!(asked));
    for (index, (call, expected)) in rows.iter().enumerate() {
        assert_eq!(answers[index], *expected, "{call}");
    }
}

fn ok(shown: &str) -> Value {
    json!({ "ok": shown })
}

fn error(text: &str) -> Value {
    json!({ "error": format!("Error::Other({text:?})") })
}

#[test]
fn every_function_does_its_work() {
    check(&[
        (json!(["set", "f:k", "1"]), ok("()")),
        (json!(["get", "f:k"]), ok("Some(\"1\")")),
        (json!(["incr", "f:k"]), ok("2")),
        (json!(["get", "f:none"]), ok("None")),
        (json!(["sadd", "f:s", "a", "a"]), ok("1")),
        (json!(["smembers", "f:s"]), ok("[\"a\"]")),
        (json!(["srem", "f:s", "a", "b"]), ok("1")),
        (json!(["publish", "f:c", "text"]), ok("()")),
        (json!(["del", "f:k", "f:none"]), ok("1")),
    ]);
}

#[test]
fn execute_takes_numbers_and_bytes_and_gives_all_kinds_of_values() {
    check(&[
        (json!(["execute", "SET", "e:k", 7]), json!(["+OK"])),
        (json!(["execute", "INCRBY", "e:k", 3]), json!([":10"])),
        (json!(["execute", "GET", "e:k"]), json!(["$10"])),
        (json!(["execute", "GET", "e:none"]), json!(["nil"])),
        (json!(["execute", "PING"]), json!(["+PONG"])),
    ]);
}

#[test]
fn nested_replies_arrive_flat() {
    let script = "return {1, {2, {'three', {}}}, false, 4}";
    check(&[(json!(["execute", "EVAL", script, 0]), json!([":1", ":2", "$three", "nil", ":4"]))]);
}

#[test]
fn errors_have_the_texts_of_spin() {
    let signalled = "An error was signalled by the server - ";
    check(&[
        (json!(["execute", "SET", "t:k", "x"]), json!(["+OK"])),
        (
            json!(["execute", "LPUSH", "t:k", "y"]),
            error("WRONGTYPE: Operation against a key holding the wrong kind of value"),
        ),
        (
            json!(["execute", "EVALSHA", "0".repeat(40), 0]),
            error(&format!("{signalled}NoScriptError: No matching script. Please use EVAL.")),
        ),
        (
            json!(["incr", "t:k"]),
            error(&format!("{signalled}ResponseError: value is not an integer or out of range")),
        ),
        (
            json!(["execute", "EVAL", "return redis.error_reply('SOLDOUT no seats left')", 0]),
            error("SOLDOUT: no seats left"),
        ),
    ]);
}

#[test]
fn redirects_of_a_cluster_have_the_texts_of_spin() {
    let host = Application::new().start();
    let nodes = stack::shared_redis();
    let answers: Vec<String> = nodes
        .iter()
        .take(3)
        .map(|node| {
            let get = json!([["execute", "GET", "{moved}"]]);
            calls(&host, &format!("redis://{node}"), get)[0].to_string()
        })
        .collect();
    let moved = answers.iter().filter(|answer| {
        answer.contains("An error was signalled by the server - Moved: ")
            && answer.contains(" 127.0.0.1:")
    });
    assert_eq!(moved.count(), 2, "{answers:?}");

    let keys = json!([["execute", "MGET", "{a}", "{b}"]]);
    let crossing = calls(&host, &format!("redis://{}", nodes[0]), keys);
    let text = "An error was signalled by the server - \
                CrossSlot: Keys in request don't hash to the same slot";
    assert_eq!(crossing[0], error(text));
}

#[test]
fn after_the_server_died_each_call_on_the_connection_says_broken_pipe() {
    let refused = json!([{ "open": "Error::Other(\"Connection refused (os error 111)\")" }]);
    let call_after_death = || {
        let (server, _folder) = new_redis();
        let address = format!("redis://{}", server.address());
        let host = Application::new().arguments(&["--idle-instance-timeout", "1m"]).start();
        let ping = |kept: bool| {
            let ping = json!([["execute", "PING"]]);
            host.post("/redis", &json!({ "address": address, "kept": kept, "calls": ping }))
        };
        assert_eq!(ping(true), json!([["+PONG"]]));
        server.kill().unwrap();
        // The first call may find the connection just closing, with another text.
        let [closing, answer] = [ping(true), ping(true)];
        assert_eq!(ping(false), refused);
        // On a busy machine a call may meet a new instance, which has kept no connection.
        (closing != refused && answer != refused).then_some(answer)
    };
    let answer = (0..4).find_map(|_| call_after_death());
    assert_eq!(answer, Some(json!([error("broken pipe")])));
}

#[test]
fn addresses_that_are_wrong_or_not_allowed_are_invalid() {
    let host = Application::new().start();
    let invalid = json!([{ "open": "Error::InvalidAddress" }]);
    for address in ["redis://localhost:1", "nonsense", "rediss://127.0.0.1:1", "http://127.0.0.1"] {
        assert_eq!(calls(&host, address, json!([])), invalid, "{address}");
    }
}

#[test]
fn what_may_be_reached_can_be_a_variable() {
    let port = redis_address().rsplit(':').next().unwrap();
    let host = Application::new()
        .and("[variables]\nport = { required = true }")
        .allowed("[\"redis://127.0.0.1:{{ port }}\"]")
        .environment("SPIN_VARIABLE_PORT", port)
        .start();
    let ping = json!([["execute", "PING"]]);
    assert_eq!(calls(&host, redis_address(), ping), json!([["+PONG"]]));
    let refused = calls(&host, "redis://127.0.0.1:1", json!([]));
    assert_eq!(refused, json!([{ "open": "Error::InvalidAddress" }]));
}
